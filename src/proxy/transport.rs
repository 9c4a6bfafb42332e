//! The byte streams on both sides of the proxy, clear or TLS, behind one type.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{client, server};

use super::buffers::{self, Buffer};
use crate::net::{Socket, Within};

/// So much is read ahead while it keeps coming.
const MOST_AHEAD: usize = 64 * 1024;

/// Room for what [`Link::peek_more`] reads.
const PEEKED_AT_A_TIME: usize = 1024;

/// A connection that can give back bytes which were read too far.
#[derive(Debug)]
pub(super) struct Link {
    stream: Socket,
    /// `ahead[taken..filled]` is read before what is still in the socket.
    ahead: Buffer,
    taken: usize,
    filled: usize,
    /// What has been read since [`Link::mark`], if somebody may want to go back.
    marked: Option<Vec<u8>>,
    /// A write has been told of a reset: the system tells it once, and lets reads see an ordinary end.
    was_reset: bool,
}

impl Link {
    /// A connection, and bytes that were already read from it.
    pub(super) fn new(stream: Socket, read: Vec<u8>) -> Self {
        Self {
            stream,
            filled: read.len(),
            ahead: read.into(),
            taken: 0,
            marked: None,
            was_reset: false,
        }
    }

    /// See [`Socket::reset_on_close`].
    pub(super) fn reset_on_close(&self) {
        self.stream.reset_on_close();
    }

    /// Waits for bytes without taking any: what there is, or nothing at the end.
    pub(super) async fn peek(&mut self) -> io::Result<&[u8]> {
        poll_fn(|cx| {
            if self.buffered().is_empty() {
                self.poll_read_ahead(cx)
            } else {
                Poll::Ready(Ok(()))
            }
        })
        .await?;
        Ok(self.buffered())
    }

    /// Waits for bytes beyond those that [`Link::buffered`] has, without taking any: all there is then,
    /// or no more than before at the end. For somebody who needs a few bytes more to decide.
    pub(super) async fn peek_more(&mut self) -> io::Result<&[u8]> {
        if self.filled == self.ahead.len() {
            let mut bytes = self.buffered().to_vec();
            (self.taken, self.filled) = (0, bytes.len());
            bytes.resize(self.filled + PEEKED_AT_A_TIME, 0);
            self.ahead = bytes.into();
        }
        poll_fn(|cx| {
            let room = self.ahead.get_mut(self.filled..).unwrap_or_default();
            let mut buf = ReadBuf::new(room);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
            self.filled += buf.filled().len();
            Poll::Ready(Ok::<_, io::Error>(()))
        })
        .await?;
        Ok(self.buffered())
    }

    /// Gives bytes back that were read from it: they are read again before any other.
    pub(super) fn put_back(self, mut bytes: Vec<u8>) -> Self {
        bytes.extend_from_slice(self.buffered());
        Self::new(self.stream, bytes)
    }

    /// Bytes that were read too far and not taken yet.
    pub(super) fn buffered(&self) -> &[u8] {
        self.ahead.get(self.taken..self.filled).unwrap_or_default()
    }

    /// Remembers what is read from here on, so that [`Link::rewind`] can undo it. Nothing can be
    /// written meanwhile: that could not be undone.
    pub(super) fn mark(&mut self) {
        self.marked = Some(Vec::new());
    }

    /// Forgets the mark.
    pub(super) fn unmark(&mut self) {
        self.marked = None;
    }

    /// Goes back to the mark: what was read since is read again.
    pub(super) fn rewind(&mut self) {
        if let Some(mut bytes) = self.marked.take() {
            bytes.extend_from_slice(self.buffered());
            self.filled = bytes.len();
            self.ahead = bytes.into();
            self.taken = 0;
        }
    }

    fn note_reset<T>(&mut self, polled: &Poll<io::Result<T>>) {
        if let Poll::Ready(Err(error)) = polled {
            self.was_reset |= error.kind() == io::ErrorKind::ConnectionReset;
        }
    }

