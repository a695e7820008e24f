//! `gatehouse healthcheck`: for container engines and process supervisors, which look at the exit code.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Failure;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let address = target(config)?;
    let status = tokio::time::timeout(PATIENCE, ask(address))
        .await
        .map_err(|_| format!("{address} did not answer in {} seconds", PATIENCE.as_secs()))?
        .map_err(|error| format!("{address} cannot be asked: {error}"))?;
    if status != "200" {
        return Err(format!("{address} answered with status {status}").into());
    }
    println!("alive");
    Ok(())
}

/// Where the server answers for its health: its ops listener if it has one, else its first. A server that listens on
/// every address is asked on loopback.
fn target(config: &Config) -> Result<SocketAddr, Failure> {
    let listen = config.ops.listen.or_else(|| config.listen.first().copied()).ok_or("there is no listener")?;
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, listen.port()))
}

/// The status of `GET /healthz`, as text.
async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // `HTTP/1.1 200`
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(String::from_utf8_lossy(&head[9..]).into_owned())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn config(listen: &str, ops: Option<&str>) -> Config {
        let mut config = Config { listen: vec![listen.parse().unwrap()], ..Config::default() };
        config.ops.listen = ops.map(|address| address.parse().unwrap());
        config
    }

    #[test]
    fn the_ops_listener_is_asked_first_and_every_address_is_loopback() {
        let of = |listen, ops| target(&config(listen, ops)).unwrap().to_string();
        assert_eq!(of("0.0.0.0:8080", None), "127.0.0.1:8080");
        assert_eq!(of("[::]:8080", None), "[::1]:8080");
        assert_eq!(of("0.0.0.0:8080", Some("127.0.0.2:9")), "127.0.0.2:9");
    }

    #[tokio::test]
    async fn only_status_200_is_alive() {
        for (status, alive) in [("200 OK", true), ("503 Service Unavailable", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let config = config(&listener.local_addr().unwrap().to_string(), None);
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut asked = [0; 1024];
                let length = stream.read(&mut asked).await.unwrap();
                stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.unwrap();
                String::from_utf8_lossy(&asked[..length]).into_owned()
            });
            assert_eq!(run(&config).await.is_ok(), alive, "{status}");
            assert!(server.await.unwrap().starts_with("GET /healthz HTTP/1.1\r\n"));
        }
    }

    #[tokio::test]
    async fn nobody_listening_is_a_failure() {
        assert!(run(&config("127.0.0.1:1", None)).await.is_err());
    }
}
