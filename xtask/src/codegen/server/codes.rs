//! The codes of the envelope, and the fault that carries one.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{docs, types};
use crate::codegen::ir::{Code, Document, REFUSALS};

/// `ErrorCode` and `Fault`; a document without an envelope has the HTTP status for its code.
pub fn all(doc: &Document) -> TokenStream {
    let fault_docs = docs("Why an operation has no result.");
    let Some(success) = doc.codes.first() else {
        let fault_docs = docs("Why a request reaches no operation.");
        return quote! {
            #fault_docs
            pub type Fault = runtime::Fault<HttpCode>;
        };
    };
    let enumeration = enumeration(&doc.codes);
    let success = format_ident!("{}", success.name);
    let numbers = arms(&doc.codes, |code| types::integer(code.number.into()));
    let names = arms(&doc.codes, |code| {
        let name = &code.name;
        quote!(#name)
    });
    let messages = doc.codes.iter().map(|code| {
        let (name, en, zh) = (format_ident!("{}", code.name), &code.en, &code.zh);
        quote! {
            (Self::#name, Language::English) => #en,
            (Self::#name, Language::Chinese) => #zh,
        }
    });
    let refusals = REFUSALS.iter().filter_map(|(_, refusal)| {
        let code = doc.codes.iter().find(|code| code.refusals.contains(refusal))?;
        let (refusal, code) = (format_ident!("{refusal}"), format_ident!("{}", code.name));
        Some(quote!(Refusal::#refusal => Self::#code,))
    });
    quote! {
        #enumeration

        impl runtime::ErrorCode for ErrorCode {
            const SUCCESS: Self = Self::#success;

            fn number(self) -> i32 {
                match self { #numbers }
            }

            fn message(self, language: Language) -> &'static str {
                match (self, language) { #(#messages)* }
            }

            fn name(self) -> &'static str {
                match self { #names }
            }

            fn of_refusal(refusal: Refusal) -> Self {
                match refusal { #(#refusals)* }
            }
        }

        #fault_docs
        pub type Fault = runtime::Fault<ErrorCode>;
    }
}

fn enumeration(codes: &[Code]) -> TokenStream {
    let title = docs("The codes of the envelope.");
    let variants = codes.iter().map(|code| {
        let docs = docs(&format!("{}: {}", code.number, code.en));
        let name = format_ident!("{}", code.name);
        quote!(#docs #name,)
    });
    quote! {
        #title
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { #(#variants)* }
    }
}

fn arms(codes: &[Code], value: impl Fn(&Code) -> TokenStream) -> TokenStream {
    let arms = codes.iter().map(|code| {
        let (name, value) = (format_ident!("{}", code.name), value(code));
        quote!(Self::#name => #value,)
    });
    quote!(#(#arms)*)
}
