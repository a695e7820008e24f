//! Models: one struct or enumeration for each schema, and the checks of those that requests hold.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{
    defaults, docs, docs_of, envelope,
    types::{self, Presence, presence},
};
use crate::codegen::{
    ir::{Bounds, Document, Form, Kind, Media, Property, Schema},
    names,
};

/// Every schema in the document's order.
pub fn all(doc: &Document) -> TokenStream {
    let requests = types::of_requests(doc);
    let models = doc.schemas.iter().map(|schema| {
        let of_request = requests.contains(&schema.name);
        let model = match &schema.form {
            Form::Object(properties) => object(doc, schema, properties, of_request),
            Form::Enumeration(values) => enumeration(doc, schema, values, of_request),
            Form::OneOf(alternatives) => one_of(schema, alternatives),
            Form::Empty => empty(schema),
        };
        let reply = envelope::reply(doc, schema);
        quote!(#model #reply)
    });
    quote!(#(#models)*)
}

/// A name on the wire where it is not the name in the code.
fn renamed(ident: &Ident, name: &str) -> bool {
    ident.to_string().trim_start_matches("r#") != name
}

fn object(doc: &Document, schema: &Schema, properties: &[Property], of_request: bool) -> TokenStream {
    let name = names::pascal(&schema.name);
    let docs = docs_of(&schema.description);
    let rename = rename_type(&name, &schema.name);
    let fields = properties.iter().map(|property| field(schema, property));
    let form_fields = used_as_form(doc, &schema.name).then(|| form_fields(&name, properties));
    let statics = properties.iter().filter_map(|property| pattern_static(schema, property));
    let checked = of_request.then(|| {
        let checks: Vec<_> = properties.iter().filter_map(|property| check_property(doc, schema, property)).collect();
        quote! {
            impl Checked for #name {
                fn check(&self) -> Result<(), Refused> {
                    #(#checks)*
                    Ok(())
                }
            }
        }
    });
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Object, Serialize, Deserialize)]
        #rename
        pub struct #name { #(#fields,)* }
        #form_fields
        #(#statics)*
        #checked
    }
}

/// An object that never holds anything, which poem-openapi's own derive cannot say.
fn empty(schema: &Schema) -> TokenStream {
    let (ident, name, docs) = (names::pascal(&schema.name), &schema.name, docs_of(&schema.description));
    let description = match &schema.description {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    };
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct #ident {}

        runtime::empty_object!(#ident, #name, #description);
    }
}

