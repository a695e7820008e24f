//! A line to the server and the token that opens it: operations that log in by themselves.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use progenitor_client::{Error as Raw, ResponseValue};
use serde::Serialize;

use crate::error::Error;
use crate::line::{Dialect, Line};
use crate::renewal::{Issued, Renewal};
use crate::reply::Reply;
use crate::wire::envelope::Envelope;
use crate::wire::{Caller, Credential};

/// How a dialect's session comes by its token.
pub(crate) trait Login: Send + Sync + Sized + 'static {
    /// The document.
    type Dialect: Dialect;
    /// The token, and whatever came with it.
    type Token: Clone + Send + Sync;

    /// Obtains a token, and tells how long it lives. Nobody else does so meanwhile.
    fn log_in(
        &self,
        line: &Line<Self::Dialect>,
    ) -> impl Future<Output = Result<(Self::Token, Duration), ErrorOf<Self>>> + Send;

    /// What shows the token to the server.
    fn credential(token: &Self::Token) -> Credential;

    /// Whether a new token may help against `error`. `fresh` says whether the refused one was made just now.
    fn is_stale(error: &ErrorOf<Self>, fresh: bool) -> bool;
}

type CodeOf<L> = <<L as Login>::Dialect as Dialect>::Code;
type ErrorOf<L> = Error<CodeOf<L>>;

/// What the clones of a session share.
pub(crate) struct Access<L: Login> {
    line: Line<L::Dialect>,
    login: L,
    token: Renewal<L::Token, ErrorOf<L>>,
}

impl<L: Login> Access<L> {
    pub(crate) fn new(line: Line<L::Dialect>, login: L) -> Arc<Self> {
        Arc::new(Self { line, login, token: Renewal::new(Error::is_retryable) })
    }

    /// The same with a token that lives for `life` or, if that is not known, is used until the server refuses it.
    pub(crate) fn with_token(
        line: Line<L::Dialect>,
        login: L,
        token: L::Token,
        life: impl Into<Option<Duration>>,
    ) -> Arc<Self> {
        let life = life.into().map(|life| line.life_of(life));
        Arc::new(Self { line, login, token: Renewal::with(token, life, Error::is_retryable) })
    }

    pub(crate) fn line(&self) -> &Line<L::Dialect> {
        &self.line
    }

    pub(crate) fn login(&self) -> &L {
        &self.login
    }

    /// The token, obtained if there is none that is good for a while. One that could not be renewed is used to its end.
    pub(crate) async fn issued(&self) -> Result<Issued<L::Token>, ErrorOf<L>> {
        let obtain = async {
            let login = self.login.log_in(&self.line).await;
            let (token, life) = login.inspect_err(|error| tracing::debug!(%error, "no new token was obtained"))?;
            Ok((token, self.line.life_of(life)))
        };
        self.token.get(obtain).await
    }

    /// The token that there is, good or not.
    pub(crate) async fn current(&self) -> Option<Issued<L::Token>> {
        self.token.current().await
    }

    /// Says that the server does not take `issued` any more.
    pub(crate) async fn reject(&self, issued: &Issued<L::Token>) {
        self.token.reject(issued).await;
    }

    /// Ends the token with `end`, and then forgets it. Nobody obtains another one meanwhile. If `end` fails, it stays.
    pub(crate) async fn end(&self, end: impl Future<Output = Result<(), ErrorOf<L>>>) -> Result<(), ErrorOf<L>> {
        self.token.end(end).await
    }

    /// Sends an operation that needs a token, and once more with a new one if the server no longer takes the old one.
    /// It has refused the first before it looked at anything else, so this is safe for every operation.
    pub(crate) async fn authorised<T, E, F, Fut>(
        &self,
        caller: Caller,
        operation: F,
    ) -> Result<Reply<T::Data>, ErrorOf<L>>
    where
        T: Envelope,
        E: Serialize,
        F: Fn(<L::Dialect as Dialect>::Client) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, Raw<E>>>,
    {
        let issued = self.issued().await?;
        let identified = caller.clone().with(L::credential(&issued.value));
        let error = match self.line.send(identified, &operation).await {
            Err(error) if L::is_stale(&error, issued.fresh) => error,
            outcome => return outcome,
        };
        tracing::debug!(%error, "renewing the token");
        self.reject(&issued).await;
        let issued = self.issued().await?;
        self.line.send(caller.with(L::credential(&issued.value)), operation).await
    }
}
