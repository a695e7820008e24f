//! Lists that come in pages, as streams.

use std::future::Future;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::error::Error;
use crate::reply::Reply;

/// All pages of a list, from the one with the number `first`. Each is fetched when it is asked for; the stream ends
/// after the page that `is_last`, and after an error.
pub(crate) fn pages<P, C, Fut>(
    first: i32,
    fetch: impl Fn(i32) -> Fut + Send + 'static,
    is_last: impl Fn(i32, &P) -> bool + Send + 'static,
) -> BoxStream<'static, Result<Reply<P>, Error<C>>>
where
    P: Send + 'static,
    C: Send + 'static,
    Fut: Future<Output = Result<Reply<P>, Error<C>>> + Send + 'static,
{
    stream::try_unfold((fetch, is_last, Some(first)), |(fetch, is_last, page)| async move {
        let Some(page) = page else { return Ok(None) };
        let reply = fetch(page).await?;
        let next = if is_last(page, &reply) { None } else { page.checked_add(1) };
        Ok(Some((reply, (fetch, is_last, next))))
    })
    .boxed()
}

/// The items of all pages. A page is fetched when its first item is asked for.
pub(crate) fn items<P, T, C>(
    pages: BoxStream<'static, Result<Reply<P>, Error<C>>>,
    of: impl Fn(P) -> Vec<T> + Send + 'static,
) -> BoxStream<'static, Result<T, Error<C>>>
where
    P: Send + 'static,
    T: Send + 'static,
    C: Send + 'static,
{
    pages.map_ok(move |page| stream::iter(of(page.into_inner()).into_iter().map(Ok))).try_flatten().boxed()
}
