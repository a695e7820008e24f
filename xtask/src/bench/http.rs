//! Just enough of an HTTP client to ask a server on loopback once: HTTP/1.1 with `Content-Length`, one request a
//! connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// No server on loopback takes this long to answer one request.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest head that is read.
const HEAD: usize = 64 * 1024;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self { method: "GET".into(), path: path.into(), headers: Vec::new(), body: String::new() }
    }

    /// A POST without a body.
    pub fn post(path: &str) -> Self {
        Self { method: "POST".into(), ..Self::get(path) }
    }

    /// A POST of a body that is urlencoded already.
    pub fn form(path: &str, body: &str) -> Self {
        Self::post_of(path, "application/x-www-form-urlencoded", body)
    }

    pub fn json(path: &str, body: &str) -> Self {
        Self::post_of(path, "application/json", body)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn post_of(path: &str, content_type: &str, body: &str) -> Self {
        Self { body: body.into(), ..Self::post(path) }.header("content-type", content_type)
    }
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Head and body, in bytes.
    pub length: usize,
}

/// Sends one request and reads its reply.
///
/// # Errors
/// The connection's, or `InvalidData` where the reply is not of the kind that this client reads.
pub fn send(address: SocketAddr, request: &Request) -> io::Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let Request { method, path, headers, body } = request;
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes())?;

    let mut received = Vec::new();
    let head = loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if received.len() > HEAD {
            return Err(invalid("the reply's head is too long"));
        }
        read(&mut stream, &mut received)?;
    };
    let (status, headers) = parse(&received[..head]).ok_or_else(|| invalid("the reply's head cannot be read"))?;
    let stated =
        headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse::<usize>().ok());
    let Some(stated) = stated else {
        return Err(invalid("the reply has no Content-Length"));
    };
    let length = head + stated;
    while received.len() < length {
        read(&mut stream, &mut received)?;
    }
    received.truncate(length);
    Ok(Reply { status, headers, body: received.split_off(head), length })
}

/// Reads what has come, which is at least a byte.
fn read(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            received.extend_from_slice(&buffer[..count]);
            Ok(())
        }
    }
}

/// The status and the headers of a reply's head.
fn parse(head: &[u8]) -> Option<(u16, Vec<(String, String)>)> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers = lines.take_while(|line| !line.is_empty()).map(header).collect::<Option<_>>()?;
    Some((status, headers))
}

fn invalid(sentence: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, sentence)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What `send` makes of a server that answers with `reply` and then ends the connection.
    fn answered(reply: &'static str) -> io::Result<Reply> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 1024];
            let count = stream.read(&mut asked).unwrap();
            stream.write_all(reply.as_bytes()).unwrap();
            String::from_utf8_lossy(&asked[..count]).into_owned()
        });
        let answer = send(address, &Request::form("/a?b=1", "c=d"));
        let asked = server.join().unwrap();
        assert!(asked.starts_with("POST /a?b=1 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.ends_with("content-length: 3\r\n\r\nc=d"), "{asked}");
        answer
    }

    #[test]
    fn a_reply_is_read_whole() {
        let reply =
            answered("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\nok").unwrap();
        assert_eq!((reply.status, &*reply.body, reply.length), (429, &b"ok"[..], 71));
        assert_eq!(reply.headers[0], ("retry-after".to_owned(), "5".to_owned()));
    }

    #[test]
    fn a_reply_that_ends_early_or_has_no_length_is_an_error() {
        let early = answered("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok").unwrap_err();
        assert_eq!(early.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(answered("HTTP/1.1 200 OK\r\n\r\nok").unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
