//! One direction of a connection: frames out of bytes that come in arbitrary pieces.

use super::event::Event;
use super::frame::{Frame, HEADER_LENGTH, Kind};
use super::preface::PREFACE;
use super::table_limit::TableLimit;
use super::{Limits, Sender};
use crate::wire::hpack::{self, Decoded, Malformed};

/// What one sender sends.
pub(super) struct Direction {
    state: State,
    /// The beginning of a frame header or of what is fixed in a payload.
    partial: Partial,
    /// The frame being read; its `left` does not count the padding.
    frame: Frame,
    padding: usize,
    /// The first frame has been seen, and it was SETTINGS.
    begun: bool,
    /// The table size in the SETTINGS frame being read.
    announced: Option<u32>,
    /// The field block being read.
    open: Option<Open>,
    /// Its bytes.
    block: Vec<u8>,
    block_limit: usize,
    fields: hpack::Decoder,
    /// What the other side allows the encoder of this one.
    pub(super) table_limit: TableLimit,
}

#[derive(Clone, Copy)]
enum State {
    /// So many bytes of it have been seen.
    Preface(usize),
    Header,
    Fixed,
    Block,
    Content,
    /// The rest of a payload, or its padding.
    Skip,
}

/// A field block whose last frame has not come yet.
#[derive(Clone, Copy)]
struct Open {
    kind: Kind,
    stream: u32,
    end_stream: bool,
    /// Its bytes so far, frame headers included: so empty frames are bounded too.
    length: usize,
}

/// What a step came to.
pub(super) enum Step<'a> {
    Again,
    Event(Event<'a>),
    /// All input is taken.
    Starved,
}

impl Direction {
    pub(super) fn new(sender: Sender, limits: Limits) -> Self {
        Self {
            state: match sender {
                Sender::Client => State::Preface(0),
                Sender::Origin => State::Header,
            },
            partial: Partial::default(),
            frame: Frame::NONE,
            padding: 0,
            begun: false,
            announced: None,
            open: None,
            block: Vec::new(),
            block_limit: limits.block,
            fields: hpack::Decoder::new(limits.block, limits.table),
            table_limit: TableLimit::new(),
        }
    }

