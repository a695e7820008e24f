//! The replies of operations: which statuses there can be, and what each may hold.

use super::checks::Checks;
use crate::codegen::{
    ir::{Document, Kind, Listed, Operation, Reply},
    server::{plain, types::named},
};

/// Refuses replies that the server would not give.
pub fn all(checks: &Checks<'_>) {
    for operation in &checks.doc.operations {
        let at = format!("{}/responses", checks.at(operation));
        if checks.is_whole {
            statuses(checks, operation, &at);
        }
        for (status, listed) in &operation.replies {
            let Some(reply) = checks.doc.reply(listed) else { continue };
            let at = format!("{at}/{status}");
            match checks.doc.envelope {
                Some(_) => enveloped(checks, operation, *status, reply, &at),
                None => plainly(checks, operation, *status, reply, &at),
            }
            if (200..300).contains(status) && *status == 204 && reply.body.is_some() {
                checks.refuse(&at, "a reply 204 has no body");
            }
        }
    }
    shared(checks);
}

fn statuses(checks: &Checks<'_>, operation: &Operation, at: &str) {
    let successes: Vec<u16> =
        operation.replies.iter().map(|(status, _)| *status).filter(|status| *status < 300).collect();
    let expected = if operation.websocket.is_some() { 101 } else { 200 };
    match (operation.websocket.is_some(), checks.doc.envelope.is_some()) {
        (true, false) => checks.refuse(at, "a WebSocket needs an `x-envelope` for what is refused before it opens"),
        (true, true) | (false, true) if successes != [expected] => {
            checks.refuse(at, format!("the success of this operation is the one status {expected}"));
        }
        (false, false) if successes.len() != 1 || successes == [101] => {
            checks.refuse(at, "an operation needs exactly one success from 200 to 299");
        }
        _ => {}
    }
    for (status, _) in &operation.replies {
        if (300..400).contains(status) {
            checks.refuse(&format!("{at}/{status}"), "redirections are not supported");
        }
        if *status < 200 && operation.websocket.is_none() {
            checks.refuse(&format!("{at}/{status}"), "only a WebSocket has the reply 101, and needs `x-websocket`");
        }
    }
}

fn enveloped(checks: &Checks<'_>, operation: &Operation, status: u16, reply: &Reply, at: &str) {
    if status < 200 {
        if reply.body.is_some() {
            checks.refuse(at, "the reply 101 has no body");
        }
        return;
    }
    match &reply.body {
        None => checks.refuse(at, "a reply without the envelope is not supported where there is one"),
        Some(ty) if !matches!(ty.kind, Kind::Named(_)) => {
            checks.refuse(at, "the body of a reply must be a schema of the envelope's form");
        }
        Some(_) => {}
    }
    for header in set_by_handler(checks.doc, reply) {
        if status != 200 || operation.websocket.is_some() {
            checks.refuse(
                at,
                format!("`{header}` is set by nobody: a failure has only headers with `x-set-by: transport`"),
            );
        }
    }
    let required = reply.headers.iter().filter_map(|used| checks.doc.header(used));
    for header in required.filter(|header| header.required && !header.by_transport && status == 200) {
        checks.refuse(
            at,
            format!("`{}` cannot be required: a failure with the status 200 does not have it", header.name),
        );
    }
}

fn plainly(checks: &Checks<'_>, operation: &Operation, status: u16, reply: &Reply, at: &str) {
    if !plain::is_transports(checks.doc, operation, status) {
        return;
    }
    if reply.body.is_some() {
        checks.refuse(at, format!("the reply {status} is the transport's, and without an `x-envelope` it has no body"));
    }
    for header in set_by_handler(checks.doc, reply) {
        checks.refuse(at, format!("`{header}` is set by nobody: the reply {status} is the transport's"));
    }
}

fn set_by_handler(doc: &Document, reply: &Reply) -> Vec<String> {
    let headers = reply.headers.iter().filter_map(|used| doc.header(used));
    headers.filter(|header| !header.by_transport).map(|header| header.name.clone()).collect()
}

/// A named reply is one function of the code, and so has one status.
fn shared(checks: &Checks<'_>) {
    for reply in &checks.doc.replies {
        let listed = checks.doc.operations.iter().flat_map(|operation| &operation.replies);
        let named = listed.filter(|(_, listed)| matches!(listed, Listed::Named(name) if *name == reply.name));
        let mut statuses: Vec<u16> = named.map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        statuses.dedup();
        if statuses.len() > 1 {
            let at = format!("/components/responses/{}", crate::codegen::refusal::step(&reply.name));
            checks.refuse(&at, "a named reply has one status wherever it is listed");
        }
        if let Some(ty) = &reply.value.body
            && named_by_list(&ty.kind)
        {
            let at = format!("/components/responses/{}", crate::codegen::refusal::step(&reply.name));
            checks.refuse(&at, "the body of a named reply is a named schema");
        }
    }
}

fn named_by_list(kind: &Kind) -> bool {
    !matches!(kind, Kind::Named(_)) && named(kind).is_some()
}
