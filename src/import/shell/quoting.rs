//! Reads one word of a script: quotes, backslashes, and what the shell would replace.

use super::word::{Default, Expansion, Unit, Variable};
use crate::import::cursor::Cursor;
use crate::import::{ErrorKind, ImportError, Source, Span};

/// Reads units from the start of a source.
pub(super) struct Reader<'a> {
    source: Source<'a>,
    cursor: Cursor<'a>,
    pub(super) units: Vec<Unit>,
    pub(super) problems: Vec<ImportError>,
    /// How much more may be held: 1 is a byte outside quotes.
    pub(super) budget: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: Source<'a>, budget: usize) -> Self {
        Self {
            source,
            cursor: Cursor::new(source.bytes()),
            units: Vec::new(),
            problems: Vec::new(),
            budget,
        }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.cursor.at()
    }

    /// Reads up to the end of the word.
    pub(super) fn word(&mut self) {
        while let Some(byte) = self.next() {
            match byte {
                b' ' | b'\t' | b'\n' | b'&' | b'|' | b';' | b'(' | b')' => break,
                b'\r' if matches!(self.cursor.peek_at(1), None | Some(b'\n')) => break,
                b'<' | b'>' => {
                    if self.cursor.peek_at(1) != Some(b'(') {
                        break;
                    }
                    self.command(false, 1, "<(");
                }
                b'\'' => self.single_quotes(),
                b'"' => self.double_quotes(),
                b'`' => self.backticks(false),
                b'$' => self.dollar(false),
                b'\\' => self.backslash(),
                _ => self.take(byte),
            }
        }
    }

    /// Reads all of it as a line of a here-document: quotes mean nothing, the rest does.
    pub(super) fn here_line(&mut self) {
        while let Some(byte) = self.next() {
            match byte {
                b'`' => self.backticks(true),
                b'$' => self.dollar(true),
                b'\\' => self.backslash_among(b"$`\\"),
                _ => self.take_quoted(byte),
            }
        }
    }

    /// The next byte; none once more was read than can be held.
    fn next(&mut self) -> Option<u8> {
        if self.budget == 0 && !self.cursor.is_done() {
            self.problem(self.cursor.at(), ErrorKind::TooMuch);
            self.cursor.seek(usize::MAX);
        }
        self.cursor.peek()
    }

    fn hold(&mut self, unit: Unit) {
        let cost = match &unit {
            Unit::Bare(_) => 1,
            Unit::Quoted(_) | Unit::Quotes => 2,
            Unit::Expansion(_) => EXPANSION_COST,
        };
        self.budget = self.budget.saturating_sub(cost);
        self.units.push(unit);
    }

    fn problem(&mut self, start: usize, kind: ErrorKind) {
        let base = self.source.span().start;
        let span = Span::new(base + start, base + start + 1);
        self.problems.push(ImportError::new(span, kind));
    }

    fn take(&mut self, byte: u8) {
        self.cursor.bump();
        self.hold(Unit::Bare(byte));
    }

    fn take_quoted(&mut self, byte: u8) {
        self.cursor.bump();
        self.push_all(&[byte]);
    }

    fn backslash(&mut self) {
        if self.cursor.eat(b"\\\n") || self.cursor.eat(b"\\\r\n") {
            return;
        }
        self.cursor.bump();
        // A backslash at the very end stands for itself.
        let byte = self.cursor.bump().unwrap_or(b'\\');
        self.push_all(&[byte]);
    }

    /// In double quotes a backslash only escapes what would mean something there.
    fn backslash_among(&mut self, escapable: &[u8]) {
        if self.cursor.eat(b"\\\n") || self.cursor.eat(b"\\\r\n") {
            return;
        }
        self.cursor.bump();
        match self.cursor.peek() {
            Some(byte) if escapable.contains(&byte) => self.take_quoted(byte),
            _ => self.push_all(b"\\"),
        }
    }

    fn single_quotes(&mut self) {
        let start = self.cursor.at();
        self.cursor.bump();
        self.hold(Unit::Quotes);
        let text = self.cursor.take_while(|byte| byte != b'\'');
        self.push_all(text);
        if !self.cursor.eat(b"'") {
            self.problem(start, ErrorKind::UnclosedQuote("'"));
        }
    }

    fn double_quotes(&mut self) {
        let start = self.cursor.at();
        self.cursor.bump();
        self.hold(Unit::Quotes);
        while let Some(byte) = self.next() {
            match byte {
                b'"' => {
                    self.cursor.bump();
                    return;
                }
                b'`' => self.backticks(true),
                b'$' => self.dollar(true),
                b'\\' => self.backslash_among(b"$`\"\\"),
                _ => self.take_quoted(byte),
            }
        }
        self.problem(start, ErrorKind::UnclosedQuote("\""));
    }

    fn dollar(&mut self, quoted: bool) {
        match self.cursor.peek_at(1) {
            Some(b'\'') if !quoted => self.ansi_quotes(),
            // $"...": a text to translate, which nobody does.
            Some(b'"') if !quoted => {
                self.cursor.bump();
                self.double_quotes();
            }
            Some(b'{') => self.braces(quoted),
            Some(b'(') => self.command(quoted, 1, "$("),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                let start = self.cursor.at();
                self.cursor.bump();
                let name = self.cursor.take_while(is_name);
                let name = String::from_utf8_lossy(name).into_owned();
                self.expansion(start, quoted, Some((name, None)));
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => {
                let start = self.cursor.at();
                self.cursor.bump();
                self.cursor.bump();
                self.expansion(start, quoted, None);
            }
            _ if quoted => self.take_quoted(b'$'),
            _ => self.take(b'$'),
        }
    }

    fn expansion(
        &mut self,
        start: usize,
        quoted: bool,
        variable: Option<(String, Option<Default>)>,
    ) {
        let written = self.cursor.between(start, self.cursor.at());
        self.hold(Unit::Expansion(Box::new(Expansion {
            text: String::from_utf8_lossy(written).into_owned(),
            quoted,
            variable: variable.map(|(name, default)| Variable { name, default }),
        })));
    }

    /// `${NAME}`, `${NAME:-word}`; other operators are not computed.
    fn braces(&mut self, quoted: bool) {
        let start = self.cursor.at();
        self.cursor.eat(b"${");
        let name = self.cursor.take_while(is_name);
        let name = String::from_utf8_lossy(name).into_owned();
        let for_empty = self.cursor.eat(b":");
        let has_default = self.cursor.eat(b"-") || self.cursor.eat(b"=");
        let rest = self.cursor.take_while(|byte| byte != b'}');
        if !self.cursor.eat(b"}") {
            return self.problem(start, ErrorKind::UnclosedSubstitution("${"));
        }
        let plain = !rest
            .iter()
            .any(|b| matches!(b, b'$' | b'`' | b'"' | b'\'' | b'\\'));
        let variable = if name.is_empty() {
            None
        } else if has_default && plain {
            let text = rest.to_vec();
            Some((name, Some(Default { text, for_empty })))
        } else if rest.is_empty() && !for_empty && !has_default {
            Some((name, None))
        } else {
            None
        };
        self.expansion(start, quoted, variable);
    }

    /// `$(...)`, `<(...)`: never run, so only its end matters.
    fn command(&mut self, quoted: bool, brackets_at: usize, opening: &'static str) {
        let start = self.cursor.at();
        self.cursor.seek(start + brackets_at);
        let mut depth = 0_usize;
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => {
                    self.cursor.bump();
                }
                b'\'' => {
                    self.cursor.take_while(|byte| byte != b'\'');
                    self.cursor.bump();
                }
                b'"' => self.skip_double_quotes(),
                _ => {}
            }
            if depth == 0 {
                return self.expansion(start, quoted, None);
            }
        }
        self.problem(start, ErrorKind::UnclosedSubstitution(opening));
    }

    fn skip_double_quotes(&mut self) {
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'\\' => {
                    self.cursor.bump();
                }
                b'"' => return,
                _ => {}
            }
        }
    }

    fn backticks(&mut self, quoted: bool) {
        let start = self.cursor.at();
        self.cursor.bump();
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'\\' => {
                    self.cursor.bump();
                }
                b'`' => return self.expansion(start, quoted, None),
                _ => {}
            }
        }
        self.problem(start, ErrorKind::UnclosedSubstitution("`"));
    }

    /// `$'...'`: the escapes of C.
    fn ansi_quotes(&mut self) {
        let start = self.cursor.at();
        self.cursor.eat(b"$'");
        self.hold(Unit::Quotes);
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'\'' => return,
                b'\\' => self.ansi_escape(),
                _ => self.push_all(&[byte]),
            }
        }
        self.problem(start, ErrorKind::UnclosedQuote("$'"));
    }

    fn ansi_escape(&mut self) {
        let Some(byte) = self.cursor.bump() else {
            return self.push_all(b"\\");
        };
        let single = match byte {
            b'a' => 0x07,
            b'b' => 0x08,
            b'e' | b'E' => 0x1b,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' | b'\'' | b'"' | b'?' => byte,
            b'0'..=b'7' => {
                self.cursor.seek(self.cursor.at() - 1);
                low_byte(self.number(8, 3).unwrap_or(0))
            }
            b'x' => match self.number(16, 2) {
                Some(number) => low_byte(number),
                None => return self.push_all(b"\\x"),
            },
            b'u' | b'U' => return self.unicode_escape(byte),
            b'c' => self.cursor.bump().map_or(b'c', |letter| letter & 0x1f),
            other => return self.push_all(&[b'\\', other]),
        };
        self.push_all(&[single]);
    }

    fn unicode_escape(&mut self, letter: u8) {
        let digits = if letter == b'u' { 4 } else { 8 };
        let Some(number) = self.number(16, digits) else {
            return self.push_all(&[b'\\', letter]);
        };
        let character = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.push_all(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Up to that many digits; `None` if there is not one.
    fn number(&mut self, radix: u32, digits: usize) -> Option<u32> {
        let mut number = None;
        for _ in 0..digits {
            let digit = self
                .cursor
                .peek()
                .and_then(|b| char::from(b).to_digit(radix));
            let Some(digit) = digit else { break };
            self.cursor.bump();
            number = Some(
                number
                    .unwrap_or(0_u32)
                    .wrapping_mul(radix)
                    .wrapping_add(digit),
            );
        }
        number
    }

    fn push_all(&mut self, bytes: &[u8]) {
        match self.units.last_mut() {
            Some(Unit::Quoted(quoted)) => quoted.extend_from_slice(bytes),
            _ => self.hold(Unit::Quoted(bytes.to_vec())),
        }
    }
}

/// Texts, names and their boxes.
const EXPANSION_COST: usize = 16;

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn low_byte(number: u32) -> u8 {
    number.to_le_bytes()[0]
}
