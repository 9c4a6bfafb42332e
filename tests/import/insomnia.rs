//! Exports of Insomnia, and what Insomnia sends for them: each folder of `fixtures/insomnia` is an
//! export, its files, and the expected requests.

use why401::import::insomnia::{self, Options};

#[test]
fn every_fixture_gives_the_requests_that_insomnia_sends() {
    super::assert_each_as_expected("insomnia", "export.json", |case, source| {
        let environment = case
            .ends_with("collection")
            .then(|| "Development".to_owned());
        let options = Options {
            environment,
            ..Options::default()
        };
        super::surrounded(&case.join("files"), &|_| None, |surroundings| {
            insomnia::import(source, &options, surroundings)
        })
    });
}