    /// Goes on as far as the next event or the next part of a frame. `peer` is what this side allows
    /// the other.
    pub(super) fn step<'a>(
        &mut self,
        input: &mut &'a [u8],
        peer: &mut TableLimit,
    ) -> Result<Step<'a>, Malformed> {
        match self.state {
            State::Preface(seen) => self.preface(seen, input),
            State::Header => self.header(input),
            State::Fixed => self.fixed(input, peer),
            State::Block => self.block(input),
            State::Content => Ok(self.content(input)),
            State::Skip => Ok(self.skip(input)),
        }
    }

    fn preface<'a>(&mut self, seen: usize, input: &mut &[u8]) -> Result<Step<'a>, Malformed> {
        let expected = PREFACE.get(seen..).unwrap_or_default();
        let piece = take(input, expected.len());
        if !expected.starts_with(piece) {
            return Err(Malformed("not an HTTP/2 connection preface"));
        }
        if piece.len() < expected.len() {
            self.state = State::Preface(seen + piece.len());
            return Ok(Step::Starved);
        }
        self.state = State::Header;
        Ok(Step::Again)
    }

    fn header<'a>(&mut self, input: &mut &[u8]) -> Result<Step<'a>, Malformed> {
        let Some(header) = self.partial.fill(HEADER_LENGTH, input) else {
            return Ok(Step::Starved);
        };
        self.frame = Frame::new(header);
        self.padding = 0;
        if !self.begun && self.frame.kind != Kind::Settings {
            return Err(Malformed(
                "no HTTP/2 connection: it does not begin with settings",
            ));
        }
        self.begun = true;
        self.frame.check()?;
        self.check_order()?;
        self.state = State::Fixed;
        Ok(Step::Again)
    }

    /// RFC 9113 section 6.10: nothing comes between the frames of a field block.
    fn check_order(&self) -> Result<(), Malformed> {
        let frame = self.frame;
        match self.open {
            Some(open) if frame.kind == Kind::Continuation && frame.stream == open.stream => Ok(()),
            Some(_) => Err(Malformed("a frame between those of a field block")),
            None if frame.kind == Kind::Continuation => {
                Err(Malformed("a frame that continues no field block"))
            }
            None => Ok(()),
        }
    }

    fn fixed<'a>(
        &mut self,
        input: &mut &[u8],
        peer: &mut TableLimit,
    ) -> Result<Step<'a>, Malformed> {
        let wanted = self.frame.fixed();
        let Some(fixed) = self.partial.fill(wanted, input) else {
            return Ok(Step::Starved);
        };
        self.frame.left -= wanted;
        let [first, b1, b2, b3, b4, b5, b6, b7, _] = fixed;
        if self.frame.is_padded() {
            self.padding = first.into();
            let left = self.frame.left.checked_sub(self.padding);
            self.frame.left = left.ok_or(Malformed("a frame with more padding than payload"))?;
        }
        match self.frame.kind {
            Kind::Data => self.state = State::Content,
            Kind::Headers | Kind::PushPromise | Kind::Continuation => self.open_block()?,
            Kind::Settings => {
                if wanted > 0 && [first, b1] == HEADER_TABLE_SIZE {
                    self.announced = Some(u32::from_be_bytes([b2, b3, b4, b5]));
                }
                if self.frame.left == 0 {
                    self.settled(peer)?;
                }
            }
            Kind::Reset => {
                self.state = State::Header;
                return Ok(Step::Event(Event::Reset {
                    stream: self.frame.stream,
                    code: u32::from_be_bytes([first, b1, b2, b3]),
                }));
            }
            Kind::GoAway => {
                self.state = State::Skip;
                return Ok(Step::Event(Event::GoAway {
                    last_stream: u32::from_be_bytes([first & 0x7f, b1, b2, b3]),
                    code: u32::from_be_bytes([b4, b5, b6, b7]),
                }));
            }
            Kind::Other => self.state = State::Skip,
        }
        Ok(Step::Again)
    }

    /// A whole SETTINGS frame has been read.
    fn settled(&mut self, peer: &mut TableLimit) -> Result<(), Malformed> {
        self.state = State::Header;
        if self.frame.acknowledges() {
            self.table_limit.acknowledge();
            return Ok(());
        }
        peer.announce(self.announced.take())
    }

    fn open_block(&mut self) -> Result<(), Malformed> {
        let open = self.open.get_or_insert(Open {
            kind: self.frame.kind,
            stream: self.frame.stream,
            end_stream: self.frame.ends_stream(),
            length: 0,
        });
        open.length += HEADER_LENGTH + self.frame.left;
        if open.length > self.block_limit {
            return Err(Malformed("a field block is longer than the limit"));
        }
        self.state = State::Block;
        Ok(())
    }

    fn block<'a>(&mut self, input: &mut &[u8]) -> Result<Step<'a>, Malformed> {
        let piece = take(input, self.frame.left);
        self.block.extend_from_slice(piece);
        self.frame.left -= piece.len();
        if self.frame.left > 0 {
            return Ok(Step::Starved);
        }
        self.end_payload();
        if !self.frame.ends_block() {
            return Ok(Step::Again);
        }
        let decoded = self
            .fields
            .decode(&self.block, self.table_limit.largest())?;
        self.block.clear();
        self.block.shrink_to(RETAINED);
        Ok(match self.open.take() {
            Some(open) if open.kind == Kind::Headers => Step::Event(open.event(decoded)),
            _ => Step::Again,
        })
    }

    fn content<'a>(&mut self, input: &mut &'a [u8]) -> Step<'a> {
        let piece = take(input, self.frame.left);
        self.frame.left -= piece.len();
        let end_stream = self.frame.left == 0 && self.frame.ends_stream();
        if self.frame.left == 0 {
            self.end_payload();
        } else if piece.is_empty() {
            return Step::Starved;
        }
        if piece.is_empty() && !end_stream {
            return Step::Again;
        }
        Step::Event(Event::Content {
            stream: self.frame.stream,
            piece,
            end_stream,
        })
    }

    /// Only padding is left of the frame.
    fn end_payload(&mut self) {
        self.frame.left = self.padding;
        self.state = State::Skip;
    }

    fn skip<'a>(&mut self, input: &mut &[u8]) -> Step<'a> {
        self.frame.left -= take(input, self.frame.left).len();
        if self.frame.left > 0 {
            return Step::Starved;
        }
        self.state = State::Header;
        Step::Again
    }

    /// What is held on to, in bytes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.block.capacity() + self.fields.memory()
    }
}

impl Open {
    fn event(self, decoded: Decoded) -> Event<'static> {
        let Self {
            stream, end_stream, ..
        } = self;
        match decoded {
            Decoded::Fields(fields) => Event::Fields {
                stream,
                fields,
                end_stream,
            },
            Decoded::Oversized => Event::Oversized { stream, end_stream },
        }
    }
}

/// A few bytes that are only understood together.
#[derive(Clone, Copy, Default)]
struct Partial {
    bytes: [u8; HEADER_LENGTH],
    length: usize,
}

impl Partial {
    /// The next `wanted` bytes, once all of them have come.
    fn fill(&mut self, wanted: usize, input: &mut &[u8]) -> Option<[u8; HEADER_LENGTH]> {
        let piece = take(input, wanted - self.length);
        let end = self.length + piece.len();
        self.bytes.get_mut(self.length..end)?.copy_from_slice(piece);
        self.length = end;
        if end < wanted {
            return None;
        }
        self.length = 0;
        Some(self.bytes)
    }
}

/// Takes up to `most` bytes from the front of `input`.
fn take<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (piece, rest) = input.split_at_checked(most).unwrap_or((input, &[]));
    *input = rest;
    piece
}

/// `SETTINGS_HEADER_TABLE_SIZE` (RFC 9113 section 6.5.2).
const HEADER_TABLE_SIZE: [u8; 2] = [0, 1];

/// What is kept between two blocks, in bytes; more than most blocks need.
const RETAINED: usize = 4 * 1024;
