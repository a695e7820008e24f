//! The client side of the generator: an authored document becomes progenitor's client, made readable, and the
//! supplement that progenitor has no notion of (credentials, error codes, typed headers, the envelope, checks).
//!
//! progenitor panics at what it does not know. It is therefore given a *client view* that holds only what it does
//! know: `view` builds that view, and refuses, with the place in the document, what neither it nor the supplement can
//! express.

mod arrange;
mod checks;
mod document;
mod envelope;
mod operation;
mod panic;
mod polish;
mod redact;
mod schema;
mod supplement;
#[cfg(test)]
mod tests;
mod text;
mod view;

use proc_macro2::TokenStream;
use progenitor_impl::{GenerationSettings, HooksMode};
use quote::quote;
use serde_json::Value;

use super::Refusal;
use document::Document;
use polish::Plan;

/// The client of the document `doc`, whose path from the root of the checkout is `file`, as the text of the module
/// `name`.
///
/// The text is the same for the same document on every run. All that the client cannot honour is refused at once.
pub fn generate(name: &str, file: &str, doc: &Value) -> Result<String, Vec<Refusal>> {
    let document = Document::new(file, doc);
    let view = view::build(&document);
    let checks = checks::build(&document, &view.operations);
    let supplement = supplement::build(&document, &view.operations);
    let secrets = redact::secrets(&document);
    let empty = document.schemas().into_iter().filter(|(_, schema)| schema.has("maxProperties"));
    let empty: Vec<String> = empty.map(|(name, _)| operation::type_name(name)).collect();
    let refusals = document.into_refusals();
    if !refusals.is_empty() {
        return Err(refusals);
    }

    let mut settings = GenerationSettings::default();
    settings.with_hooks(HooksMode::Expected).with_inner_type(quote!(Caller));
    let tokens = panic::guarded(file, &view, &settings).map_err(|refusal| vec![refusal])?;
    let plan = Plan { view: &view, calls: &checks.calls, secrets: &secrets, empty: &empty };
    let impls = &checks.impls;
    assemble(tokens, quote!(#supplement #impls), &plan)
        .map(|client| text::render(name, file, &client))
        .map_err(|error| vec![Refusal::new(file, "#", format!("the client's code does not parse: {error}"))])
}

fn assemble(progenitor: TokenStream, supplement: TokenStream, plan: &Plan<'_>) -> syn::Result<syn::File> {
    let mut client: syn::File = syn::parse2(progenitor)?;
    polish::apply(&mut client, plan)?;
    client.items.extend(syn::parse2::<syn::File>(supplement)?.items);
    arrange::arrange(&mut client);
    Ok(client)
}
