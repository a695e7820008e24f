//! `cargo xtask codegen`: documents become the interface that the server implements and the client of the SDK.
//!
//! A document is read into a typed form (`read`, `ir`), or refused with every place that is not honoured. From what was
//! read come the server's side (`server`) and the client's (`client`). Everything goes through one formatter, and is
//! written, or compared with what is there.

mod client;
mod features;
mod format;
mod golden;
mod ir;
mod lists;
mod names;
mod output;
mod read;
mod refusal;
#[cfg(test)]
mod refused;
mod server;

use std::path::{Path, PathBuf};

use quote::quote;
use serde_json::Value;

pub use ir::Document;
pub use output::Output;
pub use refusal::{Refusal, step};

use crate::{Context as _, Failure, root};

/// Generates everything from `openapi/*.yaml`; with `check` it only compares, and fails where something differs.
///
/// # Errors
///
/// What is refused of the documents, or a difference as a unified diff.
pub fn run(check: bool) -> Result<(), Failure> {
    let sources = documents()?;
    let mut outputs = Vec::new();
    for source in &sources {
        outputs.extend(source.outputs()?);
        print!("{}", features::table(&source.document));
    }
    outputs.extend(lists::outputs(&sources)?);
    outputs.extend(golden::outputs()?);
    let folders =
        [Path::new("openapi/src/generated"), Path::new("client-sdk/src/generated"), Path::new(golden::FOLDER)];
    output::settle(&outputs, &folders, check)
}

/// A document that was read and accepted.
pub struct Source {
    /// Its path from the root of the checkout.
    pub file: String,
    /// The document as a value, with its anchors resolved.
    pub value: Value,
    /// What it says.
    pub document: Document,
    /// The client that was made of it, before rustfmt.
    client: String,
}

/// Every document of `openapi/`, in the order of their names.
///
/// # Errors
///
/// What is refused of them, all at once.
pub fn documents() -> Result<Vec<Source>, Failure> {
    let mut files = output::list(Path::new("openapi"), "yaml")?;
    files.retain(|file| !file.to_string_lossy().ends_with(".asyncapi.yaml"));
    sources(&files)
}

fn sources(files: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let (mut sources, mut refusals) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(root().join(file)).context(format_args!("cannot read {name}"))?;
        match accept(&name, &text) {
            Ok(source) => sources.push(source),
            Err(refused) => refusals.extend(refused),
        }
    }
    if refusals.is_empty() { Ok(sources) } else { Err(refused(&refusals)) }
}

fn refused(refusals: &[Refusal]) -> Failure {
    let lines: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
    Failure::new(lines.join("\n"))
}

/// Reads a document by both sides.
fn accept(file: &str, text: &str) -> Result<Source, Vec<Refusal>> {
    let value = read::parse(file, text)?;
    let document = read::read(file, &value)?;
    let folder = root().join(file);
    let missing = document.operations.iter().filter_map(|operation| {
        let name = operation.websocket.as_ref()?;
        let is_there = folder.parent().is_some_and(|folder| folder.join(name).is_file());
        let pointer = format!("#/paths/{}/{}/x-websocket", step(&operation.path), operation.method);
        (!is_there).then(|| Refusal::new(file, pointer, format!("there is no `{name}` beside the document")))
    });
    let missing: Vec<Refusal> = missing.collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let client = client::generate(&document.dialect.name, file, &value)?;
    Ok(Source { file: file.to_owned(), value, document, client })
}

impl Source {
    fn name(&self) -> &str {
        &self.document.dialect.name
    }

    /// The files of this document.
    fn outputs(&self) -> Result<Vec<Output>, Failure> {
        let name = self.name();
        let file_name = Path::new(&self.file).file_name().map(|name| name.to_string_lossy().into_owned());
        let site = server::Site {
            runtime: quote!(crate::runtime),
            yaml: format!("../../{}", file_name.unwrap_or_default()),
            json: format!("{name}.json"),
            folder: "../../".to_owned(),
        };
        Ok(vec![
            Output::new(format!("openapi/src/generated/{name}.rs"), self.server(&site)?),
            Output::new(format!("openapi/src/generated/{name}.json"), self.json()?),
            Output::new(format!("client-sdk/src/generated/{name}.rs"), self.client()?),
        ])
    }

    fn server(&self, site: &server::Site) -> Result<String, Failure> {
        format::rustfmt(&server::generate(&self.document, site)?)
    }

    fn client(&self) -> Result<String, Failure> {
        format::rustfmt(&self.client)
    }

    fn json(&self) -> Result<String, Failure> {
        let json = serde_json::to_string_pretty(&self.value).context("the document cannot be JSON")?;
        Ok(json + "\n")
    }
}
