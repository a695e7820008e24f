//! The trait that a handler implements: a method for each operation, with nothing of HTTP in it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, envelope, plain, replies, routes, types};
use crate::codegen::{
    ir::{Document, Listed, Operation, Place},
    names,
};

/// The trait.
pub fn all(doc: &Document) -> TokenStream {
    let name = names::pascal(&doc.dialect.name);
    let title = docs(&format!("The operations of {}.", doc.dialect.name));
    let is_secured = doc.operations.iter().any(|operation| !operation.security.is_empty());
    let caller = is_secured.then(|| {
        let caller = docs("Who calls a secured operation.");
        let authenticate = docs("Finds out who calls, before anything else of the request is looked at.");
        quote! {
            #caller
            type Caller: Send;

            #authenticate
            fn authenticate(&self, cx: &Context, credential: Credential)
                -> impl Future<Output = Result<Self::Caller, Fault>> + Send;
        }
    });
    let methods = doc.operations.iter().map(|operation| method(doc, operation));
    quote! {
        #title
        pub trait #name: Send + Sync + 'static {
            #caller
            #(#methods)*
        }
    }
}

fn method(doc: &Document, operation: &Operation) -> TokenStream {
    let name = names::snake(&operation.id);
    let route = format!("`{} {}`", operation.method.to_ascii_uppercase(), operation.path);
    let mut lines = vec![format!("`{}`: {}", operation.id, operation.summary), String::new(), route];
    let described = operation.parameters.iter().filter(|parameter| parameter.place != Place::Path);
    let described = described.filter_map(|parameter| Some((&parameter.name, parameter.description.as_ref()?)));
    let mut described = described.peekable();
    if described.peek().is_some() {
        lines.push(String::new());
        lines.extend(
            described
                .map(|(name, text)| format!("- `{name}`: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))),
        );
    }
    let docs = docs(&lines.join("\n"));
    let caller = match (operation.security.is_empty(), operation.anonymous) {
        (true, _) => None,
        (false, false) => Some(quote!(caller: Self::Caller,)),
        (false, true) => Some(quote!(caller: Option<Self::Caller>,)),
    };
    let parameters = operation.parameters.iter().map(|parameter| {
        let (ident, ty) = (routes::argument(&parameter.name), routes::parameter_type(parameter));
        quote!(#ident: #ty,)
    });
    let body = operation.body.as_ref().map(|body| {
        let ty = types::bare(&body.ty.kind);
        quote!(body: #ty,)
    });
    let result = result(doc, operation);
    let lint = expect_many(operation, 0);
    quote! {
        #docs
        #lint
        fn #name(&self, cx: &Context, #caller #(#parameters)* #body) -> impl Future<Output = #result> + Send;
    }
}

fn result(doc: &Document, operation: &Operation) -> TokenStream {
    if operation.websocket.is_some() {
        return quote!(Result<OnSocket, Fault>);
    }
    if doc.envelope.is_none() {
        let error = plain::error_name(doc, operation);
        let Some((status, reply)) = plain::success(doc, operation) else {
            return quote!(Result<(), #error>);
        };
        let success = plain::reply_type(doc, operation, status, reply);
        return quote!(Result<#success, #error>);
    }
    let data = reply_schema(doc, operation, 200).map_or_else(|| quote!(Null), |schema| envelope::data(doc, schema));
    match replies::header_set(doc, operation, 200) {
        Some(headers) => quote!(Result<WithHeaders<#data, #headers>, Fault>),
        None => quote!(Result<#data, Fault>),
    }
}

/// The schema of an operation's reply with this status.
pub fn reply_schema<'d>(
    doc: &'d Document,
    operation: &'d Operation,
    status: u16,
) -> Option<&'d crate::codegen::ir::Schema> {
    let listed: &Listed = operation.replies.iter().find(|(known, _)| *known == status).map(|(_, listed)| listed)?;
    let body = doc.reply(listed)?.body.as_ref()?;
    doc.schema(&types::named(&body.kind)?)
}

/// What a method with more arguments than clippy likes says about it; `extra` counts those beside the handler's.
pub(super) fn expect_many(operation: &Operation, extra: usize) -> Option<TokenStream> {
    let caller = usize::from(!operation.security.is_empty());
    let count = 2 + caller + operation.parameters.len() + usize::from(operation.body.is_some()) + extra;
    let reason = "the document has as many parameters";
    (count > 7).then(|| quote!(#[expect(clippy::too_many_arguments, reason = #reason)]))
}
