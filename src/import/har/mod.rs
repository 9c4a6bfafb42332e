//! Imports requests from HAR 1.2 archives, as browsers and proxies save them.
//!
//! The entries are taken as they stand: an archive says what was sent, not how it was made.

mod archive;
mod content;
mod entry;
mod lossy;
mod scan;
mod select;

use std::io::Read;

use self::archive::Log;
use self::scan::{Fault, Scanner};
use self::select::Collector;
pub use self::select::Selection;
use super::{ErrorKind, Imported, Position, Source};

/// The largest archive that is read. It is not held, so only time is the limit.
pub const MAX_SOURCE_BYTES: u64 = 4 * 1024 * 1024 * 1024 - 1;

/// What was found in an archive that is not at hand as a whole.
#[derive(Debug)]
pub struct Archive {
    /// The requests, in the order of the entries, and all that is wrong.
    pub imported: Imported,
    /// The place of each problem.
    pub positions: Vec<Position>,
}

/// The requests of an archive, in the order of its entries.
///
/// An entry that is no HTTP request yields a problem; the others are imported all the same.
pub fn import(source: &Source<'_>, selection: &Selection) -> Imported {
    walk(source.bytes(), source.span().start, selection).imported
}

/// The requests of an archive that is read only once, and of which only those requests are kept.
pub fn read(reader: impl Read, selection: &Selection) -> Archive {
    walk(reader, 0, selection)
}

fn walk(reader: impl Read, offset: usize, selection: &Selection) -> Archive {
    let mut scanner = Scanner::new(reader.take(MAX_SOURCE_BYTES), offset);
    let start = scanner.place();
    let mut log = Log::default();
    let mut collector = Collector::new(selection);
    let walked = archive::entries(&mut scanner, &mut log, &mut |entry, log| {
        collector.take(entry, log)
    });
    let fault = walked.err().map(within_limit);
    let (requests, faults) = collector.finish(fault, start, &log);
    let (problems, positions) = faults.into_iter().map(Fault::into_error).unzip();
    Archive {
        imported: Imported { requests, problems },
        positions,
    }
}

/// Where reading stops is no fault of the text.
fn within_limit(fault: Fault) -> Fault {
    let limit = usize::try_from(MAX_SOURCE_BYTES).unwrap_or(usize::MAX);
    if fault.place.offset < limit {
        return fault;
    }
    fault.place.fault(ErrorKind::Large { limit_bytes: limit })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::HttpVersion;

    fn imported(text: &[u8]) -> Imported {
        import(&Source::new("x", text), &Selection::All)
    }

    #[test]
    fn a_list_is_no_archive() {
        let problems = imported(b" [{\"log\": 1}]").problems;
        assert_eq!(problems[0].kind, ErrorKind::Shape(archive::NO_HAR));
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
                "headers": [{"name": "Host", "value": "x"}, {"name": header, "value": "x"}]});
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
            import(&Source::new("x", log.as_bytes()), &Selection::Number(number));
        }
    }
}
