//! JSON into models, as schemas have it. Serde's derived code alone is more forgiving: it reads an object from a list of
//! its values, and an enumeration from `{"value": null}`. A schema says neither, so this deserializer refuses both.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor},
};

/// Reads a model; objects are read from objects only, enumerations from texts only.
pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(Strict(deserializer))
}

/// Reads a property that must be there; serde takes a missing one for null.
///
/// # Errors
///
/// Whatever is wrong with the value, or that it is missing.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}

/// Reads a property that may be missing and must not be null; serde takes null for a missing one.
///
/// # Errors
///
/// Whatever is wrong with the value.
pub fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a truth value that may be null, or be written as the text `true` or `false`.
///
/// # Errors
///
/// It is anything else.
pub fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Truth)
}

struct Truth;

impl Visitor<'_> for Truth {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, or one of these as a text")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<bool>, E> {
        Ok(Some(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<bool>, E> {
        text.parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<bool>, E> {
        Ok(None)
    }
}

struct Strict<D>(D);

macro_rules! forward {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(Strict(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq
        deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, Strict(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Strict(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, Strict(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, length, Strict(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_str(Variant(visitor))
    }
}

macro_rules! visit {
    ($($method:ident $ty:ty),*) => {
        $(fn $method<E: Error>(self, value: $ty) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    visit!(visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str, visit_borrowed_str &'de str);
    visit!(visit_string String);

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(entries))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

struct Variant<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Variant<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.0.visit_enum(value.into_deserializer())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{super::MaybeNull, *};

    #[derive(Debug, PartialEq, Deserialize)]
    enum State {
        #[serde(rename = "lent")]
        Lent,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Tool {
        name: String,
        #[serde(default, deserialize_with = "not_null")]
        note: Option<String>,
        shelf: Option<i32>,
        #[serde(deserialize_with = "present")]
        state: MaybeNull<State>,
        #[serde(default)]
        parts: Vec<Tool>,
    }

    fn read(text: &str) -> Result<Tool, String> {
        let direct = deserialize::<Tool, _>(&mut serde_json::Deserializer::from_str(text));
        let tree = deserialize::<Tool, Value>(text.parse().unwrap());
        assert_eq!(direct.as_ref().ok(), tree.as_ref().ok(), "text and tree agree on {text}");
        direct.map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_schema_says_is_read() {
        let tool =
            read(r#"{"name":"saw","state":"lent","shelf":null,"unknown":[1],"parts":[{"name":"b","state":null}]}"#);
        let part = Tool { name: "b".into(), note: None, shelf: None, state: MaybeNull(None), parts: vec![] };
        let parts = vec![part];
        assert_eq!(
            tool,
            Ok(Tool { name: "saw".into(), note: None, shelf: None, state: MaybeNull(Some(State::Lent)), parts })
        );
    }

    #[test]
    fn what_serde_would_forgive_is_refused() {
        for bad in [
            r#"["saw",null,null,null,[]]"#,
            r#"{"name":"saw","state":{"lent":null}}"#,
            r#"{"name":"saw"}"#,
            r#"{"name":"saw","state":null,"note":null}"#,
            r#"{"name":"saw","state":null,"parts":[["b",null,null,null,[]]]}"#,
            r#"{"name":5,"state":null}"#,
            r#"{"name":"saw","state":null,"shelf":1.0}"#,
            r#"{"name":"saw","state":null,"shelf":2147483648}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(
            deserialize::<Tool, _>(&mut serde_json::Deserializer::from_str(r#"{"name":"a","name":"b","state":null}"#))
                .is_err()
        );
    }
}
