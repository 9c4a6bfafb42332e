//! What curl sends for a command, seen from outside.

mod any_text;
mod refused;
mod script;
mod sent;

use std::path::Path;

use super::import;
use crate::import::{FileError, Imported, ImportedRequest, Source, Surroundings};
use crate::model::Timestamp;

/// Imports with the variables `TOKEN` (of one word), `WORDS` (of two) and `EMPTY`, and the files
/// that are named here.
fn imported(text: &str) -> Imported {
    let variable = |name: &str| match name {
        "TOKEN" => Some("t0k".to_owned()),
        "WORDS" => Some("two words".to_owned()),
        "EMPTY" => Some(String::new()),
        "HOME" => Some("home".to_owned()),
        _ => None,
    };
    let file = |path: &Path| match path.to_str() {
        Some("body") => Ok(b"{\r\n\"a\": 1}\n".to_vec()),
        Some("tag") => Ok(b"\"1\"\n".to_vec()),
        Some("home/.netrc") => Ok(b"machine a.test login nina password p\n".to_vec()),
        Some("jar") => Ok(b"a.test\tFALSE\t/\tFALSE\t0\tsid\t1\n".to_vec()),
        Some("notes.txt") => Ok(b"note".to_vec()),
        Some("large") => Ok(vec![0; 17 * 1024 * 1024]),
        Some("fields") => Ok(b"X-A: 1\r\n# no\n\nX-B: 2\n".to_vec()),
        _ => Err(FileError::Missing),
    };
    let surroundings = Surroundings {
        variable: &variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    import(&Source::new("-", text.as_bytes()), &surroundings)
}

fn one(text: &str) -> ImportedRequest {
    let imported = imported(text);
    assert_eq!(imported.problems, [], "{text}");
    assert_eq!(imported.requests.len(), 1, "{text}");
    imported.requests.into_iter().next().unwrap()
}

/// The only problem of a text that yields no request.
fn refused(text: &str) -> String {
    let imported = imported(text);
    assert_eq!(imported.requests, [], "{text}");
    assert_eq!(
        imported.problems.len(),
        1,
        "{text}: {:?}",
        imported.problems
    );
    imported.problems[0].to_string()
}

/// The field lines of the only request, as text.
fn fields(text: &str) -> Vec<String> {
    let request = one(text).request;
    let lines = request.fields.lines().iter();
    let text = |line: &crate::model::FieldLine| {
        let value = String::from_utf8_lossy(line.raw_value()).into_owned();
        format!("{}:{value}", line.name_text())
    };
    lines.map(text).collect()
}

/// The lines that are not the same for every request.
fn own_fields(text: &str) -> Vec<String> {
    let mut lines = fields(text);
    let usual = ["Host: a.test", "User-Agent: curl/8.14.1", "Accept: */*"];
    lines.retain(|line| !usual.contains(&line.as_str()));
    lines
}

fn body(text: &str) -> String {
    String::from_utf8(one(text).request.content.bytes).unwrap()
}

fn target(text: &str) -> String {
    String::from_utf8(one(text).request.target).unwrap()
}
