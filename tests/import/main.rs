//! The importers over files as other tools write them: each folder of `tests/fixtures/NAME` is one
//! case, with the requests that are expected of it in `expected.json`.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read shall say so at once"
)]

mod bruno;
mod curl;
mod fetch;
mod har;
mod http;
mod httpie;
mod hurl;
mod insomnia;
mod postman;
mod powershell;
mod problems;
mod raw;
mod round_trip;
mod sent;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use why401::import::{FileError, ImportError, Imported, Source, Surroundings};
use why401::model::Timestamp;

/// Every folder of the format has the requests, and the problems, that its `expected.json` names.
fn assert_each_as_expected(format: &str, input: &str, import: impl Fn(&Path, &Source) -> Imported) {
    let mut wrong = Vec::new();
    for case in cases(format) {
        let text = fs::read(case.join(input)).unwrap();
        let source = Source::new(input, &text);
        let found = in_words(&import(&case, &source), &source);
        let expected = fs::read_to_string(case.join("expected.json")).unwrap_or_default();
        if serde_json::from_str::<Value>(&expected).ok().as_ref() != Some(&found) {
            wrong.push(format!("{}\n{found:#}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cases(format: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(format)).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn folder(format: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format)
}

fn in_words(imported: &Imported, source: &Source<'_>) -> Value {
    let problem = |error: &ImportError| format!("{}: {error}", error.position(source));
    let problems: Vec<String> = imported.problems.iter().map(problem).collect();
    let requests: Vec<Value> = imported.requests.iter().map(why401::import::json).collect();
    json!({"requests": requests, "problems": problems})
}

/// Imports where files lie in this folder, and these variables are set.
fn surrounded<T>(
    files: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
    import: impl FnOnce(&Surroundings<'_>) -> T,
) -> T {
    let file = |path: &Path| -> Result<Vec<u8>, FileError> {
        why401::import::files::read(&files.join(path))
    };
    import(&Surroundings {
        variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    })
}
