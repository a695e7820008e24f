//! Schemas and types.

use serde_json::Value;

use super::{
    defaults,
    node::{Fields, Node},
};
use crate::codegen::ir::{Bounds, Form, Kind, Property, Schema, Type};

/// Beyond this an integer and a double are not the same number, and poem-openapi compares bounds as doubles.
const EXACT: i64 = 1 << 53;

/// A schema of `components/schemas`.
pub fn schema(name: &str, node: &Node<'_>) -> Option<Schema> {
    let mut fields = node.fields("a schema")?;
    let description = fields.text("description");
    fields.describe(&["example"]);
    let form = if let Some(alternatives) = fields.take("oneOf") {
        one_of(&alternatives)
    } else {
        let kind = fields.need("type")?;
        match kind.text()?.as_str() {
            "object" if fields.has(&["maxProperties"]) => empty(&mut fields),
            "object" => Some(object(&mut fields)),
            "string" => enumeration(&mut fields),
            _ => {
                kind.refuse("a named schema is an object, an enumeration of texts, or a `oneOf`; write this type where it is used");
                None
            }
        }
    };
    fields.close();
    Some(Schema { name: name.to_owned(), description, form: form? })
}

fn one_of(node: &Node<'_>) -> Option<Form> {
    let items = node.items();
    let names: Vec<String> = items
        .iter()
        .filter_map(|item| {
            if let Some(name) = item.reference("schemas") {
                return name;
            }
            item.refuse("an alternative of a `oneOf` must be a reference");
            None
        })
        .collect();
    if items.len() < 2 {
        node.refuse("a `oneOf` needs at least two alternatives");
        return None;
    }
    (names.len() == items.len()).then_some(Form::OneOf(names))
}

fn enumeration(fields: &mut Fields<'_>) -> Option<Form> {
    let values = fields.take("enum");
    let Some(values) = values else {
        fields.node.refuse("a named schema of type string must be an enumeration; write this type where it is used");
        fields.describe(&["minLength", "maxLength", "pattern", "format", "nullable", "default"]);
        return None;
    };
    let mut texts = Vec::new();
    for item in values.items() {
        let Some(text) = item.text() else { continue };
        if texts.contains(&text) {
            item.refuse(format!("`{text}` stands there twice"));
        }
        texts.push(text);
    }
    if texts.is_empty() {
        values.refuse("an enumeration needs a value");
        return None;
    }
    Some(Form::Enumeration(texts))
}

/// The object that never holds anything.
fn empty(fields: &mut Fields<'_>) -> Option<Form> {
    let most = fields.take("maxProperties")?;
    if most.value != &Value::from(0) || fields.has(&["properties", "required"]) {
        most.refuse("the number of properties can be limited to 0 only, where there are none: all others are named");
        fields.describe(&["properties", "required"]);
        return None;
    }
    Some(Form::Empty)
}

