//! Paths, operations, parameters and bodies.

use serde_json::Value;

use super::{defaults, extensions, node::Node, reply, schema};
use crate::codegen::{
    ir::{Body, Kind, Limited, Listed, Media, Operation, Parameter, Place, Tag, Type},
    refusal::step,
};

/// The methods that a document may describe.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every operation of the paths.
pub fn paths(node: &Node<'_>, tags: &[Tag]) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, node) in node.entries("the paths") {
        if !is_template(path) {
            node.refuse("a path begins with `/`, and a `{parameter}` is a whole segment of it");
        }
        let Some(mut fields) = node.fields("a path") else {
            continue;
        };
        // The order of the document, which people chose, is the order of the code.
        for (method, _) in node.entries("a path") {
            if !METHODS.contains(&method) {
                continue;
            }
            if let Some(node) = fields.take(method) {
                operations.extend(operation(path, method, &node, tags));
            }
        }
        fields.close();
    }
    operations
}

fn is_template(path: &str) -> bool {
    let segment = |segment: &str| {
        let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(segment);
        !inner.contains(['{', '}', ':', '*', '?', '#', '<', '>'])
    };
    path.starts_with('/') && path.split('/').all(segment)
}

fn operation(path: &str, method: &str, node: &Node<'_>, tags: &[Tag]) -> Option<Operation> {
    let mut fields = node.fields("an operation")?;
    let id = fields.need("operationId").and_then(|node| node.text());
    let summary = fields.need("summary").and_then(|node| node.text());
    let description = fields.text("description");
    let deprecated = fields.flag("deprecated");
    let tag = fields.take("tags").and_then(|node| tag(&node, tags));
    let (security, anonymous) = fields.take("security").map(|node| security(&node)).unwrap_or_default();
    let parameters = fields.take("parameters").map(|node| node.items()).unwrap_or_default();
    let parameters = parameters.iter().filter_map(parameter).collect();
    let parameters = ordered(path, parameters, node);
    let body = fields.take("requestBody").map(|node| body(&node));
    let websocket = fields.take("x-websocket").and_then(|node| node.text());
    let rate_limit = match fields.take("x-rate-limit") {
        None => Limited::AsDocument,
        Some(node) if node.value == &Value::Bool(false) => Limited::Not,
        Some(node) => extensions::limit(&node).map_or(Limited::Not, Limited::Own),
    };
    let auth_code = fields.text("x-auth-code");
    let idempotent = idempotent(method, fields.take("x-idempotent"));
    let replies = fields.need("responses").map(|node| replies(&node)).unwrap_or_default();
    fields.close();
    if body.is_some() && method == "get" {
        node.refuse("a GET request has no body: clients and proxies drop it");
    }
    if body.is_some() && websocket.is_some() {
        node.refuse("the request that opens a WebSocket has no body");
    }
    if auth_code.is_some() && (security.is_empty() || anonymous) {
        node.refuse("`x-auth-code` asks for a right, and here nobody has to say who they are");
    }
    let body = match body {
        Some(body) => Some(body?),
        None => None,
    };
    Some(Operation {
        id: id?,
        method: method.to_owned(),
        path: path.to_owned(),
        tag,
        summary: summary?,
        description,
        deprecated,
        security,
        anonymous,
        parameters,
        body,
        replies,
        websocket,
        rate_limit,
        auth_code,
        idempotent,
    })
}

/// What RFC 9110 says of the method, unless the document knows better.
fn idempotent(method: &str, node: Option<Node<'_>>) -> bool {
    let usual = matches!(method, "get" | "put" | "delete");
    let Some(node) = node else { return usual };
    let said = node.boolean().unwrap_or(usual);
    if said == usual {
        node.refuse(format!("that is what the method {} says already", method.to_ascii_uppercase()));
    }
    said
}

fn tag(node: &Node<'_>, tags: &[Tag]) -> Option<String> {
    let items = node.items();
    let [item] = items.as_slice() else {
        node.refuse("an operation has one tag");
        return None;
    };
    let name = item.text()?;
    if !tags.iter().any(|tag| tag.name == name) {
        item.refuse(format!("`{name}` is not among the document's `tags`"));
        return None;
    }
    Some(name)
}

