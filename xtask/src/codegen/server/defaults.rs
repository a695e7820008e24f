//! Defaults: a function for each parameter or property that stands for something where it is missing.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{docs, envelope::properties, types};
use crate::codegen::{
    ir::{Document, Kind, Operation, Parameter, Property},
    names,
};

/// The functions of every parameter and property.
pub fn all(doc: &Document) -> TokenStream {
    let parameters = doc.operations.iter().flat_map(|operation| {
        operation.parameters.iter().filter_map(move |parameter| {
            let text = format!("The default of `{}` of `{}`.", parameter.name, operation.id);
            let value = parameter.default.as_ref()?;
            function(&text, &of_parameter(operation, parameter), &parameter.ty.kind, value)
        })
    });
    let properties = doc.schemas.iter().flat_map(|schema| {
        properties(Some(schema)).iter().filter_map(move |property| {
            let text = format!("The default of `{}` of [`{}`].", property.name, names::pascal(&schema.name));
            let value = property.default.as_ref()?;
            function(&text, &of_property(&schema.name, property), &property.ty.kind, value)
        })
    });
    quote!(#(#parameters)* #(#properties)*)
}

/// The function of a parameter.
pub fn of_parameter(operation: &Operation, parameter: &Parameter) -> Ident {
    names::snake(&format!("{} {}", operation.id, parameter.name))
}

/// The function of a property of this schema.
pub fn of_property(schema: &str, property: &Property) -> Ident {
    names::snake(&format!("{schema} {}", property.name))
}

fn function(text: &str, name: &Ident, kind: &Kind, value: &Value) -> Option<TokenStream> {
    let (docs, ty) = (docs(text), types::bare(kind));
    let value = match (kind, value) {
        (Kind::Text { .. }, Value::String(text)) => quote!(#text.to_owned()),
        (Kind::Named(name), Value::String(text)) => {
            let (name, variant) = (names::pascal(name), names::pascal(text));
            quote!(#name::#variant)
        }
        (_, Value::Bool(truth)) => quote!(#truth),
        (_, value) => types::integer(value.as_i64()?),
    };
    Some(quote! {
        #docs
        fn #name() -> #ty {
            #value
        }
    })
}