fn object(fields: &mut Fields<'_>) -> Form {
    let required: Vec<(Node<'_>, String)> = fields
        .take("required")
        .map(|node| node.items().into_iter().filter_map(|item| Some((item.clone(), item.text()?))).collect())
        .unwrap_or_default();
    let properties = fields.take("properties").map(|node| node.entries("the properties")).unwrap_or_default();
    for (node, name) in &required {
        if !properties.iter().any(|(known, _)| known == name) {
            node.refuse(format!("`{name}` is required and is not among the properties"));
        }
    }
    let properties = properties
        .into_iter()
        .filter_map(|(name, node)| {
            let required = required.iter().any(|(_, required)| required == name);
            let (ty, default) = defaults::typed(&node, &[TEXT_TOO]);
            let ty = ty?;
            defaults::property(&node, required, &ty, default.as_ref());
            let text_too = text_too(&node, required, &ty);
            Some(Property { name: name.to_owned(), required, ty, default, text_too })
        })
        .collect();
    Form::Object(properties)
}

/// The extension with which a property takes `"true"` for `true`.
const TEXT_TOO: &str = "x-text-too";

/// Whether a property has [`TEXT_TOO`], which it may only where there is one way to say nothing: null is it being missing.
fn text_too(node: &Node<'_>, required: bool, ty: &Type) -> bool {
    let Some(value) = node.value.get(TEXT_TOO) else { return false };
    let at = node.child(TEXT_TOO, value);
    if ty.kind != Kind::Boolean || required || !ty.nullable {
        at.refuse("only a truth value that may be null and need not be there can be written as a text, too");
    } else if value != &Value::Bool(true) {
        at.refuse("it is true, or not there");
    }
    true
}

/// A type where it is used.
pub fn ty(node: &Node<'_>) -> Option<Type> {
    if let Some(name) = node.reference("schemas") {
        return Some(Type { kind: Kind::Named(name?), nullable: false, description: None });
    }
    typed(node.fields("a type")?)
}

fn typed(mut fields: Fields<'_>) -> Option<Type> {
    let nullable = fields.flag("nullable");
    let description = fields.text("description");
    fields.describe(&["example"]);
    let kind = kind(&mut fields, nullable);
    fields.close();
    Some(Type { nullable: nullable && kind != Some(Kind::Null), kind: kind?, description })
}

fn kind(fields: &mut Fields<'_>, nullable: bool) -> Option<Kind> {
    if let Some(all) = fields.take("allOf") {
        return described_reference(&all);
    }
    if fields.has(&["anyOf", "oneOf", "not"]) && !fields.has(&["type"]) {
        // Closing the type refuses the keyword itself.
        return None;
    }
    let name = fields.need("type")?;
    match name.text()?.as_str() {
        "string" => text(fields),
        "integer" => integer(fields),
        "number" => number(fields),
        "boolean" => Some(Kind::Boolean),
        "array" => list(fields),
        "object" => null(fields, nullable),
        other => {
            name.refuse(format!("the type `{other}` does not exist in OpenAPI 3.0"));
            None
        }
    }
}

fn described_reference(node: &Node<'_>) -> Option<Kind> {
    let items = node.items();
    let [only] = items.as_slice() else {
        node.refuse("`allOf` is supported only around one reference, to make it nullable or to describe it");
        return None;
    };
    let Some(name) = only.reference("schemas") else {
        only.refuse("`allOf` is supported only around one reference, to make it nullable or to describe it");
        return None;
    };
    Some(Kind::Named(name?))
}

/// The value null: an object that may be null and whose only value is null.
fn null(fields: &mut Fields<'_>, nullable: bool) -> Option<Kind> {
    let values = fields.take("enum");
    let only_null = values.as_ref().is_some_and(|node| node.value == &Value::Array(vec![Value::Null]));
    if nullable && only_null {
        return Some(Kind::Null);
    }
    fields.node.refuse("an object must be a named schema, so that it has a name in the code");
    fields.describe(&["properties", "required"]);
    None
}

fn text(fields: &mut Fields<'_>) -> Option<Kind> {
    if let Some(format) = fields.take("format") {
        let name = format.text()?;
        let sentence = match name.as_str() {
            "binary" | "byte" => "binary values are not supported".to_owned(),
            _ => format!("the format `{name}` would not be checked: describe it, or use a `pattern`"),
        };
        format.refuse(sentence);
        return None;
    }
    let min = fields.take("minLength").and_then(|node| node.count());
    let max = fields.take("maxLength").and_then(|node| node.count());
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        fields.node.refuse("`minLength` is greater than `maxLength`");
    }
    let pattern = fields.take("pattern").and_then(|node| pattern(&node));
    Some(Kind::Text { min, max, pattern })
}

/// A pattern that ECMA 262, which OpenAPI names, and Rust's `regex` understand alike.
fn pattern(node: &Node<'_>) -> Option<String> {
    let pattern = node.text()?;
    if let Err(error) = regex::Regex::new(&pattern) {
        let reason = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        node.refuse(format!("the server cannot read this pattern: {reason}"));
        return None;
    }
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            continue;
        }
        let escaped = characters.next().unwrap_or_default();
        if escaped.is_ascii_alphabetic() && !matches!(escaped, 'n' | 'r' | 't' | 'f' | 'v') {
            node.refuse(format!(
                "`\\{escaped}` means something else in ECMA 262 than in the server's regular expressions: write the characters"
            ));
            return None;
        }
    }
    if pattern.contains("(?") && !pattern.contains("(?:") {
        node.refuse(
            "groups of the form `(?…)` mean something else in ECMA 262 than in the server's regular expressions",
        );
        return None;
    }
    Some(pattern)
}

