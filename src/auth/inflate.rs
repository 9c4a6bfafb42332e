//! Compressed WebSocket messages made readable (permessage-deflate, RFC 7692), frame by frame and within bounds.

use flate2::{Decompress, FlushDecompress, Status};

/// One direction of a WebSocket. Messages refer back to those before them, so all must be shown to it from the
/// first on; after one that was not kept whole nothing can be read.
pub struct Inflater {
    state: Option<Decompress>,
}

/// Where a piece has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// More blocks follow, of which the sender has left out the tail.
    Within,
    /// Right behind a block that says it is the last: nothing was left out.
    AtLastBlock,
}

/// A payload that holds more is not read on: what people read is shorter.
const MOST: usize = 64 * 1024;

/// What the sender leaves out at the end of each message (RFC 7692 section 7.2.1).
const TAIL: &[u8] = &[0, 0, 0xff, 0xff];

impl Inflater {
    /// For a direction at its start.
    pub fn new() -> Self {
        Self {
            state: Some(Decompress::new(false)),
        }
    }

    /// The payload of the next compressed frame as it was before; `None` when it cannot be read.
    pub fn frame(&mut self, payload: &[u8], ends_message: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut end = self.inflate(payload, &mut out);
        if end == Some(End::Within) && ends_message {
            end = self.inflate(TAIL, &mut out);
        }
        if end.is_none() {
            self.give_up();
            return None;
        }
        Some(out)
    }

    /// A frame is missing: what follows refers to it.
    pub fn give_up(&mut self) {
        self.state = None;
    }

    fn inflate(&mut self, mut piece: &[u8], out: &mut Vec<u8>) -> Option<End> {
        let state = self.state.as_mut()?;
        let mut end = End::Within;
        while !piece.is_empty() {
            out.reserve(piece.len().clamp(256, 4096));
            let (taken, made) = (state.total_in(), out.len());
            let status = state.decompress_vec(piece, out, FlushDecompress::Sync);
            let taken =
                usize::try_from(state.total_in().saturating_sub(taken)).unwrap_or(piece.len());
            piece = piece.get(taken..).unwrap_or_default();
            match status {
                // The sender begins afresh behind its last block (RFC 7692 section 7.2.3.4).
                Ok(Status::StreamEnd) => {
                    state.reset(false);
                    end = End::AtLastBlock;
                }
                Ok(Status::Ok | Status::BufError) if taken > 0 || out.len() > made => {
                    end = End::Within;
                }
                Ok(_) | Err(_) => return None,
            }
            if out.len() > MOST {
                return None;
            }
        }
        Some(end)
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inflater")
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::prelude::*;

    use super::*;

    /// A message as it is sent: without its tail.
    fn deflated(state: &mut Compress, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len() + 100);
        state
            .compress_vec(message, &mut out, FlushCompress::Sync)
            .unwrap();
        assert!(out.ends_with(TAIL));
        out.truncate(out.len() - TAIL.len());
        out
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 7692 section 7.2.3.
        let mut inflater = Inflater::new();
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(inflater.frame(&first, true).unwrap(), b"Hello");
        let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
        assert_eq!(inflater.frame(&again, true).unwrap(), b"Hello");
        // A last block and the byte that begins the tail, then one that is compressed as before.
        let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        let mut afresh = Inflater::new();
        for payload in [&last[..], &last[..7], &first, &last, &first] {
            assert_eq!(afresh.frame(payload, true).unwrap(), b"Hello");
        }
        let mut cut = Inflater::new();
        let begin = cut.frame(&first[..3], false).unwrap();
        let end = cut.frame(&first[3..], true).unwrap();
        assert_eq!([begin, end].concat(), b"Hello");
    }

    #[test]
    fn after_a_gap_and_beyond_the_bound_nothing_is_read() {
        let mut state = Compress::new(Compression::default(), false);
        let bomb = deflated(&mut state, &vec![b'x'; 10 << 20]);
        let mut inflater = Inflater::new();
        assert_eq!(inflater.frame(&bomb, true), None);
        assert_eq!(inflater.frame(&deflated(&mut state, b"more"), true), None);
        let mut gap = Inflater::new();
        gap.give_up();
        assert_eq!(gap.frame(&[0xf2, 0x48], true), None);
    }

    proptest! {
        #[test]
        fn messages_are_read_as_sent(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3000), 1..6)) {
            let mut state = Compress::new(Compression::default(), false);
            let mut inflater = Inflater::new();
            for message in messages {
                let payload = deflated(&mut state, &message);
                prop_assert_eq!(inflater.frame(&payload, true), Some(message));
            }
        }

        #[test]
        fn any_bytes_are_survived(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5)) {
            let mut inflater = Inflater::new();
            for frame in frames {
                let length = inflater.frame(&frame, true).map_or(0, |read| read.len());
                prop_assert!(length <= MOST);
            }
        }
    }
}
