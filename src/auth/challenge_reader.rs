//! The reader of challenge lists, for grammar as servers write it (RFC 9110 section 11.6.1).
//!
//! It passes over each byte a bounded number of times, whatever the bytes are.

use super::challenge::Challenge;
use super::names::is_scheme_word;

/// The challenges in one field value.
pub fn parse_challenges(value: &[u8]) -> Vec<Challenge> {
    let mut reader = Reader {
        rest: value,
        found: Vec::new(),
        before: Before::Separator,
        open_word: false,
    };
    while !reader.rest.is_empty() && reader.found.len() <= MOST_CHALLENGES {
        reader.step();
    }
    reader.found.truncate(MOST_CHALLENGES);
    reader.found
}

/// What stands before the next element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The start of the value, or a comma.
    Separator,
    /// Only whitespace: some servers forget the comma.
    Space,
    /// Nothing: the element touches the one before it.
    Nothing,
}

struct Reader<'a> {
    rest: &'a [u8],
    found: Vec<Challenge>,
    before: Before,
    /// The last parameter's value was not quoted, so that a bare word may belong to it.
    open_word: bool,
}

impl<'a> Reader<'a> {
    /// Reads one element: a separator, a parameter, a scheme, or a byte that belongs nowhere.
    /// Always takes at least one byte, and looks at none more than a few times.
    fn step(&mut self) {
        match self.rest {
            [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] => {
                self.rest = rest;
                if self.before == Before::Nothing {
                    self.before = Before::Space;
                }
            }
            [b',' | b';', rest @ ..] => {
                self.rest = rest;
                self.before = Before::Separator;
                self.open_word = false;
            }
            [b'"', ..] => {
                self.quoted();
                self.before = Before::Nothing;
            }
            [first, ..] if is_tchar(*first) => self.word(),
            [_, rest @ ..] => {
                self.rest = rest;
                self.before = Before::Nothing;
            }
            [] => {}
        }
    }

    /// A token: the name of a parameter, a scheme, or a stray word.
    fn word(&mut self) {
        let word = self.take_while(is_tchar);
        let before = std::mem::replace(&mut self.before, Before::Nothing);
        let spaces = self.spaces();
        if let Some([b'=', value @ ..]) = self.rest.get(spaces..) {
            self.rest = value;
            self.parameter(word);
        } else if self.begins_challenge(before, word, spaces) {
            let mut challenge = Challenge::of(word);
            challenge.token68 = self.token68();
            self.found.push(challenge);
            self.open_word = false;
        } else if self.open_word && before == Before::Space {
            self.extend_last_value(word);
        }
    }

    /// After a comma every word does; elsewhere the comma was forgotten or the word is a part of
    /// something that was not quoted properly.
    fn begins_challenge(&self, before: Before, word: &[u8], spaces: usize) -> bool {
        match before {
            Before::Separator => self
                .rest
                .get(spaces)
                .is_none_or(|next| spaces > 0 || matches!(next, b',' | b';')),
            // `token` and `key` are words of descriptions too; as schemes they are capitalised.
            Before::Space => {
                word.first().is_some_and(u8::is_ascii_uppercase) && is_scheme_word(word)
            }
            Before::Nothing => false,
        }
    }

    fn parameter(&mut self, name: &[u8]) {
        let spaces = self.spaces();
        self.skip(spaces);
        let (value, open_word) = match self.rest {
            [b'"', ..] => (self.quoted(), false),
            _ => {
                let value = self.take_while(|b| !matches!(b, b' ' | b'\t' | b',' | b';'));
                (value.to_vec(), true)
            }
        };
        self.open_word = open_word;
        if self.found.is_empty() {
            self.found.push(Challenge::of(b""));
        }
        if let Some(challenge) = self.found.last_mut()
            && challenge.parameters.len() < MOST_PARAMETERS
        {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            challenge.parameters.push((name, value));
        }
    }

    /// A quoted string with its escapes undone; one that never ends takes all that is left.
    fn quoted(&mut self) -> Vec<u8> {
        self.skip(1);
        let mut text = Vec::new();
        loop {
            match self.rest {
                [] => return text,
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return text;
                }
                [b'\\', escaped, rest @ ..] => {
                    text.push(*escaped);
                    self.rest = rest;
                }
                [byte, rest @ ..] => {
                    text.push(*byte);
                    self.rest = rest;
                }
            }
        }
    }

    /// The token68 that follows a scheme; it must be all there is before the next comma.
    fn token68(&mut self) -> Option<Vec<u8>> {
        let spaces = self.spaces();
        let data = self.rest.get(spaces..).filter(|_| spaces > 0)?;
        let letters = data.iter().take_while(|b| is_token68(**b)).count();
        let padding = data
            .iter()
            .skip(letters)
            .take_while(|b| **b == b'=')
            .count();
        let (token, after) = data.split_at_checked(letters + padding)?;
        let ends = matches!(trim_start(after), [] | [b',', ..]);
        let empty_parameter = padding == 1 && is_parameter_name(token);
        if letters == 0 || !ends || empty_parameter || is_scheme_word(token) {
            return None;
        }
        self.rest = after;
        Some(token.to_vec())
    }

    fn extend_last_value(&mut self, word: &[u8]) {
        if let Some(challenge) = self.found.last_mut()
            && let Some((_, value)) = challenge.parameters.last_mut()
        {
            value.push(b' ');
            value.extend_from_slice(word);
        }
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().take_while(|b| belongs(**b)).count();
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        taken
    }

    fn spaces(&self) -> usize {
        self.rest.len() - trim_start(self.rest).len()
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

/// `Basic realm=` is a parameter without a value, not a token68 that ends in padding.
fn is_parameter_name(token: &[u8]) -> bool {
    let name = token.strip_suffix(b"=").unwrap_or(token);
    PARAMETERS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

const PARAMETERS: [&str; 11] = [
    "algorithm",
    "charset",
    "error",
    "error_description",
    "nonce",
    "opaque",
    "qop",
    "realm",
    "scope",
    "service",
    "stale",
];

/// No server offers more; what comes after is hostile.
pub(super) const MOST_CHALLENGES: usize = 64;
pub(super) const MOST_PARAMETERS: usize = 64;
