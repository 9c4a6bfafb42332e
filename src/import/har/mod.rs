//! Imports requests from HAR 1.2 archives, as browsers and proxies save them.
//!
//! The entries are taken as they stand: an archive says what was sent, not how it was made.

mod entry;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json_text::JsonText;
use super::{ErrorKind, ImportError, Imported, ImportedRequest, Source, Span};

/// The largest archive that is read: they hold all responses of a page.
pub const MAX_SOURCE_BYTES: usize = 128 * 1024 * 1024;

/// The most entries of one archive.
const MAX_ENTRIES: usize = 20_000;

/// The most problems that are reported of one archive.
const MAX_PROBLEMS: usize = 1000;

/// As many entries as somebody could want to choose from.
const MOST_LISTED: usize = 20;

/// Which entries to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All.
    All,
    /// That one; the first has the number 1.
    Number(usize),
    /// The only one that was answered with 2xx.
    OnlySuccess,
    /// The only one that was answered with 401.
    OnlyUnauthorized,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    log: Option<Log<'a>>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(default)]
    creator: Value,
    #[serde(borrow)]
    entries: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Entry {
    request: Option<Value>,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    status: Value,
}

/// An entry that could be read.
struct Found {
    number: usize,
    status: u64,
    request: ImportedRequest,
}

/// The requests of an archive, in the order of its entries.
///
/// An entry that is no HTTP request yields a problem; the others are imported all the same.
pub fn import(source: &Source<'_>, selection: Selection) -> Imported {
    if source.bytes().len() > MAX_SOURCE_BYTES {
        let limit_bytes = MAX_SOURCE_BYTES;
        return failed(ErrorKind::Large { limit_bytes }, source);
    }
    let read =
        JsonText::new(source).and_then(|text| Ok((text, text.object(text.whole(), NO_HAR)?)));
    let (text, file): (JsonText<'_>, File<'_>) = match read {
        Ok(read) => read,
        Err(problem) => {
            return Imported {
                requests: Vec::new(),
                problems: vec![problem],
            };
        }
    };
    let creator = file.log.as_ref().map(|log| log.creator.clone());
    let Some(entries) = file.log.and_then(|log| log.entries) else {
        return failed(ErrorKind::Shape(NO_HAR), source);
    };
    let (mut found, problems) = all(&text, &entries);
    warn_if_sanitised(&mut found, &creator.unwrap_or_default());
    match selection {
        Selection::All => Imported {
            requests: found.into_iter().map(|found| found.request).collect(),
            problems,
        },
        Selection::Number(number) => by_number(number, found, entries.len(), source, problems),
        Selection::OnlySuccess => only(found, |status| (200..300).contains(&status), source),
        Selection::OnlyUnauthorized => only(found, |status| status == 401, source),
    }
}

