//! URLs as HTTPie reads and sends them.

use std::fmt::Write;

use crate::import::shell::standin::StandIns;
use crate::model::{Origin, Scheme, Url};

/// Where a request goes.
pub(super) struct Address {
    pub(super) url: Url,
    /// `user:password` as the URL has it; HTTPie does not decode it.
    pub(super) user: Option<String>,
}

/// How a URL is read.
pub(super) struct Reading<'a> {
    /// `http` or `https`, for a URL without one.
    pub(super) scheme: &'a str,
    /// Dot segments stay.
    pub(super) path_as_is: bool,
    /// Parameters in order, not encoded.
    pub(super) query: &'a [(String, String)],
}

/// Reads a URL.
///
/// # Errors
/// When HTTPie refuses it, or it is neither http nor https.
pub(super) fn read(text: &str, reading: &Reading<'_>) -> Result<Address, &'static str> {
    let whole = with_scheme(text.strip_prefix("://").unwrap_or(text), reading.scheme);
    let (scheme, rest) = whole.split_once("://").ok_or(NOT_HTTP)?;
    let scheme = match scheme.trim_start().to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(NOT_HTTP),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let end = before.find(['/', '\\']).unwrap_or(before.len());
    let (authority, path) = before.split_at(end);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, authority),
    };
    Ok(Address {
        url: Url {
            origin: origin(scheme, host)?,
            userinfo: None,
            path: path_sent(path, reading.path_as_is).into_bytes(),
            query: query_sent(query, reading.query).map(String::into_bytes),
        },
        user,
    })
}

const NOT_HTTP: &str = "the URL is neither http nor https";

/// `:3000/x` is on localhost; other URLs without a scheme start with their host.
fn with_scheme(text: &str, scheme: &str) -> String {
    let is_scheme = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    if text
        .split_once("://")
        .is_some_and(|(name, _)| is_scheme(name))
    {
        return text.to_owned();
    }
    let Some(short) = text.strip_prefix(':').filter(|rest| !rest.starts_with(':')) else {
        return format!("{scheme}://{text}");
    };
    let has_port = short.starts_with(|c: char| c.is_ascii_digit()) || StandIns::starts(short);
    let colon = if has_port { ":" } else { "" };
    format!("{scheme}://localhost{colon}{short}")
}

/// A port that is a variable stays with the host.
fn origin(scheme: Scheme, host: &str) -> Result<Origin, &'static str> {
    let has_open_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| StandIns::starts(port));
    if has_open_port {
        return Ok(Origin {
            scheme,
            host: host.to_lowercase(),
            port: scheme.default_port(),
        });
    }
    if host.starts_with(['*', '.']) {
        return Err("a host cannot start with a dot or a star");
    }
    Origin::parse(scheme, host.as_bytes())
        .map_err(|_kind| "the host has a character that no host name may have, or the port is no number up to 65535")
}

fn path_sent(path: &str, as_is: bool) -> String {
    if path.is_empty() {
        return "/".to_owned();
    }
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    if as_is {
        return encoded(&path, PATH);
    }
    let path = encoded(&without_dot_segments(&path), PATH);
    if path.is_empty() {
        return "/".to_owned();
    }
    without_needless_escapes(&path)
}

fn query_sent(query: Option<&str>, more: &[(String, String)]) -> Option<String> {
    let query = without_needless_escapes(&encoded(query.unwrap_or_default(), QUERY));
    let more = form_encoded(more);
    let all = match (query.as_str(), more.as_str()) {
        ("", only) | (only, "") => only.to_owned(),
        (query, more) => format!("{query}&{more}"),
    };
    Some(all).filter(|all| !all.is_empty())
}

const PATH: &str = "-._~!$&'()*+,;=:@/";
const QUERY: &str = "-._~!$&'()*+,;=:@/?";

/// Encodes what may not stand there. If any percent sign starts no escape, all of them are encoded.
fn encoded(text: &str, allowed: &str) -> String {
    let bytes = text.as_bytes();
    let is_escape = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let mut percents = memchr::memchr_iter(b'%', bytes);
    let keeps_escapes = percents.all(is_escape);
    let mut encoded = String::with_capacity(text.len());
    let mut in_escape = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let c = char::from(*byte);
        if *byte == b'%' && is_escape(at) {
            in_escape = 3;
        }
        let is_kept = byte.is_ascii_alphanumeric() || allowed.contains(c) && byte.is_ascii();
        if *byte == b'%' && keeps_escapes {
            encoded.push('%');
        } else if is_kept {
            // The digits of escapes are written in upper case even where their sign is encoded.
            encoded.push(if in_escape > 0 {
                c.to_ascii_uppercase()
            } else {
                c
            });
        } else {
            write!(encoded, "%{byte:02X}").unwrap_or_default();
        }
        in_escape = usize::saturating_sub(in_escape, 1);
    }
    encoded
}

