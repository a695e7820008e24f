//! Replies: the headers, what the emitted document lists for each operation, and the headers that handlers set.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{docs, handler::reply_schema, plain, types};
use crate::codegen::{
    ir::{Document, Header, Kind, Listed, Operation, Reply, UsedHeader},
    names,
};

/// The headers, the named replies and the replies of each operation.
pub fn all(doc: &Document) -> TokenStream {
    let headers = doc.headers.iter().map(|header| {
        let (name, value) = (names::shouty(&header.name), header_literal(header));
        quote!(const #name: Header = #value;)
    });
    let named = doc.replies.iter().filter(|reply| listed_with(doc, &reply.name).is_some());
    let named = named.map(|reply| {
        let (name, status) = (names::snake(&reply.name), listed_with(doc, &reply.name));
        let meta = meta(quote!(#status), &reply.value);
        quote!(fn #name() -> MetaResponse { #meta })
    });
    let operations = doc.operations.iter().map(|operation| match doc.envelope {
        Some(_) => enveloped(doc, operation),
        None => plainly(doc, operation),
    });
    types::unsuffixed(quote! {
        #(#headers)*
        #(#named)*
        #(#operations)*
    })
}

fn header_literal(header: &Header) -> TokenStream {
    let Header { name, description, required, .. } = header;
    let kind = match &header.ty.kind {
        Kind::Integer { wide: false, .. } => quote!(Int32),
        Kind::Integer { wide: true, .. } => quote!(Int64),
        Kind::Boolean => quote!(Boolean),
        _ => quote!(Text),
    };
    quote!(Header { name: #name, description: #description, required: #required, kind: HeaderKind::#kind })
}

/// The one status that a named reply is listed with.
fn listed_with(doc: &Document, name: &str) -> Option<u16> {
    let listed = doc.operations.iter().flat_map(|operation| &operation.replies);
    let mut statuses = listed.filter(|(_, listed)| matches!(listed, Listed::Named(known) if known == name));
    statuses.next().map(|(status, _)| *status)
}

fn meta(status: TokenStream, reply: &Reply) -> TokenStream {
    let headers = reply.headers.iter().map(|used| match used {
        UsedHeader::Named(name) => {
            let name = names::shouty(name);
            quote!(&#name)
        }
        UsedHeader::Inline(header) => {
            let header = header_literal(header);
            quote!(&#header)
        }
    });
    let headers = quote!(&[#(#headers),*]);
    let description = &reply.description;
    match &reply.body {
        Some(ty) => {
            let ty = types::bare(&ty.kind);
            quote!(reply::<#ty>(#status, #description, #headers))
        }
        None => quote!(bare_reply(#status, #description, #headers)),
    }
}

fn metas(operation: &Operation) -> TokenStream {
    let metas = operation.replies.iter().map(|(status, listed)| match listed {
        Listed::Named(name) => {
            let name = names::snake(name);
            quote!(#name())
        }
        Listed::Inline(reply) => meta(quote!(#status), reply),
    });
    quote!(vec![#(#metas),*])
}

/// The type that stands for an operation's replies.
pub fn marker(operation: &Operation) -> Ident {
    names::pascal(&operation.id)
}

fn enveloped(doc: &Document, operation: &Operation) -> TokenStream {
    let (name, title) = (marker(operation), docs(&format!("The replies of `{}`.", operation.id)));
    let metas = metas(operation);
    let envelope = doc.envelope.as_ref().map(|envelope| envelope.schema.clone()).unwrap_or_default();
    let failures = failure_schemas(doc, operation);
    let failure = uniform(&failures).unwrap_or(&envelope);
    let success = reply_schema(doc, operation, 200).map_or(failure, |schema| &schema.name);
    let own = uniform(&failures).is_none().then(|| by_status(&failures, success, &envelope));
    let (success, failure) = (names::pascal(success), names::pascal(failure));
    quote! {
        #title
        pub struct #name;

        impl Operation for #name {
            type Reply = #success;
            type Failure = #failure;

            fn replies() -> Vec<MetaResponse> {
                #metas
            }

            #own
        }
    }
}

/// The schemas of the replies that are no success, by status.
fn failure_schemas(doc: &Document, operation: &Operation) -> Vec<(u16, String)> {
    let failures = operation.replies.iter().filter(|(status, _)| *status >= 400);
    failures.filter_map(|(status, _)| Some((*status, reply_schema(doc, operation, *status)?.name.clone()))).collect()
}

/// The one schema of all failures.
fn uniform(failures: &[(u16, String)]) -> Option<&String> {
    let (_, first) = failures.first()?;
    failures.iter().all(|(_, name)| name == first).then_some(first)
}

/// The envelope for each status, where they differ.
fn by_status(failures: &[(u16, String)], success: &str, envelope: &str) -> Option<TokenStream> {
    if failures.is_empty() {
        return None;
    }
    let default = names::pascal(envelope);
    let others: Vec<_> = failures.iter().filter(|(_, name)| name != envelope).collect();
    let arms = others.iter().map(|(status, name)| {
        let name = names::pascal(name);
        quote!(#status => #name::failure(cx, fault).to_bytes(),)
    });
    let mut registered: Vec<&str> = vec![success, envelope];
    for (_, name) in &others {
        if !registered.contains(&name.as_str()) {
            registered.push(name);
        }
    }
    registered.dedup();
    let registered = registered.into_iter().map(names::pascal);
    Some(quote! {
        fn failure(cx: &Context, fault: &Fault) -> Bytes {
            match fault.status() {
                #(#arms)*
                _ => #default::failure(cx, fault).to_bytes(),
            }
        }

        fn register(registry: &mut Registry) {
            #(<#registered as Type>::register(registry);)*
        }
    })
}

fn plainly(doc: &Document, operation: &Operation) -> TokenStream {
    let (name, title) = (marker(operation), docs(&format!("The replies of `{}`.", operation.id)));
    let metas = metas(operation);
    let mut bodies: Vec<String> = Vec::new();
    for (_, listed) in &operation.replies {
        let body = doc.reply(listed).and_then(|reply| reply.body.as_ref());
        if let Some(name) = body.and_then(|ty| types::named(&ty.kind))
            && !bodies.contains(&name)
        {
            bodies.push(name);
        }
    }
    let argument = if bodies.is_empty() { quote!(_registry) } else { quote!(registry) };
    let bodies = bodies.iter().map(|name| names::pascal(name));
    quote! {
        #title
        pub struct #name;

        impl PlainOperation for #name {
            fn replies() -> Vec<MetaResponse> {
                #metas
            }

            fn register(#argument: &mut Registry) {
                #(<#bodies as Type>::register(registry);)*
            }
        }
    }
}

/// The headers of a reply that its handler sets.
fn handler_headers<'d>(doc: &'d Document, reply: &'d Reply) -> Vec<&'d Header> {
    let headers = reply.headers.iter().filter_map(|used| doc.header(used));
    headers.filter(|header| !header.by_transport).collect()
}

/// The type of the headers that the handler sets on a reply; `None` where there are none.
pub fn header_set(doc: &Document, operation: &Operation, status: u16) -> Option<Ident> {
    let (_, listed) = operation.replies.iter().find(|(known, _)| *known == status)?;
    let is_empty = handler_headers(doc, doc.reply(listed)?).is_empty();
    let name = names::pascal(&operation.id);
    if is_empty {
        return None;
    }
    Some(if status < 300 {
        format_ident!("{name}Headers")
    } else {
        format_ident!("{name}{}Headers", names::status(status))
    })
}

/// The types of the headers that handlers set.
pub fn header_sets(doc: &Document) -> TokenStream {
    let replies = doc
        .operations
        .iter()
        .flat_map(|operation| operation.replies.iter().map(move |(status, listed)| (operation, *status, listed)));
    let sets = replies.filter_map(|(operation, status, listed)| {
        let handled = status < 300 || doc.envelope.is_none() && !plain::is_transports(doc, operation, status);
        let name = header_set(doc, operation, status).filter(|_| handled)?;
        Some(one_set(operation, status, &name, &handler_headers(doc, doc.reply(listed)?)))
    });
    quote!(#(#sets)*)
}

fn one_set(operation: &Operation, status: u16, name: &Ident, headers: &[&Header]) -> TokenStream {
    let title = docs(&format!("The headers that the handler of `{}` adds to its reply {status}.", operation.id));
    let fields = headers.iter().map(|header| {
        let (docs, ident, ty) = (docs(&header.description), names::snake(&header.name), types::bare(&header.ty.kind));
        let ty = if header.required { ty } else { quote!(Option<#ty>) };
        quote!(#docs pub #ident: #ty)
    });
    let pairs = headers.iter().map(|header| {
        let (ident, name) = (names::snake(&header.name), header.name.to_ascii_lowercase());
        if header.required {
            quote!(Some((#name, self.#ident.to_string())))
        } else {
            quote!(self.#ident.map(|value| (#name, value.to_string())))
        }
    });
    quote! {
        #title
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct #name { #(#fields,)* }

        impl HeaderSet for #name {
            fn pairs(self) -> Vec<(&'static str, String)> {
                [#(#pairs),*].into_iter().flatten().collect()
            }
        }
    }
}
