//! `token-truncated`: a part of the token is missing, as its own form or the known-good one shows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{Facts, Good, Said, has_scheme, one_word};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let (carrier, cut) = facts
        .sent
        .credentials()
        .filter_map(|carrier| Some((carrier, cut(facts.good, carrier)?)))
        .max_by_key(|(_, cut)| cut.strength())?;
    let mut evidence = vec![
        words::place(&carrier.place)
            .words(" holds ")
            .credential(carrier),
        Phrase::new(cut.told()),
    ];
    let good = facts
        .good
        .and_then(|good| good.sent.in_place(&carrier.place));
    if let (Cut::Piece { .. }, Some(good)) = (&cut, good) {
        evidence.push(Phrase::new("known good sends ").credential(good));
    }
    evidence.extend(
        facts
            .answer
            .and_then(|answer| answer.quote(&[Said::Signature])),
    );
    Some(Suspicion {
        strength: cut.strength(),
        place: Some(carrier.place.clone()),
        by_difference: matches!(cut, Cut::Piece { .. }),
        title: cut.title().into(),
        evidence,
        fix: vec![Phrase::new(fix(facts.client(), carrier, &cut))],
        // Being the only difference is no proof where the length is none.
        about: facts
            .sent
            .about(&carrier.place)
            .filter(|_| cut.strength() == Strength::Full),
        ..Suspicion::default()
    })
}

/// What is missing.
#[derive(Debug, PartialEq, Eq)]
enum Cut {
    /// Dots stand for the rest, as where a text is shown shortened.
    Dots,
    /// The known-good token begins or ends with it.
    Piece {
        is_start: bool,
        length: usize,
        of: usize,
    },
    /// So many parts of a JWT, of so many.
    Parts { parts: usize, of: usize },
    /// The last part is there, and empty.
    NoSignature,
    /// A number of characters that base64 never has.
    Base64,
    /// Fewer bytes than the algorithm's signature has.
    Short { bytes: usize, least: usize },
    /// Not the length of a key that is in use.
    OddLength { bytes: usize },
}

impl Cut {
    fn strength(&self) -> Strength {
        match self {
            Self::OddLength { .. } => Strength::Partial,
            _ => Strength::Full,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Dots => "the token was copied shortened, with dots in it",
            Self::Piece { is_start: true, .. } => "the end of the token is missing",
            Self::Piece { .. } => "the beginning of the token is missing",
            Self::NoSignature | Self::Parts { parts: 2, of: 3 } => {
                "the signature of the token is missing"
            }
            Self::Short { .. } => "the signature of the token is too short",
            Self::Parts { .. } | Self::Base64 => "the token is cut off",
            Self::OddLength { .. } => "the token seems to be cut off",
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Dots => "dots stand where the rest of the token belongs".into(),
            Self::Piece {
                is_start,
                length,
                of,
            } => format!(
                "it is the {} of the known-good token: {length} of {of} characters",
                if *is_start { "beginning" } else { "end" }
            ),
            Self::Parts { parts, of } => format!("it has {parts} of the {of} parts of a JWT"),
            Self::NoSignature => "its third part, the signature, is empty".into(),
            Self::Base64 => "its last part has a length that no base64 has".into(),
            Self::Short { bytes, least } => {
                format!("its signature has {bytes} bytes, its algorithm's has {least} at least")
            }
            Self::OddLength { bytes } => {
                format!("its signature has {bytes} bytes, a length that no usual key gives")
            }
        }
    }
}

fn cut(good: Option<&Good<'_>>, carrier: &Carrier) -> Option<Cut> {
    let word = match &carrier.place {
        Place::Cookie(_) => carrier.normalised.clone(),
        _ => one_word(carrier)?.into_owned(),
    };
    if has_scheme(carrier, "basic") {
        return None;
    }
    piece_of_good(good, carrier, &word)
        .or_else(|| has_dots(&word).then_some(Cut::Dots))
        .or_else(|| of_jwt(&word))
}

fn piece_of_good(good: Option<&Good<'_>>, carrier: &Carrier, word: &[u8]) -> Option<Cut> {
    let good = good?;
    let there = good.sent.in_place(&carrier.place)?;
    let whole = match &there.place {
        Place::Cookie(_) => there.normalised.clone(),
        _ => one_word(there)?.into_owned(),
    };
    let is_less = word.len() >= SHORTEST_PIECE && word.len() < whole.len();
    if !is_less || good.is_unresolved(&there.raw) {
        return None;
    }
    let is_start = whole.starts_with(word);
    (is_start || whole.ends_with(word)).then_some(Cut::Piece {
        is_start,
        length: word.len(),
        of: whole.len(),
    })
}

