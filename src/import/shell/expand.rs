//! Expands words as bash does: braces, the home folder, variables, splitting.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::braces;
use super::word::{Expansion, RawWord, Unit, Word};
use crate::import::{ErrorKind, ImportError};

/// The longest word, and the most bytes that one written word may expand to. Longer than any
/// request worth comparing, and short enough that `A=$A$A` in a loop ends soon.
const MAX_WORD_BYTES: usize = 16 * 1024 * 1024;

/// The most variables of one word that are named as unresolved.
pub(in crate::import) const MAX_UNRESOLVED: usize = 256;

/// What variables are worth: those that the script sets, else those of the environment.
pub(super) struct Variables<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    set: BTreeMap<String, Word>,
    /// Bytes that all set variables hold.
    held_bytes: usize,
}

impl<'a> Variables<'a> {
    pub(super) fn new(environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            environment,
            set: BTreeMap::new(),
            held_bytes: 0,
        }
    }

    /// Sets a variable of the script.
    ///
    /// # Errors
    /// When all variables together hold more than an import does.
    pub(super) fn set(&mut self, name: String, value: Word) -> Result<(), ImportError> {
        let replaced = self.set.get(&name).map_or(0, |old| old.bytes.len());
        let held_bytes = self.held_bytes - replaced + value.bytes.len();
        if held_bytes > MAX_WORD_BYTES {
            return Err(ImportError::new(value.span, ErrorKind::TooMuch));
        }
        self.held_bytes = held_bytes;
        self.set.insert(name, value);
        Ok(())
    }

    fn value(&self, expansion: &Expansion) -> Option<Word> {
        let variable = expansion.variable.as_ref()?;
        let value = self.set.get(&variable.name).cloned().or_else(|| {
            let value = (self.environment)(&variable.name)?;
            Some(Word::new(value, crate::import::Span::default()))
        });
        let Some(default) = &variable.default else {
            return value;
        };
        match value {
            Some(value) if !(default.for_empty && value.bytes.is_empty()) => Some(value),
            _ => Some(Word::new(
                default.text.clone(),
                crate::import::Span::default(),
            )),
        }
    }
}

/// The words that a written word becomes: none for an unquoted empty variable, several for braces
/// and for values with spaces.
///
/// # Errors
/// When that is more than an import holds.
pub(super) fn words(raw: &RawWord, variables: &Variables<'_>) -> Result<Vec<Word>, ImportError> {
    let too_much = || ImportError::new(raw.span, ErrorKind::TooMuch);
    let alternatives = braces::expand(&raw.units).ok_or_else(too_much)?;
    let mut builder = Builder::new(raw, true);
    for units in &alternatives {
        builder.add(&home(units, variables), variables)?;
        builder.end_word();
    }
    Ok(builder.words)
}

/// The one word that a written word becomes where the shell does not split: in an assignment, and
/// as input.
///
/// # Errors
/// When that is more than an import holds.
pub(super) fn one(raw: &RawWord, variables: &Variables<'_>) -> Result<Word, ImportError> {
    let mut builder = Builder::new(raw, false);
    builder.add(&home(&raw.units, variables), variables)?;
    builder.end_word();
    let empty = Word::new(Vec::new(), raw.span);
    Ok(builder.words.into_iter().next().unwrap_or(empty))
}

/// Puts the home folder for a tilde at the start of a word.
fn home<'a>(units: &'a [Unit], variables: &Variables<'_>) -> Cow<'a, [Unit]> {
    let (Some(Unit::Bare(b'~')), None | Some(Unit::Bare(b'/'))) = (units.first(), units.get(1))
    else {
        return Cow::Borrowed(units);
    };
    let Some(home) = (variables.environment)("HOME") else {
        return Cow::Borrowed(units);
    };
    let rest = units.iter().skip(1).cloned();
    let home = Unit::Quoted(home.into_bytes());
    std::iter::once(home).chain(rest).collect()
}

struct Builder<'a> {
    raw: &'a RawWord,
    splits: bool,
    words: Vec<Word>,
    /// The word that is being built.
    current: Option<Word>,
    bytes: usize,
}

impl<'a> Builder<'a> {
    fn new(raw: &'a RawWord, splits: bool) -> Self {
        Self {
            raw,
            splits,
            words: Vec::new(),
            current: None,
            bytes: 0,
        }
    }

    fn add(&mut self, units: &[Unit], variables: &Variables<'_>) -> Result<(), ImportError> {
        for unit in units {
            match unit {
                Unit::Bare(byte) => self.push(&[*byte])?,
                Unit::Quoted(bytes) => self.push(bytes)?,
                Unit::Quotes => {
                    self.word();
                }
                Unit::Expansion(expansion) => self.expansion(expansion, variables)?,
            }
        }
        Ok(())
    }

    fn expansion(
        &mut self,
        expansion: &Expansion,
        variables: &Variables<'_>,
    ) -> Result<(), ImportError> {
        let Some(value) = variables.value(expansion) else {
            self.push(expansion.text.as_bytes())?;
            self.unresolved(&expansion.text);
            return Ok(());
        };
        if expansion.quoted || !self.splits {
            self.push(&value.bytes)?;
        } else {
            self.split(&value.bytes)?;
        }
        for text in &value.unresolved {
            self.unresolved(text);
        }
        Ok(())
    }

    /// Spaces in an unquoted value separate words.
    fn split(&mut self, value: &[u8]) -> Result<(), ImportError> {
        for (at, part) in value
            .split(|b| matches!(b, b' ' | b'\t' | b'\n'))
            .enumerate()
        {
            if at > 0 {
                self.end_word();
            }
            if !part.is_empty() {
                self.push(part)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MAX_WORD_BYTES {
            return Err(ImportError::new(self.raw.span, ErrorKind::TooMuch));
        }
        self.word().bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn unresolved(&mut self, text: &str) {
        let word = self.word();
        let is_known = word.unresolved.iter().any(|known| known == text);
        if !is_known && word.unresolved.len() < MAX_UNRESOLVED {
            word.unresolved.push(text.to_owned());
        }
    }

    fn word(&mut self) -> &mut Word {
        let span = self.raw.span;
        self.current
            .get_or_insert_with(|| Word::new(Vec::new(), span))
    }

    fn end_word(&mut self) {
        self.words.extend(self.current.take());
    }
}
