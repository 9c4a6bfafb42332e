//! `name="value"` lists of credentials and challenges (RFC 9110 section 11.2), read tolerantly.

use super::canvas::Canvas;
use super::masker::Masker;
use super::name::{is_wordlike, secret_kind};

/// Parameters of a credential that may be shown: what was signed and how, never with what.
const OPEN: &[&str] = &[
    "algorithm",
    "charset",
    "created",
    "expires",
    "headers",
    "nc",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_version",
    "qop",
    "realm",
    "signedheaders",
    "ts",
    "userhash",
];

/// Parameters of a challenge that a client must keep to itself.
const CLOSED: &[&str] = &[
    "cnonce",
    "nextnonce",
    "nonce",
    "opaque",
    "response",
    "rspauth",
    "ticket",
    "username",
];

/// One piece of a list.
#[derive(Debug, PartialEq, Eq)]
struct Item<'a> {
    /// Commas and whitespace before it.
    gap: &'a [u8],
    /// The name, or the whole piece where there is no `=`.
    name: &'a [u8],
    /// `=` with whitespace and the opening quote, the value, and the closing quote.
    value: Option<(&'a [u8], &'a [u8], &'a [u8])>,
}

impl Masker {
    /// Paints the parameters of a credential; `false`, and nothing painted, if it has none.
    pub(super) fn paint_credential_list(&mut self, out: &mut Canvas, core: &[u8]) -> bool {
        if is_padded_token68(core) {
            return false;
        }
        let items = items(core);
        let named = |item: &Item<'_>| {
            item.name.is_empty()
                || (item.value.is_some() && item.name.len() <= 40 && is_token(item.name))
        };
        if !items.iter().all(named) || items.iter().all(|item| item.value.is_none()) {
            return false;
        }
        for item in items {
            out.captured(item.gap);
            self.paint_name(out, item.name);
            let Some((before, value, after)) = item.value else {
                continue;
            };
            out.captured(before);
            let name = String::from_utf8_lossy(item.name).to_ascii_lowercase();
            if name == "uri" || name == "url" {
                self.paint_reference(out, value, 0);
            } else if name == "credential" {
                // The access key; what follows the slash is the scope: date, region, service.
                let end = value
                    .iter()
                    .position(|byte| *byte == b'/')
                    .unwrap_or(value.len());
                let (key, scope) = value.split_at(end);
                self.mask(out, "key", key);
                self.paint_text(out, scope, 0);
            } else if OPEN.contains(&name.as_str()) || value.is_empty() {
                self.paint_text(out, value, 0);
            } else {
                let kind = secret_kind(item.name, value).unwrap_or("secret");
                self.mask(out, kind, value);
            }
            out.captured(after);
        }
        true
    }

    /// Paints challenges: realms and errors stay, nonces and token68 data do not.
    pub(super) fn paint_challenges(&mut self, out: &mut Canvas, value: &[u8]) {
        for item in items(value) {
            out.captured(item.gap);
            let Some((before, value, after)) = item.value else {
                if item.name.len() >= 16 && !is_wordlike(item.name) {
                    self.mask(out, "token", item.name);
                } else {
                    self.paint_text(out, item.name, 0);
                }
                continue;
            };
            self.paint_name(out, item.name);
            out.captured(before);
            let name = String::from_utf8_lossy(item.name).to_ascii_lowercase();
            if CLOSED.contains(&name.as_str()) && !value.is_empty() {
                self.mask(out, "nonce", value);
            } else {
                self.paint_text(out, value, 0);
            }
            out.captured(after);
        }
    }
}

/// Base64 with its padding, which is no list of one name without a value (RFC 9110 section 11.2).
fn is_padded_token68(core: &[u8]) -> bool {
    let padding = core.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = core.get(..core.len() - padding).unwrap_or_default();
    (1..=2).contains(&padding)
        && core.len().is_multiple_of(4)
        && body
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}

fn is_token(name: &[u8]) -> bool {
    name.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Cuts a list into its pieces; every byte is in exactly one of them.
fn items(list: &[u8]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let (item, after) = item(rest);
        items.push(item);
        rest = after;
    }
    items
}

fn item(list: &[u8]) -> (Item<'_>, &[u8]) {
    let (gap, piece) = take(list, is_separator);
    let (name, after) = take(piece, |byte| {
        !is_separator(byte) && !matches!(byte, b'=' | b'"')
    });
    if let Some((value, rest)) = value(name, after) {
        let value = Some(value);
        return (Item { gap, name, value }, rest);
    }
    let (name, rest) = take(piece, |byte| !is_separator(byte));
    let value = None;
    (Item { gap, name, value }, rest)
}

type Value<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// The value behind a name, and what follows it.
fn value<'a>(name: &[u8], after: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
    let signs = after.trim_ascii_start().strip_prefix(b"=")?;
    let (more, end) = take(signs, |byte| byte == b'=');
    let ends = end.first().is_none_or(|byte| is_separator(*byte));
    // `abc==` is token68 data, and so is something long before a single `=`.
    if name.is_empty() || (ends && (!more.is_empty() || name.len() >= 16)) {
        return None;
    }
    let body = signs.trim_ascii_start();
    let (body, length) = match body.strip_prefix(b"\"") {
        Some(body) => (body, quoted_length(body)),
        None => (body, take(body, |byte| !is_separator(byte)).0.len()),
    };
    let (before, _) = after.split_at(after.len() - body.len());
    let (value, rest) = body.split_at(length);
    let quoted = before.ends_with(b"\"");
    let close = usize::from(quoted && rest.starts_with(b"\""));
    let (close, rest) = rest.split_at(close);
    Some(((before, value, close), rest))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'\t')
}

/// The length of a quoted string's content; a backslash protects what follows it.
fn quoted_length(body: &[u8]) -> usize {
    let mut protected = false;
    for (at, byte) in body.iter().enumerate() {
        match byte {
            _ if protected => protected = false,
            b'\\' => protected = true,
            b'"' => return at,
            _ => {}
        }
    }
    body.len()
}

fn take(bytes: &[u8], of: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !of(*byte))
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_may_be_quoted_spaced_or_bare() {
        let list = br#"realm="a, \"b\"" , qop = auth,nc=1"#;
        let items = items(list);
        let read: Vec<_> = items
            .iter()
            .map(|item| (item.name, item.value.unwrap().1))
            .collect();
        let expected: [(&[u8], &[u8]); 3] =
            [(b"realm", br#"a, \"b\""#), (b"qop", b"auth"), (b"nc", b"1")];
        assert_eq!(read, expected);
    }

    #[test]
    fn token68_padding_is_no_parameter() {
        assert_eq!(items(b"YII==").len(), 1);
        assert!(items(b"YII==")[0].value.is_none());
    }

    proptest! {
        #[test]
        fn every_byte_is_in_one_piece(list in "([a-z]{0,3}|[=, \"\\\\\t])*") {
            let mut whole = Vec::new();
            for item in items(list.as_bytes()) {
                whole.extend_from_slice(item.gap);
                whole.extend_from_slice(item.name);
                if let Some((before, value, after)) = item.value {
                    whole.extend_from_slice(before);
                    whole.extend_from_slice(value);
                    whole.extend_from_slice(after);
                }
            }
            prop_assert_eq!(whole, list.into_bytes());
        }
    }
}
