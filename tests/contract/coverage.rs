//! Coverage: every operation has a transcript of a success, of a failure if it documents any, and of a refusal if it asks
//! for a credential; and every transcript belongs to a test.

use std::{collections::BTreeSet, process::Command};

use contract_tests::{
    snapshot::{self, Kept},
    spec::{self, Operation, Spec},
};

use crate::dialects::DIALECTS;

#[test]
fn every_document_has_tests() {
    let documents: Vec<_> = spec::all().iter().map(|(document, _)| document.dialect).collect();
    let tested: Vec<_> = DIALECTS.iter().map(|dialect| dialect.name).collect();
    assert_eq!(documents, tested);
}

#[test]
fn every_operation_is_covered() {
    for (_, spec) in spec::all() {
        let gaps = gaps(spec, &snapshot::kept(spec));
        assert!(gaps.is_empty(), "{}:\n{}", spec.dialect, gaps.join("\n"));
    }
}

#[test]
fn every_transcript_belongs_to_a_test() {
    let listed = Command::new(std::env::current_exe().expect("this program"))
        .args(["--list", "--format", "terse"])
        .output()
        .expect("the list of tests");
    let listed = String::from_utf8(listed.stdout).expect("text");
    let all: BTreeSet<_> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    assert!(all.contains("coverage::every_transcript_belongs_to_a_test"), "this is no list of tests: {listed}");
    let within = format!("{}::", snapshot::LIST);
    let tests: BTreeSet<_> = all.into_iter().filter_map(|test| test.strip_prefix(within.as_str())).collect();
    for (_, spec) in spec::all() {
        let stale: Vec<_> = snapshot::kept(spec)
            .into_iter()
            .filter(|kept| !tests.contains(kept.test.as_str()))
            .map(|kept| kept.test)
            .collect();
        assert!(stale.is_empty(), "transcripts that no test writes: {}", stale.join(", "));
    }
}

#[test]
fn every_document_s_transcripts_have_a_directory_of_their_own() {
    let known: BTreeSet<_> = spec::all().iter().map(|(document, _)| document.dialect).collect();
    for entry in std::fs::read_dir(snapshot::directory()).expect("a directory") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name in Unicode");
        assert!(known.contains(name.as_str()), "{name} is the directory of no dialect");
    }
}

/// What is missing, one sentence each.
fn gaps(spec: &Spec, kept: &[Kept]) -> Vec<String> {
    let mut gaps = Vec::new();
    for operation in spec.operations() {
        let of_operation: Vec<_> = kept.iter().filter(|kept| is_of(spec, operation, kept)).collect();
        let mut want = |there: bool, what: &str| {
            if !there {
                gaps.push(format!("{} has no transcript of a {what}", operation.id));
            }
        };
        want(of_operation.iter().any(|kept| is_success(kept)), "success");
        if documents_failure(spec, operation) {
            want(of_operation.iter().any(|kept| !is_success(kept)), "failure");
        }
        if spec.is_secured(operation) {
            let refusals = refusals(spec, operation);
            let refused = |kept: &&Kept| refusals.contains(&(kept.status, kept.code));
            want(of_operation.iter().copied().any(|kept| refused(&kept)), "refusal");
        }
    }
    gaps
}

/// Whether a transcript is of this operation.
pub fn is_of(spec: &Spec, operation: Operation<'_>, kept: &Kept) -> bool {
    let path = match spec::owner(&kept.path) {
        Some((_, owner, path)) if owner.dialect == spec.dialect => path,
        _ => kept.path.clone(),
    };
    let (mut template, mut found) = (operation.path.split('/'), path.split('/'));
    let same = loop {
        match (template.next(), found.next()) {
            (None, None) => break true,
            (Some(expected), Some(found)) if expected == found || expected.starts_with('{') && !found.is_empty() => {}
            _ => break false,
        }
    };
    same && kept.method == operation.method
}

/// Success has a status below 300 and, where the envelope has a code, the code 0 or that of HTTP's success.
fn is_success(kept: &Kept) -> bool {
    kept.status < 300 && matches!(kept.code, None | Some(0 | 200))
}

fn documents_failure(spec: &Spec, operation: Operation<'_>) -> bool {
    documented(spec, operation).iter().any(|(status, code)| *status >= 300 || !matches!(code, None | Some(0 | 200)))
}

