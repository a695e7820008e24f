//! Interface configs and their changes, page by page or one by one.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use futures_util::stream::BoxStream;

use super::raw::Client;
use super::raw::types::{ConfigLogsReply, ConfigsReply, FailureReply};
use super::{ConfigLog, ConfigSummary, Error, Session};
use crate::paging;
use crate::reply::Reply;
use crate::wire::envelope::{Envelope, Opened};

/// How many entries a page holds unless told otherwise.
const SIZE: i32 = 20;

/// Interface configs, the newest first.
pub type Configs = Listing<ConfigSummary>;

/// Changes of interface configs, the newest first and without their contents.
pub type ConfigLogs = Listing<ConfigLog>;

/// A list that has not been fetched yet.
pub struct Listing<T> {
    session: Session,
    keyword: Option<String>,
    size: i32,
    entries: PhantomData<fn() -> T>,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries of this page.
    pub list: Vec<T>,
    /// How many entries there are on all pages, as the envelope's `option` has it.
    pub total: i64,
}

/// What the server lists.
pub trait Listed: private::Listed {}

impl<T: private::Listed> Listed for T {}

mod private {
    use super::*;

    /// Nobody else can say of a type that the server lists it.
    pub trait Listed: Send + Sized + 'static {
        fn fetch(
            client: Client,
            keyword: Option<&str>,
            page: i64,
            size: i32,
        ) -> impl Future<Output = Result<Fetched<Self>, progenitor_client::Error<FailureReply>>> + Send;
    }
}

type Fetched<T> = progenitor_client::ResponseValue<Opened<Page<T>>>;

impl private::Listed for ConfigSummary {
    async fn fetch(
        client: Client,
        keyword: Option<&str>,
        page: i64,
        size: i32,
    ) -> Result<Fetched<Self>, progenitor_client::Error<FailureReply>> {
        client.list_configs(keyword, Some(page), Some(size)).await?.map(|reply: ConfigsReply| {
            let total = reply.option.unwrap_or_default();
            reply.open().map(|list| Page { list, total })
        })
    }
}

impl private::Listed for ConfigLog {
    async fn fetch(
        client: Client,
        keyword: Option<&str>,
        page: i64,
        size: i32,
    ) -> Result<Fetched<Self>, progenitor_client::Error<FailureReply>> {
        client.list_config_logs(keyword, Some(page), Some(size)).await?.map(|reply: ConfigLogsReply| {
            let total = reply.option.unwrap_or_default();
            reply.open().map(|list| Page { list, total })
        })
    }
}

impl<T: Listed> Listing<T> {
    pub(super) fn new(session: Session) -> Self {
        Self { session, keyword: None, size: SIZE, entries: PhantomData }
    }

    /// Lists only what has this text in it, character by character: configs in name, URL or right; changes in what was
    /// done, to what, or by whom.
    pub fn keyword(mut self, keyword: impl Into<String>) -> Self {
        self.keyword = Some(keyword.into());
        self
    }

    /// How many entries a page holds, 1 to 100. 20 unless told otherwise.
    pub fn size(mut self, size: i32) -> Self {
        self.size = size;
        self
    }

    /// One page, counted from 1. There may be nothing on it.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::Forbidden`](super::ErrorCode::Forbidden) if the user may not see them; [`Error::Invalid`] if the
    /// page or its size is out of range, or the keyword is longer than 255 characters.
    pub async fn page(&self, page: i32) -> Result<Reply<Page<T>>, Error> {
        let fetch = |client| T::fetch(client, self.keyword.as_deref(), i64::from(page), self.size);
        let caller = self.session.access.line().caller();
        self.session.access.authorised(caller, fetch).await
    }

    /// All pages, the first one first. Each is fetched when it is asked for; the stream ends after an error.
    pub fn pages(self) -> BoxStream<'static, Result<Reply<Page<T>>, Error>> {
        let size = i64::from(self.size);
        let fetch = move |page| {
            let listing = self.clone();
            async move { listing.page(page).await }
        };
        // A page without entries is the last one, even if the list grew meanwhile.
        let is_last = move |page, found: &Page<T>| i64::from(page) * size >= found.total || found.list.is_empty();
        paging::pages(1, fetch, is_last)
    }

    /// All entries, the newest first. A page is fetched when its first one is asked for.
    ///
    /// What is added while this goes on moves those behind it back, so that one may be seen twice; and one may be missed
    /// after another was deleted.
    pub fn items(self) -> BoxStream<'static, Result<T, Error>> {
        paging::items(self.pages(), |page| page.list)
    }
}

// Derived, it would ask for an entry that is `Clone`, and there is none in it.
impl<T> Clone for Listing<T> {
    fn clone(&self) -> Self {
        let Self { session, keyword, size, entries } = self;
        Self { session: session.clone(), keyword: keyword.clone(), size: *size, entries: *entries }
    }
}

impl<T> fmt::Debug for Listing<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Listing")
            .field("session", &self.session)
            .field("keyword", &self.keyword)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
