//! Examples: those of requests are sent and succeed, those of replies fit their schemas and were really received.

use contract_tests::{
    asyncapi,
    fixture::Fixture,
    judge::check_value,
    snapshot,
    spec::{self, Operation, Side, Spec, entries},
    wire::Request,
};
use serde_json::Value;

use crate::{
    Dialect, Live,
    coverage::{is_of, named_replies},
    dialects::DIALECTS,
};

#[tokio::test]
async fn every_request_example_is_sent_and_succeeds() {
    for (document, spec) in spec::all() {
        let dialect = DIALECTS.iter().find(|dialect| dialect.name == document.dialect).expect("the dialect is tested");
        for operation in spec.operations() {
            for body in bodies(spec, operation) {
                send(dialect, spec, operation, body).await;
            }
        }
    }
}

/// Every example of a body, with its media type; one `None` where there is no body.
pub fn bodies<'a>(spec: &'a Spec, operation: Operation<'a>) -> Vec<Option<(&'a str, &'a Value)>> {
    let Some(body) = operation.node.get("requestBody").map(|body| spec.resolve(body)) else {
        return vec![None];
    };
    let mut examples = Vec::new();
    for (kind, media) in entries(&body["content"]) {
        let of_media = spec.examples(media);
        assert!(!of_media.is_empty(), "{}: {kind} has no example", operation.id);
        for (name, example) in of_media {
            let wrong = check_value(spec, &media["schema"], Side::Request, example);
            assert!(wrong.is_empty(), "{}: the example `{name}` of {kind}: {wrong:?}", operation.id);
            examples.push(Some((kind, example)));
        }
    }
    examples
}

async fn send(dialect: &Dialect, spec: &Spec, operation: Operation<'_>, body: Option<(&str, &Value)>) {
    // What the examples speak of is in the demo realm.
    let server = Fixture::demo().await;
    let live = (dialect.prepare)(&server, operation.id).await;
    for (name, _) in &live {
        assert!(takes(spec, operation, name), "{} has no `{name}`, and so needs no live one", operation.id);
    }
    let mut request = request(spec, operation, &live);
    if let Some((name, scheme)) = security_schemes(spec, operation).first() {
        let (_, credential) = (dialect.credential)(&server, name).await;
        request = with_credential(request, scheme, &credential);
    }
    if operation.node.get("x-websocket").is_some() {
        request = request
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", contract_tests::socket::KEY);
        // The upgrade itself is in the transcripts; a plain client is refused for what it does not say.
        let exchange = server.send(request).await;
        assert_eq!(exchange.reply.status, 400, "{exchange}");
        return;
    }
    let request = match body {
        None => request,
        Some((kind, example)) => {
            let example = in_body(&live, example);
            let schema = &spec.resolve(&operation.node["requestBody"])["content"][kind]["schema"];
            let wrong = check_value(spec, schema, Side::Request, &example);
            assert!(wrong.is_empty(), "{}: the live body: {wrong:?}", operation.id);
            with_body(request, kind, &example)
        }
    };
    let exchange = server.send(request).await;
    assert_eq!(exchange.reply.status, 200, "{exchange}");
    if let Some(pointer) = spec.code_pointer() {
        let code = exchange.reply.json().pointer(&pointer).and_then(Value::as_i64);
        assert!(matches!(code, Some(0 | 200)), "{exchange}");
    }
}

/// Whether a request of the operation can have a parameter, or a property of its body, of this name.
fn takes(spec: &Spec, operation: Operation<'_>, name: &str) -> bool {
    let mut parameters = operation.node["parameters"].as_array().into_iter().flatten();
    let body = operation.node.get("requestBody").map(|body| &spec.resolve(body)["content"]);
    let mut media = body.map(entries).into_iter().flatten();
    parameters.any(|parameter| spec.resolve(parameter)["name"] == name)
        || media.any(|(_, media)| spec.resolve(&media["schema"])["properties"].get(name).is_some())
}

/// The example of a body with its live values; what the example leaves out stays out.
fn in_body(live: &Live, example: &Value) -> Value {
    let mut body = example.clone();
    for (name, value) in live {
        if let Some(place) = body.get_mut(name) {
            *place = value.clone();
        }
    }
    body
}

/// The request with the examples of its parameters, or the live values in their place.
pub fn request(spec: &Spec, operation: Operation<'_>, live: &Live) -> Request {
    let mut path = operation.path.to_owned();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut headers = Vec::new();
    for parameter in operation.node["parameters"].as_array().into_iter().flatten() {
        let parameter = spec.resolve(parameter);
        let name = parameter["name"].as_str().expect("a parameter has a name");
        let (_, example) =
            spec.examples(parameter).into_iter().next().unwrap_or_else(|| panic!("{name} has no example"));
        let example = live.iter().find(|(known, _)| *known == name).map_or(example, |(_, value)| value);
        let wrong = check_value(spec, &parameter["schema"], Side::Request, example);
        assert!(wrong.is_empty(), "{}: the example of `{name}`: {wrong:?}", operation.id);
        let text = as_text(example);
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &text),
            Some("query") => drop(query.append_pair(name, &text)),
            Some("header") => headers.push((name.to_owned(), text)),
            other => panic!("{name} stands in {other:?}"),
        }
    }
    let query = query.finish();
    let target = if query.is_empty() { path } else { format!("{path}?{query}") };
    headers
        .into_iter()
        .fold(Request::new(operation.method, target), |request, (name, text)| request.header(&name, text))
}

