//! A passive WebSocket decoder (RFC 6455 section 5): follows one direction of a connection byte by byte.
//!
//! It keeps the first bytes of each payload and counts the rest. Like the other decoders it only watches: what
//! cannot be followed is given up, and says why.

/// A whole frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Text, binary, continuation, close, ping, pong.
    pub opcode: u8,
    /// Whether a message ends with it.
    pub fin: bool,
    /// RSV1: the message is compressed, if that was agreed on (RFC 7692 section 6).
    pub rsv1: bool,
    /// How long the payload was.
    pub length: u64,
    /// Its first bytes, unmasked.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}, {} bytes)", self.opcode, self.length)
    }
}

impl Frame {
    /// Whether it closes the connection.
    pub fn is_close(&self) -> bool {
        self.opcode == CLOSE
    }

    /// The code and reason of a close frame; without a code it stands for 1005.
    pub fn close(&self) -> Option<(u16, &[u8])> {
        if !self.is_close() {
            return None;
        }
        Some(match self.payload.as_slice() {
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
            _ => (NO_STATUS, &[]),
        })
    }
}

/// What the decoder has seen.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole frame.
    Frame(Frame),
    /// The bytes cannot be followed from here on.
    GaveUp(&'static str),
}

/// A decoder for one direction.
pub struct Decoder {
    state: State,
    head: Vec<u8>,
    keep: usize,
}

enum State {
    Head,
    Payload {
        frame: Frame,
        left: u64,
        mask: [u8; 4],
        /// Where in the mask the next byte is.
        at: usize,
    },
    GaveUp,
}

const CLOSE: u8 = 8;
const NO_STATUS: u16 = 1005;

/// Flags, length, 64 bits of length, mask.
const LONGEST_HEAD: usize = 14;

impl Decoder {
    /// A decoder at the first byte after the handshake, which keeps so many bytes of each payload.
    pub fn new(keep: usize) -> Self {
        Self {
            state: State::Head,
            head: Vec::with_capacity(LONGEST_HEAD),
            keep,
        }
    }

    /// Takes bytes from the front of `input`: how many, and what they completed. Call it again with the rest
    /// until all is taken and no event comes.
    pub fn decode(&mut self, input: &[u8]) -> (usize, Option<Event>) {
        let mut taken = 0;
        loop {
            let rest = input.get(taken..).unwrap_or_default();
            match &mut self.state {
                State::GaveUp => return (input.len(), None),
                State::Head => {
                    let Some(byte) = rest.first() else {
                        return (taken, None);
                    };
                    self.head.push(*byte);
                    taken += 1;
                    match begin(&self.head) {
                        Ok(None) => {}
                        Ok(Some(payload)) => {
                            self.head.clear();
                            self.state = payload;
                        }
                        Err(reason) => {
                            self.state = State::GaveUp;
                            return (input.len(), Some(Event::GaveUp(reason)));
                        }
                    }
                }
                State::Payload {
                    frame,
                    left,
                    mask,
                    at,
                } => {
                    let now =
                        usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    let piece = rest.get(..now).unwrap_or_default();
                    let wanted = self.keep.saturating_sub(frame.payload.len());
                    let masks = mask.iter().cycle().skip(*at % 4);
                    let unmasked = piece.iter().zip(masks).map(|(byte, mask)| byte ^ mask);
                    frame.payload.extend(unmasked.take(wanted));
                    *at = (*at + now) % 4;
                    *left -= now as u64;
                    taken += now;
                    if *left > 0 {
                        return (taken, None);
                    }
                    if let State::Payload { frame, .. } =
                        std::mem::replace(&mut self.state, State::Head)
                    {
                        return (taken, Some(Event::Frame(frame)));
                    }
                }
            }
        }
    }

    /// Whether bytes are still being followed.
    pub fn is_following(&self) -> bool {
        !matches!(self.state, State::GaveUp)
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decoder(following: {})", self.is_following())
    }
}

