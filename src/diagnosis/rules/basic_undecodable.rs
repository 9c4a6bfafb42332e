//! `basic-undecodable`: what follows `Basic` is no base64 of `user:password`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::credentials::{Carrier, decode_basic};
use crate::diagnosis::facts::{Facts, Said, has_scheme};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::Shape;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let carrier = facts
        .sent
        .authorization()
        .filter(|carrier| has_scheme(carrier, "basic"))
        .filter(|carrier| !facts.sent.is_unresolved(&carrier.raw))?;
    let fault = Fault::of(carrier)?;
    // A server that speaks of the password has read one.
    let is_asked_for = facts
        .answer
        .is_some_and(|answer| answer.offers("basic") && !answer.says(&[Said::Password]));
    let other_is_asked_for = facts
        .answer
        .is_some_and(|answer| !answer.challenges.is_empty() && !answer.offers("basic"));
    let strength = match fault {
        Fault::Plain | Fault::Utf16 | Fault::Twice | Fault::Empty => Strength::Full,
        // Some APIs take their key in this form, against the standard; those do not ask for Basic.
        Fault::NoBase64 | Fault::NoColon | Fault::Token if is_asked_for => Strength::Full,
        // The scheme is wrong, then, and not what stands after it.
        Fault::NoBase64 | Fault::NoColon | Fault::Token if other_is_asked_for => return None,
        Fault::NoBase64 | Fault::NoColon | Fault::Token | Fault::UrlSafe => Strength::Partial,
    };
    let mut evidence = vec![
        Phrase::new("request has Authorization: ").credential(carrier),
        Phrase::new(fault.told()),
    ];
    evidence.extend(facts.answer.and_then(|answer| answer.asked()));
    Some(Suspicion {
        strength,
        place: Some(carrier.place.clone()),
        title: fault.title().into(),
        evidence,
        fix: vec![Phrase::new(match fault {
            Fault::Token => words::send_credentials(facts.client(), "Bearer"),
            _ => words::send_password(facts.client()).into(),
        })],
        about: Some((Where::Header, facts.sent.spelling("authorization"))),
        ..Suspicion::default()
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// `user:password` as it is.
    Plain,
    /// A JWT.
    Token,
    /// The other alphabet of RFC 4648, which not every server reads.
    UrlSafe,
    NoBase64,
    Utf16,
    /// Base64 of base64.
    Twice,
    NoColon,
    /// Neither user nor password.
    Empty,
}

impl Fault {
    fn of(carrier: &Carrier) -> Option<Self> {
        let value = carrier.secret.trim_ascii();
        // Quotes, placeholders and broken lines have causes of their own.
        let other = value
            .iter()
            .any(|b| b.is_ascii_whitespace() || b"\"'`%".contains(b));
        if value.is_empty() || other || carrier.shape == Shape::Placeholder {
            return None;
        }
        if matches!(carrier.shape, Shape::JwtJws | Shape::JwtJwe) {
            return Some(Self::Token);
        }
        if value.contains(&b':') {
            return Some(Self::Plain);
        }
        match decode_basic(value) {
            Some((user, password)) if is_utf16(&user, &password) => Some(Self::Utf16),
            Some((user, password)) => {
                (user.is_empty() && password.is_empty()).then_some(Self::Empty)
            }
            None => Some(Self::without_colon(value)),
        }
    }

    fn without_colon(value: &[u8]) -> Self {
        let bare = value.trim_ascii_end();
        let bare = bare.strip_suffix(b"=").unwrap_or(bare);
        let bare = bare.strip_suffix(b"=").unwrap_or(bare);
        let standard: Vec<u8> = bare
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            })
            .collect();
        let Ok(decoded) = URL_SAFE_NO_PAD.decode(&standard) else {
            return Self::NoBase64;
        };
        if bare.iter().any(|b| matches!(b, b'-' | b'_')) {
            return if decoded.contains(&b':') {
                Self::UrlSafe
            } else {
                Self::NoBase64
            };
        }
        if decode_basic(&decoded).is_some_and(|(user, _)| is_text(&user)) {
            Self::Twice
        } else {
            Self::NoColon
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Plain => "user and password stand there unencoded",
            Self::Token => "a token was sent as user and password",
            Self::UrlSafe => "user and password are in base64url, not base64",
            Self::NoBase64 => "what follows Basic is no base64",
            Self::Utf16 => "user and password were encoded as UTF-16",
            Self::Twice => "user and password were encoded twice",
            Self::NoColon => "what follows Basic has no user and password",
            Self::Empty => "user and password are both empty",
        }
    }

    fn told(self) -> &'static str {
        match self {
            Self::Plain => "it holds a colon, which base64 never does",
            Self::Token => "what follows Basic is a JWT",
            Self::UrlSafe => "it holds - or _, which only base64url has",
            Self::NoBase64 => "it cannot be decoded: no text has this as its base64",
            Self::Utf16 => "decoded, every second byte is zero",
            Self::Twice => "decoded, it is base64 of user:password once more",
            Self::NoColon => "decoded, it has no colon between user and password",
            Self::Empty => "decoded, it is a colon and nothing else",
        }
    }
}

