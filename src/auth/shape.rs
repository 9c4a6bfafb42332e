//! What a bare secret looks like, and placeholders that nothing replaced.

use std::sync::LazyLock;

use regex::Regex;

use super::credentials::decode_basic;
use super::jwt;
use super::vendors::{has_vendor_form, vendor_prefix};
use crate::model::Shape;

/// What a bare secret looks like.
pub fn shape(value: &[u8]) -> Shape {
    let value = value.trim_ascii();
    if value.is_empty() {
        return Shape::Empty;
    }
    if let Some(jwt) = jwt::decode(value) {
        return if jwt.parts == 5 {
            Shape::JwtJwe
        } else {
            Shape::JwtJws
        };
    }
    if placeholder(value).is_some() {
        Shape::Placeholder
    } else if value.starts_with(b"eyJ") && value.contains(&b'.') {
        Shape::JwtBroken
    } else if is_paseto(value) {
        Shape::Paseto
    } else if is_uuid(value) {
        Shape::Uuid
    } else if vendor_prefix(value).is_some() || has_vendor_form(value) {
        Shape::Prefixed
    } else if value.len() >= 8 && value.iter().all(u8::is_ascii_hexdigit) {
        Shape::Hex
    } else if decode_basic(value).is_some_and(|(user, password)| is_account(&user, &password)) {
        Shape::Basic
    } else {
        Shape::Opaque
    }
}

/// Whether the value is, or holds, a placeholder that nothing replaced; the placeholder's text.
pub fn placeholder(value: &[u8]) -> Option<String> {
    // A placeholder is short; a long value is a token, and matching it would only cost time.
    if value.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?.trim();
    let documentation = || {
        (text.len() <= LONGEST_WORDS)
            .then(|| DOCUMENTATION.find(text))
            .flatten()
    };
    let inside = INSIDE
        .find(text)
        .or_else(|| CODE.find(text))
        .or_else(documentation);
    inside
        .map(|found| found.as_str().to_owned())
        .or_else(|| is_whole_placeholder(text).then(|| text.to_owned()))
}

fn is_whole_placeholder(text: &str) -> bool {
    // What a program prints for a value it hides or lacks stands in such brackets too.
    let printed = text.strip_prefix('<').is_some_and(|inner| {
        PRINTED
            .iter()
            .any(|start| inner.to_ascii_lowercase().starts_with(start))
    });
    !printed && WHOLE.is_match(text)
}

const LONGEST: usize = 4096;

/// Words of documentation are few; in a longer text they are a part of its meaning.
const LONGEST_WORDS: usize = 64;

const PRINTED: &[&str] = &[
    "async ",
    "bound ",
    "coroutine",
    "function",
    "generator",
    "hidden",
    "masked",
    "none>",
    "null>",
    "object",
    "redacted",
    "undefined>",
];

fn is_paseto(value: &[u8]) -> bool {
    matches!(value, [b'v', b'1'..=b'4', b'.', rest @ ..]
        if rest.starts_with(b"local.") || rest.starts_with(b"public."))
}

/// JSON has colons too, and is often sent in base64; random bytes are seldom text.
fn is_account(user: &[u8], password: &[u8]) -> bool {
    let is_text = |bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| !text.trim_end().contains(char::is_control))
    };
    !user.starts_with(b"{") && is_text(user) && is_text(password)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Forms that are no part of any token: `{{name}}`, `${NAME}`, `$(NAME)`, `#{name}`, `%(name)s`.
static INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\{\{[^{}]{1,80}\}\}|\$\{[^{}]{1,80}\}|\$\([A-Za-z_][A-Za-z0-9_]{1,80}\)|#\{[^{}]{1,80}\}|%\([A-Za-z_]\w{0,80}\)s",
    )
});

/// Code in place of its value. What Vault has encrypted starts with `vault:v1:`.
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"process\.env\.|import\.meta\.env\.|os\.environ|\bENV\[|^secrets\.[A-Za-z_]|^vault:(?:[^v]|v[^0-9])",
    )
});

