//! Proxies on the way to origins: each opens a tunnel, by CONNECT or by SOCKS5.

mod http;
mod socks;

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::time::timeout;
use zeroize::Zeroizing;

use super::socket::Socket;
use super::tls::UpstreamTls;
use crate::model::{Failure, FailureCause, Side, Stage};

/// A proxy on the way to origins.
#[derive(Clone, Debug)]
pub struct UpstreamProxy {
    /// How it is spoken to.
    pub kind: ProxyKind,
    /// Its host, IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are to it.
    pub credentials: Option<ProxyCredentials>,
}

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// CONNECT in clear (RFC 9110 section 9.3.6).
    Http,
    /// CONNECT inside TLS.
    Https,
    /// SOCKS5 (RFC 1928); names are looked up here.
    Socks5,
    /// SOCKS5; names are looked up by the proxy.
    Socks5h,
}

/// User and password for a proxy.
#[derive(Clone)]
pub struct ProxyCredentials {
    /// The user.
    pub user: Zeroizing<Vec<u8>>,
    /// The password.
    pub password: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyCredentials")
    }
}

impl UpstreamProxy {
    /// `host:port`, IPv6 in brackets.
    pub fn authority(&self) -> String {
        authority(&self.host, self.port)
    }

    /// Whether names are looked up here, and not by the proxy.
    pub(super) fn wants_addresses(&self) -> bool {
        self.kind == ProxyKind::Socks5
    }

    /// Makes a connection to the proxy one to the target.
    pub(super) async fn open(
        &self,
        stream: Socket,
        target: &Target,
        tls: &UpstreamTls,
        patience: Duration,
    ) -> Result<Socket, Failure> {
        let opening = async {
            match self.kind {
                ProxyKind::Http => http::connect(self, stream, target).await,
                ProxyKind::Https => {
                    let protocols = [b"http/1.1".to_vec()];
                    let secured = tls.handshake(stream, &self.host, &protocols).await;
                    let secured = secured.map_err(|failure| self.unreachable(&failure))?;
                    let stream = Socket::Within(Box::new(secured.stream));
                    http::connect(self, stream, target).await
                }
                ProxyKind::Socks5 | ProxyKind::Socks5h => {
                    socks::connect(self, stream, target).await
                }
            }
        };
        timeout(patience, opening).await.map_err(|_elapsed| {
            let waited = patience.as_secs();
            self.broken(&format!("did not open a tunnel in {waited} s"))
        })?
    }

    /// The proxy itself could not be reached.
    pub(super) fn unreachable(&self, failure: &Failure) -> Failure {
        let words = format!("cannot be reached: {}", failure.detail);
        self.failure(FailureCause::UpstreamProxyUnreachable, &words)
    }

    fn broken(&self, words: &str) -> Failure {
        self.failure(FailureCause::UpstreamProxyBroken, words)
    }

    fn gone(&self, _error: &io::Error) -> Failure {
        self.broken("closed the connection before it opened a tunnel")
    }

    fn failure(&self, cause: FailureCause, words: &str) -> Failure {
        Failure {
            side: Side::Upstream,
            stage: Stage::Connect,
            cause,
            detail: format!("the upstream proxy {} {words}", self.authority()),
        }
    }
}

/// What a proxy is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    fn authority(&self) -> String {
        authority(&self.host, self.port)
    }
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod sample {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// A proxy of that kind, and both ends of a connection to it.
    pub(super) async fn proxy(
        kind: ProxyKind,
        credentials: Option<(&str, &str)>,
    ) -> (UpstreamProxy, Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ours = TcpStream::connect(address);
        let (ours, (theirs, _)) = tokio::try_join!(ours, listener.accept()).unwrap();
        let proxy = UpstreamProxy {
            kind,
            host: "proxy.test".to_owned(),
            port: 3128,
            credentials: credentials.map(|(user, password)| ProxyCredentials {
                user: user.as_bytes().to_vec().into(),
                password: password.as_bytes().to_vec().into(),
            }),
        };
        (proxy, Socket::Tcp(ours), theirs)
    }

    pub(super) fn target(host: &str) -> Target {
        Target {
            host: host.to_owned(),
            port: 443,
        }
    }
}
