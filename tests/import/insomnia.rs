//! Exports of Insomnia, and what Insomnia sends for them: each folder of `fixtures/insomnia` is an
//! export, its files, and the expected requests.

use why401::import::{Environment, Options, insomnia};

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
