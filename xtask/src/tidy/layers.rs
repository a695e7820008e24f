//! The layers go one way: `openapi` -> `dialect` -> `domain` -> `store`. A name that belongs to another layer stops here.

use std::collections::BTreeSet;

use super::tokens::{self, Token};
use super::{Finding, Tree};

const RULE: &str = "layers";

/// What the files under one directory must not name.
struct Layer {
    within: &'static str,
    names: &'static [&'static str],
    reason: &'static str,
}

const LAYERS: &[Layer] = &[
    Layer {
        within: "server/src/dialect/",
        names: &["store", "sea_orm", "gatehouse_migration"],
        reason: "a dialect translates and calls the domain; queries belong to server/src/store",
    },
    Layer {
        within: "server/src/domain/",
        names: &["poem", "poem_openapi", "gatehouse_api", "dialect"],
        reason: "the domain knows no wire format and no transport",
    },
    Layer {
        within: "server/src/domain/",
        names: &["sea_orm", "gatehouse_migration"],
        reason: "the domain asks the store; queries belong to server/src/store",
    },
    Layer {
        within: "server/src/store/",
        names: &["poem", "poem_openapi", "gatehouse_api", "dialect"],
        reason: "the store knows no wire format and no transport",
    },
];

/// Where poem may be named, so that the transport can be exchanged without touching a dialect.
/// The micro-documents of the generator have a transport of their own.
const POEM: &[&str] = &[
    "openapi/src/generated/",
    "openapi/src/runtime/",
    "server/src/http/",
    "server/src/app.rs",
    "tests/golden/transport.rs",
];

/// The crates in which poem is looked for. The tasks only write its name into generated files.
const CRATES: &[&str] = &["openapi/", "server/", "migration/", "client-sdk/", "tests/"];

const DIALECTS: &str = "server/src/dialect/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let dialects = dialects(tree);
    let mut findings = Vec::new();
    for file in tree.rust() {
        let starts = |prefix: &&str| file.path.starts_with(*prefix);
        let Ok(tokens) = tokens::read(&file.text, false) else {
            findings.push(Finding::new(
                &file.path,
                1,
                RULE,
                "this is no Rust that can be read, so nothing is known of it",
            ));
            continue;
        };
        for layer in LAYERS.iter().filter(|layer| starts(&layer.within)) {
            for (name, line) in named(&tokens, |name| layer.names.contains(&name)) {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    RULE,
                    format!("`{name}` has no place here: {}", layer.reason),
                ));
            }
        }
        if let Some(own) = file.path.strip_prefix(DIALECTS).and_then(|rest| rest.split_once('/')).map(|(own, _)| own) {
            for (name, line) in named(&tokens, |name| name != own && dialects.contains(name)) {
                let sentence = format!("`{own}` must not know `{name}`: what two dialects share belongs to the domain");
                findings.push(Finding::new(&file.path, line, RULE, sentence));
            }
        }
        let everywhere = CRATES.iter().any(starts) && !POEM.iter().any(starts) && !file.is_generated();
        let reported = LAYERS.iter().any(|layer| starts(&layer.within) && layer.names.contains(&"poem"));
        if everywhere && !reported {
            for (name, line) in named(&tokens, |name| matches!(name, "poem" | "poem_openapi")) {
                let sentence = format!("`{name}` may be named in {} only", POEM.join(", "));
                findings.push(Finding::new(&file.path, line, RULE, sentence));
            }
        }
    }
    findings
}

/// The folders below `dialect/`, which are the dialects' names.
fn dialects(tree: &Tree) -> BTreeSet<&str> {
    let below = tree.rust().filter_map(|file| file.path.strip_prefix(DIALECTS)?.split_once('/'));
    below.map(|(name, _)| name).collect()
}

/// Where one of the names stands as part of a path or an import; a variable of that name is nobody's layer.
fn named(tokens: &[Token], wanted: impl Fn(&str) -> bool) -> Vec<(&str, usize)> {
    let text = |index: usize| tokens.get(index).map_or("", |token| &*token.text);
    let is_segment = |index: usize| {
        let after_root = index >= 2
            && text(index - 1) == "::"
            && matches!(text(index - 2), "crate" | "super" | "self" | "gatehouse_server");
        tokens[index].in_use || after_root || text(index + 1) == "::"
    };
    let hits = tokens.iter().enumerate().filter(|(index, token)| wanted(&token.text) && is_segment(*index));
    hits.map(|(_, token)| (&*token.text, token.line)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{brief, tree};
    use super::check;

    fn of(files: &[(&str, &str)]) -> Vec<String> {
        brief(&check(&tree(files)))
    }

    #[test]
    fn a_dialect_names_no_store() {
        let file = "server/src/dialect/go_api/handler.rs";
        assert_eq!(of(&[(file, "use crate::{domain, store::Store};")]), [format!("{file}:1 layers")]);
        assert_eq!(of(&[(file, "\nfn a() { crate::store::go() }")]), [format!("{file}:2 layers")]);
        assert_eq!(of(&[(file, "use sea_orm::EntityTrait;")]), [format!("{file}:1 layers")]);
        assert!(of(&[(file, "fn a(store: &Shop) { store.open() } // crate::store")]).is_empty());
    }

    #[test]
    fn the_domain_names_no_transport_and_no_query() {
        let file = "server/src/domain/app.rs";
        assert_eq!(of(&[(file, "use poem::Request;")]), [format!("{file}:1 layers")]);
        assert_eq!(of(&[(file, "fn a() -> sea_orm::DbErr { b }")]), [format!("{file}:1 layers")]);
        assert!(of(&[(file, "use crate::store::Store;")]).is_empty());
    }

    #[test]
    fn the_store_names_no_transport() {
        assert_eq!(of(&[("server/src/store/app.rs", "use poem::Request;")]), ["server/src/store/app.rs:1 layers"]);
    }

    #[test]
    fn dialects_do_not_know_each_other() {
        let other = ("server/src/dialect/edge_gateway/mod.rs", "");
        let good = ("server/src/dialect/go_api/mod.rs", "use gatehouse_api::go_api;");
        assert!(of(&[good, other]).is_empty());
        let bad = ("server/src/dialect/go_api/mod.rs", "use super::edge_gateway::Fault;");
        assert_eq!(of(&[bad, other]), ["server/src/dialect/go_api/mod.rs:1 layers"]);
    }

    #[test]
    fn poem_stays_where_the_transport_is() {
        for good in
            ["server/src/http/mount.rs", "server/src/app.rs", "openapi/src/runtime/form.rs", "xtask/src/main.rs"]
        {
            assert!(of(&[(good, "use poem::Request;")]).is_empty(), "{good}");
        }
        for bad in ["server/src/config.rs", "openapi/src/lib.rs", "tests/src/lib.rs", "client-sdk/src/lib.rs"] {
            assert_eq!(of(&[(bad, "use poem_openapi::Object;")]), [format!("{bad}:1 layers")]);
        }
    }

    #[test]
    fn what_cannot_be_read_is_reported() {
        assert_eq!(of(&[("server/src/lib.rs", "fn a( {")]), ["server/src/lib.rs:1 layers"]);
    }
}
