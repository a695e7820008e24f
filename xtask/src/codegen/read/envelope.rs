//! The envelope: every property of it has a role, each role its type, and every failure can be said in it.

use super::checks::Checks;
use crate::codegen::{
    ir::{Form, Kind, Property, Role, Schema},
    refusal::step,
    server::{
        envelope::{Given, given, nothing, property_of},
        handler::reply_schema,
        types::{Presence, named, presence},
    },
};

/// Refuses envelopes that the server could not fill in.
pub fn all(checks: &Checks<'_>) {
    let Some(envelope) = &checks.doc.envelope else {
        return;
    };
    let mut schemas: Vec<&Schema> = checks.doc.schema(&envelope.schema).into_iter().collect();
    for operation in &checks.doc.operations {
        for (status, _) in &operation.replies {
            let schema = reply_schema(checks.doc, operation, *status);
            schemas.extend(schema.filter(|schema| !schemas.iter().any(|known| known.name == schema.name)));
        }
    }
    for schema in schemas {
        one(checks, schema);
    }
}

fn one(checks: &Checks<'_>, schema: &Schema) {
    let at = format!("/components/schemas/{}", step(&schema.name));
    if !matches!(schema.form, Form::Object(_)) {
        checks.refuse(&at, "an envelope is an object");
        return;
    }
    for needed in [Role::Code, Role::Message] {
        if property_of(checks.doc, schema, needed).is_none() {
            let name = Role::ALL.iter().find(|(_, role)| *role == needed).map(|(name, _)| *name).unwrap_or_default();
            checks.refuse(&at, format!("the envelope has no property with the role `{name}`"));
        }
    }
    let option = property_of(checks.doc, schema, Role::Option);
    let gives_option = option.is_some_and(|option| !matches!(given(checks.doc, Some(option)), Given::Nothing));
    let counts = [Role::Total, Role::Count].into_iter().any(|role| property_of(checks.doc, schema, role).is_some());
    if gives_option && counts {
        checks.refuse(&at, "an envelope with `option` has no `total` or `count`");
    }
    properties(checks, schema, &at, "");
}

fn properties(checks: &Checks<'_>, schema: &Schema, at: &str, prefix: &str) {
    let Form::Object(properties) = &schema.form else {
        return;
    };
    for property in properties {
        let at = format!("{at}/properties/{}", step(&property.name));
        let path = format!("{prefix}{}", property.name);
        let roles = checks.doc.envelope.iter().flat_map(|envelope| &envelope.roles);
        let role = roles.filter(|(known, _)| *known == path).map(|(_, role)| *role).next();
        if let Some(role) = role {
            typed(checks, property, role, &at);
            continue;
        }
        let prefix = format!("{path}.");
        let mut roles = checks.doc.envelope.iter().flat_map(|envelope| &envelope.roles);
        let leads_on = roles.any(|(known, _)| known.starts_with(&prefix));
        let inner = named(&property.ty.kind).and_then(|name| checks.doc.schema(&name));
        match inner {
            Some(inner) if leads_on && presence(property) == Presence::Always => {
                let at = format!("/components/schemas/{}", step(&inner.name));
                self::properties(checks, inner, &at, &prefix);
            }
            _ => checks.refuse(&at, format!("`{path}` of the envelope has no role, so that nobody would fill it in")),
        }
    }
}

fn typed(checks: &Checks<'_>, property: &Property, role: Role, at: &str) {
    let kind = &property.ty.kind;
    let (fits, expected) = match role {
        Role::Code => (matches!(kind, Kind::Integer { wide: false, .. }), "an integer of 32 bits"),
        Role::Message | Role::TraceId | Role::Detail => (matches!(kind, Kind::Text { .. }), "a text"),
        Role::Success => (matches!(kind, Kind::Boolean), "a truth value"),
        Role::TimeMillis | Role::Total | Role::Count => {
            (matches!(kind, Kind::Integer { wide: true, .. }), "an integer of 64 bits")
        }
        Role::Data | Role::Option => {
            if nothing(checks.doc, property).is_none() {
                checks.refuse(
                    at,
                    "a failure has nothing to put here: make it nullable or optional, or a `oneOf` with an object without properties",
                );
            }
            return;
        }
    };
    if !fits {
        checks.refuse(at, format!("a property with this role must be {expected}"));
    }
    if role != Role::Message && presence(property) != Presence::Always {
        checks.refuse(at, "a property with this role is required and never null");
    }
}
