//! Request bodies. Every encoding ends in one JSON value that the model's own parser checks, so that a schema means
//! the same in JSON, urlencoded and multipart.

use std::{borrow::Cow, future::Future, pin::Pin};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use percent_encoding::percent_decode;
use poem::{Body, FromRequest, Request, RequestBody, http::header, web::Multipart};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    error::ContentTypeError,
    payload::{ParsePayload, Payload},
    registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry},
    types::Type,
};
use serde::{
    Deserializer,
    de::{DeserializeOwned, IgnoredAny, IntoDeserializer, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use serde_json::error::Category;

use super::{Checked, Refusal, Refused, security::context, strict};

/// A JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonBody<T>(pub T);

/// An `application/x-www-form-urlencoded` body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlForm<T>(pub T);

/// A `multipart/form-data` body of text fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultipartForm<T>(pub T);

/// The fields of a model that is also sent as a form, so that text can become what the schema says.
pub trait FormFields {
    /// Every property with its kind.
    const FIELDS: &'static [(&'static str, FieldKind)];
}

/// What the text of a form field stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Itself.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

macro_rules! body {
    ($body:ident, $media_type:literal, $parse:expr, $($bound:tt)+) => {
        impl<T: Type> Payload for $body<T> {
            const CONTENT_TYPE: &'static str = $media_type;

            fn check_content_type(content_type: &str) -> bool {
                let essence = content_type.split(';').next().unwrap_or_default().trim();
                essence.eq_ignore_ascii_case($media_type)
            }

            fn schema_ref() -> MetaSchemaRef {
                T::schema_ref()
            }

            fn register(registry: &mut Registry) {
                T::register(registry);
            }
        }

        impl<T: $($bound)+> ParsePayload for $body<T> {
            const IS_REQUIRED: bool = true;

            async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
                let bytes = read(request, body).await?;
                let model: T = $parse(request, bytes).await?;
                model.check()?;
                Ok(Self(model))
            }
        }

        impl<'a, T: $($bound)+> ApiExtractor<'a> for $body<T> {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                <Self as Payload>::register(registry);
            }

            fn request_meta() -> Option<MetaRequest> {
                Some(MetaRequest {
                    description: None,
                    content: vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: Self::schema_ref() }],
                    required: true,
                })
            }

            async fn from_request(
                request: &'a Request,
                body: &mut RequestBody,
                _options: ExtractParamOptions<()>,
            ) -> poem::Result<Self> {
                match request.content_type() {
                    Some(media_type) if Self::check_content_type(media_type) => {}
                    Some(media_type) => {
                        let content_type = media_type.to_owned();
                        return Err(ContentTypeError::NotSupported { content_type }.into());
                    }
                    None => return Err(ContentTypeError::ExpectContentType.into()),
                }
                <Self as ParsePayload>::from_request(request, body).await
            }
        }
    };
}

body!(JsonBody, "application/json", parse_json, Type + DeserializeOwned + Checked);
body!(UrlForm, "application/x-www-form-urlencoded", parse_urlencoded, Type + DeserializeOwned + Checked + FormFields);
body!(MultipartForm, "multipart/form-data", parse_multipart, Type + DeserializeOwned + Checked + FormFields);

/// How much of a body over the limit is read and dropped, in bytes: a client that still sends when its connection is
/// closed loses the reply that says why.
pub const DRAIN: usize = 16 * 1024 * 1024;

async fn read(request: &Request, body: &mut RequestBody) -> poem::Result<Bytes> {
    let limit = context(request)?.body_limit;
    let mut parts = body.take()?.into_bytes_stream();
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    let mut length = 0;
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Refused::new(Refusal::Malformed, "the body could not be read to its end"))?;
        length += part.len();
        if length == part.len() {
            // Nearly every body comes in one part, which is then the body.
            first = part;
        } else if length <= limit {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&part);
        } else if length > limit.saturating_add(DRAIN) {
            break;
        }
    }
    if length > limit {
        return Err(Refused::new(Refusal::TooLarge, "the body is too large").into());
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// The words of serde may hold the refused value, which may be a secret, so none of them is passed on.
fn mismatch<T: Type>() -> Refused {
    Refused::new(Refusal::Invalid, format!("the body does not match the schema {}", T::name()))
}

async fn parse_json<T: Type + DeserializeOwned>(_request: &Request, bytes: Bytes) -> poem::Result<T> {
    let text = std::str::from_utf8(&bytes).map_err(|_| Refused::new(Refusal::Invalid, "the body is not UTF-8"))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let error = match strict::deserialize(&mut json).and_then(|model| json.end().map(|()| model)) {
        Ok(model) => return Ok(model),
        // What does not match may stand before what is no JSON at all, and that is the graver fault.
        Err(error) if error.classify() == Category::Data => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => return Err(mismatch::<T>().into()),
            Err(error) => error,
        },
        Err(error) => error,
    };
    let detail = format!("the body is not JSON: line {}, column {}", error.line(), error.column());
    Err(Refused::new(Refusal::Malformed, detail).into())
}

async fn parse_urlencoded<T: Type + DeserializeOwned + FormFields>(
    _request: &Request,
    bytes: Bytes,
) -> poem::Result<T> {
    form(pairs(&bytes))
}

/// Boxed, because its state is large and every request of an operation that also reads it would carry it along.
fn parse_multipart<'a, T: Type + DeserializeOwned + FormFields + 'a>(
    request: &'a Request,
    bytes: Bytes,
) -> Pin<Box<dyn Future<Output = poem::Result<T>> + Send + 'a>> {
    Box::pin(async move {
        let pairs = multipart_pairs(request, bytes).await?;
        form(pairs.into_iter().map(|(name, value)| Some((name.into(), value.into()))))
    })
}

