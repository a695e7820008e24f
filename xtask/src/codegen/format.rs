//! From syntax to the text that a person would have written: prettyplease, blank lines between items, rustfmt.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;

use crate::{Context as _, Failure, root};

/// Syntax as text, before rustfmt.
pub fn print(file: &syn::File) -> String {
    spaced(&prettyplease::unparse(file))
}

/// The same for items that were not parsed yet.
pub fn print_items(items: TokenStream) -> Result<String, Failure> {
    Ok(print(&syn::parse2(items).context("the generated code is no Rust")?))
}

/// Puts a blank line between items, and between the methods of an `impl` or a trait, as people do and prettyplease does
/// not. An item begins with its documentation or attribute, and ends with a block or a semicolon.
fn spaced(code: &str) -> String {
    let mut out = String::with_capacity(code.len() + code.len() / 16);
    let mut previous: Option<(usize, &str)> = None;
    for line in code.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some((before, last)) = previous
            && before == indent
            && indent <= 4
            && separate(last, text)
        {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        previous = Some((indent, text));
    }
    out
}

/// Whether an item that ends with the line `last` and one that begins with the line `next` stand apart.
fn separate(last: &str, next: &str) -> bool {
    if next.starts_with(['}', ')', ']']) || !(last.ends_with('}') || last.ends_with(';')) {
        return false;
    }
    let word = |line: &str| line.split([' ', '!', '(']).next().unwrap_or_default().to_owned();
    let last_word = if next.starts_with("use ") && last == "};" { "use".to_owned() } else { word(last) };
    let modules = [last, next].iter().all(|line| line.starts_with("pub mod ") && line.ends_with(';'));
    let alike = modules || ["use", "type", "const"].contains(&word(next).as_str()) && last_word == word(next);
    let begins = ["///", "#[", "pub", "impl", "fn", "async", "const", "static", "type", "use", "mod"];
    !alike && begins.iter().any(|begin| next.starts_with(begin))
}

/// The text as rustfmt writes it under the project's settings. rustfmt of the toolchain that builds the project decides,
/// so that `cargo fmt --check` and `codegen --check` never disagree.
pub fn rustfmt(code: &str) -> Result<String, Failure> {
    let once = run(code)?;
    if run(&once)? != once {
        return Err(Failure::new("rustfmt would change its own output, so that no check could be exact"));
    }
    Ok(once)
}

fn run(code: &str) -> Result<String, Failure> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(root())
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("rustfmt, which the generated code goes through, cannot be run (`rustup component add rustfmt`)")?;
    let mut input = child.stdin.take().context("rustfmt has no input")?;
    let text = code.to_owned();
    // rustfmt reads all of its input before it writes, but a pipe is small: whoever waits for both must do one aside.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().context("rustfmt was lost")?;
    let written = writer.join().is_ok_and(|outcome| outcome.is_ok());
    if !output.status.success() || !written {
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::new(format!("rustfmt refuses the generated code:\n{reason}")));
    }
    String::from_utf8(output.stdout).context("rustfmt wrote no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_stand_apart_and_fields_together() {
        let code = quote::quote! {
            use a::b;
            use c::d;
            const A: u8 = 1;
            const B: u8 = 2;
            /// A tool.
            struct Tool { a: u8, b: u8 }
            impl Tool { type A = u8; type B = u8; fn one(&self) {} fn two(&self) { let x = 1; f(x); } }
        };
        let text = rustfmt(&print_items(code).unwrap()).unwrap();
        assert_eq!(
            text,
            "use a::b;\nuse c::d;\n\nconst A: u8 = 1;\nconst B: u8 = 2;\n\n/// A tool.\nstruct Tool {\n    a: u8,\n    b: u8,\n}\n\n\
             impl Tool {\n    type A = u8;\n    type B = u8;\n\n    fn one(&self) {}\n\n    fn two(&self) {\n        let x = 1;\n        \
             f(x);\n    }\n}\n"
        );
    }
}