/// No control character may stand in either (RFC 7617 section 2), and UTF-16 of ASCII is full of zeros.
fn is_utf16(user: &[u8], password: &[u8]) -> bool {
    let decoded = [user, b":", password].concat();
    let zeros = |start: usize| decoded.iter().skip(start).step_by(2).all(|byte| *byte == 0);
    decoded.len() >= 4 && (zeros(0) || zeros(1))
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn found(value: &str) -> Option<(Strength, String)> {
        let found = Sample::new(&format!("GET /a\nAuthorization: Basic {value}"))
            .answer("401\nWWW-Authenticate: Basic realm=\"x\"")
            .check(check)?;
        Some((found.strength, found.title))
    }

    #[test]
    fn every_way_to_get_it_wrong_has_its_name() {
        for (value, strength, title) in [
            (
                "user:pass",
                Strength::Full,
                "user and password stand there unencoded",
            ),
            (
                "not*base64",
                Strength::Full,
                "what follows Basic is no base64",
            ),
            ("abcde", Strength::Full, "what follows Basic is no base64"),
            (
                "dXNlcnBhc3M=",
                Strength::Full,
                "what follows Basic has no user and password",
            ),
            (
                "dQA6AHAA",
                Strength::Full,
                "user and password were encoded as UTF-16",
            ),
            (
                "ZFhObGNqcHdZWE56",
                Strength::Full,
                "user and password were encoded twice",
            ),
            ("Og==", Strength::Full, "user and password are both empty"),
            // "user:pa??s>>" in the other alphabet.
            (
                "dXNlcjpwYT8_cz4-",
                Strength::Partial,
                "user and password are in base64url, not base64",
            ),
        ] {
            assert_eq!(found(value), Some((strength, title.to_owned())), "{value}");
        }
        let token = jwt("{}");
        assert_eq!(
            found(&token).unwrap().1,
            "a token was sent as user and password"
        );
    }

    #[test]
    fn an_api_that_does_not_ask_for_basic_may_take_keys_so() {
        let sent = Sample::new("GET /a\nAuthorization: Basic dXNlcnBhc3M=").answer("401");
        assert_eq!(sent.check(check).unwrap().strength, Strength::Partial);
        let read = sent.answer("401\nWWW-Authenticate: Basic\n\nInvalid username or password");
        assert_eq!(read.check(check).unwrap().strength, Strength::Partial);
    }

    #[test]
    fn what_decodes_or_has_a_cause_of_its_own_is_left_alone() {
        for value in [
            "dTpw",
            "dXNlcjpwYXNz",
            "dXNlcjo=",
            "OnBhc3M=",
            "dXNlcjpww6Rzcw",
            "\"dTpw\"",
            "{{basic}}",
            "dXNl cjpwYXNz",
            "",
        ] {
            assert_eq!(found(value), None, "{value}");
        }
    }
}