fn rename_type(ident: &Ident, name: &str) -> Option<TokenStream> {
    renamed(ident, name).then(|| quote!(#[oai(rename = #name)]))
}

fn field(schema: &Schema, property: &Property) -> TokenStream {
    let ident = names::snake(&property.name);
    let (docs, ty) = (docs_of(&property.ty.description), types::property(property));
    let name = &property.name;
    let (mut oai, mut serde) = (Vec::new(), Vec::new());
    if renamed(&ident, name) {
        oai.push(quote!(rename = #name));
        serde.push(quote!(rename = #name));
    }
    if property.default.is_some() {
        let function = defaults::of_property(&schema.name, property).to_string();
        oai.push(quote!(default = #function));
        serde.push(quote!(default = #function));
    }
    match presence(property) {
        Presence::Always => {}
        Presence::OrNull => serde.push(quote!(deserialize_with = "runtime::present")),
        Presence::OrMissing => {
            oai.push(quote!(skip_serializing_if_is_none));
            serde.push(quote!(default, deserialize_with = "runtime::not_null"));
            serde.push(quote!(skip_serializing_if = "Option::is_none"));
        }
        Presence::OrEither => {
            oai.push(quote!(nullable, skip_serializing_if_is_none));
            if property.text_too {
                serde.push(quote!(default, deserialize_with = "runtime::truth"));
            }
            serde.push(quote!(skip_serializing_if = "Option::is_none"));
        }
    }
    oai.extend(types::validator(&property.ty));
    let oai = (!oai.is_empty()).then(|| quote!(#[oai(#(#oai),*)]));
    let serde = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));
    quote!(#docs #oai #serde pub #ident: #ty)
}

fn enumeration(doc: &Document, schema: &Schema, values: &[String], of_request: bool) -> TokenStream {
    let name = names::pascal(&schema.name);
    let rename = rename_type(&name, &schema.name);
    let type_docs = docs_of(&schema.description);
    let variants = values.iter().map(|value| {
        let (docs, variant) = (docs(&format!("`{value}`")), names::pascal(value));
        quote!(#docs #[oai(rename = #value)] #[serde(rename = #value)] #variant)
    });
    let checked = of_request.then(|| {
        quote! {
            impl Checked for #name {
                fn check(&self) -> Result<(), Refused> {
                    Ok(())
                }
            }
        }
    });
    let is_parameter = doc.operations.iter().flat_map(|operation| &operation.parameters);
    let is_parameter =
        is_parameter.filter_map(|parameter| types::named(&parameter.ty.kind)).any(|named| named == schema.name);
    let parameter = is_parameter.then(|| {
        quote! {
            impl param::Parameter for #name {
                const REPEATS: bool = false;
            }
        }
    });
    quote! {
        #type_docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize, Deserialize)]
        #rename
        pub enum #name { #(#variants,)* }
        #checked
        #parameter
    }
}

fn one_of(schema: &Schema, alternatives: &[String]) -> TokenStream {
    let name = names::pascal(&schema.name);
    let rename = renamed(&name, &schema.name).then(|| {
        let name = &schema.name;
        quote!(, rename = #name)
    });
    let docs = docs_of(&schema.description);
    let variants = alternatives.iter().map(|alternative| {
        let ident = names::pascal(alternative);
        let docs = super::docs(&format!("[`{ident}`]"));
        quote!(#docs #ident(#ident))
    });
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Union, Serialize, Deserialize)]
        #[oai(one_of #rename)]
        #[serde(untagged)]
        pub enum #name { #(#variants,)* }
    }
}

fn used_as_form(doc: &Document, name: &str) -> bool {
    doc.operations.iter().filter_map(|operation| operation.body.as_ref()).any(|body| {
        types::named(&body.ty.kind).as_deref() == Some(name) && body.media.iter().any(|media| *media != Media::Json)
    })
}

fn form_fields(name: &Ident, properties: &[Property]) -> TokenStream {
    let fields = properties.iter().map(|property| {
        let (name, kind) = (&property.name, field_kind(&property.ty.kind));
        quote!((#name, FieldKind::#kind))
    });
    quote! {
        impl FormFields for #name {
            const FIELDS: &'static [(&'static str, FieldKind)] = &[#(#fields),*];
        }
    }
}

fn field_kind(kind: &Kind) -> Ident {
    let name = match kind {
        Kind::Integer { .. } => "Integer",
        Kind::Number { .. } => "Number",
        Kind::Boolean => "Boolean",
        Kind::List { items, .. } => return format_ident!("{}List", field_kind(&items.kind)),
        Kind::Text { .. } | Kind::Named(_) | Kind::Null => "Text",
    };
    format_ident!("{name}")
}

fn pattern_of(kind: &Kind) -> Option<&String> {
    match kind {
        Kind::Text { pattern, .. } => pattern.as_ref(),
        Kind::List { items, .. } => pattern_of(&items.kind),
        _ => None,
    }
}

fn pattern_name(schema: &Schema, property: &Property) -> Ident {
    names::shouty(&format!("{} {}", schema.name, property.name))
}

fn pattern_static(schema: &Schema, property: &Property) -> Option<TokenStream> {
    let pattern = pattern_of(&property.ty.kind)?;
    let name = pattern_name(schema, property);
    Some(quote!(static #name: check::Pattern = check::Pattern::new(#pattern);))
}

/// The checks of a property; `None` where any value of its type will do.
fn check_property(doc: &Document, schema: &Schema, property: &Property) -> Option<TokenStream> {
    let ident = names::snake(&property.name);
    let pattern = pattern_name(schema, property);
    let check = |value: TokenStream, copied: TokenStream| {
        let checks = checks(doc, &property.name, &property.ty.kind, &value, &copied, &pattern);
        (!checks.is_empty()).then(|| quote!(#(#checks)*))
    };
    match presence(property) {
        Presence::Always => check(quote!(&self.#ident), quote!(self.#ident)),
        Presence::OrNull => {
            let checks = check(quote!(value), quote!(*value))?;
            Some(quote!(if let Some(value) = &self.#ident.0 { #checks }))
        }
        Presence::OrMissing | Presence::OrEither => {
            let checks = check(quote!(value), quote!(*value))?;
            Some(quote!(if let Some(value) = &self.#ident { #checks }))
        }
    }
}

/// The checks of a value: `value` is an expression that borrows it, `copied` one that copies it.
fn checks(
    doc: &Document,
    field: &str,
    kind: &Kind,
    value: &TokenStream,
    copied: &TokenStream,
    pattern: &Ident,
) -> Vec<TokenStream> {
    let mut checks = Vec::new();
    let usize = |number: &usize| Literal::usize_unsuffixed(*number);
    match kind {
        Kind::Text { min, max, pattern: text } => {
            checks.extend(min.iter().map(usize).map(|min| quote!(check::min_length(#field, #value, #min)?;)));
            checks.extend(max.iter().map(usize).map(|max| quote!(check::max_length(#field, #value, #max)?;)));
            checks.extend(text.iter().map(|_| quote!(#pattern.check(#field, #value)?;)));
        }
        Kind::Integer { bounds, multiple_of, wide } => {
            checks.extend(ends(field, copied, bounds, |number| types::integer(*number)));
            let widened = if *wide { copied.clone() } else { quote!(i64::from(#copied)) };
            checks.extend(multiple_of.iter().map(|step| {
                let step = Literal::i64_unsuffixed(*step);
                quote!(check::multiple_of(#field, #widened, #step)?;)
            }));
        }
        Kind::Number { bounds, wide } => {
            if !wide {
                checks.push(quote!(check::finite(#field, #copied)?;));
            }
            checks.extend(ends(field, copied, bounds, |number| types::fraction(*number)));
        }
        Kind::List { items, min, max, unique } => {
            checks.extend(min.iter().map(usize).map(|min| quote!(check::min_items(#field, #value, #min)?;)));
            checks.extend(max.iter().map(usize).map(|max| quote!(check::max_items(#field, #value, #max)?;)));
            checks.extend(unique.then(|| quote!(check::unique_items(#field, #value)?;)));
            let inner = self::checks(doc, field, &items.kind, &quote!(item), &quote!(*item), pattern);
            if !inner.is_empty() {
                checks.push(quote!(for item in #value { #(#inner)* }));
            }
        }
        Kind::Named(name) if matches!(doc.schema(name).map(|schema| &schema.form), Some(Form::Object(_))) => {
            let owner = if value.to_string() == "item" { quote!(item) } else { receiver(value) };
            checks.push(quote!(#owner.check()?;));
        }
        Kind::Named(_) | Kind::Boolean | Kind::Null => {}
    }
    checks
}

/// The expression to call a method on, for one that borrows: methods borrow by themselves.
fn receiver(value: &TokenStream) -> TokenStream {
    let mut tokens = value.clone().into_iter().peekable();
    if matches!(tokens.peek(), Some(proc_macro2::TokenTree::Punct(punct)) if punct.as_char() == '&') {
        tokens.next();
    }
    tokens.collect()
}

fn ends<T>(
    field: &str,
    value: &TokenStream,
    bounds: &Bounds<T>,
    literal: impl Fn(&T) -> TokenStream,
) -> impl Iterator<Item = TokenStream> {
    let Bounds { min_exclusive, max_exclusive, .. } = bounds;
    let min = bounds.min.as_ref().map(&literal);
    let max = bounds.max.as_ref().map(&literal);
    let min = min.map(|min| quote!(check::minimum(#field, #value, #min, #min_exclusive)?;));
    let max = max.map(|max| quote!(check::maximum(#field, #value, #max, #max_exclusive)?;));
    min.into_iter().chain(max)
}
