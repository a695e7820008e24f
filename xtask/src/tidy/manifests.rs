//! The manifests: every version stands once, in the workspace's table, and every crate inherits the lints.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::{File, Finding, Tree};

const RULE: &str = "manifests";

const TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        match file.text.parse::<Table>() {
            Ok(manifest) => findings.extend(member(file, &manifest, &mut used)),
            Err(error) => findings.push(Finding::new(&file.path, 1, RULE, error.message())),
        }
    }
    if let Some(file) = tree.get("Cargo.toml") {
        match file.text.parse::<Table>() {
            Ok(manifest) => findings.extend(workspace(file, &manifest, &used)),
            Err(error) => findings.push(Finding::new(&file.path, 1, RULE, error.message())),
        }
    }
    findings
}

/// One crate's manifest; the names of its dependencies are added to `used`.
fn member(file: &File, manifest: &Table, used: &mut BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    for (kind, name, entry) in dependencies(manifest) {
        used.insert(name.to_owned());
        let mut found = |sentence: String| findings.push(Finding::new(&file.path, line_of(file, name), RULE, sentence));
        if entry.get("workspace") != Some(&Value::Boolean(true)) {
            found(format!("write `{name}.workspace = true`; versions stand in the root's [workspace.dependencies]"));
        }
        match kinds.insert(name, kind) {
            Some("dependencies") if kind == "dev-dependencies" && entry.get("features").is_none() => {
                found(format!("`{name}` is listed twice: tests have every ordinary dependency already"));
            }
            _ => {}
        }
    }
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")) == Some(&Value::Boolean(true));
    if !inherits {
        findings.push(Finding::new(
            &file.path,
            1,
            RULE,
            "write `[lints] workspace = true`, so that one set of lints holds everywhere",
        ));
    }
    findings
}

/// The workspace's own table.
fn workspace(file: &File, manifest: &Table, used: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut packages: BTreeMap<&str, &str> = BTreeMap::new();
    let table = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies")).and_then(Value::as_table);
    for (name, entry) in table.into_iter().flatten() {
        let mut found = |sentence: String| findings.push(Finding::new(&file.path, line_of(file, name), RULE, sentence));
        let package = entry.get("package").and_then(Value::as_str).unwrap_or(name);
        if let Some(first) = packages.insert(package, name) {
            found(format!("`{package}` is listed twice, as `{first}` and as `{name}`"));
        }
        if !used.contains(name) && !entry.get("path").is_some_and(Value::is_str) {
            found(format!("no crate uses `{name}`"));
        }
    }
    findings
}

/// Every dependency of a crate with the kind of its table, those of single targets too.
fn dependencies(manifest: &Table) -> Vec<(&'static str, &str, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let places = targets.filter_map(|(_, target)| target.as_table()).chain([manifest]);
    let mut found = Vec::new();
    for place in places {
        for kind in TABLES {
            let entries = place.get(*kind).and_then(Value::as_table).into_iter().flatten();
            found.extend(entries.map(|(name, entry)| (*kind, name.as_str(), entry)));
        }
    }
    found
}

/// The last line that begins with this key: where a name is listed twice, the second is the one too many.
fn line_of(file: &File, name: &str) -> usize {
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
            || line.trim_end().ends_with(&format!("dependencies.{name}]"))
    };
    file.text.lines().enumerate().filter(|(_, line)| is_key(line)).last().map_or(1, |(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{brief, tree};
    use super::check;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    fn of(member: &str) -> Vec<String> {
        brief(&check(&tree(&[("server/Cargo.toml", member)])))
    }

    #[test]
    fn versions_stand_in_the_workspace() {
        assert!(of(&format!("{LINTS}[dependencies]\nhex.workspace = true")).is_empty());
        assert_eq!(of(&format!("{LINTS}[dependencies]\nhex = \"1\"")), ["server/Cargo.toml:4 manifests"]);
        assert_eq!(
            of(&format!("{LINTS}[target.x.dependencies]\nhex = {{ path = \"a\" }}")),
            ["server/Cargo.toml:4 manifests"]
        );
    }

    #[test]
    fn a_dependency_is_listed_once_in_a_crate() {
        let twice = format!("{LINTS}[dependencies]\nhex.workspace = true\n[dev-dependencies]\nhex.workspace = true");
        assert_eq!(of(&twice), ["server/Cargo.toml:6 manifests"]);
        let wider = twice.replace("]\nhex.workspace = true\n", "]\nhex.workspace = true\n# tests want more\n");
        let wider = format!("{wider}\nhex.features = [\"serde\"]");
        assert!(of(&wider).is_empty());
    }

    #[test]
    fn lints_are_inherited() {
        assert_eq!(of("[package]\nname = \"a\""), ["server/Cargo.toml:1 manifests"]);
    }

    #[test]
    fn a_package_is_listed_once_in_the_workspace() {
        let member = format!("{LINTS}[dependencies]\nhex.workspace = true\nhex2.workspace = true");
        let root = "[workspace.dependencies]\nhex = \"1\"\nhex2 = { version = \"2\", package = \"hex\" }";
        let found = check(&tree(&[("server/Cargo.toml", &member), ("Cargo.toml", root)]));
        assert_eq!(brief(&found), ["Cargo.toml:3 manifests"]);
    }

    #[test]
    fn an_unused_version_goes() {
        let found =
            check(&tree(&[("server/Cargo.toml", LINTS), ("Cargo.toml", "[workspace.dependencies]\nhex = \"1\"")]));
        assert_eq!(brief(&found), ["Cargo.toml:2 manifests"]);
    }
}
