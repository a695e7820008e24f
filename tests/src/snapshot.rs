//! Transcripts as snapshots: `snapshots/<dialect>/<operation>__<case>.snap`, one exchange each.
//!
//! A test is named `<dialect>::<operation>::<case>` below the list of dialects, and so is its snapshot. Cases about
//! several operations, or none, stand in modules with other names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::spec::Spec;

/// The module of the generated list, which holds the modules of all dialects.
pub const LIST: &str = "dialects";

/// Keeps a transcript under the name of the test that calls; or compares it with the one that was kept.
#[macro_export]
macro_rules! transcript {
    ($exchange:expr) => {{
        fn here() {}
        $crate::snapshot::keep(std::any::type_name_of_val(&here), &$exchange.to_string())
    }};
}

/// What [`transcript!`](crate::transcript) calls with the name of a function in the test.
///
/// # Panics
/// If the transcript is another one than was kept.
#[track_caller]
pub fn keep(function: &str, transcript: &str) {
    let test = function.replace("::{{closure}}", "");
    let parts: Vec<_> = test.split("::").collect();
    let [_, LIST, dialect, group, case, "here"] = parts.as_slice() else {
        panic!("{test} is not {LIST}::<dialect>::<operation>::<case>");
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(directory().join(dialect));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{group}__{case}"), transcript));
}

/// Where snapshots are kept.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots")
}

/// What a transcript says about the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// `<dialect>::<group>::<case>`, as the test is named below [`LIST`].
    pub test: String,
    /// The request's method.
    pub method: String,
    /// The request's path.
    pub path: String,
    /// The reply's status.
    pub status: u16,
    /// The code in the reply's envelope, where it has one.
    pub code: Option<i64>,
}

/// Every transcript of a dialect.
///
/// # Panics
/// If one of them cannot be read.
pub fn kept(spec: &Spec) -> Vec<Kept> {
    files(spec).into_iter().map(|(test, text)| Kept::read(spec, test, &text)).collect()
}

/// The text of every transcript of a dialect.
///
/// # Panics
/// If one of them cannot be read.
pub fn texts(spec: &Spec) -> Vec<String> {
    files(spec).into_iter().map(|(_, text)| text).collect()
}

/// Every snapshot with the name of its test, in the order of names.
fn files(spec: &Spec) -> Vec<(String, String)> {
    let Ok(files) = fs::read_dir(directory().join(&spec.dialect)) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.expect("a directory").path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "snap"))
        .map(|path| {
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name in Unicode");
            let test = format!("{}::{}", spec.dialect, name.replacen("__", "::", 1));
            (test, fs::read_to_string(&path).expect("a snapshot"))
        })
        .collect();
    files.sort();
    files
}

impl Kept {
    /// Reads a snapshot's text.
    ///
    /// # Panics
    /// If it is no transcript.
    pub fn read(spec: &Spec, test: String, text: &str) -> Self {
        let transcript = text.splitn(3, "---\n").nth(2).unwrap_or(text);
        let mut words = transcript.lines().next().unwrap_or_default().split(' ');
        let (method, target) = words.next().zip(words.next()).unwrap_or_else(|| panic!("{test}: no request"));
        let (_, reply) = transcript.split_once("\n=> ").unwrap_or_else(|| panic!("{test}: no reply"));
        let status = reply.get(..3).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{test}: status"));
        let body: Option<serde_json::Value> =
            reply.split_once("\n\n").and_then(|(_, body)| serde_json::from_str(body.trim()).ok());
        let code = spec.code_pointer().and_then(|pointer| body?.pointer(&pointer)?.as_i64());
        let path = target.split('?').next().unwrap_or_default().to_owned();
        Self { test, method: method.to_owned(), path, status, code }
    }
}
