//! Values of PowerShell: strings, hashtables, variables and the few objects that copied commands
//! make. Nothing is ever run.

use std::collections::HashMap;

use crate::import::cursor::Cursor;
use crate::import::{ErrorKind, ImportError, Span};

/// How deep values may be nested.
const MAX_DEPTH: usize = 32;

/// The most bytes that all values of one import may grow to by replacing variables.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A value as far as it is known.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    /// `System.Net.Cookie`: name, value, path and domain.
    Cookie(Vec<String>),
    /// A `WebRequestSession`, or another object without a value of its own.
    Object,
    /// A hashtable or a dictionary.
    Table(Vec<(String, Self)>),
    Text(String),
    /// The bytes of a text: as UTF-8.
    Utf8(String),
}

impl Value {
    /// As it stands in a string.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Utf8(text) => text,
            Self::Cookie(_) | Self::Object | Self::Table(_) => String::new(),
        }
    }
}

/// The value of a variable that the text does not set: `env:NAME` or `name`.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads values from left to right.
pub(super) struct Reader<'s> {
    pub(super) cursor: Cursor<'s>,
    start: usize,
    /// Names in lower case: PowerShell knows no case.
    /// Each with what of its value nothing defines.
    pub(super) variables: HashMap<String, (Value, Vec<String>)>,
    /// Variables of the present statement that nothing defines, as they stand in the text.
    pub(super) unresolved: Vec<String>,
    lookup: Lookup<'s>,
    left_bytes: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn new(text: &'s [u8], start: usize, lookup: Lookup<'s>) -> Self {
        Self {
            cursor: Cursor::new(text),
            start,
            variables: HashMap::new(),
            unresolved: Vec::new(),
            lookup,
            left_bytes: MAX_BYTES,
        }
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

    /// Whether the values together grew larger than an import holds.
    pub(super) fn is_spent(&self) -> bool {
        self.left_bytes == 0
    }

    /// Skips blanks, and line ends behind a backtick.
    pub(super) fn skip_blank(&mut self) {
        loop {
            self.cursor.take_while(|byte| byte == b' ' || byte == b'\t');
            if !self.cursor.eat(b"`\r\n") && !self.cursor.eat(b"`\n") {
                return;
            }
        }
    }

    /// Skips blanks, line ends, semicolons and comments.
    pub(super) fn skip_lines(&mut self) {
        loop {
            self.skip_blank();
            self.cursor
                .take_while(|byte| byte.is_ascii_whitespace() || byte == b';');
            if self.cursor.eat(b"<#") {
                let rest = self.cursor.rest();
                let end = memchr::memmem::find(rest, b"#>").map_or(rest.len(), |at| at + 2);
                self.cursor.seek(self.cursor.at() + end);
            } else if self.cursor.peek() == Some(b'#') {
                self.cursor.take_while(|byte| byte != b'\n');
            } else if !self.cursor.rest().starts_with(b"`\n")
                && !self.cursor.rest().starts_with(b"`\r\n")
                && !matches!(self.cursor.peek(), Some(b' ' | b'\t'))
            {
                return;
            }
        }
    }

    /// Reads `mark` if it comes next on this line.
    pub(super) fn eat(&mut self, mark: &[u8]) -> bool {
        self.skip_blank();
        self.cursor.eat(mark)
    }

    /// A value, or several joined by `+`.
    ///
    /// # Errors
    /// When it is none that can be known.
    pub(super) fn sum(&mut self, depth: usize) -> Result<Value, ImportError> {
        let mut value = self.value(depth)?;
        while self.eat(b"+") {
            self.skip_lines();
            let more = self.value(depth)?.into_text();
            let mut text = value.into_text();
            self.spend(more.len());
            text.push_str(&more);
            value = Value::Text(text);
        }
        Ok(value)
    }

    /// A single value.
    ///
    /// # Errors
    /// As [`sum`](Self::sum).
    pub(super) fn value(&mut self, depth: usize) -> Result<Value, ImportError> {
        self.skip_blank();
        if depth > MAX_DEPTH {
            return Err(self.problem("values are nested too deep"));
        }
        if self.cursor.eat(b"@{") {
            return self.table(depth);
        }
        if self.cursor.rest().starts_with(b"@\"") || self.cursor.rest().starts_with(b"@'") {
            return self.here_string();
        }
        match self.cursor.peek() {
            Some(b'"' | b'\'') => self.string().map(Value::Text),
            Some(b'$') => Ok(self.reference()),
            Some(b'(') => {
                self.cursor.bump();
                self.skip_lines();
                let value = self.sum(depth + 1)?;
                self.skip_lines();
                if !self.cursor.eat(b")") {
                    return Err(self.problem("only a value can be read here, and then )"));
                }
                Ok(value)
            }
            Some(b'[') => self.typed(depth),
            _ => self.word(depth),
        }
    }

    /// A variable outside a string: `$name`, `$name/path`, or a part of it, which is not known.
    fn reference(&mut self) -> Value {
        let start = self.cursor.at();
        let known = self.unresolved.len();
        let value = self.variable();
        let is_part = |byte: u8| !byte.is_ascii_whitespace() && !b";,(){}|\"'=".contains(&byte);
        match (self.cursor.peek(), self.cursor.peek_at(1)) {
            (Some(b'/'), _) => {
                let mut text = value.into_text();
                text.push_str(&String::from_utf8_lossy(self.cursor.take_while(is_part)));
                Value::Text(text)
            }
            (Some(b'.'), Some(b'a'..=b'z' | b'A'..=b'Z')) | (Some(b'['), _) => {
                self.cursor.take_while(is_part);
                let written = self.cursor.between(start, self.cursor.at());
                let written = String::from_utf8_lossy(written).into_owned();
                self.unresolved.truncate(known);
                self.leave(written.clone());
                Value::Text(written)
            }
            _ => value,
        }
    }

    /// `[type]value`, `[type]::new()` or `[Text.Encoding]::UTF8.GetBytes(value)`.
    fn typed(&mut self, depth: usize) -> Result<Value, ImportError> {
        let name = self.cursor.take_while(|byte| byte != b']' && byte != b'\n');
        let is_ordered = name.eq_ignore_ascii_case(b"[ordered");
        if !self.cursor.eat(b"]") {
            return Err(self.problem("a type needs its ]"));
        }
        self.cursor.take_while(|byte| byte == b']');
        if !self.cursor.eat(b"::") || is_ordered {
            return self.value(depth + 1);
        }
        let method = self
            .cursor
            .take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        if method.eq_ignore_ascii_case(b"new") && self.cursor.eat(b"()") {
            return Ok(made(name));
        }
        if method.eq_ignore_ascii_case(b"UTF8.GetBytes") && self.cursor.peek() == Some(b'(') {
            return Ok(Value::Utf8(self.value(depth + 1)?.into_text()));
        }
        Err(self.problem("this call is not run: its value is not known"))
    }

    /// A word, or `New-Object TYPE(arguments)`.
    fn word(&mut self, depth: usize) -> Result<Value, ImportError> {
        let is_part = |byte: u8| !byte.is_ascii_whitespace() && !b";,(){}|\"'".contains(&byte);
        let word = self.cursor.take_while(is_part);
        if word.is_empty() {
            return Err(self.problem("a value is needed here"));
        }
        if !word.eq_ignore_ascii_case(b"New-Object") {
            return Ok(Value::Text(String::from_utf8_lossy(word).into_owned()));
        }
        self.skip_blank();
        let name = match self.cursor.peek() {
            Some(b'"' | b'\'') => self.string()?,
            _ => {
                String::from_utf8_lossy(self.cursor.take_while(|b| is_part(b) || b == b',')).into()
            }
        };
        if !self.cursor.eat(b"(") {
            return Ok(made(name.as_bytes()));
        }
        let mut arguments = Vec::new();
        self.skip_lines();
        while !self.cursor.eat(b")") {
            arguments.push(self.sum(depth + 1)?.into_text());
            self.skip_lines();
            if !self.cursor.eat(b",") && self.cursor.peek() != Some(b')') {
                return Err(self.problem("a comma or ) is needed after an argument"));
            }
            self.skip_lines();
        }
        if name.to_ascii_lowercase().ends_with("cookie") {
            Ok(Value::Cookie(arguments))
        } else {
            Ok(made(name.as_bytes()))
        }
    }

    fn table(&mut self, depth: usize) -> Result<Value, ImportError> {
        let mut rows: Vec<(String, Value)> = Vec::new();
        loop {
            self.skip_lines();
            if self.cursor.eat(b"}") {
                return Ok(Value::Table(rows));
            }
            let name = match self.cursor.peek() {
                Some(b'"' | b'\'') => self.string()?,
                _ => {
                    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                    String::from_utf8_lossy(self.cursor.take_while(is_part)).into_owned()
                }
            };
            if name.is_empty() || !self.eat(b"=") {
                return Err(self.problem("a row of a table is needed, name = value, or }"));
            }
            self.skip_lines();
            let value = self.sum(depth + 1)?;
            self.spend(PER_ROW);
            if self.is_spent() {
                let at = Span::new(self.at(), self.at());
                return Err(ImportError::new(at, ErrorKind::TooMuch));
            }
            rows.push((name, value));
            self.skip_blank();
            if !matches!(self.cursor.peek(), Some(b'\n' | b'\r' | b';' | b'}' | b'#')) {
                return Err(self.problem("a line end, ; or } is needed after a value"));
            }
        }
    }

    /// A string in single or double quotes.
    pub(super) fn string(&mut self) -> Result<String, ImportError> {
        let start = self.cursor.clone();
        let quote = self.cursor.bump().unwrap_or_default();
        let mut text = Vec::new();
        loop {
            let is_plain = |byte: u8| byte != quote && !(quote == b'"' && b"`$".contains(&byte));
            text.extend_from_slice(self.cursor.take_while(is_plain));
            match self.cursor.peek() {
                Some(b'`') if quote == b'"' => self.escape(&mut text),
                Some(b'$') if quote == b'"' => self.interpolate(&mut text),
                Some(_) => {
                    self.cursor.bump();
                    // A doubled quote is one in the text.
                    if self.cursor.peek() != Some(quote) {
                        return Ok(String::from_utf8_lossy(&text).into_owned());
                    }
                    self.cursor.bump();
                    text.push(quote);
                }
                None => {
                    self.cursor = start;
                    self.spend(self.cursor.rest().len());
                    return Err(self.problem("this string does not end"));
                }
            }
        }
    }

    /// `@"`, lines, and `"@` at the start of a line.
    fn here_string(&mut self) -> Result<Value, ImportError> {
        let start = self.cursor.clone();
        self.cursor.bump();
        let quote = self.cursor.bump().unwrap_or_default();
        self.cursor.take_while(|byte| byte == b' ' || byte == b'\r');
        let end_mark = [b'\n', quote, b'@'];
        let rest = self.cursor.rest();
        let Some(length) =
            memchr::memmem::find(rest, &end_mark).filter(|_| rest.starts_with(b"\n"))
        else {
            self.cursor = start;
            self.spend(rest.len());
            return Err(self.problem("this here-string does not end"));
        };
        let end = self.cursor.at() + length;
        self.cursor.bump();
        let mut text = Vec::new();
        while self.cursor.at() < end {
            match self.cursor.peek() {
                Some(b'`') if quote == b'"' => self.escape(&mut text),
                Some(b'$') if quote == b'"' => self.interpolate(&mut text),
                Some(byte) => {
                    self.cursor.bump();
                    text.push(byte);
                }
                None => break,
            }
        }
        self.cursor.seek(end + end_mark.len());
        let text = text.strip_suffix(b"\r").unwrap_or(&text);
        Ok(Value::Text(String::from_utf8_lossy(text).into_owned()))
    }

    /// What follows a backtick.
    fn escape(&mut self, text: &mut Vec<u8>) {
        self.cursor.bump();
        if self.cursor.eat(b"u{") {
            let digits = self.cursor.take_while(|byte| byte.is_ascii_hexdigit());
            self.cursor.eat(b"}");
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            let number = u32::from_str_radix(digits, 16).unwrap_or_default();
            let character = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
        text.extend(self.cursor.bump().map(|byte| match byte {
            b'0' => 0,
            b'a' => 7,
            b'b' => 8,
            b'e' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            other => other,
        }));
    }

    /// `$name`, `${name}`, `$env:NAME` and `$(…)` in a string.
    fn interpolate(&mut self, text: &mut Vec<u8>) {
        let start = self.cursor.at();
        if self.cursor.eat(b"$(") {
            if let Some(character) = self.character() {
                return text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            let inside = self.cursor.clone();
            if self.cursor.peek() == Some(b'$') {
                let known = self.unresolved.len();
                let value = self.variable().into_text();
                if self.cursor.eat(b")") {
                    return text.extend_from_slice(value.as_bytes());
                }
                self.unresolved.truncate(known);
            }
            self.cursor = inside;
            // What else stands here would have to be run.
            self.cursor.take_while(|byte| !b")\"\n".contains(&byte));
            self.cursor.eat(b")");
            let written = self.cursor.between(start, self.cursor.at());
            self.leave(String::from_utf8_lossy(written).into_owned());
            return text.extend_from_slice(written);
        }
        let value = self.variable().into_text();
        text.extend_from_slice(value.as_bytes());
    }

    /// `[char]0x00fc)`: how browsers write what is beyond ASCII.
    fn character(&mut self) -> Option<char> {
        let start = self.cursor.clone();
        let number = self.cursor.eat(b"[char]").then(|| {
            let is_hex = self.cursor.eat(b"0x");
            let digits = self.cursor.take_while(|byte| byte.is_ascii_hexdigit());
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            u32::from_str_radix(digits, if is_hex { 16 } else { 10 }).ok()
        });
        let character = number.flatten().and_then(char::from_u32);
        if character.is_some() && self.cursor.eat(b")") {
            return character;
        }
        self.cursor = start;
        None
    }

    /// A variable: its value, or its name as it stands.
    fn variable(&mut self) -> Value {
        let start = self.cursor.at();
        self.cursor.bump();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let name = if self.cursor.eat(b"{") {
            let name = self.cursor.take_while(|byte| !b"}\n\"".contains(&byte));
            self.cursor.eat(b"}");
            String::from_utf8_lossy(name).into_owned()
        } else {
            let first = self.cursor.take_while(is_part);
            let mut name = String::from_utf8_lossy(first).into_owned();
            if name.eq_ignore_ascii_case("env") && self.cursor.eat(b":") {
                let variable = self.cursor.take_while(is_part);
                name = format!("env:{}", String::from_utf8_lossy(variable));
            }
            name
        };
        let written = self.cursor.between(start, self.cursor.at());
        let written = String::from_utf8_lossy(written).into_owned();
        if name.is_empty() {
            return Value::Text(written);
        }
        let known = match self.is_spent() {
            true => None,
            false => self.variables.get(&name.to_ascii_lowercase()).cloned(),
        };
        let value = match known {
            Some((value, unresolved)) => {
                unresolved.into_iter().for_each(|name| self.leave(name));
                Some(value)
            }
            None => match name.to_ascii_lowercase().as_str() {
                "null" => Some(Value::Text(String::new())),
                "true" => Some(Value::Text("True".to_owned())),
                "false" => Some(Value::Text("False".to_owned())),
                _ => (self.lookup)(&name).map(Value::Text),
            },
        };
        if let Some(value) = value {
            self.spend(size(&value));
            if !self.is_spent() {
                return value;
            }
        }
        self.leave(written.clone());
        Value::Text(written)
    }

    /// Notes what nothing defines.
    pub(super) fn leave(&mut self, written: String) {
        if !self.unresolved.contains(&written) && self.unresolved.len() < MAX_UNRESOLVED {
            self.unresolved.push(written);
        }
    }

    /// Counts what was copied, or read in vain: a hostile text could make that quadratic.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.left_bytes = self.left_bytes.saturating_sub(bytes);
    }
}

/// What a row of a table takes, however short it is.
const PER_ROW: usize = 256;

/// An object of that type.
fn made(name: &[u8]) -> Value {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    if name.contains("dictionary") || name.contains("hashtable") {
        Value::Table(Vec::new())
    } else {
        Value::Object
    }
}

/// How many bytes a copy takes.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Object => 0,
        Value::Text(text) | Value::Utf8(text) => text.len(),
        Value::Cookie(texts) => texts.iter().map(String::len).sum(),
        Value::Table(rows) => rows
            .iter()
            .map(|(name, value)| name.len() + size(value))
            .sum(),
    }
}

