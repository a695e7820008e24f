//! Outcomes of operations in documents without an envelope: every status has a body of its own.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{docs, replies, types};
use crate::codegen::{
    ir::{Document, Operation, Reply},
    names,
};

/// Whether a status is the transport's business, which answers it without a body.
pub fn is_transports(doc: &Document, operation: &Operation, status: u16) -> bool {
    match status {
        400 | 405 | 413 | 415 | 500 | 503 => true,
        401 => !operation.security.is_empty(),
        429 => doc.limit_of(operation).is_some(),
        _ => false,
    }
}

/// The failures that a handler gives, with their replies.
pub fn failures<'d>(doc: &'d Document, operation: &'d Operation) -> Vec<(u16, &'d Reply)> {
    let listed = operation.replies.iter();
    let failures = listed.filter(|(status, _)| *status >= 400 && !is_transports(doc, operation, *status));
    failures.filter_map(|(status, listed)| Some((*status, doc.reply(listed)?))).collect()
}

/// The success, with its reply.
pub fn success<'d>(doc: &'d Document, operation: &'d Operation) -> Option<(u16, &'d Reply)> {
    let (status, listed) = operation.replies.iter().find(|(status, _)| (200..300).contains(status))?;
    Some((*status, doc.reply(listed)?))
}

/// The enumeration of an operation's failures; the runtime's own where a handler gives none.
pub fn error_name(doc: &Document, operation: &Operation) -> Ident {
    if failures(doc, operation).is_empty() {
        return format_ident!("Refusal");
    }
    format_ident!("{}Error", names::pascal(&operation.id))
}

/// The type of a reply as a handler gives it.
pub fn reply_type(doc: &Document, operation: &Operation, status: u16, reply: &Reply) -> TokenStream {
    let body = reply.body.as_ref().map_or_else(|| quote!(()), |ty| types::bare(&ty.kind));
    match replies::header_set(doc, operation, status) {
        Some(headers) => quote!(WithHeaders<#body, #headers>),
        None => body,
    }
}

/// The parts of a reply whose value is `value`.
pub fn parts(doc: &Document, operation: &Operation, status: u16, reply: &Reply) -> TokenStream {
    let has_headers = replies::header_set(doc, operation, status).is_some();
    match (reply.body.is_some(), has_headers) {
        (true, true) => quote!(Parts::json(#status, &reply.body).with_headers(reply.headers)),
        (true, false) => quote!(Parts::json(#status, &reply)),
        (false, true) => quote!(Parts::empty(#status).with_headers(reply.headers)),
        (false, false) => quote!(Parts::empty(#status)),
    }
}

/// The failures of every operation.
pub fn outcomes(doc: &Document) -> TokenStream {
    if doc.envelope.is_some() {
        return TokenStream::new();
    }
    let failing = doc.operations.iter().filter(|operation| !failures(doc, operation).is_empty());
    let outcomes = failing.map(|operation| outcome(doc, operation));
    super::types::unsuffixed(quote!(#(#outcomes)*))
}

fn outcome(doc: &Document, operation: &Operation) -> TokenStream {
    let name = error_name(doc, operation);
    let title = docs(&format!("Why `{}` has no result.", operation.id));
    let failures = failures(doc, operation);
    let variants = failures.iter().map(|(status, reply)| {
        let docs = docs(&format!("{status}: {}", reply.description));
        let variant = names::status(*status);
        let ty = reply_type(doc, operation, *status, reply);
        if ty.to_string() == "()" { quote!(#docs #variant) } else { quote!(#docs #variant(#ty)) }
    });
    let arms = failures.iter().map(|(status, reply)| {
        let variant = names::status(*status);
        let ty = reply_type(doc, operation, *status, reply);
        let parts = parts(doc, operation, *status, reply);
        if ty.to_string() == "()" {
            quote!(#name::#variant => #parts)
        } else {
            quote!(#name::#variant(reply) => #parts)
        }
    });
    let refused = docs("What the transport answers instead, without a body.");
    quote! {
        #title
        #[derive(Debug, Clone, PartialEq)]
        pub enum #name {
            #(#variants,)*
            #refused
            Refused(Refusal),
        }

        impl From<Refusal> for #name {
            fn from(refusal: Refusal) -> Self {
                Self::Refused(refusal)
            }
        }

        impl From<#name> for Parts {
            fn from(error: #name) -> Self {
                match error {
                    #(#arms,)*
                    #name::Refused(refusal) => refusal.into(),
                }
            }
        }
    }
}
