//! A stream of HTTP/2 as a connection: what a CONNECT over HTTP/2 gets.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use h2::{Reason, RecvStream, SendStream};
use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::Within;

/// Both directions of a stream. `END_STREAM` ends one, as FIN does over TCP; `RST_STREAM` ends both.
pub(super) struct Stream {
    send: SendStream<Bytes>,
    receive: RecvStream,
    /// Received and not read yet.
    left: Bytes,
    /// Its end is to be a reset.
    abrupt: AtomicBool,
}

impl Stream {
    pub(super) fn new(send: SendStream<Bytes>, receive: RecvStream) -> Self {
        Self {
            send,
            receive,
            left: Bytes::new(),
            abrupt: AtomicBool::new(false),
        }
    }
}

impl Within for Stream {
    fn reset_on_close(&self) {
        self.abrupt.store(true, Ordering::Relaxed);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if *self.abrupt.get_mut() {
            // What a broken connection to the origin is called (RFC 9113 section 8.5).
            self.send.send_reset(Reason::CONNECT_ERROR);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.left.is_empty() {
            match ready!(this.receive.poll_data(cx)) {
                Some(data) => this.left = data.map_err(|error| broken(&error))?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let read = this.left.split_to(this.left.len().min(buf.remaining()));
        buf.put_slice(&read);
        // Only now may the client send as much again.
        let released = this.receive.flow_control().release_capacity(read.len());
        Poll::Ready(released.map_err(|error| broken(&error)))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        this.send.reserve_capacity(buf.len());
        while this.send.capacity() == 0 {
            match ready!(this.send.poll_capacity(cx)) {
                Some(capacity) => capacity.map_err(|error| broken(&error))?,
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        let piece = buf.get(..this.send.capacity()).unwrap_or(buf);
        let sent = this.send.send_data(Bytes::copy_from_slice(piece), false);
        Poll::Ready(sent.map(|()| piece.len()).map_err(|error| broken(&error)))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection's task writes what it has.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.get_mut().send.send_data(Bytes::new(), true);
        Poll::Ready(ended.map_err(|error| broken(&error)))
    }
}

/// A reset, or an error of the whole connection: either way nothing more comes or goes.
fn broken(_error: &h2::Error) -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({:?})", self.send.stream_id())
    }
}
