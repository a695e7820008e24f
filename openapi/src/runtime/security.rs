//! How a credential is read from a request. Whether it is good is the handler's business.

use std::{any::Any, sync::Arc};

use poem::{Request, http::header::AUTHORIZATION};
use poem_openapi::registry::{MetaSecurityScheme, Registry};

use super::{Context, Refusal, Refused};

/// What travels with a request to its extractors, in one piece, because each piece is allocated by itself.
#[derive(Clone)]
pub(super) struct Luggage {
    pub(super) context: Context,
    pub(super) handler: Arc<dyn Any + Send + Sync>,
    /// The names and values of the query; none where it is not UTF-8.
    pub(super) query: Option<Vec<(String, String)>>,
}

/// The handler and the context of a request, for extractors that need both.
///
/// # Errors
///
/// [`Refusal::Fault`] where the transport put neither there, which no mounted dialect can bring about.
pub fn handler<H: Send + Sync + 'static>(request: &Request) -> poem::Result<(&H, &Context)> {
    let Luggage { context, handler, .. } = luggage(request)?;
    let handler = handler.downcast_ref().ok_or_else(|| Refused::new(Refusal::Fault, "another dialect is mounted"))?;
    Ok((handler, context))
}

pub(super) fn context(request: &Request) -> poem::Result<&Context> {
    Ok(&luggage(request)?.context)
}

pub(super) fn luggage(request: &Request) -> poem::Result<&Luggage> {
    Ok(request.data().ok_or_else(|| Refused::new(Refusal::Fault, "the dialect is not mounted"))?)
}

/// A security scheme of a document.
#[derive(Debug)]
pub struct Scheme {
    /// Its name in the document.
    pub name: &'static str,
    /// What the document says of it.
    pub description: &'static str,
    /// Where the credential stands.
    pub kind: SchemeKind,
}

/// Where a credential stands in a request.
#[derive(Debug, Clone, Copy)]
pub enum SchemeKind {
    /// `Authorization: Bearer <credential>`; `bare` also admits it without the word.
    Bearer {
        /// The documented `bearerFormat`.
        format: Option<&'static str>,
        /// Whether the word `Bearer` may be missing.
        bare: bool,
    },
    /// A header of this name.
    Header(&'static str),
    /// A query parameter of this name.
    Query(&'static str),
}

impl Scheme {
    /// Tells the registry of the scheme, so that the emitted document has it.
    pub fn register(&self, registry: &mut Registry) {
        let blank = MetaSecurityScheme {
            ty: "apiKey",
            description: Some(self.description),
            name: None,
            key_in: None,
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        let meta = match self.kind {
            SchemeKind::Bearer { format, .. } => {
                MetaSecurityScheme { ty: "http", scheme: Some("bearer"), bearer_format: format, ..blank }
            }
            SchemeKind::Header(name) => MetaSecurityScheme { name: Some(name), key_in: Some("header"), ..blank },
            SchemeKind::Query(name) => MetaSecurityScheme { name: Some(name), key_in: Some("query"), ..blank },
        };
        registry.create_security_scheme(self.name, meta);
    }

    /// The credential of a request: `None` where it is missing, empty, not of its form, or there twice, since nobody can
    /// tell then which one was meant.
    pub fn read(&self, request: &Request) -> Option<String> {
        let credential = match self.kind {
            SchemeKind::Bearer { bare, .. } => bearer(single(request, AUTHORIZATION.as_str())?, bare)?.to_owned(),
            SchemeKind::Header(name) => single(request, name)?.trim().to_owned(),
            SchemeKind::Query(name) => super::payload::query_value(request.uri().query()?, name)?,
        };
        (!credential.is_empty()).then_some(credential)
    }
}

/// The value of a header that stands there once.
fn single<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let mut values = request.headers().get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// The credential behind the word `Bearer`, whose case does not matter (RFC 9110, 11.1).
fn bearer(value: &str, bare: bool) -> Option<&str> {
    let value = value.trim();
    match value.split_once(' ') {
        Some((word, credential)) if word.eq_ignore_ascii_case("bearer") => Some(credential.trim()),
        Some(_) => None,
        None => (bare && !value.eq_ignore_ascii_case("bearer")).then_some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn the_word_bearer_is_optional_only_where_the_document_says_so() {
        assert_eq!(bearer("Bearer abc", false), Some("abc"));
        assert_eq!(bearer("bEARER  abc ", false), Some("abc"));
        assert_eq!(bearer("abc", true), Some("abc"));
        assert_eq!(bearer("abc", false), None);
        assert_eq!(bearer("Bearer", true), None);
        assert_eq!(bearer("Basic abc", true), None);
    }
}