/// The names of the alternatives, and whether none of them is one.
fn security(node: &Node<'_>) -> (Vec<String>, bool) {
    let mut names = Vec::new();
    let mut anonymous = false;
    for item in node.items() {
        let schemes = item.entries("a security requirement");
        match schemes.as_slice() {
            [] => anonymous = true,
            [(name, scopes)] => {
                if item.source().root["components"]["securitySchemes"].get(*name).is_none() {
                    item.refuse(format!("`{name}` is not among the document's security schemes"));
                    continue;
                }
                if scopes.value.as_array().is_none_or(|scopes| !scopes.is_empty()) {
                    scopes.refuse("scopes are not supported: rights are the handler's business");
                }
                names.push((*name).to_owned());
            }
            _ => item.refuse("security schemes that must be satisfied together are not supported: list alternatives"),
        }
    }
    if anonymous && names.is_empty() {
        node.refuse("an operation without security has no `security`");
    }
    (names, anonymous)
}

fn parameter(node: &Node<'_>) -> Option<Parameter> {
    match node.reference("parameters") {
        Some(Some(name)) => {
            let pointer = format!("/components/parameters/{}", step(&name));
            parameter(&node.source().at(&pointer)?)
        }
        Some(None) => None,
        None => inline_parameter(node),
    }
}

fn inline_parameter(node: &Node<'_>) -> Option<Parameter> {
    let mut fields = node.fields("a parameter")?;
    let name = fields.need("name").and_then(|node| node.text());
    let place_node = fields.need("in");
    let place = place_node.as_ref().and_then(place);
    let required = fields.flag("required");
    let description = fields.text("description");
    let deprecated = fields.flag("deprecated");
    fields.describe(&["example"]);
    style(&mut fields, place);
    let schema = fields.need("schema");
    let (ty, default) = schema.as_ref().map(|schema| defaults::typed(schema, &[])).unwrap_or_default();
    fields.close();

    let (place, ty, schema, name) = (place?, ty?, schema?, name?);
    if place == Place::Path && !required {
        node.refuse("a path parameter is always `required`");
    }
    if place == Place::Header
        && ["accept", "content-type", "authorization"].contains(&name.to_ascii_lowercase().as_str())
    {
        node.refuse(format!("OpenAPI ignores a header parameter `{name}`: use the content or a security scheme"));
    }
    if ty.nullable || ty.kind == Kind::Null {
        schema.refuse("a parameter cannot be null: it is there or it is missing");
    }
    plain(&ty.kind, place, &schema);
    if let Some(default) = &default {
        if required {
            schema.refuse("a required parameter has no use for its default");
        }
        if !defaults::fits(&ty.kind, default) {
            schema.refuse("the default is not of the parameter's type, or breaks its constraints");
        }
    }
    Some(Parameter { name, place, required, description, deprecated, ty, default })
}

fn place(node: &Node<'_>) -> Option<Place> {
    match node.text()?.as_str() {
        "path" => Some(Place::Path),
        "query" => Some(Place::Query),
        "header" => Some(Place::Header),
        "cookie" => {
            node.refuse("cookies are not supported");
            None
        }
        other => {
            node.refuse(format!("a parameter cannot stand in `{other}`"));
            None
        }
    }
}

/// `style` and `explode` may say only what they say anyhow.
fn style(fields: &mut super::node::Fields<'_>, place: Option<Place>) {
    let usual = if place == Some(Place::Query) { "form" } else { "simple" };
    if let Some(node) = fields.take("style")
        && node.value != usual
    {
        node.refuse(format!("the style {} is not supported: here it is `{usual}`", node.value));
    }
    if let Some(node) = fields.take("explode")
        && node.value != &Value::Bool(place == Some(Place::Query))
    {
        node.refuse("a list in the query repeats its name, and no other way of writing lists is supported");
    }
}

fn plain(kind: &Kind, place: Place, node: &Node<'_>) {
    match kind {
        Kind::Number { .. } => node.refuse("a parameter cannot be a fraction: send a whole number of a smaller unit"),
        Kind::List { items, .. } if place == Place::Query => match &items.kind {
            Kind::Text { min: None, max: None, pattern: None } => {}
            Kind::Integer { bounds, multiple_of: None, .. } if bounds.is_open() => {}
            Kind::Named(name) => enumeration(name, node),
            _ => node
                .refuse("the items of a list parameter are texts, whole numbers or enumerations without constraints"),
        },
        Kind::List { .. } => node.refuse("a list is supported in the query only"),
        Kind::Named(name) => enumeration(name, node),
        _ => {}
    }
}