/// What refuses a credential: a documented reply of status 401 or 403, or one whose example is so named.
pub fn refusals(spec: &Spec, operation: Operation<'_>) -> Vec<(u16, Option<i64>)> {
    let named = |name: &str| name.contains("unauthorized") || name.contains("authorization") || name.contains("token");
    let mut refusals = Vec::new();
    for (status, name, code) in named_replies(spec, operation) {
        if matches!(status, 401 | 403) || named(name) {
            refusals.push((status, code));
        }
    }
    refusals
}

fn documented(spec: &Spec, operation: Operation<'_>) -> Vec<(u16, Option<i64>)> {
    let mut replies: Vec<_> = spec.replies(operation).into_iter().map(|(status, _)| (status, None)).collect();
    replies.extend(named_replies(spec, operation).into_iter().map(|(status, _, code)| (status, code)));
    replies
}

/// Every reply example of an operation: status, name, code.
pub fn named_replies<'a>(spec: &'a Spec, operation: Operation<'a>) -> Vec<(u16, &'a str, Option<i64>)> {
    let code_pointer = spec.code_pointer();
    let mut replies = Vec::new();
    for (status, reply) in spec.replies(operation) {
        for (name, example) in spec.examples(&reply["content"]["application/json"]) {
            let code = code_pointer.as_deref().and_then(|pointer| example.pointer(pointer)?.as_i64());
            replies.push((status, name, code));
        }
    }
    replies
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A made-up library: lending asks for a credential, listing does not and cannot fail.
    fn library() -> Spec {
        let example = |code: i64| json!({ "value": { "code": code } });
        let lend = json!({
            "ok": example(0), "unauthorized": example(7), "taken": example(8),
        });
        let content =
            |examples: serde_json::Value| json!({ "application/json": { "schema": {}, "examples": examples } });
        Spec::new(
            "library",
            json!({
                "x-envelope": { "schema": "Reply", "roles": { "code": "code" } },
                "paths": {
                    "/books": { "get": {
                        "operationId": "listBooks",
                        "responses": { "200": { "content": content(json!({ "ok": example(0) })) } },
                    } },
                    "/books/{id}": { "post": {
                        "operationId": "lendBook",
                        "security": [{ "card": [] }],
                        "responses": { "200": { "content": content(lend) } },
                    } },
                },
            }),
        )
    }

    fn seen(method: &str, path: &str, code: i64) -> Kept {
        let (method, path) = (method.to_owned(), path.to_owned());
        Kept { test: "library::x::y".to_owned(), method, path, status: 200, code: Some(code) }
    }

    #[test]
    fn gaps_are_named_one_by_one() {
        let spec = library();
        let list = seen("GET", "/books", 0);
        let [lent, refused, taken] = [0, 7, 8].map(|code| seen("POST", "/books/12", code));
        assert_eq!(
            gaps(&spec, &[]),
            [
                "listBooks has no transcript of a success",
                "lendBook has no transcript of a success",
                "lendBook has no transcript of a failure",
                "lendBook has no transcript of a refusal",
            ]
        );
        assert_eq!(gaps(&spec, &[list.clone(), refused.clone()]), ["lendBook has no transcript of a success"]);
        assert_eq!(gaps(&spec, &[list.clone(), lent.clone(), taken]), ["lendBook has no transcript of a refusal"]);
        assert_eq!(gaps(&spec, &[list, lent, refused]), [] as [String; 0]);
    }

    #[test]
    fn transcripts_of_other_paths_and_methods_do_not_count() {
        let spec = library();
        for other in [seen("POST", "/books", 0), seen("GET", "/books/12", 0), seen("POST", "/books/", 0)] {
            assert!(spec.operations().iter().all(|operation| !is_of(&spec, *operation, &other)), "{other:?}");
        }
    }

    #[test]
    fn a_transcript_is_read_as_it_was_written() {
        let text = "---\nsource: x\n---\nPOST /books/12?x=1\n\nbody\n\n=> 200 OK\nx: y\n\n{\n  \"code\": 7\n}\n";
        let kept = Kept::read(&library(), "library::x::y".to_owned(), text);
        assert_eq!(kept, seen("POST", "/books/12", 7));
    }
}