/// The payload that a frame's head announces, once the head is whole.
fn begin(head: &[u8]) -> Result<Option<State>, &'static str> {
    let [flags, length, rest @ ..] = head else {
        return Ok(None);
    };
    let opcode = flags & 0x0f;
    if flags & 0x30 != 0 {
        return Err("a WebSocket frame with reserved bits");
    }
    if !matches!(opcode, 0..=2 | 8..=10) {
        return Err("a WebSocket frame of an unknown kind");
    }
    let is_control = opcode & 0x8 != 0;
    let fin = flags & 0x80 != 0;
    let short = length & 0x7f;
    if is_control && (!fin || short > 125) {
        return Err("a WebSocket control frame that is too long or cut");
    }
    let extra = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let masked = length & 0x80 != 0;
    let Some((extended, mask)) = rest.split_at_checked(extra) else {
        return Ok(None);
    };
    if mask.len() < if masked { 4 } else { 0 } {
        return Ok(None);
    }
    let length = match extended {
        [] => u64::from(short),
        bytes => bytes
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
    };
    if length > i64::MAX.unsigned_abs() {
        return Err("a WebSocket frame of impossible length");
    }
    let frame = Frame {
        opcode,
        fin,
        rsv1: flags & 0x40 != 0,
        length,
        payload: Vec::new(),
    };
    Ok(Some(State::Payload {
        frame,
        left: length,
        mask: mask.try_into().unwrap_or_default(),
        at: 0,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All events of these bytes, cut into pieces of that size.
    fn decoded(bytes: &[u8], piece: usize, keep: usize) -> Vec<Event> {
        let mut decoder = Decoder::new(keep);
        let mut events = Vec::new();
        for mut piece in bytes.chunks(piece.max(1)) {
            loop {
                let (taken, event) = decoder.decode(piece);
                piece = &piece[taken..];
                match event {
                    Some(event) => events.push(event),
                    None if piece.is_empty() => break,
                    None => {}
                }
            }
        }
        events
    }

    fn frame(opcode: u8, fin: bool, payload: &[u8]) -> Event {
        Event::Frame(Frame {
            opcode,
            fin,
            rsv1: false,
            length: payload.len() as u64,
            payload: payload.to_vec(),
        })
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 6455 section 5.7.
        for (bytes, events) in [
            (&b"\x81\x05Hello"[..], vec![frame(1, true, b"Hello")]),
            (
                b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                vec![frame(1, true, b"Hello")],
            ),
            (
                b"\x01\x03Hel\x80\x02lo",
                vec![frame(1, false, b"Hel"), frame(0, true, b"lo")],
            ),
            (b"\x89\x05Hello", vec![frame(9, true, b"Hello")]),
        ] {
            for piece in 1..=bytes.len() {
                assert_eq!(decoded(bytes, piece, 100), events);
            }
        }
        let long = [&b"\x82\x7e\x01\x00"[..], &[7; 256]].concat();
        assert_eq!(decoded(&long, 3, 1000), [frame(2, true, &[7; 256])]);
        let longer = [&b"\x82\x7f\0\0\0\0\0\x01\0\0"[..], &[7; 65_536]].concat();
        let [Event::Frame(longer)] = &decoded(&longer, 999, 10)[..] else {
            panic!("one frame")
        };
        assert_eq!((longer.length, longer.payload.len()), (65_536, 10));
    }

    #[test]
    fn a_close_tells_code_and_reason() {
        let close = |payload: &[u8]| match frame(8, true, payload) {
            Event::Frame(frame) => frame.close().map(|(code, reason)| (code, reason.to_vec())),
            Event::GaveUp(_) => None,
        };
        assert_eq!(
            close(b"\x03\xf0no token"),
            Some((1008, b"no token".to_vec()))
        );
        assert_eq!(close(b""), Some((1005, Vec::new())));
        assert_eq!(close(b"\x03"), Some((1005, Vec::new())));
    }

    #[test]
    fn what_is_no_websocket_is_given_up_once() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"\x83\x00",
            b"\xa1\x00",
            b"\x09\x00",
            b"\x89\x7e\x01\x00",
            b"\x82\x7f\xff\0\0\0\0\0\0\0",
        ] {
            for piece in [1, 100] {
                let events = decoded(bytes, piece, 100);
                assert!(
                    matches!(events[..], [Event::GaveUp(_)]),
                    "{bytes:?} {events:?}"
                );
            }
        }
    }

    /// A frame as it is sent.
    fn encoded(opcode: u8, fin: bool, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![opcode | if fin { 0x80 } else { 0 }];
        let masked = if mask.is_some() { 0x80 } else { 0 };
        match payload.len() {
            short @ ..126 => bytes.push(masked | u8::try_from(short).unwrap()),
            length => {
                bytes.push(masked | 126);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
        }
        bytes.extend(
            mask.unwrap_or_default()
                .iter()
                .take(if mask.is_some() { 4 } else { 0 }),
        );
        let mask = mask.unwrap_or_default();
        bytes.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        bytes
    }

    proptest! {
        #[test]
        fn frames_are_seen_as_sent_however_they_are_cut(
            frames in prop::collection::vec(
                (0_u8..=2, any::<bool>(), any::<Option<[u8; 4]>>(), prop::collection::vec(any::<u8>(), 0..300)),
                0..8,
            ),
            piece in 1_usize..400,
        ) {
            let bytes: Vec<u8> = frames
                .iter()
                .flat_map(|(opcode, fin, mask, payload)| encoded(*opcode, *fin, *mask, payload))
                .collect();
            let expected: Vec<Event> = frames
                .iter()
                .map(|(opcode, fin, _, payload)| frame(*opcode, *fin, payload))
                .collect();
            prop_assert_eq!(decoded(&bytes, piece, 1000), expected);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000), piece in 1_usize..100) {
            let events = decoded(&bytes, piece, 64);
            let kept: usize = events
                .iter()
                .map(|event| match event {
                    Event::Frame(frame) => frame.payload.len(),
                    Event::GaveUp(_) => 0,
                })
                .max()
                .unwrap_or_default();
            prop_assert!(kept <= 64);
        }
    }
}
