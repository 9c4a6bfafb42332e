//! The bare secret inside a value: what is left without scheme words, quotes and encoding.

use super::names::{is_scheme_word, vendor_prefix};
use super::percent::percent_decode;

/// The bare secret inside a value (see [`Carrier::normalised`](super::credentials::Carrier::normalised)).
pub fn normalise(value: &[u8]) -> Vec<u8> {
    let value = drop_zero_width(value);
    let unquoted = unquote(value.trim_ascii());
    let bare = strip_scheme(unquoted).map_or(unquoted, unquote);
    let decoded = percent_decode(bare.trim_ascii());
    // `Bearer%20abc` shows its scheme only now.
    let secret = match strip_scheme(&decoded) {
        Some(secret) if bare.len() == unquoted.len() => secret,
        _ => &decoded,
    };
    drop_zero_width(secret)
}

/// Splits a scheme word off a value (RFC 9110 section 11.4). Without a space a value is a scheme
/// only if it is a known scheme word and nothing else.
pub fn split_scheme(value: &[u8]) -> (Option<String>, &[u8]) {
    let end = value
        .iter()
        .position(|b| matches!(b, b' ' | b'\t'))
        .unwrap_or(value.len());
    let (word, rest) = value.split_at(end);
    if is_scheme_word(word) || (!rest.is_empty() && looks_like_scheme(word)) {
        let scheme = String::from_utf8_lossy(word).into_owned();
        (Some(scheme), rest.get(1..).unwrap_or_default())
    } else {
        (None, value)
    }
}

/// Whether an unknown word may be a scheme. Schemes are shown, so a token that has a space in it
/// must not pass as one.
fn looks_like_scheme(word: &[u8]) -> bool {
    let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
    let humps = word
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        .count();
    word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.len() <= SCHEME_LENGTH
        && word.iter().all(is_scheme_byte)
        && digits * 3 <= word.len()
        && humps <= 3
        && !word.starts_with(b"eyJ")
        && vendor_prefix(word).is_none()
}

/// What follows a known scheme word: after spaces or a colon, or glued to it where a JWT follows.
fn strip_scheme(value: &[u8]) -> Option<&[u8]> {
    let end = value.iter().position(|b| matches!(b, b' ' | b'\t' | b':'));
    let (word, rest) = value.split_at(end.unwrap_or(b"bearer".len().min(value.len())));
    let separated = end.is_some() || rest.starts_with(b"eyJ");
    let secret = trim_start(rest, b" \t:");
    (is_scheme_word(word) && separated && !secret.is_empty()).then_some(secret)
}

fn trim_start<'a>(mut value: &'a [u8], bytes: &[u8]) -> &'a [u8] {
    while let [first, rest @ ..] = value
        && bytes.contains(first)
    {
        value = rest;
    }
    value
}

/// Strips one pair of quotes, ASCII or typographic.
fn unquote(value: &[u8]) -> &[u8] {
    QUOTES
        .iter()
        .find_map(|(open, close)| {
            value
                .strip_prefix(open.as_bytes())?
                .strip_suffix(close.as_bytes())
        })
        .unwrap_or(value)
}

fn drop_zero_width(value: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(value) {
        Ok(text) if !text.is_ascii() => text.replace(ZERO_WIDTH, "").into_bytes(),
        _ => value.to_vec(),
    }
}

fn is_scheme_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

const QUOTES: &[(&str, &str)] = &[
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("\u{201c}", "\u{201d}"),
    ("\u{2018}", "\u{2019}"),
];

const ZERO_WIDTH: &[char] = &['\u{200b}', '\u{200c}', '\u{200d}', '\u{feff}', '\u{2060}'];

/// A scheme word longer than this is a token with a space in it.
const SCHEME_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_scheme_is_what_stands_before_the_first_space() {
        let split = |text: &'static str| split_scheme(text.as_bytes());
        assert_eq!(split("Bearer abc"), (Some("Bearer".into()), &b"abc"[..]));
        assert_eq!(split("Bearer  abc"), (Some("Bearer".into()), &b" abc"[..]));
        assert_eq!(split("Bearer"), (Some("Bearer".into()), &b""[..]));
        assert_eq!(
            split("eyJhbGciOiJIUzI1NiJ9.e30.x"),
            (None, &b"eyJhbGciOiJIUzI1NiJ9.e30.x"[..])
        );
        assert_eq!(split("\"Bearer abc\""), (None, &b"\"Bearer abc\""[..]));
        assert_eq!(split("Acme-V2 abc"), (Some("Acme-V2".into()), &b"abc"[..]));
    }

    #[test]
    fn a_token_with_a_space_in_it_is_no_scheme() {
        for value in [
            "eyJhbGciOiJIUzI1NiJ9.e30.x y",
            "eyJhbGci y",
            "ghp_abcdefgh ijkl",
            "8f3a9c2e 11",
            "aGVsbG8gd29ybGQgaGk x",
            "f3a9c2e17b x",
        ] {
            assert_eq!(split_scheme(value.as_bytes()).0, None, "{value}");
        }
    }

    #[test]
    fn normalising_undoes_what_mangles_a_secret() {
        for mangled in [
            "tok+1",
            "Bearer tok+1",
            "\"tok+1\"",
            "Bearer \"tok+1\"",
            "'Bearer tok+1'",
            " tok%2B1 ",
            "tok+1\u{200b}",
            "\u{feff}Bearer tok+1",
            "Bearer  tok+1",
            "bearer: tok+1",
            "Bearer%20tok%2B1",
            "Bearer: \"tok+1\"",
            "\u{201c}tok+1\u{201d}",
        ] {
            assert_eq!(normalise(mangled.as_bytes()), b"tok+1", "{mangled}");
        }
    }

    #[test]
    fn normalising_takes_off_one_layer_of_each_kind_only() {
        for (value, expected) in [
            ("tok%252B", "tok%2B"),
            ("\"\"tok\"\"", "\"tok\""),
            ("Bearer Basic tok", "Basic tok"),
            ("two words", "two words"),
            ("BearereyJabc", "eyJabc"),
            ("Bearertok", "Bearertok"),
            ("Bearer", "Bearer"),
            ("", ""),
        ] {
            assert_eq!(normalise(value.as_bytes()), expected.as_bytes(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_value_has_a_bare_secret_no_longer_than_itself(bytes: Vec<u8>) {
            prop_assert!(normalise(&bytes).len() <= bytes.len());
            let (scheme, secret) = split_scheme(&bytes);
            prop_assert!(scheme.map_or(0, |s| s.len()) + secret.len() <= bytes.len());
        }

        #[test]
        fn every_mangling_of_a_token_has_the_same_bare_secret(
            token in "[A-Za-z0-9_.~+/-]{8,30}",
            scheme in "(Bearer |bearer: |Token  )?",
            quote in "[\"'`]?",
            space in "[ \t]{0,2}",
        ) {
            let mangled = format!("{space}{scheme}{quote}{token}{quote}{space}");
            prop_assert_eq!(normalise(mangled.as_bytes()), token.as_bytes());
        }
    }
}
