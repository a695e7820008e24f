//! Makes progenitor's code what a person would have written: documented order of fields, one arm for all statuses of
//! one type, no lifetimes that elision covers, no silenced lints, no constructor that can panic, no printed secrets.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use serde_json::Value;
use syn::parse::Parser;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, Fields, File, ImplItem, Item, ItemImpl, ItemStruct, Meta, Pat, Stmt};

use super::arrange::Words;
use super::operation::{Operation, field, type_name};
use super::view::View;

/// How many arguments clippy lets a function have.
const ARGUMENTS: usize = 7;

/// How typify refuses what a type does not have.
const DENIAL: &str = "# [serde (deny_unknown_fields)]";

/// What the pieces beside progenitor know.
pub(super) struct Plan<'a> {
    pub view: &'a View,
    /// The checks that a method starts with.
    pub calls: &'a [(String, TokenStream)],
    /// The secret fields of types.
    pub secrets: &'a [(String, Vec<String>)],
    /// The types that never hold anything, and refuse what does.
    pub empty: &'a [String],
}

pub(super) fn apply(client: &mut File, plan: &Plan<'_>) -> syn::Result<()> {
    client.items.retain(|item| match item {
        // `prelude` names one type, and the assertion is for a hook that is written by hand; ours is not.
        Item::Mod(module) => module.ident != "prelude",
        Item::Const(constant) => constant.ident != "_",
        _ => true,
    });
    for item in &mut client.items {
        match item {
            Item::Mod(module) if module.ident == "types" => {
                if let Some((_, items)) = &mut module.content {
                    types(items, plan)?;
                }
            }
            Item::Impl(block) => methods(block, plan)?,
            _ => {}
        }
    }
    Readable.visit_file_mut(client);
    Ok(())
}

fn types(items: &mut Vec<Item>, plan: &Plan<'_>) -> syn::Result<()> {
    let schemas = plan.view.document["components"]["schemas"].as_object();
    for mut item in std::mem::take(items) {
        let mut added = None;
        match &mut item {
            Item::Struct(item) => {
                let schema = schemas.and_then(|schemas| schemas.iter().find(|(name, _)| item.ident == type_name(name)));
                if !plan.empty.contains(&item.ident.to_string()) {
                    item.attrs.retain(|attribute| attribute.to_token_stream().to_string() != DENIAL);
                }
                fields(item, schema.map_or(&Value::Null, |(_, schema)| schema), plan);
                if let Some((_, secrets)) = plan.secrets.iter().find(|(name, _)| item.ident == name) {
                    added = Some(redacted_debug(item, secrets)?);
                }
            }
            Item::Enum(item) => {
                for variant in &mut item.variants {
                    if !variant.attrs.iter().any(|attribute| attribute.path().is_ident("doc")) {
                        let doc = renamed(&variant.attrs).unwrap_or_else(|| variant.ident.to_string());
                        let doc = format!(" `{doc}`.");
                        variant.attrs.insert(0, syn::parse_quote!(#[doc = #doc]));
                    }
                }
            }
            _ => {}
        }
        items.push(item);
        items.extend(added);
    }
    Ok(())
}

/// The name on the wire, if an attribute of serde gives another one than the identifier.
fn renamed(attributes: &[Attribute]) -> Option<String> {
    let serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let mut name = None;
    for attribute in serde {
        // Other keys than `rename` end the parse early; there is nothing to look for behind them.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            }
            Ok(())
        });
    }
    name
}

