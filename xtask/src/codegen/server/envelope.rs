//! Envelopes: what wraps the data of replies, so that handlers return data or a fault and never build an envelope.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};

use super::types::{self, Presence, presence};
use crate::codegen::{
    ir::{Document, Form, Kind, Property, Role, Schema},
    names,
};

/// Whether a schema is the body of a reply in a document with an envelope.
fn is_envelope(doc: &Document, name: &str) -> bool {
    let Some(envelope) = &doc.envelope else {
        return false;
    };
    let listed = doc.operations.iter().flat_map(|operation| &operation.replies);
    let mut bodies = listed.filter_map(|(_, listed)| doc.reply(listed)?.body.as_ref());
    envelope.schema == name || bodies.any(|body| types::named(&body.kind).as_deref() == Some(name))
}

/// The property of an envelope that has a role, wherever it stands.
pub fn property_of<'d>(doc: &'d Document, schema: &'d Schema, role: Role) -> Option<&'d Property> {
    let envelope = doc.envelope.as_ref()?;
    let (path, _) = envelope.roles.iter().find(|(_, known)| *known == role)?;
    let mut steps = path.split('.').peekable();
    let mut schema = schema;
    loop {
        let Form::Object(properties) = &schema.form else {
            return None;
        };
        let step = steps.next()?;
        let property = properties.iter().find(|property| property.name == step)?;
        if steps.peek().is_none() {
            return Some(property);
        }
        schema = doc.schema(&types::named(&property.ty.kind)?)?;
    }
}

/// The properties of an object schema; none for every other one.
pub fn properties(schema: Option<&Schema>) -> &[Property] {
    match schema.map(|schema| &schema.form) {
        Some(Form::Object(properties)) => properties,
        _ => &[],
    }
}

/// What stands in a property whose value a handler gives.
pub enum Given {
    /// Nothing: the property is missing, is null, or is an object without properties.
    Nothing,
    /// A value of this type.
    Value(TokenStream),
    /// A value of this type, one alternative of a `oneOf` whose other one is empty.
    Alternative { union: String, name: String },
}

/// What a handler gives for a property.
pub fn given(doc: &Document, property: Option<&Property>) -> Given {
    let Some(property) = property else {
        return Given::Nothing;
    };
    let Kind::Named(name) = &property.ty.kind else {
        return match property.ty.kind {
            Kind::Null => Given::Nothing,
            _ => Given::Value(types::bare(&property.ty.kind)),
        };
    };
    match doc.schema(name).map(|schema| &schema.form) {
        Some(_) if is_empty(doc, name) => Given::Nothing,
        Some(Form::OneOf(alternatives)) if empty_of(doc, alternatives).is_some() => {
            let mut others = alternatives.iter().filter(|name| !is_empty(doc, name));
            match (others.next(), others.next()) {
                (Some(only), None) => Given::Alternative { union: name.clone(), name: only.clone() },
                _ => Given::Value(types::bare(&property.ty.kind)),
            }
        }
        _ => Given::Value(types::bare(&property.ty.kind)),
    }
}

/// Whether a schema is an object without properties.
fn is_empty(doc: &Document, name: &str) -> bool {
    match doc.schema(name).map(|schema| &schema.form) {
        Some(Form::Object(properties)) => properties.is_empty(),
        Some(Form::Empty) => true,
        _ => false,
    }
}

fn empty_of<'d>(doc: &Document, alternatives: &'d [String]) -> Option<&'d String> {
    alternatives.iter().find(|name| is_empty(doc, name))
}

