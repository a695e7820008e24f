//! Who sent a request: the peer, or what trusted proxies say of it.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client: the peer's, unless the peer is a trusted proxy; then the right-most hop of
/// `X-Forwarded-For` (or `Forwarded`, RFC 7239) that is not one. A hop that is no address ends the search, because
/// everything to the left of it was written by somebody unknown.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    if !is_in(client, trusted) {
        return client;
    }
    for hop in hops(headers).into_iter().rev() {
        let Some(hop) = hop else {
            break;
        };
        client = hop;
        if !is_in(client, trusted) {
            break;
        }
    }
    client
}

/// Whether an address is in one of the networks.
pub fn is_in(ip: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&ip))
}

/// The hops that proxies wrote, the first one first; `None` for what is no address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let forwarded_for = elements(headers, &X_FORWARDED_FOR);
    if !forwarded_for.is_empty() {
        return forwarded_for.into_iter().map(address).collect();
    }
    elements(headers, &header::FORWARDED)
        .into_iter()
        .map(|element| {
            let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
            address(value.trim().trim_matches('"'))
        })
        .collect()
}

fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).iter();
    values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim).collect()
}

/// An address with or without port and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(inside, _)| inside);
    let ip = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap());
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        client_ip(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_believed_nothing() {
        assert_eq!(client("192.0.2.1", &[("x-forwarded-for", "198.51.100.1")]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &[("forwarded", "for=198.51.100.1")]), "192.0.2.1");
    }

    #[test]
    fn the_right_most_untrusted_hop_counts() {
        let forged = "203.0.113.9, 198.51.100.1, 10.1.1.1";
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", forged)]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "10.2.2.2")]), "10.2.2.2");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_search() {
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, unknown, 10.1.1.1")]), "10.1.1.1");
    }

    #[test]
    fn forwarded_is_read_with_ports_brackets_and_quotes() {
        let header = r#"for=198.51.100.7:4711;proto=https, For="[2001:db8:1::2]:80""#;
        assert_eq!(client("10.0.0.1", &[("forwarded", header)]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "[2606:4700::1]:443")]), "2606:4700::1");
    }
}
