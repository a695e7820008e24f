//! `gatehouse openapi`

use std::io::{ErrorKind, Write as _};

use clap::ValueEnum;
use gatehouse_api::DOCUMENTS;
use gatehouse_api::runtime::Document;

use super::Failure;

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    Yaml,
    Json,
}

/// Prints the document of `dialect`, or every one: as a stream of YAML documents, or as a JSON object by dialect.
pub(super) fn run(dialect: Option<&str>, format: Format) -> Result<(), Failure> {
    let text = render(dialect, format)?;
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}

fn render(dialect: Option<&str>, format: Format) -> Result<String, Failure> {
    let line = |text: &str| format!("{}\n", text.trim_end());
    if let Some(dialect) = dialect {
        let known = || DOCUMENTS.map(|document| document.dialect).join(", ");
        let document = DOCUMENTS.iter().find(|document| document.dialect == dialect);
        let document = document.ok_or_else(|| format!("there is no document `{dialect}`, only: {}", known()))?;
        return Ok(line(text(document, format)));
    }
    Ok(match format {
        Format::Yaml => DOCUMENTS.map(|document| line(document.yaml)).join("---\n"),
        Format::Json => {
            let members = DOCUMENTS.map(|document| format!("\"{}\": {}", document.dialect, document.json.trim_end()));
            format!("{{{}}}\n", members.join(",\n"))
        }
    })
}

const fn text(document: &Document, format: Format) -> &'static str {
    match format {
        Format::Yaml => document.yaml,
        Format::Json => document.json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_printed_as_it_was_written() {
        let yaml = render(Some("go_api"), Format::Yaml).unwrap();
        assert!(yaml.starts_with("openapi: 3.0.3") || yaml.contains("\nopenapi: 3.0.3"));
        let json: serde_json::Value = serde_json::from_str(&render(Some("go_api"), Format::Json).unwrap()).unwrap();
        assert_eq!(json["openapi"], "3.0.3");
    }

    #[test]
    fn without_a_name_every_document_is_printed() {
        let all: serde_json::Value = serde_json::from_str(&render(None, Format::Json).unwrap()).unwrap();
        assert!(DOCUMENTS.iter().all(|document| all[document.dialect]["openapi"] == "3.0.3"));
        assert!(render(None, Format::Yaml).unwrap().contains("openapi: 3.0.3"));
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let said = render(Some("other"), Format::Yaml).unwrap_err().to_string();
        assert!(said.contains("`other`") && said.contains("go_api"), "{said}");
    }
}
