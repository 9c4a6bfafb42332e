//! The text of requests: each folder of `fixtures/raw` is one, and the request that is expected.

use why401::import::raw;

#[test]
fn every_fixture_gives_the_request_as_it_stands() {
    super::assert_each_as_expected("raw", "request.txt", |_, source| raw::import(source));
}