/// The value of a property on failure; `None` where its schema has no way to say "nothing".
pub fn nothing(doc: &Document, property: &Property) -> Option<TokenStream> {
    match presence(property) {
        Presence::OrNull => return Some(quote!(MaybeNull(None))),
        Presence::OrMissing | Presence::OrEither => return Some(quote!(None)),
        Presence::Always => {}
    }
    let Kind::Named(name) = &property.ty.kind else {
        return (property.ty.kind == Kind::Null).then(|| quote!(Null));
    };
    let ident = names::pascal(name);
    match doc.schema(name).map(|schema| &schema.form) {
        Some(_) if is_empty(doc, name) => Some(quote!(#ident {})),
        Some(Form::OneOf(alternatives)) => {
            let empty = names::pascal(empty_of(doc, alternatives)?);
            Some(quote!(#ident::#empty(#empty {})))
        }
        _ => None,
    }
}

/// Whether the replies of a schema count what they list.
fn is_list(doc: &Document, schema: &Schema) -> bool {
    let counted = property_of(doc, schema, Role::Total).or_else(|| property_of(doc, schema, Role::Count));
    let data = property_of(doc, schema, Role::Data).map(|property| &property.ty.kind);
    let holds_list = match data {
        Some(Kind::List { .. }) => true,
        Some(Kind::Named(name)) => {
            let direct = match doc.schema(name).map(|schema| &schema.form) {
                Some(Form::OneOf(alternatives)) => alternatives.iter().map(String::as_str).collect(),
                _ => vec![name.as_str()],
            };
            // A list among other things is one of the thing's parts, as the rights of a user are.
            direct
                .into_iter()
                .any(|name| matches!(properties(doc.schema(name)), [only] if matches!(only.ty.kind, Kind::List { .. })))
        }
        _ => false,
    };
    counted.is_some() && holds_list
}

/// What a handler returns for a reply of this schema.
pub fn data(doc: &Document, schema: &Schema) -> TokenStream {
    let part = |role| match given(doc, property_of(doc, schema, role)) {
        Given::Nothing => None,
        Given::Value(ty) => Some(ty),
        Given::Alternative { name, .. } => {
            let name = names::pascal(&name);
            Some(quote!(#name))
        }
    };
    let data = part(Role::Data).unwrap_or_else(|| quote!(Null));
    match part(Role::Option) {
        // Null is for the handler to say, because on success it is an answer as well.
        Some(option) if option_is_nullable(doc, schema) => quote!(WithOption<#data, Option<#option>>),
        Some(option) => quote!(WithOption<#data, #option>),
        None if is_list(doc, schema) => quote!(Listed<#data>),
        None => data,
    }
}

fn option_is_nullable(doc: &Document, envelope: &Schema) -> bool {
    property_of(doc, envelope, Role::Option).is_some_and(|option| matches!(presence(option), Presence::OrNull))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Success,
    Failure,
}

/// The implementation of `Reply` for an envelope; nothing for every other schema.
pub fn reply(doc: &Document, schema: &Schema) -> TokenStream {
    if !is_envelope(doc, &schema.name) {
        return TokenStream::new();
    }
    let name = names::pascal(&schema.name);
    let data = data(doc, schema);
    let success = literal(doc, schema, schema, "", Side::Success);
    let failure = literal(doc, schema, schema, "", Side::Failure);
    let argument = |name: &str, code: &TokenStream| match mentions(code, name) {
        true => format_ident!("{name}"),
        false => format_ident!("_{name}"),
    };
    let (success_cx, failure_cx) = (argument("cx", &success), argument("cx", &failure));
    let (data_name, fault_name) = (argument("data", &success), argument("fault", &failure));
    quote! {
        impl Reply for #name {
            type Data = #data;
            type Code = ErrorCode;

            fn success(#success_cx: &Context, #data_name: Self::Data) -> Self {
                #success
            }

            fn failure(#failure_cx: &Context, #fault_name: &Fault) -> Self {
                #failure
            }
        }
    }
}

/// Whether code mentions a variable; a field of the same name is another thing.
pub fn mentions(code: &TokenStream, name: &str) -> bool {
    let mut trees = code.clone().into_iter().peekable();
    while let Some(tree) = trees.next() {
        let is_field = matches!(trees.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Alone);
        let found = match tree {
            TokenTree::Ident(ident) => ident == name && !is_field,
            TokenTree::Group(group) => mentions(&group.stream(), name),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

fn literal(doc: &Document, envelope: &Schema, schema: &Schema, prefix: &str, side: Side) -> TokenStream {
    let is_outermost = prefix.is_empty();
    let fields = properties(Some(schema)).iter().map(|property| {
        let ident = names::snake(&property.name);
        let path = format!("{prefix}{}", property.name);
        let roles = doc.envelope.iter().flat_map(|envelope| &envelope.roles);
        let role = roles.filter(|(known, _)| *known == path).map(|(_, role)| *role).next();
        let value = match role {
            Some(role) => value(doc, envelope, property, role, side),
            None => {
                let inner = types::named(&property.ty.kind);
                let inner = inner.and_then(|name| doc.schema(&name));
                inner.map(|inner| literal(doc, envelope, inner, &format!("{path}."), side)).unwrap_or_default()
            }
        };
        if ident == value.to_string() { quote!(#ident) } else { quote!(#ident: #value) }
    });
    let name = if is_outermost { quote!(Self) } else { names::pascal(&schema.name).into_token_stream() };
    quote!(#name { #(#fields,)* })
}

fn value(doc: &Document, envelope: &Schema, property: &Property, role: Role, side: Side) -> TokenStream {
    let success_code = doc.codes.first().map(|code| format_ident!("{}", code.name));
    let inner = match (role, side) {
        (Role::Code, Side::Success) => quote!(ErrorCode::#success_code.number()),
        (Role::Code, Side::Failure) => quote!(fault.code().number()),
        (Role::Message, Side::Success) => match presence(property) {
            // A message that may be missing says what went wrong, and nothing went wrong.
            Presence::Always => quote!(ErrorCode::#success_code.message(cx.language).to_owned()),
            _ => return nothing(doc, property).unwrap_or_default(),
        },
        (Role::Message, Side::Failure) => quote!(fault.text(cx)),
        (Role::Success, side) => match side {
            Side::Success => quote!(true),
            Side::Failure => quote!(false),
        },
        (Role::TimeMillis, _) => quote!(cx.at_millis),
        (Role::TraceId, _) => quote!(cx.trace.to_string()),
        (Role::Detail, Side::Success) => quote!(String::new()),
        (Role::Detail, Side::Failure) => quote!(fault.revealed(cx)),
        (Role::Total | Role::Count, Side::Failure) => quote!(0),
        (Role::Total | Role::Count, Side::Success) if !is_list(doc, envelope) => quote!(1),
        (Role::Total, Side::Success) => quote!(data.total),
        (Role::Count, Side::Success) => quote!(data.count),
        (Role::Data | Role::Option, Side::Failure) => return nothing(doc, property).unwrap_or_default(),
        (Role::Data | Role::Option, Side::Success) => return handed(doc, envelope, property, role),
    };
    present(property, inner)
}

/// The value that the handler gave, as the property holds it.
fn handed(doc: &Document, envelope: &Schema, property: &Property, role: Role) -> TokenStream {
    let has_option = !matches!(given(doc, property_of(doc, envelope, Role::Option)), Given::Nothing);
    let value = match role {
        Role::Option => quote!(data.option),
        _ if has_option || is_list(doc, envelope) => quote!(data.data),
        _ => quote!(data),
    };
    match given(doc, Some(property)) {
        Given::Nothing if property.ty.kind == Kind::Null && role == Role::Data => value,
        Given::Nothing => nothing(doc, property).unwrap_or_default(),
        Given::Value(_) if role == Role::Option && option_is_nullable(doc, envelope) => quote!(MaybeNull(#value)),
        Given::Value(_) => present(property, value),
        Given::Alternative { union, name } => {
            let (union, name) = (names::pascal(&union), names::pascal(&name));
            present(property, quote!(#union::#name(#value)))
        }
    }
}

fn present(property: &Property, value: TokenStream) -> TokenStream {
    match presence(property) {
        Presence::Always => value,
        Presence::OrNull => quote!(MaybeNull(Some(#value))),
        Presence::OrMissing | Presence::OrEither => quote!(Some(#value)),
    }
}

/// How the failure of an envelope looks, as far as two schemas can differ in it.
pub fn failure_shape(doc: &Document, schema: &Schema) -> String {
    // A nullable property and one that is always null are both null on failure.
    let tokens = literal(doc, schema, schema, "", Side::Failure).to_string().replace("MaybeNull (None)", "Null");
    format!("{tokens} {:?}", wire_names(doc, schema, ""))
}

/// The names on the wire of the envelope itself, without those of what it wraps.
fn wire_names(doc: &Document, schema: &Schema, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for property in properties(Some(schema)) {
        let path = format!("{prefix}{}", property.name);
        let mut roles = doc.envelope.iter().flat_map(|envelope| &envelope.roles);
        let inner = types::named(&property.ty.kind).and_then(|name| doc.schema(&name));
        if let Some(inner) = inner.filter(|_| !roles.any(|(known, _)| *known == path)) {
            names.extend(wire_names(doc, inner, &format!("{path}.")));
        }
        names.push(path);
    }
    names
}
