//! Where a request goes. Bruno rewrites the text of the URL several times, and axios sends what comes out.

use std::collections::{HashMap, HashSet};

use super::blocks::{Block, Row};
use super::build::Draft;
use crate::auth::percent::percent_decode;
use crate::import::address::{Address, escape};
use crate::import::httpie::url::without_dot_segments;
use crate::import::variables::{around, parts};
use crate::model::Url;

/// A URL, and what of it goes into header fields.
pub(super) struct Target {
    pub(super) url: Url,
    /// The value of `Host`.
    pub(super) host: String,
    /// User and password.
    pub(super) user: Option<(String, String)>,
}

/// Where the request goes.
///
/// # Errors
/// When nothing could be sent there.
pub(super) fn target(
    http: &Block<'_>,
    blocks: &[Block<'_>],
    draft: &mut Draft,
) -> Result<Target, &'static str> {
    let block = |name: &str| blocks.iter().find(|block| block.name == name);
    let written = draft.resolve(&http.get("url"));
    if written.is_empty() {
        return Err("the request has no URL");
    }
    let mut url = Text::split(&written);
    for (name, value) in std::mem::take(&mut draft.query) {
        url.set(&name, &value);
    }
    let mut rows = block("params:path")
        .map(Block::all_rows)
        .unwrap_or_default();
    for row in &mut rows {
        row.value = draft.resolve(&row.value);
    }
    // One parameter, and the whole path is put together anew.
    if !rows.is_empty() {
        url.fill(&rows);
    }
    if block("settings").is_some_and(|block| block.get("encodeUrl") == "true") {
        url.encode();
    }
    for (name, value) in std::mem::take(&mut draft.late_query) {
        url.set(&name, &value);
    }
    let address = Address::parse(&url.whole(), true)?;
    let mut parsed = address.url()?;
    let path = String::from_utf8_lossy(&parsed.path).into_owned();
    parsed.path = without_dot_segments(&path).into_bytes();
    parsed.query = parsed.query.filter(|query| !query.is_empty());
    Ok(Target {
        url: parsed,
        host: address.host_field(),
        user: address.user,
    })
}

/// The text of a URL: each part with the mark that starts it.
struct Text {
    /// Scheme, user, host and port; variables that stand for them.
    start: String,
    path: String,
    query: String,
    fragment: String,
}

impl Text {
    fn split(url: &str) -> Self {
        // Parsers of URLs leave out what breaks lines.
        let url = url.trim().replace(['\t', '\r', '\n'], "");
        let (before, fragment) = cut(&url, '#');
        let (before, query) = cut(before, '?');
        let host = before.find("://").map_or(0, |at| at + 3);
        let after = before.get(host..).unwrap_or_default();
        let path = host + after.find(['/', '\\']).unwrap_or(after.len());
        let (start, path) = before.split_at_checked(path).unwrap_or((before, ""));
        Self {
            start: start.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            fragment: fragment.to_owned(),
        }
    }

    /// The URL without its fragment, as it is parsed in the end.
    fn whole(&self) -> String {
        format!(
            "{}{}{}",
            self.start,
            self.path.replace('\\', "/"),
            self.query
        )
    }