/// Words of documentation: `YOUR_API_KEY`, `<your token>`, `sk-your-key-here`, `[YOUR ACCESS KEY]`.
static DOCUMENTATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\[your[ _-][^\]]{1,40}\]",
        r"|\b(?:your|my|the|insert|replace|enter|put|add)[-_ ]?(?:access|api|auth|bearer|secret|jwt|real)?[-_ ]?(?:token|key|secret|password|here)(?:[-_ ]here)?\b",
        r"|(?:\b|_)(?:(?:insert|replace|enter|put|add)[-_ ])?(?:your|insert|enter)[-_ ](?:[a-z0-9]{2,16}[-_ ]){0,3}(?:token|key|secret|password)(?:[-_ ](?:here|goes[-_ ]here))?\b",
    ))
});

/// Forms that count only as the whole value, since tokens may hold them.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:\$[A-Z][A-Z0-9_]{2,}|\$env:[A-Za-z_]\w*|\$\([^()]{2,80}\)|%[A-Za-z_][A-Za-z0-9_]*%",
        r"|\{[A-Za-z_][\w.-]{0,60}\}|%[sdv]|<[^<>]{2,40}>|:(?i:[a-z_]*(?:token|key|secret|auth))",
        r"|(?i:changeme|todo|dummy|x{4,}|token|apikey|api_key|secret|password|example|foo|bar))$",
    ))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_every_tool_are_seen() {
        for text in [
            "{{token}}",
            "${TOKEN}",
            "$TOKEN",
            "$(TOKEN)",
            "%TOKEN%",
            "#{token}",
            "{token}",
            "%s",
            "%(token)s",
            "<token>",
            "<your token>",
            "[YOUR API KEY]",
            "YOUR_API_KEY",
            "your-token-here",
            "insert token here",
            "process.env.TOKEN",
            "os.environ['X']",
            "changeme",
            "XXXXXX",
            "token",
            "abc{{x}}def",
            "$env:TOKEN",
            "$(cat token.txt)",
            ":token",
            "secrets.TOKEN",
            "vault:secret/data/api",
            "YOUR_API_KEY_HERE",
            "YOUR_GITHUB_TOKEN",
            "sk-your-openai-api-key",
            "sk_test_your_key",
            "<insert your token>",
            "put-your-key-here",
        ] {
            assert!(placeholder(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(
            placeholder(b"Bearer {{ token }}").as_deref(),
            Some("{{ token }}")
        );
    }

    #[test]
    fn tokens_and_json_cookies_are_no_placeholders() {
        for text in [
            "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
            "s%3Aabc.def",
            "{\"a\":\"$b\"}",
            "abc$DEF",
            "a%41b",
            "5f2b",
            "tokens",
            "sk_test_51H",
            "mytokenvalue8374",
            "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9g==",
            "<redacted>",
            "<null>",
            "<function getToken at 0x7f>",
            "[REDACTED]",
            "undefined",
            "%41bc%42",
            "a-cookie-that-says-something-about-the-key-of-a-house-in-many-words-and-more",
            "",
        ] {
            assert_eq!(placeholder(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_long_value_is_no_placeholder() {
        let long = format!("{{{{token}}}}{}", "x".repeat(LONGEST));
        assert_eq!(placeholder(long.as_bytes()), None);
    }

    #[test]
    fn shapes_are_told_apart() {
        for (text, expected) in [
            ("", Shape::Empty),
            ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", Shape::JwtJws),
            ("eyJhbGciOiJIUzI1NiJ9.e30", Shape::JwtBroken),
            ("eyJhbGciOiJIUzI1NiJ9", Shape::Opaque),
            ("v4.public.abc", Shape::Paseto),
            ("v2.0.1", Shape::Opaque),
            ("123e4567-e89b-12d3-a456-426614174000", Shape::Uuid),
            ("deadbeef00", Shape::Hex),
            ("dTpwYXNz", Shape::Basic),
            ("dTpw", Shape::Basic),
            ("dXNlcjpww6Rzcw", Shape::Basic),
            ("eyJhIjoxfQ==", Shape::Opaque),
            ("AC0123456789abcdef0123456789abcdef", Shape::Prefixed),
            ("ghp_abcdef", Shape::Prefixed),
            ("{{token}}", Shape::Placeholder),
            ("k9Z_opaque-1", Shape::Opaque),
        ] {
            assert_eq!(shape(text.as_bytes()), expected, "{text}");
        }
    }
}
