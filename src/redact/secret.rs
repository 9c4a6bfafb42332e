//! Names for secrets: the kind, one running number per distinct secret, and what a diff needs.

use std::collections::HashMap;

use zeroize::Zeroize as _;

use super::canvas::Canvas;
use super::escape::is_hidden;
use super::known::{Known, SHORTEST};
use super::masker::Masker;
use super::name::{is_random, is_wordlike};
use crate::auth::credentials::{self, decode_basic};
use crate::auth::names;
use crate::auth::percent::percent_decode;
use crate::model::Shape;

/// How many distinct code points a mask lists.
const MOST_CODE_POINTS: usize = 4;

/// The secrets of one report by number, and the search for their echoes.
#[derive(Default)]
pub(super) struct Book {
    numbers: HashMap<Vec<u8>, u32>,
    pub(super) known: Known,
}

impl Book {
    /// The number of a secret; equal secrets have one, however they are encoded.
    pub(super) fn number(&mut self, secret: &[u8]) -> u32 {
        let next = u32::try_from(self.numbers.len()).map_or(u32::MAX, |count| count + 1);
        *self.numbers.entry(identity(secret)).or_insert(next)
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        for (mut secret, _) in self.numbers.drain() {
            secret.zeroize();
        }
    }
}

impl Masker {
    /// Adds the mask of a secret, and looks for its echoes from now on.
    pub(super) fn mask(&mut self, out: &mut Canvas, kind: &'static str, secret: &[u8]) {
        let kind = kind_of(kind, secret);
        let number = self.book.number(secret);
        let bare = percent_decode(secret);
        // A word, or the name of a secret, is hidden in its place only: hiding it everywhere
        // would make other texts unreadable.
        let word = is_wordlike(&bare) || kind == "binary";
        if !word && !names::is_name_of_a_secret(&lossy(&bare)) {
            self.book.known.add(secret, number, kind);
        }
        let length = count_characters(secret);
        let mut name = format!("{kind}:{number} len={length}");
        if let Some((_, prefix)) = names::vendor_prefix(secret)
            && secret.len() >= prefix.len() + SHORTEST
            && !matches!(kind, "password" | "basic")
        {
            name.push_str(" prefix=");
            name.push_str(prefix);
        }
        push_illegal(&mut name, kind, secret);
        out.mask(&name);
    }

    /// Learns a secret without showing anything.
    pub(super) fn remember(&mut self, kind: &'static str, secret: &[u8]) {
        if secret.is_empty() || is_literal(secret) {
            return;
        }
        let kind = kind_of(kind, secret);
        let number = self.book.number(secret);
        if !names::is_name_of_a_secret(&lossy(secret)) {
            self.book.known.add(secret, number, kind);
        }
        if kind == "basic" {
            self.remember_account(number, secret);
        }
    }

    /// Learns user and password: parts of the credential of that number.
    fn remember_account(&mut self, number: u32, secret: &[u8]) {
        let account = match basic_parts(secret) {
            Some((user, password)) => [user, b":".to_vec(), password].concat(),
            None => secret.to_vec(),
        };
        self.book.known.add(&account, number, "basic");
        for part in account.splitn(2, |byte| *byte == b':') {
            if !is_literal(part) && !names::is_name_of_a_secret(&lossy(part)) {
                self.book.known.add_part(part, number, "basic");
            }
        }
    }
}

/// Values that are no secret but what went wrong, or a switch.
const LITERALS: &[&str] = &[
    "",
    "-",
    "0",
    "1",
    "[object object]",
    "[object promise]",
    "false",
    "function",
    "nan",
    "nil",
    "no-check",
    "nocheck",
    "none",
    "null",
    "object object",
    "true",
    "undefined",
];

/// Whether a value is no secret but shows a fault by itself: empty, `undefined`, `{{token}}`.
pub(super) fn is_literal(value: &[u8]) -> bool {
    if LITERALS
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
    {
        return true;
    }
    value.len() <= 64
        && !is_random(value)
        && credentials::placeholder(value).is_some_and(|text| text.as_bytes() == value)
}

/// What makes two secrets equal: percent-encoding, invisible characters and base64 of a Basic
/// credential do not count.
fn identity(secret: &[u8]) -> Vec<u8> {
    let bare = percent_decode(secret);
    if let Some((user, password)) = basic_parts(&bare) {
        return [user, b":".to_vec(), password].concat();
    }
    match String::from_utf8(bare) {
        Ok(text) => text
            .chars()
            .filter(|c| !is_hidden(*c))
            .collect::<String>()
            .into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

fn basic_parts(secret: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    (credentials::shape(secret) == Shape::Basic)
        .then(|| decode_basic(secret))
        .flatten()
}

/// The kind that the shape shows, else the one that the place says.
fn kind_of(by_place: &'static str, secret: &[u8]) -> &'static str {
    match credentials::shape(secret) {
        Shape::JwtJws | Shape::JwtJwe if by_place != "password" => "jwt",
        _ => by_place,
    }
}

/// Characters, where the secret is UTF-8; else bytes.
pub(super) fn count_characters(secret: &[u8]) -> usize {
    std::str::from_utf8(secret).map_or(secret.len(), |text| text.chars().count())
}

/// Lists the code points that no credential of that kind may hold; of a password, controls only:
/// anything else may be in it by right.
fn push_illegal(name: &mut String, kind: &str, secret: &[u8]) {
    let text: String = match std::str::from_utf8(secret) {
        Ok(text) => text.to_owned(),
        Err(_) => secret.iter().copied().map(char::from).collect(),
    };
    let illegal = |c: &char| match kind {
        "password" | "basic" | "user" | "binary" => c.is_control() && kind != "binary",
        _ => !c.is_ascii_graphic(),
    };
    let mut listed: Vec<char> = Vec::new();
    for c in text.chars().filter(illegal) {
        if !listed.contains(&c) {
            listed.push(c);
        }
        if listed.len() > MOST_CODE_POINTS {
            break;
        }
    }
    let more = listed.len() > MOST_CODE_POINTS;
    listed.truncate(MOST_CODE_POINTS);
    let codes: Vec<String> = listed
        .iter()
        .map(|c| format!("U+{:04X}", u32::from(*c)))
        .collect();
    if !codes.is_empty() {
        name.push_str(" has=");
        name.push_str(&codes.join(","));
        if more {
            name.push('…');
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
