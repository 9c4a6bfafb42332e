//! JSON, painted in place: a value is masked by its member's name, everything else stays byte for
//! byte. It is scanned and not parsed, so that cut-off or slightly wrong content is masked too.

use std::cell::OnceCell;
use std::rc::Rc;

use super::canvas::Canvas;
use super::masker::Masker;
use super::name::{is_always_secret, secret_kind};
use super::peel::Words;
use super::secret::is_literal;
use super::url::DEEPEST;

/// How much of a member's name is looked at.
const LONGEST_NAME: usize = 128;

/// An object or array that is open.
struct Open {
    /// The name its elements go by: the member's own, or that of the array.
    name: Rc<Name>,
    /// Whether everything inside is secret because of a name outside.
    secret: bool,
}

/// A member's name, shared by all elements of the arrays in it.
#[derive(Default)]
struct Name {
    text: Vec<u8>,
    always_secret: OnceCell<bool>,
}

impl Name {
    fn new(decoded: Vec<u8>) -> Self {
        Self {
            text: decoded.into_iter().take(LONGEST_NAME).collect(),
            always_secret: OnceCell::new(),
        }
    }

    /// Whether the name alone says that anything inside is secret.
    fn is_always_secret(&self) -> bool {
        *self
            .always_secret
            .get_or_init(|| is_always_secret(&self.text))
    }
}

impl Masker {
    /// Paints JSON text.
    pub(super) fn paint_json(&mut self, out: &mut Canvas, text: &[u8], depth: u8) {
        let mut stack: Vec<Open> = Vec::new();
        let mut name: Rc<Name> = Rc::default();
        let mut rest = text;
        while let Some(&byte) = rest.first() {
            let secret = stack.last().is_some_and(|open| open.secret);
            let length = match byte {
                b'"' => string_length(rest),
                b'0'..=b'9' | b'-' => number_length(rest),
                _ => 1,
            };
            let (token, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            match byte {
                b'"' if is_name(after) => {
                    let inner = unquoted(token);
                    self.paint_json_name(out, token, inner);
                    name = Rc::new(Name::new(decoded(inner)));
                    continue;
                }
                b'"' => self.paint_json_string(out, token, (&name, secret), depth),
                b'0'..=b'9' | b'-' => self.paint_json_number(out, token, (&name, secret)),
                b'{' | b'[' => {
                    out.captured(token);
                    let secret = secret || name.is_always_secret();
                    let name = Rc::clone(&name);
                    stack.push(Open { name, secret });
                    continue;
                }
                b'}' | b']' => {
                    out.captured(token);
                    stack.pop();
                }
                _ => out.captured(token),
            }
            if matches!(byte, b',' | b'}' | b']') {
                name = stack
                    .last()
                    .map(|open| Rc::clone(&open.name))
                    .unwrap_or_default();
            }
        }
    }

    fn paint_json_name(&mut self, out: &mut Canvas, token: &[u8], inner: &[u8]) {
        out.captured(b"\"");
        self.paint_name(out, inner);
        if token.len() > inner.len() + 1 {
            out.captured(b"\"");
        }
    }

    fn paint_json_string(
        &mut self,
        out: &mut Canvas,
        token: &[u8],
        (name, secret): (&Name, bool),
        depth: u8,
    ) {
        let inner = unquoted(token);
        let value = decoded(inner);
        out.captured(b"\"");
        match secret_kind(&name.text, &value) {
            Some(kind) if !is_literal(&value) => self.mask_core(out, kind, &value, Words::Known),
            None if secret && !value.is_empty() => self.mask(out, "secret", &value),
            _ => {
                let mut sketch = out.sketch();
                if value.first() == Some(&b'{') && depth < DEEPEST {
                    self.paint_json(&mut sketch, &value, depth + 1);
                } else {
                    self.paint_value(&mut sketch, &value, depth);
                }
                if sketch.masks() > 0 {
                    out.append(&sketch);
                } else {
                    out.captured(inner);
                }
            }
        }
        if token.len() > inner.len() + 1 {
            out.captured(b"\"");
        }
    }

    fn paint_json_number(&mut self, out: &mut Canvas, token: &[u8], (name, secret): (&Name, bool)) {
        if secret || name.is_always_secret() {
            self.mask(out, "secret", token);
        } else {
            out.captured(token);
        }
    }
}

/// The length of the string that starts here, quotes included; to the end if it is cut off.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn number_length(text: &[u8]) -> usize {
    let number = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.iter()
        .position(|byte| !number(byte))
        .unwrap_or(text.len())
}

fn is_name(after: &[u8]) -> bool {
    after.trim_ascii_start().first() == Some(&b':')
}

/// What stands between the quotes; a string that was cut off has no closing one, or an escaped one.
fn unquoted(token: &[u8]) -> &[u8] {
    let inner = token.strip_prefix(b"\"").unwrap_or(token);
    match inner.strip_suffix(b"\"") {
        Some(closed) if trailing_backslashes(closed).is_multiple_of(2) => closed,
        _ => inner,
    }
}

fn trailing_backslashes(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// What a JSON string stands for; as it is where that is not valid.
fn decoded(inner: &[u8]) -> Vec<u8> {
    let quoted = [b"\"", inner, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or_else(|_| inner.to_vec(), String::into_bytes)
}