/// Decodes the escapes of letters, digits and `-._~`.
fn without_needless_escapes(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let digits = after.get(..2).unwrap_or_default();
        let byte = u8::from_str_radix(digits, 16).unwrap_or(b'%');
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            decoded.push(char::from(byte));
            rest = after.get(2..).unwrap_or_default();
        } else {
            decoded.push('%');
            rest = after;
        }
    }
    decoded.push_str(rest);
    decoded
}

/// RFC 3986 section 5.2.4, for a path that starts with a slash.
pub(in crate::import) fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if kept.first().is_none_or(|first| !first.is_empty()) {
        kept.insert(0, "");
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    kept.join("/")
}

/// `a=1&b=x+y`: names and values percent-encoded, a space as `+`. Parameters of one name stand
/// together, where the first is.
pub(super) fn form_encoded(rows: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in grouped(rows, |(name, _)| name) {
        if !text.is_empty() {
            text.push('&');
        }
        form_encode(name, &mut text);
        text.push('=');
        form_encode(value, &mut text);
    }
    text
}

/// The rows with those of one name together, where the first is.
pub(super) fn grouped<R>(rows: &[R], name: impl Fn(&R) -> &String) -> Vec<&R> {
    let mut first = std::collections::HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        first.entry(name(row).clone()).or_insert(at);
    }
    let mut grouped: Vec<&R> = rows.iter().collect();
    grouped.sort_by_key(|row| first.get(name(row)).copied());
    grouped
}

fn form_encode(text: &str, encoded: &mut String) {
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                encoded.push(char::from(byte));
            }
            byte => write!(encoded, "%{byte:02X}").unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(text: &str, query: &[(&str, &str)]) -> Result<String, &'static str> {
        let query: Vec<(String, String)> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let reading = Reading {
            scheme: "http",
            path_as_is: false,
            query: &query,
        };
        let url = read(text, &reading)?.url;
        let target = String::from_utf8(url.path_and_query()).unwrap_or_default();
        Ok(format!("{}{target}", url.origin))
    }

    #[test]
    fn short_forms_name_the_local_host() {
        for (text, expected) in [
            (":3000/x", "http://localhost:3000/x"),
            (":/x", "http://localhost/x"),
            (":", "http://localhost/"),
            (":?a=1", "http://localhost/?a=1"),
            ("Example.org", "http://example.org/"),
            ("://example.org/x", "http://example.org/x"),
            ("HTTPS://example.org:443/x#y", "https://example.org/x"),
            ("http://[::1]:80/x?", "http://[::1]/x"),
        ] {
            assert_eq!(sent(text, &[]).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_url_is_escaped_as_requests_does_it() {
        assert_eq!(
            sent(
                "a.test/a/../b/%7e/%2f/é x/{y}|z?q=a b&c={d}&%zz",
                &[("p ", "x y/é"), ("", "")]
            )
            .unwrap(),
            "http://a.test/b/~/%2F/%C3%A9%20x/%7By%7D%7Cz?q=a%20b&c=%7Bd%7D&%25zz&p+=x+y%2F%C3%A9&="
        );
        assert_eq!(sent("a.test/x%2", &[]).unwrap(), "http://a.test/x%252");
        assert_eq!(
            sent("a.test/x?a=%7e%41%2f%", &[]).unwrap(),
            "http://a.test/x?a=%257E%2541%252F%25"
        );
        assert_eq!(
            sent("a.test?z", &[("a", "1"), ("b", "2"), ("a", "3")]).unwrap(),
            "http://a.test/?z&a=1&a=3&b=2"
        );
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for text in [
            "",
            "::1",
            "ftp://a.test",
            "http:///x",
            "a b",
            ".a.test",
            "a.test:99999",
        ] {
            assert!(sent(text, &[]).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z:/?#@.%{}é\\\\ \\[\\]0-9]{0,40}") {
            if let Ok(url) = sent(&text, &[]) {
                prop_assert!(url.is_ascii() || url.contains('é'), "{}", url);
            }
        }
    }
}
