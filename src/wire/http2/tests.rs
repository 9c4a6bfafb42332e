//! What the decoder makes of connections, whole and cut into pieces, and of hostile bytes.

use super::{Decoder, Event, Limits, Sender};
use crate::wire::hpack::test_encoder::{Choice, Encoder};

pub(super) const LIMITS: Limits = Limits {
    block: 64 * 1024,
    table: 1024 * 1024,
};

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Events with content pieces joined, so that they do not depend on how the streams were cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Fields(u32, Vec<(Vec<u8>, Vec<u8>)>, bool),
    Oversized(u32, bool),
    Content(u32, Vec<u8>, bool),
    Reset(u32, u32),
    GoAway(u32, u32),
    GaveUp(&'static str),
}

/// What is told of bytes, each part cut into pieces of `cut` bytes.
pub(super) fn told(script: &[(Sender, Vec<u8>)], cut: usize) -> Vec<Told> {
    let mut decoder = Decoder::new(LIMITS);
    let mut told = Vec::new();
    for (sender, bytes) in script {
        for piece in bytes.chunks(cut) {
            feed(&mut decoder, *sender, piece, &mut told);
        }
    }
    let gave_up = matches!(told.last(), Some(Told::GaveUp(_)));
    assert_eq!(decoder.is_following(), !gave_up);
    told
}

pub(super) fn feed(decoder: &mut Decoder, from: Sender, piece: &[u8], told: &mut Vec<Told>) {
    let mut rest = piece;
    loop {
        let (taken, event) = decoder.decode(from, rest);
        rest = &rest[taken..];
        match event {
            Some(event) => tell(told, event),
            None if rest.is_empty() => return,
            None => assert!(taken > 0, "nothing taken and nothing told"),
        }
    }
}

fn tell(told: &mut Vec<Told>, event: Event<'_>) {
    let next = match event {
        Event::Fields {
            stream,
            fields,
            end_stream,
        } => {
            let fields = fields.iter().map(|(n, v)| (n.to_vec(), v.to_vec()));
            Told::Fields(stream, fields.collect(), end_stream)
        }
        Event::Oversized { stream, end_stream } => Told::Oversized(stream, end_stream),
        Event::Content {
            stream,
            piece,
            end_stream,
        } => {
            assert!(end_stream || !piece.is_empty());
            Told::Content(stream, piece.to_vec(), end_stream)
        }
        Event::Reset { stream, code } => Told::Reset(stream, code),
        Event::GoAway { last_stream, code } => Told::GoAway(last_stream, code),
        Event::GaveUp(reason) => Told::GaveUp(reason),
    };
    push(told, next);
}

