//! Types that OpenAPI can say and poem-openapi cannot.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The value null, for replies that carry no data: `{type: object, nullable: true, enum: [null]}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Null;

impl Type for Null {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "null".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let schema = MetaSchema { nullable: true, enum_items: vec![Value::Null], ..MetaSchema::new("object") };
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for Null {
    fn to_json(&self) -> Option<Value> {
        Some(Value::Null)
    }
}

impl ParseFromJSON for Null {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::Null) => Ok(Self),
            Some(_) => Err(ParseError::custom("the value is not null")),
            None => Err(ParseError::expected_input()),
        }
    }
}

impl Serialize for Null {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Null {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self)
    }
}

/// Makes a struct without fields the schema of an object that never holds anything: `{type: object, maxProperties: 0}`.
/// Its name in the document and its description there are given beside it.
#[macro_export]
macro_rules! empty_object {
    ($object:ident, $name:literal, $description:expr) => {
        impl ::poem_openapi::types::Type for $object {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> ::std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn schema_ref() -> ::poem_openapi::registry::MetaSchemaRef {
                ::poem_openapi::registry::MetaSchemaRef::Reference($name.to_owned())
            }

            fn register(registry: &mut ::poem_openapi::registry::Registry) {
                registry.create_schema::<Self, _>($name.to_owned(), |_| $crate::runtime::empty_object($description));
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(::std::iter::once(self))
            }
        }

        impl ::poem_openapi::types::IsObjectType for $object {}

        impl ::poem_openapi::types::ToJSON for $object {
            fn to_json(&self) -> Option<::serde_json::Value> {
                Some(::serde_json::Value::Object(::serde_json::Map::new()))
            }
        }

        impl ::poem_openapi::types::ParseFromJSON for $object {
            fn parse_from_json(value: Option<::serde_json::Value>) -> ::poem_openapi::types::ParseResult<Self> {
                match value {
                    Some(::serde_json::Value::Object(object)) if object.is_empty() => Ok(Self {}),
                    _ => Err(::poem_openapi::types::ParseError::custom("the value is no empty object")),
                }
            }
        }
    };
}

/// What the emitted document says of an object that never holds anything.
pub fn empty_object(description: Option<&'static str>) -> MetaSchema {
    MetaSchema { description, max_properties: Some(0), ..MetaSchema::new("object") }
}

/// A property that must be there and may be null. `Option` is one that may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaybeNull<T>(pub Option<T>);

impl<T> From<Option<T>> for MaybeNull<T> {
    fn from(value: Option<T>) -> Self {
        Self(value)
    }
}

impl<T: Type> Type for MaybeNull<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        format!("nullable_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref().merge(MetaSchema { nullable: true, ..MetaSchema::ANY })
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_ref().and_then(T::as_raw_value)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        match &self.0 {
            Some(value) => value.raw_element_iter(),
            None => Box::new(std::iter::empty()),
        }
    }
}

impl<T: ToJSON> ToJSON for MaybeNull<T> {
    fn to_json(&self) -> Option<Value> {
        match &self.0 {
            Some(value) => value.to_json(),
            None => Some(Value::Null),
        }
    }
}

impl<T: ParseFromJSON> ParseFromJSON for MaybeNull<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::Null) => Ok(Self(None)),
            Some(value) => match T::parse_from_json(Some(value)) {
                Ok(value) => Ok(Self(Some(value))),
                Err(error) => Err(error.propagate()),
            },
            None => Err(ParseError::expected_input()),
        }
    }
}
