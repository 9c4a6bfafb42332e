//! Expands words as bash does: braces, the home folder, variables, splitting.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::braces;
use super::word::{Expansion, RawWord, Unit, Word};
use crate::import::{ErrorKind, ImportError, Span};

/// The longest word, and the most bytes that one written word may expand to. Longer than any
/// request worth comparing, and short enough that `A=$A$A` in a loop ends soon.
const MAX_WORD_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes that all words of a script may expand to. A script is read command by command, so
/// this bounds the time that it takes, not what is held.
const MAX_SCRIPT_BYTES: usize = 64 * 1024 * 1024;

/// What a word costs of that beside its bytes.
const WORD_COST: usize = 2 * size_of::<Word>();

/// What looking up a variable costs of that; each that is not known is looked for in what is sent.
const EXPANSION_COST: usize = 256;

/// The most variables of one word that are named as unresolved.
pub(in crate::import) const MAX_UNRESOLVED: usize = 256;

/// What variables are worth: those that the script sets, else those of the environment.
pub(super) struct Variables<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    set: BTreeMap<String, Word>,
    /// Bytes that all set variables hold.
    held_bytes: usize,
    /// What the script may still expand to, see [`MAX_SCRIPT_BYTES`].
    left_bytes: usize,
}

impl<'a> Variables<'a> {
    pub(super) fn new(environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            environment,
            set: BTreeMap::new(),
            held_bytes: 0,
            left_bytes: MAX_SCRIPT_BYTES,
        }
    }

    /// Whether the script has expanded to as much as it may.
    pub(super) fn is_spent(&self) -> bool {
        self.left_bytes == 0
    }

    /// Takes bytes from what the script may expand to.
    ///
    /// # Errors
    /// When nothing is left.
    pub(super) fn charge(&mut self, bytes: usize, at: Span) -> Result<(), ImportError> {
        self.left_bytes = self.left_bytes.saturating_sub(bytes);
        if self.is_spent() {
            return Err(ImportError::new(at, ErrorKind::TooMuch));
        }
        Ok(())
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

    fn value(&self, expansion: &Expansion) -> Option<Cow<'_, Word>> {
        let variable = expansion.variable.as_ref()?;
        let set = self.set.get(&variable.name).map(Cow::Borrowed);
        let value = set.or_else(|| (self.environment)(&variable.name).map(plain));
        let Some(default) = &variable.default else {
            return value;
        };
        match value {
            Some(value) if !(default.for_empty && value.bytes.is_empty()) => Some(value),
            _ => Some(plain(default.text.clone())),
        }
    }
}

/// A value that is known, and stands nowhere in the script.
fn plain(value: impl Into<Vec<u8>>) -> Cow<'static, Word> {
    Cow::Owned(Word::new(value, Span::default()))
}

/// The words that a written word becomes: none for an unquoted empty variable, several for braces
/// and for values with spaces.
///
/// # Errors
/// When that is more than an import holds.
pub(super) fn words(
    raw: &RawWord,
    variables: &mut Variables<'_>,
) -> Result<Vec<Word>, ImportError> {
    let mut work = 0;
    let alternatives = braces::expand(&raw.units, &mut work);
    variables.charge(work, raw.span)?;
    let too_much = || ImportError::new(raw.span, ErrorKind::TooMuch);
    let alternatives = alternatives.ok_or_else(too_much)?;
    build(raw, &alternatives, true, variables)
}

/// The one word that a written word becomes where the shell does not split: in an assignment, and
/// as input.
///
/// # Errors
/// When that is more than an import holds.
pub(super) fn one(raw: &RawWord, variables: &mut Variables<'_>) -> Result<Word, ImportError> {
    let units = [Cow::Borrowed(raw.units.as_slice())];
    let words = build(raw, &units, false, variables)?;
    let empty = Word::new(Vec::new(), raw.span);
    Ok(words.into_iter().next().unwrap_or(empty))
}

fn build(
    raw: &RawWord,
    alternatives: &[Cow<'_, [Unit]>],
    splits: bool,
    variables: &mut Variables<'_>,
) -> Result<Vec<Word>, ImportError> {
    let mut builder = Builder::new(raw, splits, variables.left_bytes);
    let built = alternatives.iter().try_for_each(|units| {
        builder.add(&home(units, variables), variables)?;
        builder.end_word()
    });
    variables.charge(builder.bytes, raw.span)?;
    built.map(|()| builder.words)
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
    /// What the words have cost so far.
    bytes: usize,
    most_bytes: usize,
}

impl<'a> Builder<'a> {
    fn new(raw: &'a RawWord, splits: bool, left_bytes: usize) -> Self {
        Self {
            raw,
            splits,
            words: Vec::new(),
            current: None,
            bytes: 0,
            most_bytes: left_bytes.min(MAX_WORD_BYTES),
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
        self.charge(EXPANSION_COST)?;
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
                self.end_word()?;
            }
            if !part.is_empty() {
                self.push(part)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        self.charge(bytes.len())?;
        self.word().bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn charge(&mut self, bytes: usize) -> Result<(), ImportError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.most_bytes {
            return Err(ImportError::new(self.raw.span, ErrorKind::TooMuch));
        }
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

    fn end_word(&mut self) -> Result<(), ImportError> {
        self.words.extend(self.current.take());
        self.charge(WORD_COST)
    }
}
