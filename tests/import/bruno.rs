//! Files of Bruno, and what Bruno sends for them: each folder of `fixtures/bruno` is a request, its
//! environment, its files, and the expected request.

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

fn options(case: &Path) -> Options {
    let mut options = Options::default();
    if let Ok(text) = fs::read(case.join("environment.bru")) {
        options.environment = Environment::of_file("environment.bru", &text);
    }
    options
}
