//! What is wrong in a configuration file, and where.

use std::fmt;

use thiserror::Error;

use super::file::KEYS;

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub position: Position,
}

/// A place in a text: both count from 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before
                .get(line_start..)
                .map_or(0, |line| line.chars().count())
                + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Something in a file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub position: Position,
    /// What.
    pub kind: FaultKind,
}

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// It is no TOML.
    #[error("this is no TOML: {0}")]
    Syntax(String),
    /// A key that does not exist.
    #[error("there is no key `{key}`{}", did_you_mean(*near))]
    UnknownKey {
        /// The key as written, with its tables.
        key: String,
        /// The key that was probably meant.
        near: Option<&'static str>,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, got {found}")]
    WrongType {
        /// The key.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What it got.
        found: &'static str,
    },
    /// A value that cannot be used.
    #[error("`{key}` cannot be \"{value}\": {reason}")]
    BadValue {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// Why not.
        reason: String,
    },
    /// A value that cannot be used and is not repeated: there may be a password in it.
    #[error("`{key}` cannot be used: {reason}")]
    BadSecret {
        /// The key.
        key: String,
        /// Why not.
        reason: String,
    },
    /// An entry of a list of tables lacks a key.
    #[error("this `[[{table}]]` lacks {missing}")]
    Incomplete {
        /// The table.
        table: String,
        /// What is missing.
        missing: &'static str,
    },
    /// A key that counts only in a file that the user named.
    #[error("`{0}` does not count in a file that was found, not named")]
    OnlyWhenNamed(String),
}

/// The key that was probably meant: spelt alike, or of the same name in another table.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    if key.len() > LONGEST_QUOTE {
        return None;
    }
    let last = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
    let likeness = |known: &'static str| {
        let whole = strsim::normalized_damerau_levenshtein(key, known);
        let own = key.rsplit('.').next().unwrap_or(key);
        whole.max(strsim::normalized_damerau_levenshtein(own, last(known)))
    };
    KEYS.into_iter()
        .map(|known| (likeness(known), known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// How many characters of a key or value are quoted or compared: longer ones help nobody.
pub(super) const LONGEST_QUOTE: usize = 80;
