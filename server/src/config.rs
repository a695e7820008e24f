//! The settings: one struct, filled from a TOML file, then the environment, then flags; an unknown key is an error.
//!
//! In the environment a key is written in capitals after `GATEHOUSE_`, with two underscores after its section:
//! `GATEHOUSE_DATA_DIR`, `GATEHOUSE_GO_API__RATE_LIMIT`. A list is separated by commas there. Durations are seconds.

mod error;
mod parse;
mod sms;
mod smtp;
mod source;
mod wechat;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use url::Url;

use crate::domain::Settings;
use crate::domain::clock::Clock;
use crate::domain::code::CodeRules;
use crate::domain::mail::Mail;
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::sms::Sms as Messenger;

pub use error::ConfigError;
pub use sms::Sms;
pub use smtp::Smtp;
pub use source::Sources;
pub use wechat::Wechat;

/// The port of `listen` where nothing is set. It is also the documented one of `go_api`, so that `documented_ports` opens
/// the others only.
pub const LISTEN_PORT: u16 = 8080;

/// Every setting of the program.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on, or a list of them. Default `127.0.0.1:8080`.
    #[serde(deserialize_with = "parse::one_or_list")]
    pub listen: Vec<SocketAddr>,
    /// Whether to open the documented ports 58081, 8082 and 6200 too, each for its dialect only, on the addresses of
    /// `listen`.
    /// Default false.
    pub documented_ports: bool,
    /// Directory of the embedded database, the key ring and the outbox; made if it is missing. Default `./data`.
    pub data_dir: PathBuf,
    /// `postgres://…`, `mysql://…` (MariaDB too) or `sqlite:PATH`. Default: the embedded database, `gatehouse.db` in
    /// `data_dir`. May hold a password, so that it is never printed.
    pub database_url: Option<Secret<String>>,
    /// Known, but refused for now: request limits live in memory, so that there can be one instance only.
    pub redis_url: Option<Secret<String>>,
    /// The address under which clients reach the server, such as `https://api.example.com`; the documents served name
    /// it as their server. Default: they name the address that they were fetched from.
    #[serde(deserialize_with = "parse::web_address")]
    pub public_url: Option<Url>,
    /// Proxies whose `X-Forwarded-For` and `Forwarded` are believed: addresses or networks (CIDR). Default none.
    #[serde(deserialize_with = "parse::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// `development` or `production`. Default `development`.
    pub environment: Environment,
    /// Whether replies may carry error details in `trace.desc`, and logs are fuller. Has no effect on replies in
    /// production. Default false.
    pub debug: bool,
    /// `text` or `json`. Default: `text` in development, `json` in production.
    pub log_format: Option<LogFormat>,
    /// `[go_api]`
    pub go_api: GoApi,
    /// `[edge_gateway]`
    pub edge_gateway: EdgeGateway,
    /// `[coeus_gateway]`
    pub coeus_gateway: CoeusGateway,
    /// `[insight_auth]`
    pub insight_auth: InsightAuth,
    /// `[wechat]`
    pub wechat: Wechat,
    /// `[sms]`
    pub sms: Sms,
    /// `[smtp]`
    pub smtp: Smtp,
    /// `[ops]`
    pub ops: Ops,
    /// `[limits]`
    pub limits: RequestLimits,
}

/// Where the installation runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// On a developer's machine.
    #[default]
    Development,
    /// In service.
    Production,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Settings of the dialect `go_api`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoApi {
    /// Requests an hour for each client address, 1 to 4294967294. Default 1000.
    pub rate_limit: u32,
    /// Who may call `internal/*`: addresses or networks. Default: loopback, the private IPv4 ranges, `fc00::/7` and
    /// `fe80::/10`.
    #[serde(deserialize_with = "parse::networks")]
    pub internal_networks: Vec<IpNet>,
    /// Origins that browsers may call from, such as `https://app.example.com`, or `*`. Default none: no CORS headers.
    pub allowed_origins: Vec<String>,
}

/// Settings of the dialect `edge_gateway`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EdgeGateway {
    /// Seconds for which an access token is good, 1 to 31536000. Default 7200.
    pub access_ttl: u32,
    /// Seconds for which a refresh token is good, 1 to 31536000. Default 1209600.
    pub refresh_ttl: u32,
    /// Seconds within which a spent refresh token may come back for the same successor, 0 to 3600. Default 30.
    pub refresh_grace: u32,
}