/// By chance no token begins with so many characters of another one, but for a public prefix.
const SHORTEST_PIECE: usize = 12;

/// `eyJhbGciOiJI…` and `sk_live_51H...`, as consoles show them.
fn has_dots(word: &[u8]) -> bool {
    let ellipsis = "\u{2026}".as_bytes();
    let at = memchr::memmem::find(word, ellipsis)
        .or_else(|| word.ends_with(b"...").then(|| word.len() - 3));
    at.and_then(|at| word.get(..at))
        .is_some_and(|before| before.len() >= 4 && before.iter().all(is_token_byte))
}

fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte)
}

/// By its header it is a JWT: what else begins with `eyJ` has no `alg` (Flask's cookies, for one).
fn of_jwt(word: &[u8]) -> Option<Cut> {
    let parts: Vec<&[u8]> = word.splitn(6, |b| *b == b'.').collect();
    let (header, rest) = parts.split_first()?;
    let header = object(header)?;
    let algorithm = header.get("alg")?.as_str()?;
    // Quotes and spaces have causes of their own.
    if rest.is_empty() || !word.iter().all(is_base64url_or_dot) {
        return None;
    }
    let count = parts.len();
    if header.contains_key("enc") {
        return (count < 5).then_some(Cut::Parts {
            parts: count,
            of: 5,
        });
    }
    if algorithm.eq_ignore_ascii_case("none") {
        return None;
    }
    match rest {
        [_] => Some(Cut::Parts { parts: 2, of: 3 }),
        [_, b""] => Some(Cut::NoSignature),
        [_, signature] if signature.len() % 4 == 1 => Some(Cut::Base64),
        [_, signature] => of_signature(algorithm, signature),
        _ => None,
    }
}

fn of_signature(algorithm: &str, signature: &[u8]) -> Option<Cut> {
    let bytes = signature.len().saturating_mul(3) / 4;
    let least = match algorithm {
        "HS256" => 32,
        "HS384" => 48,
        "HS512" => 64,
        "ES256" | "ES256K" | "EdDSA" | "Ed25519" => 64,
        "ES384" => 96,
        "ES512" => 132,
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => 128,
        _ => return None,
    };
    // Some sign in DER, which has its length in its second byte: another fault, and a whole signature.
    let is_der = algorithm.starts_with("ES")
        && URL_SAFE_NO_PAD.decode(signature).is_ok_and(
            |der| matches!(&*der, [0x30, length, rest @ ..] if usize::from(*length) == rest.len()),
        );
    if is_der {
        None
    } else if bytes < least {
        Some(Cut::Short { bytes, least })
    } else if least == 128 && !bytes.is_multiple_of(8) {
        // As long as the key's modulus, and keys are made of whole words.
        Some(Cut::OddLength { bytes })
    } else {
        None
    }
}

