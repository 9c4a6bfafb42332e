//! Free text: echoes of known secrets first, then whatever looks like a secret by its shape.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::canvas::Canvas;
use super::known::Echo;
use super::masker::Masker;
use super::name::{is_always_secret, is_mixed_token, is_wordlike, secret_kind};
use super::secret::{count_characters, is_literal};
use super::url::DEEPEST;
use crate::auth::names::vendor_prefix;

/// What a pattern found.
struct Found {
    range: Range<usize>,
    kind: &'static str,
}

impl Masker {
    /// Paints free text.
    pub(super) fn paint_text(&mut self, out: &mut Canvas, text: &[u8], depth: u8) {
        let echoes = self.book.known.echoes(text);
        let mut done = 0;
        for echo in echoes {
            let gap = text.get(done..echo.range.start).unwrap_or_default();
            self.paint_urls(out, gap, depth);
            mask_echo(out, text, &echo);
            done = echo.range.end;
        }
        self.paint_urls(out, text.get(done..).unwrap_or_default(), depth);
    }

    /// Paints text without known secrets: URLs by their parts, the rest by shape.
    fn paint_urls(&mut self, out: &mut Canvas, text: &[u8], depth: u8) {
        if depth > DEEPEST {
            return self.paint_shapes(out, text);
        }
        let mut done = 0;
        for url in URL.find_iter(text) {
            self.paint_shapes(out, text.get(done..url.start()).unwrap_or_default());
            self.paint_reference(out, url.as_bytes(), depth + 1);
            done = url.end();
        }
        self.paint_shapes(out, text.get(done..).unwrap_or_default());
    }

    /// Paints text that holds neither known secrets nor URLs.
    fn paint_shapes(&mut self, out: &mut Canvas, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let mut done = 0;
        for found in shapes(text) {
            self.paint_parts(out, text.get(done..found.range.start).unwrap_or_default());
            let secret = text.get(found.range.clone()).unwrap_or_default();
            self.mask(out, found.kind, secret);
            done = found.range.end;
        }
        self.paint_parts(out, text.get(done..).unwrap_or_default());
    }

    /// Paints text in which only parts of known secrets can still be.
    fn paint_parts(&mut self, out: &mut Canvas, text: &[u8]) {
        let mut done = 0;
        for echo in self.book.known.parts(text) {
            out.captured(text.get(done..echo.range.start).unwrap_or_default());
            mask_echo(out, text, &echo);
            done = echo.range.end;
        }
        out.captured(text.get(done..).unwrap_or_default());
    }
}

fn mask_echo(out: &mut Canvas, text: &[u8], echo: &Echo) {
    let length = count_characters(text.get(echo.range.clone()).unwrap_or_default());
    let part = if echo.part { " part" } else { "" };
    out.mask(&format!("{}:{}{part} len={length}", echo.kind, echo.number));
}

/// What looks like a secret, in order and not overlapping: where two patterns meet, the one that
/// starts first decides, then the one that stands first here; the rest stays hidden too.
fn shapes(text: &[u8]) -> Vec<Found> {
    let mut all = pem(text);
    all.extend(jwt(text));
    all.extend(after_scheme(text));
    all.extend(userinfo(text));
    all.extend(by_prefix(text));
    all.extend(by_name(text));
    all.extend(by_element(text));
    all.extend(by_chance(text));
    // Stable: of two that start together, the earlier pattern stays before the other.
    all.sort_by_key(|found| found.range.start);
    let mut done = 0;
    all.retain_mut(|found| {
        found.range.start = found.range.start.max(done);
        done = done.max(found.range.end);
        !found.range.is_empty()
    });
    all
}

fn pem(text: &[u8]) -> Vec<Found> {
    matches(&PEM, text, "key")
}

fn jwt(text: &[u8]) -> Vec<Found> {
    matches(&JWT, text, "token")
}

fn after_scheme(text: &[u8]) -> Vec<Found> {
    let found = |captures: Captures<'_>| {
        let scheme = captures.get(1)?.as_bytes();
        let secret = captures.get(2)?;
        let kind = if scheme.eq_ignore_ascii_case(b"basic") {
            "basic"
        } else {
            "token"
        };
        (!is_wordlike(secret.as_bytes())).then(|| Found {
            range: secret.range(),
            kind,
        })
    };
    SCHEME.captures_iter(text).filter_map(found).collect()
}

fn userinfo(text: &[u8]) -> Vec<Found> {
    let found = |captures: Captures<'_>| {
        let range = captures.get(1)?.range();
        Some(Found {
            range,
            kind: "basic",
        })
    };
    USERINFO.captures_iter(text).filter_map(found).collect()
}

fn by_prefix(text: &[u8]) -> Vec<Found> {
    let is_key = |run: &[u8]| {
        vendor_prefix(run).is_some_and(|(_, prefix)| {
            let rest = run.get(prefix.len()..).unwrap_or_default();
            // The shorter the prefix, the more must follow before it is no accident.
            let enough = if prefix.len() >= 4 { 8 } else { 20 };
            rest.len() >= enough && !is_wordlike(rest) && rest.iter().any(u8::is_ascii_digit)
        })
    };
    RUN.find_iter(text)
        .filter(|run| is_key(run.as_bytes()))
        .map(|run| Found {
            range: run.range(),
            kind: "key",
        })
        .collect()
}

