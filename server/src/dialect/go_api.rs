//! `go_api`: applications, their tokens, and events about them. It translates; the rules are in the domain.

mod convert;
mod fault;
mod socket;

use std::{net::IpAddr, sync::Arc, time::Duration};

use gatehouse_api::{
    go_api::{AppCredentials, AppList, Credential, ErrorCode, Fault, GoApi, NewApp, Token, TokenRequest},
    runtime::{Context, Null, OnSocket},
};
use http::{HeaderMap, header};
use ipnet::IpNet;

use crate::{
    domain::{
        Core,
        app::PageRequest,
        event::{Event, Topic},
        limit::{Decision, Limits},
        token::Caller,
    },
    http::{
        client_ip::is_in,
        mount::{Observer, Parts},
    },
};
use fault::fault;
use socket::Session;

/// The largest frame that a client may send, in bytes.
const MAX_FRAME: usize = 64 * 1024;

/// What only the internal networks may see begins with this.
const INTERNAL: &str = "/go-api/internal/";

/// What implements the operations of `go_api`.
pub struct Handler {
    core: Core,
    internal_networks: Vec<IpNet>,
    allowed_origins: Vec<String>,
    sockets: socket::Rules,
}

/// An application that has proven itself, and the token by which it did.
pub struct Proven {
    caller: Caller,
    token: String,
}

impl Handler {
    /// The handler over these parts of the server.
    pub fn new(parts: &Parts) -> Self {
        let config = &parts.config;
        Self {
            core: parts.core.clone(),
            internal_networks: config.go_api.internal_networks.clone(),
            allowed_origins: config.go_api.allowed_origins.clone(),
            sockets: socket::Rules {
                per_app: config.limits.sockets_per_app,
                queue: config.limits.socket_queue,
                ping: Duration::from_secs(30),
                shutdown: parts.shutdown.clone(),
                open: parts.metrics.sockets.clone(),
                tracker: parts.sockets.clone(),
            },
        }
    }
}

impl GoApi for Handler {
    type Caller = Proven;

    async fn authenticate(&self, _cx: &Context, credential: Credential) -> Result<Proven, Fault> {
        let (token, status) = match credential {
            Credential::BearerAuth(token) => (token, 200),
            // A WebSocket client sees the status of a failed handshake and nothing else of it.
            Credential::QueryToken(token) => (token, 401),
        };
        let Some(token) = token else {
            return Err(Fault::new(ErrorCode::Unauthorized).with_status(status));
        };
        match self.core.tokens.verify(&token).await {
            Ok(caller) => Ok(Proven { caller, token }),
            Err(error) => {
                let fault = fault(error);
                let refused = matches!(fault.code(), ErrorCode::Unauthorized | ErrorCode::AuthorizationExpired);
                Err(if refused { fault.with_status(status) } else { fault })
            }
        }
    }

    async fn issue_token(&self, _cx: &Context, body: TokenRequest) -> Result<Token, Fault> {
        let app = self.core.apps.authenticate(&body.app_id, &body.app_secret).await.map_err(fault)?;
        Ok(self.core.tokens.issue(&app).map_err(fault)?.into())
    }

    async fn create_app(&self, _cx: &Context, caller: Proven, body: NewApp) -> Result<AppCredentials, Fault> {
        let new = body.try_into().map_err(fault)?;
        let created = self.core.apps.create(&caller.caller, new).await.map_err(fault)?;
        Ok(created.into())
    }

    async fn list_apps(&self, _cx: &Context, caller: Proven, page: i32, size: i32) -> Result<AppList, Fault> {
        let request = PageRequest::new(page.into(), size.into()).map_err(fault)?;
        let listed = self.core.apps.list(&caller.caller, request).await.map_err(fault)?;
        Ok(convert::app_list(&listed, page, size))
    }

    async fn ping(&self, _cx: &Context) -> Result<Null, Fault> {
        Ok(Null)
    }

    async fn ping_internal(&self, _cx: &Context) -> Result<Null, Fault> {
        Ok(Null)
    }

    async fn open_socket(&self, cx: &Context, caller: Proven) -> Result<OnSocket, Fault> {
        let session = Session::new(*cx, self.core.clone(), caller, self.sockets.clone());
        Ok(OnSocket::new(MAX_FRAME, move |socket| session.run(socket)))
    }
}

impl Observer for Handler {
    fn limits(&self) -> Option<Arc<Limits>> {
        Some(self.core.limits.clone())
    }

    fn allowed_origins(&self) -> &[String] {
        &self.allowed_origins
    }

    fn hides(&self, path: &str, client: IpAddr) -> bool {
        path.starts_with(INTERNAL) && !is_in(client, &self.internal_networks)
    }

    async fn limit_reached(&self, headers: &HeaderMap, decision: Decision) {
        let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return;
        };
        let token = value.split_once(' ').map_or(value, |(_, token)| token).trim();
        // Only an application that proves itself is told, or anybody could write into its events.
        if let Ok(caller) = self.core.tokens.verify(token).await {
            let event = Event {
                id: self.core.random.hex(32),
                topic: Topic::LimitReached,
                at: self.core.clock.now(),
                data: serde_json::json!({ "limit": decision.limit, "reset": decision.reset }),
            };
            self.core.events.publish(caller.app.id, event);
        }
    }
}
