//! `fetch` calls: each folder of `fixtures/fetch` is a text, and the requests that are expected.

use why401::import::fetch;

#[test]
fn every_fixture_gives_the_requests_that_the_calls_send() {
    super::assert_each_as_expected("fetch", "snippet.js", |_, source| fetch::import(source));
}
