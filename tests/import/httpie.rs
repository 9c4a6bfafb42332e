//! HTTPie commands, and what HTTPie sends for them: each folder of `fixtures/httpie` is a script, its
//! files, and the expected requests.

use why401::import::httpie;

#[test]
fn every_fixture_gives_the_requests_that_httpie_sends() {
    super::assert_each_as_expected("httpie", "command.txt", |case, source| {
        let variable = |name: &str| (name == "STATE").then(|| "paid in full".to_owned());
        super::surrounded(&case.join("files"), &variable, |surroundings| {
            httpie::import(source, surroundings)
        })
    });
}
