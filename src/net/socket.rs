//! A connection to a peer: a socket of the system, or a stream inside another connection.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection to a peer.
#[derive(Debug)]
pub enum Socket {
    /// A connection of its own.
    Tcp(TcpStream),
    /// Carried by another connection: in TLS with a proxy, or on a stream of HTTP/2.
    Within(Box<dyn Within>),
}

/// A stream inside another connection.
pub trait Within: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin {
    /// Makes the close that follows an abrupt one, as far as the outer connection knows such.
    fn reset_on_close(&self);
}

impl Socket {
    /// Makes the close that follows a reset (RST) rather than a FIN.
    pub fn reset_on_close(&self) {
        match self {
            Self::Tcp(stream) => {
                if stream.set_zero_linger().is_err() {
                    tracing::debug!("a reset could not be mirrored");
                }
            }
            Self::Within(stream) => stream.reset_on_close(),
        }
    }
}

impl Within for TlsStream<Socket> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Within(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Within(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Within(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Within(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// A connection of which some bytes were read too far: they are read again first.
#[derive(Debug)]
pub(super) struct Prefixed {
    prefix: Vec<u8>,
    taken: usize,
    stream: Socket,
}

impl Prefixed {
    pub(super) fn new(prefix: Vec<u8>, stream: Socket) -> Self {
        Self {
            prefix,
            taken: 0,
            stream,
        }
    }
}

impl Within for Prefixed {
    fn reset_on_close(&self) {
        self.stream.reset_on_close();
    }
}

impl AsyncRead for Prefixed {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let left = this.prefix.get(this.taken..).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let now = left.len().min(buf.remaining());
        buf.put_slice(left.get(..now).unwrap_or_default());
        this.taken += now;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// This process, or the system, has no file handle left.
pub fn is_out_of_handles(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        matches!(
            Errno::from_io_error(error),
            Some(Errno::MFILE | Errno::NFILE)
        )
    }
    #[cfg(windows)]
    {
        /// `WSAEMFILE`
        const NO_HANDLES: i32 = 10_024;
        error.raw_os_error() == Some(NO_HANDLES)
    }
}
