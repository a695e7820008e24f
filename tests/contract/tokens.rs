//! Tokens before every door: a credential opens the operations of its own dialect, and nothing opens those of another.

use contract_tests::{
    fixture::Fixture,
    socket::{KEY, Socket},
    spec::{self, Operation, Spec, entries},
    wire::Request,
};
use serde_json::Value;

use crate::{
    Dialect, Live,
    coverage::refusals,
    dialects::DIALECTS,
    examples::{bodies, request, security_schemes, with_body, with_credential},
};

/// What somebody holds who was let in somewhere.
struct Held {
    /// Where it comes from.
    dialect: &'static str,
    /// What it is there; credentials of a kind are good for the same operations.
    kind: &'static str,
    /// The token, or whatever it is.
    text: String,
}

/// Every credential, and whatever else a dialect hands out for its operations to take: refresh tokens, codes.
async fn everything_held(server: &Fixture) -> Vec<Held> {
    let mut held = Vec::new();
    for dialect in &DIALECTS {
        let mut hold = |kind, text| held.push(Held { dialect: dialect.name, kind, text });
        for (scheme, _) in entries(&spec_of(dialect).json["components"]["securitySchemes"]) {
            let (kind, text) = (dialect.credential)(server, scheme).await;
            hold(kind, text);
        }
        for operation in spec_of(dialect).operations() {
            for (kind, value) in (dialect.prepare)(server, operation.id).await {
                if let Value::String(text) = value {
                    hold(kind, text);
                }
            }
        }
    }
    held
}

fn spec_of(dialect: &Dialect) -> &'static Spec {
    &spec::all().iter().find(|(document, _)| document.dialect == dialect.name).expect("the dialect has a document").1
}

/// The operations that ask for a credential, each with every scheme by which it takes one.
fn doors(spec: &Spec) -> Vec<(Operation<'_>, &str, &Value)> {
    let secured = spec.operations().into_iter().filter(|operation| spec.is_secured(*operation));
    secured
        .flat_map(|operation| {
            security_schemes(spec, operation).into_iter().map(move |(name, scheme)| (operation, name, scheme))
        })
        .collect()
}

/// Whether the operation lets this credential in; then what it said instead.
async fn knock(
    server: &Fixture,
    spec: &Spec,
    operation: Operation<'_>,
    scheme: &Value,
    credential: &str,
) -> (bool, String) {
    let request = request(spec, operation, &Live::new()).from_new_device();
    let mut knock = with_credential(request, scheme, credential);
    if let Some((kind, example)) = bodies(spec, operation).into_iter().next().flatten() {
        knock = with_body(knock, kind, example);
    }
    if operation.node.get("x-websocket").is_some() {
        knock = handshake(knock);
    }
    // With one trace id and a clock that stands still, what differs between two replies is what the server tells.
    let reply = server.send(knock.header("X-Trace-ID", "same")).await.reply;
    let code = spec.code_pointer().and_then(|pointer| reply.json().pointer(&pointer)?.as_i64());
    let refusals = refusals(spec, operation);
    assert!(!refusals.is_empty(), "{} documents no refusal", operation.id);
    (!refusals.contains(&(reply.status, code)), reply.text())
}

fn handshake(request: Request) -> Request {
    request
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", KEY)
}

#[tokio::test]
async fn every_token_opens_its_own_dialect_only() {
    let server = Fixture::start().await;
    let held = everything_held(&server).await;
    for dialect in &DIALECTS {
        let spec = spec_of(dialect);
        for (operation, name, scheme) in doors(spec) {
            // A credential of its own for each door, because to pass one of them may be to log out.
            let (own_kind, own) = (dialect.credential)(&server, name).await;
            if operation.node.get("x-websocket").is_some() {
                let target = format!("{}?{}={own}", operation.path, scheme["name"].as_str().expect("in the query"));
                Socket::open(server.address(), &target).await;
            } else {
                let (open, said) = knock(&server, spec, operation, scheme, &own).await;
                assert!(open, "{}: the door is shut for its own: {said}", operation.id);
            }
            let (open, unknown) = knock(&server, spec, operation, scheme, "unknown").await;
            assert!(!open, "{}: {unknown}", operation.id);
            for Held { dialect: from, kind, text } in &held {
                if (*from, *kind) == (dialect.name, own_kind) {
                    continue;
                }
                let (open, said) = knock(&server, spec, operation, scheme, text).await;
                assert!(!open, "{} of {from} opens {} of {}", kind, operation.id, dialect.name);
                assert_eq!(said, unknown, "{} tells {kind} of {from} from what nobody ever held", operation.id);
            }
        }
    }
    // None of them was refused because it was no longer good.
    for dialect in &DIALECTS {
        let (spec, mut opened) = (spec_of(dialect), Vec::new());
        for (operation, name, scheme) in doors(spec) {
            let (kind, _) = (dialect.credential)(&server, name).await;
            // One door of a kind is enough, because to pass another may be to log out.
            if operation.node.get("x-websocket").is_some() || opened.contains(&kind) {
                continue;
            }
            opened.push(kind);
            let held = held.iter().find(|held| (held.dialect, held.kind) == (dialect.name, kind)).expect("it is held");
            let (open, said) = knock(&server, spec, operation, scheme, &held.text).await;
            assert!(open, "{}: {said}", operation.id);
        }
    }
}
