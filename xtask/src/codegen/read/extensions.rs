//! The extensions that carry what OpenAPI cannot; `openapi/README.md` describes them.

use super::node::Node;
use crate::codegen::ir::{Code, Dialect, Envelope, REFUSALS, RateLimit, Role};

/// `x-dialect`.
pub fn dialect(node: &Node<'_>) -> Option<Dialect> {
    let mut fields = node.fields("`x-dialect`")?;
    let name = fields.need("name");
    let port = fields.need("port");
    let prefixes: Vec<_> = fields.need("prefixes").map(|node| node.items()).unwrap_or_default();
    let aliases = fields.take("aliases").map(|node| node.entries("the aliases")).unwrap_or_default();
    let languages: Vec<_> = fields.need("languages").map(|node| node.items()).unwrap_or_default();
    let language_header = fields.text("language-header");
    fields.close();

    if let Some(node) = &name
        && !node.text()?.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    {
        node.refuse("the name becomes a module's: small letters, digits and underscores");
    }
    for prefix in &prefixes {
        if !prefix.text()?.starts_with('/') || prefix.text()?.ends_with('/') {
            prefix.refuse("a prefix is whole segments, such as `/go-api`");
        }
    }
    for language in &languages {
        if !matches!(language.text()?.as_str(), "en" | "zh") {
            language.refuse("messages are in `en` and `zh`");
        }
    }
    if languages.is_empty() {
        node.refuse("the first of the `languages` is the one of messages where nobody asks for another");
    }
    let texts = |nodes: Vec<Node<'_>>| nodes.iter().filter_map(Node::text).collect::<Vec<_>>();
    let prefixes = texts(prefixes);
    let aliases: Vec<_> = aliases
        .into_iter()
        .filter_map(|(alias, node)| {
            let target = node.text()?;
            if !prefixes.contains(&target) {
                node.refuse("an alias stands for one of the prefixes");
            }
            Some((alias.to_owned(), target))
        })
        .collect();
    let port = port.and_then(|node| {
        let port = u16::try_from(node.integer()?).ok();
        if port.is_none() {
            node.refuse("a port is a number from 0 to 65535");
        }
        port
    });
    Some(Dialect { name: name?.text()?, port: port?, prefixes, aliases, languages: texts(languages), language_header })
}

/// `x-envelope`.
pub fn envelope(node: &Node<'_>) -> Option<Envelope> {
    let mut fields = node.fields("`x-envelope`")?;
    let schema_node = fields.need("schema");
    let roles_node = fields.need("roles");
    fields.close();
    let schema_node = schema_node?;
    let schema = schema_node.text()?;
    if node.source().root["components"]["schemas"].get(&schema).is_none() {
        schema_node.refuse(format!("`{schema}` is not among the document's schemas"));
        return None;
    }
    let mut roles: Vec<(String, Role)> = Vec::new();
    let roles_node = roles_node?;
    for (path, node) in roles_node.entries("the roles") {
        let Some(name) = node.text() else { continue };
        let Some((_, role)) = Role::ALL.iter().find(|(known, _)| *known == name) else {
            let known = Role::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
            node.refuse(format!("`{name}` is not a role; the roles are {known}"));
            continue;
        };
        if roles.iter().any(|(_, known)| known == role) {
            node.refuse(format!("two properties have the role `{name}`"));
        }
        roles.push((path.to_owned(), *role));
    }
    for needed in ["code", "message"] {
        if !roles_node.entries("the roles").iter().any(|(_, node)| node.value == needed) {
            roles_node.refuse(format!("no property has the role `{needed}`"));
        }
    }
    Some(Envelope { schema, roles })
}

/// `x-error-codes`.
pub fn codes(node: &Node<'_>) -> Vec<Code> {
    let mut codes: Vec<Code> = Vec::new();
    for item in node.items() {
        let Some(code) = code(&item) else { continue };
        let alike = |known: &Code| known.number == code.number && (known.en == code.en || known.zh == code.zh);
        if codes.iter().any(alike) {
            item.refuse(format!("the code {} stands there twice with the same message", code.number));
        }
        if codes.iter().any(|known| known.name == code.name) {
            item.refuse(format!("the name `{}` stands there twice", code.name));
        }
        codes.push(code);
    }
    for (name, variant) in REFUSALS {
        let count = codes.iter().flat_map(|code| &code.refusals).filter(|known| **known == variant).count();
        if count != 1 {
            node.refuse(format!("the refusal `{name}` needs exactly one code, and has {count}"));
        }
    }
    codes
}

fn code(node: &Node<'_>) -> Option<Code> {
    let mut fields = node.fields("an error code")?;
    let number = fields.need("code");
    let name = fields.need("name");
    let en = fields.need("en").and_then(|node| node.text());
    let zh = fields.need("zh").and_then(|node| node.text());
    let refusals = fields.take("refusals").map(|node| node.items()).unwrap_or_default();
    fields.close();
    let number_node = number?;
    let number = i32::try_from(number_node.integer()?).ok();
    if number.is_none() {
        number_node.refuse("a code is a number of 32 bits");
    }
    let name_node = name?;
    let name = name_node.text()?;
    if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        name_node.refuse("the name becomes a variant's: letters and digits, the first a capital");
    }
    let refusals = refusals
        .iter()
        .filter_map(|node| {
            let name = node.text()?;
            let known = REFUSALS.iter().find(|(known, _)| *known == name);
            if known.is_none() {
                let all = REFUSALS.map(|(name, _)| format!("`{name}`")).join(", ");
                node.refuse(format!("`{name}` is not a refusal; the refusals are {all}"));
            }
            known.map(|(_, variant)| *variant)
        })
        .collect();
    Some(Code { number: number?, name, en: en?, zh: zh?, refusals })
}

/// `x-rate-limit`.
pub fn limit(node: &Node<'_>) -> Option<RateLimit> {
    let mut fields = node.fields("`x-rate-limit`")?;
    let scope = fields.need("scope");
    let cycle = fields.need("cycle");
    let max = fields.need("max");
    let gap = fields.take("gap").and_then(|node| node.small()).unwrap_or_default();
    let setting = fields.text("setting");
    fields.close();
    let scope = scope?;
    if !matches!(scope.text()?.as_str(), "client-ip" | "device") {
        scope.refuse("requests are counted for each `client-ip` or each `device`");
        return None;
    }
    let cycle_node = cycle?;
    let cycle = cycle_node.small()?;
    if cycle == 0 {
        cycle_node.refuse("a window lasts at least a second");
    }
    Some(RateLimit { scope: scope.text()?, gap, cycle, max: max?.small()?, setting })
}