fn is_base64url_or_dot(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(byte)
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    if !part.starts_with(b"eyJ") || part.len() > LONGEST_HEADER {
        return None;
    }
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// With a chain of certificates in it a header has some thousand bytes.
const LONGEST_HEADER: usize = 64 * 1024;

fn fix(client: ClientKind, carrier: &Carrier, cut: &Cut) -> &'static str {
    if matches!(cut, Cut::Dots) {
        return "copy the whole token: what is shown with dots is for reading only";
    }
    if matches!(carrier.place, Place::Cookie(_)) {
        return "set the token anew: a cookie holds 4096 bytes at most, with its name and attributes";
    }
    match client {
        ClientKind::Curl | ClientKind::HTTPie | ClientKind::Postman | ClientKind::Insomnia => {
            "copy the whole token, in one piece and up to its last character"
        }
        _ => "send the whole token: look for a column, variable or buffer that is too short for it",
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn found(request: &str) -> Option<(Strength, String)> {
        let found = Sample::new(&format!("GET /a\n{request}")).check(check)?;
        Some((found.strength, format!("{:?}", found.evidence)))
    }

    fn signed(algorithm: &str, signature: &[u8]) -> String {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let header = format!("{{\"alg\":\"{algorithm}\"}}");
        format!(
            "{}.{}.{}",
            part(header.as_bytes()),
            part(b"{}"),
            part(signature)
        )
    }

    #[test]
    fn a_jwt_shows_by_itself_that_a_part_is_missing() {
        let token = jwt("{\"sub\":\"u1\"}");
        let (unsigned, signature) = token.rsplit_once('.').unwrap();
        let jwe = URL_SAFE_NO_PAD.encode("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}");
        for (value, told) in [
            (unsigned.to_owned(), "it has 2 of the 3 parts of a JWT"),
            (
                unsigned.split_at(unsigned.len() - 3).0.to_owned(),
                "it has 2 of the 3 parts",
            ),
            (format!("{unsigned}."), "the signature, is empty"),
            (
                format!("{unsigned}.{}", signature.split_at(41).0),
                "a length that no base64 has",
            ),
            (
                format!("{unsigned}.{}", signature.split_at(40).0),
                "its signature has 30 bytes",
            ),
            (signed("ES256", &[7; 63]), "its signature has 63 bytes"),
            (signed("RS256", &[7; 100]), "its signature has 100 bytes"),
            (
                format!("{jwe}..aXY.dGV4dA"),
                "it has 4 of the 5 parts of a JWT",
            ),
        ] {
            let (strength, evidence) = found(&format!("Authorization: Bearer {value}")).unwrap();
            assert!(evidence.contains(told), "{value}: {evidence}");
            assert_eq!(strength, Strength::Full);
        }
        let odd = found(&format!("Cookie: token={}", signed("RS256", &[7; 190])));
        assert_eq!(odd.unwrap().0, Strength::Partial);
    }

    #[test]
    fn dots_of_a_shortened_text_are_seen() {
        for value in [
            "eyJhbGciOiJI\u{2026}",
            "sk_live_51H...",
            "eyJhbGci\u{2026}c2ln",
        ] {
            assert!(
                found(&format!("Authorization: Bearer {value}")).is_some(),
                "{value}"
            );
        }
    }

    #[test]
    fn the_known_good_token_shows_what_is_missing() {
        let compared = |sent: &str, good: &str| {
            Sample::new(&format!("GET /a\nX-Api-Key: {sent}"))
                .good(&format!("GET /a\nX-Api-Key: {good}"))
                .check(check)
                .map(|found| found.title)
        };
        let good = "51Hq9zKxT0abQ7wE22mmP0";
        assert_eq!(
            compared("51Hq9zKxT0abQ7wE", good).as_deref(),
            Some("the end of the token is missing")
        );
        assert_eq!(
            compared("KxT0abQ7wE22mmP0", good).as_deref(),
            Some("the beginning of the token is missing")
        );
        assert_eq!(compared(good, good), None);
        assert_eq!(compared("51Hq9zKxT0abXXXX", good), None);
        assert_eq!(compared("51Hq", good), None);
        assert_eq!(compared(good, "51Hq9zKxT0abQ7wE"), None);
    }

    #[test]
    fn whole_tokens_and_what_is_no_jwt_are_left_alone() {
        let whole = jwt("{}");
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let unsecured = format!("{}.e30.", part("{\"alg\":\"none\"}"));
        let flask = format!("Cookie: session={}.ZxYabc.c2ln", part("{\"user\":1}"));
        let jwe = format!(
            "{}..aXY.dGV4dA.dGFn",
            part("{\"alg\":\"dir\",\"enc\":\"x\"}")
        );
        let der = [&[0x30, 68][..], &[7; 68]].concat();
        let short_der = [&[0x30, 60][..], &[7; 60]].concat();
        for value in [
            whole.as_str(),
            &unsecured,
            &jwe,
            &signed("ES256", &[7; 64]),
            &signed("ES256", &der),
            &signed("ES256", &short_der),
            &signed("RS256", &[7; 256]),
            &signed("X1", &[7; 3]),
            &format!("\"{whole}"),
            "eyJhIjoxfQ==",
            "eyJhIjoxfQ.c2ln",
            "...",
            "abcdefghijklmnop1",
        ] {
            assert_eq!(
                found(&format!("Authorization: Bearer {value}")),
                None,
                "{value}"
            );
        }
        assert_eq!(found(&flask), None);
        assert_eq!(found("Authorization: Basic eyJhbGci..."), None);
    }
}
