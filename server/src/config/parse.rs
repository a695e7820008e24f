//! Values with a form of their own.

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error};
use url::Url;

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A value, or a list of them.
pub(super) fn one_or_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let texts = match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    let parse = |text: &String| text.trim().parse().map_err(|error| D::Error::custom(format!("`{text}`: {error}")));
    texts.iter().map(parse).collect()
}

/// Networks in CIDR form; an address alone is the network of that one address.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let parse = |text: String| {
        let text = text.trim();
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network.ok_or_else(|| D::Error::custom(format!("`{text}` is not an address or network such as `10.0.0.0/8`")))
    };
    Vec::<String>::deserialize(deserializer)?.into_iter().map(parse).collect()
}

/// An absolute `http` or `https` URL.
pub(super) fn web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(url)),
        _ => Err(D::Error::custom(format!("`{text}` is not an address such as `https://api.example.com`"))),
    }
}

/// Whether a browser would send this as `Origin`, or it is `*`.
pub(super) fn is_origin(text: &str) -> bool {
    text == "*" || Url::parse(text).is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
}

/// Loopback, the private IPv4 ranges, and their IPv6 counterparts.
pub(super) fn internal_networks() -> Vec<IpNet> {
    ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"]
        .into_iter()
        .filter_map(|network| network.parse().ok())
        .collect()
}