fn all(text: &JsonText<'_>, entries: &[&RawValue]) -> (Vec<Found>, Vec<ImportError>) {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (at, raw) in entries.iter().enumerate() {
        let start = text.span(raw.get()).start;
        let start = Span::new(start, start);
        if at >= MAX_ENTRIES || problems.len() >= MAX_PROBLEMS {
            problems.push(ImportError::new(start, ErrorKind::TooMuch));
            break;
        }
        let number = at + 1;
        let entry = text.object::<Entry>(raw.get(), "this is no entry of a HAR file");
        let read = entry.and_then(|entry| {
            let status = entry.response.and_then(|response| response.status.as_u64());
            let request = entry::request(&entry.request.unwrap_or_default(), text.span(raw.get()));
            let request = request.map_err(|reason| {
                let name = format!("#{number}");
                ImportError::new(start, ErrorKind::Item { name, reason })
            })?;
            Ok(Found {
                number,
                status: status.unwrap_or_default(),
                request,
            })
        });
        match read {
            Ok(entry) => found.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
    (found, problems)
}

fn by_number(
    number: usize,
    found: Vec<Found>,
    count: usize,
    source: &Source<'_>,
    problems: Vec<ImportError>,
) -> Imported {
    if let Some(only) = found.into_iter().find(|found| found.number == number) {
        return Imported {
            requests: vec![only.request],
            problems: Vec::new(),
        };
    }
    let name = format!("#{number}");
    let of_it = |problem: &ImportError| matches!(&problem.kind, ErrorKind::Item { name: own, .. } if *own == name);
    if let Some(problem) = problems.into_iter().find(of_it) {
        return Imported {
            requests: Vec::new(),
            problems: vec![problem],
        };
    }
    let known = match count {
        0 => Vec::new(),
        count => vec![format!("#1 to #{count}")],
    };
    failed(
        ErrorKind::NoItem {
            wanted: name,
            known,
        },
        source,
    )
}

/// The only entry with a status that fits.
fn only(found: Vec<Found>, fits: impl Fn(u64) -> bool, source: &Source<'_>) -> Imported {
    let fits = |found: &Found| fits(found.status);
    let mut good: Vec<Found> = found.into_iter().filter(fits).collect();
    if good.len() > 1 {
        let known = good.iter().take(MOST_LISTED).map(listed).collect();
        return failed(ErrorKind::SeveralItems { known }, source);
    }
    match good.pop() {
        Some(only) => Imported {
            requests: vec![only.request],
            problems: Vec::new(),
        },
        None => failed(ErrorKind::Shape(NONE_FITS), source),
    }
}

/// Enough to know an entry by; queries may hold secrets.
fn listed(found: &Found) -> String {
    let request = &found.request.request;
    let path = String::from_utf8_lossy(&request.url.path);
    let path: String = path.chars().take(80).collect();
    let host = request.url.origin.authority();
    format!(
        "#{} {} {host}{path} ({})",
        found.number, request.method, found.status
    )
}

/// Chrome leaves credentials out unless it is told to save them; then no entry has any.
fn warn_if_sanitised(found: &mut [Found], creator: &Value) {
    let is_chrome = creator.get("name").and_then(Value::as_str) == Some("WebInspector");
    let has_credential = |found: &Found| {
        let fields = &found.request.request.fields;
        fields.contains("authorization") || fields.contains("cookie")
    };
    if !is_chrome || found.iter().any(has_credential) {
        return;
    }
    for found in found {
        found.request.warnings.push(SANITISED.to_owned());
    }
}

fn failed(kind: ErrorKind, source: &Source<'_>) -> Imported {
    let start = Span::new(source.span().start, source.span().start);
    Imported {
        requests: Vec::new(),
        problems: vec![ImportError::new(start, kind)],
    }
}

const NO_HAR: &str = "this is no HAR file: it has no \"log\" with a list \"entries\"";
const NONE_FITS: &str = "no entry has the status that is looked for: name the one you mean, as in \
                         FILE.har#1";
const SANITISED: &str = "the file has no Authorization and no Cookie at all: Chrome leaves them out \
                         unless \"Export HAR (with sensitive data)\" is chosen";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::HttpVersion;

    fn imported(text: &[u8]) -> Imported {
        import(&Source::new("x", text), Selection::All)
    }

    #[test]
    fn a_list_is_no_archive() {
        let problems = imported(b" [{\"log\": 1}]").problems;
        assert_eq!(problems[0].kind, ErrorKind::Shape(NO_HAR));
        assert_eq!(problems[0].span.start, 1);
    }

    #[test]
    fn the_version_goes_by_its_name_or_by_pseudo_header_fields() {
        let entry = |version: &str, name: &str| {
            let headers = json!([{"name": name, "value": "x"}]);
            let request = json!({"method": "GET", "url": "http://a.test", "httpVersion": version,
                "headers": headers});
            let log = json!({"log": {"entries": [{"request": request}]}});
            let imported = imported(log.to_string().as_bytes());
            imported.requests[0].request.version
        };
        assert_eq!(entry("http/2.0", "a"), HttpVersion::Http2);
        assert_eq!(entry("h3", "a"), HttpVersion::Http2);
        assert_eq!(entry("", ":authority"), HttpVersion::Http2);
        assert_eq!(entry("HTTP/1.0", "a"), HttpVersion::Http10);
        assert_eq!(entry("unknown", "a"), HttpVersion::Http11);
    }

    #[test]
    fn only_chrome_is_said_to_leave_credentials_out() {
        let warnings = |creator: &str, header: &str| {
            let request = json!({"method": "GET", "url": "http://a.test",
                "headers": [{"name": header, "value": "x"}]});
            let log =
                json!({"log": {"creator": {"name": creator}, "entries": [{"request": request}]}});
            imported(log.to_string().as_bytes()).requests[0]
                .warnings
                .len()
        };
        assert_eq!(warnings("WebInspector", "accept"), 1);
        assert_eq!(warnings("WebInspector", "Cookie"), 0);
        assert_eq!(warnings("Firefox", "accept"), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let imported = imported(&bytes);
            prop_assert!(imported.requests.is_empty() && imported.problems.len() == 1);
        }

        #[test]
        fn any_texts_are_read_or_refused(
            method: String, url in "(https?://)?[a-z:/?#@. é%]{0,20}", header: String, value: String,
            number: usize,
        ) {
            let request = json!({"method": method, "url": url,
                "headers": [{"name": header, "value": value}], "postData": {"text": value}});
            let log = json!({"log": {"entries": [{"request": request}]}}).to_string();
            let imported = imported(log.as_bytes());
            prop_assert_eq!(imported.requests.len() + imported.problems.len(), 1);
            import(&Source::new("x", log.as_bytes()), Selection::Number(number));
        }
    }
}
