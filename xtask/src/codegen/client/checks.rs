//! Constraints of what is sent: the types stay plain, and are checked before a request leaves. What the server replies
//! is not checked, so that a newer server does not break an older client.
//!
//! A `pattern` is left to the server, which refuses with its parameter error: an engine for regular expressions is more
//! than a client should have to carry.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;

use super::document::{Document, Node};
use super::operation::{Operation, field, type_name};
use super::schema::is_scalar;

/// The code that checks requests.
pub(super) struct Checks {
    /// `impl Check` for each type that has constraints.
    pub impls: TokenStream,
    /// What each method does first, by its name.
    pub calls: Vec<(String, TokenStream)>,
}

pub(super) fn build(document: &Document<'_>, operations: &[Operation]) -> Checks {
    let mut impls = TokenStream::new();
    let mut done = BTreeSet::new();
    for operation in operations {
        let Some(body) = &operation.body else { continue };
        let body = document.at(body);
        let named = reachable(document, &body);
        for name in named {
            if let Some(schema) = document.schema(&name)
                && done.insert(name.clone())
            {
                impls.extend(implementation(document, &type_name(&name), &schema));
            }
        }
        if body.has("properties") {
            impls.extend(implementation(document, &format!("{}Body", operation.noun()), &body));
        }
    }
    let calls = operations.iter().map(|operation| (operation.method(), call(document, operation)));
    Checks { impls, calls: calls.filter(|(_, call)| !call.is_empty()).collect() }
}

/// The names of the schemas that `node` refers to, and those that they refer to.
fn reachable(document: &Document<'_>, node: &Node<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![node.clone()];
    while let Some(node) = open.pop() {
        if let Some(name) = reference(&node) {
            if found.insert(name.to_owned()) {
                open.extend(document.schema(name));
            }
            continue;
        }
        open.extend(node.child("properties").entries().into_iter().map(|(_, child)| child));
        open.extend(node.child("allOf").elements());
        open.extend(node.child("oneOf").elements());
        if node.has("items") {
            open.push(node.child("items"));
        }
    }
    found
}

fn reference<'a>(node: &Node<'a>) -> Option<&'a str> {
    node.value.get("$ref").and_then(Value::as_str)?.strip_prefix("#/components/schemas/")
}

/// The name of the object that `node` refers to, if values of it are checked.
fn checked_object<'a>(document: &Document<'a>, node: &Node<'a>) -> Option<&'a str> {
    let name = reference(node)?;
    let constrained = |schema: &Node<'a>| {
        schema.has("properties") && schema.child("properties").entries().iter().any(|(_, child)| constrains(child))
    };
    let mut names = reachable(document, node).into_iter();
    let schema = document.schema(name)?;
    (schema.has("properties") && names.any(|name| document.schema(&name).as_ref().is_some_and(constrained)))
        .then_some(name)
}

/// Whether the schema itself, or its elements, say more than their type.
fn constrains(node: &Node<'_>) -> bool {
    const WORDS: &[&str] =
        &["minLength", "maxLength", "minimum", "maximum", "multipleOf", "minItems", "maxItems", "uniqueItems"];
    let numbers = node.child("type").text() == "integer" && node.has("enum");
    numbers || WORDS.iter().any(|word| node.has(word)) || (node.has("items") && constrains(&node.child("items")))
}

