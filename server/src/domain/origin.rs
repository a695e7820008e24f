//! Where a request comes from, as far as the record of security events wants to know.

use std::net::{IpAddr, Ipv4Addr};

/// Where a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The dialect that it speaks, such as `edge_gateway`.
    pub dialect: &'static str,
    /// The client's address.
    pub client: IpAddr,
    /// Its trace id.
    pub trace: String,
}

impl Origin {
    /// What is done by a command of the operator's rather than by a request.
    pub fn command(name: &str) -> Self {
        Self { dialect: "command", client: Ipv4Addr::LOCALHOST.into(), trace: name.to_owned() }
    }
}
