//! Hurl files, and what Hurl sends for them: each folder of `fixtures/hurl` is a file, its variables,
//! its files, and the expected requests.

use std::fs;
use std::path::Path;

use serde_json::Value;
use why401::import::{Options, hurl};

#[test]
fn every_fixture_gives_the_requests_that_hurl_sends() {
    super::assert_each_as_expected("hurl", "input.hurl", |case, source| {
        super::surrounded(&case.join("files"), &|_| None, |surroundings| {
            hurl::import(source, &options(case), surroundings)
        })
    });
}

fn options(case: &Path) -> Options {
    let mut options = Options::default();
    if let Ok(text) = fs::read(case.join("options.json")) {
        let given: Value = serde_json::from_slice(&text).unwrap();
        for (name, value) in given.get("variables").and_then(Value::as_object).unwrap() {
            let row = (name.clone(), value.as_str().unwrap().to_owned());
            options.variables.push(row);
        }
    }
    options
}
