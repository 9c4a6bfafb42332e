//! HTTP/2 frames written by hand (RFC 9113 section 4), fields without any compression.

/// With which a client opens a connection (section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The preface and empty settings.
pub fn opening() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// A whole field section in one frame.
pub fn headers(stream: u32, fields: &[(&str, &str)], end_stream: bool) -> Vec<u8> {
    let flags = END_HEADERS | if end_stream { END_STREAM } else { 0 };
    frame(HEADERS, flags, stream, &block(fields))
}

/// The beginning of a field section, with priority and padding.
pub fn padded_headers(stream: u32, fields: &[(&str, &str)], padding: u8) -> Vec<u8> {
    let mut payload = vec![padding, 0, 0, 0, 3, 15];
    payload.extend(block(fields));
    payload.extend(vec![0; usize::from(padding)]);
    frame(HEADERS, PADDED | PRIORITY, stream, &payload)
}

/// More of a field section.
pub fn continuation(stream: u32, fields: &[(&str, &str)], last: bool) -> Vec<u8> {
    let flags = if last { END_HEADERS } else { 0 };
    frame(CONTINUATION, flags, stream, &block(fields))
}

/// Content with padding.
pub fn padded_data(stream: u32, content: &[u8], padding: u8, end_stream: bool) -> Vec<u8> {
    let mut payload = vec![padding];
    payload.extend(content);
    payload.extend(vec![0; usize::from(padding)]);
    let flags = PADDED | if end_stream { END_STREAM } else { 0 };
    frame(DATA, flags, stream, &payload)
}

/// Literal fields without indexing, with new names (RFC 7541 section 6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let literals = fields.iter();
    literals
        .flat_map(|(name, value)| literal(name.as_bytes(), value.as_bytes()))
        .collect()
}

/// One of them.
pub fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    [vec![0], string(name), string(value)].concat()
}

/// A string literal as it is (RFC 7541 section 5.2).
pub fn string(text: &[u8]) -> Vec<u8> {
    [integer(0, 7, text.len()), text.to_vec()].concat()
}

/// An integer behind the upper bits of its first byte (RFC 7541 section 5.1).
pub fn integer(upper: u8, prefix: u32, number: usize) -> Vec<u8> {
    let most = (1_usize << prefix) - 1;
    let byte = |number: usize| u8::try_from(number).expect("a few bits");
    if number < most {
        return vec![upper | byte(number)];
    }
    let mut bytes = vec![upper | byte(most)];
    let mut rest = number - most;
    while rest >= 0x80 {
        bytes.push(byte(rest % 0x80) | 0x80);
        rest /= 0x80;
    }
    bytes.push(byte(rest));
    bytes
}
