//! The judge: whether a reply is one that the document promises. Status, headers and body, for every reply.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use gatehouse_api::runtime::{Document, TraceId};
use http::{HeaderMap, HeaderValue, header};
use jsonschema::{Draft, Validator};
use serde_json::Value;

use crate::spec::{self, Operation, Side, Spec, entries};

/// A reply, and the request that it answers.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's path, without the query.
    pub path: &'a str,
    /// The reply's status.
    pub status: u16,
    /// The reply's headers.
    pub headers: &'a HeaderMap,
    /// The reply's body.
    pub body: &'a [u8],
}

/// What a path outside every operation may be answered with, and a request that could not be read so far as to tell.
const OUTSIDE: [u16; 9] = [400, 404, 405, 413, 414, 429, 431, 500, 503];

/// Headers that replies of a dialect with a limit carry even where no operation was reached.
const RATE_HEADERS: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Everything in which a reply departs from its document; nothing where it keeps to it.
pub fn judge(seen: Seen<'_>) -> Vec<String> {
    let Some((document, spec, path)) = spec::owner(seen.path) else {
        return judge_ops(seen);
    };
    let mut wrong = Vec::new();
    if let Err(why) = trace_id(seen.headers) {
        wrong.push(why);
    }
    let id = document.operation(seen.method, &path).map(|facts| facts.id);
    match spec.operations().into_iter().find(|operation| Some(operation.id) == id) {
        Some(operation) => in_operation(&mut wrong, spec, operation, seen),
        None if seen.method == "OPTIONS" && seen.status == 204 => preflight(&mut wrong, seen),
        None => outside(&mut wrong, document, spec, &path, seen),
    }
    let place = format!("{} {} answered {}", seen.method, seen.path, seen.status);
    wrong.into_iter().map(|why| format!("{place}: {why}")).collect()
}

fn in_operation(wrong: &mut Vec<String>, spec: &Spec, operation: Operation<'_>, seen: Seen<'_>) {
    let Some(reply) = spec.reply(operation, seen.status) else {
        wrong.push(format!("`{}` documents no such status", operation.id));
        return;
    };
    for (name, header) in entries(reply.get("headers").unwrap_or(&Value::Null)) {
        if let Err(why) = check_header(spec, name, spec.resolve(header), seen.headers) {
            wrong.push(why);
        }
    }
    match reply.get("content").and_then(|content| content.get("application/json")) {
        Some(_) if seen.method == "HEAD" => empty(wrong, seen),
        Some(media) => wrong.extend(check_body(spec, &media["schema"], seen)),
        None => empty(wrong, seen),
    }
}

fn outside(wrong: &mut Vec<String>, document: &Document, spec: &Spec, path: &str, seen: Seen<'_>) {
    if !OUTSIDE.contains(&seen.status) {
        wrong.push("no operation is there".to_owned());
    }
    if seen.status == 405 {
        let mut documented: Vec<_> =
            document.operations.iter().filter(|facts| facts.is_at(path)).map(|facts| facts.method).collect();
        if document.operation("HEAD", path).is_some() {
            documented.push("HEAD");
        }
        let allow = seen.headers.get(header::ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut allowed: Vec<_> = allow.split(',').map(str::trim).collect();
        documented.sort_unstable();
        allowed.sort_unstable();
        if documented != allowed {
            wrong.push(format!("`Allow` says {allow:?}, the document {documented:?}"));
        }
    }
    if document.rate_limit.is_some() {
        for name in RATE_HEADERS {
            if !seen.headers.contains_key(name) {
                wrong.push(format!("{name} is missing"));
            }
        }
    }
    if seen.status == 429 && !seen.headers.contains_key(header::RETRY_AFTER) {
        wrong.push("Retry-After is missing".to_owned());
    }
    if seen.method == "HEAD" {
        empty(wrong, seen);
    } else if let Some(schema) = spec.failure_schema() {
        wrong.extend(check_body(spec, &schema, seen));
    }
}

fn preflight(wrong: &mut Vec<String>, seen: Seen<'_>) {
    if !seen.headers.contains_key(header::ACCESS_CONTROL_ALLOW_METHODS) {
        wrong.push("a preflight's answer names the methods".to_owned());
    }
    empty(wrong, seen);
}

/// Outside every dialect there is JSON, a page of Swagger UI, or a text for machines; never a bare error.
fn judge_ops(seen: Seen<'_>) -> Vec<String> {
    let kind = seen.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if seen.status < 400 || seen.status == 503 && kind == "application/json" || kind == "application/problem+json" {
        return Vec::new();
    }
    vec![format!("{} {} answered {} as {kind:?}", seen.method, seen.path, seen.status)]
}

fn trace_id(headers: &HeaderMap) -> Result<(), String> {
    let values: Vec<_> = headers.get_all("X-Trace-ID").iter().collect();
    match values.as_slice() {
        [one] if TraceId::new(one.as_bytes()).is_some() => Ok(()),
        other => Err(format!("X-Trace-ID is {other:?}")),
    }
}

fn empty(wrong: &mut Vec<String>, seen: Seen<'_>) {
    if !seen.body.is_empty() {
        wrong.push(format!("it has a body of {} bytes", seen.body.len()));
    }
}

fn check_header(spec: &Spec, name: &str, header: &Value, headers: &HeaderMap) -> Result<(), String> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else {
        return if header["required"] == true { Err(format!("{name} is missing")) } else { Ok(()) };
    };
    if second.is_some() {
        return Err(format!("{name} stands there twice"));
    }
    let text = value.to_str().map_err(|_| format!("{name} is not ASCII"))?;
    let schema = spec.resolve(&header["schema"]);
    let value = match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => text.parse().map_err(|_| format!("{name} is {text:?}"))?,
        _ => Value::String(text.to_owned()),
    };
    let problems = problems(&validator(spec, schema, Side::Reply), &value);
    if problems.is_empty() { Ok(()) } else { Err(format!("{name} is {text:?}: {}", problems.join("; "))) }
}

