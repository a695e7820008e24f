//! Which properties are secrets, so that no type of the client prints one.

use super::document::{Document, Node};
use super::operation::{field, type_name};

/// The secret fields of each type that has any.
pub(super) fn secrets(document: &Document<'_>) -> Vec<(String, Vec<String>)> {
    let schemas = document.schemas().into_iter();
    let secrets = schemas.map(|(name, schema)| {
        let properties = schema.child("properties").entries().into_iter();
        let secrets = properties.filter(|(property, node)| is_secret(property, node));
        (type_name(name), secrets.map(|(property, _)| field(property)).collect::<Vec<_>>())
    });
    secrets.filter(|(_, fields)| !fields.is_empty()).collect()
}

/// A property is a secret if its format says so, or its name ends like one. A harmless one that is printed as
/// `[redacted]` costs little, the other mistake costs an account.
fn is_secret(property: &str, node: &Node<'_>) -> bool {
    let name = field(property);
    let last = name.rsplit('_').next().unwrap_or_default();
    let named = matches!(last, "secret" | "token" | "password" | "signature" | "passwd" | "code");
    node.child("format").text() == "password" || named && node.child("type").text() == "string"
}
