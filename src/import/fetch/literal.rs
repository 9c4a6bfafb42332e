//! JavaScript literals: strings with all their escapes, objects, arrays, numbers, and
//! `JSON.stringify` of one of them. Nothing is ever run.

use std::fmt::Write;

use crate::import::cursor::Cursor;
use crate::import::{ErrorKind, ImportError, Span};

/// How deep objects may be nested.
const MAX_DEPTH: usize = 64;

/// The most bytes of strings without an end that are read.
const MAX_VAIN_BYTES: usize = 64 * 1024 * 1024;

/// A value as it is written.
#[derive(Clone, PartialEq)]
pub(super) enum Literal {
    Array(Vec<Self>),
    Bool(bool),
    Null,
    Number(f64),
    /// Members in order; of two with one name the last counts.
    Object(Vec<(String, Self)>),
    String(String),
    Undefined,
}

impl Literal {
    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Array(_)
            | Self::Bool(_)
            | Self::Null
            | Self::Number(_)
            | Self::Object(_)
            | Self::Undefined => None,
        }
    }

    /// What `JSON.stringify` makes of it; nothing of `undefined`.
    fn stringified(&self, text: &mut String) -> bool {
        match self {
            Self::Undefined => return false,
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => write!(text, "{value}").unwrap_or_default(),
            Self::String(value) => {
                text.push_str(&serde_json::Value::from(value.as_str()).to_string());
            }
            Self::Array(values) => {
                text.push('[');
                for (number, value) in values.iter().enumerate() {
                    if number > 0 {
                        text.push(',');
                    }
                    if !value.stringified(text) {
                        text.push_str("null");
                    }
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                let mut is_first = true;
                for (name, value) in members {
                    let before = text.len();
                    if !is_first {
                        text.push(',');
                    }
                    text.push_str(&serde_json::Value::from(name.as_str()).to_string());
                    text.push(':');
                    if value.stringified(text) {
                        is_first = false;
                    } else {
                        text.truncate(before);
                    }
                }
                text.push('}');
            }
        }
        true
    }
}

