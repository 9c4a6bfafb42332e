//! What a bare secret looks like (`causes.md` 1.6), and placeholders that nothing replaced.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use super::jwt;
use super::names::vendor_prefix;
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
    } else if vendor_prefix(value).is_some() {
        Shape::Prefixed
    } else if value.len() >= 8 && value.iter().all(u8::is_ascii_hexdigit) {
        Shape::Hex
    } else if STANDARD
        .decode(value)
        .is_ok_and(|text| is_user_and_password(&text))
    {
        Shape::Basic
    } else {
        Shape::Opaque
    }
}

/// Whether the value is, or holds, a placeholder that nothing replaced; the placeholder's text.
pub fn placeholder(value: &[u8]) -> Option<String> {
    // A placeholder is short; a long value is a token, and matching it would only cost time.
    let text = std::str::from_utf8(value.get(..value.len().min(LONGEST))?)
        .ok()?
        .trim();
    let inside = INSIDE.find(text).or_else(|| TELLTALE.find(text));
    inside
        .map(|found| found.as_str().to_owned())
        .or_else(|| WHOLE.is_match(text).then(|| text.to_owned()))
}

const LONGEST: usize = 4096;

fn is_paseto(value: &[u8]) -> bool {
    matches!(value, [b'v', b'1'..=b'4', b'.', ..])
        && value.iter().filter(|b| **b == b'.').count() >= 2
}

/// JSON has colons too, and is often sent in base64.
fn is_user_and_password(text: &[u8]) -> bool {
    text.is_ascii() && text.contains(&b':') && !text.starts_with(b"{")
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

/// Code or words of documentation in place of a value.
static TELLTALE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)process\.env\.|import\.meta\.env\.|os\.environ|\bENV\[|\bsecrets\.[A-Z]|^vault:|\[YOUR[ _-][^\]]{1,40}\]|\b(your|my|the|insert|replace|enter|put|add)[-_ ]?(access|api|auth|bearer|secret|jwt|real)?[-_ ]?(token|key|secret|password|here)\b",
    )
});

/// Forms that count only as the whole value, since tokens may hold them.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:\$[A-Z][A-Z0-9_]{2,}|\$env:[A-Za-z_]\w*|%[A-Za-z_][A-Za-z0-9_]*%|\{[A-Za-z_][\w.-]{0,60}\}|%s|<[^<>]{2,40}>|:token|(?i:changeme|todo|dummy|x{4,}|token|apikey|api_key|secret|password|example|foo|bar))$",
    )
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
        ] {
            assert_eq!(placeholder(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn shapes_are_told_apart() {
        for (text, expected) in [
            ("", Shape::Empty),
            ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", Shape::JwtJws),
            ("eyJhbGciOiJIUzI1NiJ9.e30", Shape::JwtBroken),
            ("eyJhbGciOiJIUzI1NiJ9", Shape::Opaque),
            ("v4.public.abc", Shape::Paseto),
            ("123e4567-e89b-12d3-a456-426614174000", Shape::Uuid),
            ("deadbeef00", Shape::Hex),
            ("dTpwYXNz", Shape::Basic),
            ("ghp_abcdef", Shape::Prefixed),
            ("{{token}}", Shape::Placeholder),
            ("k9Z_opaque-1", Shape::Opaque),
        ] {
            assert_eq!(shape(text.as_bytes()), expected, "{text}");
        }
    }
}
