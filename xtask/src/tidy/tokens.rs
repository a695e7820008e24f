//! Rust source as a flat list of tokens with their surroundings, so that a rule never mistakes a comment or a text for
//! code.

use std::str::FromStr;

use proc_macro2::{Delimiter, LexError, Spacing, TokenStream, TokenTree};

/// One token. Delimiters are tokens of their own, `::` is one token, and literals keep their quotes.
pub(super) struct Token {
    pub(super) text: String,
    /// From 1.
    pub(super) line: usize,
    /// Within a `use` declaration.
    pub(super) in_use: bool,
    /// Within `#[..]` or `#![..]`.
    pub(super) in_attribute: bool,
    /// Within an item that is compiled for tests only.
    pub(super) in_test: bool,
}

/// Lexes `source`. `tests` says that the whole file is test code.
pub(super) fn read(source: &str, tests: bool) -> Result<Vec<Token>, LexError> {
    let mut tokens = Vec::new();
    walk(TokenStream::from_str(source)?, Place { in_use: false, in_attribute: false, in_test: tests }, &mut tokens);
    Ok(tokens)
}

#[derive(Clone, Copy)]
struct Place {
    in_use: bool,
    in_attribute: bool,
    in_test: bool,
}

impl Place {
    fn token(self, text: impl Into<String>, line: usize) -> Token {
        let Self { in_use, in_attribute, in_test } = self;
        Token { text: text.into(), line, in_use, in_attribute, in_test }
    }
}

fn walk(stream: TokenStream, outer: Place, tokens: &mut Vec<Token>) {
    let mut place = outer;
    let mut test_item = false;
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Ident(ident) => {
                // `use<'a>` in a bound is no import.
                let bound = matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '<');
                if ident == "use" && !bound {
                    place.in_use = true;
                }
                tokens.push(place.token(ident.to_string(), line));
            }
            TokenTree::Literal(literal) => tokens.push(place.token(literal.to_string(), line)),
            TokenTree::Punct(punct) => {
                let path = punct.as_char() == ':'
                    && punct.spacing() == Spacing::Joint
                    && matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                if path {
                    trees.next();
                    tokens.push(place.token("::", line));
                    continue;
                }
                if punct.as_char() == ';' {
                    place = outer;
                    test_item = false;
                }
                tokens.push(place.token(punct.as_char(), line));
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let attribute = open == "[" && follows_hash(tokens);
                test_item |= attribute && is_test(&group.stream());
                let mut inner = place;
                inner.in_attribute |= attribute;
                inner.in_test |= test_item && open == "{";
                tokens.push(inner.token(open, line));
                let end = group.span_close().start().line;
                walk(group.stream(), inner, tokens);
                tokens.push(inner.token(close, end));
                // The body ends the item that an attribute stood before.
                if open == "{" && !place.in_use {
                    test_item = false;
                }
            }
        }
    }
}

/// Whether the last token begins an attribute.
fn follows_hash(tokens: &[Token]) -> bool {
    match tokens {
        [.., last] if last.text == "#" => true,
        [.., hash, last] => hash.text == "#" && last.text == "!",
        _ => false,
    }
}

/// Whether an attribute's content is `test`, `some::test` or a `cfg` that asks for it.
fn is_test(attribute: &TokenStream) -> bool {
    fn names(stream: TokenStream, found: &mut Vec<String>) {
        for tree in stream {
            match tree {
                TokenTree::Ident(ident) => found.push(ident.to_string()),
                TokenTree::Group(group) => names(group.stream(), found),
                _ => {}
            }
        }
    }
    let path = attribute.clone().into_iter().take_while(|tree| !matches!(tree, TokenTree::Group(_)));
    let mut last = Vec::new();
    names(path.collect(), &mut last);
    if last.last().is_some_and(|name| name == "test") {
        return true;
    }
    let mut all = Vec::new();
    names(attribute.clone(), &mut all);
    last.first().is_some_and(|name| name == "cfg")
        && all.iter().any(|name| name == "test")
        && all.iter().all(|name| name != "not")
}

#[cfg(test)]
mod tests {
    use super::read;

    fn in_tests(source: &str) -> Vec<String> {
        let tokens = read(source, false).unwrap();
        tokens.into_iter().filter(|token| token.in_test).map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        let tokens = read("// poem::x\nlet a = \"poem::x\"; /* poem */", false).unwrap();
        assert!(tokens.iter().all(|token| token.text != "poem"));
    }

    #[test]
    fn an_import_ends_at_its_semicolon() {
        let tokens = read("use a::{b, c};\nfn d() -> impl E + use<'_> { f }", false).unwrap();
        let imported: Vec<_> = tokens.iter().filter(|token| token.in_use).map(|token| &*token.text).collect();
        assert_eq!(imported, ["use", "a", "::", "{", "b", ",", "c", "}"]);
    }

    #[test]
    fn test_items_are_known_by_their_attribute() {
        assert_eq!(in_tests("#[cfg(test)] mod tests { a } mod b { c }"), ["{", "a", "}"]);
        assert_eq!(in_tests("#[tokio::test(start_paused = true)] async fn x() { a } fn y() { b }"), ["{", "a", "}"]);
        assert!(in_tests("#[cfg(not(test))] mod a { b }").is_empty());
        assert!(in_tests("#[cfg(test)] mod tests; mod b { c }").is_empty());
    }

    #[test]
    fn lines_count_from_one() {
        let tokens = read("a\n\nb", false).unwrap();
        assert_eq!(tokens.iter().map(|token| token.line).collect::<Vec<_>>(), [1, 3]);
    }
}
