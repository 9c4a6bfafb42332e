//! Shapes that nobody would write down: one for every byte, every padding, every place to split.

use super::shape::{Act, Pace, Protocol, Shape, Side};
use crate::common::frames;

/// All of them.
pub fn all() -> Vec<Shape> {
    let mut shapes = Vec::new();
    shapes.extend((1..=u8::MAX).filter_map(byte_in_a_field));
    shapes.extend((0..=u8::MAX).map(padding));
    shapes.extend(splits());
    shapes
}

/// Each byte that can stand in a field value without ending it, visible or not, in both directions.
fn byte_in_a_field(byte: u8) -> Option<Shape> {
    if matches!(byte, b'\r' | b'\n') {
        return None;
    }
    let with = |start: &str, end: &str| [start.as_bytes(), &[byte], end.as_bytes()].concat();
    let request = with(
        "GET /bytes HTTP/1.1\r\nHost: localhost\r\nCookie: a=",
        "b\r\n\r\n",
    );
    let response = with(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"",
        "\"\r\nContent-Length: 0\r\n\r\n",
    );
    Some(shape(
        format!("the byte {byte:#04x} in a field"),
        Protocol::Http1,
        request,
        response,
    ))
}

/// Head and content behind each length of padding.
fn padding(length: u8) -> Shape {
    let request = [
        frames::opening(),
        frames::padded_headers(1, REQUEST, length),
        frames::padded_data(1, b"content", length, true),
    ];
    let response = [
        frames::frame(frames::SETTINGS, 0, 0, &[]),
        frames::padded_headers(1, RESPONSE, length),
        frames::continuation(1, &[("x-padding", "before")], true),
        frames::padded_data(1, b"", length, true),
    ];
    let mut request = request.concat();
    end_headers(&mut request);
    shape(
        format!("padding of {length} bytes"),
        Protocol::Http2,
        request,
        response.concat(),
    )
}

const REQUEST: &[(&str, &str)] = &[
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", "localhost"),
    (":path", "/padded"),
];
const RESPONSE: &[(&str, &str)] = &[(":status", "401"), ("www-authenticate", "Bearer")];

/// The kit's padded head is the beginning of one: here it is all there is.
fn end_headers(request: &mut [u8]) {
    const FLAGS: usize = 4;
    let at = frames::opening().len() + FLAGS;
    request[at] |= 0x4;
}

/// A field section that is split in two at each of its bytes, and once at all of them.
fn splits() -> Vec<Shape> {
    let block = frames::block(RESPONSE);
    let mut shapes: Vec<_> = (0..=block.len())
        .map(|at| split(format!("a head that is split at {at}"), &[at], &block))
        .collect();
    let everywhere: Vec<_> = (1..block.len()).collect();
    shapes.push(split(
        "a head in single bytes".to_owned(),
        &everywhere,
        &block,
    ));
    shapes
}

fn split(name: String, at: &[usize], block: &[u8]) -> Shape {
    let mut response = frames::frame(frames::SETTINGS, 0, 0, &[]);
    let mut start = 0;
    for (number, end) in at.iter().copied().chain([block.len()]).enumerate() {
        let (kind, end_stream) = match number {
            0 => (frames::HEADERS, 0x1),
            _ => (frames::CONTINUATION, 0),
        };
        let end_headers = if number == at.len() { 0x4 } else { 0 };
        let part = &block[start..end];
        response.extend(frames::frame(kind, end_headers | end_stream, 1, part));
        start = end;
    }
    let request = [frames::opening(), frames::headers(1, REQUEST, true)];
    shape(name, Protocol::Http2, request.concat(), response)
}

fn shape(name: String, protocol: Protocol, request: Vec<u8>, response: Vec<u8>) -> Shape {
    Shape {
        name,
        protocol,
        pace: Pace::InTurn,
        acts: vec![
            Act::Says(Side::Client, request),
            Act::Says(Side::Origin, response),
        ],
    }
}
