//! A WebSocket read along: both directions, and the frames that are kept in case it ends as a failure.

use std::collections::VecDeque;
use std::time::Instant;

use crate::capture::recorder::Recorder;
use crate::model::{Peer, WebSocketClose, WebSocketFrame, WebSocketLog};
use crate::wire::websocket::{Decoder, Event, Frame};

/// The frames of one WebSocket.
pub(super) struct WebSocket {
    client: Decoder,
    origin: Decoder,
    /// When the handshake's request came.
    start: Instant,
    first: Vec<WebSocketFrame>,
    last: VecDeque<WebSocketFrame>,
    left_out: u64,
    close: Option<WebSocketClose>,
    /// What the payloads take of the process-wide budget.
    reserved: usize,
    recorder: Recorder,
}

/// So many frames are kept from the start, and so many from the end.
const FIRST: usize = 32;
const LAST: usize = 16;

/// So many bytes of each payload: a token in the first message, and the reason of a close.
const PAYLOAD: usize = 4 * 1024;

impl WebSocket {
    pub(super) fn new(recorder: &Recorder, start: Instant) -> Self {
        Self {
            client: Decoder::new(PAYLOAD),
            origin: Decoder::new(PAYLOAD),
            start,
            first: Vec::new(),
            last: VecDeque::new(),
            left_out: 0,
            close: None,
            reserved: 0,
            recorder: recorder.clone(),
        }
    }

    /// Bytes on their way.
    ///
    /// # Errors
    /// Once, with the reason, when they cannot be followed any more.
    pub(super) fn see(&mut self, from: Peer, mut bytes: &[u8]) -> Result<(), &'static str> {
        loop {
            let decoder = match from {
                Peer::Client => &mut self.client,
                Peer::Origin => &mut self.origin,
            };
            let (taken, event) = decoder.decode(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            match event {
                Some(Event::Frame(frame)) => self.keep(from, frame),
                Some(Event::GaveUp(reason)) => return Err(reason),
                None if bytes.is_empty() => return Ok(()),
                None => {}
            }
        }
    }

    /// How it was closed, if it was.
    pub(super) fn close(&self) -> Option<&WebSocketClose> {
        self.close.as_ref()
    }

    /// What was kept.
    pub(super) fn log(&self) -> WebSocketLog {
        WebSocketLog {
            first: self.first.clone(),
            left_out: self.left_out,
            last: self.last.iter().cloned().collect(),
            close: self.close.clone(),
        }
    }

    fn keep(&mut self, from: Peer, frame: Frame) {
        let at = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let (None, Some((code, reason))) = (&self.close, frame.close()) {
            self.close = Some(WebSocketClose {
                from,
                at,
                code,
                reason: reason.to_vec(),
            });
        }
        let mut payload = frame.payload;
        if self.recorder.reserve_content(payload.len()) {
            self.reserved += payload.len();
        } else {
            payload = Vec::new();
        }
        let kept = WebSocketFrame {
            from,
            at,
            opcode: frame.opcode,
            fin: frame.fin,
            compressed: frame.rsv1,
            length: frame.length,
            payload,
        };
        if self.first.len() < FIRST {
            self.first.push(kept);
            return;
        }
        self.last.push_back(kept);
        if self.last.len() > LAST
            && let Some(oldest) = self.last.pop_front()
        {
            self.left_out += 1;
            self.reserved -= oldest.payload.len();
            self.recorder.release_content(oldest.payload.len());
        }
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        if self.reserved > 0 {
            self.recorder.release_content(self.reserved);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Recording;
    use super::*;

    fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0x80 | opcode, length], payload].concat()
    }

    #[test]
    fn the_first_and_the_last_frames_are_kept_and_the_first_close() {
        let recording = Recording::start();
        let mut websocket = WebSocket::new(&recording.recorder, Instant::now());
        for number in 0..100_u8 {
            websocket.see(Peer::Client, &frame(2, &[number])).unwrap();
        }
        websocket
            .see(Peer::Origin, &frame(8, b"\x11\x31bye"))
            .unwrap();
        websocket.see(Peer::Client, &frame(8, b"\x03\xe8")).unwrap();
        let log = websocket.log();
        let payloads: Vec<u8> = log
            .frames()
            .filter(|frame| frame.opcode == 2)
            .map(|frame| frame.payload[0])
            .collect();
        let expected: Vec<u8> = (0..32).chain(86..100).collect();
        assert_eq!(payloads, expected);
        assert_eq!(log.left_out, 102 - 48);
        let close = log.close.unwrap();
        assert_eq!((close.from, close.code), (Peer::Origin, 4401));
        assert_eq!(close.reason, b"bye");
    }

    #[test]
    fn what_is_no_websocket_is_told_once() {
        let recording = Recording::start();
        let mut websocket = WebSocket::new(&recording.recorder, Instant::now());
        assert!(websocket.see(Peer::Origin, b"HTTP/1.1 ").is_err());
        assert!(websocket.see(Peer::Origin, b"more").is_ok());
        assert!(websocket.see(Peer::Client, &frame(1, b"hi")).is_ok());
    }
}
