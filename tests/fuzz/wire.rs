//! The decoders of passing bytes, and the relay with all of them behind it.

use std::sync::Arc;

use why401::model::{Origin, Scheme};
use why401::wire::head::{Head, trailer_section};
use why401::wire::http1::{self, Answers, Role};
use why401::wire::http2::{self, Limits, Sender};
use why401::wire::message::{MessageHead, Trailers};
use why401::wire::websocket;

use super::targets::Execute;
use crate::common::binary::{Running, Why401};
use crate::common::frames;
use crate::common::random::Random;
use crate::transparency::lane::{Lane, Road, Security};
use crate::transparency::play::Cut;
use crate::transparency::read;
use crate::transparency::shape::{Act, Pace, Protocol, Shape, Side};

/// Between what the client says and what the origin says.
const SEPARATOR: &[u8] = b"\n==\n";

/// Longer inputs are no better, only slower.
const LONGEST_SEED: usize = 4 * 1024;

fn said(protocol: Protocol, by: Side) -> Vec<Vec<u8>> {
    let shapes = read::all().into_iter();
    let shapes = shapes.filter(|shape| shape.protocol == protocol);
    let said = shapes.map(|shape| shape.said(by));
    said.filter(|bytes| !bytes.is_empty() && bytes.len() <= LONGEST_SEED)
        .collect()
}

fn both_said(protocol: Option<Protocol>) -> Vec<Vec<u8>> {
    let shapes = read::all().into_iter();
    let shapes = shapes.filter(|shape| protocol.is_none_or(|wanted| shape.protocol == wanted));
    let said = shapes.map(|shape| {
        let [client, origin] = [Side::Client, Side::Origin].map(|side| shape.said(side));
        [&client, SEPARATOR, &origin].concat()
    });
    said.filter(|bytes| bytes.len() <= LONGEST_SEED).collect()
}

fn both(input: &[u8]) -> (&[u8], &[u8]) {
    let at = memchr::memmem::find(input, SEPARATOR).unwrap_or(input.len());
    let origin = input.get(at + SEPARATOR.len()..).unwrap_or_default();
    (&input[..at], origin)
}

fn origin() -> Origin {
    Origin::parse(Scheme::Https, b"api.acme.test").unwrap()
}

/// Small enough for inputs to come to it.
const HEAD_LIMIT: usize = 8 * 1024;

pub fn requests() -> Vec<Vec<u8>> {
    said(Protocol::Http1, Side::Client)
}

pub fn responses() -> Vec<Vec<u8>> {
    said(Protocol::Http1, Side::Origin)
}

pub fn http1_requests() -> Execute {
    Box::new(|input, random| http1(Role::Requests, input, random))
}

pub fn http1_responses() -> Execute {
    Box::new(|input, random| http1(Role::Responses, input, random))
}

