//! A passive HTTP/1 decoder (RFC 9112): follows one direction of a connection byte by byte.
//!
//! It accepts what peers accept, since it only watches: when the bytes cannot be followed any more
//! it gives up, says why, and stays silent. [`Head`]s keep the original bytes. For a message relay it can
//! be strict with what lies between them; the heads and trailer sections are judged elsewhere.

use memchr::memchr;

pub use super::framing::Framing;
use super::framing::{
    NO_CHUNK_SIZE, chunk_size, request_framing, response_framing, strict_chunk_line,
};
use super::head::{Head, RequestLine, StatusLine, is_token_byte};

/// Which direction a decoder follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Client to origin.
    Requests,
    /// Origin to client.
    Responses,
}

/// What a response answers, as far as framing needs it (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// A HEAD request: no content whatever the fields say.
    Head,
    /// A CONNECT request: 2xx opens a tunnel.
    Connect,
    /// Any other.
    Other,
}

impl Answers {
    /// From the request's method.
    pub fn method(method: &[u8]) -> Self {
        match method {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// What the decoder has seen.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole head. For a final response [`Decoder::frame_response`] must be called next.
    Head(Head),
    /// A piece of content, transfer coding removed.
    Content(&'a [u8]),
    /// The message has ended; the bytes of its trailer section, if it has one.
    End(Option<Box<[u8]>>),
    /// The bytes cannot be followed from here on.
    GaveUp(&'static str),
}

/// A decoder for one direction of a connection.
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    state: State,
    /// An incomplete head, chunk line or trailer section, kept until the rest of it arrives.
    partial: Vec<u8>,
    head_limit: usize,
    /// The framing that the fields of the last head announce.
    announced: Framing,
    status: u16,
    /// How many bytes of chunk extensions a message may still have; `None` for a decoder that only watches.
    extensions: Option<Extensions>,
}

/// The chunk extensions of a message that is decoded strictly.
#[derive(Clone, Copy, Debug)]
struct Extensions {
    limit: usize,
    left: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Unframed,
    Fixed(u64),
    UntilClose,
    ChunkLine,
    ChunkData(u64),
    ChunkDataEnd,
    Trailers,
    /// The message is over; its end has still to be told.
    Ended,
    /// Cannot be followed; that has still to be told.
    Unreadable(&'static str),
    Opaque,
    GaveUp,
}

/// Why a decoder gave up on a head beyond its limit.
pub const HEAD_TOO_LONG: &str = "a head is longer than the limit";

/// A chunk line longer than this is no honest chunk extension.
const CHUNK_LINE_LIMIT: usize = 16 * 1024;

impl Decoder {
    /// A decoder at the start of a connection; heads longer than `head_limit` bytes are given up.
    pub fn new(role: Role, head_limit: usize) -> Self {
        Self {
            role,
            state: State::Head,
            partial: Vec::new(),
            head_limit,
            announced: Framing::Absent,
            status: 0,
            extensions: None,
        }
    }

    /// A decoder that gives up on chunks which two parties could read differently, on chunk extensions of
    /// more than `extension_limit` bytes in a message, and on line ends before a response.
    pub fn strict(role: Role, head_limit: usize, extension_limit: usize) -> Self {
        Self {
            extensions: Some(Extensions {
                limit: extension_limit,
                left: extension_limit,
            }),
            ..Self::new(role, head_limit)
        }
    }

    /// Takes bytes from the front of `input`: how many, and what they completed. Call it again with
    /// the rest until all is taken and no event comes; an event may come without a byte taken.
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        match self.state {
            State::Head => self.head(input),
            State::Unframed => (0, None),
            State::Fixed(left) => self.counted(input, left, State::Fixed),
            State::ChunkData(left) => self.counted(input, left, State::ChunkData),
            State::UntilClose => content(input, input.len()),
            State::ChunkLine => self.chunk_line(input),
            State::ChunkDataEnd => self.chunk_data_end(input),
            State::Trailers => self.trailers(input),
            State::Ended => (0, Some(self.end(None))),
            State::Unreadable(reason) => self.give_up(0, reason),
            State::Opaque | State::GaveUp => (input.len(), None),
        }
    }

    /// Sets the framing of the final response whose head was the last event; 1xx needs no call.
    pub fn frame_response(&mut self, answers: Answers) {
        if self.state == State::Unframed {
            self.state = self.response_state(answers);
        }
    }

    /// Whether a final response's head was told and [`Decoder::frame_response`] has to follow.
    pub fn awaits_framing(&self) -> bool {
        self.state == State::Unframed
    }

    /// How the content of the message whose head was the last event is delimited.
    pub fn framing(&self) -> Framing {
        self.announced
    }

    /// From here on the connection carries something else.
    pub fn stop(&mut self) {
        self.partial = Vec::new();
        self.state = State::Opaque;
    }

    /// The direction has ended: the end of a close-delimited message, or nothing.
    pub fn close(&mut self) -> Option<Event<'static>> {
        let open = std::mem::replace(&mut self.state, State::Opaque);
        matches!(open, State::UntilClose | State::Ended).then_some(Event::End(None))
    }

    /// Whether the decoder stands between two messages, no byte of the next one seen.
    pub fn is_idle(&self) -> bool {
        self.state == State::Head && self.partial.is_empty()
    }

    /// How many of the bytes taken last belong to a head, line or section whose end is still to come.
    pub fn unfinished(&self) -> usize {
        self.partial.len()
    }

    /// Whether bytes are still being followed.
    pub fn is_following(&self) -> bool {
        !matches!(self.state, State::Opaque | State::GaveUp)
    }

    fn head<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        let is_strict_response = self.extensions.is_some() && self.role == Role::Responses;
        let skipped = if self.partial.is_empty() && !is_strict_response {
            leading_line_ends(input)
        } else {
            0
        };
        let rest = input.get(skipped..).unwrap_or_default();
        if rest.is_empty() {
            return (skipped, None);
        }
        if let Some(reason) = self.not_http(rest) {
            return self.give_up(input.len(), reason);
        }
        let Some((taken, head)) = self.take_section(rest) else {
            return if self.partial.len() > self.head_limit {
                self.give_up(input.len(), HEAD_TOO_LONG)
            } else {
                (input.len(), None)
            };
        };
        if weight(&head) > self.head_limit {
            return self.give_up(input.len(), HEAD_TOO_LONG);
        }
        (skipped + taken, Some(self.begin_message(head)))
    }

    /// Tells early that a connection carries something else, before a line end ever comes.
    fn not_http(&self, next: &[u8]) -> Option<&'static str> {
        let seen = || self.partial.iter().chain(next).copied();
        match self.role {
            Role::Responses => {
                let differs = seen().zip(*b"HTTP/1.").any(|(have, want)| have != want);
                differs.then_some("not an HTTP/1 response")
            }
            Role::Requests => {
                let method = seen().take(METHOD_LIMIT).take_while(|b| *b != b' ');
                let (length, fine) =
                    method.fold((0, true), |(n, ok), b| (n + 1, ok && is_token_byte(b)));
                (!fine || length == 0 || length == METHOD_LIMIT).then_some("not an HTTP/1 request")
            }
        }
    }