/// `password=…`, `"password": "…"`, `password: …`
fn by_name(text: &[u8]) -> Vec<Found> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(captures) = MEMBER.captures_at(text, at) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else {
            break;
        };
        let quote = captures.get(2).map(|quote| quote.as_bytes());
        let rest = text.get(whole.end()..).unwrap_or_default();
        // Its start decides: to look for the end of each value would take the square of the text.
        let start = rest.get(..DECIDING).unwrap_or(rest);
        let start = start.split_at(value_length(start, quote)).0;
        // What is no secret may be the name of one: `db: password: …`.
        at = whole.end();
        if is_literal(start) || is_scheme(start) {
            continue;
        }
        if let Some(kind) = secret_kind(name.as_bytes(), start) {
            let range = at..at + value_length(rest, quote);
            at = range.end;
            all.push(Found { range, kind });
        }
    }
    all
}

/// How much of a value decides whether it is a secret: no word or literal is this long.
const DECIDING: usize = 128;

/// How long a value is: to its closing quote, or to whatever cannot be in a bare one.
fn value_length(rest: &[u8], quote: Option<&[u8]>) -> usize {
    match quote {
        // Text in text: the closing quote is escaped as the opening one is.
        Some(quote) if quote.len() > 1 => memchr::memmem::find(rest, quote).unwrap_or(rest.len()),
        Some(quote) => {
            let mut escaped = false;
            let ends = |byte: &u8| {
                let ends = !escaped && quote.contains(byte);
                escaped = !escaped && *byte == b'\\';
                ends
            };
            rest.iter().position(ends).unwrap_or(rest.len())
        }
        None => rest
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || b"\"'&;,<>{}\\[]".contains(byte))
            .unwrap_or(rest.len()),
    }
}

/// `Authorization: Bearer …` in a text: the word is no secret, what follows it is found by itself.
fn is_scheme(value: &[u8]) -> bool {
    [
        "bearer",
        "basic",
        "digest",
        "token",
        "negotiate",
        "ntlm",
        "dpop",
    ]
    .iter()
    .any(|scheme| value.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// `<password>…</password>`
fn by_element(text: &[u8]) -> Vec<Found> {
    let found = |captures: Captures<'_>| {
        let name = captures.get(1)?.as_bytes();
        let local = name.rsplit(|byte| *byte == b':').next()?;
        let value = captures.get(2)?;
        let kind = secret_kind(local, value.as_bytes())?;
        let certain = is_always_secret(local) || !is_literal(value.as_bytes());
        certain.then(|| Found {
            range: value.range(),
            kind,
        })
    };
    ELEMENT.captures_iter(text).filter_map(found).collect()
}

/// What only a generator makes, whatever stands before it; but the parts of a multipart are no secret.
fn by_chance(text: &[u8]) -> Vec<Found> {
    let mut all = matches(&WORD, text, "secret");
    all.retain(|found| {
        let before = text.get(..found.range.start).unwrap_or_default();
        let before = before.strip_suffix(b"\"").unwrap_or(before);
        let word = text.get(found.range.clone());
        word.is_some_and(is_mixed_token) && !before.ends_with(b"boundary=")
    });
    all
}

fn matches(pattern: &Regex, text: &[u8], kind: &'static str) -> Vec<Found> {
    let found = |found: regex::bytes::Match<'_>| Found {
        range: found.range(),
        kind,
    };
    pattern.find_iter(text).map(found).collect()
}

/// Absolute URLs; a closing bracket, quote or space ends one.
static URL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i-u)\b(?:https?|wss?)://[^\s"'<>\\{}|^`]+"#));

static PEM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?s-u)-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\z)")
});

/// Compact JWS and JWE, whole or cut off: base64url of `{"`, `{ "`, `{\n`.
static JWT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?-u)e(?:yJ|yAi|wog|w0K)[A-Za-z0-9_+/=-]{5,}(?:\.[A-Za-z0-9_+/=-]*){1,4}|eyJ[A-Za-z0-9_-]{16,}",
    )
});

static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i-u)\b(bearer|basic|token|dpop|ssws|apikey|negotiate|ntlm)(?:[ \t]+|%20|\+|:[ \t]*)\\?["']?([A-Za-z0-9._~+/=:%|-]{8,})"#,
    )
});

static USERINFO: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?-u)://([^\s/?#@"'<>]+)@"#));

/// A run of token characters; `1//` starts Google's refresh tokens, digits and a colon Telegram's.
static RUN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?-u)(?:\b1//|\b[0-9]{6,12}:)?[A-Za-z0-9][A-Za-z0-9_.~|-]{11,}"));

/// A name, a separator and the opening quote, if there is one; quotes may be escaped.
static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?-u)([A-Za-z_][A-Za-z0-9_.-]{1,60})(?:\\*["'])?\s*(?:=>|=|:)\s*(\\*["'])?"#)
});

/// Token characters without those that join words, paths and names of hosts.
static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u)[A-Za-z0-9_-]{20,}"));

static ELEMENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?-u)<([A-Za-z_][A-Za-z0-9_.:-]{0,60})(?:\s[^<>]*)?>([^<>]+)</"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant that the tests compile")
}
