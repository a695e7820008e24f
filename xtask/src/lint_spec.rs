//! `cargo xtask lint-spec`: what our documents keep to beyond what the generator needs, so that they read well and their
//! examples are true.

mod examples;
mod rules;

use serde_json::Value;

use crate::{
    Failure,
    codegen::{self, Refusal, step},
};

/// Checks every document of `openapi/`.
///
/// # Errors
///
/// Everything that breaks a rule, all at once, each with its place.
pub fn run() -> Result<(), Failure> {
    let documents = codegen::documents()?;
    let found: Vec<String> =
        documents.iter().flat_map(|source| lint(&source.file, &source.value)).map(|found| found.to_string()).collect();
    if !found.is_empty() {
        return Err(Failure::new(found.join("\n")));
    }
    println!("lint-spec: {} document(s), nothing to mend", documents.len());
    Ok(())
}

/// What a document breaks.
fn lint(file: &str, document: &Value) -> Vec<Refusal> {
    let mut lint = Lint { file, document, found: Vec::new() };
    rules::check(&mut lint);
    examples::check(&mut lint);
    lint.found.sort();
    lint.found.dedup();
    lint.found
}

/// A document under the lint, and what was found so far.
struct Lint<'a> {
    file: &'a str,
    document: &'a Value,
    found: Vec<Refusal>,
}

impl<'a> Lint<'a> {
    fn say(&mut self, pointer: &str, sentence: impl Into<String>) {
        self.found.push(Refusal::new(self.file, pointer, sentence));
    }

    /// What a value stands for: the target of a local reference, or itself, with its own place.
    fn follow(&self, pointer: String, value: &'a Value) -> (String, &'a Value) {
        let target = value["$ref"].as_str().and_then(|target| {
            let found = self.document.pointer(target.strip_prefix('#')?)?;
            Some((target.to_owned(), found))
        });
        target.unwrap_or((pointer, value))
    }

    /// Every operation with its place.
    fn operations(&self) -> Vec<(String, &'a Value)> {
        let mut operations = Vec::new();
        for (path, item) in entries(&self.document["paths"]) {
            for (method, operation) in entries(item) {
                if matches!(method, "get" | "put" | "post" | "delete" | "patch" | "head" | "options" | "trace") {
                    operations.push((format!("#/paths/{}/{method}", step(path)), operation));
                }
            }
        }
        operations
    }
}

/// The entries of an object; none where it is not one.
fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The items of a list with their indices; none where it is not one.
fn items(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value.as_array().into_iter().flatten().enumerate()
}

#[cfg(test)]
mod tests;
