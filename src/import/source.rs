//! The text of an import, and places in it.

use std::fmt;

use super::{ErrorKind, ImportError};

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// A place in a text, as editors count: from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place behind these bytes, which start here.
    pub(super) fn past(self, bytes: &[u8]) -> Self {
        let last_line = memchr::memrchr(b'\n', bytes);
        let in_line = bytes.get(last_line.map_or(0, |at| at + 1)..);
        let characters = in_line.unwrap_or_default().iter();
        let characters = characters.filter(|byte| starts_character(**byte)).count();
        let before = if last_line.is_some() { 1 } else { self.column };
        Self {
            line: self.line + memchr::memchr_iter(b'\n', bytes).count(),
            column: before + characters,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text to import, or a part of one. Spans and positions are always those of the whole text.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    name: &'a str,
    whole: &'a [u8],
    part: Span,
}

impl<'a> Source<'a> {
    /// The whole of a text. `name` is what the user calls it: a path, or `-`.
    pub fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        let part = Span::new(0, bytes.len());
        Self {
            name,
            whole: bytes,
            part,
        }
    }

    /// What the user calls it.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The bytes of this part.
    pub fn bytes(&self) -> &'a [u8] {
        self.whole
            .get(self.part.start..self.part.end)
            .unwrap_or_default()
    }

    /// Where this part lies in the whole.
    pub fn span(&self) -> Span {
        self.part
    }

    /// The part that `span` names, cut to what this part holds.
    pub fn part(&self, span: Span) -> Self {
        let start = span.start.clamp(self.part.start, self.part.end);
        let end = span.end.clamp(start, self.part.end);
        Self {
            part: Span::new(start, end),
            ..*self
        }
    }

    /// # Errors
    /// When this part is larger than an import of its kind reads.
    pub(super) fn check_size(&self, limit_bytes: usize) -> Result<(), ImportError> {
        if self.bytes().len() <= limit_bytes {
            return Ok(());
        }
        let kind = ErrorKind::Large { limit_bytes };
        Err(ImportError::new(self.part, kind))
    }

    /// This part as text.
    ///
    /// # Errors
    /// When it is larger than that, or not UTF-8.
    pub(super) fn text(&self, limit_bytes: usize) -> Result<&'a str, ImportError> {
        self.check_size(limit_bytes)?;
        std::str::from_utf8(self.bytes()).map_err(|error| {
            let at = self.part.start + error.valid_up_to();
            let kind = ErrorKind::Syntax("it is not UTF-8 text from here on");
            ImportError::new(Span::new(at, at), kind)
        })
    }

    /// Where this part begins.
    pub(super) fn start(&self) -> Span {
        Span::new(self.part.start, self.part.start)
    }

    /// This part without a byte order mark at its start.
    pub(super) fn without_mark(&self) -> Self {
        match self.bytes().starts_with(MARK) {
            true => self.part(Span::new(self.part.start + MARK.len(), self.part.end)),
            false => *self,
        }
    }

    /// The line and column of a byte of the whole text. A byte order mark is no character of it.
    pub fn position(&self, offset: usize) -> Position {
        let before = self.whole.get(..offset).unwrap_or(self.whole);
        Position::START.past(before.strip_prefix(MARK).unwrap_or(before))
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {:?})", self.name, self.part)
    }
}

/// The byte order mark that Windows writes before UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether a byte of UTF-8 starts a character; stray continuation bytes do not count.
fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("x", "ab\nä€c".as_bytes());
        assert_eq!(source.position(0).to_string(), "1:1");
        assert_eq!(source.position(2).to_string(), "1:3");
        assert_eq!(source.position(3).to_string(), "2:1");
        assert_eq!(source.position(8).to_string(), "2:3");
    }

    #[test]
    fn a_byte_order_mark_is_no_character() {
        let source = Source::new("x", "\u{feff}ab\nc".as_bytes());
        let text = source.without_mark();
        assert_eq!(text.bytes(), b"ab\nc");
        assert_eq!(source.position(0).to_string(), "1:1");
        assert_eq!(text.position(text.start().start).to_string(), "1:1");
        assert_eq!(text.position(4).to_string(), "1:2");
        assert_eq!(text.position(6).to_string(), "2:1");
    }

    #[test]
    fn a_part_keeps_the_coordinates_of_the_whole() {
        let source = Source::new("x", b"one\ntwo\nthree");
        let part = source.part(Span::new(4, 13)).part(Span::new(0, 7));
        assert_eq!(part.bytes(), b"two");
        assert_eq!(part.span(), Span::new(4, 7));
        assert_eq!(part.position(part.span().start).to_string(), "2:1");
    }

    proptest! {
        #[test]
        fn a_position_is_the_same_in_one_step_or_two(bytes: Vec<u8>, cut: prop::sample::Index) {
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            let in_two = Position::START.past(first).past(second);
            prop_assert_eq!(Position::START.past(&bytes), in_two);
        }

        #[test]
        fn any_offset_has_a_position(bytes: Vec<u8>, offset: usize) {
            let position = Source::new("x", &bytes).position(offset);
            prop_assert!(position.line >= 1 && position.column >= 1);
        }
    }
}
