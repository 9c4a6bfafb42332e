//! Exports of Insomnia, and what Insomnia sends for them: each folder of `fixtures/insomnia` is an
//! export, its files, and the expected requests. In `fixtures/insomnia5` they are of version 5, with an
//! environment file.

use std::fs;

use why401::import::{Environment, EnvironmentFile, Options, insomnia};

#[test]
fn every_fixture_gives_the_requests_that_insomnia_sends() {
    super::assert_each_as_expected("insomnia", "export.json", |case, source| {
        let environment = match case.ends_with("collection") {
            true => Environment::named("Development"),
            false => Environment::default(),
        };
        let options = Options {
            environment,
            ..Options::default()
        };
        super::surrounded(&case.join("files"), &|_| None, |surroundings| {
            insomnia::import(source, &options, surroundings)
        })
    });
}

#[test]
fn every_fixture_of_version_5_gives_the_requests_that_insomnia_sends() {
    super::assert_each_as_expected("insomnia5", "export.yaml", |case, source| {
        let mut options = Options::default();
        if let Ok(text) = fs::read(case.join("globals.yaml")) {
            let name = "globals.yaml".to_owned();
            options.environment = Environment {
                name: Some("Staging".to_owned()),
                files: vec![EnvironmentFile { name, text }],
            };
        }
        super::surrounded(case, &|_| None, |surroundings| {
            insomnia::import(source, &options, surroundings)
        })
    });
}
