//! JSON Web Tokens read without verification (RFC 7519).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A decoded JWT; the signature is never checked.
#[derive(Clone, PartialEq)]
pub struct Jwt {
    /// The JOSE header.
    pub header: Map<String, Value>,
    /// The claims; `None` when encrypted (JWE) or not a JSON object.
    pub claims: Option<Map<String, Value>>,
    /// The length of the decoded signature in bytes; 0 for a JWE.
    pub signature_bytes: usize,
    /// How many parts it has: 3 for a signed one, 5 for an encrypted one.
    pub parts: usize,
}

impl Jwt {
    /// A claim that is a number: `exp`, `nbf`, `iat` in seconds since the epoch.
    pub fn number(&self, claim: &str) -> Option<f64> {
        self.claims.as_ref()?.get(claim)?.as_f64()
    }

    /// A claim that is a string.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.as_ref()?.get(claim)?.as_str()
    }
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jwt({} parts)", self.parts)
    }
}

/// Decodes a compact JWT (JWS or JWE); `None` when it is neither.
pub fn decode(token: &[u8]) -> Option<Jwt> {
    // The first character of base64url of `{"`; spares most values the work.
    if token.first() != Some(&b'e') || token.len() > LONGEST {
        return None;
    }
    let parts: Vec<&[u8]> = token.split(|b| *b == b'.').take(6).collect();
    match parts.as_slice() {
        [header, payload, signature] => {
            let header = object(header)?;
            header.contains_key("alg").then_some(())?;
            let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
            let signature_bytes = URL_SAFE_NO_PAD.decode(signature).ok()?.len();
            let claims = serde_json::from_slice(&payload).ok();
            Some(Jwt {
                header,
                claims,
                signature_bytes,
                parts: 3,
            })
        }
        [header, key, iv, text, tag] => {
            let header = object(header)?;
            header.contains_key("enc").then_some(())?;
            [key, iv, text, tag]
                .iter()
                .all(|part| URL_SAFE_NO_PAD.decode(part).is_ok())
                .then_some(())?;
            Some(Jwt {
                header,
                claims: None,
                signature_bytes: 0,
                parts: 5,
            })
        }
        _ => None,
    }
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Longer than any header section that we keep.
const LONGEST: usize = 512 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        )
    }

    #[test]
    fn a_signed_token_gives_its_claims() {
        let jwt =
            decode(token(r#"{"alg":"HS256"}"#, r#"{"exp":12,"iss":"a"}"#).as_bytes()).unwrap();
        assert_eq!(
            (jwt.number("exp"), jwt.text("iss")),
            (Some(12.0), Some("a"))
        );
        assert_eq!((jwt.signature_bytes, jwt.parts), (3, 3));
    }

    #[test]
    fn an_encrypted_token_gives_its_header_only() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
        let jwt = decode(format!("{header}..YQ.YQ.YQ").as_bytes()).unwrap();
        assert_eq!((jwt.parts, jwt.claims), (5, None));
    }

    #[test]
    fn what_is_cut_or_padded_is_no_token() {
        let whole = token(r#"{"alg":"HS256"}"#, "{}");
        assert!(decode(&whole.as_bytes()[..whole.len() - 5]).is_none());
        assert!(decode(format!("{whole}=").as_bytes()).is_none());
        assert!(decode(token(r#"{"typ":"JWT"}"#, "{}").as_bytes()).is_none());
        assert!(decode(b"eyJ").is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            decode(&bytes);
            decode(&[b"eyJhbGciOiJIUzI1NiJ9.", &bytes[..]].concat());
        }
    }
}