async fn multipart_pairs(request: &Request, bytes: Bytes) -> poem::Result<Vec<(String, String)>> {
    let malformed = |_| Refused::new(Refusal::Malformed, "the body is not multipart/form-data");
    let mut body = RequestBody::new(Body::from_bytes(bytes));
    let mut multipart = <Multipart as FromRequest>::from_request(request, &mut body)
        .await
        .map_err(|_| Refused::new(Refusal::Malformed, "the body is not multipart/form-data"))?;
    let mut pairs = Vec::new();
    while let Some(field) = multipart.next_field().await.map_err(malformed)? {
        let name = field.name().map(str::to_owned);
        let name =
            name.ok_or_else(|| Refused::new(Refusal::Invalid, "a field has no name, or one that is not UTF-8"))?;
        let value = String::from_utf8(field.bytes().await.map_err(malformed)?)
            .map_err(|_| Refused::new(Refusal::Invalid, "a field is not UTF-8"))?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn form<'a, T: Type + DeserializeOwned + FormFields>(pairs: impl Iterator<Item = Option<Pair<'a>>>) -> poem::Result<T> {
    let fields = MapDeserializer::new(fields::<T>(pairs)?.into_iter());
    strict::deserialize::<T, MapDeserializer<_, serde_json::Error>>(fields).map_err(|_| mismatch::<T>().into())
}

/// A name and its value.
pub(super) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The pairs of a urlencoded text; `None` in place of one that is not UTF-8.
pub(super) fn pairs(encoded: &[u8]) -> impl Iterator<Item = Option<Pair<'_>>> {
    encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        Some((decode(name)?, decode(value)?))
    })
}

/// The value of a query parameter; `None` where it is missing or there twice, or the query is not UTF-8.
pub(super) fn query_value(query: &str, name: &str) -> Option<String> {
    let pairs: Vec<_> = pairs(query.as_bytes()).collect::<Option<_>>()?;
    let mut values = pairs.into_iter().filter(|(known, _)| known == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then(|| value.into_owned())
}

fn decode(encoded: &[u8]) -> Option<Cow<'_, str>> {
    if !encoded.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return std::str::from_utf8(encoded).ok().map(Cow::Borrowed);
    }
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(|text| text.into_owned().into())
}

/// The value of a field.
#[derive(Debug, PartialEq)]
enum Field<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

impl<'de> Deserializer<'de> for Field<'_> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Text(Cow::Borrowed(text)) => visitor.visit_str(text),
            Self::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Self::Integer(number) => visitor.visit_i64(number),
            Self::Number(number) => visitor.visit_f64(number),
            Self::Boolean(truth) => visitor.visit_bool(truth),
        }
    }

    /// A field that is there is no missing one.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Field<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The entries of the JSON object that a form stands for. Unknown fields are left out; a field that must not repeat and
/// does is refused, because whichever value won, somebody would have meant the other.
fn fields<'a, T: FormFields>(
    pairs: impl Iterator<Item = Option<Pair<'a>>>,
) -> poem::Result<Vec<(&'static str, Field<'a>)>> {
    let mut fields = Vec::with_capacity(T::FIELDS.len());
    for pair in pairs {
        let (name, text) = pair.ok_or_else(|| Refused::new(Refusal::Invalid, "the form is not UTF-8"))?;
        let Some((name, kind)) = T::FIELDS.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        let invalid = |reason: &str| Refused::new(Refusal::Invalid, format!("the field `{name}` {reason}"));
        let item = match kind {
            FieldKind::Text => Field::Text(text),
            FieldKind::Integer => text.parse().map(Field::Integer).map_err(|_| invalid("is not a whole number"))?,
            FieldKind::Number => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(Field::Number).ok_or_else(|| invalid("is not a number"))?
            }
            FieldKind::Boolean => text.parse().map(Field::Boolean).map_err(|_| invalid("is not true or false"))?,
        };
        if fields.iter().any(|(known, _)| known == name) {
            return Err(invalid("stands there twice").into());
        }
        fields.push((*name, item));
    }
    Ok(fields)
}

/// Whether a request announces or carries no body at all.
pub(super) fn has_no_body(request: &Request) -> bool {
    let headers = request.headers();
    !headers.contains_key(header::TRANSFER_ENCODING)
        && headers.get(header::CONTENT_LENGTH).is_none_or(|length| length.as_bytes() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Loan;
    impl FormFields for Loan {
        const FIELDS: &'static [(&'static str, FieldKind)] = &[("tool", FieldKind::Text), ("days", FieldKind::Integer)];
    }

    fn form(text: &str) -> Result<Vec<(&'static str, Field<'_>)>, String> {
        fields::<Loan>(pairs(text.as_bytes())).map_err(|error| error.to_string())
    }

    #[test]
    fn text_becomes_what_the_schema_says() {
        let fields = form("tool=a+b%26c&days=3&unknown=1").unwrap();
        assert_eq!(fields, [("tool", Field::Text("a b&c".into())), ("days", Field::Integer(3))]);
    }

    #[test]
    fn wrong_and_repeated_fields_are_refused_by_name() {
        assert_eq!(form("days=many").unwrap_err(), "the field `days` is not a whole number");
        assert_eq!(form("tool=a&tool=b").unwrap_err(), "the field `tool` stands there twice");
    }

    #[test]
    fn what_is_not_utf8_is_no_form() {
        assert!(pairs(b"tool=%ff").any(|pair| pair.is_none()));
        assert_eq!(form("tool=a&other=%ff").unwrap_err(), "the form is not UTF-8");
        assert_eq!(query_value("a=1&token=t%20k", "token").as_deref(), Some("t k"));
        assert_eq!(query_value("token=t&a=1&token=t", "token"), None);
    }
}
