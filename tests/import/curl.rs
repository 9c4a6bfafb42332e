//! Curl commands as browsers, Postman, Insomnia and people write them, and what curl sends for
//! them: each folder of `fixtures/curl` is a command, its files, and the expected requests.

use std::path::Path;

use why401::import::{Imported, Source, curl};

#[test]
fn every_fixture_gives_the_requests_that_curl_sends() {
    super::assert_each_as_expected("curl", "command.txt", |case, source| {
        import(source, &case.join("files"))
    });
}

#[test]
fn imported_text_is_in_no_debug_output() {
    let text =
        b"curl -u tim:canary-1 -d canary-2 -b c=canary-3 -H 'X: canary-4' https://api.acme.test/";
    let imported = import(&Source::new("x", text), Path::new(""));
    assert_eq!(imported.requests.len(), 1);
    assert!(!format!("{imported:?}").contains("canary"));
}

/// Imports with the environment of all fixtures: `STATE` and `HOME`, which is the folder of files.
fn import(source: &Source<'_>, files: &Path) -> Imported {
    let variable = |name: &str| match name {
        "HOME" => Some(".".to_owned()),
        "STATE" => Some("paid in full".to_owned()),
        _ => None,
    };
    super::surrounded(files, &variable, |surroundings| {
        curl::import(source, surroundings)
    })
}
