//! The document's text, and the table of what it says of its operations.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{Site, docs, types::unsuffixed};
use crate::codegen::ir::{Document, Limited, Operation, RateLimit};

/// `DOCUMENT`, `RATE_LIMIT` and `OPERATIONS`.
pub fn all(doc: &Document, site: &Site) -> TokenStream {
    let document = document(doc, site);
    let limit = doc.rate_limit.as_ref().map(|limit| {
        let limit = rate_limit(limit);
        quote!(const RATE_LIMIT: RateLimit = #limit;)
    });
    let count = Literal::usize_unsuffixed(doc.operations.len());
    let operations = doc.operations.iter().map(|operation| facts(doc, operation));
    let title = docs("Every operation of the document.");
    unsuffixed(quote! {
        #document
        #limit
        #title
        pub const OPERATIONS: [OperationFacts; #count] = [#(#operations),*];
    })
}

fn document(doc: &Document, site: &Site) -> TokenStream {
    let dialect = &doc.dialect;
    let (name, port, prefixes) = (&dialect.name, dialect.port, &dialect.prefixes);
    let aliases = dialect.aliases.iter().map(|(alias, target)| quote!((#alias, #target)));
    let asyncapi = doc.operations.iter().find_map(|operation| operation.websocket.as_ref());
    let asyncapi = match asyncapi {
        Some(file) => {
            let path = format!("{}{file}", site.folder);
            quote!(Some(include_str!(#path)))
        }
        None => quote!(None),
    };
    let language = match dialect.languages.first().map(String::as_str) {
        Some("zh") => quote!(Language::Chinese),
        _ => quote!(Language::English),
    };
    let header = option(&dialect.language_header);
    let limit = match doc.rate_limit {
        Some(_) => quote!(Some(RATE_LIMIT)),
        None => quote!(None),
    };
    let (yaml, json) = (&site.yaml, &site.json);
    let title = docs("The document, and what stands in it.");
    quote! {
        #title
        pub const DOCUMENT: Document = Document {
            dialect: #name,
            yaml: include_str!(#yaml),
            json: include_str!(#json),
            asyncapi: #asyncapi,
            port: #port,
            prefixes: &[#(#prefixes),*],
            aliases: &[#(#aliases),*],
            language: #language,
            language_header: #header,
            rate_limit: #limit,
            operations: &OPERATIONS,
        };
    }
}

fn option(text: &Option<String>) -> TokenStream {
    match text {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    }
}

fn rate_limit(limit: &RateLimit) -> TokenStream {
    let RateLimit { scope, gap, cycle, max, setting } = limit;
    let setting = option(setting);
    quote!(RateLimit { scope: #scope, gap: #gap, cycle: #cycle, max: #max, setting: #setting })
}

fn facts(doc: &Document, operation: &Operation) -> TokenStream {
    let (id, summary, path, security) = (&operation.id, &operation.summary, &operation.path, &operation.security);
    let (method, idempotent) = (operation.method.to_ascii_uppercase(), operation.idempotent);
    let auth_code = option(&operation.auth_code);
    let limit = match &operation.rate_limit {
        Limited::AsDocument if doc.rate_limit.is_some() => quote!(Some(RATE_LIMIT)),
        Limited::AsDocument | Limited::Not => quote!(None),
        Limited::Own(limit) => {
            let limit = rate_limit(limit);
            quote!(Some(#limit))
        }
    };
    quote! {
        OperationFacts {
            id: #id,
            summary: #summary,
            method: #method,
            path: #path,
            security: &[#(#security),*],
            idempotent: #idempotent,
            rate_limit: #limit,
            auth_code: #auth_code,
        }
    }
}
