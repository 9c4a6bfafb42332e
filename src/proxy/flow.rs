//! One direction of a relay: reads, lets a gate see every byte, writes, mirrors the ending.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::buffers::{self, Buffer};
use super::transport::Transport;

/// How much of the bytes it was shown a gate lets pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    /// So many bytes from the front are judged.
    pub(super) bytes: usize,
    /// So many of those, and of earlier ones held, do not pass before the gate knows what they belong to.
    pub(super) held: usize,
    /// The message ends there; what follows waits for [`Flow::next_message`].
    pub(super) message_over: bool,
}

impl Passage {
    /// Everything passes and no message ends.
    pub(super) fn all(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len(),
            held: 0,
            message_over: false,
        }
    }

    /// The message is over; nothing more passes, what was held included.
    pub(super) fn none() -> Self {
        Self {
            bytes: 0,
            held: usize::MAX,
            message_over: true,
        }
    }
}

/// What a gate is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown<'a> {
    /// Bytes that wait to pass.
    Bytes(&'a [u8]),
    /// The reader has ended.
    End,
    /// The reader has ended by an error.
    Broken(&'a io::Error),
}

impl<'a> Shown<'a> {
    /// The bytes; `None` at an end of either kind.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::End | Self::Broken(_) => None,
        }
    }

    /// Whether what came last may not be the last that was sent. A TLS peer that leaves out its
    /// `close_notify` is no such case: many always do.
    pub(super) fn is_reset(self) -> bool {
        matches!(self, Self::Broken(error) if error.kind() != io::ErrorKind::UnexpectedEof)
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
/// `buffer[written..passed]` may be written, `buffer[passed..judged]` is held by the gate,
/// `buffer[judged..filled]` waits for it.
#[derive(Debug)]
pub(super) struct Flow {
    buffer: Buffer,
    written: usize,
    passed: usize,
    judged: usize,
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

/// Buffers grow to this while reads fill them.
const LARGEST_BUFFER: usize = 256 * 1024;

/// After so many bytes it is another connection's turn: some take long to decode.
const TURN: usize = 64 * 1024;

/// So much of later messages is read while an earlier one is answered.
const MOST_AHEAD: usize = 64 * 1024;

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            buffer: Buffer::default(),
            written: 0,
            passed: 0,
            judged: 0,
            filled: 0,
            unflushed: false,
            state: State::Passing,
        }
    }

    /// Takes the direction forward as far as both ends allow. The gate sees each byte once it passes
    /// and before it is written; it is shown what waits, and the reader's end: then `message_over`
    /// keeps the writer open.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut Transport,
        writer: &mut Transport,
        mut gate: impl FnMut(Shown<'_>) -> Passage,
    ) -> Poll<Stop> {
        let mut read = 0;
        loop {
            match self.state {
                State::Stopped(stop) => return Poll::Ready(stop),
                State::Passing if self.judged < self.filled => self.judge(&mut gate),
                _ => {}
            }
            if self.written < self.passed {
                if let Err(_error) = ready!(self.poll_write(cx, writer)) {
                    self.state = State::Stopped(Stop::WriterBroke);
                }
                continue;
            }
            match self.state {
                State::Passing if read >= TURN => {
                    cx.waker().wake_by_ref();
                    return self.poll_flush(cx, writer);
                }
                State::Passing => match self.poll_read(cx, reader) {
                    Poll::Ready(Ok(0)) => {
                        let over = gate(Shown::End).message_over;
                        self.state = if over {
                            State::LastBytes
                        } else {
                            State::Ending
                        };
                    }
                    Poll::Ready(Ok(more)) => read += more,
                    Poll::Ready(Err(error)) => {
                        let over = gate(Shown::Broken(&error)).message_over;
                        self.state = after_read_error(&error, over);
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
            .get(self.judged..self.filled)
            .unwrap_or_default()
    }

    /// Takes that many waiting bytes out of the stream: they are not written.
    pub(super) fn take(&mut self, bytes: usize) {
        self.judged = (self.judged + bytes).min(self.filled);
        self.passed = self.judged;
        self.written = self.judged;
    }

    /// Reads more, for somebody who looks at [`Flow::waiting`] before anything is relayed; 0 at the end.
    pub(super) async fn read_more(&mut self, reader: &mut Transport) -> io::Result<usize> {
        std::future::poll_fn(|cx| self.poll_read(cx, reader)).await
    }

    /// Reads what follows a message, to see when its reader ends or breaks; 0 at the end. Pending once so much
    /// waits that more would be too much.
    pub(super) fn poll_ahead(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut Transport,
    ) -> Poll<io::Result<usize>> {
        if self.waiting().len() < MOST_AHEAD {
            self.poll_read(cx, reader)
        } else {
            Poll::Pending
        }
    }

    /// Gives out what was read and not passed on.
    pub(super) fn into_waiting(self) -> Vec<u8> {
        let (judged, filled) = (self.judged, self.filled);
        let mut buffer = self.buffer.into_bytes();
        buffer.truncate(filled);
        buffer.drain(..judged);
        buffer
    }

    /// Goes on with the next message after [`Stop::MessageOver`].
    pub(super) fn next_message(&mut self) {
        if self.state == State::Stopped(Stop::MessageOver) {
            self.state = State::Passing;
        }
    }

    fn judge(&mut self, gate: &mut impl FnMut(Shown<'_>) -> Passage) {
        let passage = gate(Shown::Bytes(self.waiting()));
        self.judged += passage.bytes.min(self.filled - self.judged);
        self.passed = self.judged.saturating_sub(passage.held).max(self.passed);
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
        let polled = Pin::new(reader).poll_read(cx, &mut buf);
        let read = buf.filled().len();
        self.filled += read;
        if self.filled == 0 {
            buffers::give_back(std::mem::take(&mut self.buffer));
        }
        polled.map_ok(|()| read)
    }

    /// Moves waiting bytes to the front and grows the buffer if the last read filled it.
    fn make_room(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = buffers::lend();
        } else if self.filled == self.buffer.len() {
            self.buffer.grow(LARGEST_BUFFER);
        }
        if self.written > 0 {
            self.buffer.copy_within(self.written..self.filled, 0);
            self.filled -= self.written;
            self.passed -= self.written;
            self.judged -= self.written;
            self.written = 0;
        }
        if self.filled == self.buffer.len() {
            // Only somebody who looks at heads waits for more than the buffer holds.
            self.buffer.grow_regardless();
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

fn after_read_error(error: &io::Error, message_over: bool) -> State {
    match error.kind() {
        io::ErrorKind::UnexpectedEof if message_over => State::LastBytes,
        io::ErrorKind::UnexpectedEof => State::EndingAbruptly,
        _ => State::Stopped(Stop::ReaderBroke),
    }
}

fn after_close(closed: &io::Result<()>) -> Stop {
    match closed {
        Ok(()) => Stop::Ended,
        Err(_error) => Stop::WriterBroke,
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::super::transport::Link;
    use super::*;
    use crate::net::Socket;

    /// Two ends of a connection: one for the test, one for the flow.
    async fn pair() -> (TcpStream, Transport) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap());
        let (ours, (theirs, _)) = tokio::try_join!(ours, listener.accept()).unwrap();
        (
            ours,
            Transport::Clear(Link::new(Socket::Tcp(theirs), Vec::new())),
        )
    }

    async fn run(
        flow: &mut Flow,
        reader: &mut Transport,
        writer: &mut Transport,
        mut gate: impl FnMut(Shown<'_>) -> Passage,
    ) -> Stop {
        std::future::poll_fn(|cx| flow.poll(cx, reader, writer, &mut gate)).await
    }

    fn all(shown: Shown<'_>) -> Passage {
        Passage::all(shown.bytes().unwrap_or_default())
    }

    #[tokio::test]
    async fn what_follows_a_message_waits_for_the_next() {
        let (mut source, mut reader) = pair().await;
        let (mut sink, mut writer) = pair().await;
        let mut flow = Flow::new();
        source.write_all(b"one|two|").await.unwrap();
        source.shutdown().await.unwrap();
        let mut message = |shown: Shown<'_>| {
            let bytes = shown.bytes();
            let end = bytes.and_then(|b| b.iter().position(|b| *b == b'|'));
            Passage {
                bytes: end.map_or_else(|| bytes.map_or(0, <[u8]>::len), |at| at + 1),
                held: 0,
                message_over: end.is_some(),
            }
        };
        for expected in [b"one|", b"two|"] {
            let stop = run(&mut flow, &mut reader, &mut writer, &mut message).await;
            assert_eq!(stop, Stop::MessageOver);
            let mut seen = [0; 4];
            sink.read_exact(&mut seen).await.unwrap();
            assert_eq!(&seen, expected);
            flow.next_message();
        }
        let stop = run(&mut flow, &mut reader, &mut writer, &mut message).await;
        assert_eq!(stop, Stop::Ended);
        flow.next_message();
        assert_eq!(flow.state, State::Stopped(Stop::Ended), "an end is an end");
        assert_eq!(sink.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn every_byte_passes_the_gate_once_however_slow_the_writer_is() {
        let (mut source, mut reader) = pair().await;
        let (mut sink, mut writer) = pair().await;
        let sent: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let expected = sent.clone();
        let feed = tokio::spawn(async move {
            source.write_all(&sent).await.unwrap();
        });
        let drain = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let mut seen = Vec::new();
            sink.read_to_end(&mut seen).await.unwrap();
            seen
        });
        let mut seen_by_gate = Vec::new();
        let mut flow = Flow::new();
        let stop = run(&mut flow, &mut reader, &mut writer, |shown| {
            seen_by_gate.extend_from_slice(shown.bytes().unwrap_or_default());
            all(shown)
        })
        .await;
        feed.await.unwrap();
        assert_eq!(stop, Stop::Ended);
        assert!(seen_by_gate == expected && drain.await.unwrap() == expected);
        assert!(flow.buffer.len() <= LARGEST_BUFFER);
    }

    #[tokio::test]
    async fn a_flow_with_nothing_to_read_holds_no_buffer() {
        let (mut source, mut reader) = pair().await;
        let (mut sink, mut writer) = pair().await;
        let mut flow = Flow::new();
        source.write_all(b"x").await.unwrap();
        std::future::poll_fn(|cx| {
            let stop = flow.poll(cx, &mut reader, &mut writer, all);
            assert!(stop.is_pending());
            if flow.unflushed || sink.poll_peek(cx, &mut ReadBuf::new(&mut [0])).is_pending() {
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        assert_eq!(sink.read_u8().await.unwrap(), b'x');
        assert!(flow.buffer.is_empty());
    }

    #[tokio::test]
    async fn a_message_that_its_reader_cuts_off_leaves_the_writer_open_for_the_answer() {
        let error = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(after_read_error(&error, true), State::LastBytes);
        assert_eq!(after_read_error(&error, false), State::EndingAbruptly);
        let (source, mut reader) = pair().await;
        let (mut sink, mut writer) = pair().await;
        source.set_zero_linger().unwrap();
        drop(source);
        let stop = run(&mut Flow::new(), &mut reader, &mut writer, all).await;
        assert_eq!(stop, Stop::ReaderBroke);
        let mut cx = Context::from_waker(Waker::noop());
        let ended = sink.poll_peek(&mut cx, &mut ReadBuf::new(&mut [0]));
        assert!(ended.is_pending());
        writer.write_all(b"!").await.unwrap();
        assert_eq!(sink.read_u8().await.unwrap(), b'!');
    }

    #[tokio::test]
    async fn what_is_held_passes_with_what_completes_it_or_not_at_all() {
        let (mut source, mut reader) = pair().await;
        let (mut sink, mut writer) = pair().await;
        let mut flow = Flow::new();
        let mut held = 0;
        let whole_parts = |shown: Shown<'_>| {
            let bytes = shown.bytes().unwrap_or_default();
            if bytes.contains(&b'!') {
                return Passage::none();
            }
            let after_bar = bytes.iter().rev().position(|b| *b == b'|');
            held = after_bar.unwrap_or(held + bytes.len());
            Passage {
                held,
                ..Passage::all(bytes)
            }
        };
        let steps = async {
            for (sent, arrives) in [("abc|de", "abc|"), ("f", ""), ("g|h", "defg|")] {
                source.write_all(sent.as_bytes()).await.unwrap();
                let mut seen = vec![0; arrives.len()];
                sink.read_exact(&mut seen).await.unwrap();
                assert_eq!(String::from_utf8(seen).unwrap(), arrives);
            }
            source.write_all(b"i!").await.unwrap();
            sink
        };
        let stop = run(&mut flow, &mut reader, &mut writer, whole_parts);
        let (stop, mut sink) = tokio::join!(stop, steps);
        assert_eq!(stop, Stop::MessageOver);
        drop(writer);
        assert_eq!(sink.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn reading_ahead_sees_the_end_and_is_bounded() {
        let (mut source, mut reader) = pair().await;
        let mut flow = Flow::new();
        source.write_all(b"next").await.unwrap();
        let read = std::future::poll_fn(|cx| flow.poll_ahead(cx, &mut reader)).await;
        assert_eq!((read.unwrap(), flow.waiting()), (4, &b"next"[..]));
        source.write_all(b"more").await.unwrap();
        let read = std::future::poll_fn(|cx| flow.poll_ahead(cx, &mut reader)).await;
        assert_eq!((read.unwrap(), flow.waiting()), (4, &b"nextmore"[..]));
        flow.take(4);
        let feed = tokio::spawn(async move {
            source.write_all(&vec![b'x'; 4 * MOST_AHEAD]).await.unwrap();
        });
        let mut cx = Context::from_waker(Waker::noop());
        while flow.waiting().len() < MOST_AHEAD {
            let read = std::future::poll_fn(|cx| flow.poll_ahead(cx, &mut reader)).await;
            assert!(read.unwrap() > 0);
        }
        assert!(flow.poll_ahead(&mut cx, &mut reader).is_pending());
        assert!(flow.waiting().len() <= 2 * MOST_AHEAD);
        feed.abort();
        assert!(flow.into_waiting().starts_with(b"morexx"));
    }
}
