//! Files of Bruno, and what Bruno sends for them: each folder of `fixtures/bruno` is a request, its
//! environment, its files, and the expected request; those of `fixtures/bruno_json` and `bruno_yaml` are
//! exports of collections.

use std::fs;
use std::path::Path;

use why401::import::{Environment, Options, bruno};

#[test]
fn every_fixture_gives_the_request_that_bruno_sends() {
    super::assert_each_as_expected("bruno", "input.bru", |case, source| {
        let variable = |name: &str| (name == "TOKEN").then(|| "t0k3n".to_owned());
        super::surrounded(&case.join("files"), &variable, |surroundings| {
            bruno::import(source, &options(case), surroundings)
        })
    });
}

#[test]
fn every_exported_collection_gives_the_requests_that_bruno_sends() {
    for (format, file) in [
        ("bruno_json", "collection.json"),
        ("bruno_yaml", "collection.yml"),
    ] {
        super::assert_each_as_expected(format, file, |case, source| {
            super::surrounded(&case.join("files"), &|_| None, |surroundings| {
                bruno::import(source, &options(case), surroundings)
            })
        });
    }
}

fn options(case: &Path) -> Options {
    let mut options = Options::default();
    if case.ends_with("collection") {
        options.environment = Environment::named("Development");
    }
    if let Ok(text) = fs::read(case.join("environment.yml")) {
        options.environment = Environment::of_file("environment.yml", &text);
    }
    if let Ok(text) = fs::read(case.join("environment.bru")) {
        options.environment = Environment::of_file("environment.bru", &text);
    }
    options
}
