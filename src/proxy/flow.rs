//! One direction of a relay: reads, lets a gate see every byte, writes, mirrors the ending.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::transport::Transport;

/// How much of the bytes it was shown a gate lets pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    /// So many bytes from the front.
    pub(super) bytes: usize,
    /// The message ends there; what follows waits for [`Flow::next_message`].
    pub(super) message_over: bool,
}

impl Passage {
    /// Everything passes and no message ends.
    pub(super) fn all(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len(),
            message_over: false,
        }
    }
}

/// Why a direction stands still for good, or for this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The gate said that the message is over; its bytes are written.
    MessageOver,
    /// The reader ended; that was passed on.
    Ended,
    /// The reader's connection was reset.
    ReaderBroke,
    /// The writer takes no more.
    WriterBroke,
}

/// One direction of a relay and its buffer.
///
/// `buffer[written..passed]` may be written, `buffer[passed..filled]` waits for the gate.
#[derive(Debug)]
pub(super) struct Flow {
    buffer: Vec<u8>,
    written: usize,
    passed: usize,
    filled: usize,
    unflushed: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Passing,
    /// The gate has said that the message is over.
    LastBytes,
    /// The reader ended properly (FIN, or `close_notify` over TLS).
    Ending,
    /// A TLS reader ended with a FIN alone.
    EndingAbruptly,
    Stopped(Stop),
}

/// Reads start with this much and grow only while they fill their buffer.
const SMALLEST_BUFFER: usize = 16 * 1024;
const LARGEST_BUFFER: usize = 256 * 1024;

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            written: 0,
            passed: 0,
            filled: 0,
            unflushed: false,
            state: State::Passing,
        }
    }

    /// Takes the direction forward as far as both ends allow. The gate sees each byte once it passes
    /// and before it is written; it is called with what waits, and at the reader's end with `None`:
    /// then `message_over` keeps the writer open.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut Transport,
        writer: &mut Transport,
        mut gate: impl FnMut(Option<&[u8]>) -> Passage,
    ) -> Poll<Stop> {
        loop {
            match self.state {
                State::Stopped(stop) => return Poll::Ready(stop),
                State::Passing if self.passed < self.filled => self.judge(&mut gate),
                _ => {}
            }
            if self.written < self.passed {
                if let Err(_error) = ready!(self.poll_write(cx, writer)) {
                    self.state = State::Stopped(Stop::WriterBroke);
                }
                continue;
            }
            match self.state {
                State::Passing => match self.poll_read(cx, reader) {
                    Poll::Ready(Ok(0)) => {
                        let over = gate(None).message_over;
                        self.state = if over {
                            State::LastBytes
                        } else {
                            State::Ending
                        };
                    }
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => {
                        gate(None);
                        self.state = after_read_error(&error);
                    }
                    Poll::Pending => return self.poll_flush(cx, writer),
                },
                State::LastBytes => {
                    ready!(self.poll_flushed(cx, writer));
                    self.stop_unless_stopped(Stop::MessageOver);
                }
                State::Ending => {
                    let closed = ready!(Pin::new(&mut *writer).poll_shutdown(cx));
                    self.state = State::Stopped(after_close(&closed));
                }
                State::EndingAbruptly => {
                    ready!(self.poll_flushed(cx, writer));
                    let closed = ready!(writer.poll_fin(cx));
                    self.state = State::Stopped(after_close(&closed));
                }
                State::Stopped(_) => {}
            }
        }
    }

    /// What was read and waits for the gate.
    pub(super) fn waiting(&self) -> &[u8] {
        self.buffer
            .get(self.passed..self.filled)
            .unwrap_or_default()
    }

    /// Takes that many waiting bytes out of the stream: they are not written.
    pub(super) fn take(&mut self, bytes: usize) {
        self.passed = (self.passed + bytes).min(self.filled);
        self.written = self.passed;
    }

    /// Reads more, for somebody who looks at [`Flow::waiting`] before anything is relayed; 0 at the end.
    pub(super) async fn read_more(&mut self, reader: &mut Transport) -> io::Result<usize> {
        std::future::poll_fn(|cx| self.poll_read(cx, reader)).await
    }

    /// Gives out what was read and not passed on.
    pub(super) fn into_waiting(self) -> Vec<u8> {
        let (passed, filled) = (self.passed, self.filled);
        let mut buffer = self.buffer;
        buffer.truncate(filled);
        buffer.drain(..passed);
        buffer
    }

    /// Goes on with the next message after [`Stop::MessageOver`].
    pub(super) fn next_message(&mut self) {
        if self.state == State::Stopped(Stop::MessageOver) {
            self.state = State::Passing;
        }
    }

    fn judge(&mut self, gate: &mut impl FnMut(Option<&[u8]>) -> Passage) {
        let passage = gate(Some(self.waiting()));
        self.passed += passage.bytes.min(self.filled - self.passed);
        if passage.message_over {
            self.state = State::LastBytes;
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, writer: &mut Transport) -> Poll<io::Result<()>> {
        let bytes = self
            .buffer
            .get(self.written..self.passed)
            .unwrap_or_default();
        let written = ready!(Pin::new(writer).poll_write(cx, bytes))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.written += written;
        self.unflushed = true;
        Poll::Ready(Ok(()))
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut Transport,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut buf = ReadBuf::new(self.buffer.get_mut(self.filled..).unwrap_or_default());
        ready!(Pin::new(reader).poll_read(cx, &mut buf))?;
        let read = buf.filled().len();
        self.filled += read;
        Poll::Ready(Ok(read))
    }

    /// Moves waiting bytes to the front and grows the buffer if the last read filled it.
    fn make_room(&mut self) {
        if self.filled == self.buffer.len() && self.buffer.len() < LARGEST_BUFFER {
            let larger = (self.buffer.len() * 2).max(SMALLEST_BUFFER);
            self.buffer.resize(larger, 0);
        }
        if self.written > 0 {
            self.buffer.copy_within(self.written..self.filled, 0);
            self.filled -= self.written;
            self.passed -= self.written;
            self.written = 0;
        }
        if self.filled == self.buffer.len() {
            // Only somebody who looks at heads waits for more than the buffer holds.
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }

    /// Nothing to read: what was written must leave now. Still pending either way.
    fn poll_flush(&mut self, cx: &mut Context<'_>, writer: &mut Transport) -> Poll<Stop> {
        if self.unflushed
            && self.poll_flushed(cx, writer).is_ready()
            && let State::Stopped(stop) = self.state
        {
            return Poll::Ready(stop);
        }
        Poll::Pending
    }

    fn poll_flushed(&mut self, cx: &mut Context<'_>, writer: &mut Transport) -> Poll<()> {
        match ready!(Pin::new(writer).poll_flush(cx)) {
            Ok(()) => self.unflushed = false,
            Err(_error) => self.state = State::Stopped(Stop::WriterBroke),
        }
        Poll::Ready(())
    }

    fn stop_unless_stopped(&mut self, stop: Stop) {
        if !matches!(self.state, State::Stopped(_)) {
            self.state = State::Stopped(stop);
        }
    }
}

fn after_read_error(error: &io::Error) -> State {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        State::EndingAbruptly
    } else {
        State::Stopped(Stop::ReaderBroke)
    }
}

fn after_close(closed: &io::Result<()>) -> Stop {
    match closed {
        Ok(()) => Stop::Ended,
        Err(_error) => Stop::WriterBroke,
    }
}
