//! Generated files: written where they differ, or compared with what is there.

use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::{Context as _, Failure, root};

/// A generated file.
#[derive(Debug)]
pub struct Output {
    /// Its path from the root of the checkout.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Output {
    /// A file of this text.
    pub fn new(path: impl Into<PathBuf>, text: String) -> Self {
        Self { path: path.into(), text }
    }
}

/// The files of a folder with this extension, in the order of their names, as paths from the root of the checkout.
pub fn list(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).context(format_args!("cannot list {}", folder.display()))? {
        let entry = entry.context("cannot list the folder")?;
        let path = folder.join(entry.file_name());
        if entry.path().is_file() && path.extension().is_some_and(|known| known == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes the files, or with `check` compares them. Other files in their folders belong to documents that are gone.
///
/// # Errors
///
/// The differences as a unified diff, with `check`; what cannot be read or written.
pub fn settle(outputs: &[Output], folders: &[&Path], check: bool) -> Result<(), Failure> {
    let mut differences = String::new();
    for output in outputs {
        let path = root().join(&output.path);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        if before == output.text {
            continue;
        }
        if check {
            differences.push_str(&diff(&output.path, &before, &output.text));
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).context(format_args!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&path, &output.text).context(format_args!("cannot write {}", output.path.display()))?;
        println!("wrote {}", output.path.display());
    }
    for stale in stale(outputs, folders)? {
        if check {
            differences.push_str(&format!("{}: no document has this file any more\n", stale.display()));
            continue;
        }
        std::fs::remove_file(root().join(&stale)).context(format_args!("cannot remove {}", stale.display()))?;
        println!("removed {}", stale.display());
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{differences}\nthe generated code is not that of the documents: run `cargo xtask codegen`"
    )))
}

fn diff(path: &Path, before: &str, after: &str) -> String {
    let path = path.display();
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().header(&format!("{path} (as it is)"), &format!("{path} (of the document)")).to_string()
}

fn stale(outputs: &[Output], folders: &[&Path]) -> Result<Vec<PathBuf>, Failure> {
    let mut stale = Vec::new();
    for folder in folders {
        for path in walk(folder)? {
            if !outputs.iter().any(|output| output.path == path) {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}

fn walk(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else {
        return Ok(files);
    };
    for entry in entries {
        let entry = entry.context("cannot list the folder")?;
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() { files.extend(walk(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_a_unified_diff() {
        let text = diff(Path::new("a.rs"), "one\ntwo\n", "one\nthree\n");
        assert_eq!(text, "--- a.rs (as it is)\n+++ a.rs (of the document)\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
    }

    #[test]
    fn what_is_as_it_should_be_passes_the_check_and_what_is_not_fails_it() {
        let this = "xtask/src/codegen/output.rs";
        let text = std::fs::read_to_string(root().join(this)).unwrap();
        assert!(settle(&[Output::new(this, text.clone())], &[], true).is_ok());
        let failure =
            settle(&[Output::new(this, text.replace("Generated files", "Other files"))], &[], true).unwrap_err();
        assert!(failure.to_string().contains("+//! Other files"), "{failure}");
    }

    #[test]
    fn files_of_documents_that_are_gone_fail_the_check() {
        let folder = Path::new("xtask/src/codegen/read");
        let failure = settle(&[], &[folder], true).unwrap_err().to_string();
        assert!(failure.contains("xtask/src/codegen/read/mod.rs: no document has this file any more"), "{failure}");
    }
}
