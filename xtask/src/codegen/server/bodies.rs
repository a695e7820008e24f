//! Bodies that come in several media types.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{docs, types};
use crate::codegen::{
    ir::{Body, Document, Media, Operation},
    names,
};

/// The extractor of a media type.
pub fn extractor(media: Media) -> Ident {
    let name = match media {
        Media::Json => "JsonBody",
        Media::UrlForm => "UrlForm",
        Media::Multipart => "MultipartForm",
    };
    format_ident!("{name}")
}

/// The enumeration of an operation's media types.
pub fn name(operation: &Operation) -> Ident {
    format_ident!("{}Body", names::pascal(&operation.id))
}

/// The bodies of all operations that read several media types.
pub fn all(doc: &Document) -> TokenStream {
    let bodies = doc.operations.iter().filter_map(|operation| {
        let body = operation.body.as_ref().filter(|body| body.media.len() > 1)?;
        Some(one(operation, body))
    });
    quote!(#(#bodies)*)
}

fn one(operation: &Operation, body: &Body) -> TokenStream {
    let (name, ty) = (name(operation), types::bare(&body.ty.kind));
    // poem-openapi takes the description of the body from this type.
    let title = body.description.clone().unwrap_or_else(|| format!("The bodies that `{}` reads.", operation.id));
    let title = docs(&title);
    let variant = |media: &Media| {
        let name = match media {
            Media::Json => "Json",
            Media::UrlForm => "UrlForm",
            Media::Multipart => "Multipart",
        };
        format_ident!("{name}")
    };
    let variants = body.media.iter().map(|media| {
        let (docs, variant, extractor) = (docs(&format!("`{}`", media.name())), variant(media), extractor(*media));
        quote!(#docs #variant(#extractor<#ty>))
    });
    let arms = body.media.iter().map(|media| {
        let (variant, extractor) = (variant(media), extractor(*media));
        quote!(Self::#variant(#extractor(body)) => body)
    });
    quote! {
        #title
        #[derive(ApiRequest)]
        pub enum #name { #(#variants,)* }

        impl #name {
            fn into_inner(self) -> #ty {
                match self { #(#arms,)* }
            }
        }
    }
}
