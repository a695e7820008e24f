//! The applications that this one registered, page by page or one by one.

use futures_util::stream::BoxStream;

use super::{App, AppList, Error, Session};
use crate::paging;
use crate::reply::Reply;

/// A list of applications that has not been fetched yet.
#[derive(Clone, Debug)]
pub struct Apps {
    session: Session,
    size: Option<i32>,
}

impl Apps {
    pub(super) fn new(session: Session) -> Self {
        Self { session, size: None }
    }

    /// How many applications a page holds, 1 to 100. 20 unless told otherwise.
    pub fn size(mut self, size: i32) -> Self {
        self.size = Some(size);
        self
    }

    /// One page, counted from 1. There may be nothing on it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the page or its size is out of range; else as for every operation.
    pub async fn page(&self, page: i32) -> Result<Reply<AppList>, Error> {
        let size = self.size;
        let caller = self.session.line().caller();
        self.session.access.authorised(caller, |client| async move { client.list_apps(Some(page), size).await }).await
    }

    /// All pages, the first one first. Each is fetched when it is asked for; the stream ends after an error.
    pub fn pages(self) -> BoxStream<'static, Result<Reply<AppList>, Error>> {
        let fetch = move |page| {
            let apps = self.clone();
            async move { apps.page(page).await }
        };
        // A page without items is the last one, even if the list grew meanwhile.
        let is_last = |page, list: &AppList| i64::from(page) >= list.pagination.total_pages || list.items.is_empty();
        paging::pages(1, fetch, is_last)
    }

    /// All applications, the oldest first. A page is fetched when its first one is asked for.
    ///
    /// One that is registered while this goes on is seen if it comes after the page that was fetched last.
    pub fn items(self) -> BoxStream<'static, Result<App, Error>> {
        paging::items(self.pages(), |page| page.items)
    }
}
