//! Every folder under tests/fixtures/diagnosis is a Case and the answer it must get.
//!
//! `<cause>/<case>/` holds
//! - `failing.http`, the request as sent, and `response.http`, the answer (left out: nobody saw one);
//! - `baseline.http`, a known-good request, and `case.json`, times and exchanges around, both where needed;
//! - `expected.md`, the answer. `WHY401_BLESS=1 cargo test --test diagnosis_fixtures` writes it anew.
//!
//! What blessing cannot change: the folder's cause must be the verdict or an alternative; in a case whose name
//! starts with `not-` it must be neither. README.md in that folder tells the format.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fixture that cannot be read fails the test"
)]

mod fixture;

use std::path::{Path, PathBuf};

use why401::diagnosis::diagnose;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/diagnosis");

#[test]
fn every_case_gets_its_answer() {
    let bless = std::env::var_os("WHY401_BLESS").is_some();
    let cases = folders(Path::new(FOLDER))
        .iter()
        .flat_map(|cause| folders(cause))
        .collect::<Vec<_>>();
    assert!(cases.len() > 30, "only {} cases found", cases.len());
    let complaints: Vec<String> = cases
        .iter()
        .filter_map(|folder| complaint(folder, bless))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What is wrong with a case, if anything.
fn complaint(folder: &Path, bless: bool) -> Option<String> {
    let case = fixture::read(folder);
    let diagnosis = diagnose(&case);
    let shown = folder.strip_prefix(FOLDER).unwrap().display();
    let cause = name(folder.parent().unwrap());
    let named = diagnosis
        .verdict
        .iter()
        .chain(&diagnosis.alternatives)
        .any(|finding| finding.cause == cause);
    let must_be_silent = name(folder).starts_with("not-");
    if named == must_be_silent {
        let verdict = diagnosis.verdict.map(|finding| finding.cause);
        return Some(format!(
            "{shown}: {cause} {}; the verdict is {verdict:?}",
            if named { "is named" } else { "is not named" }
        ));
    }
    assert!(
        diagnosis == diagnose(&case),
        "{shown}: the same Case got another answer"
    );
    let answer = fixture::render(&diagnosis);
    let path = folder.join("expected.md");
    if bless {
        std::fs::write(&path, &answer).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    (expected != answer).then(|| {
        format!("{shown}: expected.md differs (WHY401_BLESS=1 writes it anew); got:\n{answer}")
    })
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(of)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}
