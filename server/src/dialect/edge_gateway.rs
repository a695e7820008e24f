//! `edge_gateway`: logins with a plaintext password, rotating refresh tokens, and one operation that asks for a token. It
//! translates; the rules are in the domain.

mod fault;
mod tokens;

use std::sync::Arc;

use gatehouse_api::{
    edge_gateway::{Credential, DOCUMENT, EdgeGateway, Fault, LoginRequest, Product, TokenPair},
    runtime::Context,
};

use crate::{
    domain::{Core, name::Name, password::Digest, user::User},
    http::mount::{Observer, Parts, origin},
};
use fault::{fault, of_request_token};
use tokens::Tokens;

/// What implements the operations of `edge_gateway`.
pub struct Handler {
    core: Core,
    tokens: Tokens,
}

impl Handler {
    /// The handler over these parts of the server.
    pub fn new(parts: &Parts) -> Self {
        Self { core: parts.core.clone(), tokens: Tokens::new(&parts.core, &parts.config.edge_gateway) }
    }
}

impl EdgeGateway for Handler {
    type Caller = Arc<User>;

    async fn authenticate(&self, _cx: &Context, credential: Credential) -> Result<Arc<User>, Fault> {
        let Credential::XToken(token) = credential;
        self.tokens.user_of(token.as_deref().unwrap_or_default()).await.map_err(of_request_token)
    }

    async fn login(&self, cx: &Context, body: LoginRequest) -> Result<TokenPair, Fault> {
        let origin = origin(&DOCUMENT, cx);
        let digest = Digest::of(&body.password);
        let user = self.core.users.authenticate(&origin, &body.username, Some(digest)).await.map_err(fault)?;
        self.tokens.begin(&origin, user).await.map_err(fault)
    }

    async fn refresh_token(&self, cx: &Context, refresh_token: String) -> Result<TokenPair, Fault> {
        self.tokens.refresh(&origin(&DOCUMENT, cx), &refresh_token).await.map_err(fault)
    }

    async fn create_product(&self, _cx: &Context, caller: Arc<User>, name: Option<String>) -> Result<Product, Fault> {
        let name = name.map(|name| Name::new("name", name)).transpose().map_err(fault)?;
        let product = self.core.products.create(&caller, name).await.map_err(fault)?;
        Ok(Product {
            id: product.id,
            name: product.name,
            product_key: product.key,
            created_time: product.created_at.date_time(),
        })
    }
}

impl Observer for Handler {}
