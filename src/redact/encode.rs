//! The forms in which a known secret may come back: encoded, escaped, aligned in base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::auth::percent::percent_decode;

/// Decodes a form component: `+` is a space, then percent-decoded once.
pub(super) fn form_decode(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced)
}

/// Every form of the secret that is searched for, the secret itself first.
pub(super) fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let percent = percent_encode(secret, Hex::Upper, &[]);
    let mut forms = vec![
        secret.to_vec(),
        percent_decode(secret),
        percent_encode(secret, Hex::Lower, &[]),
        form_encode(secret),
        percent_encode(&percent, Hex::Upper, &[]),
        percent,
        // `encodeURI` and browsers leave these as they are in a query.
        percent_encode(secret, Hex::Upper, b"!'()*:/?@$&+,;="),
        html_escape(secret, "&#39;"),
        html_escape(secret, "&#x27;"),
        hex(secret, Hex::Lower),
        hex(secret, Hex::Upper),
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        forms.extend(json_forms(text));
    }
    for skew in 0..3 {
        forms.push(base64_core(secret, skew, &STANDARD_NO_PAD));
        forms.push(base64_core(secret, skew, &URL_SAFE_NO_PAD));
    }
    let once = base64::engine::general_purpose::STANDARD.encode(secret);
    forms.push(base64_core(once.as_bytes(), 0, &STANDARD_NO_PAD));
    let mut unique: Vec<Vec<u8>> = Vec::with_capacity(forms.len());
    for form in forms {
        if !unique.contains(&form) {
            unique.push(form);
        }
    }
    unique
}

#[derive(Clone, Copy)]
enum Hex {
    Lower,
    Upper,
}

impl Hex {
    fn push(self, out: &mut Vec<u8>, byte: u8) {
        let text = match self {
            Self::Lower => format!("{byte:02x}"),
            Self::Upper => format!("{byte:02X}"),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn hex(bytes: &[u8], case: Hex) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    bytes.iter().for_each(|byte| case.push(&mut out, *byte));
    out
}

/// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3) and those of `keep`.
fn percent_encode(bytes: &[u8], case: Hex, keep: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 3);
    for byte in bytes {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if plain || keep.contains(byte) {
            out.push(*byte);
        } else {
            out.push(b'%');
            case.push(&mut out, *byte);
        }
    }
    out
}

/// As HTML forms encode (WHATWG URL, application/x-www-form-urlencoded serializing).
fn form_encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 3);
    for byte in bytes {
        match byte {
            b' ' => out.push(b'+'),
            b'*' | b'-' | b'.' | b'_' => out.push(*byte),
            _ if byte.is_ascii_alphanumeric() => out.push(*byte),
            _ => {
                out.push(b'%');
                Hex::Upper.push(&mut out, *byte);
            }
        }
    }
    out
}

fn html_escape(bytes: &[u8], apostrophe: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(apostrophe.as_bytes()),
            _ => out.push(*byte),
        }
    }
    out
}

/// How JSON writers put it: plainly, with `\/`, and with everything special as `\u00xx`.
fn json_forms(text: &str) -> Vec<Vec<u8>> {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let plain = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or_default()
        .to_owned();
    let slashed = plain.replace('/', "\\/");
    let mut lower = String::with_capacity(text.len());
    let mut upper = String::with_capacity(text.len());
    let mut units = [0; 2];
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || " -._~=:/!*(),;@$?".contains(c) {
            lower.push(c);
            upper.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let (small, large) = (format!("\\u{unit:04x}"), format!("\\u{unit:04X}"));
                lower.push_str(&small);
                upper.push_str(&large);
            }
        }
    }
    [plain, slashed, lower, upper]
        .map(String::into_bytes)
        .into()
}

/// The characters of base64 that depend on the secret alone, when `skew` bytes stand before it.
fn base64_core(secret: &[u8], skew: usize, engine: &impl base64::Engine) -> Vec<u8> {
    let mut bytes = vec![0; skew];
    bytes.extend_from_slice(secret);
    let mut text = engine.encode(&bytes).into_bytes();
    // A last, incomplete group shares its last character with what follows.
    if !bytes.len().is_multiple_of(3) {
        text.pop();
    }
    // `skew` bytes fill this many characters, the last one together with the secret.
    text.drain(..(skew * 8).div_ceil(6).min(text.len()));
    text
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn holds(text: &[u8], secret: &[u8]) -> bool {
        forms(secret)
            .iter()
            .any(|form| text.windows(form.len()).any(|window| window == form))
    }

    #[test]
    fn escapes_decode_once_and_broken_ones_stay() {
        assert_eq!(percent_decode(b"a%2fb%2525%4"), b"a/b%25%4");
        assert_eq!(form_decode(b"a+b%2Bc"), b"a b+c");
    }

    #[test]
    fn json_with_escaped_slashes_and_plus_is_found() {
        assert!(holds(br#"{"e":"no \"ab\/cd+12==\""}"#, b"ab/cd+12=="));
        assert!(holds(br#"{"e":"ab/cd\u002B12=="}"#, b"ab/cd+12=="));
    }

    proptest! {
        #[test]
        fn base64_is_found_at_any_alignment(
            before in proptest::collection::vec(any::<u8>(), 0..5),
            secret in proptest::collection::vec(any::<u8>(), 8..40),
            after in proptest::collection::vec(any::<u8>(), 0..5),
        ) {
            let whole = [before, secret.clone(), after].concat();
            prop_assert!(holds(STANDARD.encode(&whole).as_bytes(), &secret));
            prop_assert!(holds(URL_SAFE_NO_PAD.encode(&whole).as_bytes(), &secret));
        }

        #[test]
        fn decoding_undoes_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(percent_decode(&percent_encode(&bytes, Hex::Lower, &[])), bytes.clone());
            prop_assert_eq!(form_decode(&form_encode(&bytes)), bytes);
        }
    }
}
