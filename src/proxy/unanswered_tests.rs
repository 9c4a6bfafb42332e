//! Requests that are never answered: what they may take up.

use super::in_order::InOrder;
use super::sample::Recording;
use super::waiting::MOST as OPEN_LIMIT;
use crate::wire::head::Head;

/// How many such requests are followed before it is too much.
fn followed(trailers: usize) -> usize {
    let recording = Recording::start();
    let mut exchanges = InOrder::new(recording.exchanges());
    let mut count = 0;
    while exchanges.request(Head::new(*b"GET / HTTP/1.1\r\n\r\n"), Vec::new()) {
        exchanges.request_end(Some(vec![b'a'; trailers].into()));
        count += 1;
        assert!(count < 1_000_000, "no end");
    }
    count
}

#[test]
fn small_requests_count_with_all_that_they_take_up() {
    let count = followed(0);
    assert!(count > 1000 && count < OPEN_LIMIT / 200, "{count} requests");
}

#[test]
fn trailers_count_as_well() {
    let count = followed(100_000);
    assert!(
        count > 10 && count <= OPEN_LIMIT / 100_000 + 1,
        "{count} requests"
    );
}