/// Reads literals from left to right.
pub(super) struct Reader<'s> {
    pub(super) cursor: Cursor<'s>,
    /// Where the text starts in the whole.
    start: usize,
    /// How many bytes may still be read in vain: a hostile text could make that quadratic.
    left_bytes: usize,
    /// The outer members of objects since the last call began: how deep, the name, and the place.
    members: Vec<(usize, String, Span)>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(text: &'s [u8], start: usize) -> Self {
        Self {
            cursor: Cursor::new(text),
            start,
            left_bytes: MAX_VAIN_BYTES,
            members: Vec::new(),
        }
    }

    /// Whether too much was read in vain.
    pub(super) fn is_spent(&self) -> bool {
        self.left_bytes == 0
    }

    /// Forgets the members of the call before.
    pub(super) fn begin(&mut self) {
        self.members.clear();
    }

    /// Where the last member of that name stands, in the options or in an object of them.
    pub(super) fn member(&self, depth: usize, name: &str) -> Option<Span> {
        let mut found = self.members.iter().rev();
        found
            .find(|(known, member, _)| *known == depth && member == name)
            .map(|(_, _, span)| *span)
    }

    /// The place of the next byte in the whole text.
    pub(super) fn at(&self) -> usize {
        self.start + self.cursor.at()
    }

    /// A problem with what comes next.
    pub(super) fn problem(&self, reason: &'static str) -> ImportError {
        let end = self.at() + usize::from(!self.cursor.is_done());
        ImportError::new(Span::new(self.at(), end), ErrorKind::Shape(reason))
    }

    /// Skips white space and comments.
    pub(super) fn skip_blank(&mut self) {
        loop {
            self.cursor.take_while(|byte| byte.is_ascii_whitespace());
            if self.cursor.eat(b"//") {
                self.cursor.take_while(|byte| byte != b'\n');
            } else if self.cursor.eat(b"/*") {
                let rest = self.cursor.rest();
                let end = memchr::memmem::find(rest, b"*/").map_or(rest.len(), |at| at + 2);
                self.cursor.seek(self.cursor.at() + end);
            } else {
                return;
            }
        }
    }

    /// Reads `mark` if it comes next.
    pub(super) fn eat(&mut self, mark: &[u8]) -> bool {
        self.skip_blank();
        self.cursor.eat(mark)
    }

    /// A value.
    ///
    /// # Errors
    /// When it is no literal.
    pub(super) fn value(&mut self, depth: usize) -> Result<Literal, ImportError> {
        self.skip_blank();
        if depth > MAX_DEPTH {
            return Err(self.problem("objects are nested too deep"));
        }
        let Some(byte) = self.cursor.peek() else {
            return Err(self.problem("the text ends where a value is needed"));
        };
        match byte {
            b'"' | b'\'' | b'`' => self.string().map(Literal::String),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'0'..=b'9' | b'-' | b'.' => self.number(),
            _ => self.word(depth),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Literal, ImportError> {
        self.cursor.bump();
        let mut members: Vec<(String, Literal)> = Vec::new();
        while !self.eat(b"}") {
            let at = self.at();
            let name = self.name()?;
            if depth <= 1 {
                let span = Span::new(at, self.at());
                self.members.push((depth, name.clone(), span));
            }
            if !self.eat(b":") {
                return Err(self.problem("a colon is needed between a name and its value"));
            }
            members.push((name, self.value(depth + 1)?));
            if !self.eat(b",") && self.cursor.peek() != Some(b'}') {
                return Err(self.problem("a comma or } is needed after a value"));
            }
        }
        Ok(Literal::Object(in_order(members)))
    }

    fn array(&mut self, depth: usize) -> Result<Literal, ImportError> {
        self.cursor.bump();
        let mut values = Vec::new();
        while !self.eat(b"]") {
            values.push(self.value(depth + 1)?);
            if !self.eat(b",") && self.cursor.peek() != Some(b']') {
                return Err(self.problem("a comma or ] is needed after a value"));
            }
        }
        Ok(Literal::Array(values))
    }

    fn name(&mut self) -> Result<String, ImportError> {
        if matches!(self.cursor.peek(), Some(b'"' | b'\'')) {
            return self.string();
        }
        let word = self.cursor.take_while(is_word);
        if word.is_empty() {
            return Err(self.problem("the name of a member is needed, or }"));
        }
        Ok(String::from_utf8_lossy(word).into_owned())
    }

    fn number(&mut self) -> Result<Literal, ImportError> {
        let start = self.cursor.clone();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".+-".contains(&byte);
        let word = String::from_utf8_lossy(self.cursor.take_while(is_part)).into_owned();
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Literal::Number(number)),
            _ => {
                self.cursor = start;
                Err(self.problem("a decimal number is needed"))
            }
        }
    }

    fn word(&mut self, depth: usize) -> Result<Literal, ImportError> {
        let start = self.cursor.clone();
        let word = self.cursor.take_while(|byte| is_word(byte) || byte == b'.');
        match word {
            b"true" => return Ok(Literal::Bool(true)),
            b"false" => return Ok(Literal::Bool(false)),
            b"null" => return Ok(Literal::Null),
            b"undefined" => return Ok(Literal::Undefined),
            b"JSON.stringify" if self.eat(b"(") => {
                let value = self.value(depth + 1)?;
                self.eat(b",");
                if !self.eat(b")") {
                    return Err(self.problem("JSON.stringify is read with one value only"));
                }
                let mut text = String::new();
                let is_text = value.stringified(&mut text);
                return Ok(if is_text {
                    Literal::String(text)
                } else {
                    Literal::Undefined
                });
            }
            _ => {}
        }
        self.cursor = start;
        Err(self.problem(
            "this is a variable, a call or a misspelt value: only what stands in the text itself \
             can be read",
        ))
    }

    fn string(&mut self) -> Result<String, ImportError> {
        let start = self.cursor.clone();
        let quote = self.cursor.bump().unwrap_or_default();
        let mut units: Vec<u16> = Vec::new();
        loop {
            let plain = self
                .cursor
                .take_while(|byte| byte != quote && !b"\\\n\r$".contains(&byte));
            units.extend(String::from_utf8_lossy(plain).encode_utf16());
            match self.cursor.peek() {
                Some(b'\\') => {
                    self.cursor.bump();
                    self.escape(&mut units)?;
                }
                Some(b'$') if quote == b'`' && self.cursor.peek_at(1) == Some(b'{') => {
                    return Err(self.problem("what stands in ${} is not known"));
                }
                Some(byte) if byte == quote => {
                    self.cursor.bump();
                    // Half a pair becomes U+FFFD when it is encoded.
                    return Ok(String::from_utf16_lossy(&units));
                }
                Some(b'$') => units.push(self.cursor.bump().unwrap_or_default().into()),
                Some(_) if quote == b'`' => {
                    // Template literals know only one line end.
                    if !self.cursor.eat(b"\r\n") {
                        self.cursor.bump();
                    }
                    units.push(b'\n'.into());
                }
                Some(_) | None => {
                    let read = self.cursor.at().saturating_sub(start.at());
                    self.left_bytes = self.left_bytes.saturating_sub(read);
                    self.cursor = start;
                    return Err(self.problem("this string does not end"));
                }
            }
        }
    }

    /// What follows a backslash (ECMA-262, section 12.9.4).
    fn escape(&mut self, units: &mut Vec<u16>) -> Result<(), ImportError> {
        let escaped = self.cursor.peek();
        if matches!(escaped, Some(b'0'..=b'9' | b'u' | b'x')) {
            return self.code_point(units);
        }
        self.cursor.bump();
        let byte = match escaped {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(b'\n') | None => return Ok(()),
            Some(b'\r') => {
                self.cursor.eat(b"\n");
                return Ok(());
            }
            Some(byte) if byte.is_ascii() => byte,
            // A character of several bytes stands for itself.
            Some(_) => {
                self.cursor.seek(self.cursor.at().saturating_sub(1));
                return Ok(());
            }
        };
        units.push(byte.into());
        Ok(())
    }

    /// `\0`, `\x41`, `\u0041` or `\u{1f600}`.
    fn code_point(&mut self, units: &mut Vec<u16>) -> Result<(), ImportError> {
        let start = self.cursor.clone();
        let kind = self.cursor.bump();
        let digits = match kind {
            Some(b'0') if !self.cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) => {
                units.push(0);
                return Ok(());
            }
            Some(b'x') => self.hex(2),
            Some(b'u') if self.cursor.eat(b"{") => {
                let digits = self.cursor.take_while(|byte| byte.is_ascii_hexdigit());
                self.cursor.eat(b"}").then_some(digits)
            }
            Some(b'u') => self.hex(4),
            _ => None,
        };
        let number = digits
            .and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let Some(unit) = number.and_then(|number| u16::try_from(number).ok()) {
            units.push(unit);
        } else if let Some(character) = number.and_then(char::from_u32) {
            units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
        } else {
            self.cursor = start;
            return Err(self.problem("this is no escape of a JavaScript string"));
        }
        Ok(())
    }

    fn hex(&mut self, count: usize) -> Option<&'s [u8]> {
        let digits = self.cursor.rest().get(..count)?;
        let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
        self.cursor.seek(self.cursor.at() + count);
        is_hex.then_some(digits)
    }
}

