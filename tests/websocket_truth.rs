//! The WebSocket decoder beside a library that is not ours: what tungstenite writes is what it tells.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that gets something else shall say so at once"
)]

#[expect(
    dead_code,
    unreachable_pub,
    reason = "other tests need more of it, and share it"
)]
#[path = "common/random.rs"]
mod random;

use std::io::{Cursor, Read, Write};

use random::Random;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Message, Role, WebSocket};
use why401::wire::websocket::{Decoder, Event};

const CONNECTIONS: u64 = 60;
const MESSAGES: usize = 40;
const KEPT: usize = 4096;

/// What is written, for somebody to read.
#[derive(Debug, Default)]
struct Wire(Vec<u8>);

impl Read for Wire {
    fn read(&mut self, _buffer: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::WouldBlock.into())
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Opcode, whether a message ends, length, and the first bytes.
type Told = (u8, bool, u64, Vec<u8>);

#[test]
fn frames_are_what_another_library_wrote() {
    let mut frames = 0;
    for (seed, role) in (0..CONNECTIONS).zip([Role::Client, Role::Server].into_iter().cycle()) {
        let mut random = Random(seed);
        let mut writer = WebSocket::from_raw_socket(Wire::default(), role, None);
        let mut expected = Vec::new();
        for _ in 0..MESSAGES {
            expected.extend(send(&mut writer, &mut random));
        }
        let reason = CloseFrame {
            code: 4401.into(),
            reason: "no token".into(),
        };
        writer.close(Some(reason)).unwrap();
        let close = [&4401_u16.to_be_bytes()[..], b"no token"].concat();
        expected.push((8, true, close.len() as u64, close));
        drop(writer.flush());
        let bytes = std::mem::take(&mut writer.get_mut().0);
        assert_eq!(told(&bytes, &mut random), expected, "connection {seed}");
        read_by_the_other_end(bytes, role);
        frames += expected.len();
    }
    assert!(frames > MESSAGES * usize::try_from(CONNECTIONS).unwrap());
}

/// Sends a message, whole or in fragments with a ping between them; what the decoder is to tell.
fn send(writer: &mut WebSocket<Wire>, random: &mut Random) -> Vec<Told> {
    let length = match random.below(20) {
        0 => 70_000,
        1 => 65_535,
        2 => 126,
        3 => 125,
        4 => 0,
        _ => random.below(3_000),
    };
    let payload: Vec<u8> = (0..length).map(|_| b'a' + random.byte() % 26).collect();
    let tell = |opcode, fin, payload: &[u8]| {
        let kept = payload[..payload.len().min(KEPT)].to_vec();
        (opcode, fin, payload.len() as u64, kept)
    };
    match random.below(5) {
        0 => {
            let ping = payload[..length.min(125)].to_vec();
            writer.send(Message::Ping(ping.clone().into())).unwrap();
            vec![tell(9, true, &ping)]
        }
        1 => {
            writer
                .send(Message::Binary(payload.clone().into()))
                .unwrap();
            vec![tell(2, true, &payload)]
        }
        2 => {
            let (first, second) = payload.split_at(length / 2);
            let text = Frame::message(first.to_vec(), OpCode::Data(Data::Text), false);
            writer.send(Message::Frame(text)).unwrap();
            writer.send(Message::Ping(Vec::new().into())).unwrap();
            let rest = Frame::message(second.to_vec(), OpCode::Data(Data::Continue), true);
            writer.send(Message::Frame(rest)).unwrap();
            vec![
                tell(1, false, first),
                tell(9, true, b""),
                tell(0, true, second),
            ]
        }
        _ => {
            let text = String::from_utf8(payload.clone()).unwrap();
            writer.send(Message::Text(text.into())).unwrap();
            vec![tell(1, true, &payload)]
        }
    }
}

/// What the decoder tells of these bytes, cut into pieces.
fn told(bytes: &[u8], random: &mut Random) -> Vec<Told> {
    let mut decoder = Decoder::new(KEPT);
    let mut told = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let most = random.pick(&[1, 7, 5_000]);
        let (mut piece, later) = rest.split_at((1 + random.below(most)).min(rest.len()));
        rest = later;
        loop {
            let (taken, event) = decoder.decode(piece);
            piece = &piece[taken..];
            match event {
                Some(Event::Frame(frame)) => {
                    told.push((frame.opcode, frame.fin, frame.length, frame.payload));
                }
                Some(Event::GaveUp(reason)) => panic!("{reason}"),
                None if piece.is_empty() => break,
                None => {}
            }
        }
    }
    told
}

/// The bytes are good ones: the library itself reads them to the close.
fn read_by_the_other_end(bytes: Vec<u8>, role: Role) {
    let other = match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    };
    let mut reader = WebSocket::from_raw_socket(Duplex(Cursor::new(bytes)), other, None);
    loop {
        match reader.read() {
            Ok(Message::Close(Some(close))) => return assert_eq!(u16::from(close.code), 4401),
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads what there is, and takes whatever is written.
#[derive(Debug)]
struct Duplex(Cursor<Vec<u8>>);

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Duplex {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
