//! The credentials a request carries, wherever they stand: fields, cookies, query, form, URL.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::cookie::cookies;
use super::names::{
    CookieClass, HeaderClass, cookie_class, header_class, is_credential_parameter, is_scheme_word,
};
use super::percent::percent_decode;
pub use super::shape::{placeholder, shape};
use crate::model::{FieldLine, Place, Request, Shape};

/// One credential of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Where it stands.
    pub place: Place,
    /// The whole value as sent, scheme and outer whitespace included (for a field: all after the
    /// colon).
    pub raw: Vec<u8>,
    /// The scheme word as sent, for `Authorization` and its like, if there is one.
    pub scheme: Option<String>,
    /// What follows the scheme and its one separator; the whole trimmed value where there is no
    /// scheme.
    pub secret: Vec<u8>,
    /// The bare secret: trimmed, unquoted, one scheme word, percent-decoding once, zero-width
    /// characters gone.
    pub normalised: Vec<u8>,
    /// What it looks like.
    pub shape: Shape,
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Carrier({:?}, {:?}, {} bytes)",
            self.place,
            self.scheme,
            self.raw.len()
        )
    }
}

/// Every credential of a request: fields, cookies, query, form, URL; each as sent, in order.
pub fn carriers(request: &Request) -> Vec<Carrier> {
    let mut found: Vec<Carrier> = request.fields.lines().iter().filter_map(of_field).collect();
    found.extend(cookies(&request.fields).into_iter().filter_map(|cookie| {
        let credential = cookie_class(&cookie.name, &cookie.value) == CookieClass::Session;
        credential.then(|| plain(Place::Cookie(cookie.name), &cookie.value))
    }));
    found.extend(parameters(
        request.url.query.as_deref().unwrap_or_default(),
        Place::Query,
    ));
    if is_form(request) {
        found.extend(parameters(&request.content.bytes, Place::Form));
    }
    found.extend(
        request
            .url
            .userinfo
            .as_ref()
            .map(|userinfo| plain(Place::UserInfo, userinfo)),
    );
    found
}

/// The bare secret inside a value (see [`Carrier::normalised`]).
pub fn normalise(value: &[u8]) -> Vec<u8> {
    let value = unquote(value.trim_ascii());
    let value = match split_scheme(value) {
        (Some(_), secret) if !secret.is_empty() => unquote(secret),
        _ => value,
    };
    drop_zero_width(&percent_decode(value.trim_ascii()))
}

/// User and password of a Basic credential (RFC 7617): the decoded value, split at the first colon.
pub fn decode_basic(secret: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let secret = secret.trim_ascii();
    let decoded = STANDARD
        .decode(secret)
        .or_else(|_padding| STANDARD_NO_PAD.decode(secret))
        .ok()?;
    let colon = decoded.iter().position(|b| *b == b':')?;
    let (user, password) = decoded.split_at(colon);
    Some((user.to_vec(), password.get(1..)?.to_vec()))
}

/// Splits a scheme word off a value (RFC 9110 section 11.4). Without a space a value is a scheme
/// only if it is a known scheme word and nothing else.
pub fn split_scheme(value: &[u8]) -> (Option<String>, &[u8]) {
    let end = value
        .iter()
        .position(|b| matches!(b, b' ' | b'\t'))
        .unwrap_or(value.len());
    let (word, rest) = value.split_at(end);
    let is_word = (1..=SCHEME_LENGTH).contains(&word.len()) && word.iter().all(is_scheme_byte);
    if is_word && (is_scheme_word(word) || !rest.is_empty()) {
        let scheme = String::from_utf8_lossy(word).into_owned();
        (Some(scheme), rest.get(1..).unwrap_or_default())
    } else {
        (None, value)
    }
}

