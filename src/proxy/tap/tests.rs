//! Which version a connection carries, told by its first bytes however they are cut.

use super::Tap;
use crate::proxy::sample::Recording;

struct Bench {
    tap: Tap,
    recording: Recording,
}

impl Bench {
    fn new() -> Self {
        let recording = Recording::start();
        Self {
            tap: Tap::new(recording.exchanges()),
            recording,
        }
    }

    fn client(&mut self, bytes: &[u8], piece: usize) {
        for piece in bytes.chunks(piece) {
            self.tap.sent_by_client(Some(piece));
        }
    }

    fn origin(&mut self, bytes: &[u8], piece: usize) {
        for piece in bytes.chunks(piece) {
            self.tap.sent_by_origin(Some(piece));
        }
    }

    /// Requests, failures, and what was given up.
    fn counts(&self) -> (u64, u64, u64) {
        let counts = self.recording.recorder.counts();
        (counts.requests, counts.failures, counts.not_decoded)
    }
}

/// Preface, settings, and a GET on stream 1 from the static table.
const CLIENT: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
    \0\0\x03\x01\x05\0\0\0\x01\x82\x84\x87";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
/// 401, as a literal value of the indexed name `:status`.
const REFUSED: &[u8] = b"\0\0\x05\x01\x05\0\0\0\x01\x08\x03401";

#[test]
fn http2_is_told_by_its_preface_however_it_is_cut() {
    for piece in [1, 5, 23, 24, 1000] {
        let mut bench = Bench::new();
        bench.client(CLIENT, piece);
        bench.origin(&[SETTINGS, REFUSED].concat(), piece);
        assert!(matches!(bench.tap, Tap::Http2(_)));
        assert_eq!(bench.counts(), (1, 1, 0), "pieces of {piece}");
    }
}

#[test]
fn an_http2_origin_may_speak_first() {
    for piece in [1, 1000] {
        let mut bench = Bench::new();
        bench.origin(SETTINGS, piece);
        assert!(matches!(bench.tap, Tap::Undecided(_)));
        bench.client(CLIENT, piece);
        bench.origin(REFUSED, piece);
        assert_eq!(bench.counts(), (1, 1, 0), "pieces of {piece}");
    }
}

#[test]
fn a_method_that_begins_like_the_preface_is_http1() {
    for piece in [1, 1000] {
        let mut bench = Bench::new();
        bench.client(b"PRIVATE /a HTTP/1.1\r\n\r\n", piece);
        bench.origin(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", piece);
        assert_eq!(bench.counts(), (1, 1, 0), "pieces of {piece}");
    }
}

#[test]
fn a_server_that_speaks_first_and_no_http_is_given_up_once() {
    let mut bench = Bench::new();
    bench.origin(b"SSH-2.0-server\r\n", 1000);
    bench.client(b"SSH-2.0-client\r\n", 1000);
    bench.tap.sent_by_origin(None);
    assert_eq!(bench.counts(), (0, 0, 1));
}

#[test]
fn what_an_origin_says_first_is_kept_within_a_bound() {
    let mut bench = Bench::new();
    bench.origin(&[SETTINGS, &[0; 20_000]].concat(), 1000);
    assert_eq!(bench.counts(), (0, 0, 1));
}
