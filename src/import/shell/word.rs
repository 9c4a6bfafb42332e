//! Words of a script, before and after expansion.

use crate::import::Span;

/// A word as written, its quotes understood, nothing expanded.
#[derive(Clone, Debug, Default)]
pub(in crate::import) struct RawWord {
    pub(in crate::import) units: Vec<Unit>,
    pub(in crate::import) span: Span,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) enum Unit {
    /// A byte outside quotes.
    Bare(u8),
    /// Bytes that quotes or a backslash protect.
    Quoted(Vec<u8>),
    /// Quotes: there is a word even if nothing stands between them.
    Quotes,
    /// Something that the shell replaces.
    Expansion(Box<Expansion>),
}

/// Something that the shell replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) struct Expansion {
    /// As written: `$TOKEN`, `${TOKEN:-x}`, `$(date)`.
    pub(in crate::import) text: String,
    /// Whether it stands in double quotes, so that its value is not split.
    pub(in crate::import) quoted: bool,
    /// The variable; `None` for what would have to be run.
    pub(in crate::import) variable: Option<Variable>,
}

/// A variable that a word refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) struct Variable {
    pub(in crate::import) name: String,
    /// What stands for it if it is not defined.
    pub(in crate::import) default: Option<Default>,
}

/// The word of `${NAME-word}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) struct Default {
    pub(in crate::import) text: Vec<u8>,
    /// `:-`: an empty value counts as not defined.
    pub(in crate::import) for_empty: bool,
}

/// A word after expansion: an argument of a command.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::import) struct Word {
    pub(in crate::import) bytes: Vec<u8>,
    pub(in crate::import) span: Span,
    /// What could not be expanded, as it stands in `bytes`.
    pub(in crate::import) unresolved: Vec<String>,
}

impl RawWord {
    pub(in crate::import) fn at(span: Span) -> Self {
        Self {
            units: Vec::new(),
            span,
        }
    }

    /// The bytes, with expansions as written.
    pub(in crate::import) fn literal(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.units.len());
        for unit in &self.units {
            match unit {
                Unit::Bare(byte) => bytes.push(*byte),
                Unit::Quoted(quoted) => bytes.extend_from_slice(quoted),
                Unit::Quotes => {}
                Unit::Expansion(expansion) => bytes.extend_from_slice(expansion.text.as_bytes()),
            }
        }
        bytes
    }

    /// Whether the word is exactly that, outside quotes.
    pub(in crate::import) fn is_bare(&self, text: &str) -> bool {
        let bare = |(unit, byte): (&Unit, u8)| *unit == Unit::Bare(byte);
        self.units.len() == text.len() && self.units.iter().zip(text.bytes()).all(bare)
    }
}

impl Word {
    pub(in crate::import) fn new(bytes: impl Into<Vec<u8>>, span: Span) -> Self {
        Self {
            bytes: bytes.into(),
            span,
            unresolved: Vec::new(),
        }
    }

    /// A variable that nothing defines.
    pub(in crate::import) fn unresolved(text: String, span: Span) -> Self {
        Self {
            bytes: text.clone().into_bytes(),
            span,
            unresolved: vec![text],
        }
    }

    /// Whether it is nothing but one variable that nothing defines.
    pub(in crate::import) fn is_unresolved(&self) -> bool {
        matches!(self.unresolved.as_slice(), [only] if only.as_bytes() == self.bytes)
    }

    /// The same place and variables, other bytes.
    pub(in crate::import) fn with_bytes(&self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            span: self.span,
            unresolved: self.unresolved.clone(),
        }
    }

    /// The text as a terminal may show it.
    pub(in crate::import) fn shown(&self) -> String {
        shown(&self.bytes)
    }

    /// The text; bytes outside UTF-8 are replaced.
    pub(in crate::import) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Text as a terminal may show it: control characters and bytes outside UTF-8 are replaced.
pub(in crate::import) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.replace(char::is_control, "\u{fffd}")
}

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Word({} bytes at {:?})", self.bytes.len(), self.span)
    }
}
