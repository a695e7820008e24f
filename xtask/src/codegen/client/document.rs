//! The authored document as a value, with its references followed and its refusals collected.

use std::cell::RefCell;

use serde_json::Value;

use super::Refusal;

/// How many references may follow one another; more are a cycle.
const HOPS: usize = 16;

/// One document, and what was refused of it so far.
pub(super) struct Document<'a> {
    file: &'a str,
    root: &'a Value,
    refusals: RefCell<Vec<Refusal>>,
}

/// A value of the document, and the JSON pointer at which it stands.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub value: &'a Value,
    pub pointer: String,
}

static NULL: Value = Value::Null;

impl<'a> Document<'a> {
    pub(super) fn new(file: &'a str, root: &'a Value) -> Self {
        Self { file, root, refusals: RefCell::default() }
    }

    pub(super) fn root(&self) -> Node<'a> {
        Node { value: self.root, pointer: "#".to_owned() }
    }

    /// The node at a pointer that came from this document.
    pub(super) fn at(&self, pointer: &str) -> Node<'a> {
        let value = pointer.strip_prefix('#').and_then(|path| self.root.pointer(path));
        Node { value: value.unwrap_or(&NULL), pointer: pointer.to_owned() }
    }

    /// The schemas of `components`, in the document's order.
    pub(super) fn schemas(&self) -> Vec<(&'a str, Node<'a>)> {
        self.root().child("components").child("schemas").entries()
    }

    /// The schema of `components` that is called `name`.
    pub(super) fn schema(&self, name: &str) -> Option<Node<'a>> {
        let schemas = self.root().child("components").child("schemas");
        schemas.has(name).then(|| schemas.child(name))
    }

    /// Notes that what stands at `node` cannot be honoured; one refusal for each place and reason is enough.
    pub(super) fn refuse(&self, node: &Node<'_>, sentence: impl Into<String>) {
        let refusal = Refusal::new(self.file, &node.pointer, sentence);
        let mut refusals = self.refusals.borrow_mut();
        if !refusals.iter().any(|other| other.to_string() == refusal.to_string()) {
            refusals.push(refusal);
        }
    }

    pub(super) fn into_refusals(self) -> Vec<Refusal> {
        self.refusals.into_inner()
    }

    /// What `node` stands for: itself, or where its `$ref` leads to.
    pub(super) fn resolve(&self, node: &Node<'a>) -> Node<'a> {
        let mut here = node.clone();
        for _ in 0..HOPS {
            let Some(target) = here.value.get("$ref").and_then(Value::as_str) else {
                return here;
            };
            let found = target.strip_prefix('#').and_then(|path| self.root.pointer(path));
            let Some(value) = found else {
                self.refuse(&here, format!("`{target}` is not in this document"));
                return Node { value: &NULL, pointer: here.pointer };
            };
            here = Node { value, pointer: target.to_owned() };
        }
        self.refuse(node, "the references go round in a circle");
        Node { value: &NULL, pointer: node.pointer.clone() }
    }
}

impl<'a> Node<'a> {
    pub(super) fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    /// The member `key`; null where there is none.
    pub(super) fn child(&self, key: &str) -> Node<'a> {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        Node { value: self.value.get(key).unwrap_or(&NULL), pointer: format!("{}/{escaped}", self.pointer) }
    }

    /// The members of an object, extensions left out.
    pub(super) fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        let object = self.value.as_object();
        let keys = object.into_iter().flat_map(|object| object.keys());
        keys.filter(|key| !key.starts_with("x-")).map(|key| (key.as_str(), self.child(key))).collect()
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Vec<Node<'a>> {
        let elements = self.value.as_array().into_iter().flatten().enumerate();
        elements.map(|(index, value)| Node { value, pointer: format!("{}/{index}", self.pointer) }).collect()
    }

    pub(super) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub(super) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }
}