/// The request with an example of a body of this media type.
pub fn with_body(request: Request, kind: &str, example: &Value) -> Request {
    let fields: Vec<_> = entries(example).map(|(name, value)| (name, as_text(value))).collect();
    let fields: Vec<_> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
    match kind {
        "application/json" => request.json(example),
        "application/x-www-form-urlencoded" => request.form(&fields),
        "multipart/form-data" => request.multipart(&fields),
        other => panic!("no request is made of {other} yet"),
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The schemes that an operation asks for one of, by their names, in the order of the document.
pub fn security_schemes<'a>(spec: &'a Spec, operation: Operation<'a>) -> Vec<(&'a str, &'a Value)> {
    let alternatives = operation.node.get("security").or_else(|| spec.json.get("security")).and_then(Value::as_array);
    let names = alternatives.into_iter().flatten().filter_map(|alternative| Some(entries(alternative).next()?.0));
    names.map(|name| (name, &spec.json["components"]["securitySchemes"][name])).collect()
}

/// The request with a credential where the scheme wants it.
pub fn with_credential(request: Request, scheme: &Value, credential: &str) -> Request {
    let name = scheme["name"].as_str().unwrap_or("Authorization");
    match (scheme["type"].as_str(), scheme["in"].as_str()) {
        (Some("http"), _) => request.bearer(credential),
        (Some("apiKey"), Some("header")) => request.header(name, credential),
        (Some("apiKey"), Some("query")) => request.query(name, credential),
        other => panic!("no credential is given by {other:?} yet"),
    }
}

#[test]
fn every_reply_example_fits_its_schema() {
    for (_, spec) in spec::all() {
        for operation in spec.operations() {
            for (status, reply) in spec.replies(operation) {
                for (kind, media) in reply.get("content").map(entries).into_iter().flatten() {
                    let examples = spec.examples(media);
                    assert!(!examples.is_empty(), "{} {status} {kind} has no example", operation.id);
                    for (name, example) in examples {
                        let wrong = check_value(spec, &media["schema"], Side::Reply, example);
                        assert!(wrong.is_empty(), "{} {status} `{name}`: {wrong:?}", operation.id);
                    }
                }
                for (name, header) in entries(&reply["headers"]) {
                    let header = spec.resolve(header);
                    for (_, example) in spec.examples(header) {
                        let wrong = check_value(spec, &header["schema"], Side::Reply, example);
                        assert!(wrong.is_empty(), "{} {status} {name}: {wrong:?}", operation.id);
                    }
                }
            }
        }
        for (name, schema) in entries(&spec.json["components"]["schemas"]) {
            for (property, schema) in schema.get("properties").map(entries).into_iter().flatten() {
                if let Some(example) = schema.get("example") {
                    let wrong = check_value(spec, schema, Side::Reply, example);
                    assert!(wrong.is_empty(), "{name}.{property}: {wrong:?}");
                }
            }
        }
    }
}

/// A document promises nothing that no test has seen: every documented reply is in a transcript, with its code.
#[test]
fn every_reply_example_was_received() {
    for (_, spec) in spec::all() {
        let kept = snapshot::kept(spec);
        let mut missing = Vec::new();
        for operation in spec.operations() {
            let received: Vec<_> = kept.iter().filter(|kept| is_of(spec, operation, kept)).collect();
            for (status, name, code) in named_replies(spec, operation) {
                if !received.iter().any(|kept| (kept.status, kept.code) == (status, code)) {
                    missing.push(format!("{} {status} `{name}`, code {code:?}", operation.id));
                }
            }
            for (status, _) in spec.replies(operation) {
                if !received.iter().any(|kept| kept.status == status) {
                    missing.push(format!("{} {status}", operation.id));
                }
            }
        }
        assert!(missing.is_empty(), "{}: never received:\n{}", spec.dialect, missing.join("\n"));
    }
}

/// And the other way round: what a transcript shows of an operation, the document has an example of.
#[test]
fn every_received_code_is_documented() {
    for (_, spec) in spec::all() {
        for operation in spec.operations() {
            let documented: Vec<_> =
                named_replies(spec, operation).into_iter().map(|(status, _, code)| (status, code)).collect();
            let unknown: Vec<_> = snapshot::kept(spec)
                .into_iter()
                .filter(|kept| is_of(spec, operation, kept) && kept.status != 101)
                .filter(|kept| !documented.contains(&(kept.status, kept.code)))
                .map(|kept| format!("{} got {} with code {:?}", kept.test, kept.status, kept.code))
                .collect();
            assert!(unknown.is_empty(), "{} documents no such reply:\n{}", operation.id, unknown.join("\n"));
        }
    }
}

#[test]
fn every_message_of_a_socket_has_an_example_that_fits_and_was_received() {
    for (document, spec) in spec::all() {
        let Some(yaml) = document.asyncapi else {
            continue;
        };
        let messages = asyncapi::document(yaml);
        assert_eq!(asyncapi::wrong_examples(&messages), [] as [String; 0], "{}", document.dialect);
        let transcripts = snapshot::texts(spec);
        for (name, message) in asyncapi::sent(&messages) {
            let payload = &message["examples"][0]["payload"];
            let kind = (&payload["type"], &payload["topic"]);
            let received = transcripts
                .iter()
                .flat_map(|text| text.lines())
                .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("< ")?).ok())
                .any(|frame| (&frame["type"], &frame["topic"]) == kind);
            assert!(received, "{}: no transcript shows the message {name}", document.dialect);
        }
    }
}
