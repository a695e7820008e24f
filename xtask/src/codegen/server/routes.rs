//! The routes: poem-openapi's view of each operation, which calls the handler and does nothing else.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{bodies, defaults, docs, docs_of, envelope, handler, plain, replies, security, types};
use crate::codegen::{
    ir::{Body, Document, Operation, Parameter, Place},
    names,
};

/// The tags and `Routes`.
pub fn all(doc: &Document) -> TokenStream {
    let handler = names::pascal(&doc.dialect.name);
    let tags = tags(doc);
    let title = docs(&format!("The routes of {}, which call a handler.", doc.dialect.name));
    let new = docs("The routes that call this handler.");
    let dialect = dialect(doc, &handler);
    let operations = doc.operations.iter().map(|operation| operation_method(doc, operation));
    quote! {
        #tags

        #title
        pub struct Routes<H>(Arc<H>);

        impl<H> Routes<H> {
            #new
            pub fn new(handler: Arc<H>) -> Self {
                Self(handler)
            }
        }

        impl<H> Clone for Routes<H> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        #dialect

        #[OpenApi]
        impl<H: #handler> Routes<H> { #(#operations)* }
    }
}

fn tags(doc: &Document) -> Option<TokenStream> {
    let used =
        doc.tags.iter().filter(|tag| doc.operations.iter().any(|operation| operation.tag.as_ref() == Some(&tag.name)));
    let mut variants = used
        .map(|tag| {
            let (docs, name, ident) = (docs_of(&tag.description), &tag.name, names::pascal(&tag.name));
            quote!(#docs #[oai(rename = #name)] #ident)
        })
        .peekable();
    variants.peek()?;
    let title = docs("How operations are grouped.");
    Some(quote! {
        #title
        #[derive(Tags)]
        enum Tag { #(#variants,)* }
    })
}

fn dialect(doc: &Document, handler: &Ident) -> TokenStream {
    let (code, failure) = match &doc.envelope {
        Some(envelope) => {
            let name = names::pascal(&envelope.schema);
            (
                quote!(ErrorCode),
                quote!(fn failure(cx: &Context, fault: &Fault) -> Bytes { #name::failure(cx, fault).to_bytes() }),
            )
        }
        None => (
            quote!(HttpCode),
            quote!(
                fn failure(_cx: &Context, _fault: &Fault) -> Bytes {
                    Bytes::new()
                }
            ),
        ),
    };
    let failure_of = failure_of(doc);
    let direct = direct(doc);
    quote! {
        impl<H: #handler> Dialect for Routes<H> {
            type Code = #code;
            type Handler = H;

            const DOCUMENT: &'static Document = &DOCUMENT;

            fn handler(&self) -> &Arc<H> {
                &self.0
            }

            #failure

            #failure_of

            #direct
        }
    }
}

/// The calls of operations without parameters, past poem's endpoints.
fn direct(doc: &Document) -> Option<TokenStream> {
    let operations = doc.operations.iter().enumerate();
    let mut arms = operations
        .filter(|(_, operation)| is_direct(operation))
        .map(|(place, operation)| {
            let (name, place) = (names::snake(&operation.id), Literal::usize_unsuffixed(place));
            let extract =
                |ty: TokenStream| quote!(<#ty as ApiExtractor>::from_request(request, body, no_parameter()).await?);
            let caller = (!operation.security.is_empty()).then(|| {
                let extractor = security::extractor(operation);
                let caller = extract(quote!(#extractor<H>));
                (quote!(let caller = #caller;), quote!(, caller))
            });
            let read = operation.body.as_ref().map(|body| {
                let body = extract(body_type(operation, body));
                (quote!(let body = #body;), quote!(, body))
            });
            let (lets, arguments): (Vec<_>, Vec<_>) = caller.into_iter().chain(read).unzip();
            quote! {
                #place => Box::pin(async move {
                    #(#lets)*
                    Ok(IntoResponse::into_response(self.#name(*cx #(#arguments)*).await))
                }),
            }
        })
        .peekable();
    arms.peek()?;
    let reads = doc.operations.iter().filter(|operation| is_direct(operation)).any(reads);
    let (request, body) = if reads { ("request", "body") } else { ("_request", "_body") };
    let (request, body) = (format_ident!("{request}"), format_ident!("{body}"));
    Some(quote! {
        fn direct<'a>(
            &'a self,
            operation: usize,
            cx: &'a Context,
            #request: &'a Request,
            #body: &'a mut RequestBody,
        ) -> Option<Routed<'a>> {
            Some(match operation {
                #(#arms)*
                _ => return None,
            })
        }
    })
}

/// Whether an operation is called past poem's endpoints.
fn is_direct(operation: &Operation) -> bool {
    operation.parameters.is_empty() && operation.websocket.is_none()
}

/// Whether an operation takes anything from its request.
fn reads(operation: &Operation) -> bool {
    !operation.security.is_empty() || operation.body.is_some()
}

/// The envelope of a fault before its operation, where that differs from the document's own.
fn failure_of(doc: &Document) -> Option<TokenStream> {
    let envelope = doc.envelope.as_ref()?;
    let usual = doc.schema(&envelope.schema).map(|schema| envelope::failure_shape(doc, schema))?;
    let differs = |operation: &Operation| {
        operation.replies.iter().any(|(status, _)| {
            let schema = super::handler::reply_schema(doc, operation, *status);
            schema.is_some_and(|schema| envelope::failure_shape(doc, schema) != usual)
        })
    };
    let mut arms = doc
        .operations
        .iter()
        .filter(|operation| differs(operation))
        .map(|operation| {
            let (id, marker) = (&operation.id, replies::marker(operation));
            quote!(#id => Answer::<#marker>::body_of(cx, fault),)
        })
        .peekable();
    arms.peek()?;
    Some(quote! {
        fn failure_of(operation: &str, cx: &Context, fault: &Fault) -> Bytes {
            match operation {
                #(#arms)*
                _ => Self::failure(cx, fault),
            }
        }
    })
}

fn operation_method(doc: &Document, operation: &Operation) -> TokenStream {
    let name = names::snake(&operation.id);
    let mut text = operation.summary.clone();
    if let Some(description) = &operation.description {
        text = format!("{text}\n\n{description}");
    }
    let docs = docs(&text);
    let attributes = attributes(operation);
    let caller = (!operation.security.is_empty()).then(|| {
        let extractor = security::extractor(operation);
        quote!(caller: #extractor<H>,)
    });
    let parameters = operation.parameters.iter().map(|parameter| parameter_argument(operation, parameter));
    let body = operation.body.as_ref().map(|body| {
        let (docs, ty) = (docs_of(&body.description), body_type(operation, body));
        quote!(#docs body: #ty,)
    });
    let upgrade = operation.websocket.is_some().then(|| quote!(upgrade: SocketUpgrade,));
    let call = call(operation);
    let (answer, result) = answer(doc, operation, call);
    let lint = handler::expect_many(operation, usize::from(operation.websocket.is_some()));
    quote! {
        #docs
        #lint
        #attributes
        async fn #name(&self, cx: Context, #caller #(#parameters)* #body #upgrade) -> #answer {
            #result
        }
    }
}

/// The type that reads a body.
fn body_type(operation: &Operation, body: &Body) -> TokenStream {
    match body.media.as_slice() {
        [only] => {
            let (extractor, ty) = (bodies::extractor(*only), types::bare(&body.ty.kind));
            quote!(#extractor<#ty>)
        }
        _ => {
            let name = bodies::name(operation);
            quote!(#name)
        }
    }
}

fn attributes(operation: &Operation) -> TokenStream {
    let segments = operation.path.split('/').map(|segment| {
        match segment.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
            Some(name) => format!(":{name}"),
            None => segment.to_owned(),
        }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    let (method, id) = (&operation.method, &operation.id);
    let tag = operation.tag.as_ref().map(|tag| {
        let tag = format!("Tag::{}", names::pascal(tag));
        quote!(, tag = #tag)
    });
    let deprecated = operation.deprecated.then(|| quote!(, deprecated));
    quote!(#[oai(path = #path, method = #method, operation_id = #id #tag #deprecated)])
}

/// The argument of a parameter; those of the routes themselves keep their names.
pub fn argument(name: &str) -> Ident {
    let ident = names::snake(name);
    if ["cx", "caller", "body", "upgrade"].iter().any(|taken| ident == taken) {
        return format_ident!("{ident}_parameter");
    }
    ident
}

/// The type of a parameter as a handler has it.
pub fn parameter_type(parameter: &Parameter) -> TokenStream {
    let ty = types::bare(&parameter.ty.kind);
    if parameter.required || parameter.default.is_some() { ty } else { quote!(Option<#ty>) }
}

fn parameter_argument(operation: &Operation, parameter: &Parameter) -> TokenStream {
    let docs = docs_of(&parameter.description);
    let (ident, ty, name) = (argument(&parameter.name), parameter_type(parameter), &parameter.name);
    let extractor = match parameter.place {
        Place::Path => quote!(param::Path),
        Place::Query => quote!(param::Query),
        Place::Header => quote!(param::Header),
    };
    let default = parameter.default.as_ref().map(|_| {
        let name = defaults::of_parameter(operation, parameter).to_string();
        quote!(default = #name)
    });
    let validator = types::validator(&parameter.ty);
    let deprecated = parameter.deprecated.then(|| quote!(deprecated));
    let parts = [Some(quote!(name = #name)), default, validator, deprecated];
    let parts = parts.iter().flatten();
    quote!(#docs #[oai(#(#parts),*)] #ident: #extractor<#ty>,)
}

/// The handler's call.
fn call(operation: &Operation) -> TokenStream {
    let name = names::snake(&operation.id);
    let caller = (!operation.security.is_empty()).then(|| quote!(, caller.0));
    let parameters = operation.parameters.iter().map(|parameter| {
        let ident = argument(&parameter.name);
        quote!(, #ident.0)
    });
    let body = operation.body.as_ref().map(|body| match body.media.len() {
        1 => quote!(, body.0),
        _ => quote!(, body.into_inner()),
    });
    quote!(self.0.#name(&cx #caller #(#parameters)* #body).await)
}

/// The type of the answer, and the expression that makes it.
fn answer(doc: &Document, operation: &Operation, call: TokenStream) -> (TokenStream, TokenStream) {
    let marker = replies::marker(operation);
    if operation.websocket.is_some() {
        return (quote!(SocketAnswer<#marker>), quote!(SocketAnswer::of(&cx, upgrade, #call)));
    }
    if doc.envelope.is_some() {
        let make = match replies::header_set(doc, operation, 200) {
            Some(_) => quote!(with_headers),
            None => quote!(of),
        };
        return (quote!(Answer<#marker>), quote!(Answer::#make(&cx, #call)));
    }
    let parts = plain::success(doc, operation).map(|(status, reply)| {
        let parts = plain::parts(doc, operation, status, reply);
        let parts = types::unsuffixed(parts);
        let binding = if envelope::mentions(&parts, "reply") { quote!(reply) } else { quote!(()) };
        quote!(.map(|#binding| #parts))
    });
    (quote!(PlainAnswer<#marker>), quote!(PlainAnswer::of(#call #parts)))
}