/// Settings of the dialect `coeus_gateway`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoeusGateway {
    /// Digits of a registration code, 4 to 12. Default 4.
    pub code_length: u32,
    /// Seconds for which a registration code is good, 1 to 86400. Default 300.
    pub code_ttl: u32,
    /// Seconds after which the same address may get another code, 0 to 86400. Default 60.
    pub code_gap: u32,
}

/// Settings of the dialect `insight_auth`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InsightAuth {
    /// Seconds for which a Code is good, 1 to 3600. Default 30.
    pub code_ttl: u32,
    /// Whether password digests are kept, encrypted, for logins by signature. Without it those that were kept are
    /// dropped at the next start. Default true.
    pub signature_login: bool,
}

/// Settings of the operators' endpoints.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ops {
    /// A listener of its own for `/healthz`, `/readyz` and `/metrics`, which then are nowhere else. Default: none.
    pub listen: Option<SocketAddr>,
}

/// What one client may take up.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestLimits {
    /// Bytes of a request's body, 1 to 1073741824. Default 1048576.
    pub body_bytes: usize,
    /// Bytes of a request's line and headers, 8192 to 1048576. Default 32768.
    pub header_bytes: usize,
    /// Seconds for a request, from its first byte to its reply, 1 to 3600. Default 30.
    pub request_timeout: u32,
    /// Connections at once, 1 to 1000000; more wait. Default 10000.
    pub connections: usize,
    /// WebSockets at once for each application, 1 to 10000. Default 16.
    pub sockets_per_app: usize,
    /// Events that may wait for a slow WebSocket before it is closed, 1 to 65536. Default 64.
    pub socket_queue: usize,
    /// Seconds that requests in flight have to finish at shutdown, and messages after them, 0 to 3600. Default 10.
    pub shutdown_grace: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], LISTEN_PORT))],
            documented_ports: false,
            data_dir: PathBuf::from("./data"),
            database_url: None,
            redis_url: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            environment: Environment::default(),
            debug: false,
            log_format: None,
            go_api: GoApi::default(),
            edge_gateway: EdgeGateway::default(),
            coeus_gateway: CoeusGateway::default(),
            insight_auth: InsightAuth::default(),
            wechat: Wechat::default(),
            sms: Sms::default(),
            smtp: Smtp::default(),
            ops: Ops::default(),
            limits: RequestLimits::default(),
        }
    }
}

impl Default for GoApi {
    fn default() -> Self {
        Self { rate_limit: 1000, internal_networks: parse::internal_networks(), allowed_origins: Vec::new() }
    }
}

impl Default for EdgeGateway {
    fn default() -> Self {
        Self { access_ttl: 7200, refresh_ttl: 1_209_600, refresh_grace: 30 }
    }
}

impl Default for CoeusGateway {
    fn default() -> Self {
        Self { code_length: 4, code_ttl: 300, code_gap: 60 }
    }
}

impl Default for InsightAuth {
    fn default() -> Self {
        Self { code_ttl: 30, signature_login: true }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            header_bytes: 32 * 1024,
            request_timeout: 30,
            connections: 10_000,
            sockets_per_app: 16,
            socket_queue: 64,
            shutdown_grace: 10,
        }
    }
}

impl RequestLimits {
    /// [`request_timeout`](Self::request_timeout) as a duration.
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout as u64)
    }

    /// [`shutdown_grace`](Self::shutdown_grace) as a duration.
    pub const fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace as u64)
    }
}

