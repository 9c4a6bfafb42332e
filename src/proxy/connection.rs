//! The life of a client connection, stage by stage.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::first_bytes::{self, First, Silence};
use super::forward::Forwarding;
use super::pages::Page;
use super::path::Path;
use super::route::Next;
use super::transport::{Link, Transport};
use super::{Shared, own_http2, own_tls, reverse, socks, tunnel};
use crate::model::{Entry, Origin, TlsParameters};
use crate::net::Socket;

/// A connection that a client has opened to us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) number: u64,
    pub(super) client: SocketAddr,
    /// The address of ours that it came to.
    pub(super) local: IpAddr,
    /// TLS with us, of a client whose proxy is an `https://` URL.
    pub(super) tls: Option<&'a TlsParameters>,
}

/// Serves one connection until it ends; its first bytes tell what the client speaks.
pub(super) async fn serve(stream: TcpStream, client: SocketAddr, shared: Arc<Shared>) {
    let number = shared.connections.fetch_add(1, Ordering::Relaxed);
    let Ok(local) = stream.local_addr() else {
        return tracing::debug!("a client left at once");
    };
    let accepted = Accepted {
        shared: &shared,
        number,
        client,
        local: local.ip().to_canonical(),
        tls: None,
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let mut client = Link::new(Socket::Tcp(stream), Vec::new());
    match first_bytes::look(&mut client, shared.limits.head_timeout).await {
        Ok(First::Http1) => Box::pin(requests(accepted, client)).await,
        Ok(First::Socks4) => socks::serve(accepted, client, socks::Version::Four).await,
        Ok(First::Socks5) => socks::serve(accepted, client, socks::Version::Five).await,
        Ok(First::ProxyProtocol) => {
            let sentence = "The connection begins with the PROXY protocol, which is not taken here: \
                            switch it off in the load balancer in front.";
            let page = Page::refusal(400, "Bad Request", sentence);
            accepted.answer(client, &page).await;
        }
        Ok(First::Http2) => http2(accepted, client).await,
        Ok(First::Tls) => Box::pin(own_tls::serve(accepted, client)).await,
        Err(Silence::Stalled) => {
            let sentence = "The first bytes did not arrive in time.";
            let page = Page::refusal(408, "Request Timeout", sentence);
            accepted.answer(client, &page).await;
        }
        Err(Silence::Gone) => {}
    }
}

/// HTTP/1: requests in absolute form are forwarded one by one, a CONNECT makes a tunnel of the
/// connection.
pub(super) async fn requests(accepted: Accepted<'_>, client: Link) {
    let mut forwarding = Forwarding::new(accepted, client);
    loop {
        match forwarding.next().await {
            Next::Forward(request) => match forwarding.forward(request).await {
                Some(kept) => forwarding = kept,
                None => return,
            },
            Next::Tunnel(origin, head) => {
                let client = forwarding.into_client();
                return tunnel::open(accepted, client, origin, head).await;
            }
            Next::Answer(page) => return accepted.answer(forwarding.into_client(), &page).await,
            Next::Over => return,
        }
    }
}

/// HTTP/2 with us: requests for the origin that we stand in for, or CONNECT.
pub(super) async fn http2(accepted: Accepted<'_>, client: Link) {
    if accepted.shared.reverse.is_some() {
        Box::pin(reverse::http2(accepted, Transport::Clear(client))).await;
    } else {
        own_http2::serve(accepted, client).await;
    }
}

impl Accepted<'_> {
    /// The path of exchanges that come over this connection.
    pub(super) fn path(&self, entry: Entry, origin: Arc<Origin>) -> Path {
        Path {
            connection: self.number,
            entry,
            client: self.client,
            origin,
            upstream: None,
            upstream_proxy: None,
            client_tls: self.tls.cloned(),
            upstream_tls: None,
            verification: None,
            client_certificate: None,
            connect: None,
            handshake: None,
        }
    }

    /// Says something ourselves, as the last thing on this connection.
    pub(super) async fn answer(&self, client: Link, page: &Page) {
        self.say(client, &page.bytes()).await;
    }

    /// Sends these bytes as the last ones on this connection.
    pub(super) async fn say(&self, mut client: Link, bytes: &[u8]) {
        let said = async {
            client.write_all(bytes).await?;
            client.flush().await
        };
        match tokio::time::timeout(LAST_WORDS, said).await {
            Ok(Ok(())) => self.close(client).await,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the client left before it could be answered");
            }
            Err(_elapsed) => {}
        }
    }

    /// Closes the connection so that the client can still read what was sent to it.
    pub(super) async fn close(&self, mut client: Link) {
        let close = async {
            client.shutdown().await?;
            // Unread input would turn the close into a reset, which may overtake the last bytes.
            let mut rest = [0; 4096];
            while client.read(&mut rest).await? > 0 {}
            Ok::<_, std::io::Error>(())
        };
        match tokio::time::timeout(LAST_WORDS, close).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the client left first"),
        }
    }
}

/// How long a client may take to read our last words, and to go.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(2);