/// Brings the fields into the document's order, and describes those that are only a reference. A body that has no name
/// in the document keeps progenitor's order, and gets descriptions all the same.
fn fields(item: &mut ItemStruct, schema: &Value, plan: &Plan<'_>) {
    let Fields::Named(named) = &mut item.fields else { return };
    let properties = &schema["properties"];
    let order: Vec<String> = properties.as_object().into_iter().flatten().map(|(name, _)| field(name)).collect();
    let mut fields: Vec<syn::Field> = std::mem::take(&mut named.named).into_iter().collect();
    let ident = |field: &syn::Field| field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    fields.sort_by_key(|field| order.iter().position(|name| *name == ident(field)).unwrap_or(usize::MAX));
    for field in &mut fields {
        if !field.attrs.iter().any(|attribute| attribute.path().is_ident("doc")) {
            let name = renamed(&field.attrs).unwrap_or_else(|| ident(field));
            let target = properties[&name]["$ref"].as_str().and_then(|target| target.rsplit('/').next());
            let target = target.map(|target| &plan.view.document["components"]["schemas"][target]);
            let doc = target.and_then(|target| target["description"].as_str());
            let doc = doc.map_or_else(|| format!("`{name}`."), ToOwned::to_owned);
            field.attrs.insert(0, syn::parse_quote!(#[doc = #doc]));
        }
    }
    named.named = fields.into_iter().collect();
}

/// Takes `Debug` from the derived traits, and gives it back as an implementation that prints no secret.
fn redacted_debug(item: &mut ItemStruct, secrets: &[String]) -> syn::Result<Item> {
    for attribute in item.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        let mut kept = Vec::new();
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("Debug") {
                kept.push(meta.path);
            }
            Ok(())
        })?;
        *attribute = syn::parse_quote!(#[derive(#(#kept),*)]);
    }
    let ident = &item.ident;
    let name = ident.to_string();
    let lines = item.fields.iter().filter_map(|field| field.ident.as_ref()).map(|field| {
        let name = field.to_string();
        if secrets.contains(&name) {
            quote!(.field(#name, &format_args!("[redacted]")))
        } else {
            quote!(.field(#name, &self.#field))
        }
    });
    Ok(syn::parse_quote! {
        impl std::fmt::Debug for #ident {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.debug_struct(#name) #(#lines)* .finish()
            }
        }
    })
}

fn methods(block: &mut ItemImpl, plan: &Plan<'_>) -> syn::Result<()> {
    // `new` makes a client of its own, and panics where that fails.
    block.items.retain(|item| !matches!(item, ImplItem::Fn(method) if method.sig.ident == "new"));
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let Some(operation) = plan.view.operations.iter().find(|operation| method.sig.ident == operation.method())
        else {
            continue;
        };
        method.sig.generics = syn::Generics::default();
        Elided.visit_signature_mut(&mut method.sig);
        describe(&mut method.attrs, plan, operation);
        if method.sig.inputs.len() > ARGUMENTS {
            method.attrs.push(syn::parse_quote! {
                #[expect(clippy::too_many_arguments, reason = "the document has as many parameters")]
            });
        }
        let texts = method.sig.inputs.iter().filter_map(text_argument).collect();
        Encoded(texts).visit_block_mut(&mut method.block);
        body(&mut method.block, plan, &operation.method())?;
    }
    Ok(())
}

/// The name of an argument that is a `&str`.
fn text_argument(argument: &syn::FnArg) -> Option<String> {
    let syn::FnArg::Typed(argument) = argument else { return None };
    let is_text = argument.ty.to_token_stream().to_string() == "& str";
    is_text.then(|| argument.pat.to_token_stream().to_string())
}

/// Takes the detour over a new `String` from path parameters that are text already; it holds their names.
struct Encoded(Vec<String>);

impl VisitMut for Encoded {
    fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
        type Arguments = syn::punctuated::Punctuated<Expr, syn::Token![,]>;
        let Ok(mut arguments) = call.parse_body_with(Arguments::parse_terminated) else { return };
        for argument in arguments.iter_mut() {
            for name in &self.0 {
                if argument.to_token_stream().to_string() == format!("encode_path (& {name} . to_string ())") {
                    let ident = quote::format_ident!("{name}");
                    *argument = syn::parse_quote!(encode_path(#ident));
                }
            }
        }
        arguments.pop_punct();
        call.tokens = arguments.into_token_stream();
    }
}

/// Says what the operation is, where it is, and what its arguments are.
fn describe(attributes: &mut Vec<Attribute>, plan: &Plan<'_>, operation: &Operation) {
    let view = &plan.view.document["paths"][&operation.view_path][&operation.verb];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut doc = format!("`{}`: {}", operation.id, text(&view["summary"]));
    if !doc.ends_with('.') {
        doc.push('.');
    }
    let place = format!("`{} {}`", operation.verb.to_uppercase(), operation.path);
    let mut paragraphs = vec![doc, text(&view["description"]), place];
    if operation.multipart {
        paragraphs.push("The body goes out as `multipart/form-data`.".to_owned());
    }
    let parameters = view["parameters"].as_array().into_iter().flatten();
    let lines = parameters.map(|parameter| {
        let name = field(&text(&parameter["name"]));
        format!("- `{name}`: {}", text(&parameter["description"]))
    });
    paragraphs.push(lines.collect::<Vec<_>>().join("\n"));
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    let doc = paragraphs.join("\n\n");
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    attributes.insert(0, syn::parse_quote!(#[doc = #doc]));
}

fn body(block: &mut Block, plan: &Plan<'_>, method: &str) -> syn::Result<()> {
    // progenitor sends the document's version as a header that no document of ours has.
    block.stmts.retain(|statement| !statement.to_token_stream().to_string().contains("\"api-version\""));
    let uses = |statement: &Stmt| Words::of(statement.to_token_stream()).has("header_map");
    if block.stmts.iter().filter(|statement| uses(statement)).count() == 2 {
        block.stmts.retain(|statement| {
            !matches!(statement, Stmt::Local(local) if local.pat.to_token_stream().to_string() == "mut header_map")
        });
        NoHeaders.visit_block_mut(block);
    }
    if let Some(Stmt::Expr(Expr::Match(replies), _)) = block.stmts.last_mut() {
        merge_arms(replies);
    }
    if let Some((_, checks)) = plan.calls.iter().find(|(name, _)| name == method) {
        let checks: Block = syn::parse2(quote!({ #checks }))?;
        block.stmts.splice(0..0, checks.stmts);
    }
    Ok(())
}

/// Statuses that are read in the same way share an arm.
fn merge_arms(replies: &mut syn::ExprMatch) {
    let mut merged: Vec<syn::Arm> = Vec::new();
    for arm in std::mem::take(&mut replies.arms) {
        let text = |arm: &syn::Arm| arm.body.to_token_stream().to_string();
        let wild = matches!(arm.pat, Pat::Wild(_));
        match merged.iter_mut().find(|other| !wild && text(other) == text(&arm)) {
            Some(other) => {
                let (first, second) = (&other.pat, &arm.pat);
                other.pat = Pat::parse_multi.parse2(quote!(#first | #second)).unwrap_or_else(|_| arm.pat.clone());
            }
            None => merged.push(arm),
        }
    }
    replies.arms = merged;
}

/// Removes `.headers(header_map)`.
struct NoHeaders;

impl VisitMut for NoHeaders {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        if let Expr::MethodCall(call) = expression
            && call.method == "headers"
        {
            *expression = (*call.receiver).clone();
        }
    }
}

/// Removes lifetimes of references, which elision gives back.
struct Elided;

impl VisitMut for Elided {
    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        reference.lifetime = None;
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_receiver_mut(&mut self, receiver: &mut syn::Receiver) {
        *receiver = syn::parse_quote!(&self);
    }
}

/// Shortens what the prelude has, takes the suffix from numbers whose type is known, and silences no lint.
pub(super) struct Readable;

impl VisitMut for Readable {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        attributes.retain(|attribute| !attribute.path().is_ident("allow"));
        attributes.sort_by_key(|attribute| !attribute.path().is_ident("doc"));
        for attribute in attributes {
            if let Meta::List(list) = &mut attribute.meta {
                list.tokens = shortened(std::mem::take(&mut list.tokens));
            }
            visit_mut::visit_attribute_mut(self, attribute);
        }
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        const PRELUDE: &[[&str; 3]] = &[
            ["std", "string", "String"],
            ["std", "option", "Option"],
            ["std", "vec", "Vec"],
            ["std", "result", "Result"],
            ["std", "convert", "TryFrom"],
        ];
        let known = |names: &&[&str; 3]| {
            let segments = path.segments.iter().map(|segment| &segment.ident);
            path.segments.len() == 3 && segments.zip(names.iter()).all(|(ident, name)| ident == name)
        };
        if PRELUDE.iter().any(|names| known(&names)) {
            path.segments = path.segments.last().cloned().into_iter().collect();
        }
        path.leading_colon = None;
        visit_mut::visit_path_mut(self, path);
    }

    fn visit_lit_int_mut(&mut self, number: &mut syn::LitInt) {
        *number = syn::LitInt::new(number.base10_digits(), number.span());
    }

    fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
        // The fragment of a further media type's path stays in the view: it is no part of the URL.
        call.tokens = std::mem::take(&mut call.tokens).into_iter().map(without_fragment).collect();
        visit_mut::visit_macro_mut(self, call);
    }
}

/// `::serde::Serialize` in a list of traits, and `"::std::option::Option::is_none"` in an attribute of serde.
fn shortened(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for token in tokens {
        if let TokenTree::Ident(_) = &token {
            let colons = out.iter().rev().take_while(|token| token.to_string() == ":").count();
            let leading = out.len() - colons;
            let separated = leading == 0 || out[leading - 1].to_string() == ",";
            if colons == 2 && separated {
                out.truncate(leading);
            }
        }
        let text = token.to_string();
        match text.strip_prefix("\"::std::option::") {
            Some(path) => out.push(TokenTree::Literal(Literal::string(path.trim_end_matches('"')))),
            None => out.push(token),
        }
    }
    out.into_iter().collect()
}

fn without_fragment(token: TokenTree) -> TokenTree {
    let text = token.to_string();
    match text.split_once('#') {
        Some((path, _)) if text.starts_with("\"{}/") => {
            TokenTree::Literal(Literal::string(path.trim_start_matches('"')))
        }
        _ => token,
    }
}
