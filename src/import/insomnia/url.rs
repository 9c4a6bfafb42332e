//! URLs as Insomnia encodes them.

use std::collections::HashMap;
use std::fmt::Write;

use super::template::{around, next};

/// The URL with its parameters.
pub(super) fn url(written: &str, query: &[(String, String)], encodes: bool) -> String {
    let (base, _fragment) = split_outside(written, '#').unwrap_or((written, ""));
    let pairs: Vec<String> = query
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| {
            if encodes {
                let value = component(value, "").replace("%2C", ",");
                format!("{}={value}", component(name, ""))
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    let mut url = base.trim().to_owned();
    if !pairs.is_empty() {
        let joiner = if split_outside(&url, '?').is_some() {
            "&"
        } else {
            "?"
        };
        url.extend([joiner, &pairs.join("&")]);
    }
    let starts_with_token = next(&url).is_some_and(|token| token.before.is_empty());
    if !url.contains("://") && !starts_with_token {
        url = format!("http://{url}");
    }
    if encodes { encoded(&url) } else { url }
}

/// Path and query with all encoded that encodeURIComponent encodes, escapes kept.
fn encoded(url: &str) -> String {
    let (before, query) = match split_outside(url, '?') {
        Some((before, query)) => (before, Some(query)),
        None => (url, None),
    };
    let (scheme, rest) = match before.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), before),
    };
    let (host, path) = match split_outside(rest, '/') {
        Some((host, path)) => (host, Some(path)),
        None => (rest, None),
    };
    let mut url = format!("{scheme}{host}");
    if let Some(path) = path {
        let path = around(path, |text| text.replace('\\', "/").replace('\'', "%27"));
        url.extend(["/", &component(&path, "/:@$+,;=")]);
    }
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        };
        let name = component(&decoded(name), "");
        match value {
            _ if name.is_empty() => None,
            Some(value) => {
                let value = component(&decoded(value), "").replace("%2C", ",");
                Some(format!("{name}={value}"))
            }
            None => Some(name),
        }
    });
    let pairs: Vec<String> = pairs.collect();
    if !pairs.is_empty() {
        url.extend(["?", &pairs.join("&")]);
    }
    url
}

/// Splits at the first mark that stands outside of what could not be replaced.
pub(super) fn split_outside(text: &str, mark: char) -> Option<(&str, &str)> {
    let mut at = 0;
    let mut rest = text;
    loop {
        let token = next(rest);
        let before = token.as_ref().map_or(rest, |token| token.before);
        if let Some(found) = before.find(mark) {
            let (before, after) = text.split_at_checked(at + found)?;
            return Some((before, after.get(mark.len_utf8()..)?));
        }
        let token = token?;
        at += token.before.len() + token.whole.len();
        rest = token.after;
    }
}

/// `encodeURIComponent`, but that escapes stay and some characters are left alone.
pub(super) fn component(text: &str, ignored: &str) -> String {
    around(text, |text| {
        let bytes = text.as_bytes();
        let mut encoded = String::with_capacity(text.len());
        for (at, byte) in bytes.iter().enumerate() {
            let digits = bytes.get(at + 1..at + 3);
            let is_escape = *byte == b'%'
                && digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            let c = char::from(*byte);
            let is_plain = byte.is_ascii_alphanumeric() || "-_.!~*'()".contains(c);
            if is_escape || is_plain || byte.is_ascii() && ignored.contains(c) {
                encoded.push(c);
            } else {
                // Writing to a String cannot fail.
                write!(encoded, "%{byte:02X}").unwrap_or_default();
            }
        }
        encoded
    })
}

/// `decodeURIComponent`; what cannot be decoded stays.
fn decoded(text: &str) -> String {
    around(text, |text| {
        let bytes = crate::auth::percent::percent_decode(text.as_bytes());
        String::from_utf8(bytes).unwrap_or_else(|_utf8| text.to_owned())
    })
}

/// Each segment `:name` of the path replaced by the parameter of that name.
pub(super) fn with_path_parameters(url: &str, rows: &[(String, String)]) -> String {
    let (before, query) = match split_outside(url, '?') {
        Some((before, query)) => (before, Some(query)),
        None => (url, None),
    };
    let mut values = HashMap::new();
    for (name, value) in rows {
        values.entry(name.as_str()).or_insert(value);
    }
    let segments = before.split('/').map(|segment| {
        let name = segment.strip_prefix(':').filter(|name| !name.is_empty());
        let value = name.and_then(|name| values.get(name));
        value.map_or_else(|| segment.to_owned(), |value| component(value, ""))
    });
    let mut url = segments.collect::<Vec<_>>().join("/");
    if let Some(query) = query {
        url.extend(["?", query]);
    }
    url
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_is_encoded_as_insomnia_does_it() {
        let query = [
            ("q".to_owned(), "x y,z&'+".to_owned()),
            ("e".to_owned(), String::new()),
            (String::new(), "gone".to_owned()),
        ];
        assert_eq!(
            url(
                "a.test/a b/{c}/%7e/x:y?k=v%20w&flag&u={{ _.u }}#f",
                &query,
                true
            ),
            "http://a.test/a%20b/%7Bc%7D/%7e/x:y?k=v%20w&flag&u={{ _.u }}&q=x%20y,z%26'%2B&e="
        );
        assert_eq!(url("{{ _.base }}/x", &[], true), "{{ _.base }}/x");
        assert_eq!(
            url("https://a.test/x y", &query[1..2], false),
            "https://a.test/x y?e="
        );
        let rows = [("id".to_owned(), "7/8".to_owned())];
        assert_eq!(
            with_path_parameters("http://a.test:80/:id/:no?x=:id", &rows),
            "http://a.test:80/7%2F8/:no?x=:id"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_encoded(text in "[a-z{}%?#/&=:é ]{0,30}") {
            let _url = url(&text, &[(text.clone(), text.clone())], true);
        }
    }
}
