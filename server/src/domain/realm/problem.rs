//! What is wrong with a realm file, and where.

use std::error::Error as StdError;
use std::fmt;

use super::file::Position;
use crate::domain::Error;
use crate::store::{self, Unique};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where; none if it cannot be told.
    pub position: Option<Position>,
    /// What, without the value of any secret.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{position}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Why a realm file is not applied. Nothing has changed then.
#[derive(Debug)]
pub enum RealmError {
    /// The file is wrong, or does not fit what is there.
    Wrong(Vec<Problem>),
    /// Something that came meanwhile has what the file gives to another.
    Taken(Unique),
    /// What is there changed again and again while it was compared.
    Busy,
    /// What an operation of the domain came to.
    Domain(Error),
}

impl fmt::Display for RealmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(problems) => {
                for (number, problem) in problems.iter().enumerate() {
                    let line_break = if number == 0 { "" } else { "\n" };
                    write!(f, "{line_break}{problem}")?;
                }
                Ok(())
            }
            Self::Taken(unique) => {
                write!(f, "something that came meanwhile is in the way: {}", store::Error::Taken(*unique))
            }
            Self::Busy => f.write_str("what is there keeps changing; try again"),
            Self::Domain(_) => f.write_str("the realm could not be applied"),
        }
    }
}

impl StdError for RealmError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Domain(error) => Some(error),
            Self::Wrong(_) | Self::Taken(_) | Self::Busy => None,
        }
    }
}

impl From<Error> for RealmError {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl From<store::Error> for RealmError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Taken(unique) => Self::Taken(unique),
            other => Self::Domain(other.into()),
        }
    }
}

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, position: Position, text: impl Into<String>) {
        self.0.push(Problem { position: Some(position), text: text.into() });
    }

    pub(super) fn add_anywhere(&mut self, text: impl Into<String>) {
        self.0.push(Problem { position: None, text: text.into() });
    }

    /// # Errors
    /// All of them in the order of the file, if there are any.
    pub(super) fn settle(mut self) -> Result<(), RealmError> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_by_key(|problem| problem.position);
        Err(RealmError::Wrong(self.0))
    }
}