    fn poll_read_unmarked(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.buffered().is_empty() {
            if buf.remaining() >= buffers::SMALLEST {
                if !self.ahead.is_empty() {
                    buffers::give_back(std::mem::take(&mut self.ahead));
                    (self.taken, self.filled) = (0, 0);
                }
                return Pin::new(&mut self.stream).poll_read(cx, buf);
            }
            ready!(self.poll_read_ahead(cx))?;
        }
        let buffered = self.buffered();
        let taken = buffered.len().min(buf.remaining());
        buf.put_slice(buffered.get(..taken).unwrap_or_default());
        self.taken += taken;
        Poll::Ready(Ok(()))
    }

    /// rustls asks for 4 KiB at a time; a system call for each would be dear.
    fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let was_filled = self.filled == self.ahead.len();
        (self.taken, self.filled) = (0, 0);
        if self.ahead.len() < buffers::SMALLEST {
            self.ahead = buffers::lend();
        } else if was_filled {
            self.ahead.grow(MOST_AHEAD);
        }
        let mut buf = ReadBuf::new(&mut self.ahead);
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut buf);
        self.filled = buf.filled().len();
        if self.filled == 0 {
            buffers::give_back(std::mem::take(&mut self.ahead));
        }
        polled
    }
}

impl AsyncRead for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(this.poll_read_unmarked(cx, buf))?;
        let is_end = buf.filled().len() == before && buf.remaining() > 0;
        if is_end && this.was_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if let Some(marked) = &mut this.marked {
            marked.extend_from_slice(buf.filled().get(before..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.marked.is_some() {
            return Poll::Ready(Err(io::ErrorKind::Unsupported.into()));
        }
        let polled = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.note_reset(&polled);
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        this.note_reset(&polled);
        polled
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.note_reset(&polled);
        polled
    }
}

impl Within for server::TlsStream<Link> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}

/// One side of a relay.
#[derive(Debug)]
pub(super) enum Transport {
    /// In clear.
    Clear(Link),
    /// TLS with a client: we are the server.
    Client(Box<server::TlsStream<Link>>),
    /// TLS with an origin: we are the client.
    Origin(Box<client::TlsStream<Link>>),
}

impl Transport {
    /// Ends our writing with a bare FIN, without the `close_notify` that a TLS peer did not send either.
    pub(super) fn poll_fin(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Clear(link) => Pin::new(link).poll_shutdown(cx),
            Self::Client(tls) => Pin::new(tls.get_mut().0).poll_shutdown(cx),
            Self::Origin(tls) => Pin::new(tls.get_mut().0).poll_shutdown(cx),
        }
    }

    /// The TLS alert with which the origin has ended the connection.
    pub(super) fn origin_alert(&mut self) -> Option<AlertDescription> {
        match self {
            Self::Clear(_) | Self::Client(_) => None,
            // rustls says again why it has stopped.
            Self::Origin(tls) => match tls.get_mut().1.process_new_packets() {
                Err(rustls::Error::AlertReceived(alert)) => Some(alert),
                Ok(_) | Err(_) => None,
            },
        }
    }

    /// Makes the close that follows a reset (RST) rather than a FIN.
    pub(super) fn reset_on_close(&self) {
        match self {
            Self::Clear(link) => link.reset_on_close(),
            Self::Client(tls) => tls.get_ref().0.reset_on_close(),
            Self::Origin(tls) => tls.get_ref().0.reset_on_close(),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(link) => Pin::new(link).poll_read(cx, buf),
            Self::Client(tls) => Pin::new(tls).poll_read(cx, buf),
            Self::Origin(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(link) => Pin::new(link).poll_write(cx, buf),
            Self::Client(tls) => Pin::new(tls).poll_write(cx, buf),
            Self::Origin(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(link) => Pin::new(link).poll_flush(cx),
            Self::Client(tls) => Pin::new(tls).poll_flush(cx),
            Self::Origin(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(link) => Pin::new(link).poll_shutdown(cx),
            Self::Client(tls) => Pin::new(tls).poll_shutdown(cx),
            Self::Origin(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
