//! Parameters. poem-openapi's own extractors take the first of several values, and drop header values that are no text;
//! these refuse both, because whichever value won, somebody would have meant the other.

use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef, Registry},
    types::ParseFromParameter,
};

use super::{
    Refusal, Refused,
    security::{Luggage, luggage},
};

/// A parameter of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// A parameter of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// A parameter in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<T>(pub T);

/// The type of a parameter, which may be a list or may be missing.
pub trait Parameter: ParseFromParameter {
    /// Whether the parameter may stand there several times.
    const REPEATS: bool;
}

impl<T: Parameter> Parameter for Option<T> {
    const REPEATS: bool = T::REPEATS;
}

impl<T: ParseFromParameter> Parameter for Vec<T> {
    const REPEATS: bool = true;
}

macro_rules! single {
    ($($ty:ty),*) => {
        $(impl Parameter for $ty {
            const REPEATS: bool = false;
        })*
    };
}

single!(String, i32, i64, bool);

macro_rules! parameter {
    ($extractor:ident, $values:ident, $label:expr) => {
        impl<'a, T: Parameter> ApiExtractor<'a> for $extractor<T> {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
            const PARAM_IS_REQUIRED: bool = T::IS_REQUIRED;
            type ParamType = T;
            type ParamRawType = T::RawValueType;

            fn register(registry: &mut Registry) {
                T::register(registry);
            }

            fn param_in() -> Option<MetaParamIn> {
                Some(MetaParamIn::$extractor)
            }

            fn param_schema_ref() -> Option<MetaSchemaRef> {
                Some(T::schema_ref())
            }

            fn param_raw_type(&self) -> Option<&Self::ParamRawType> {
                self.0.as_raw_value()
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                options: ExtractParamOptions<T>,
            ) -> poem::Result<Self> {
                let outcome = $values(request, options.name).and_then(|values| typed(values, &options));
                Ok(Self(outcome.map_err(|reason| refused($label(options.name), reason))?))
            }
        }
    };
}

parameter!(Path, path_values, |_| "the path".to_owned());
parameter!(Query, query_values, named);
parameter!(Header, header_values, named);

fn named(name: &str) -> String {
    format!("the parameter `{name}`")
}

fn refused(label: String, reason: &'static str) -> Refused {
    Refused::new(Refusal::Invalid, format!("{label} {reason}"))
}

fn path_values<'a>(request: &'a Request, name: &'static str) -> Result<Vec<&'a str>, &'static str> {
    Ok(request.raw_path_param(name).into_iter().collect())
}

fn query_values<'a>(request: &'a Request, name: &'static str) -> Result<Vec<&'a str>, &'static str> {
    let Ok(Luggage { query, .. }) = luggage(request) else {
        return Ok(Vec::new());
    };
    let pairs = query.as_ref().ok_or("stands in a query that is not UTF-8")?;
    Ok(pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect())
}

fn header_values<'a>(request: &'a Request, name: &'static str) -> Result<Vec<&'a str>, &'static str> {
    let values = request.headers().get_all(name).iter().map(|value| value.to_str().ok());
    values.collect::<Option<_>>().ok_or("is no text")
}

fn typed<T: Parameter>(values: Vec<&str>, options: &ExtractParamOptions<T>) -> Result<T, &'static str> {
    match options.default_value {
        Some(default) if values.is_empty() => return Ok(default()),
        None if values.is_empty() && T::IS_REQUIRED => return Err("is missing"),
        _ if values.len() > 1 && !T::REPEATS => return Err("stands there twice"),
        _ => {}
    }
    T::parse_from_parameters(values).map_err(|_| "does not match its schema")
}
