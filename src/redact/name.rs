//! What names and values look like: secret names, ordinary words, random tokens.

use crate::auth::names;

/// Names that hold a secret in one API and an ordinary word in the next; the value decides.
const AMBIGUOUS: &[&str] = &[
    "assertion",
    "auth",
    "bearer",
    "code",
    "credential",
    "credentials",
    "hmac",
    "invite",
    "jwt",
    "key",
    "magic",
    "nonce",
    "pass",
    "policy",
    "relaystate",
    "sess",
    "session",
    "session_id",
    "se",
    "sid",
    "sig",
    "signature",
    "state",
    "sv",
    "ticket",
    "token",
    "webhook",
];

/// Ends of names that tell about a secret and hold none: `token_type`, `auth_time`.
const ABOUT: &[&str] = &[
    "type",
    "endpoint",
    "uri",
    "url",
    "method",
    "methods",
    "supported",
    "time",
    "at",
    "in",
    "expires",
    "expiry",
    "ttl",
    "alg",
    "algorithm",
    "error",
    "status",
    "count",
    "length",
    "required",
    "enabled",
    "valid",
    "description",
    "errors",
];

/// The kind of secret that a parameter or member of that name holds; `None` for no secret.
pub(super) fn secret_kind(name: &[u8], value: &[u8]) -> Option<&'static str> {
    let name = snake_case(name);
    if name
        .rsplit('_')
        .next()
        .is_some_and(|end| ABOUT.contains(&end))
    {
        return None;
    }
    let secret = names::is_secret_parameter(&name, value)
        || names::is_credential_parameter(&name, value)
        || names::header_class(&name.replace('_', "-")).is_some();
    let ambiguous = AMBIGUOUS.contains(&name.as_str());
    if !secret || (ambiguous && is_ordinary(value)) {
        return None;
    }
    Some(kind_by_name(&name))
}

/// Whether the name alone says that anything inside is secret.
pub(super) fn is_always_secret(name: &[u8]) -> bool {
    secret_kind(name, b"x").is_some() && !AMBIGUOUS.contains(&snake_case(name).as_str())
}

pub(super) fn kind_by_name(name: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["pass", "pwd", "pin", "otp"]) {
        "password"
    } else if has(&["csrf", "xsrf"]) {
        "csrf"
    } else if has(&["sig", "hmac"]) {
        "signature"
    } else if has(&["key"]) {
        "key"
    } else if has(&[
        "token",
        "jwt",
        "bearer",
        "assertion",
        "auth",
        "code",
        "ticket",
    ]) {
        "token"
    } else if has(&["sess", "sid"]) {
        "session"
    } else {
        "secret"
    }
}

/// `clientSecret` and `Client-Secret` as `client_secret`; at most 128 characters.
fn snake_case(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let mut out = String::new();
    let mut after_small = false;
    for c in text.chars().take(128) {
        if c.is_ascii_uppercase() && after_small {
            out.push('_');
        }
        after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(if c == '-' {
            '_'
        } else {
            c.to_ascii_lowercase()
        });
    }
    out
}

/// A word, or a small number: `invalid_token`, `401`.
fn is_ordinary(value: &[u8]) -> bool {
    let number = value.len() <= 3 && value.iter().all(u8::is_ascii_digit);
    number || is_wordlike(value)
}

/// Words of letters in one case or capitalised, at most 15 letters each: `invalid_token`, `en-US`.
pub(super) fn is_wordlike(value: &[u8]) -> bool {
    let word = |word: &[u8]| {
        let rest = word.get(1..).unwrap_or_default();
        word.len() <= 15
            && word.iter().all(u8::is_ascii_alphabetic)
            && (rest.iter().all(u8::is_ascii_lowercase) || word.iter().all(u8::is_ascii_uppercase))
    };
    value.len() <= 64
        && value
            .split(|byte| matches!(byte, b'_' | b'-' | b'.' | b' ' | b'/' | b':' | b'='))
            .all(word)
}

/// A token of at least 20 characters with letters and digits mixed: no word, date or path.
pub(super) fn is_random(value: &[u8]) -> bool {
    let token = value
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_~+/=.".contains(byte));
    token && value.len() >= 20 && {
        let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
        let letters = value
            .iter()
            .filter(|byte| byte.is_ascii_alphabetic())
            .count();
        let mixed =
            value.iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
        letters >= 4 && (digits >= 2 || mixed) && entropy(value) >= 3.2 && !is_wordlike(value)
    }
}

/// Upper and lower case mixed as nobody writes words, in a token of at least 20: no UUID, ULID or hex id.
pub(super) fn is_mixed_token(value: &[u8]) -> bool {
    let count = |is: fn(&u8) -> bool| value.iter().filter(|byte| is(byte)).count();
    let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let digits = count(u8::is_ascii_digit);
    // `listAllOpenOrdersOfUser` has a capital in five letters; what is drawn by lot one in two.
    let like_no_word = digits >= 2 || (upper + digits) * 3 >= value.len();
    is_random(value) && upper >= 2 && lower >= 2 && like_no_word
}

/// Shannon entropy in bits per byte.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_style_are_secret() {
        for name in [
            "client_secret",
            "clientSecret",
            "Client-Secret",
            "userPassword",
            "apiKey",
        ] {
            assert!(secret_kind(name.as_bytes(), b"v4lue").is_some(), "{name}");
        }
        for name in [
            "token_type",
            "auth_time",
            "expires_in",
            "name",
            "authorization_endpoint",
        ] {
            assert_eq!(secret_kind(name.as_bytes(), b"v4lue"), None, "{name}");
        }
    }

    #[test]
    fn an_error_code_is_no_authorization_code() {
        assert_eq!(secret_kind(b"code", b"invalid_token"), None);
        assert_eq!(secret_kind(b"code", b"401"), None);
        assert!(secret_kind(b"code", b"SplxlOBeZQQYbYS6WxSbIA").is_some());
    }

    #[test]
    fn words_and_random_tokens_are_told_apart() {
        assert!(is_wordlike(b"invalid_token"));
        assert!(!is_wordlike(b"hunter2"));
        assert!(is_random(b"9f8a7c6b5d4e3f2a1b0c"));
        assert!(!is_random(b"no-cache,max-age=0"));
        assert!(!is_random(b"multipart-form-data-boundary"));
        assert!(is_mixed_token(b"Zk3Pq9Xw7Lm2Vb8Nc4Rt"));
        assert!(is_mixed_token(b"ZkePqIXwTLmOVbKNcRRtuHsd"));
        assert!(!is_mixed_token(b"550e8400-e29b-41d4-a716-446655440000"));
        assert!(!is_mixed_token(b"listAllOpenOrdersOfUserById"));
        assert!(!is_mixed_token(b"UserAccountSettingsController2"));
    }
}