impl Config {
    /// Reads the settings from `sources` and checks them.
    ///
    /// # Errors
    /// Names the key that is unknown, of the wrong type or out of its range, and where it stands.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let config: Self = sources.read()?;
        config.check()?;
        Ok(config)
    }

    /// Whether this is a production installation.
    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }

    /// Whether replies may carry error details: in debug mode, outside production.
    pub fn shows_details(&self) -> bool {
        self.debug && !self.is_production()
    }

    /// How log lines are written, the default settled.
    pub fn log_format(&self) -> LogFormat {
        self.log_format.unwrap_or(if self.is_production() { LogFormat::Json } else { LogFormat::Text })
    }

    /// The part of the settings that the domain knows.
    pub fn domain(&self) -> Settings {
        let codes = &self.coeus_gateway;
        Settings {
            go_api_rate_limit: self.go_api.rate_limit,
            registration_code: CodeRules {
                length: codes.code_length as usize,
                life: Duration::from_secs(u64::from(codes.code_ttl)),
                gap: Duration::from_secs(u64::from(codes.code_gap)),
            },
            signature_login: self.insight_auth.signature_login,
            signature_code_life: Duration::from_secs(u64::from(self.insight_auth.code_ttl)),
            wechat: self.wechat.place(),
        }
    }

    /// What sends mail: by SMTP, or to `outbox/` in the data directory where no server is set.
    ///
    /// # Errors
    /// Names the key, if the authorities cannot be read or there are none at all.
    pub fn mail(&self, clock: Clock, random: Random) -> Result<Mail, ConfigError> {
        Ok(Mail::new(self.smtp.transport(&self.data_dir)?, self.smtp.sender()?, clock, random))
    }

    /// What sends SMS: by the provider's webhook, or to `outbox/` in the data directory where none is set.
    pub fn messenger(&self, clock: Clock, random: Random) -> Messenger {
        Messenger::new(self.sms.transport(&self.data_dir), clock, random)
    }

    /// Ranges, and what settings say about each other.
    fn check(&self) -> Result<(), ConfigError> {
        if self.redis_url.is_some() {
            return Err(ConfigError::value(
                "redis_url",
                "is not supported by this version: request limits live in memory, so that there is one instance only",
            ));
        }
        if self.listen.is_empty() {
            return Err(ConfigError::value("listen", "must name at least one address"));
        }
        if let Some(url) = &self.database_url {
            let known = ["sqlite:", "postgres://", "postgresql://", "mysql://", "mariadb://"];
            if !known.iter().any(|scheme| url.expose().starts_with(scheme)) {
                return Err(ConfigError::value(
                    "database_url",
                    "must start with `postgres://`, `mysql://` or `sqlite:`",
                ));
            }
        }
        if let Some(origin) = self.go_api.allowed_origins.iter().find(|origin| !parse::is_origin(origin)) {
            let why = format!("`{origin}` is not an origin such as `https://app.example.com`, without a path, nor `*`");
            return Err(ConfigError::value("go_api.allowed_origins", why));
        }
        self.wechat.check()?;
        self.sms.check()?;
        self.smtp.check()?;
        let (limits, edge, coeus) = (&self.limits, &self.edge_gateway, &self.coeus_gateway);
        for (key, value, least, most) in [
            ("go_api.rate_limit", u64::from(self.go_api.rate_limit), 1, u64::from(u32::MAX) - 1),
            ("edge_gateway.access_ttl", u64::from(edge.access_ttl), 1, 31_536_000),
            ("edge_gateway.refresh_ttl", u64::from(edge.refresh_ttl), 1, 31_536_000),
            ("edge_gateway.refresh_grace", u64::from(edge.refresh_grace), 0, 3600),
            ("coeus_gateway.code_length", u64::from(coeus.code_length), 4, 12),
            ("coeus_gateway.code_ttl", u64::from(coeus.code_ttl), 1, 86_400),
            ("coeus_gateway.code_gap", u64::from(coeus.code_gap), 0, 86_400),
            ("insight_auth.code_ttl", u64::from(self.insight_auth.code_ttl), 1, 3600),
            ("wechat.timeout", u64::from(self.wechat.timeout), 1, 60),
            ("sms.timeout", u64::from(self.sms.timeout), 1, 300),
            ("smtp.timeout", u64::from(self.smtp.timeout), 1, 300),
            ("limits.body_bytes", limits.body_bytes as u64, 1, 1 << 30),
            ("limits.header_bytes", limits.header_bytes as u64, 8192, 1 << 20),
            ("limits.request_timeout", u64::from(limits.request_timeout), 1, 3600),
            ("limits.connections", limits.connections as u64, 1, 1_000_000),
            ("limits.sockets_per_app", limits.sockets_per_app as u64, 1, 10_000),
            ("limits.socket_queue", limits.socket_queue as u64, 1, 65_536),
            ("limits.shutdown_grace", u64::from(limits.shutdown_grace), 0, 3600),
        ] {
            if !(least..=most).contains(&value) {
                return Err(ConfigError::value(key, format!("must be {least} to {most}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
