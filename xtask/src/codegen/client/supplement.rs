//! What progenitor leaves out: how a request is made ready and sent, credentials, error codes, typed headers, unions of
//! replies, the envelope.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::document::{Document, Node};
use super::envelope;
use super::operation::{Header, Operation, field, type_name};

pub(super) fn build(document: &Document<'_>, operations: &[Operation]) -> TokenStream {
    let table = table(document, operations);
    let credentials = credentials(document);
    let codes = codes(document);
    let headers = operations.iter().filter(|operation| operation.first).map(headers);
    let unions = operations.iter().map(|operation| {
        let error = union(document, operation, "Error", "A failure", &operation.failures);
        let opened = envelope::of_union(document, operation, &operation.failures);
        let success = union(document, operation, "Success", "A success", &operation.successes);
        quote!(#success #error #opened)
    });
    let envelopes = envelope::build(document, operations);
    quote! {
        use gatehouse_client::wire::check::{self, Check, Violation};
        use gatehouse_client::wire::envelope::{Envelope, Opened};
        use gatehouse_client::wire::header::{self, HeaderError};
        use gatehouse_client::wire::{Caller, Operation, Place, Scheme, UnionError};

        impl ClientHooks<Caller> for Client {
            async fn pre<E>(&self, request: &mut reqwest::Request, info: &OperationInfo) -> Result<(), Error<E>> {
                let operation = Operation::find(OPERATIONS, info.operation_id);
                self.inner.prepare(operation, request).map_err(Error::InvalidRequest)
            }

            async fn exec(
                &self,
                request: reqwest::Request,
                info: &OperationInfo,
            ) -> reqwest::Result<reqwest::Response> {
                let operation = Operation::find(OPERATIONS, info.operation_id);
                self.inner.exchange(operation, &self.client, request).await
            }
        }

        #table
        #credentials
        #codes
        #(#headers)*
        #(#unions)*
        #envelopes
    }
}

fn table(document: &Document<'_>, operations: &[Operation]) -> TokenStream {
    let rows = operations.iter().map(|operation| {
        let Operation { id, verb, path, idempotent, multipart, upgrade, .. } = operation;
        let (id, method, verb) = (id, operation.method(), verb.to_uppercase());
        let security = operation.security.iter().map(|alternative| match alternative {
            None => quote!(None),
            Some(name) => {
                let scheme = format_ident!("{}", field(name).to_uppercase());
                quote!(Some(&#scheme))
            }
        });
        quote! {
            Operation {
                id: #id,
                method: #method,
                verb: #verb,
                path: #path,
                idempotent: #idempotent,
                multipart: #multipart,
                upgrade: #upgrade,
                security: &[#(#security),*],
            }
        }
    });
    let schemes = schemes(document).into_iter().map(|(name, node)| {
        let constant = format_ident!("{}", field(name).to_uppercase());
        let place = place(document, &node);
        let doc = format!("The security scheme `{name}`.");
        quote! {
            #[doc = #doc]
            pub const #constant: Scheme = Scheme { name: #name, place: #place };
        }
    });
    quote! {
        /// What the document says of each operation beside its types.
        pub const OPERATIONS: &[Operation] = &[#(#rows),*];

        #(#schemes)*
    }
}

fn schemes<'a>(document: &Document<'a>) -> Vec<(&'a str, Node<'a>)> {
    let schemes = document.root().child("components").child("securitySchemes").entries();
    schemes.into_iter().map(|(name, node)| (name, document.resolve(&node))).collect()
}

fn place(document: &Document<'_>, scheme: &Node<'_>) -> TokenStream {
    let name = scheme.child("name").text();
    match (scheme.child("type").text(), scheme.child("scheme").text(), scheme.child("in").text()) {
        ("http", "bearer", _) => quote!(Place::Bearer),
        ("apiKey", _, "header") => quote!(Place::Header(#name)),
        ("apiKey", _, "query") => quote!(Place::Query(#name)),
        _ => {
            document.refuse(scheme, "the client sends bearer tokens, and keys in a header or in the query");
            quote!(Place::Bearer)
        }
    }
}

fn credentials(document: &Document<'_>) -> TokenStream {
    let functions = schemes(document).into_iter().map(|(name, node)| {
        let function = format_ident!("{}", field(name));
        let constant = format_ident!("{}", field(name).to_uppercase());
        let doc = match node.child("description").text() {
            "" => format!("A credential of the security scheme `{name}`."),
            text => text.to_owned(),
        };
        quote! {
            #[doc = #doc]
            pub fn #function(secret: impl Into<String>) -> Credential {
                Credential::new(&super::#constant, secret)
            }
        }
    });
    let functions: Vec<TokenStream> = functions.collect();
    if functions.is_empty() {
        return TokenStream::new();
    }
    quote! {
        /// What a [`Caller`] shows to the server, by the name of its security scheme.
        pub mod credentials {
            use gatehouse_client::wire::Credential;

            #(#functions)*
        }
    }
}

fn codes(document: &Document<'_>) -> TokenStream {
    let codes = document.root().child("x-error-codes");
    if !document.root().has("x-error-codes") {
        return TokenStream::new();
    }
    let mut variants = TokenStream::new();
    let (mut numbers, mut names, mut told_apart) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    let mut seen = BTreeSet::new();
    let (mut en, mut zh) = (TokenStream::new(), TokenStream::new());
    for entry in codes.elements() {
        let name = entry.child("name").text();
        let Some(number) = entry.child("code").value.as_i64().and_then(|number| i32::try_from(number).ok()) else {
            document.refuse(&entry, "an error code is a number of 32 bits");
            continue;
        };
        let (english, chinese) = (entry.child("en").text(), entry.child("zh").text());
        let doc = format!("{number}: {english}");
        let first = seen.insert(number);
        let number = Literal::i32_unsuffixed(number);
        let variant = format_ident!("{}", type_name(name));
        variants.extend(quote!(#[doc = #doc] #variant,));
        numbers.extend(quote!(Self::#variant => #number,));
        if first {
            names.extend(quote!(#number => Self::#variant,));
        } else {
            told_apart.extend(quote!((#number, #english | #chinese) => Self::#variant,));
        }
        en.extend(quote!(Self::#variant => #english,));
        zh.extend(quote!(Self::#variant => #chinese,));
    }
    let by_message = match told_apart.is_empty() {
        true => quote! {
            impl From<(i32, &str)> for ErrorCode {
                fn from((number, _): (i32, &str)) -> Self {
                    Self::from(number)
                }
            }
        },
        false => quote! {
            /// Several codes have the same number, and the message tells them apart, in either language.
            impl From<(i32, &str)> for ErrorCode {
                fn from(told: (i32, &str)) -> Self {
                    match told {
                        #told_apart
                        (number, _) => Self::from(number),
                    }
                }
            }
        },
    };
    quote! {
        /// The codes of the envelope.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            #variants
            /// A code that the document did not have when this client was made.
            Unknown(i32),
        }

        impl ErrorCode {
            /// The code's number in the envelope.
            pub const fn number(self) -> i32 {
                match self {
                    #numbers
                    Self::Unknown(number) => number,
                }
            }

            /// The document's English message; empty for an unknown code.
            pub const fn en(self) -> &'static str {
                match self {
                    #en
                    Self::Unknown(_) => "",
                }
            }

            /// The document's Chinese message; empty for an unknown code.
            pub const fn zh(self) -> &'static str {
                match self {
                    #zh
                    Self::Unknown(_) => "",
                }
            }
        }

        impl From<i32> for ErrorCode {
            fn from(number: i32) -> Self {
                match number {
                    #names
                    number => Self::Unknown(number),
                }
            }
        }

        #by_message

        impl std::fmt::Display for ErrorCode {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, "{}", self.number())
            }
        }
    }
}

fn headers(operation: &Operation) -> TokenStream {
    if operation.headers.is_empty() {
        return TokenStream::new();
    }
    let name = format_ident!("{}Headers", operation.noun());
    let ident = |header: &Header| format_ident!("{}", header.name.to_ascii_lowercase().replace('-', "_"));
    let fields = operation.headers.iter().map(|header| {
        let kind = format_ident!("{}", header.kind);
        let kind = if header.always { quote!(#kind) } else { quote!(Option<#kind>) };
        let (doc, ident) = (&header.description, ident(header));
        quote!(#[doc = #doc] pub #ident: #kind)
    });
    let values = operation.headers.iter().map(|header| {
        let (name, ident) = (&header.name, ident(header));
        let read = if header.always { quote!(required) } else { quote!(optional) };
        quote!(#ident: header::#read(headers, #name)?)
    });
    let doc = format!("The headers of the replies of `{}`.", operation.id);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        pub struct #name {
            #(#fields,)*
        }

        impl TryFrom<&reqwest::header::HeaderMap> for #name {
            type Error = HeaderError;

            fn try_from(headers: &reqwest::header::HeaderMap) -> Result<Self, HeaderError> {
                Ok(Self { #(#values,)* })
            }
        }
    }
}

/// The enum of the replies of one class that have several schemas, one variant for each status.
fn union(
    document: &Document<'_>,
    operation: &Operation,
    suffix: &str,
    what: &str,
    replies: &[(u16, String)],
) -> TokenStream {
    if replies.is_empty() {
        return TokenStream::new();
    }
    let name = format_ident!("{}{suffix}", operation.noun());
    let variants: Vec<(u16, TokenStream)> = replies
        .iter()
        .filter_map(|(status, pointer)| {
            let schema = document.at(pointer);
            let Some(target) = schema.value.get("$ref").and_then(|target| target.as_str()) else {
                document.refuse(&schema, "where statuses differ in their schemas, each is a `$ref`");
                return None;
            };
            let kind = format_ident!("{}", type_name(target.rsplit('/').next().unwrap_or_default()));
            Some((*status, quote!(types::#kind)))
        })
        .collect();
    let ident = |status: u16| format_ident!("Status{status}");
    let declared = variants.iter().map(|(status, kind)| {
        let (doc, ident) = (format!("HTTP {status}."), ident(*status));
        quote!(#[doc = #doc] #ident(#kind))
    });
    let arms = variants.iter().map(|(status, _)| {
        let (status, ident) = (Literal::u16_unsuffixed(*status), ident(*status));
        quote!(#status => serde_json::from_value(body).map(Self::#ident).map_err(UnionError::from))
    });
    let doc = format!("{what} of `{}`, by its status.", operation.id);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        pub enum #name {
            #(#declared,)*
        }

        impl #name {
            /// What the body of a reply with this HTTP status is.
            ///
            /// # Errors
            ///
            /// If the status is not one of the variants', or the body is not of its schema.
            pub fn read(status: u16, body: serde_json::Value) -> Result<Self, UnionError> {
                match status {
                    #(#arms,)*
                    status => Err(UnionError::status(status)),
                }
            }
        }
    }
}
