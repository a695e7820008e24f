//! The imports of a generated module: those that its code uses, in one order.

use std::collections::BTreeSet;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::visit::{self, Visit};

/// What a module may import, by crate. The names are not free for schemas.
const POEM: &[&str] = &["IntoResponse", "Request", "RequestBody"];
const POEM_OPENAPI: &[&str] = &[
    "ApiExtractor",
    "ApiExtractorType",
    "ApiRequest",
    "Enum",
    "ExtractParamOptions",
    "Object",
    "OpenApi",
    "Tags",
    "Union",
];
const REGISTRY: &[&str] = &["MetaResponse", "Registry"];
const TYPES: &[&str] = &["Type"];
const SERDE: &[&str] = &["Deserialize", "Serialize"];
const RUNTIME: &[&str] = &[
    "Answer",
    "Checked",
    "Context",
    "Dialect",
    "Document",
    "FieldKind",
    "FormFields",
    "Header",
    "HeaderKind",
    "HeaderSet",
    "HttpCode",
    "JsonBody",
    "Language",
    "Listed",
    "MaybeNull",
    "MultipartForm",
    "Null",
    "OnSocket",
    "Operation",
    "OperationFacts",
    "Parts",
    "PlainAnswer",
    "PlainOperation",
    "RateLimit",
    "Refusal",
    "Refused",
    "Reply",
    "Routed",
    "Scheme",
    "SchemeKind",
    "SocketAnswer",
    "SocketUpgrade",
    "UrlForm",
    "WithHeaders",
    "WithOption",
    "bare_reply",
    "check",
    "no_parameter",
    "param",
    "reply",
];

/// Names that a schema or an operation of a document cannot have, because the code around it needs them.
pub const RESERVED: &[&str] = &[
    "DOCUMENT",
    "OPERATIONS",
    "RATE_LIMIT",
    "bare_reply",
    "check",
    "no_parameter",
    "param",
    "reply",
    "runtime",
    "Answer",
    "ApiExtractor",
    "ApiExtractorType",
    "ApiRequest",
    "Arc",
    "Bytes",
    "Checked",
    "Context",
    "Credential",
    "Deserialize",
    "Dialect",
    "Document",
    "Enum",
    "ErrorCode",
    "ExtractParamOptions",
    "Fault",
    "FieldKind",
    "FormFields",
    "Future",
    "Header",
    "HeaderKind",
    "HeaderSet",
    "HttpCode",
    "IntoResponse",
    "JsonBody",
    "Language",
    "Listed",
    "MaybeNull",
    "MetaResponse",
    "MultipartForm",
    "None",
    "Null",
    "Object",
    "Ok",
    "OnSocket",
    "OpenApi",
    "Operation",
    "OperationFacts",
    "Option",
    "Parts",
    "PlainAnswer",
    "PlainOperation",
    "RateLimit",
    "Refusal",
    "Refused",
    "Registry",
    "Reply",
    "Request",
    "RequestBody",
    "Result",
    "Routed",
    "Routes",
    "Scheme",
    "SchemeKind",
    "Self",
    "Serialize",
    "SocketAnswer",
    "SocketUpgrade",
    "Some",
    "String",
    "Tag",
    "Tags",
    "Type",
    "Union",
    "UrlForm",
    "Vec",
    "WithHeaders",
    "WithOption",
];

/// The `use` items of a module with this code: those of the standard library, of others, and of the runtime.
pub fn of(code: &syn::File, runtime: &TokenStream) -> [TokenStream; 3] {
    let mut used = Used::default();
    used.visit_file(code);
    let Used(used) = used;
    let list = |names: &[&str]| -> Vec<proc_macro2::Ident> {
        names.iter().filter(|name| used.contains(**name)).map(|name| format_ident!("{name}")).collect()
    };
    let poem = list(POEM);
    let poem = (!poem.is_empty()).then(|| quote!(use poem::{#(#poem),*};));
    let (top, registry, types) = (list(POEM_OPENAPI), list(REGISTRY), list(TYPES));
    let registry = (!registry.is_empty()).then(|| quote!(registry::{#(#registry),*},));
    let types = (!types.is_empty()).then(|| quote!(types::{#(#types),*},));
    let serde = list(SERDE);
    let serde = (!serde.is_empty()).then(|| quote!(use serde::{#(#serde),*};));
    let methods = used.contains(".message") || used.contains(".number");
    let error_code = methods.then(|| quote!(ErrorCode as _,));
    let names = list(RUNTIME);
    [
        quote!(
            use std::{future::Future, sync::Arc};
        ),
        quote! {
            use bytes::Bytes;
            #poem
            use poem_openapi::{#(#top,)* #registry #types};
            #serde
        },
        quote!(use #runtime::{self, #error_code #(#names),*};),
    ]
}

/// The names that code uses: the first of each path, and those that macros and derives are given.
#[derive(Default)]
struct Used(BTreeSet<String>);

impl<'ast> Visit<'ast> for Used {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.extend(path.segments.first().map(|segment| segment.ident.to_string()));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        self.0.extend(attribute.path().segments.first().map(|segment| segment.ident.to_string()));
        if let syn::Meta::List(list) = &attribute.meta
            && list.path.is_ident("derive")
        {
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.0.insert(format!(".{}", call.method));
        visit::visit_expr_method_call(self, call);
    }
}

impl Used {
    /// Names in tokens that nobody has parsed; what follows a `::` or a `.` is another's.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut is_first = true;
        let mut after_colon = false;
        for tree in tokens {
            match tree {
                TokenTree::Ident(ident) if is_first => {
                    self.0.insert(ident.to_string());
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(punct) => {
                    let is_colon = punct.as_char() == ':';
                    is_first = !(punct.as_char() == '.' || is_colon && after_colon);
                    after_colon = is_colon && punct.spacing() == Spacing::Joint;
                    continue;
                }
                _ => {}
            }
            is_first = true;
        }
    }
}
