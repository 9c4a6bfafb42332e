//! What passed over a WebSocket, as data.

use serde::Serialize;

use super::Text;
use crate::auth::inflate::Inflater;
use crate::model::{Peer, Place, WebSocketFrame, WebSocketLog};
use crate::redact::Masker;

/// What passed over a WebSocket, as far as it was kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WebSocketView {
    /// The frames in the order in which they passed.
    pub frames: Vec<FrameView>,
    /// How many were left out, and after how many of those above.
    pub left_out: LeftOut,
    /// The first close frame.
    pub close: Option<CloseView>,
}

/// Frames that were not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// How many.
    pub count: u64,
    /// They passed after so many of the frames that were kept.
    pub after: usize,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrameView {
    /// `client` or `origin`.
    pub from: &'static str,
    /// When it was complete, in milliseconds after the handshake's request.
    pub at_ms: f64,
    /// `text`, `binary`, `continuation`, `close`, `ping` or `pong`.
    pub kind: &'static str,
    /// Whether a message ends with it.
    pub fin: bool,
    /// How long its payload was on the wire.
    pub length: u64,
    /// The payload, masked; `null` when it is none to read, or could not be decompressed.
    pub text: Option<Text>,
}

/// A close frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CloseView {
    /// `client` or `origin`.
    pub by: &'static str,
    /// The status code; 1005 when there was none.
    pub code: u16,
    /// The reason.
    pub reason: Text,
}

pub(super) fn view(log: &WebSocketLog, masker: &mut Masker) -> WebSocketView {
    let mut directions = [Direction::default(), Direction::default()];
    let mut frames = Vec::new();
    for (at, frame) in log.frames().enumerate() {
        if at == log.first.len() && log.left_out > 0 {
            directions.iter_mut().for_each(Direction::misses_some);
        }
        let [client, origin] = &mut directions;
        let direction = match frame.from {
            Peer::Client => client,
            Peer::Origin => origin,
        };
        let payload = direction.readable(frame);
        frames.push(FrameView {
            from: peer(frame.from),
            at_ms: frame.at as f64 / 1000.0,
            kind: kind(frame.opcode),
            fin: frame.fin,
            length: frame.length,
            text: payload.and_then(|payload| text(&payload, masker)),
        });
    }
    WebSocketView {
        frames,
        left_out: LeftOut {
            count: log.left_out,
            after: log.first.len(),
        },
        close: log.close.as_ref().map(|close| CloseView {
            by: peer(close.from),
            code: close.code,
            reason: masker.text(&close.reason).into(),
        }),
    }
}

/// What has to be remembered of one direction to read its next frame.
#[derive(Default)]
struct Direction {
    inflater: Inflater,
    /// Whether the message in progress is compressed.
    compressed: bool,
}

impl Direction {
    fn misses_some(&mut self) {
        self.inflater.give_up();
    }

    /// The payload of a data frame, decompressed; `None` for control frames.
    fn readable(&mut self, frame: &WebSocketFrame) -> Option<Vec<u8>> {
        match frame.opcode {
            1 | 2 => self.compressed = frame.compressed,
            0 => {}
            _ => return None,
        }
        if !self.compressed {
            return Some(frame.payload.clone());
        }
        if frame.payload.len() as u64 != frame.length {
            self.inflater.give_up();
        }
        self.inflater.frame(&frame.payload, frame.fin)
    }
}

/// A payload that people can read, masked. One that is a single long word is taken for a token: applications send
/// theirs as the first message.
fn text(payload: &[u8], masker: &mut Masker) -> Option<Text> {
    let text = std::str::from_utf8(payload).ok()?;
    let is_readable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    if text.is_empty() || !text.chars().all(is_readable) {
        return None;
    }
    let word = text.trim();
    let is_word = word.len() >= SHORTEST_TOKEN
        && !word.contains(char::is_whitespace)
        && !word.starts_with(['{', '[', '"']);
    Some(if is_word {
        let place = Place::Form("message".to_owned());
        masker.credential(&place, payload).into()
    } else if word.starts_with(['{', '[']) {
        masker.content(Some(b"application/json"), payload).into()
    } else {
        masker.content(Some(b"text/plain"), payload).into()
    })
}

const SHORTEST_TOKEN: usize = 16;

fn peer(peer: Peer) -> &'static str {
    match peer {
        Peer::Client => "client",
        Peer::Origin => "origin",
    }
}

fn kind(opcode: u8) -> &'static str {
    match opcode {
        0 => "continuation",
        1 => "text",
        2 => "binary",
        8 => "close",
        9 => "ping",
        _ => "pong",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(from: Peer, opcode: u8, compressed: bool, payload: &[u8]) -> WebSocketFrame {
        WebSocketFrame {
            from,
            at: 1500,
            opcode,
            fin: true,
            compressed,
            length: payload.len() as u64,
            payload: payload.to_vec(),
        }
    }

    fn texts(frames: Vec<WebSocketFrame>) -> Vec<Option<String>> {
        let log = WebSocketLog {
            first: frames,
            ..WebSocketLog::default()
        };
        let view = view(&log, &mut Masker::new());
        view.frames
            .into_iter()
            .map(|frame| frame.text.map(|text| text.to_string()))
            .collect()
    }

    #[test]
    fn messages_are_masked_like_content() {
        let texts = texts(vec![
            frame(
                Peer::Client,
                1,
                false,
                br#"{"type":"auth","token":"canary-4f2a91c7"}"#,
            ),
            frame(Peer::Client, 1, false, b"canary-4f2a91c7b3d8e6"),
            frame(Peer::Client, 1, false, b"hello there"),
            frame(Peer::Client, 2, false, &[0, 1, 2]),
            frame(Peer::Origin, 8, false, b"\x03\xf0no"),
        ]);
        let all = format!("{texts:?}");
        assert!(!all.contains("canary"), "{all}");
        assert!(texts[0].as_ref().unwrap().contains("\"type\":\"auth\""));
        assert_eq!(texts[2].as_deref(), Some("hello there"));
        assert_eq!(texts[3..], [None, None]);
    }

    #[test]
    fn compressed_messages_are_read_until_one_is_missing() {
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
        let frames = |cut: usize| {
            let mut second = frame(Peer::Origin, 1, true, &again);
            second.payload.truncate(cut);
            vec![
                frame(Peer::Origin, 1, true, &first),
                second,
                frame(Peer::Origin, 1, true, &again),
            ]
        };
        let hello = Some("Hello".to_owned());
        assert_eq!(
            texts(frames(5)),
            [hello.clone(), hello.clone(), hello.clone()]
        );
        assert_eq!(texts(frames(2)), [hello, None, None]);
    }
}