/// As many variables as somebody could want to read.
pub(super) const MAX_UNRESOLVED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> (String, Vec<String>) {
        let lookup = |name: &str| (name == "env:USER").then(|| "maria".to_owned());
        let mut reader = Reader::new(source.as_bytes(), 0, &lookup);
        let one = ("one".to_owned(), (Value::Text("1".to_owned()), Vec::new()));
        reader.variables.extend([one]);
        let value = reader.sum(0).map_err(|error| error.to_string());
        (value.unwrap().into_text(), reader.unresolved)
    }

    #[test]
    fn strings_have_the_escapes_of_powershell() {
        for (source, expected) in [
            (r#"'it''s $one'"#, "it's $one"),
            (r#""a`"b""c`n`t`u{fc}``""#, "a\"b\"c\n\tü`"),
            (
                r#""$One ${one} $env:USER $(${one}) $ 5""#,
                "1 1 maria 1 $ 5",
            ),
            (r#""M$([char]0x00fc)n""#, "Mün"),
            (r#"("a" + 'b' + $one)"#, "ab1"),
            ("@\"\n{\"a\": \"$one\"}\nx\n\"@", "{\"a\": \"1\"}\nx"),
            ("@'\r\n$one\r\n'@", "$one"),
            (r#"([System.Text.Encoding]::UTF8.GetBytes("x"))"#, "x"),
        ] {
            assert_eq!(text(source), (expected.to_owned(), Vec::new()), "{source}");
        }
    }

    #[test]
    fn what_is_not_known_stays_as_it_stands() {
        let (value, unresolved) = text(r#""$token $env:KEY $(Get-Date) $token""#);
        assert_eq!(value, "$token $env:KEY $(Get-Date) $token");
        assert_eq!(unresolved, ["$token", "$env:KEY", "$(Get-Date)"]);
    }
}
