//! How a token shows that a part of it is missing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Strength;

/// What is missing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
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
    /// How much it proves.
    pub(crate) fn strength(&self) -> Strength {
        match self {
            Self::OddLength { .. } => Strength::Partial,
            _ => Strength::Full,
        }
    }

    pub(crate) fn title(&self) -> &'static str {
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

    pub(crate) fn told(&self) -> String {
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

/// What is missing of a JWT. By its header it is one: what else begins with `eyJ` has no `alg` (Flask's cookies, for one).
pub(crate) fn of_jwt(word: &[u8]) -> Option<Cut> {
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
    let is_rsa = algorithm.starts_with("RS") || algorithm.starts_with("PS");
    let least = match algorithm {
        "HS256" => 32,
        "HS384" => 48,
        "HS512" => 64,
        "ES256" | "ES256K" | "EdDSA" | "Ed25519" => 64,
        "ES384" => 96,
        "ES512" => 132,
        // Keys of 512 bits are no good, and in use in tests.
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => 64,
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
    } else if is_rsa && !bytes.is_multiple_of(8) {
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

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::{Cut, of_jwt};
    use crate::diagnosis::sample::jwt;

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn signed(algorithm: &str, signature: &[u8]) -> String {
        let header = part(&format!("{{\"alg\":\"{algorithm}\"}}"));
        format!("{header}.e30.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn a_jwt_shows_by_itself_that_a_part_is_missing() {
        let token = jwt("{\"sub\":\"u1\"}");
        let (unsigned, signature) = token.rsplit_once('.').unwrap();
        let jwe = part("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}");
        let cut_payload = unsigned.split_at(unsigned.len() - 3).0;
        for (value, expected) in [
            (unsigned.to_owned(), Cut::Parts { parts: 2, of: 3 }),
            (cut_payload.to_owned(), Cut::Parts { parts: 2, of: 3 }),
            (format!("{unsigned}."), Cut::NoSignature),
            (
                format!("{unsigned}.{}", signature.split_at(41).0),
                Cut::Base64,
            ),
            (
                format!("{unsigned}.{}", signature.split_at(40).0),
                Cut::Short {
                    bytes: 30,
                    least: 32,
                },
            ),
            (
                signed("ES256", &[7; 63]),
                Cut::Short {
                    bytes: 63,
                    least: 64,
                },
            ),
            (
                signed("RS256", &[7; 60]),
                Cut::Short {
                    bytes: 60,
                    least: 64,
                },
            ),
            (signed("RS256", &[7; 190]), Cut::OddLength { bytes: 190 }),
            (format!("{jwe}..aXY.dGV4dA"), Cut::Parts { parts: 4, of: 5 }),
        ] {
            assert_eq!(of_jwt(value.as_bytes()), Some(expected), "{value}");
        }
    }

    #[test]
    fn whole_tokens_and_what_is_no_jwt_are_left_alone() {
        let whole = jwt("{}");
        let der = [&[0x30, 68][..], &[7; 68]].concat();
        let short_der = [&[0x30, 60][..], &[7; 60]].concat();
        for value in [
            whole.clone(),
            format!("\"{whole}"),
            format!("{}.e30.", part("{\"alg\":\"none\"}")),
            format!(
                "{}..aXY.dGV4dA.dGFn",
                part("{\"alg\":\"dir\",\"enc\":\"x\"}")
            ),
            // Flask's session cookies.
            format!("{}.ZxYabc.c2ln", part("{\"user\":1}")),
            signed("ES256", &[7; 64]),
            signed("ES256", &der),
            signed("ES256", &short_der),
            signed("RS256", &[7; 64]),
            signed("RS256", &[7; 256]),
            signed("X1", &[7; 3]),
            "eyJhIjoxfQ==".to_owned(),
            "eyJhIjoxfQ.c2ln".to_owned(),
            String::new(),
        ] {
            assert_eq!(of_jwt(value.as_bytes()), None, "{value}");
        }
    }
}
