//! Security: the schemes, what a request offers, and the extractors that ask the handler who calls.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{docs, docs_of};
use crate::codegen::{
    ir::{Document, Operation, Scheme, SchemeKind},
    names,
};

/// The enumeration of what a request can offer.
pub fn credential(doc: &Document) -> TokenStream {
    if doc.schemes.is_empty() {
        return TokenStream::new();
    }
    let title = docs("What a request offers to prove who calls; `None` where it is missing.");
    let variants = doc.schemes.iter().map(|scheme| {
        let (docs, name) = (docs_of(&Some(scheme.description.clone())), names::pascal(&scheme.name));
        quote!(#docs #name(Option<String>))
    });
    quote! {
        #title
        #[derive(Clone, PartialEq, Eq)]
        pub enum Credential { #(#variants,)* }
    }
}

/// The schemes, and an extractor for each way in which operations combine them.
pub fn extractors(doc: &Document) -> TokenStream {
    let schemes = doc.schemes.iter().map(scheme);
    let mut seen = Vec::new();
    let secured = doc.operations.iter().filter(|operation| !operation.security.is_empty());
    let mut extractors = Vec::new();
    for operation in secured {
        let name = extractor(operation);
        if !seen.contains(&name) {
            extractors.push(one(doc, operation, &name));
            seen.push(name);
        }
    }
    quote!(#(#schemes)* #(#extractors)*)
}

fn scheme(scheme: &Scheme) -> TokenStream {
    let (constant, name, description) = (names::shouty(&scheme.name), &scheme.name, &scheme.description);
    let kind = match &scheme.kind {
        SchemeKind::Bearer { format, bare } => {
            let format = match format {
                Some(format) => quote!(Some(#format)),
                None => quote!(None),
            };
            quote!(SchemeKind::Bearer { format: #format, bare: #bare })
        }
        SchemeKind::Header(name) => quote!(SchemeKind::Header(#name)),
        SchemeKind::Query(name) => quote!(SchemeKind::Query(#name)),
    };
    quote! {
        const #constant: Scheme = Scheme { name: #name, description: #description, kind: #kind };
    }
}

/// The extractor of an operation's caller.
pub fn extractor(operation: &Operation) -> Ident {
    let schemes: Vec<String> = operation.security.iter().map(|name| names::pascal(name).to_string()).collect();
    let nobody = if operation.anonymous { "OrNobody" } else { "" };
    format_ident!("By{}{nobody}", schemes.join("Or"))
}

fn one(doc: &Document, operation: &Operation, name: &Ident) -> TokenStream {
    let handler = names::pascal(&doc.dialect.name);
    let listed: Vec<String> = operation.security.iter().map(|name| format!("`{name}`")).collect();
    let nobody = if operation.anonymous { ", or nobody" } else { "" };
    let title = docs(&format!("A caller that {} proves{nobody}.", listed.join(" or ")));
    let constants: Vec<Ident> = operation.security.iter().map(|name| names::shouty(name)).collect();
    let caller = if operation.anonymous { quote!(Option<H::Caller>) } else { quote!(H::Caller) };
    let fallback = operation.anonymous.then(|| {
        quote! {
            fn has_security_fallback() -> bool {
                true
            }
        }
    });
    let authenticate = authenticate(operation);
    quote! {
        #title
        pub struct #name<H: #handler>(pub #caller);

        impl<'a, H: #handler> ApiExtractor<'a> for #name<H> {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                #(#constants.register(registry);)*
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![#(#constants.name),*]
            }

            #fallback

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<()>,
            ) -> poem::Result<Self> {
                let (handler, cx) = runtime::handler::<H>(request)?;
                #authenticate
            }
        }
    }
}

/// The first credential that is there counts; the handler of a secured operation hears of a missing one, too.
fn authenticate(operation: &Operation) -> TokenStream {
    let pairs: Vec<(Ident, Ident)> =
        operation.security.iter().map(|name| (names::pascal(name), names::shouty(name))).collect();
    let Some((first, first_constant)) = pairs.first() else {
        return TokenStream::new();
    };
    if pairs.len() == 1 && !operation.anonymous {
        return quote! {
            let credential = Credential::#first(#first_constant.read(request));
            Ok(Self(handler.authenticate(cx, credential).await?))
        };
    }
    let branches = pairs.iter().map(|(variant, constant)| {
        quote! {
            if let Some(credential) = #constant.read(request) {
                Credential::#variant(Some(credential))
            }
        }
    });
    let nobody = if operation.anonymous { quote!(return Ok(Self(None));) } else { quote!(Credential::#first(None)) };
    let caller = quote!(handler.authenticate(cx, credential).await?);
    let caller = if operation.anonymous { quote!(Some(#caller)) } else { caller };
    quote! {
        let credential = #(#branches else)* { #nobody };
        Ok(Self(#caller))
    }
}
