//! Why a keyword is refused.

/// The sentence for a keyword that nothing reads.
pub fn sentence(key: &str, what: &str) -> String {
    let reason = match key {
        "additionalProperties" => "additional properties are not supported: every property has a name and a type",
        "allOf" => "`allOf` is supported only around one reference, to make it nullable or to describe it",
        "anyOf" => "`anyOf` is not supported: use `oneOf` in a reply, or a named schema of its own",
        "oneOf" => "`oneOf` is supported only as a named schema of a reply",
        "not" => "`not` is not supported: say what is allowed instead",
        "discriminator" => {
            "discriminators are not supported: the alternatives of a `oneOf` are told apart by their shape"
        }
        "callbacks" => "callbacks are not supported: the server calls nobody",
        "links" => "links are not supported",
        "default" if what == "the replies" => "a `default` response is not supported: list every status",
        "default" if what == "a type" => "a default is supported only on a parameter, or a property of a request",
        "readOnly" | "writeOnly" => "`readOnly` and `writeOnly` are not supported: use a schema for each direction",
        "xml" => "XML is not supported",
        "encoding" => "`encoding` is not supported: form fields are sent as plain text",
        "contentEncoding" | "contentMediaType" | "const" | "$defs" | "if" | "then" | "else" | "prefixItems"
        | "patternProperties" | "propertyNames" | "examples"
            if what == "a type" || what == "a schema" =>
        {
            return format!("`{key}` does not exist in OpenAPI 3.0");
        }
        "minProperties" | "maxProperties" => {
            "the number of properties can be limited to 0 only, where there are none: all others are named"
        }
        "enum" => "an enumeration must be a named schema of type string",
        "properties" => "an object must be a named schema",
        "cookie" => "cookies are not supported",
        "trace" | "head" | "options" if what == "a path" => {
            return format!("`{key}` cannot be documented: the server answers it by itself, or not at all");
        }
        "parameters" if what == "a path" => "parameters belong to the operations, not to the path",
        "servers" => "only the document has `servers`",
        "security" if what == "the document" => "security belongs to the operations, so that each says what it needs",
        "webhooks" => "webhooks are not supported",
        "requestBodies" | "callbacks_" => {
            "`components/requestBodies` is not supported: write the body at its operation"
        }
        "content" => "`content` is supported only in bodies and replies",
        "externalDocs" => "`externalDocs` is not supported here: write the address into the description",
        "allowReserved" | "allowEmptyValue" => "the server treats every value alike, and has no such exception",
        key if key.starts_with("x-") => return format!("the extension `{key}` is not known in {what}"),
        key => return format!("`{key}` is not supported in {what}"),
    };
    reason.to_owned()
}
