//! What can be judged only when the whole document is read: names, reachability, schemas in the place where they are used.

use std::collections::{BTreeMap, BTreeSet};

use super::{defaults, envelope, node::Source, replies};
use crate::codegen::{
    ir::{Document, Form, Kind, Listed, Media, Operation, Place, Property, Schema, Type, UsedHeader},
    names,
    refusal::step,
    server::{self, RESERVED, replies::header_set, security::extractor, types::named},
};

/// Refuses in the source what the document as a whole gets wrong.
pub fn all(source: &Source<'_>, doc: &Document) {
    let checks = Checks { source, doc, is_whole: source.is_clean() };
    checks.operations();
    checks.templates();
    checks.names();
    checks.schemas();
    checks.cycles();
    checks.bodies();
    checks.parameters();
    if checks.is_whole {
        checks.unused();
    }
    defaults::all(&checks);
    replies::all(&checks);
    envelope::all(&checks);
}

/// A document under its last checks.
pub struct Checks<'d> {
    source: &'d Source<'d>,
    /// The document.
    pub doc: &'d Document,
    /// Whether everything of the document was read, so that nothing is missing because it was refused.
    pub is_whole: bool,
}

impl Checks<'_> {
    /// Refuses a place by its pointer, without the `#`.
    pub fn refuse(&self, pointer: &str, sentence: impl Into<String>) {
        match self.source.at(pointer) {
            Some(node) => node.refuse(sentence),
            None => self.source.node().refuse(sentence),
        }
    }

    /// The pointer of an operation.
    pub fn at(&self, operation: &Operation) -> String {
        format!("/paths/{}/{}", step(&operation.path), operation.method)
    }

    /// Two templates that match the same paths would be one route.
    fn templates(&self) {
        let shape = |path: &str| {
            let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
            segments.collect::<Vec<_>>().join("/")
        };
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for operation in &self.doc.operations {
            let first = seen.entry(shape(&operation.path)).or_insert(&operation.path);
            if *first != operation.path {
                let at = format!("/paths/{}", step(&operation.path));
                self.refuse(&at, format!("`{first}` matches the same paths, and only one of the two would be reached"));
            }
        }
    }

    fn operations(&self) {
        let mut seen = BTreeSet::new();
        for operation in &self.doc.operations {
            let at = self.at(operation);
            if !names::usable(&operation.id) {
                self.refuse(&format!("{at}/operationId"), "an operationId is made of letters and digits");
            }
            if !seen.insert(names::snake(&operation.id).to_string()) {
                self.refuse(
                    &format!("{at}/operationId"),
                    format!("another operation is called `{}`, too", operation.id),
                );
            }
            let prefixes = &self.doc.dialect.prefixes;
            let is_inside = |prefix: &String| {
                operation
                    .path
                    .strip_prefix(prefix.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if !prefixes.iter().any(is_inside) {
                self.refuse(
                    &format!("/paths/{}", step(&operation.path)),
                    "the path begins with none of the dialect's prefixes",
                );
            }
            if operation.websocket.is_some() && operation.method != "get" {
                self.refuse(&format!("{at}/x-websocket"), "a WebSocket is opened by a GET request");
            }
        }
        if self.is_whole && self.doc.operations.is_empty() {
            self.refuse("/paths", "a document needs an operation");
        }
    }

    /// Types share one module, and so do constants and functions.
    fn names(&self) {
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for name in RESERVED {
            taken.insert((*name).to_owned(), "the code around it".to_owned());
        }
        taken.insert(names::pascal(&self.doc.dialect.name).to_string(), "the dialect".to_owned());
        for (name, owner, pointer) in self.claims() {
            if let Some(other) = taken.get(&name).filter(|other| **other != owner) {
                self.refuse(&pointer, format!("the name `{name}` in the code is already that of {other}"));
            }
            taken.insert(name, owner);
        }
    }

    /// Every name of the code that comes from the document: the name, what has it, and where that stands.
    fn claims(&self) -> Vec<(String, String, String)> {
        let mut claims = Vec::new();
        for schema in &self.doc.schemas {
            let pointer = format!("/components/schemas/{}", step(&schema.name));
            if !names::usable(&schema.name) {
                self.refuse(&pointer, "a schema's name is made of letters and digits");
            }
            let owner = format!("the schema `{}`", schema.name);
            claims.push((names::pascal(&schema.name).to_string(), owner.clone(), pointer.clone()));
            if let Form::Object(properties) = &schema.form {
                let shouty =
                    |property: &Property| names::shouty(&format!("{} {}", schema.name, property.name)).to_string();
                let defaults = properties.iter().filter(|property| property.default.is_some());
                let defaults =
                    defaults.map(|property| server::defaults::of_property(&schema.name, property).to_string());
                let names = properties.iter().map(shouty).chain(defaults);
                claims.extend(names.map(|name| (name, owner.clone(), pointer.clone())));
            }
        }
        for scheme in &self.doc.schemes {
            let pointer = format!("/components/securitySchemes/{}", step(&scheme.name));
            claims.push((names::shouty(&scheme.name).to_string(), format!("the scheme `{}`", scheme.name), pointer));
        }
        for header in &self.doc.headers {
            let pointer = format!("/components/headers/{}", step(&header.name));
            claims.push((names::shouty(&header.name).to_string(), format!("the header `{}`", header.name), pointer));
        }
        for reply in &self.doc.replies {
            let pointer = format!("/components/responses/{}", step(&reply.name));
            claims.push((names::snake(&reply.name).to_string(), format!("the reply `{}`", reply.name), pointer));
        }
        claims.extend(self.doc.operations.iter().flat_map(|operation| self.claims_of(operation)));
        claims
    }

    fn claims_of(&self, operation: &Operation) -> Vec<(String, String, String)> {
        let base = names::pascal(&operation.id).to_string();
        let mut claimed = vec![base.clone()];
        if operation.body.as_ref().is_some_and(|body| body.media.len() > 1) {
            claimed.push(format!("{base}Body"));
        }
        if self.doc.envelope.is_none() {
            claimed.push(format!("{base}Error"));
        }
        let statuses = operation.replies.iter();
        claimed.extend(statuses.filter_map(|(status, _)| Some(header_set(self.doc, operation, *status)?.to_string())));
        let with_default = operation.parameters.iter().filter(|parameter| parameter.default.is_some());
        claimed.extend(with_default.map(|parameter| server::defaults::of_parameter(operation, parameter).to_string()));
        let pointer = format!("{}/operationId", self.at(operation));
        let owner = format!("the operation `{}`", operation.id);
        let mut claims: Vec<_> = claimed.into_iter().map(|name| (name, owner.clone(), pointer.clone())).collect();
        if !operation.security.is_empty() {
            // Operations with the same security share one extractor, and so are no rivals for its name.
            let owner = format!("the security of {}", operation.security.join(" or "));
            claims.push((extractor(operation).to_string(), owner, pointer));
        }
        claims
    }

    fn schemas(&self) {
        for schema in &self.doc.schemas {
            let at = format!("/components/schemas/{}", step(&schema.name));
            match &schema.form {
                Form::Object(properties) => {
                    let mut seen = BTreeSet::new();
                    for property in properties {
                        let at = format!("{at}/properties/{}", step(&property.name));
                        if !names::usable(&property.name) {
                            self.refuse(&at, "a property's name is made of letters and digits");
                        } else if !seen.insert(names::snake(&property.name).to_string()) {
                            self.refuse(&at, "another property has this name in the code, too");
                        }
                    }
                }
                Form::Enumeration(values) => {
                    let mut seen = BTreeSet::new();
                    for (index, value) in values.iter().enumerate() {
                        let at = format!("{at}/enum/{index}");
                        if !names::usable(value) {
                            self.refuse(&at, "a value needs a letter or a digit to have a name in the code");
                        } else if !seen.insert(names::pascal(value).to_string()) {
                            self.refuse(&at, "another value has this name in the code, too");
                        }
                    }
                }
                Form::OneOf(alternatives) => self.one_of(&at, alternatives),
                Form::Empty => {}
            }
        }
    }

    /// Alternatives are told apart by their shape, the first that fits counts: each needs a property that the later lack.
    fn one_of(&self, at: &str, alternatives: &[String]) {
        for (index, name) in alternatives.iter().enumerate() {
            let at = format!("{at}/oneOf/{index}");
            let properties = match self.doc.schema(name).map(|schema| &schema.form) {
                // Whatever stands in an object, it is not this one.
                Some(Form::Empty) => continue,
                Some(Form::Object(properties)) if properties.is_empty() => {
                    self.refuse(
                        &at,
                        format!("`{name}` takes every object: say `maxProperties: 0` if it is always empty"),
                    );
                    continue;
                }
                Some(Form::Object(properties)) => properties,
                _ => {
                    self.refuse(&at, "an alternative of a `oneOf` must be an object");
                    continue;
                }
            };
            if alternatives.iter().any(|other| self.is_empty(other))
                && !properties.iter().any(|property| property.required)
            {
                self.refuse(&at, format!("an empty object could be taken for `{name}`, of which nothing is required"));
            }
            for later in alternatives.iter().skip(index + 1) {
                let Some(Schema { form: Form::Object(others), .. }) = self.doc.schema(later) else {
                    continue;
                };
                let lacks = |name: &str| !others.iter().any(|other| other.name == name);
                if !properties.iter().any(|property| property.required && lacks(&property.name)) {
                    self.refuse(
                        &at,
                        format!("`{later}` could be taken for `{name}`: no required property tells them apart"),
                    );
                }
            }
        }
    }

    fn is_empty(&self, name: &str) -> bool {
        matches!(self.doc.schema(name).map(|schema| &schema.form), Some(Form::Empty))
    }

    fn cycles(&self) {
        for schema in &self.doc.schemas {
            let mut pending = self.references(schema);
            let mut seen = BTreeSet::new();
            while let Some(name) = pending.pop() {
                if name == schema.name {
                    let at = format!("/components/schemas/{}", step(&schema.name));
                    self.refuse(&at, "the schema holds itself, which is not supported");
                    break;
                }
                if seen.insert(name.clone()) {
                    pending.extend(self.doc.schema(&name).map(|schema| self.references(schema)).unwrap_or_default());
                }
            }
        }
    }

    fn references(&self, schema: &Schema) -> Vec<String> {
        match &schema.form {
            Form::Object(properties) => properties.iter().filter_map(|property| named(&property.ty.kind)).collect(),
            Form::OneOf(alternatives) => alternatives.clone(),
            Form::Enumeration(_) | Form::Empty => Vec::new(),
        }
    }

    fn bodies(&self) {
        let requests = crate::codegen::server::types::of_requests(self.doc);
        for name in &requests {
            let at = format!("/components/schemas/{}", step(name));
            let Some(schema) = self.doc.schema(name) else { continue };
            if matches!(schema.form, Form::Empty) {
                let sentence = "`maxProperties` is supported in replies only: what a request says beside is ignored";
                self.refuse(&at, sentence);
            }
            if matches!(schema.form, Form::OneOf(_)) {
                self.refuse(&at, "a `oneOf` is supported in replies only: a request says what it means");
            }
            if let Form::Object(properties) = &schema.form {
                for property in properties.iter().filter(|property| property.ty.kind == Kind::Null) {
                    let at = format!("{at}/properties/{}", step(&property.name));
                    self.refuse(&at, "a property that is always null is supported in replies only");
                }
            }
        }
        for operation in &self.doc.operations {
            let Some(body) = &operation.body else { continue };
            if body.media.iter().all(|media| *media == Media::Json) {
                continue;
            }
            let name = named(&body.ty.kind).unwrap_or_default();
            let Some(Form::Object(properties)) = self.doc.schema(&name).map(|schema| &schema.form) else {
                self.refuse(&format!("{}/requestBody", self.at(operation)), "a form is an object");
                continue;
            };
            for property in properties {
                if !self.is_field(&property.ty.kind) {
                    let at = format!("/components/schemas/{}/properties/{}", step(&name), step(&property.name));
                    self.refuse(&at, "a form field is a text, a number, a truth value or an enumeration");
                }
            }
        }
    }

    fn is_field(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Named(name) => self.is_enumeration(name),
            Kind::List { .. } | Kind::Null => false,
            _ => true,
        }
    }

    fn is_enumeration(&self, name: &str) -> bool {
        matches!(self.doc.schema(name).map(|schema| &schema.form), Some(Form::Enumeration(_)))
    }

    fn parameters(&self) {
        for operation in &self.doc.operations {
            let at = self.at(operation);
            let mut seen = BTreeSet::new();
            for parameter in &operation.parameters {
                if !names::usable(&parameter.name) {
                    self.refuse(&at, format!("the parameter `{}` cannot have a name in the code", parameter.name));
                }
                if !seen.insert(names::snake(&parameter.name).to_string()) {
                    self.refuse(&at, format!("another parameter is called `{}` in the code, too", parameter.name));
                }
                if parameter.place == Place::Query
                    && self.doc.schemes.iter().any(|scheme| {
                        operation.security.contains(&scheme.name)
                            && matches!(&scheme.kind, crate::codegen::ir::SchemeKind::Query(name) if *name == parameter.name)
                    })
                {
                    self.refuse(&at, format!("`{}` is the credential already, and no parameter", parameter.name));
                }
            }
        }
    }

    /// A component that nothing uses is in no code, and so would be lost.
    fn unused(&self) {
        let doc = self.doc;
        let mut schemas: Vec<String> = doc.envelope.iter().map(|envelope| envelope.schema.clone()).collect();
        let mut headers: Vec<&str> = Vec::new();
        let mut replies: Vec<&str> = Vec::new();
        let use_type = |ty: &Type, schemas: &mut Vec<String>| schemas.extend(named(&ty.kind));
        for operation in &doc.operations {
            operation.parameters.iter().for_each(|parameter| use_type(&parameter.ty, &mut schemas));
            operation.body.iter().for_each(|body| use_type(&body.ty, &mut schemas));
            for (_, listed) in &operation.replies {
                if let Listed::Named(name) = listed {
                    replies.push(name);
                }
                let Some(reply) = doc.reply(listed) else { continue };
                reply.body.iter().for_each(|ty| use_type(ty, &mut schemas));
                headers.extend(reply.headers.iter().filter_map(|header| match header {
                    UsedHeader::Named(name) => Some(name.as_str()),
                    UsedHeader::Inline(_) => None,
                }));
            }
        }
        let mut reached = BTreeSet::new();
        while let Some(name) = schemas.pop() {
            if reached.insert(name.clone()) {
                schemas.extend(doc.schema(&name).map(|schema| self.references(schema)).unwrap_or_default());
            }
        }
        let components = &self.source.root["components"]["parameters"];
        let parameters: Vec<String> =
            components.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        let refers_to = |name: &str| self.refers_to(&format!("#/components/parameters/{name}"));
        self.refuse_unused("parameters", parameters.iter(), refers_to);
        let secured =
            |name: &str| doc.operations.iter().any(|operation| operation.security.iter().any(|known| known == name));
        self.refuse_unused("schemas", doc.schemas.iter().map(|schema| &schema.name), |name| reached.contains(name));
        self.refuse_unused("headers", doc.headers.iter().map(|header| &header.name), |name| headers.contains(&name));
        self.refuse_unused("responses", doc.replies.iter().map(|reply| &reply.name), |name| replies.contains(&name));
        self.refuse_unused("securitySchemes", doc.schemes.iter().map(|scheme| &scheme.name), secured);
    }

    /// Whether an operation has this reference among its parameters.
    fn refers_to(&self, reference: &str) -> bool {
        let mut lists = self.doc.operations.iter().filter_map(|operation| {
            self.source.root["paths"][&operation.path][&operation.method]["parameters"].as_array()
        });
        lists.any(|list| list.iter().any(|parameter| parameter["$ref"] == reference))
    }

    fn refuse_unused<'n>(&self, kind: &str, names: impl Iterator<Item = &'n String>, is_used: impl Fn(&str) -> bool) {
        for name in names.filter(|name| !is_used(name)) {
            self.refuse(&format!("/components/{kind}/{}", step(name)), "nothing uses this");
        }
    }
}