/// Cut or whole, the same is told.
fn http1(role: Role, input: &[u8], random: &mut Random) {
    let whole = http1_told(role, &[input]);
    let pieces = cut(input, random);
    assert!(
        http1_told(role, &pieces) == whole,
        "the cuts make a difference"
    );
    for told in &whole {
        if let Told::Head(head) = told {
            let head = Head::new(head.clone());
            drop((head.request(&origin()), head.response()));
        }
        if let Told::End(Some(trailers)) = told {
            drop(trailer_section(trailers));
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    Head(Vec<u8>),
    Content(Vec<u8>),
    End(Option<Vec<u8>>),
    GaveUp,
}

fn http1_told(role: Role, pieces: &[&[u8]]) -> Vec<Told> {
    let mut decoder = http1::Decoder::new(role, HEAD_LIMIT);
    let mut told = Vec::new();
    let mut answered = 0;
    for piece in pieces {
        let mut rest = *piece;
        while decoder.is_following() {
            let (taken, event) = decoder.decode(rest);
            rest = &rest[taken..];
            match event {
                Some(event) => tell(&mut told, event),
                None if rest.is_empty() => break,
                None => assert!(taken > 0 || decoder.awaits_framing(), "it stands still"),
            }
            if decoder.awaits_framing() {
                answered += 1;
                decoder.frame_response(match answered % 4 {
                    0 => Answers::Head,
                    1 if answered % 32 == 1 => Answers::Connect,
                    _ => Answers::Other,
                });
            }
        }
    }
    if let Some(event) = decoder.close() {
        tell(&mut told, event);
    }
    told
}

fn tell(told: &mut Vec<Told>, event: http1::Event<'_>) {
    match (told.last_mut(), event) {
        (Some(Told::Content(before)), http1::Event::Content(piece)) => before.extend(piece),
        (_, http1::Event::Content(piece)) => told.push(Told::Content(piece.to_vec())),
        (_, http1::Event::Head(head)) => told.push(Told::Head(head.bytes().to_vec())),
        (_, http1::Event::End(trailers)) => {
            told.push(Told::End(trailers.map(|bytes| bytes.to_vec())));
        }
        (_, http1::Event::GaveUp(_)) => told.push(Told::GaveUp),
    }
}

pub fn http2_connections() -> Vec<Vec<u8>> {
    both_said(Some(Protocol::Http2))
}

pub fn http2() -> Execute {
    Box::new(|input, random| {
        let (client, origin) = both(input);
        let schedule = schedule(client, origin, random);
        let whole = http2_told(&schedule);
        let pieces: Vec<_> = schedule
            .iter()
            .flat_map(|(from, bytes)| cut(bytes, random).into_iter().map(|piece| (*from, piece)))
            .collect();
        assert!(http2_told(&pieces) == whole, "the cuts make a difference");
    })
}

/// The directions take turns.
fn schedule<'a>(
    client: &'a [u8],
    origin: &'a [u8],
    random: &mut Random,
) -> Vec<(Sender, &'a [u8])> {
    let mut turns = Vec::new();
    let (mut client, mut origin) = (client, origin);
    while !client.is_empty() || !origin.is_empty() {
        for (from, rest) in [(Sender::Client, &mut client), (Sender::Origin, &mut origin)] {
            let (turn, later) = rest.split_at(random.below(rest.len() + 1));
            turns.push((from, turn));
            *rest = later;
        }
    }
    turns
}

const BLOCK_LIMIT: usize = 4 * 1024;

/// Events in words, pieces of content put together.
fn http2_told(turns: &[(Sender, &[u8])]) -> Vec<(bool, String, Vec<u8>)> {
    let limits = Limits {
        block: BLOCK_LIMIT,
        table: 64 * 1024,
    };
    let mut decoder = http2::Decoder::new(limits);
    let mut told: Vec<(bool, String, Vec<u8>)> = Vec::new();
    for (from, bytes) in turns {
        let mut rest = *bytes;
        while decoder.is_following() {
            let (taken, event) = decoder.decode(*from, rest);
            rest = &rest[taken..];
            let by_client = *from == Sender::Client;
            match event {
                None if rest.is_empty() => break,
                None => assert!(taken > 0, "it stands still"),
                Some(http2::Event::Content {
                    stream,
                    piece,
                    end_stream,
                }) => {
                    let name = format!("content of {stream}");
                    match told.last_mut() {
                        Some(last) if last.0 == by_client && last.1 == name => last.2.extend(piece),
                        _ => told.push((by_client, name, piece.to_vec())),
                    }
                    if end_stream {
                        told.push((by_client, format!("end of {stream}"), Vec::new()));
                    }
                }
                Some(http2::Event::Fields {
                    stream,
                    fields,
                    end_stream,
                }) => {
                    assert!(fields.size() <= 2 * BLOCK_LIMIT, "more than the limit");
                    let name = format!("fields of {stream}, {end_stream}");
                    let list: Vec<_> = fields.iter().collect();
                    told.push((by_client, name, format!("{list:?}").into_bytes()));
                    let head = MessageHead::Fields(fields.clone());
                    drop((head.request(&origin()), head.response()));
                    drop(Trailers::Fields(fields).section());
                }
                Some(other) => told.push((by_client, format!("{other:?}"), Vec::new())),
            }
        }
    }
    told
}

/// Field blocks without their frames.
pub fn blocks() -> Vec<Vec<u8>> {
    let sections = [
        &b"\x82\x84\x87\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"[..],
        b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf",
        b"\x40\x0acustom-key\x0dcustom-header",
        b"\x10\x08password\x06secret",
        b"\x3f\xe1\x1f\x82\x40\x01a\x01b\xbe\xbe\xbe",
        b"\x20\x3f\xe1\x1f\x88\xc0\xc1\xbf\xbe",
        b"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b",
    ];
    let mut blocks: Vec<_> = sections.iter().map(|bytes| bytes.to_vec()).collect();
    blocks.push(sections.concat());
    blocks.push(frames::literal(b"authorization", &[b'a'; 300]));
    blocks
}

/// Several blocks of one sender, each in a frame of its own: what stays is the table.
pub fn hpack() -> Execute {
    Box::new(|input, random| {
        let mut bytes = frames::opening();
        for (piece, stream) in cut(input, random).into_iter().zip((1..).step_by(2)) {
            for part in piece.chunks(16_000) {
                bytes.extend(frames::frame(frames::HEADERS, 5, stream, part));
            }
        }
        drop(http2_told(&[
            (Sender::Origin, b"\0\0\0\x04\0\0\0\0\0"),
            (Sender::Client, &bytes),
        ]));
    })
}

/// However the bytes are cut, the same frames come out.
pub fn websocket() -> Execute {
    Box::new(|input, random| {
        let whole = websocket_told(&[input]);
        assert_eq!(whole, websocket_told(&cut(input, random)), "cut otherwise");
        let kept = |event: &websocket::Event| match event {
            websocket::Event::Frame(frame) => frame.payload.len(),
            websocket::Event::GaveUp(_) => 0,
        };
        assert!(whole.iter().all(|event| kept(event) <= KEPT));
    })
}

const KEPT: usize = 100;

fn websocket_told(pieces: &[&[u8]]) -> Vec<websocket::Event> {
    let mut decoder = websocket::Decoder::new(KEPT);
    let mut told = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let (taken, event) = decoder.decode(rest);
            rest = &rest[taken..];
            match event {
                Some(event) => told.push(event),
                None if rest.is_empty() => break,
                None => {}
            }
        }
    }
    told
}

