//! Walks through JSON of any length and keeps only what is asked for.

use std::io::{ErrorKind as IoKind, Read};

use crate::import::{ErrorKind, ImportError, Position, Span};

/// Reads JSON from left to right; members and items are for the caller to take or to skip.
pub(super) struct Scanner<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// A place in the buffer, and its place in the text.
    known: (usize, Place),
    depth: usize,
    /// The text of the value that is to be kept.
    kept: Option<Vec<u8>>,
    most_kept: usize,
}

/// A place in a text that is not at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: usize,
    pub(super) position: Position,
}

impl Place {
    /// A problem here.
    pub(super) fn fault(self, kind: ErrorKind) -> Fault {
        Fault { place: self, kind }
    }

    /// The place behind these bytes, which start here.
    pub(super) fn past(self, bytes: &[u8]) -> Self {
        Self {
            offset: self.offset.saturating_add(bytes.len()),
            position: self.position.past(bytes),
        }
    }
}

/// A problem and its place.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) kind: ErrorKind,
}

impl Fault {
    pub(super) fn into_error(self) -> (ImportError, Position) {
        let span = Span::new(self.place.offset, self.place.offset);
        (ImportError::new(span, self.kind), self.place.position)
    }
}

/// The text of a value.
pub(super) struct Kept {
    /// Where it starts.
    pub(super) place: Place,
    /// `None` when it is longer than was asked for.
    pub(super) text: Option<Vec<u8>>,
}

type Outcome<T = ()> = Result<T, Fault>;

impl<R: Read> Scanner<R> {
    pub(super) fn new(reader: R, offset: usize) -> Self {
        let position = Position::START;
        Self {
            reader,
            buffer: vec![0; BUFFER],
            at: 0,
            end: 0,
            known: (0, Place { offset, position }),
            depth: 0,
            kept: None,
            most_kept: 0,
        }
    }

    /// Where the next byte stands.
    pub(super) fn place(&mut self) -> Place {
        let (at, place) = self.known;
        let passed = self.buffer.get(at..self.at).unwrap_or_default();
        self.known = (self.at, place.past(passed));
        self.known.1
    }

    /// The bytes that are at hand, at least one unless the text is at its end.
    pub(super) fn ahead(&mut self) -> Outcome<&[u8]> {
        if self.at >= self.end {
            let place = self.place();
            self.known = (0, place);
            (self.at, self.end) = (0, 0);
            self.fill(1)?;
        }
        Ok(self.buffer.get(self.at..self.end).unwrap_or_default())
    }

    /// The first bytes of the text, as many as that unless it is shorter.
    pub(super) fn first(&mut self, count: usize) -> Outcome<&[u8]> {
        self.fill(count)?;
        self.ahead()
    }

    /// Reads until as many bytes are at hand, or the text ends.
    fn fill(&mut self, count: usize) -> Outcome {
        while self.end - self.at < count {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(room) {
                Ok(0) => break,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == IoKind::Interrupted => {}
                Err(error) => return Err(self.fault(ErrorKind::Read(error.to_string()))),
            }
        }
        Ok(())
    }

