//! JSON as Python reads and writes it: keys that repeat stay, numbers keep their kind, and text is
//! written in ASCII with a space after each comma and colon.

use std::fmt::Write;

use crate::import::cursor::Cursor;

/// How deep values may stand in each other.
const MAX_DEPTH: usize = 200;

/// A JSON value.
#[derive(Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// The digits: Python's integers have no bounds.
    Integer(String),
    Float(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// An object that was read from a text: keys that are set in it later are not sent.
    Fixed(Vec<(String, Self)>),
    /// What nothing defines yet, as it stands.
    Bare(String),
}

/// Reads a value.
///
/// # Errors
/// When it is not JSON.
pub(super) fn read(text: &str) -> Result<Json, &'static str> {
    let mut reader = Reader {
        cursor: Cursor::new(text.as_bytes()),
    };
    let value = reader.value(0)?;
    reader.space();
    if reader.cursor.is_done() {
        Ok(value)
    } else {
        Err(NOT_JSON)
    }
}

const NOT_JSON: &str = "what follows := has to be JSON; text goes after =";

struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.cursor
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    }

    fn value(&mut self, depth: usize) -> Result<Json, &'static str> {
        if depth > MAX_DEPTH {
            return Err("the JSON is nested too deep");
        }
        self.space();
        const WORDS: &[(&[u8], Json)] = &[
            (b"null", Json::Null),
            (b"true", Json::Bool(true)),
            (b"false", Json::Bool(false)),
            (b"NaN", Json::Float(f64::NAN)),
            (b"Infinity", Json::Float(f64::INFINITY)),
            (b"-Infinity", Json::Float(f64::NEG_INFINITY)),
        ];
        if let Some((_, value)) = WORDS.iter().find(|(word, _)| self.cursor.eat(word)) {
            return Ok(value.clone());
        }
        match self.cursor.peek() {
            Some(b'"') => self.text().map(Json::Text),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(NOT_JSON),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, &'static str> {
        self.cursor.bump();
        let mut items = Vec::new();
        self.space();
        if self.cursor.eat(b"]") {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.cursor.bump() {
                Some(b',') => {}
                Some(b']') => return Ok(Json::List(items)),
                _ => return Err(NOT_JSON),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, &'static str> {
        self.cursor.bump();
        let mut members = Vec::new();
        self.space();
        if self.cursor.eat(b"}") {
            return Ok(Json::Fixed(members));
        }
        loop {
            self.space();
            let name = self.text()?;
            self.space();
            if !self.cursor.eat(b":") {
                return Err(NOT_JSON);
            }
            members.push((name, self.value(depth + 1)?));
            self.space();
            match self.cursor.bump() {
                Some(b',') => {}
                Some(b'}') => return Ok(Json::Fixed(members)),
                _ => return Err(NOT_JSON),
            }
        }
    }

    fn number(&mut self) -> Result<Json, &'static str> {
        let start = self.cursor.at();
        self.cursor.eat(b"-");
        let digits = |cursor: &mut Cursor<'_>| cursor.take_while(|b| b.is_ascii_digit()).len();
        if !self.cursor.eat(b"0") && digits(&mut self.cursor) == 0 {
            return Err(NOT_JSON);
        }
        let mut end = self.cursor.at();
        let mut is_float = false;
        if self.cursor.eat(b".") && digits(&mut self.cursor) > 0 {
            is_float = true;
            end = self.cursor.at();
        }
        self.cursor.seek(end);
        if self.cursor.eat(b"e") || self.cursor.eat(b"E") {
            let _signed = self.cursor.eat(b"+") || self.cursor.eat(b"-");
            if digits(&mut self.cursor) > 0 {
                is_float = true;
                end = self.cursor.at();
            }
        }
        self.cursor.seek(end);
        let text = std::str::from_utf8(self.cursor.between(start, end)).unwrap_or_default();
        if is_float {
            return text.parse().map(Json::Float).map_err(|_float| NOT_JSON);
        }
        Ok(Json::Integer(match text {
            "-0" => "0".to_owned(),
            text => text.to_owned(),
        }))
    }

    fn text(&mut self) -> Result<String, &'static str> {
        if !self.cursor.eat(b"\"") {
            return Err(NOT_JSON);
        }
        let mut text = Vec::new();
        loop {
            match self.cursor.bump() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let c = self.escape()?;
                    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(byte) if byte >= b' ' => text.push(byte),
                _ => return Err(NOT_JSON),
            }
        }
        String::from_utf8(text).map_err(|_utf8| NOT_JSON)
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        Ok(match self.cursor.bump() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.unit()?;
                let mut units = vec![first];
                if (0xd800..0xdc00).contains(&first) && self.cursor.eat(b"\\u") {
                    units.push(self.unit()?);
                }
                let mut chars = char::decode_utf16(units);
                match (chars.next(), chars.next()) {
                    (Some(Ok(c)), None) => c,
                    _ => return Err("half of a surrogate pair is no character"),
                }
            }
            _ => return Err(NOT_JSON),
        })
    }

    fn unit(&mut self) -> Result<u16, &'static str> {
        let digits = self.cursor.rest().get(..4).ok_or(NOT_JSON)?;
        let digits = std::str::from_utf8(digits).map_err(|_utf8| NOT_JSON)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NOT_JSON);
        }
        self.cursor.seek(self.cursor.at() + 4);
        u16::from_str_radix(digits, 16).map_err(|_digits| NOT_JSON)
    }
}

