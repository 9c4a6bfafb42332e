//! `.http` files: each folder of `fixtures/http` is a file, the environment that is named for it as
//! `environment.json` (its part `dev`), the files that it names, and the expected requests.

use std::fs;
use std::path::Path;

use why401::import::{EnvironmentFile, Format, Options, import};

#[test]
fn every_fixture_gives_the_requests_that_rest_client_sends() {
    super::assert_each_as_expected("http", "requests.http", |case, source| {
        let variable = |name: &str| (name == "API_KEY").then(|| "key-of-the-system".to_owned());
        super::surrounded(&case.join("files"), &variable, |surroundings| {
            import(Format::Http, source, &options(case), surroundings)
        })
    });
}

fn options(case: &Path) -> Options {
    let mut options = Options::default();
    for name in ["environment.json", "private.json"] {
        if let Ok(text) = fs::read(case.join(name)) {
            options.environment.name = Some("dev".to_owned());
            let name = name.to_owned();
            options
                .environment
                .files
                .push(EnvironmentFile { name, text });
        }
    }
    options
}
