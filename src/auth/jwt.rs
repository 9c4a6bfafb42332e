//! JSON Web Tokens read without verification (RFC 7519).

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
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

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Jwt({} parts, {} bytes of signature)",
            self.parts, self.signature_bytes
        )
    }
}

/// Decodes a compact JWT (JWS or JWE); `None` when it is neither.
///
/// Every part must be base64url without padding (RFC 7515 section 2). An empty signature passes:
/// whether `alg` allows it is not judged here.
pub fn decode(token: &[u8]) -> Option<Jwt> {
    // The first character of base64url of `{`; spares most values the work.
    if token.first() != Some(&b'e') || token.len() > LONGEST {
        return None;
    }
    // One more than the most there can be, so that a sixth part is seen.
    let parts: Vec<&[u8]> = token.splitn(6, |b| *b == b'.').collect();
    match parts.as_slice() {
        [header, payload, signature] => {
            let header = object(&base64url(header)?)?;
            header.get("alg")?;
            Some(Jwt {
                header,
                claims: object(&base64url(payload)?),
                signature_bytes: base64url(signature)?.len(),
                parts: 3,
            })
        }
        [header, key, iv, ciphertext, tag] => {
            let header = object(&base64url(header)?)?;
            header.get("enc")?;
            for part in [key, iv, ciphertext, tag] {
                base64url(part)?;
            }
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

fn base64url(part: &[u8]) -> Option<Vec<u8>> {
    BASE64URL.decode(part).ok()
}

fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Longer than any field section that servers accept.
const LONGEST: usize = 256 * 1024;

/// Unused bits at the end of a part may be set: many decoders let them pass, and a signature that
/// was cut short keeps its length visible.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn token(parts: &[&str]) -> Vec<u8> {
        let parts: Vec<_> = parts.iter().map(|p| URL_SAFE_NO_PAD.encode(p)).collect();
        parts.join(".").into_bytes()
    }

    #[test]
    fn a_signed_token_shows_header_claims_and_signature_length() {
        let jwt = decode(&token(&[
            r#"{"alg":"HS256","kid":"k"}"#,
            r#"{"exp":1700000000.5,"iss":"https://a"}"#,
            "0123456789012345678901234567890",
        ]))
        .unwrap();
        assert_eq!(jwt.header["kid"], "k");
        assert_eq!(jwt.number("exp"), Some(1_700_000_000.5));
        assert_eq!(jwt.text("iss"), Some("https://a"));
        assert_eq!(jwt.text("exp"), None);
        assert_eq!((jwt.signature_bytes, jwt.parts), (31, 3));
    }

    #[test]
    fn an_encrypted_token_has_no_claims() {
        let jwt = decode(&token(&[
            r#"{"alg":"dir","enc":"A256GCM"}"#,
            "",
            "iv",
            "text",
            "tag",
        ]))
        .unwrap();
        assert_eq!((jwt.claims, jwt.parts), (None, 5));
    }

    #[test]
    fn a_payload_that_is_no_object_gives_no_claims() {
        let jwt = decode(&token(&[r#"{"alg":"HS256"}"#, "[1]", "s"])).unwrap();
        assert_eq!(jwt.claims, None);
    }

    #[test]
    fn an_unsigned_token_has_a_signature_of_no_bytes() {
        let jwt = decode(&token(&[r#"{"alg":"none"}"#, "{}", ""])).unwrap();
        assert_eq!(jwt.signature_bytes, 0);
    }

    #[test]
    fn what_is_neither_jws_nor_jwe_is_refused() {
        let good = token(&[r#"{"alg":"HS256"}"#, "{}", "sig"]);
        assert!(decode(&good).is_some());
        let padded = [&good[..], b"="].concat();
        let spaced = [b" ", &good[..]].concat();
        for bad in [
            token(&[r#"{"alg":"HS256"}"#, "{}"]),
            token(&[r#"{"alg":"HS256"}"#, "{}", "a", "b"]),
            token(&[r#"{"alg":"HS256"}"#, "{}", "a", "b", "c"]),
            token(&[r#"{"enc":"A256GCM"}"#, "", "a", "b", "c", "d"]),
            token(&[r#"{"typ":"JWT"}"#, "{}", "sig"]),
            token(&["[]", "{}", "sig"]),
            padded,
            spaced,
            b"eyJhbGciOiJIUzI1NiJ9.e30.a".to_vec(),
            b"eyJhbGciOiJIUzI1NiJ9.e30.a+/a".to_vec(),
            Vec::new(),
        ] {
            assert!(decode(&bad).is_none(), "{}", String::from_utf8_lossy(&bad));
        }
    }

    #[test]
    fn unused_bits_at_the_end_of_a_cut_signature_do_not_matter() {
        let jwt = decode(b"eyJhbGciOiJIUzI1NiJ9.e30._____w").unwrap();
        assert_eq!(jwt.signature_bytes, 4);
        let cut = decode(b"eyJhbGciOiJIUzI1NiJ9.e30.____9").is_some();
        assert!(!cut, "one character of base64 is no byte");
        assert_eq!(
            decode(b"eyJhbGciOiJIUzI1NiJ9.e30.___")
                .unwrap()
                .signature_bytes,
            2
        );
    }

    #[test]
    fn deeply_nested_json_is_refused_and_not_followed() {
        let deep = format!("{{\"alg\":{}", "[".repeat(100_000));
        assert!(decode(&token(&[&deep, "{}", ""])).is_none());
    }

    #[test]
    fn debug_shows_no_content() {
        let jwt = decode(&token(&[r#"{"alg":"canary"}"#, r#"{"sub":"canary"}"#, ""])).unwrap();
        assert!(!format!("{jwt:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            decode(&bytes);
            if let Some(jwt) = decode(&[b"eyJhbGciOiJIUzI1NiJ9.", &bytes[..]].concat()) {
                prop_assert_eq!(jwt.parts, 3);
            }
        }

        #[test]
        fn what_decodes_has_three_or_five_parts(text in r"(eyJhbGciOiJub25lIiwiZW5jIjoieCJ9)?(\.[A-Za-z0-9_=-]{0,6}){1,6}") {
            if let Some(jwt) = decode(text.as_bytes()) {
                prop_assert_eq!(jwt.parts, text.split('.').count());
                prop_assert!(jwt.parts == 3 || jwt.parts == 5);
            }
        }
    }
}