    /// `url.searchParams.set(name, value)`, which writes all parameters anew.
    fn set(&mut self, name: &str, value: &str) {
        let decoded = |text: &str| {
            let bytes = percent_decode(text.replace('+', " ").as_bytes());
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let mut is_set = false;
        let mut pairs = Vec::new();
        for pair in self.query.trim_start_matches('?').split('&') {
            let (known, text) = pair.split_once('=').unwrap_or((pair, ""));
            let (known, text) = (decoded(known), decoded(text));
            if known == name {
                if !std::mem::replace(&mut is_set, true) {
                    pairs.push(form_pair(name, value));
                }
            } else if !pair.is_empty() {
                pairs.push(form_pair(&known, &text));
            }
        }
        if !is_set {
            pairs.push(form_pair(name, value));
        }
        self.query = format!("?{}", pairs.join("&"));
    }

    /// Puts the parameters into the path.
    fn fill(&mut self, rows: &[Row]) {
        if let Some((before, after)) = self.start.rsplit_once('@') {
            let scheme = before.split_once("://").map(|(scheme, _)| scheme);
            self.start =
                scheme.map_or_else(|| after.to_owned(), |scheme| format!("{scheme}://{after}"));
        }
        let path = self.path.replace('\\', "/");
        let path = around(&path, |text| escape(text, |c| " \"<>`#?{}".contains(c)));
        let path = without_dot_segments(&path);
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let values = values(rows);
        let filled: Vec<String> = segments
            .map(|segment| match segment.strip_prefix(':') {
                Some(name) => (*values.get(name).unwrap_or(&segment)).to_owned(),
                None if is_odata(segment) => with_odata_keys(segment, &values),
                None => segment.to_owned(),
            })
            .collect();
        let end = if path.ends_with('/') { "/" } else { "" };
        let start = if filled.is_empty() { "" } else { "/" };
        self.path = format!("{start}{}{end}", filled.join("/"));
        self.query = around(&self.query, |text| escape(text, |c| " \"'<>".contains(c)));
        self.fragment.clear();
        if self.query == "?" {
            self.query.clear();
        }
        // A value may have brought a query or a fragment.
        let whole = format!("{}{}{}", self.start, self.path, self.query);
        *self = Self::split(&whole);
    }

    /// What the setting `encodeUrl` does: nothing stays that has a meaning in a URL but `/`, `?`, `&` and the
    /// first `=` of a pair. Escapes in the path are decoded first, those in the query are not.
    fn encode(&mut self) {
        // A fragment is part of what it follows.
        if self.query.is_empty() {
            let (path, query) = cut(&self.fragment, '?');
            self.path.push_str(path);
            self.query = query.to_owned();
        } else {
            self.query.push_str(&self.fragment);
        }
        self.fragment.clear();
        let segments = self.path.split('/').map(|segment| {
            around(segment, |text| {
                let bytes = percent_decode(text.as_bytes());
                let decoded = String::from_utf8(bytes);
                component(&decoded.unwrap_or_else(|_utf8| text.to_owned()))
            })
        });
        self.path = segments.collect::<Vec<_>>().join("/");
        if let Some(query) = self.query.strip_prefix('?') {
            let encoded = |text: &str| around(text, component);
            let pairs = query
                .split('&')
                .filter_map(|pair| match pair.split_once('=') {
                    Some(("", _)) => None,
                    Some((name, value)) => Some(format!("{}={}", encoded(name), encoded(value))),
                    None => Some(encoded(pair)).filter(|pair| !pair.is_empty()),
                });
            self.query = format!("?{}", pairs.collect::<Vec<_>>().join("&"));
        }
    }
}

/// What stands before the first of that character, and the rest with it; a variable may hold it.
fn cut(text: &str, mark: char) -> (&str, &str) {
    let mut at = 0;
    for (part, is_variable) in parts(text) {
        if let Some(found) = part.find(mark).filter(|_| !is_variable) {
            return text.split_at_checked(at + found).unwrap_or((text, ""));
        }
        at += part.len();
    }
    (text, "")
}

/// The values of parameters that are switched on and say something; of one name the first row counts.
fn values(rows: &[Row]) -> HashMap<&str, &str> {
    let mut known = HashSet::new();
    let first = rows.iter().filter(|row| known.insert(row.name.as_str()));
    first
        .filter(|row| row.is_on && !row.value.trim().is_empty())
        .map(|row| (row.name.as_str(), row.value.as_str()))
        .collect()
}

/// `Users('…')`, `Users(a=1,b=2)`.
fn is_odata(segment: &str) -> bool {
    let inside = segment
        .strip_suffix(')')
        .and_then(|text| text.split_once('('));
    inside.is_some_and(|(name, keys)| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        !name.is_empty() && name.chars().all(is_name) && !keys.contains(')')
    })
}

/// Each `:name` in a segment replaced.
fn with_odata_keys(segment: &str, values: &HashMap<&str, &str>) -> String {
    let mut parts = segment.split(':');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let (name, rest) = part.split_at(part.find(is_end).unwrap_or(part.len()));
        match values.get(name) {
            Some(value) => filled.extend([value, rest]),
            None => filled.extend([":", part]),
        }
    }
    filled
}

/// `encodeURIComponent`.
fn component(text: &str) -> String {
    escape(text, |c| {
        !c.is_ascii_alphanumeric() && !"-_.!~*'()".contains(c)
    })
}

/// A name or a value as `URLSearchParams` writes it.
pub(super) fn form_encoded(text: &str) -> String {
    let is_special = |c: char| !c.is_ascii_alphanumeric() && !"*-._ ".contains(c);
    escape(text, is_special).replace(' ', "+")
}

fn form_pair(name: &str, value: &str) -> String {
    let encoded = |text: &str| around(text, form_encoded);
    format!("{}={}", encoded(name), encoded(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_parameters(url: &str) -> String {
        let row = |name: &str, value: &str, is_on| Row {
            is_on,
            ..Row::new(name, value)
        };
        let rows = [
            row("id", "7", true),
            row("off", "8", false),
            row("q", "a?b", true),
        ];
        let mut url = Text::split(url);
        url.fill(&rows);
        url.whole()
    }

    #[test]
    fn parameters_of_the_path_make_it_anew() {
        assert_eq!(with_parameters("a.test//x//:id/?"), "a.test/x/7/");
        assert_eq!(
            with_parameters("http://u:p@a.test/:off/:no"),
            "http://a.test/:off/:no"
        );
        assert_eq!(with_parameters("a.test/:q?x= #f"), "a.test/a?b?x=%20");
        assert_eq!(
            with_parameters("a.test/U(':id',b=:id)/x:id"),
            "a.test/U('7',b=7)/x:id"
        );
        assert_eq!(with_parameters("{{base}}/:id/é"), "{{base}}/7/%C3%A9");
    }

    #[test]
    fn a_url_is_encoded_as_the_setting_says() {
        let encoded = |url: &str| {
            let mut url = Text::split(url);
            url.encode();
            url.whole()
        };
        assert_eq!(
            encoded("http://h/%7e/a b?a=b%20c=d&&=x#f"),
            "http://h/~/a%20b?a=b%2520c%3Dd"
        );
        assert_eq!(
            encoded("http://h/x#f?a={{a b}} "),
            "http://h/x%23f?a={{a b}}"
        );
        assert_eq!(encoded("h/%/\\"), "h/%25/%5C");
    }

    #[test]
    fn a_parameter_that_is_set_has_all_written_anew() {
        let mut url = Text::split("h/x?a=b c&k=1&d=%7e{{v w}}&k=2#f");
        url.set("k", "ü ");
        assert_eq!(url.whole(), "h/x?a=b+c&k=%C3%BC+&d=%7E{{v w}}");
    }
}
