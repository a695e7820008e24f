//! The order of the file: the imports that are used, then the client and what belongs to it, then the types.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{File, Item, UseTree};

use super::polish::Readable;

/// Puts the imports first and the types last, and drops the imports that nothing uses.
pub(super) fn arrange(client: &mut File) {
    let rank = |item: &Item| match item {
        Item::Use(_) => 0,
        Item::Mod(module) if module.ident == "types" => 2,
        _ => 1,
    };
    client.items.sort_by_key(rank);
    let (imports, rest): (Vec<Item>, Vec<Item>) = client.items.drain(..).partition(|item| matches!(item, Item::Use(_)));
    let mut used = Words::default();
    for item in &rest {
        used.add(item.to_token_stream());
    }
    for mut item in imports {
        if let Item::Use(import) = &mut item
            && prune(&mut import.tree, &used, "")
        {
            client.items.push(item);
        }
    }
    client.items.extend(rest);
    Readable.visit_file_mut(client);
}

/// Leaves of the tree what is used; false if that is nothing. `parent` is the name before the tree.
fn prune(tree: &mut UseTree, used: &Words, parent: &str) -> bool {
    match tree {
        UseTree::Path(path) => {
            let ident = path.ident.clone();
            if !prune(&mut path.tree, used, &ident.to_string()) {
                return false;
            }
            if path.tree.to_token_stream().to_string() == "{ self }" {
                *tree = UseTree::Name(syn::UseName { ident });
            }
            true
        }
        UseTree::Name(name) => match name.ident.to_string().as_str() {
            "self" => used.begins(parent),
            // A trait that is used through its method.
            "RequestBuilderExt" => used.has("form_urlencoded"),
            name => used.has(name),
        },
        UseTree::Group(group) => {
            let leaves = std::mem::take(&mut group.items).into_iter();
            group.items = leaves.filter_map(|mut leaf| prune(&mut leaf, used, parent).then_some(leaf)).collect();
            !group.items.is_empty()
        }
        _ => true,
    }
}

/// The identifiers of some code.
#[derive(Default)]
pub(super) struct Words {
    all: HashSet<String>,
    /// Those that a path begins with.
    first: HashSet<String>,
}

impl Words {
    pub(super) fn of(tokens: TokenStream) -> Self {
        let mut words = Self::default();
        words.add(tokens);
        words
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.all.contains(word)
    }

    fn begins(&self, word: &str) -> bool {
        self.first.contains(word)
    }

    fn add(&mut self, tokens: TokenStream) {
        let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == proc_macro2::Spacing::Joint);
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (place, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.add(group.stream()),
                TokenTree::Ident(ident) => {
                    let after = is_colon(tokens.get(place + 1));
                    let before = place > 1 && is_colon(tokens.get(place - 2));
                    if after && !before {
                        self.first.insert(ident.to_string());
                    }
                    self.all.insert(ident.to_string());
                }
                _ => {}
            }
        }
    }
}
