//! The round trip of every micro-document: it becomes code, the code emits a document, and the two say the same.

use std::sync::Arc;

use contract_tests::{meaning::differences, spec::Spec};
use gatehouse_api::runtime::{Dialect, RouteTable};

use crate::{
    bodies, envelopes, generated, idempotent, names, parameters, plain, replies, security, text_too, websocket,
};

fn differences_of<D: Dialect>(routes: D) -> Vec<String> {
    let document = D::DOCUMENT;
    let authored = Spec::new(document.dialect, serde_json::from_str(document.json).unwrap());
    let emitted = RouteTable::new(routes).emitted();
    differences(&authored, &Spec::new(document.dialect, serde_json::from_str(&emitted).unwrap()))
}

/// A test for each micro-document, and one that none is forgotten.
macro_rules! round_trips {
    ($($document:ident: $handler:expr,)*) => {
        $(#[test]
        fn $document() {
            let found = differences_of(generated::$document::server::Routes::new(Arc::new($handler)));
            assert!(found.is_empty(), "authored and emitted:\n{}", found.join("\n"));
        })*

        #[test]
        fn every_micro_document_is_here() {
            let listed = [$(stringify!($document)),*];
            let modules = include_str!("generated/mod.rs").lines().filter_map(|line| line.strip_prefix("pub mod "));
            for module in modules {
                assert!(listed.contains(&module.trim_end_matches(';')), "{module} is missing");
            }
        }
    };
}

round_trips! {
    counted: envelopes::Handler,
    defaults: bodies::Echo,
    delete_body: bodies::Echo,
    forms: bodies::Echo,
    headers: replies::Pages::bare(),
    idempotent: idempotent::Counter::default(),
    limits: replies::Nothing,
    names: names::Echo,
    one_of: replies::Things,
    optioned: envelopes::Handler,
    parameters: parameters::Echo,
    plain: plain::Doors,
    schemas: bodies::Echo,
    security: security::Doors,
    text_too: text_too::Echo,
    timed: envelopes::Handler,
    websocket: websocket::Echo,
}
