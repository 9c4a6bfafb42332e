//! A lane: one way for a shape from a client through the proxy to an origin.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::play::{Arrivals, Cut, End, Seen, Stream, play, tunnel};
use super::shape::{Protocol, Shape, Side, Step};
use crate::common::binary::Running;
use crate::common::pki;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    Clear,
    Tls,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    pub security: Security,
    pub cut: Cut,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}", self.security, self.cut)
    }
}

pub const LANES: [Lane; 5] = {
    const fn lane(security: Security, cut: Cut) -> Lane {
        Lane { security, cut }
    }
    [
        lane(Security::Clear, Cut::Whole),
        lane(Security::Clear, Cut::Bytes),
        lane(Security::Clear, Cut::Random),
        lane(Security::Tls, Cut::Whole),
        lane(Security::Tls, Cut::Random),
    ]
};

/// The running proxy and what both ends need for TLS.
pub struct Road {
    proxy: SocketAddr,
    acceptor: TlsAcceptor,
    http1: TlsConnector,
    http2: TlsConnector,
}

impl Road {
    pub fn through(proxy: &Running) -> Self {
        let ca = std::fs::read(proxy.ca()).unwrap();
        let connector =
            |protocol: Protocol| TlsConnector::from(pki::client_config(&ca, &[protocol.alpn()]));
        Self {
            proxy: proxy.address(),
            acceptor: pki::http2_server_config().into(),
            http1: connector(Protocol::Http1),
            http2: connector(Protocol::Http2),
        }
    }

    /// Sends a shape over a connection of its own; what went wrong, if anything.
    pub async fn carries(
        self: Arc<Self>,
        shape: &Shape,
        lane: Lane,
        seed: u64,
    ) -> Result<(), String> {
        let [client, origin] = [Side::Client, Side::Origin].map(|side| shape.steps(side));
        let (client, origin) = self.play(shape.protocol, lane, client, origin, seed).await;
        let place = format!("{} ({lane:?}, seed {seed:#x})", shape.name);
        check(&client, &shape.said(Side::Origin), End::Finished)
            .map_err(|error| format!("{place}: the client {error}"))?;
        check(&origin, &shape.said(Side::Client), End::Finished)
            .map_err(|error| format!("{place}: the origin {error}"))
    }

    /// What the client and the origin see when they do these steps.
    pub async fn play(
        &self,
        protocol: Protocol,
        lane: Lane,
        client: Vec<Step>,
        origin: Vec<Step>,
        seed: u64,
    ) -> (Seen, Seen) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let arrivals = Arrivals::default();
        let serving = async {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let stream = match lane.security {
                Security::Clear => Stream::Clear(stream),
                Security::Tls => {
                    let stream = self.acceptor.accept(stream).await.unwrap();
                    let agreed = stream.get_ref().1.alpn_protocol();
                    assert_eq!(agreed, Some(protocol.alpn().as_bytes()));
                    Stream::Server(Box::new(stream))
                }
            };
            play(stream, origin, lane.cut, !seed, arrivals.of_the_other()).await
        };
        let asking = async {
            let stream = tunnel(self.proxy, port).await;
            let stream = match lane.security {
                Security::Clear => Stream::Clear(stream),
                Security::Tls => {
                    let connector = match protocol {
                        Protocol::Http1 => &self.http1,
                        Protocol::Http2 => &self.http2,
                    };
                    let name = ServerName::try_from("localhost").unwrap();
                    let stream = connector.connect(name, stream).await.unwrap();
                    let agreed = stream.get_ref().1.alpn_protocol();
                    assert_eq!(agreed, Some(protocol.alpn().as_bytes()));
                    Stream::Client(Box::new(stream))
                }
            };
            play(stream, client, lane.cut, seed, arrivals.clone()).await
        };
        tokio::join!(asking, serving)
    }
}

/// Compares what one end saw with what it should have seen.
pub fn check(seen: &Seen, expected: &[u8], end: End) -> Result<(), String> {
    if seen.received != expected {
        let difference = difference(&seen.received, expected);
        return Err(format!("{difference}, left to do: {:?}", seen.undone));
    }
    if seen.end != end {
        return Err(format!("saw the end as {:?}, not {end:?}", seen.end));
    }
    if seen.undone.is_empty() {
        Ok(())
    } else {
        Err(format!("had to give up waiting: {:?}", seen.undone))
    }
}

fn difference(got: &[u8], expected: &[u8]) -> String {
    let pairs = got.iter().zip(expected);
    let same = pairs.take_while(|(got, expected)| got == expected).count();
    let around = |bytes: &[u8]| {
        let part = &bytes[same.saturating_sub(40)..bytes.len().min(same + 40)];
        part.escape_ascii().to_string()
    };
    format!(
        "got {} bytes of {}, which differ at {same}: got ...{}..., expected ...{}...",
        got.len(),
        expected.len(),
        around(got),
        around(expected)
    )
}
