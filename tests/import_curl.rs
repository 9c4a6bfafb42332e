//! Curl commands as browsers, Postman, Insomnia and people write them, and what curl sends for
//! them: each folder of `fixtures/curl` is a command, its files, and the expected requests.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read shall say so at once"
)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use why401::import::{FileError, Imported, Source, Surroundings, curl, json};
use why401::model::Timestamp;

#[test]
fn every_fixture_gives_the_requests_that_curl_sends() {
    let mut wrong = Vec::new();
    for case in cases() {
        let text = fs::read(case.join("command.txt")).unwrap();
        let source = Source::new("command.txt", &text);
        let found = in_words(&import(&source, &case.join("files")), &source);
        let expected = fs::read_to_string(case.join("expected.json")).unwrap_or_default();
        if serde_json::from_str::<Value>(&expected).ok().as_ref() != Some(&found) {
            wrong.push(format!("{}\n{found:#}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imported_text_is_in_no_debug_output() {
    let text =
        b"curl -u tim:canary-1 -d canary-2 -b c=canary-3 -H 'X: canary-4' https://api.acme.test/";
    let imported = import(&Source::new("x", text), Path::new(""));
    assert_eq!(imported.requests.len(), 1);
    assert!(!format!("{imported:?}").contains("canary"));
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/curl");
    let entries = fs::read_dir(folder).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// Imports with the environment of all fixtures: `STATE` and `HOME`, which is the folder of files.
fn import(source: &Source<'_>, files: &Path) -> Imported {
    let variable = |name: &str| match name {
        "HOME" => Some(".".to_owned()),
        "STATE" => Some("paid in full".to_owned()),
        _ => None,
    };
    let file = |path: &Path| -> Result<Vec<u8>, FileError> {
        why401::import::files::read(&files.join(path))
    };
    let surroundings = Surroundings {
        variable: &variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    curl::import(source, &surroundings)
}

fn in_words(imported: &Imported, source: &Source<'_>) -> Value {
    let problem = |problem| {
        let error: &why401::import::ImportError = problem;
        format!("{}: {error}", error.position(source))
    };
    let problems: Vec<String> = imported.problems.iter().map(problem).collect();
    json!({"requests": json(&imported.requests), "problems": problems})
}
