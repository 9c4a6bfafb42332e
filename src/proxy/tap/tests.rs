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

/// A handshake, and what comes after it, over HTTP/1.
fn websocket_bench(from_origin: &[&[u8]], piece: usize) -> Bench {
    let mut bench = Bench::new();
    bench.client(
        b"GET /live HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        piece,
    );
    let handshake =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n";
    bench.origin(&[&handshake[..], &from_origin.concat()].concat(), piece);
    bench.client(b"\x81\x82\0\0\0\0hi", piece);
    bench.tap.sent_by_origin(None);
    bench
}

#[test]
fn a_websocket_that_is_closed_for_want_of_credentials_is_a_failure() {
    for piece in [1, 7, 1000] {
        let refused = websocket_bench(&[b"\x81\x02hi", b"\x88\x04\x11\x31no"], piece);
        assert_eq!(refused.counts(), (1, 1, 0), "pieces of {piece}");
        let ended = websocket_bench(&[b"\x81\x02hi", b"\x88\x02\x03\xe8"], piece);
        assert_eq!(ended.counts(), (1, 0, 0), "pieces of {piece}");
        let nonsense = websocket_bench(&[b"HTTP/1.1 is no frame"], piece);
        assert_eq!(nonsense.counts(), (1, 0, 1), "pieces of {piece}");
    }
}

#[test]
fn what_a_connection_is_upgraded_to_is_followed_or_counted() {
    let mut bench = Bench::new();
    bench.client(b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", 1000);
    bench.origin(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        1000,
    );
    bench.client(CLIENT, 1000);
    bench.origin(SETTINGS, 1000);
    bench.tap.sent_by_origin(None);
    assert_eq!(bench.counts(), (1, 0, 1));
}

#[test]
fn a_grpc_call_that_was_refused_in_its_trailers_is_a_failure() {
    let answered = |status: &str| {
        let mut bench = Bench::new();
        bench.client(b"POST /p.S/M HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 1000);
        let response = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n\
             0\r\ngrpc-status: {status}\r\n\r\n"
        );
        bench.origin(response.as_bytes(), 1);
        bench.counts()
    };
    assert_eq!(answered("16"), (1, 1, 0));
    assert_eq!(answered("7"), (1, 0, 0));
    assert_eq!(answered("0"), (1, 0, 0));
}

#[test]
fn a_websocket_on_a_stream_of_http2_is_followed() {
    // Literal fields: `:method: CONNECT`, `:protocol: websocket`.
    let connect = b"\0\0\x20\x01\x04\0\0\0\x01\x02\x07CONNECT\0\x09:protocol\x09websocket\x84\x87";
    let length = u8::try_from(connect.len() - 9).unwrap();
    let connect = [&[0, 0, length], &connect[3..]].concat();
    let accepted = b"\0\0\x01\x01\x04\0\0\0\x01\x88";
    let close = b"\0\0\x04\0\x01\0\0\0\x01\x88\x02\x03\xf0";
    for piece in [1, 1000] {
        let mut bench = Bench::new();
        bench.client(&CLIENT[..33], piece);
        bench.client(&connect, piece);
        bench.origin(&[SETTINGS, accepted, close].concat(), piece);
        assert_eq!(bench.counts(), (1, 1, 0), "pieces of {piece}");
    }
}