pub fn connections() -> Vec<Vec<u8>> {
    both_said(None)
}

/// Through the real binary: every byte arrives, whatever is made of it on the way.
pub fn relay() -> Execute {
    let relay = Relay::start();
    Box::new(move |input, random| {
        let (client, origin) = both(input);
        // What may become a TLS hello waits for the rest of it.
        if client.first() != Some(&0x16) {
            relay.carry(client, origin, random);
        }
    })
}

struct Relay {
    runtime: tokio::runtime::Runtime,
    road: Arc<Road>,
    proxy: Option<Running>,
    _home: Why401,
}

impl Relay {
    fn start() -> Self {
        let home = Why401::new();
        let proxy = home.run(&[]);
        Self {
            runtime: tokio::runtime::Runtime::new().unwrap(),
            road: Arc::new(Road::through(&proxy)),
            proxy: Some(proxy),
            _home: home,
        }
    }

    fn carry(&self, client: &[u8], origin: &[u8], random: &mut Random) {
        let mut acts = vec![
            Act::Says(Side::Client, client.to_vec()),
            Act::Says(Side::Origin, origin.to_vec()),
        ];
        if random.one_in(2) {
            acts.swap(0, 1);
        }
        let shape = Shape {
            name: "mutated".to_owned(),
            protocol: Protocol::Http1,
            pace: random.pick(&[Pace::AtOnce, Pace::InTurn]),
            acts,
        };
        let lane = Lane {
            security: Security::Clear,
            cut: random.pick(&[Cut::Whole, Cut::Random]),
        };
        let road = Arc::clone(&self.road);
        let carried = self
            .runtime
            .block_on(road.carries(&shape, lane, random.next()));
        carried.unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let ended = self.proxy.take().map(Running::stop);
        let stderr = ended.map(|ended| ended.stderr).unwrap_or_default();
        if !std::thread::panicking() {
            assert!(!stderr.contains("panicked"), "{stderr}");
        }
    }
}

/// Cuts an input into pieces.
fn cut<'a>(input: &'a [u8], random: &mut Random) -> Vec<&'a [u8]> {
    let most = random.pick(&[1, 3, 20, 1000]);
    let mut pieces = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((1 + random.below(most)).min(rest.len()));
        pieces.push(piece);
        rest = later;
    }
    pieces
}
