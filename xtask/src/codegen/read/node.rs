//! A place in a document on its way into the typed form. Whoever reads an object takes its keys one by one and closes
//! it; closing refuses every key that nobody took, so that nothing of a document can be lost in silence.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::codegen::refusal::{Refusal, step};

/// The document under reading, and what was refused so far.
pub struct Source<'d> {
    /// The document's path from the root of the checkout.
    pub file: &'d str,
    /// The whole document.
    pub root: &'d Value,
    refusals: RefCell<Vec<Refusal>>,
}

impl<'d> Source<'d> {
    /// A document that nothing was refused of yet.
    pub fn new(file: &'d str, root: &'d Value) -> Self {
        Self { file, root, refusals: RefCell::default() }
    }

    /// The document's outermost place.
    pub fn node(&'d self) -> Node<'d> {
        Node { source: self, pointer: "#".to_owned(), value: self.root }
    }

    /// The place that a JSON pointer without its `#` names.
    pub fn at(&'d self, pointer: &str) -> Option<Node<'d>> {
        Some(Node { source: self, pointer: format!("#{pointer}"), value: self.root.pointer(pointer)? })
    }

    /// Whether nothing was refused so far, so that what is missing is missing in the document, too.
    pub fn is_clean(&self) -> bool {
        self.refusals.borrow().is_empty()
    }

    /// Every refusal in the order of places, each once.
    pub fn into_refusals(self) -> Vec<Refusal> {
        let mut seen = Vec::new();
        for refusal in self.refusals.into_inner() {
            if !seen.contains(&refusal) {
                seen.push(refusal);
            }
        }
        seen
    }
}

/// A place in a document.
#[derive(Clone)]
pub struct Node<'d> {
    source: &'d Source<'d>,
    /// Where it is.
    pub pointer: String,
    /// What stands there.
    pub value: &'d Value,
}

impl<'d> Node<'d> {
    /// The document.
    pub fn source(&self) -> &'d Source<'d> {
        self.source
    }

    /// Refuses this place.
    pub fn refuse(&self, sentence: impl Into<String>) {
        let refusal = Refusal::new(self.source.file, &self.pointer, sentence);
        self.source.refusals.borrow_mut().push(refusal);
    }

    pub fn child(&self, key: &str, value: &'d Value) -> Self {
        Self { source: self.source, pointer: format!("{}/{}", self.pointer, step(key)), value }
    }

    /// The keys of an object, all of which have to be taken; `what` names the object in refusals.
    pub fn fields(&self, what: &'static str) -> Option<Fields<'d>> {
        let Value::Object(map) = self.value else {
            self.refuse(format!("{what} must be a mapping"));
            return None;
        };
        Some(Fields { node: self.clone(), what, map, taken: Vec::new() })
    }

    /// The entries of an object whose keys are names.
    pub fn entries(&self, what: &'static str) -> Vec<(&'d str, Node<'d>)> {
        let Value::Object(map) = self.value else {
            self.refuse(format!("{what} must be a mapping"));
            return Vec::new();
        };
        map.iter().map(|(key, value)| (key.as_str(), self.child(key, value))).collect()
    }

    /// The items of a list.
    pub fn items(&self) -> Vec<Node<'d>> {
        let Value::Array(items) = self.value else {
            self.refuse("this must be a list");
            return Vec::new();
        };
        items.iter().enumerate().map(|(index, value)| self.child(&index.to_string(), value)).collect()
    }

    /// A text.
    pub fn text(&self) -> Option<String> {
        self.expect("a text", self.value.as_str().map(str::to_owned))
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        self.expect("true or false", self.value.as_bool())
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        self.expect("a whole number", self.value.as_i64())
    }

    /// A whole number of at least 0.
    pub fn count(&self) -> Option<usize> {
        let count = self.value.as_u64().and_then(|count| usize::try_from(count).ok());
        self.expect("a whole number of at least 0", count)
    }

    /// A number of seconds or requests.
    pub fn small(&self) -> Option<u32> {
        let count = self.value.as_u64().and_then(|count| u32::try_from(count).ok());
        self.expect("a whole number from 0 to 4294967295", count)
    }

    /// A number.
    pub fn number(&self) -> Option<f64> {
        self.expect("a number", self.value.as_f64())
    }

    fn expect<T>(&self, what: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.refuse(format!("this must be {what}"));
        }
        value
    }

    /// The name that a reference into `#/components/<kind>/` has, where this place is one.
    pub fn reference(&self, kind: &str) -> Option<Option<String>> {
        let target = self.value.get("$ref")?;
        for (key, node) in self.entries("a reference") {
            if key != "$ref" {
                node.refuse(format!("`{key}` stands beside a `$ref`, where OpenAPI 3.0 ignores it"));
            }
        }
        let prefix = format!("#/components/{kind}/");
        let name = target.as_str().and_then(|target| target.strip_prefix(&prefix));
        let Some(name) = name.filter(|name| !name.contains('/')) else {
            self.refuse(format!("only references of the form `{prefix}Name` are supported here"));
            return Some(None);
        };
        if self.source.root["components"][kind].get(name).is_none() {
            self.refuse(format!("`{name}` is not among the document's {kind}"));
            return Some(None);
        }
        Some(Some(name.to_owned()))
    }
}

/// The keys of an object.
pub struct Fields<'d> {
    /// The object.
    pub node: Node<'d>,
    what: &'static str,
    map: &'d Map<String, Value>,
    taken: Vec<&'d str>,
}

impl<'d> Fields<'d> {
    /// Takes a key that may be missing.
    pub fn take(&mut self, key: &str) -> Option<Node<'d>> {
        let (key, value) = self.map.get_key_value(key)?;
        self.taken.push(key);
        Some(self.node.child(key, value))
    }

    /// Takes a key that must be there.
    pub fn need(&mut self, key: &str) -> Option<Node<'d>> {
        let node = self.take(key);
        if node.is_none() {
            self.node.refuse(format!("{} needs `{key}`", self.what));
        }
        node
    }

    /// Takes a text that may be missing.
    pub fn text(&mut self, key: &str) -> Option<String> {
        self.take(key)?.text()
    }

    /// Takes `true` or `false`; `false` where it is missing.
    pub fn flag(&mut self, key: &str) -> bool {
        self.take(key).and_then(|node| node.boolean()).unwrap_or_default()
    }

    /// Takes keys that describe and bind nobody: the authored document keeps them for its readers.
    pub fn describe(&mut self, keys: &[&str]) {
        for key in keys {
            self.take(key);
        }
    }

    /// Whether one of these keys is there.
    pub fn has(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.map.contains_key(*key))
    }

    /// Refuses every key that nobody took.
    pub fn close(self) {
        for (key, value) in self.map {
            if !self.taken.contains(&key.as_str()) {
                self.node.child(key, value).refuse(super::unsupported::sentence(key, self.what));
            }
        }
    }
}
