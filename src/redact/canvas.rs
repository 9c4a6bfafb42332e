//! The text that may be shown, and how it is put together.

use std::fmt;

use serde::{Serialize, Serializer};

use super::escape::{Keep, push_byte, push_escaped};

/// Text that may be shown: secrets masked, control and bidi characters escaped. Only this module makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    text: String,
    latin1: bool,
}

impl Masked {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the bytes were not UTF-8, so that each was read as one character of Latin-1.
    pub fn is_latin1(&self) -> bool {
        self.latin1
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A [`Masked`] in the making.
#[derive(Default)]
pub(super) struct Canvas {
    text: String,
    latin1: bool,
    keep: Keep,
    masks: usize,
}

impl Canvas {
    /// A canvas for parts of that value: whether it is UTF-8 is decided for all of it at once.
    pub(super) fn of(value: &[u8]) -> Self {
        let latin1 = std::str::from_utf8(value).is_err_and(|error| error.error_len().is_some());
        Self {
            latin1,
            ..Self::default()
        }
    }

    /// Lets line feeds and tabs stand: for content, which has lines.
    pub(super) fn with_lines(mut self) -> Self {
        self.keep = Keep::Lines;
        self
    }

    /// A new canvas that escapes as this one does.
    pub(super) fn sketch(&self) -> Self {
        Self {
            text: String::new(),
            latin1: self.latin1,
            keep: self.keep,
            masks: 0,
        }
    }

    /// Adds what another canvas holds.
    pub(super) fn append(&mut self, other: &Self) {
        self.text.push_str(&other.text);
        self.latin1 |= other.latin1;
        self.masks += other.masks;
    }

    /// How many masks were set.
    pub(super) fn masks(&self) -> usize {
        self.masks
    }

    /// Adds captured bytes that are no secret.
    pub(super) fn captured(&mut self, bytes: &[u8]) {
        if !self.latin1 {
            match std::str::from_utf8(bytes) {
                Ok(text) => return push_escaped(&mut self.text, text, self.keep),
                Err(error) if error.error_len().is_none() => {
                    let (whole, cut) = bytes.split_at(error.valid_up_to());
                    let text = std::str::from_utf8(whole).unwrap_or_default();
                    push_escaped(&mut self.text, text, self.keep);
                    // The start of a character that was cut off with the rest of the content.
                    cut.iter().for_each(|byte| push_byte(&mut self.text, *byte));
                    return;
                }
                Err(_) => self.latin1 = true,
            }
        }
        let text: String = bytes.iter().copied().map(char::from).collect();
        push_escaped(&mut self.text, &text, self.keep);
    }

    /// Adds our own words, masks included.
    pub(super) fn words(&mut self, text: &str) {
        push_escaped(&mut self.text, text, Keep::Marks);
    }

    /// Adds a mask.
    pub(super) fn mask(&mut self, name: &str) {
        self.masks += 1;
        self.text.push('‹');
        self.text.push_str(name);
        self.text.push('›');
    }

    /// What was put together.
    pub(super) fn finish(self) -> Masked {
        Masked {
            text: self.text,
            latin1: self.latin1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(bytes: &[u8]) -> Masked {
        let mut canvas = Canvas::of(bytes);
        canvas.captured(bytes);
        canvas.finish()
    }

    #[test]
    fn bytes_that_are_not_utf8_are_latin1_and_say_so() {
        let masked = show(b"caf\xe9 \x85");
        assert_eq!(masked.as_str(), "café \\x85");
        assert!(masked.is_latin1());
    }

    #[test]
    fn a_character_cut_off_at_the_end_does_not_make_it_latin1() {
        let masked = show(b"caf\xc3");
        assert_eq!(masked.as_str(), "caf\\xc3");
        assert!(!masked.is_latin1());
    }

    #[test]
    fn it_serialises_as_its_text() {
        let json = serde_json::to_string(&show(b"a\"b")).unwrap();
        assert_eq!(json, r#""a\"b""#);
    }
}