/// Members as JavaScript lists them: numbers first, and each name once, where it stood first.
fn in_order(members: Vec<(String, Literal)>) -> Vec<(String, Literal)> {
    let mut places = std::collections::HashMap::new();
    let mut ordered: Vec<(String, Literal)> = Vec::new();
    for (name, value) in members {
        let place = *places.entry(name.clone()).or_insert(ordered.len());
        match ordered.get_mut(place) {
            Some(known) => known.1 = value,
            None => ordered.push((name, value)),
        }
    }
    ordered.sort_by_key(|(name, _)| index(name).map_or((true, 0), |index| (false, index)));
    ordered
}

/// The number that a name is, written as JavaScript writes it.
fn index(name: &str) -> Option<u32> {
    let index = name.parse::<u32>().ok().filter(|index| *index < u32::MAX)?;
    (index.to_string() == name).then_some(index)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let value = Reader::new(text.as_bytes(), 0).value(0);
        let value = value.map_err(|error| format!("{}: {error}", error.span.start))?;
        let mut json = String::new();
        value.stringified(&mut json);
        Ok(json)
    }

    #[test]
    fn strings_have_the_escapes_of_javascript() {
        for (text, expected) in [
            (
                r#""a\"b\\\/\n\x41\u0042\u{43}\0""#,
                r#""a\"b\\/\nABC\u0000""#,
            ),
            (r"'it\'s \ud83d\ude00 ä \ä'", r#""it's 😀 ä ä""#),
            ("'one \\\ntwo'", r#""one two""#),
            ("`a\r\nb $5`", r#""a\nb $5""#),
            (r"'\ud83d'", "\"\u{fffd}\""),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn json_is_written_as_javascript_writes_it() {
        for (text, expected) in [
            (
                "{b: 1, 'a': [1.50, -2, null,], 10: true, 2: undefined, b: 3,}",
                r#"{"10":true,"b":3,"a":[1.5,-2,null]}"#,
            ),
            ("JSON.stringify({a: 'x'})", r#""{\"a\":\"x\"}""#),
            ("[undefined, 1e3]", "[null,1000]"),
            ("{ /* c */ a: 1 // d\n}", r#"{"a":1}"#),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_is_told_with_its_place() {
        for (text, place) in [
            ("{a: token}", "4: this is a variable"),
            ("`x${y}`", "2: what stands in ${}"),
            ("{a 1}", "3: a colon"),
            ("'open", "0: this string does not end"),
            (r"'\u12'", "2: this is no escape"),
            ("[1 2]", "3: a comma or ]"),
            (
                "JSON.stringify({}, null, 2)",
                "19: JSON.stringify is read with one value",
            ),
            ("", "0: the text ends"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(place), "{text}: {error}");
        }
        assert!(read(&"[".repeat(1000)).unwrap_err().contains("too deep"));
    }

    proptest! {
        #[test]
        fn json_is_javascript(text in "[ -~ä\n]{0,20}", number: i32) {
            let json = serde_json::json!({"t": text, "n": [number, null, {"x": true}]}).to_string();
            prop_assert_eq!(read(&json).unwrap(), json);
        }

        #[test]
        fn any_text_is_read(text in "['\"`{}\\[\\]:,a1\\\\u$ \n\u{e4}]{0,40}") {
            let mut reader = Reader::new(text.as_bytes(), 0);
            let span = reader.value(0).err().map(|error| error.span);
            prop_assert!(span.is_none_or(|span| span.start <= span.end && span.end <= text.len()));
        }
    }
}
