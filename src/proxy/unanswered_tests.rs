//! Requests that are never answered: what they may take up.

use std::sync::Arc;

use super::exchanges::{Exchanges, OPEN_LIMIT};
use super::in_order::InOrder;
use super::path::Path;
use crate::capture::{self, Recorder, Settings, Writer, sample};
use crate::model::Entry;
use crate::wire::head::Head;

struct Bench {
    recorder: Recorder,
    _writer: Writer,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(|path| String::from_utf8_lossy(path).into_owned());
        let store = sample::open(folder.path());
        let clock = sample::Hands::at_start().clock();
        let (recorder, writer, _notices) = capture::start(settings, store, clock).unwrap();
        Self {
            recorder,
            _writer: writer,
            _folder: folder,
        }
    }

    fn exchanges(&self) -> InOrder {
        let path = Path {
            connection: 1,
            entry: Entry::Tunnel,
            client: sample::client(),
            origin: Arc::new(sample::origin("api.acme.test")),
            upstream: None,
            client_tls: None,
            upstream_tls: None,
            verification: None,
            connect: None,
            handshake: None,
        };
        InOrder::new(Exchanges::new(self.recorder.clone(), path))
    }
}

/// How many such requests are followed before it is too much.
fn followed(trailers: usize) -> usize {
    let bench = Bench::new();
    let mut exchanges = bench.exchanges();
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
