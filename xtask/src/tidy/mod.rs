//! `cargo xtask tidy`: the rules of this project that a compiler does not know. Each rule looks at the whole tree and
//! returns findings; each has a test beside it that makes it fail.

use std::fmt;
use std::process::Command;

use crate::{Context, Failure, root};

mod layers;
mod licences;
mod manifests;
mod style;
mod tokens;

/// One text file of the checkout.
struct File {
    /// Relative to the workspace's root, with `/`.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether `cargo xtask codegen` writes this file: it says so itself, or lies where only generated files may lie.
    fn is_generated(&self) -> bool {
        self.path.contains("/generated/")
            || self.text.lines().next().is_some_and(|first| first.contains(style::GENERATED))
    }
}

/// The files that git tracks or would add. What is ignored is nobody's business here.
#[derive(Default)]
struct Tree {
    files: Vec<File>,
}

impl Tree {
    fn read() -> Result<Self, Failure> {
        let listing = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])
            .current_dir(root())
            .output()
            .context("cannot run git")?;
        if !listing.status.success() {
            return Err(Failure::new("git cannot list the files: is this a checkout?"));
        }
        let mut files = Vec::new();
        for path in String::from_utf8_lossy(&listing.stdout).split_terminator('\0') {
            match std::fs::read_to_string(root().join(path)) {
                Ok(text) => files.push(File { path: path.to_owned(), text }),
                // A screenshot, or a file that is deleted but still in the index.
                Err(error)
                    if matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::NotFound) => {}
                Err(error) => return Err(Failure::new(format!("cannot read {path}: {error}"))),
            }
        }
        Ok(Self { files })
    }

    fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }
}

/// One breach of one rule. Lines count from 1.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    sentence: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, rule: &'static str, sentence: impl Into<String>) -> Self {
        Self { path: path.into(), line, rule, sentence: sentence.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}: {}", self.path, self.line, self.rule, self.sentence)
    }
}

/// Checks the checkout, prints every finding, and fails where there is one.
pub fn run() -> Result<(), Failure> {
    let tree = Tree::read()?;
    let mut findings = check(&tree);
    findings.extend(licences::run(&tree)?);
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files, nothing to mend", tree.files.len());
            Ok(())
        }
        count => Err(Failure::new(format!("tidy: {count} to mend"))),
    }
}

/// Every rule that needs nothing but the files.
fn check(tree: &Tree) -> Vec<Finding> {
    [layers::check(tree), style::check(tree), manifests::check(tree)].into_iter().flatten().collect()
}

#[cfg(test)]
mod testing {
    use super::{File, Finding, Tree};

    /// A tree of these files.
    pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        Tree { files: files.iter().map(file).collect() }
    }

    /// `path:line rule` of each finding, which is what the tests compare.
    pub(super) fn brief(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(|found| format!("{}:{} {}", found.path, found.line, found.rule)).collect()
    }
}