    fn begin_message(&mut self, head: Box<[u8]>) -> Event<'static> {
        let head = Head::new(head);
        if let Some(extensions) = &mut self.extensions {
            extensions.left = extensions.limit;
        }
        match self.role {
            Role::Requests => {
                if RequestLine::parse(head.start_line()).is_none() {
                    return self.gave_up("not an HTTP/1 request line");
                }
                self.announced = request_framing(&head);
                self.state = match self.announced {
                    Framing::Absent | Framing::UntilClose | Framing::Length(0) => State::Ended,
                    Framing::Length(length) => State::Fixed(length),
                    Framing::Chunked => State::ChunkLine,
                    Framing::Invalid(reason) => State::Unreadable(reason),
                };
            }
            Role::Responses => {
                let Some(line) = StatusLine::parse(head.start_line()) else {
                    return self.gave_up("not an HTTP/1 status line");
                };
                self.status = line.status;
                self.announced = response_framing(&head);
                let interim = (100..200).contains(&line.status) && line.status != 101;
                self.state = if interim {
                    State::Head
                } else {
                    State::Unframed
                };
            }
        }
        Event::Head(head)
    }

    fn response_state(&mut self, answers: Answers) -> State {
        let tunnel = answers == Answers::Connect && (200..300).contains(&self.status);
        if self.status == 101 || tunnel {
            return State::Opaque;
        }
        if answers == Answers::Head || matches!(self.status, 204 | 304) {
            self.announced = Framing::Absent;
        }
        match self.announced {
            Framing::Absent | Framing::Length(0) => State::Ended,
            Framing::Length(length) => State::Fixed(length),
            Framing::Chunked => State::ChunkLine,
            Framing::UntilClose => State::UntilClose,
            Framing::Invalid(reason) => State::Unreadable(reason),
        }
    }

    fn counted<'a>(
        &mut self,
        input: &'a [u8],
        left: u64,
        state: fn(u64) -> State,
    ) -> (usize, Option<Event<'a>>) {
        let taken = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        let left = left - taken as u64;
        self.state = match (left, self.state) {
            (0, State::ChunkData(_)) => State::ChunkDataEnd,
            (0, _) => State::Ended,
            _ => state(left),
        };
        content(input, taken)
    }

    fn chunk_line<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        const TOO_LONG: &str = "a chunk line is longer than 16 KiB";
        let Some((taken, line)) = self.take_line(input) else {
            return if self.partial.len() > CHUNK_LINE_LIMIT {
                self.give_up(input.len(), TOO_LONG)
            } else {
                (input.len(), None)
            };
        };
        if line.len() > CHUNK_LINE_LIMIT {
            return self.give_up(input.len(), TOO_LONG);
        }
        match self.chunk_size(&line) {
            Ok(0) => self.state = State::Trailers,
            Ok(size) => self.state = State::ChunkData(size),
            Err(reason) => return self.give_up(input.len(), reason),
        }
        (taken, None)
    }

    fn chunk_size(&mut self, line: &[u8]) -> Result<u64, &'static str> {
        let Some(extensions) = &mut self.extensions else {
            return chunk_size(line).ok_or(NO_CHUNK_SIZE);
        };
        let (size, length) = strict_chunk_line(line)?;
        extensions.left = extensions
            .left
            .checked_sub(length)
            .ok_or("there are too many chunk extensions")?;
        Ok(size)
    }

    fn chunk_data_end<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        let Some((taken, line)) = self.take_line(input) else {
            return if self.partial.len() > 1 {
                self.give_up(input.len(), "chunk data is longer than its size says")
            } else {
                (input.len(), None)
            };
        };
        let is_end = match self.extensions {
            Some(_) => line == b"\r\n",
            None => matches!(&*line, b"\r\n" | b"\n"),
        };
        if !is_end {
            return self.give_up(input.len(), "chunk data is longer than its size says");
        }
        self.state = State::ChunkLine;
        (taken, None)
    }

    fn trailers<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        let Some((taken, section)) = self.take_section(input) else {
            return if self.partial.len() > self.head_limit {
                self.give_up(input.len(), "a trailer section is longer than the limit")
            } else {
                (input.len(), None)
            };
        };
        if weight(&section) > self.head_limit {
            return self.give_up(input.len(), "a trailer section is longer than the limit");
        }
        if self.extensions.is_some() && *section == *b"\n" {
            return self.give_up(input.len(), "a chunk line ends in LF without CR");
        }
        let has_fields = !matches!(&*section, b"\r\n" | b"\n");
        (taken, Some(self.end(has_fields.then_some(section))))
    }

    fn end(&mut self, trailers: Option<Box<[u8]>>) -> Event<'static> {
        self.state = State::Head;
        Event::End(trailers)
    }

    /// Takes up to and including the next empty line; `None` (all of it kept) when there is none yet.
    fn take_section(&mut self, input: &[u8]) -> Option<(usize, Box<[u8]>)> {
        if self.partial.is_empty()
            && let Some(end) = section_end(input, 0)
        {
            return Some((end, input.get(..end)?.into()));
        }
        let before = self.partial.len();
        self.partial.extend_from_slice(input);
        let end = section_end(&self.partial, before.saturating_sub(3))?;
        let mut section = std::mem::take(&mut self.partial);
        section.truncate(end);
        Some((end - before, section.into()))
    }

    /// Takes up to and including the next LF; `None` (all of it kept) when there is none yet.
    fn take_line(&mut self, input: &[u8]) -> Option<(usize, Vec<u8>)> {
        let taken = memchr(b'\n', input).map(|at| at + 1);
        self.partial
            .extend_from_slice(input.get(..taken.unwrap_or(input.len()))?);
        Some((taken?, std::mem::take(&mut self.partial)))
    }

    fn give_up<'a>(&mut self, taken: usize, reason: &'static str) -> (usize, Option<Event<'a>>) {
        (taken, Some(self.gave_up(reason)))
    }

    fn gave_up(&mut self, reason: &'static str) -> Event<'static> {
        self.partial = Vec::new();
        self.state = State::GaveUp;
        Event::GaveUp(reason)
    }
}

/// No registered method comes near this length; without a limit a binary stream of token bytes
/// would be buffered up to the head limit.
const METHOD_LIMIT: usize = 64;

/// What a section is counted as: each line costs whoever keeps it more than its bytes. HTTP/2 adds
/// as much to each field (RFC 9113 section 6.5.2).
fn weight(section: &[u8]) -> usize {
    section.len() + memchr::memchr_iter(b'\n', section).count() * 32
}

fn content(input: &[u8], taken: usize) -> (usize, Option<Event<'_>>) {
    let piece = input.get(..taken).filter(|piece| !piece.is_empty());
    (taken, piece.map(Event::Content))
}

/// Empty lines before a start line are skipped (RFC 9112 section 2.2).
fn leading_line_ends(input: &[u8]) -> usize {
    input
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count()
}

/// The position after the first empty line that ends at or after `from`.
fn section_end(bytes: &[u8], from: usize) -> Option<usize> {
    if from == 0 {
        match bytes {
            [b'\n', ..] => return Some(1),
            [b'\r', b'\n', ..] => return Some(2),
            _ => {}
        }
    }
    let mut at = from;
    loop {
        at += memchr(b'\n', bytes.get(at..)?)? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}
