//! What applying a realm file changes, in words. No secret is in it.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// What happens to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is added.
    Created,
    /// It is there and becomes another.
    Changed,
    /// It is removed, with all that belongs to it.
    Removed,
}

/// What a field becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldChange {
    /// It has this in a new thing.
    Set(Value),
    /// It had the first and gets the second.
    Replaced(Value, Value),
    /// It is a secret that is given, or replaced.
    Secret(&'static str),
}

/// A change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is, such as `app`.
    pub kind: &'static str,
    /// Its id or account.
    pub key: String,
    /// What happens to it.
    pub action: Action,
    /// What its fields become, by name.
    pub fields: Vec<(String, FieldChange)>,
}

impl Change {
    /// The change from one to the other; none if they are equal in all that is not secret.
    pub(super) fn between<P: Serialize>(kind: &'static str, key: String, before: Option<&P>, after: &P) -> Self {
        let fields = |part: &P| match serde_json::to_value(part) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let after = fields(after);
        let Some(before) = before.map(fields) else {
            let set = after.into_iter().filter(|(_, value)| says_something(value));
            let fields = set.map(|(name, value)| (name, FieldChange::Set(value))).collect();
            return Self { kind, key, action: Action::Created, fields };
        };
        let mut changed = Vec::new();
        for (name, value) in after {
            let old = before.get(&name).cloned().unwrap_or_default();
            if old != value {
                changed.push((name, FieldChange::Replaced(old, value)));
            }
        }
        Self { kind, key, action: Action::Changed, fields: changed }
    }

    pub(super) const fn removal(kind: &'static str, key: String) -> Self {
        Self { kind, key, action: Action::Removed, fields: Vec::new() }
    }

    /// Adds what happens to a secret.
    pub(super) fn secret(&mut self, name: &str, what: &'static str) {
        self.fields.push((name.to_owned(), FieldChange::Secret(what)));
    }

    /// Whether nothing is to be done.
    pub(super) fn is_nothing(&self) -> bool {
        self.action == Action::Changed && self.fields.is_empty()
    }
}

/// Whether a field of a new thing is worth a line.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            Action::Created => '+',
            Action::Changed => '~',
            Action::Removed => '-',
        };
        write!(f, "{sign} {} {}", self.kind, self.key)?;
        for (name, change) in &self.fields {
            match change {
                FieldChange::Set(value) => write!(f, "\n    {name}: {value}")?,
                FieldChange::Replaced(old, new) => write!(f, "\n    {name}: {old} -> {new}")?,
                FieldChange::Secret(what) => write!(f, "\n    {name}: ({what})")?,
            }
        }
        Ok(())
    }
}
