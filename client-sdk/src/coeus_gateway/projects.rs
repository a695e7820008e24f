//! The projects of a user, page by page or one by one.

use futures_util::stream::BoxStream;

use super::raw::types::{ProjectListReply, ProjectListRequest};
use super::{Error, Project, Session};
use crate::paging;
use crate::reply::Reply;
use crate::wire::envelope::{Envelope, Opened};

/// How many projects a page holds unless told otherwise.
const SIZE: i32 = 20;

/// A list of projects that has not been fetched yet.
#[derive(Clone, Debug)]
pub struct Projects {
    session: Session,
    user_id: Option<i64>,
    size: i32,
}

/// One page of projects.
#[derive(Clone, Debug)]
pub struct ProjectPage {
    /// The projects of this page.
    pub list: Vec<Project>,
    /// How many projects there are on all pages, as `header.total` has it.
    pub total: i64,
    /// How many of them are on this page, as `header.count` has it.
    pub count: i64,
}

impl Projects {
    pub(super) fn new(session: Session) -> Self {
        Self { session, user_id: None, size: SIZE }
    }

    /// How many projects a page holds, 1 to 100. 20 unless told otherwise.
    pub fn size(mut self, size: i32) -> Self {
        self.size = size;
        self
    }

    /// Lists the projects of the user with this id instead of the session's own, which only administrators may.
    pub fn of_user(mut self, id: i64) -> Self {
        self.user_id = Some(id);
        self
    }

    /// One page, counted from 0. There may be nothing on it.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::AccessViolate`](super::ErrorCode::AccessViolate) if the list of another user is none of this
    /// user's business; [`Error::Invalid`] if the page, its size or the id is out of range.
    pub async fn page(&self, page: i32) -> Result<Reply<ProjectPage>, Error> {
        let request = ProjectListRequest { user_id: self.user_id, page_no: Some(page), page_size: Some(self.size) };
        let list = |client: super::raw::Client| {
            let request = &request;
            async move { client.list_projects(request).await?.map(page_of) }
        };
        // It is a POST, but it only reads.
        let caller = self.session.access.line().caller().repeatable();
        self.session.access.authorised(caller, list).await
    }

    /// All pages, the first one first. Each is fetched when it is asked for; the stream ends after an error.
    pub fn pages(self) -> BoxStream<'static, Result<Reply<ProjectPage>, Error>> {
        let size = i64::from(self.size);
        let fetch = move |page| {
            let projects = self.clone();
            async move { projects.page(page).await }
        };
        // A page without projects is the last one, even if the list grew meanwhile.
        let is_last = move |page, projects: &ProjectPage| {
            (i64::from(page) + 1) * size >= projects.total || projects.list.is_empty()
        };
        paging::pages(0, fetch, is_last)
    }

    /// All projects, the oldest first. A page is fetched when its first one is asked for.
    ///
    /// One that is created while this goes on is seen if it comes after the page that was fetched last. Deleting moves
    /// those behind it forward, so that one may be missed: who deletes while listing collects the ids first.
    pub fn items(self) -> BoxStream<'static, Result<Project, Error>> {
        paging::items(self.pages(), |page| page.list)
    }
}

/// Keeps the counts, which the envelope has beside the list.
fn page_of(reply: ProjectListReply) -> Opened<ProjectPage> {
    let (total, count) = (reply.header.total, reply.header.count);
    reply.open().map(|page| ProjectPage { list: page.list, total, count })
}