/// Adds an event, or a piece to the content that it goes on with.
pub(super) fn push(told: &mut Vec<Told>, next: Told) {
    if let Told::Content(stream, piece, end_stream) = &next
        && let Some(Told::Content(before, content, ended @ false)) = told.last_mut()
        && before == stream
    {
        content.extend(piece);
        *ended = *end_stream;
        return;
    }
    told.push(next);
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(super) fn table_size(size: u32) -> Vec<u8> {
    let mut payload = vec![0, 3, 0, 0, 0, 100, 0, 1];
    payload.extend(size.to_be_bytes());
    frame(4, 0, 0, &payload)
}

pub(super) fn acknowledgement() -> Vec<u8> {
    frame(4, 1, 0, &[])
}

/// Both sides' beginning, without acknowledgements.
pub(super) fn opening() -> Vec<(Sender, Vec<u8>)> {
    vec![
        (Sender::Client, [PREFACE, &frame(4, 0, 0, &[])].concat()),
        (Sender::Origin, frame(4, 0, 0, &[])),
    ]
}

/// What is told of a connection that goes on with these bytes, however they are cut.
#[track_caller]
fn after_opening(script: &[(Sender, Vec<u8>)]) -> Vec<Told> {
    let script = [&opening(), script].concat();
    let whole = told(&script, usize::MAX);
    assert_eq!(told(&script, 1), whole, "cut into single bytes");
    whole
}

#[track_caller]
fn from_client(parts: &[&[u8]]) -> Vec<Told> {
    after_opening(&[(Sender::Client, parts.concat())])
}

#[track_caller]
fn gives_up(parts: &[&[u8]], reason: &'static str) {
    assert_eq!(from_client(parts), [Told::GaveUp(reason)]);
}

fn get() -> Vec<(Vec<u8>, Vec<u8>)> {
    vec![(b":method".to_vec(), b"GET".to_vec())]
}

#[test]
fn padding_and_priority_are_removed() {
    let told = from_client(&[
        &frame(
            1,
            0x4 | 0x8 | 0x20,
            1,
            &[3, 0x80, 0, 0, 0, 15, 0x82, 0, 0, 0],
        ),
        &frame(0, 0x8, 1, &[2, b'a', b'b', 0, 0]),
        &frame(0, 0, 1, b"c"),
        &frame(0, 0x1, 1, b"d"),
    ]);
    assert_eq!(
        told,
        [
            Told::Fields(1, get(), false),
            Told::Content(1, b"abcd".to_vec(), true)
        ]
    );
}

#[test]
fn padding_may_be_all_there_is() {
    let told = from_client(&[
        &frame(1, 0x4 | 0x8, 1, &[2, 0, 0]),
        &frame(0, 0x8, 1, &[3, 0, 0, 0]),
        &frame(0, 0x8 | 0x1, 1, &[0]),
        &frame(0, 0x8 | 0x1, 3, &[1, 0]),
    ]);
    assert_eq!(
        told,
        [
            Told::Fields(1, vec![], false),
            Told::Content(1, vec![], true),
            Told::Content(3, vec![], true)
        ]
    );
    let reason = "a frame with more padding than payload";
    gives_up(&[&frame(0, 0x8, 1, &[2, 0])], reason);
    gives_up(&[&frame(1, 0x8 | 0x20, 1, &[1, 0, 0, 0, 0, 0])], reason);
    gives_up(&[&frame(5, 0x8, 1, &[1, 0, 0, 0, 2])], reason);
}

#[test]
fn an_empty_piece_is_told_only_at_the_end() {
    let told = from_client(&[
        &frame(0, 0, 1, b""),
        &frame(0, 0x1, 1, b""),
        &frame(0, 0, 3, b""),
    ]);
    assert_eq!(told, [Told::Content(1, vec![], true)]);
}

#[test]
fn a_block_in_many_frames_ends_its_stream_as_the_first_one_says() {
    let told = from_client(&[
        &frame(1, 0x1, 5, &[]),
        &frame(9, 0, 5, &[0x40, 0x01]),
        &frame(9, 0, 5, b"a"),
        &frame(9, 0, 5, &[]),
        &frame(9, 0x4, 5, &[0x01, b'b']),
    ]);
    assert_eq!(
        told,
        [Told::Fields(5, vec![(b"a".to_vec(), b"b".to_vec())], true)]
    );
}

#[test]
fn the_table_is_followed_through_promises() {
    let told = after_opening(&[(
        Sender::Origin,
        [
            frame(5, 0x8, 1, &[1, 0, 0, 0, 2, 0x40, 0x01, b'a', 0]),
            frame(9, 0x4, 1, &[0x01, b'b']),
            frame(1, 0x4, 1, &[0xbe]),
        ]
        .concat(),
    )]);
    assert_eq!(
        told,
        [Told::Fields(1, vec![(b"a".to_vec(), b"b".to_vec())], false)]
    );
}

#[test]
fn what_says_nothing_is_skipped() {
    let told = from_client(&[
        &frame(2, 0xff, 1, &[0; 5]),
        &frame(6, 0, 0, &[0; 8]),
        &frame(8, 0, 7, &[0; 4]),
        &frame(0xfe, 0xff, 9, &[7; 300]),
        &frame(0x0c, 0, 0, &[]),
        &frame(4, 0, 0, &[0xff, 0xff, 0, 0, 0, 1, 0x0a, 0x0a, 1, 2, 3, 4]),
        &frame(3, 0xff, 0x8000_0007, &[0, 0, 0, 8]),
        &frame(7, 0, 0, b"\x80\0\0\x09\0\0\0\x0bwords"),
        &frame(3, 0, 9, &[0, 0, 0, 2]),
    ]);
    assert_eq!(
        told,
        [Told::Reset(7, 8), Told::GoAway(9, 11), Told::Reset(9, 2)]
    );
}

#[test]
fn the_largest_frame_is_followed() {
    let content = vec![b'x'; (1 << 24) - 1];
    let script = (Sender::Client, frame(0, 0x1, 1, &content));
    let script = [&opening()[..], &[script]].concat();
    assert_eq!(told(&script, 70_000), [Told::Content(1, content, true)]);
}

#[test]
fn streams_and_lengths_that_cannot_be_are_given_up() {
    let stream = "a frame on a stream that its type does not allow";
    for kind in [0, 1] {
        gives_up(&[&frame(kind, 0x4, 0, &[])], stream);
    }
    gives_up(&[&frame(3, 0, 0, &[0; 4])], stream);
    gives_up(&[&frame(5, 0, 0, &[0; 4])], stream);
    gives_up(&[&frame(4, 0, 1, &[])], stream);
    gives_up(&[&frame(7, 0, 1, &[0; 8])], stream);
    let length = "a frame of a length that its type does not allow";
    gives_up(&[&frame(0, 0x8, 1, &[])], length);
    gives_up(&[&frame(1, 0x8 | 0x20, 1, &[0; 5])], length);
    gives_up(&[&frame(3, 0, 1, &[0; 5])], length);
    gives_up(&[&frame(4, 0, 0, &[0; 7])], length);
    gives_up(&[&frame(4, 1, 0, &[0; 6])], length);
    gives_up(&[&frame(5, 0, 1, &[0; 3])], length);
    gives_up(&[&frame(7, 0, 0, &[0; 7])], length);
}

#[test]
fn nothing_comes_between_the_frames_of_a_block() {
    let between = "a frame between those of a field block";
    gives_up(&[&frame(1, 0, 1, &[]), &frame(0, 0, 1, b"a")], between);
    gives_up(&[&frame(1, 0, 1, &[]), &frame(0xfe, 0, 0, b"a")], between);
    gives_up(&[&frame(1, 0, 1, &[]), &frame(9, 0x4, 3, &[])], between);
    gives_up(&[&frame(1, 0, 1, &[]), &frame(1, 0x4, 1, &[])], between);
    gives_up(
        &[&frame(9, 0x4, 1, &[])],
        "a frame that continues no field block",
    );
    assert_eq!(
        from_client(&[&frame(1, 0x4, 1, &[]), &frame(9, 0x4, 1, &[])]),
        [
            Told::Fields(1, vec![], false),
            Told::GaveUp("a frame that continues no field block")
        ]
    );
}

#[test]
fn both_directions_are_given_up_and_silent() {
    let mut decoder = Decoder::new(LIMITS);
    let mut told = Vec::new();
    feed(
        &mut decoder,
        Sender::Client,
        b"GET / HTTP/1.1\r\n",
        &mut told,
    );
    assert_eq!(told, [Told::GaveUp("not an HTTP/2 connection preface")]);
    assert!(!decoder.is_following());
    for sender in [Sender::Client, Sender::Origin] {
        assert_eq!(decoder.decode(sender, b"any"), (3, None));
    }
}

#[test]
fn an_origin_that_speaks_something_else_is_given_up() {
    let script = [
        opening().remove(0),
        (Sender::Origin, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
    ];
    let reason = "no HTTP/2 connection: it does not begin with settings";
    assert_eq!(told(&script, 1), [Told::GaveUp(reason)]);
}

#[test]
fn stopping_forgets_all() {
    let mut decoder = Decoder::new(LIMITS);
    decoder.decode(Sender::Client, PREFACE);
    decoder.stop();
    assert!(!decoder.is_following());
    assert_eq!(
        decoder.decode(Sender::Client, &frame(0, 1, 1, b"a")),
        (10, None)
    );
}

#[test]
fn blocks_beyond_the_limit_are_given_up_before_they_are_kept() {
    let reason = "a field block is longer than the limit";
    let mut header = frame(1, 0x4, 1, &[]);
    header[..3].copy_from_slice(&[0xff; 3]);
    gives_up(&[&header], reason);
    gives_up(
        &[&frame(1, 0, 1, &[]), &frame(9, 0, 1, &[]).repeat(10_000)],
        reason,
    );
    let part = frame(9, 0, 1, &[0; 100]);
    gives_up(&[&frame(1, 0, 1, &[]), &part.repeat(1000)], reason);
}

#[test]
fn an_oversized_block_is_told_and_the_next_one_read() {
    let mut encoder = Encoder::new();
    let mut block = Vec::new();
    let choice = Choice {
        refer: false,
        literal: 0,
        huffman: false,
    };
    encoder.field(b"a", &[b'x'; 4000], choice, &mut block);
    block.extend([0xbe; 16]);
    let told = from_client(&[&frame(1, 0x5, 1, &block), &frame(1, 0x5, 3, &[0xbe])]);
    assert_eq!(
        told,
        [
            Told::Oversized(1, true),
            Told::Fields(3, vec![(b"a".to_vec(), vec![b'x'; 4000])], true)
        ]
    );
}

/// A block that sets the table to a size.
fn resized(size: usize) -> Vec<u8> {
    let mut block = Vec::new();
    Encoder::new().resize(size, &mut block);
    frame(1, 0x5, 1, &block)
}

#[test]
fn a_tables_size_is_bounded_by_what_the_other_side_announced() {
    use Sender::{Client, Origin};
    let read = [Told::Fields(1, vec![], true)];
    let refused = [Told::GaveUp(
        "a compression table larger than was announced",
    )];
    let announced = |size| (Origin, table_size(size));
    let all_acknowledged = || (Client, acknowledgement().repeat(2));

    let larger = (Client, resized(4097));
    assert_eq!(after_opening(std::slice::from_ref(&larger)), refused);
    assert_eq!(
        after_opening(&[(Client, table_size(9000)), larger.clone()]),
        refused
    );
    assert_eq!(after_opening(&[announced(4097), larger]), read);

    let before = (Client, resized(4096));
    assert_eq!(after_opening(&[announced(0), before.clone()]), read);
    assert_eq!(
        after_opening(&[announced(0), all_acknowledged(), before]),
        refused
    );
    assert_eq!(
        after_opening(&[announced(0), all_acknowledged(), (Client, resized(0))]),
        read
    );
}

#[test]
fn a_table_that_is_too_large_to_follow_is_given_up_once_it_is_used() {
    use Sender::{Client, Origin};
    let announced = (Origin, table_size(u32::MAX));
    assert_eq!(
        after_opening(&[announced.clone(), (Client, resized(LIMITS.table))]),
        [Told::Fields(1, vec![], true)]
    );
    assert_eq!(
        after_opening(&[announced, (Client, resized(LIMITS.table + 1))]),
        [Told::GaveUp("a compression table larger than is followed")]
    );
}

#[test]
fn debug_shows_no_content() {
    let mut decoder = Decoder::new(LIMITS);
    decoder.decode(Sender::Client, &opening()[0].1);
    let bytes = frame(0, 1, 1, b"s3cret");
    let (_, event) = decoder.decode(Sender::Client, &bytes);
    assert_eq!(format!("{event:?}"), "Some(Content(1, 6 bytes, end: true))");
    assert_eq!(format!("{decoder:?}"), "Decoder(following: true)");
}
