//! The document's outermost level, its components, and the order in which everything is read.

use super::{
    extensions,
    node::{Node, Source},
    operation, reply, schema,
};
use crate::codegen::ir::{Document, Named, Scheme, SchemeKind, Tag};

/// Reads a whole document; what is refused stands in the source.
pub fn document(source: &Source<'_>) -> Option<Document> {
    let mut fields = source.node().fields("the document")?;
    if let Some(version) = fields.need("openapi")
        && !version.text()?.starts_with("3.0.")
    {
        version.refuse("documents are written in OpenAPI 3.0");
    }
    if let Some(info) = fields.need("info") {
        read_info(&info);
    }
    fields.describe(&["servers", "externalDocs"]);
    let tags = fields.take("tags").map(|node| tags(&node)).unwrap_or_default();
    let dialect = fields.need("x-dialect").and_then(|node| extensions::dialect(&node));
    let codes = fields.take("x-error-codes");
    let envelope_node = fields.take("x-envelope");
    let has_envelope = envelope_node.is_some();
    let codes = match codes {
        Some(node) if has_envelope => extensions::codes(&node),
        Some(node) => {
            node.refuse("error codes need an `x-envelope` that carries them");
            Vec::new()
        }
        None => {
            if let Some(node) = &envelope_node {
                node.refuse("an envelope needs `x-error-codes`");
            }
            Vec::new()
        }
    };
    let envelope = envelope_node.and_then(|node| extensions::envelope(&node));
    let rate_limit = fields.take("x-rate-limit").and_then(|node| extensions::limit(&node));
    let components = fields.take("components").map(|node| components(&node)).unwrap_or_default();
    let operations = fields.need("paths").map(|node| operation::paths(&node, &tags)).unwrap_or_default();
    fields.close();
    let Components { schemas, headers, replies, schemes } = components;
    Some(Document {
        file: source.file.to_owned(),
        dialect: dialect?,
        envelope,
        codes,
        rate_limit,
        tags,
        operations,
        headers,
        replies,
        schemes,
        schemas,
    })
}

fn read_info(node: &Node<'_>) {
    let Some(mut fields) = node.fields("the information") else {
        return;
    };
    fields.need("title");
    fields.need("version");
    fields.describe(&["description", "license", "contact", "termsOfService"]);
    fields.close();
}

fn tags(node: &Node<'_>) -> Vec<Tag> {
    let read = |node: Node<'_>| {
        let mut fields = node.fields("a tag")?;
        let name = fields.need("name").and_then(|node| node.text());
        let description = fields.text("description");
        fields.close();
        Some(Tag { name: name?, description })
    };
    node.items().into_iter().filter_map(read).collect()
}

#[derive(Default)]
struct Components {
    schemas: Vec<crate::codegen::ir::Schema>,
    headers: Vec<crate::codegen::ir::Header>,
    replies: Vec<Named<crate::codegen::ir::Reply>>,
    schemes: Vec<Scheme>,
}

fn components(node: &Node<'_>) -> Components {
    let mut all = Components::default();
    let Some(mut fields) = node.fields("the components") else {
        return all;
    };
    if let Some(node) = fields.take("securitySchemes") {
        all.schemes =
            node.entries("the security schemes").into_iter().filter_map(|(name, node)| scheme(name, &node)).collect();
    }
    if let Some(node) = fields.take("headers") {
        all.headers =
            node.entries("the headers").into_iter().filter_map(|(name, node)| reply::header(name, &node)).collect();
    }
    if let Some(node) = fields.take("parameters") {
        // Operations read them where they are used, and the last checks find those that none uses.
        node.entries("the parameters");
    }
    if let Some(node) = fields.take("responses") {
        all.replies = node
            .entries("the replies")
            .into_iter()
            .filter_map(|(name, node)| Some(Named { name: name.to_owned(), value: reply::reply(&node)? }))
            .collect();
    }
    if let Some(node) = fields.take("schemas") {
        all.schemas =
            node.entries("the schemas").into_iter().filter_map(|(name, node)| schema::schema(name, &node)).collect();
    }
    fields.close();
    all
}

fn scheme(name: &str, node: &Node<'_>) -> Option<Scheme> {
    let mut fields = node.fields("a security scheme")?;
    let description = fields.need("description").and_then(|node| node.text());
    let kind = fields.need("type")?;
    let kind = match kind.text()?.as_str() {
        "http" => {
            let word = fields.need("scheme")?;
            let format = fields.text("bearerFormat");
            let bare = fields.flag("x-bare-token");
            if word.text()?.eq_ignore_ascii_case("bearer") {
                Some(SchemeKind::Bearer { format, bare })
            } else {
                word.refuse("of the http schemes only `bearer` is supported");
                None
            }
        }
        "apiKey" => {
            let key = fields.need("name").and_then(|node| node.text());
            let place = fields.need("in")?;
            match place.text()?.as_str() {
                "header" => key.map(SchemeKind::Header),
                "query" => key.map(SchemeKind::Query),
                "cookie" => {
                    place.refuse("cookies are not supported");
                    None
                }
                _ => {
                    place.refuse("an API key stands in a header or in the query");
                    None
                }
            }
        }
        other => {
            kind.refuse(format!("security schemes of type `{other}` are not supported"));
            fields.describe(&["flows", "openIdConnectUrl"]);
            None
        }
    };
    fields.close();
    Some(Scheme { name: name.to_owned(), description: description?, kind: kind? })
}