/// Whether the content is a form (`application/x-www-form-urlencoded`).
pub fn is_form(request: &Request) -> bool {
    let media_type = request.fields.first("content-type").unwrap_or_default();
    let essence = media_type
        .split(|b| *b == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

fn of_field(line: &FieldLine) -> Option<Carrier> {
    let name = line.name_text().to_ascii_lowercase();
    match header_class(&name)? {
        HeaderClass::Authorization => {
            let (scheme, secret) = split_scheme(line.value());
            Some(Carrier {
                place: Place::Header(name),
                raw: line.raw_value().to_vec(),
                scheme,
                shape: shape(secret),
                normalised: normalise(line.value()),
                secret: secret.to_vec(),
            })
        }
        HeaderClass::Key | HeaderClass::Suspected => {
            let mut carrier = plain(Place::Header(name), line.value());
            carrier.raw = line.raw_value().to_vec();
            Some(carrier)
        }
        HeaderClass::Csrf | HeaderClass::Proof | HeaderClass::Cookie => None,
    }
}

fn plain(place: Place, value: &[u8]) -> Carrier {
    Carrier {
        place,
        raw: value.to_vec(),
        scheme: None,
        secret: value.to_vec(),
        normalised: normalise(value),
        shape: shape(value),
    }
}

/// The credentials among `name=value` pairs.
fn parameters(text: &[u8], place: fn(String) -> Place) -> Vec<Carrier> {
    text.split(|b| *b == b'&')
        .filter_map(|pair| {
            let at = pair.iter().position(|b| *b == b'=')?;
            let name = String::from_utf8_lossy(&percent_decode(pair.get(..at)?)).into_owned();
            let value = pair.get(at + 1..)?;
            is_credential_parameter(&name, value).then(|| plain(place(name), value))
        })
        .collect()
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
    use crate::model::{Content, FieldSection, HttpVersion, Provenance, Url};

    fn request(url: &str, fields: &[(&str, &str)], body: &str) -> Request {
        let lines = fields.iter().map(|(n, v)| FieldLine::new(*n, v)).collect();
        let url = Url::parse(url.as_bytes()).unwrap();
        Request {
            method: "GET".into(),
            target: url.path_and_query(),
            url,
            version: HttpVersion::Http11,
            fields: FieldSection::from_lines(lines, Provenance::Wire),
            content: Content::complete(body),
            trailers: FieldSection::default(),
        }
    }

    #[test]
    fn credentials_are_found_in_every_place() {
        let request = request(
            "https://u:p@a.test/x?api_key=K1&page=2&key=short",
            &[
                ("Authorization", "Bearer tok"),
                ("x-api-key", "K2"),
                ("Cookie", "sid=S; theme=dark"),
                ("X-CSRF-Token", "c"),
                (
                    "Content-Type",
                    "application/x-www-form-urlencoded; charset=utf-8",
                ),
            ],
            "access_token=F&x=1",
        );
        let found: Vec<_> = carriers(&request)
            .into_iter()
            .map(|c| (c.place, c.secret))
            .collect();
        let expected = [
            (Place::Header("authorization".into()), b"tok".to_vec()),
            (Place::Header("x-api-key".into()), b"K2".to_vec()),
            (Place::Cookie("sid".into()), b"S".to_vec()),
            (Place::Query("api_key".into()), b"K1".to_vec()),
            (Place::Form("access_token".into()), b"F".to_vec()),
            (Place::UserInfo, b"u:p".to_vec()),
        ];
        assert_eq!(found, expected);
    }

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
        ] {
            assert_eq!(normalise(mangled.as_bytes()), b"tok+1", "{mangled}");
        }
    }

    #[test]
    fn basic_is_split_at_its_first_colon() {
        assert_eq!(
            decode_basic(b"dTpwOnE="),
            Some((b"u".to_vec(), b"p:q".to_vec()))
        );
        assert_eq!(
            decode_basic(b"dTpwOnE"),
            Some((b"u".to_vec(), b"p:q".to_vec()))
        );
        assert_eq!(decode_basic(b"dXA="), None);
        assert_eq!(decode_basic(b"u:p"), None);
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            normalise(&bytes);
            shape(&bytes);
            placeholder(&bytes);
            decode_basic(&bytes);
        }
    }
}
