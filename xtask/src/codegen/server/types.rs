//! Rust types for types of a document.

use proc_macro2::TokenStream;
use quote::quote;

use crate::codegen::{
    ir::{Bounds, Document, Form, Kind, Property, Type},
    names,
};

/// The type of a value that is there and is not null.
pub fn bare(kind: &Kind) -> TokenStream {
    match kind {
        Kind::Text { .. } => quote!(String),
        Kind::Integer { wide: false, .. } => quote!(i32),
        Kind::Integer { wide: true, .. } => quote!(i64),
        Kind::Number { wide: false, .. } => quote!(f32),
        Kind::Number { wide: true, .. } => quote!(f64),
        Kind::Boolean => quote!(bool),
        Kind::List { items, .. } => {
            let item = bare(&items.kind);
            quote!(Vec<#item>)
        }
        Kind::Named(name) => {
            let name = names::pascal(name);
            quote!(#name)
        }
        Kind::Null => quote!(Null),
    }
}

/// How a property may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there and is not null.
    Always,
    /// It is there and may be null.
    OrNull,
    /// It may be missing, and is not null.
    OrMissing,
    /// It may be missing or null.
    OrEither,
}

/// How a property may be absent.
pub fn presence(property: &Property) -> Presence {
    // One with a default is missing on the wire only: the code sees the default.
    match (property.required || property.default.is_some(), property.ty.nullable) {
        (true, false) => Presence::Always,
        (true, true) => Presence::OrNull,
        (false, false) => Presence::OrMissing,
        (false, true) => Presence::OrEither,
    }
}

/// The type of a property.
pub fn property(property: &Property) -> TokenStream {
    let inner = bare(&property.ty.kind);
    match presence(property) {
        Presence::Always => inner,
        Presence::OrNull => quote!(MaybeNull<#inner>),
        Presence::OrMissing | Presence::OrEither => quote!(Option<#inner>),
    }
}

/// The constraints of a type as poem-openapi's `validator`, which puts them into the emitted document.
pub fn validator(ty: &Type) -> Option<TokenStream> {
    let mut parts = Vec::new();
    match &ty.kind {
        Kind::List { items, min, max, unique } => {
            parts.extend(scalar(&items.kind));
            parts.extend(min.map(|min| quote!(min_items = #min)));
            parts.extend(max.map(|max| quote!(max_items = #max)));
            parts.extend(unique.then(|| quote!(unique_items)));
        }
        kind => parts = scalar(kind),
    }
    let parts = parts.into_iter().map(unsuffixed);
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| quote!(validator(#(#parts),*)))
}

fn scalar(kind: &Kind) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    match kind {
        Kind::Text { min, max, pattern } => {
            parts.extend(min.map(|min| quote!(min_length = #min)));
            parts.extend(max.map(|max| quote!(max_length = #max)));
            parts.extend(pattern.as_ref().map(|pattern| quote!(pattern = #pattern)));
        }
        Kind::Integer { bounds, multiple_of, .. } => {
            parts.extend(ends(bounds));
            parts.extend(multiple_of.map(|step| {
                let step = float(&step.to_string());
                quote!(multiple_of = #step)
            }));
        }
        Kind::Number { bounds, .. } => parts.extend(ends(bounds)),
        _ => {}
    }
    parts
}

fn ends<T: ToString>(bounds: &Bounds<T>) -> Vec<TokenStream> {
    let end = |name: &str, value: &Option<T>, exclusive: bool| {
        let name = quote::format_ident!("{name}");
        let value = value.as_ref()?.to_string();
        let exclusive = exclusive.then(|| quote!(, exclusive = true));
        Some(quote!(#name(value = #value #exclusive)))
    };
    let ends = [end("minimum", &bounds.min, bounds.min_exclusive), end("maximum", &bounds.max, bounds.max_exclusive)];
    ends.into_iter().flatten().collect()
}

/// A number as a literal with a point, whose sign poem-openapi's attributes cannot carry.
fn float(number: &str) -> proc_macro2::Literal {
    proc_macro2::Literal::f64_unsuffixed(number.parse().unwrap_or_default())
}

/// A whole number as an expression; a literal has no sign of its own.
pub fn integer(number: i64) -> TokenStream {
    let literal = proc_macro2::Literal::u64_unsuffixed(number.unsigned_abs());
    if number < 0 { quote!(-#literal) } else { quote!(#literal) }
}

/// A fraction as an expression.
pub fn fraction(number: f64) -> TokenStream {
    let literal = proc_macro2::Literal::f64_unsuffixed(number.abs());
    if number < 0.0 { quote!(-#literal) } else { quote!(#literal) }
}

/// The same tokens with numbers as people write them: `64`, not `64usize`.
pub fn unsuffixed(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|tree| match tree {
            proc_macro2::TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let digits =
                    ["usize", "u16", "u32", "i32", "i64", "u64"].iter().find_map(|suffix| text.strip_suffix(suffix));
                let plain = digits.filter(|digits| digits.parse::<u64>().is_ok());
                match plain.and_then(|digits| digits.parse().ok()) {
                    Some(literal) => proc_macro2::TokenTree::Literal(literal),
                    None => proc_macro2::TokenTree::Literal(literal),
                }
            }
            proc_macro2::TokenTree::Group(group) => {
                let mut inner = proc_macro2::Group::new(group.delimiter(), unsuffixed(group.stream()));
                inner.set_span(group.span());
                proc_macro2::TokenTree::Group(inner)
            }
            other => other,
        })
        .collect()
}

/// Every schema that a request can hold: those of bodies, and what they refer to.
pub fn of_requests(doc: &Document) -> Vec<String> {
    let bodies = doc.operations.iter().filter_map(|operation| operation.body.as_ref());
    reached(doc, bodies.filter_map(|body| named(&body.ty.kind)).collect())
}

/// Every schema that a reply can hold.
pub fn of_replies(doc: &Document) -> Vec<String> {
    let listed = doc.operations.iter().flat_map(|operation| &operation.replies);
    let bodies = listed.filter_map(|(_, listed)| named(&doc.reply(listed)?.body.as_ref()?.kind));
    reached(doc, bodies.collect())
}

/// These schemas and all that they refer to.
pub fn reached(doc: &Document, mut pending: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    while let Some(name) = pending.pop() {
        if names.contains(&name) {
            continue;
        }
        match doc.schema(&name).map(|schema| &schema.form) {
            Some(Form::Object(properties)) => {
                pending.extend(properties.iter().filter_map(|property| named(&property.ty.kind)));
            }
            Some(Form::OneOf(alternatives)) => pending.extend(alternatives.iter().cloned()),
            _ => {}
        }
        names.push(name);
    }
    names
}

/// The schema that a type or its items refer to.
pub fn named(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Named(name) => Some(name.clone()),
        Kind::List { items, .. } => named(&items.kind),
        _ => None,
    }
}