    /// The first byte behind white space, `None` at the end.
    pub(super) fn peek(&mut self) -> Outcome<Option<u8>> {
        loop {
            let ahead = self.ahead()?;
            let first = ahead.iter().position(|byte| !is_space(*byte));
            let (blank, next) = match first {
                Some(at) => (at, ahead.get(at).copied()),
                None if ahead.is_empty() => return Ok(None),
                None => (ahead.len(), None),
            };
            self.advance(blank);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Leaves bytes that are at hand behind.
    pub(super) fn advance(&mut self, count: usize) {
        if let Some(kept) = &mut self.kept {
            let bytes = self.buffer.get(self.at..self.at + count);
            kept.extend_from_slice(bytes.unwrap_or_default());
            if kept.len() > self.most_kept {
                self.kept = None;
            }
        }
        self.at += count;
    }

    /// Leaves the mark at the start of the text behind, which is no character of it.
    pub(super) fn skip_mark(&mut self, length: usize) {
        let mut place = self.place();
        place.offset += length;
        self.at += length;
        self.known = (self.at, place);
    }

    /// A value, kept unless it is longer than `most` bytes.
    pub(super) fn keep(&mut self, most: usize) -> Outcome<Kept> {
        self.peek()?;
        let place = self.place();
        (self.kept, self.most_kept) = (Some(Vec::new()), most);
        self.skip()?;
        let text = self.kept.take();
        Ok(Kept { place, text })
    }

    /// Leaves a value behind.
    pub(super) fn skip(&mut self) -> Outcome {
        match self.peek()? {
            Some(b'{') => self.object(&mut |scanner, _| scanner.skip()),
            Some(b'[') => self.list(&mut Self::skip),
            Some(b'"') => self.string(0).map(drop),
            _ => self.word(),
        }
    }

    /// An object, whose members' values `member` has to take or to skip.
    pub(super) fn object(&mut self, member: &mut dyn FnMut(&mut Self, &str) -> Outcome) -> Outcome {
        self.open(b'{')?;
        let mut more = !self.eat(b'}')?;
        while more {
            if self.peek()? != Some(b'"') {
                return Err(self.json("a name in quotes is needed here"));
            }
            let name = self.string(LONGEST_NAME)?;
            // Names that matter have no escapes.
            let name = String::from_utf8_lossy(&name);
            self.expect(b':', "`:` is needed here")?;
            member(self, &name)?;
            more = self.goes_on(b'}', "`,` or `}` is needed here")?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// A list, whose items `item` has to take or to skip.
    pub(super) fn list(&mut self, item: &mut dyn FnMut(&mut Self) -> Outcome) -> Outcome {
        self.open(b'[')?;
        let mut more = !self.eat(b']')?;
        while more {
            item(self)?;
            more = self.goes_on(b']', "`,` or `]` is needed here")?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Only white space may come.
    pub(super) fn end(&mut self) -> Outcome {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.json("the text should end here")),
        }
    }

    fn open(&mut self, bracket: u8) -> Outcome {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.json("it is nested too deep"));
        }
        self.expect(bracket, "a value is needed here")
    }

    /// Whether another member or item comes.
    fn goes_on(&mut self, bracket: u8, otherwise: &'static str) -> Outcome<bool> {
        if self.eat(b',')? {
            return Ok(true);
        }
        self.expect(bracket, otherwise).map(|()| false)
    }

    fn eat(&mut self, expected: u8) -> Outcome<bool> {
        let comes = self.peek()? == Some(expected);
        if comes {
            self.advance(1);
        }
        Ok(comes)
    }

    fn expect(&mut self, expected: u8, otherwise: &'static str) -> Outcome {
        match self.eat(expected)? {
            true => Ok(()),
            false => Err(self.json(otherwise)),
        }
    }

    /// A string without its quotes, escapes as they stand; of a long one only the first bytes.
    fn string(&mut self, most: usize) -> Outcome<Vec<u8>> {
        let mut text = Vec::new();
        self.advance(1);
        loop {
            let ahead = self.ahead()?;
            if ahead.is_empty() {
                return Err(self.json("a quote is not closed"));
            }
            let stop = memchr::memchr2(b'"', b'\\', ahead);
            let plain = ahead.get(..stop.unwrap_or(ahead.len())).unwrap_or_default();
            let room = most.saturating_sub(text.len()).min(plain.len());
            text.extend(plain.iter().take(room));
            let length = plain.len();
            let stopped_by = stop.and_then(|at| ahead.get(at).copied());
            self.advance(length);
            match stopped_by {
                Some(b'"') => {
                    self.advance(1);
                    return Ok(text);
                }
                Some(_) => self.escape()?,
                None => {}
            }
        }
    }

    /// A backslash and what it is for.
    fn escape(&mut self) -> Outcome {
        self.advance(1);
        if self.ahead()?.is_empty() {
            return Err(self.json("a quote is not closed"));
        }
        self.advance(1);
        Ok(())
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Outcome {
        let place = self.place();
        let mut word: Vec<u8> = Vec::new();
        loop {
            let ahead = self.ahead()?;
            let length = ahead.iter().position(|byte| !is_of_word(*byte));
            let part = ahead.get(..length.unwrap_or(ahead.len()));
            let part = part.unwrap_or_default();
            word.extend(part.iter().take(LONGEST_WORD.saturating_sub(word.len())));
            let (count, goes_on) = (part.len(), length.is_none() && !ahead.is_empty());
            self.advance(count);
            if !goes_on {
                break;
            }
        }
        let is_number = word
            .first()
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        match word.as_slice() {
            b"true" | b"false" | b"null" => Ok(()),
            _ if is_number => Ok(()),
            [] if self.ahead()?.is_empty() => Err(self.json("the text ends too early")),
            _ => Err(place.fault(ErrorKind::Json("a value is needed here".to_owned()))),
        }
    }

    pub(super) fn fault(&mut self, kind: ErrorKind) -> Fault {
        self.place().fault(kind)
    }

    /// What is wrong with the next byte, or that there is none.
    fn json(&mut self, reason: &'static str) -> Fault {
        let is_at_end = self.at >= self.end;
        let reason = if is_at_end {
            "the text ends too early"
        } else {
            reason
        };
        self.fault(ErrorKind::Json(reason.to_owned()))
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

const BUFFER: usize = 64 * 1024;

/// Call stacks of browsers are nested, but not that deep.
const MAX_DEPTH: usize = 256;

const LONGEST_NAME: usize = 64;
const LONGEST_WORD: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Gives out a byte at a time.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let one = self.0.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    fn skipped<R: Read>(reader: R) -> Result<(), String> {
        let mut scanner = Scanner::new(reader, 0);
        let done = scanner.skip().and_then(|()| scanner.end());
        done.map_err(|fault| format!("{}: {}", fault.place.position, fault.kind))
    }

    #[test]
    fn a_problem_has_its_place() {
        for (text, expected) in [
            (
                "{\"a\": 1,\n b}",
                "2:2: this is not JSON: a name in quotes is needed here",
            ),
            ("[1 2]", "1:4: this is not JSON: `,` or `]` is needed here"),
            ("{\"ä\" 2}", "1:6: this is not JSON: `:` is needed here"),
            ("[tru]", "1:2: this is not JSON: a value is needed here"),
            ("[\"a", "1:4: this is not JSON: the text ends too early"),
            ("", "1:1: this is not JSON: the text ends too early"),
            ("{} x", "1:4: this is not JSON: the text should end here"),
        ] {
            assert_eq!(skipped(text.as_bytes()), Err(expected.to_owned()), "{text}");
            assert_eq!(skipped(Slowly(text.as_bytes())), Err(expected.to_owned()));
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = vec![b'['; 1_000_000];
        assert!(skipped(&deep[..]).unwrap_err().contains("nested too deep"));
    }

    #[test]
    fn a_value_is_kept_as_it_stands_unless_it_is_too_long() {
        let text = b" {\"a\" : [ \"\\\"\" , 1.5 ]} ";
        let kept = Scanner::new(&text[..], 0).keep(30).unwrap();
        assert_eq!(kept.text.as_deref(), Some(text.trim_ascii()));
        assert_eq!(kept.place.offset, 1);
        let kept = Scanner::new(&text[..], 0).keep(5).unwrap();
        assert!(kept.text.is_none());
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_json_is_walked_through(value in json(), pretty: bool) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            prop_assert_eq!(skipped(text.as_bytes()), Ok(()));
            let kept = Scanner::new(Slowly(text.as_bytes()), 0).keep(usize::MAX).unwrap();
            prop_assert_eq!(kept.text.unwrap(), text.into_bytes());
        }

        #[test]
        fn a_json_text_that_is_cut_is_refused(value in json(), cut: prop::sample::Index) {
            let text = serde_json::json!([value]).to_string().into_bytes();
            prop_assert!(skipped(&text[..cut.index(text.len())]).is_err());
        }

        #[test]
        fn any_bytes_come_to_an_end(bytes: Vec<u8>) {
            let fast = skipped(&bytes[..]);
            prop_assert_eq!(fast, skipped(Slowly(&bytes)));
        }
    }
}
