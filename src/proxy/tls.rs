//! The client's side of TLS: its hello first, the certificate only once the origin has answered.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use super::transport::Link;

/// A client that has said hello and waits for a certificate.
pub(super) struct Hello {
    start: Box<StartHandshake<Link>>,
    /// The name it asks for (SNI), in lower case.
    pub(super) server_name: Option<String>,
    /// The application protocols it offers, in its order.
    pub(super) protocols: Vec<Vec<u8>>,
}

/// Reads a ClientHello. When the bytes turn out to be none, the connection comes back with them
/// unread.
pub(super) async fn read_hello(mut link: Link) -> Result<Hello, Option<Link>> {
    link.mark();
    let mut acceptor = LazyConfigAcceptor::new(Acceptor::default(), link);
    match tokio::time::timeout(HELLO_TIMEOUT, &mut acceptor).await {
        Ok(Ok(start)) => Ok(hello(start)),
        Ok(Err(_)) | Err(_) => Err(acceptor.take_io().map(|mut link| {
            link.rewind();
            link
        })),
    }
}

impl Hello {
    /// The connection as it was before the hello was read.
    pub(super) fn unread(mut self) -> Link {
        self.start.io.rewind();
        self.start.io
    }

    /// Finishes the handshake with this set-up.
    pub(super) async fn finish(
        mut self,
        config: Arc<ServerConfig>,
    ) -> io::Result<Box<TlsStream<Link>>> {
        self.start.io.unmark();
        let accept = self.start.into_stream(config);
        let accepted = tokio::time::timeout(HELLO_TIMEOUT, accept).await;
        let stream = accepted.map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(Box::new(stream))
    }
}

fn hello(start: StartHandshake<Link>) -> Hello {
    let client = start.client_hello();
    let server_name = client.server_name().map(str::to_ascii_lowercase);
    let protocols = client
        .alpn()
        .map(|names| names.map(<[u8]>::to_vec).collect());
    Hello {
        server_name,
        protocols: protocols.unwrap_or_default(),
        start: Box::new(start),
    }
}

/// The first of the protocols a client offers in which we can answer ourselves.
pub(super) fn spoken_here(offered: &[Vec<u8>]) -> Option<Vec<u8>> {
    offered
        .iter()
        .find(|name| matches!(name.as_slice(), b"h2" | b"http/1.1"))
        .cloned()
}

/// A client that has begun a handshake sends the rest of it by itself.
const HELLO_TIMEOUT: Duration = Duration::from_secs(30);