/// The value as Python's `json.dumps` writes it.
pub(super) fn write(value: &Json) -> String {
    let mut text = String::new();
    write_to(value, &mut text);
    text
}

fn write_to(value: &Json, text: &mut String) {
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
        Json::Integer(digits) => text.push_str(digits),
        Json::Float(float) => text.push_str(&match *float {
            float if float.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            float => float_text(float),
        }),
        Json::Text(content) => write_text(content, text),
        Json::Bare(content) => text.push_str(content),
        Json::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_to(item, text);
            }
            text.push(']');
        }
        Json::Object(members) | Json::Fixed(members) => {
            text.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_text(name, text);
                text.push_str(": ");
                write_to(member, text);
            }
            text.push('}');
        }
    }
}

fn write_text(content: &str, text: &mut String) {
    text.push('"');
    for c in content.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    write!(text, "\\u{unit:04x}").unwrap_or_default();
                }
            }
        }
    }
    text.push('"');
}

/// A finite number as Python's `repr` has it: the shortest digits, with an exponent below 1e-4 and
/// from 1e16.
pub(super) fn float_text(float: f64) -> String {
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{float}");
        if plain.contains('.') {
            return plain;
        }
        return format!("{plain}.0");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(text: &str) -> String {
        write(&read(text).unwrap_or(Json::Null))
    }

    #[test]
    fn json_is_written_as_python_does_it() {
        assert_eq!(
            again(r#" {"b":[1,2.50,{"a":1,"a":2}],"é":"\u00e9\ud83d\ude00/\u007f"} "#),
            r#"{"b": [1, 2.5, {"a": 1, "a": 2}], "\u00e9": "\u00e9\ud83d\ude00/\u007f"}"#
        );
        assert_eq!(again("12345678901234567890"), "12345678901234567890");
        assert_eq!(
            again("[-0,-0.0,1e5,1E400,0.1e-7,1e16,1e15,0.0001,123456.789e3]"),
            "[0, -0.0, 100000.0, Infinity, 1e-08, 1e+16, 1000000000000000.0, 0.0001, 123456789.0]"
        );
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in [
            "",
            "01",
            "1.",
            ".5",
            "[1,]",
            "{a:1}",
            "{\"a\":1,}",
            "\"\n\"",
            "nul",
            "1 2",
            "+1",
            "'a'",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _read = read(&text);
        }

        #[test]
        fn text_survives(text: String) {
            let written = write(&Json::Text(text.clone()));
            prop_assert!(read(&written) == Ok(Json::Text(text)));
        }

        #[test]
        fn floats_survive(float in any::<f64>()) {
            prop_assert!(read(&float_text(float)) == Ok(Json::Float(float)));
        }
    }
}
