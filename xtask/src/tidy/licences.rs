//! The licences and the origin of everything in Cargo.lock, against the lists in `.deny.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use super::{Finding, Tree};
use crate::{Context, Failure, cargo};

const RULE: &str = "licences";

/// The only place that packages may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What `cargo metadata` says of a package, as far as it matters here.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// An SPDX expression, in new or old writing.
    license: Option<String>,
    /// Absent for the workspace's own crates.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// The part of `.deny.toml` that is enforced here.
#[derive(Deserialize)]
struct Lists {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

/// Asks cargo for the packages of every platform, and judges them.
pub(super) fn run(tree: &Tree) -> Result<Vec<Finding>, Failure> {
    let output = cargo()
        .args(["metadata", "--locked", "--format-version", "1"])
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        return Err(Failure::new(format!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr))));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cannot read cargo metadata's answer")?;
    let lists = tree.get(".deny.toml").context(".deny.toml is missing")?;
    let lists: Lists = toml::from_str(&lists.text).context("cannot read .deny.toml")?;
    let lock = tree.get("Cargo.lock").context("Cargo.lock is missing")?;
    let lines: BTreeMap<String, usize> = lock
        .text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| Some((line.strip_prefix("name = \"")?.strip_suffix('"')?.to_owned(), index + 1)))
        .collect();
    check(&metadata.packages, &lists.licenses, &lines)
}

fn check(packages: &[Package], lists: &Licences, lines: &BTreeMap<String, usize>) -> Result<Vec<Finding>, Failure> {
    let everywhere = licensees(&lists.allow)?;
    let mut findings = Vec::new();
    for exception in &lists.exceptions {
        licensees(&exception.allow)?;
        if !packages.iter().any(|package| package.name == exception.name) {
            let sentence = format!("the exception for `{}` is for nothing: no such package is used", exception.name);
            findings.push(Finding::new(".deny.toml", 1, RULE, sentence));
        }
    }
    for package in packages {
        let Some(source) = &package.source else { continue };
        let line = lines.get(&package.name).copied().unwrap_or(1);
        let mut found = |sentence: String| {
            let sentence = format!("{} {}: {sentence}", package.name, package.version);
            findings.push(Finding::new("Cargo.lock", line, RULE, sentence));
        };
        if source != REGISTRY {
            found(format!("comes from {source}, not from crates.io"));
        }
        let exceptions = lists.exceptions.iter().filter(|exception| exception.name == package.name);
        let own = licensees(exceptions.flat_map(|exception| &exception.allow))?;
        match &package.license {
            None => found("names no licence".to_owned()),
            Some(text) => match Expression::parse_mode(text, ParseMode::LAX) {
                Err(error) => found(format!("`{text}` is no SPDX expression: {}", error.reason)),
                Ok(expression) => {
                    let allowed =
                        |wanted: &spdx::LicenseReq| everywhere.iter().chain(&own).any(|held| held.satisfies(wanted));
                    if !expression.evaluate(allowed) {
                        found(format!("`{text}` is not among the licences that .deny.toml allows"));
                    }
                }
            },
        }
    }
    Ok(findings)
}

fn licensees<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<Vec<Licensee>, Failure> {
    let read = |name: &String| Licensee::parse(name).context(format_args!(".deny.toml: `{name}` is no SPDX licence"));
    names.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(license: Option<&str>) -> usize {
        from(license, REGISTRY).len()
    }

    fn from(license: Option<&str>, source: &str) -> Vec<Finding> {
        let lists = Licences {
            allow: vec!["MIT".into(), "Apache-2.0".into(), "Unicode-3.0".into()],
            exceptions: vec![Exception { name: "excepted".into(), allow: vec!["MPL-2.0".into()] }],
        };
        let package = |name: &str, license: Option<&str>| Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: license.map(Into::into),
            source: Some(source.into()),
        };
        let packages = [package("subject", license), package("excepted", Some("MPL-2.0"))];
        let lines = BTreeMap::from([("subject".to_owned(), 7)]);
        let findings = check(&packages, &lists, &lines).unwrap();
        findings.into_iter().filter(|found| found.line == 7).collect()
    }

    #[test]
    fn or_needs_one_allowed_side() {
        assert_eq!(of(Some("MIT OR GPL-3.0-only")), 0);
        assert_eq!(of(Some("GPL-3.0-only/MIT")), 0);
        assert_eq!(of(Some("LGPL-2.1-only OR GPL-3.0-only")), 1);
    }

    #[test]
    fn and_needs_both_sides() {
        assert_eq!(of(Some("(MIT OR Apache-2.0) AND Unicode-3.0")), 0);
        assert_eq!(of(Some("MIT AND GPL-3.0-only")), 1);
    }

    #[test]
    fn no_licence_and_nonsense_are_found() {
        assert_eq!(of(None), 1);
        assert_eq!(of(Some("Whatever-1.0 AND")), 1);
    }

    #[test]
    fn an_exception_is_for_the_named_crate_only() {
        assert_eq!(of(Some("MPL-2.0")), 1);
        let lists = Licences { allow: vec![], exceptions: vec![Exception { name: "gone".into(), allow: vec![] }] };
        assert_eq!(check(&[], &lists, &BTreeMap::new()).unwrap().len(), 1);
    }

    #[test]
    fn everything_comes_from_the_registry() {
        assert_eq!(from(Some("MIT"), "git+https://example.com/a").len(), 1);
    }
}
