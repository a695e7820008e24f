//! Defaults: of parameters, and of properties that only requests hold.

use serde_json::Value;

use super::{checks::Checks, node::Node, schema};
use crate::codegen::{
    ir::{Form, Kind, Property, Type},
    refusal::step,
    server::types::{of_replies, of_requests},
};

/// The type of a parameter or a property and its default, which other types do not have. It may have these extensions.
pub fn typed(node: &Node<'_>, extensions: &[&'static str]) -> (Option<Type>, Option<Value>) {
    (schema::with_default(node, extensions), node.value.get("default").cloned())
}

/// Refuses the default of a property that could not stand for a missing one.
pub fn property(node: &Node<'_>, required: bool, ty: &Type, default: Option<&Value>) {
    let Some(default) = default else { return };
    if required {
        node.refuse("a required property has no use for its default");
    }
    if ty.nullable {
        node.refuse("null and the default of a missing property would be two answers to one question: allow one");
    }
    if matches!(ty.kind, Kind::Number { .. } | Kind::List { .. } | Kind::Null) {
        node.refuse("a default is a text, a whole number, a truth value or a value of an enumeration");
    } else if !fits(&ty.kind, default) {
        node.refuse("the default is not of the property's type, or breaks its constraints");
    }
}

/// Whether a default is a value of the type. Enumerations are compared where the schemas are known.
pub fn fits(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Text { min, max, pattern } => value.as_str().is_some_and(|text| {
            let length = text.chars().count();
            let pattern = pattern.as_ref().and_then(|pattern| regex::Regex::new(pattern).ok());
            min.is_none_or(|min| length >= min)
                && max.is_none_or(|max| length <= max)
                && pattern.is_none_or(|pattern| pattern.is_match(text))
        }),
        Kind::Integer { wide, bounds, multiple_of } => value.as_i64().is_some_and(|number| {
            (*wide || i32::try_from(number).is_ok())
                && bounds.min.is_none_or(|min| number > min || number == min && !bounds.min_exclusive)
                && bounds.max.is_none_or(|max| number < max || number == max && !bounds.max_exclusive)
                && multiple_of.is_none_or(|step| number % step == 0)
        }),
        Kind::Boolean => value.is_boolean(),
        Kind::Named(_) => value.is_string(),
        Kind::Number { .. } | Kind::List { .. } | Kind::Null => false,
    }
}

/// Refuses what can be judged only where every schema is known.
pub fn all(checks: &Checks<'_>) {
    for operation in &checks.doc.operations {
        for parameter in &operation.parameters {
            let at = checks.at(operation);
            of_enumeration(checks, &at, &parameter.name, &parameter.ty, parameter.default.as_ref());
        }
    }
    let (requests, replies) = (of_requests(checks.doc), of_replies(checks.doc));
    for schema in &checks.doc.schemas {
        let Form::Object(properties) = &schema.form else { continue };
        for Property { name, .. } in properties.iter().filter(|property| property.text_too) {
            if replies.contains(&schema.name) || !requests.contains(&schema.name) {
                let at = format!("/components/schemas/{}/properties/{}/x-text-too", step(&schema.name), step(name));
                checks.refuse(&at, "two ways to write a value are for what only requests hold");
            }
        }
        for Property { name, ty, default, .. } in properties.iter().filter(|property| property.default.is_some()) {
            let at = format!("/components/schemas/{}/properties/{}", step(&schema.name), step(name));
            of_enumeration(checks, &at, name, ty, default.as_ref());
            if replies.contains(&schema.name) || !requests.contains(&schema.name) {
                let sentence = "a default is for what only requests hold: a reply says everything that there is";
                checks.refuse(&format!("{at}/default"), sentence);
            }
        }
    }
}

fn of_enumeration(checks: &Checks<'_>, at: &str, owner: &str, ty: &Type, default: Option<&Value>) {
    if let (Kind::Named(name), Some(default)) = (&ty.kind, default.and_then(Value::as_str)) {
        match checks.doc.schema(name).map(|schema| &schema.form) {
            Some(Form::Enumeration(values)) if values.iter().any(|value| value == default) => {}
            Some(Form::Enumeration(_)) => {
                checks.refuse(at, format!("the default of `{owner}` is not among the values of `{name}`"));
            }
            _ => checks.refuse(at, format!("`{name}` is no enumeration, so that `{owner}` cannot have this default")),
        }
    }
}