fn implementation(document: &Document<'_>, name: &str, schema: &Node<'_>) -> TokenStream {
    let required: Vec<&str> = schema.child("required").elements().iter().map(Node::text).collect();
    let mut body = TokenStream::new();
    for (property, node) in schema.child("properties").entries() {
        let ident = format_ident!("{}", field(property));
        let single = node.child("allOf").elements();
        let nullable = node.child("nullable").is_true();
        let node = single.first().unwrap_or(&node);
        let copied = is_copied(document, node);
        let optional = nullable || !required.contains(&property);
        let value = match (optional, copied) {
            (true, _) => quote!(#ident),
            (false, true) => quote!(self.#ident),
            (false, false) => quote!(&self.#ident),
        };
        let rules = rules(document, node, property, &value);
        if rules.is_empty() {
            continue;
        }
        // An object that contains itself is boxed there, and only an argument is seen through the box.
        let boxed = reachable(document, node).iter().any(|other| type_name(other) == name);
        let source = match (copied, boxed) {
            (true, _) => quote!(self.#ident),
            (false, true) => quote!(Option::as_ref(&self.#ident)),
            (false, false) => quote!(&self.#ident),
        };
        body.extend(if optional { quote!(if let Some(#ident) = #source { #rules }) } else { rules });
    }
    if body.is_empty() {
        return body;
    }
    let name = format_ident!("{name}");
    quote! {
        impl Check for types::#name {
            fn check(&self) -> Result<(), Violation> {
                #body
                Ok(())
            }
        }
    }
}

fn call(document: &Document<'_>, operation: &Operation) -> TokenStream {
    let mut rules_of_all = TokenStream::new();
    for parameter in &operation.parameters {
        let node = document.at(&parameter.schema);
        let ident = format_ident!("{}", field(&parameter.name));
        let rules = rules(document, &node, &parameter.name, &quote!(#ident));
        if rules.is_empty() {
            continue;
        }
        rules_of_all.extend(if parameter.required { rules } else { quote!(if let Some(#ident) = #ident { #rules }) });
    }
    if let Some(body) = &operation.body {
        let body = document.at(body);
        if checked_object(document, &body).is_some() || body.has("properties") {
            rules_of_all.extend(quote!(body.check()?;));
        } else {
            rules_of_all.extend(rules(document, &body, "body", &quote!(body)));
        }
    }
    rules_of_all
}

fn is_copied(document: &Document<'_>, node: &Node<'_>) -> bool {
    matches!(document.resolve(node).child("type").text(), "integer" | "number" | "boolean")
}

/// The statements that check `value`, an expression: a copy of a number, else a reference.
fn rules(document: &Document<'_>, node: &Node<'_>, name: &str, value: &TokenStream) -> TokenStream {
    if checked_object(document, node).is_some() {
        return quote!(check::within(#name, #value)?;);
    }
    let schema = document.resolve(node);
    match schema.child("type").text() {
        "string" => bounds(&schema, "Length")
            .map_or_else(TokenStream::new, |(least, most)| quote!(check::length(#name, #value, #least, #most)?;)),
        "integer" => integer(document, &schema, name, value),
        "number" => float(document, &schema, name, value),
        "array" => list(document, &schema, name, value),
        _ => TokenStream::new(),
    }
}

/// The two bounds of the kind `what` ("Length", "Items"), if there is one.
fn bounds(schema: &Node<'_>, what: &str) -> Option<(TokenStream, TokenStream)> {
    let bound = |word: String| schema.child(&word).value.as_u64();
    let (least, most) = (bound(format!("min{what}")), bound(format!("max{what}")));
    let option = |bound: Option<u64>| {
        bound.map_or_else(
            || quote!(None),
            |bound| {
                let bound = Literal::u64_unsuffixed(bound);
                quote!(Some(#bound))
            },
        )
    };
    (least.is_some() || most.is_some()).then(|| (option(least), option(most)))
}

fn integer(document: &Document<'_>, schema: &Node<'_>, name: &str, value: &TokenStream) -> TokenStream {
    let bound = |word: &str, exclusive: &str, step: i64| {
        let node = schema.child(word);
        let number = node.value.as_i64();
        if schema.has(word) && number.is_none() {
            document.refuse(&node, format!("the `{word}` of an integer is an integer of 64 bits"));
        }
        number.map(|number| if schema.child(exclusive).is_true() { number.saturating_add(step) } else { number })
    };
    let least = bound("minimum", "exclusiveMinimum", 1);
    let most = bound("maximum", "exclusiveMaximum", -1);
    let option = |bound: Option<i64>| {
        bound.map_or_else(
            || quote!(None),
            |bound| {
                let bound = Literal::i64_unsuffixed(bound);
                quote!(Some(#bound))
            },
        )
    };
    let mut rules = TokenStream::new();
    if least.is_some() || most.is_some() {
        let (least, most) = (option(least), option(most));
        rules.extend(quote!(check::range(#name, #value, #least, #most)?;));
    }
    if let Some(step) = schema.child("multipleOf").value.as_i64() {
        let step = Literal::i64_unsuffixed(step);
        rules.extend(quote!(check::multiple(#name, #value % #step == 0, #step)?;));
    } else if schema.has("multipleOf") {
        document.refuse(&schema.child("multipleOf"), "the `multipleOf` of an integer is an integer");
    }
    if schema.has("enum") {
        let values = schema.child("enum").elements();
        let values = values.iter().filter_map(|value| value.value.as_i64()).map(Literal::i64_unsuffixed);
        rules.extend(quote!(check::one_of(#name, #value, &[#(#values),*])?;));
    }
    rules
}

fn float(document: &Document<'_>, schema: &Node<'_>, name: &str, value: &TokenStream) -> TokenStream {
    if schema.has("multipleOf") {
        document.refuse(&schema.child("multipleOf"), "the client does not check `multipleOf` of a fraction");
    }
    let bound = |word: &str, exclusive: &str| {
        let bound = schema.child(word).value.as_f64().map(Literal::f64_unsuffixed);
        (bound, schema.child(exclusive).is_true())
    };
    let (least, above) = bound("minimum", "exclusiveMinimum");
    let (most, below) = bound("maximum", "exclusiveMaximum");
    let mut rules = TokenStream::new();
    let option = |bound: Option<&Literal>| bound.map_or_else(|| quote!(None), |bound| quote!(Some(#bound)));
    let (lower, upper) = (least.as_ref().filter(|_| !above), most.as_ref().filter(|_| !below));
    if lower.is_some() || upper.is_some() {
        let (lower, upper) = (option(lower), option(upper));
        rules.extend(quote!(check::range(#name, #value, #lower, #upper)?;));
    }
    if let Some(bound) = least.filter(|_| above) {
        rules.extend(quote!(check::above(#name, #value, #bound)?;));
    }
    if let Some(bound) = most.filter(|_| below) {
        rules.extend(quote!(check::below(#name, #value, #bound)?;));
    }
    rules
}

fn list(document: &Document<'_>, schema: &Node<'_>, name: &str, value: &TokenStream) -> TokenStream {
    let mut rules_of_all = TokenStream::new();
    if schema.child("uniqueItems").is_true() {
        if !is_scalar(document, &schema.child("items")) {
            let sentence = "the client checks that items are unique if they are scalars";
            document.refuse(&schema.child("uniqueItems"), sentence);
        }
        rules_of_all.extend(quote!(check::unique(#name, #value)?;));
    }
    if let Some((least, most)) = bounds(schema, "Items") {
        // The method borrows by itself what the loop below has to be lent.
        let list: TokenStream = value.clone().into_iter().skip_while(|token| token.to_string() == "&").collect();
        rules_of_all.extend(quote!(check::count(#name, #list.len(), #least, #most)?;));
    }
    let items = schema.child("items");
    let item = if is_copied(document, &items) { quote!(*item) } else { quote!(item) };
    let each = rules(document, &items, name, &item);
    if !each.is_empty() {
        rules_of_all.extend(quote!(for item in #value { #each }));
    }
    rules_of_all
}