fn check_body(spec: &Spec, schema: &Value, seen: Seen<'_>) -> Vec<String> {
    let kind = seen.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim() != "application/json" {
        return vec![format!("its Content-Type is {kind:?}")];
    }
    match serde_json::from_slice::<Value>(seen.body) {
        Ok(body) => {
            let mut wrong = problems(&validator(spec, schema, Side::Reply), &body);
            if let Some(pointer) = spec.pointer_of("trace-id") {
                let (in_body, in_header) = (body.pointer(&pointer), seen.headers.get("X-Trace-ID"));
                if in_body.and_then(Value::as_str).map(str::as_bytes) != in_header.map(HeaderValue::as_bytes) {
                    wrong.push(format!("the trace id is {in_body:?} in the body and {in_header:?} in the header"));
                }
            }
            wrong
        }
        Err(error) => vec![format!("the body is not JSON: {error}")],
    }
}

/// In what a value departs from a schema of the document.
pub fn check_value(spec: &Spec, schema: &Value, side: Side, value: &Value) -> Vec<String> {
    problems(&validator(spec, schema, side), value)
}

fn problems(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn validator(spec: &Spec, schema: &Value, side: Side) -> Arc<Validator> {
    let key = format!("{} {side:?} {schema}", spec.dialect);
    let mut known = VALIDATORS.lock().unwrap();
    let made = known.entry(key).or_insert_with(|| {
        let schema = spec.json_schema(schema, side);
        Arc::new(jsonschema::options().with_draft(Draft::Draft4).build(&schema).expect("the schema is one"))
    });
    Arc::clone(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &str = "/go-api/external/service/ping";
    const GOOD: &str = r#"{"code":0,"msg":"ok","trace":{"id":"x","desc":""},"data":null}"#;

    fn headers(left_out: &str) -> HeaderMap {
        let all = [
            ("x-trace-id", "x"),
            ("content-type", "application/json"),
            ("x-ratelimit-limit", "9"),
            ("x-ratelimit-remaining", "8"),
            ("x-ratelimit-reset", "7"),
        ];
        let kept = all.into_iter().filter(|(name, _)| *name != left_out);
        kept.map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    fn verdict(method: &str, path: &str, status: u16, headers: &HeaderMap, body: &str) -> Vec<String> {
        judge(Seen { method, path, status, headers, body: body.as_bytes() })
    }

    #[test]
    fn what_the_document_promises_passes() {
        assert_eq!(verdict("GET", PING, 200, &headers(""), GOOD), [] as [String; 0]);
        assert_eq!(verdict("GET", "/go-api/v1/external/service/ping", 200, &headers(""), GOOD), [] as [String; 0]);
        assert_eq!(verdict("HEAD", PING, 200, &headers(""), ""), [] as [String; 0]);
    }

    #[test]
    fn every_departure_is_told() {
        for (status, left_out, body) in [
            (201, "", GOOD),
            (200, "x-trace-id", GOOD),
            (200, "x-ratelimit-reset", GOOD),
            (200, "content-type", GOOD),
            (200, "", "pong"),
            (200, "", r#"{"code":0,"msg":"ok","trace":{"id":"x","desc":""}}"#),
            (200, "", r#"{"code":"0","msg":"ok","trace":{"id":"x","desc":""},"data":null}"#),
            (200, "", r#"{"code":3000000000,"msg":"ok","trace":{"id":"x","desc":""},"data":null}"#),
            (200, "", r#"{"code":0,"msg":"ok","trace":{"id":"x","desc":""},"data":{}}"#),
            (200, "", r#"{"code":0,"msg":"ok","trace":{"id":"y","desc":""},"data":null}"#),
            (200, "", r#"{"code":0,"msg":"ok","trace":{"id":"x","desc":""},"data":null,"extra":1}"#),
        ] {
            assert!(!verdict("GET", PING, status, &headers(left_out), body).is_empty(), "{status} {left_out} {body}");
        }
        let mut odd = headers("x-ratelimit-limit");
        odd.insert("x-ratelimit-limit", "many".parse().unwrap());
        assert_eq!(verdict("GET", PING, 200, &odd, GOOD).len(), 1);
    }

    #[test]
    fn outside_every_operation_only_the_failure_envelope_passes() {
        assert_eq!(verdict("GET", "/go-api/nowhere", 404, &headers(""), GOOD), [] as [String; 0]);
        assert_eq!(verdict("GET", "/go-api/nowhere", 200, &headers(""), GOOD).len(), 1);
        assert_eq!(verdict("GET", "/go-api/nowhere", 404, &headers(""), "").len(), 1);
        assert_eq!(verdict("PUT", PING, 405, &headers(""), GOOD).len(), 1);
        let mut allow = headers("");
        allow.insert("allow", "GET, HEAD".parse().unwrap());
        assert_eq!(verdict("PUT", PING, 405, &allow, GOOD), [] as [String; 0]);
    }
}