fn integer(fields: &mut Fields<'_>) -> Option<Kind> {
    let format = fields.need("format")?;
    let wide = match format.text()?.as_str() {
        "int32" => false,
        "int64" => true,
        _ => {
            format.refuse("an integer is `int32` or `int64`");
            return None;
        }
    };
    let range = |node: Node<'_>| {
        let number = node.integer()?;
        let exact = if wide { -EXACT..=EXACT } else { i64::from(i32::MIN)..=i64::from(i32::MAX) };
        if !exact.contains(&number) {
            node.refuse("the bound is outside of what the type can compare exactly");
            return None;
        }
        Some(number)
    };
    let bounds = bounds(fields, range);
    let multiple_of = fields.take("multipleOf").and_then(|node| {
        let number = node.integer()?;
        if number < 1 {
            node.refuse("`multipleOf` must be at least 1");
        }
        Some(number)
    });
    Some(Kind::Integer { wide, bounds, multiple_of })
}

fn number(fields: &mut Fields<'_>) -> Option<Kind> {
    let format = fields.need("format")?;
    let wide = match format.text()?.as_str() {
        "float" => false,
        "double" => true,
        _ => {
            format.refuse("a number is `float` or `double`");
            return None;
        }
    };
    if let Some(node) = fields.take("multipleOf") {
        node.refuse("`multipleOf` is supported for whole numbers only, because fractions are not exact");
    }
    let bounds = bounds(fields, |node| node.number());
    Some(Kind::Number { wide, bounds })
}

fn bounds<T: PartialOrd>(fields: &mut Fields<'_>, read: impl Fn(Node<'_>) -> Option<T>) -> Bounds<T> {
    let min = fields.take("minimum").and_then(&read);
    let max = fields.take("maximum").and_then(&read);
    let bounds = Bounds {
        min_exclusive: fields.flag("exclusiveMinimum"),
        max_exclusive: fields.flag("exclusiveMaximum"),
        min,
        max,
    };
    if bounds.min_exclusive && bounds.min.is_none() || bounds.max_exclusive && bounds.max.is_none() {
        fields.node.refuse("an exclusive bound needs the bound itself");
    }
    if let (Some(min), Some(max)) = (&bounds.min, &bounds.max)
        && min > max
    {
        fields.node.refuse("`minimum` is greater than `maximum`");
    }
    bounds
}

fn list(fields: &mut Fields<'_>) -> Option<Kind> {
    let min = fields.take("minItems").and_then(|node| node.count());
    let max = fields.take("maxItems").and_then(|node| node.count());
    let unique = fields.take("uniqueItems");
    let node = fields.need("items")?;
    let items = ty(&node)?;
    if items.nullable || items.kind == Kind::Null {
        node.refuse("the items of a list cannot be null");
    }
    if matches!(items.kind, Kind::List { .. }) {
        node.refuse("a list of lists is not supported: name the inner list as the property of a schema");
    }
    if items.description.is_some() {
        node.refuse("describe the list, not its items");
    }
    let is_unique = unique.as_ref().and_then(Node::boolean).unwrap_or_default();
    if let Some(node) = unique.filter(|_| is_unique)
        && !matches!(items.kind, Kind::Text { .. } | Kind::Integer { .. })
    {
        node.refuse("`uniqueItems` is supported for texts and whole numbers only");
    }
    Some(Kind::List { items: Box::new(items), min, max, unique: is_unique })
}

/// The type of a parameter or a property, which alone may have a default; the caller reads that.
pub fn with_default(node: &Node<'_>, extensions: &[&'static str]) -> Option<Type> {
    if node.value.get("$ref").is_some() {
        return ty(node);
    }
    let mut fields = node.fields("a type")?;
    fields.describe(&["default"]);
    fields.describe(extensions);
    typed(fields)
}
