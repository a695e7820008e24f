//! Where a request comes from, as far as the record of security events wants to know.

use std::net::IpAddr;

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