fn enumeration(name: &str, node: &Node<'_>) {
    if node.source().root["components"]["schemas"][name].get("enum").is_none() {
        node.refuse(format!("`{name}` is no enumeration: a parameter is not an object"));
    }
}

/// The parameters of the path in its order, then the others: poem-openapi binds path parameters by position.
fn ordered(path: &str, mut parameters: Vec<Parameter>, node: &Node<'_>) -> Vec<Parameter> {
    let mut all = Vec::new();
    for name in path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')) {
        let at = parameters.iter().position(|known| known.place == Place::Path && known.name == name);
        match at {
            Some(at) => all.push(parameters.remove(at)),
            None => node.refuse(format!("the path has `{{{name}}}`, and no parameter describes it")),
        }
    }
    for parameter in parameters {
        if parameter.place == Place::Path {
            node.refuse(format!("the path has no `{{{}}}`", parameter.name));
        }
        let twice = all.iter().any(|known: &Parameter| known.place == parameter.place && known.name == parameter.name);
        if twice {
            node.refuse(format!("the parameter `{}` stands there twice", parameter.name));
        }
        all.push(parameter);
    }
    all
}

fn body(node: &Node<'_>) -> Option<Body> {
    let mut fields = node.fields("a body")?;
    let description = fields.text("description");
    if !fields.flag("required") {
        node.refuse("a body that may be missing is not supported: say `required: true`, or have none");
    }
    let content = fields.need("content");
    fields.close();
    let content = content?;
    let mut media = Vec::new();
    let mut ty: Option<Type> = None;
    for (name, node) in content.entries("the content") {
        let Some((_, known)) = Media::ALL.iter().find(|(known, _)| *known == name) else {
            node.refuse(format!("a body of `{name}` is not supported: JSON, urlencoded and multipart forms are"));
            continue;
        };
        let mut fields = node.fields("a media type")?;
        let schema_node = fields.need("schema");
        fields.describe(&["example", "examples"]);
        fields.close();
        let Some(schema_node) = schema_node else { continue };
        let Some(schema) = schema::ty(&schema_node) else { continue };
        body_type(&schema, *known, &schema_node);
        if ty.as_ref().is_some_and(|known| *known != schema) {
            schema_node
                .refuse("the media types of a body share one schema, so that validation is the same for all of them");
        }
        media.push(*known);
        ty = Some(schema);
    }
    if media.is_empty() {
        content.refuse("a body needs a media type");
    }
    Some(Body { description, media, ty: ty? })
}

fn body_type(ty: &Type, media: Media, node: &Node<'_>) {
    if ty.nullable || ty.description.is_some() || ty.kind == Kind::Null {
        node.refuse("the schema of a body is a plain one: describe the body, and name what may be null");
    }
    let bare = match &ty.kind {
        Kind::Named(_) => return,
        Kind::Text { min, max, pattern } => min.is_none() && max.is_none() && pattern.is_none(),
        Kind::List { items, min, max, unique } => {
            matches!(items.kind, Kind::Named(_)) && min.is_none() && max.is_none() && !unique
        }
        _ => false,
    };
    if media != Media::Json || !bare {
        node.refuse("a body is a named schema, or in JSON a text or a list of a named schema without constraints");
    }
}

fn replies(node: &Node<'_>) -> Vec<(u16, Listed)> {
    let mut replies = Vec::new();
    for (status, node) in node.entries("the replies") {
        if status == "default" {
            node.refuse("a `default` response is not supported: list every status");
            continue;
        }
        let Some(status) = status.parse::<u16>().ok().filter(|status| (100..600).contains(status)) else {
            node.refuse(format!("the status `{status}` is not supported: write out every status"));
            continue;
        };
        let listed = match node.reference("responses") {
            Some(name) => name.map(Listed::Named),
            None => reply::reply(&node).map(Listed::Inline),
        };
        replies.extend(listed.map(|listed| (status, listed)));
    }
    replies
}
