//! What is refused of micro-documents, one a refusal. The sentences are snapshots, because people read them.

use std::path::Path;

use super::{accept, output, read, refusal::Refusal};
use crate::root;

const REFUSED: &str = "xtask/tests/golden/refused";

fn refusals_of(file: &Path) -> Vec<Refusal> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    match accept(&file.to_string_lossy(), &text) {
        Ok(_) => Vec::new(),
        Err(refusals) => refusals,
    }
}

#[test]
fn every_refusal_has_its_place_and_a_sentence() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("xtask/tests/golden/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for file in output::list(Path::new(REFUSED), "yaml").unwrap() {
        let refusals = refusals_of(&file);
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!refusals.is_empty(), "{name} is not refused");
        let lines: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
        settings.bind(|| insta::assert_snapshot!(name, lines.join("\n")));
    }
}

#[test]
fn every_place_of_a_refusal_is_in_its_document() {
    for file in output::list(Path::new(REFUSED), "yaml").unwrap() {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        let Ok(value) = read::parse("", &text) else { continue };
        for refusal in refusals_of(&file) {
            let pointer = refusal.pointer.strip_prefix('#').unwrap();
            assert!(value.pointer(pointer).is_some(), "{refusal}");
        }
    }
}

#[test]
fn every_snapshot_has_its_document() {
    for snapshot in output::list(Path::new("xtask/tests/golden/snapshots"), "snap").unwrap() {
        let name = snapshot.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(root().join(REFUSED).join(format!("{name}.yaml")).is_file(), "{name} has no document");
    }
}
