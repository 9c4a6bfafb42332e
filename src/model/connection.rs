//! The hop an exchange took: addresses, TLS, reuse, timings.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// How the request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A request with an absolute-form target, over a clear connection to us.
    AbsoluteForm,
    /// Inside a CONNECT tunnel.
    Tunnel,
    /// Inside a SOCKS connection.
    Socks,
    /// TLS that was led here without its client's knowledge: its server name (SNI) says where to.
    Transparent,
    /// A request to us as if we were the origin: `--reverse`.
    Reverse,
}

/// How the origin's certificate was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verification {
    /// Checked against the platform's and the configured roots.
    Verified,
    /// Not checked: `--insecure-upstream`.
    Skipped,
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsParameters {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: String,
    /// The cipher suite's name.
    pub cipher: String,
    /// The application protocol, if one was chosen.
    pub alpn: Option<String>,
}

/// The connections that carried an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// This process's running number of the client connection.
    pub connection: u64,
    /// How many exchanges came before it on that client connection.
    pub earlier: u64,
    /// How it came in.
    pub entry: Entry,
    /// The client's address.
    pub client: SocketAddr,
    /// The origin's address, once connected.
    pub upstream: Option<SocketAddr>,
    /// TLS between the client and us.
    pub client_tls: Option<TlsParameters>,
    /// TLS between us and the origin.
    pub upstream_tls: Option<TlsParameters>,
    /// Whether the origin's certificate was checked; `None` without TLS.
    pub verification: Option<Verification>,
    /// The proxy between us and the origin, `host:port`; [`Hop::upstream`] is its address then.
    #[serde(default)]
    pub upstream_proxy: Option<String>,
}

/// When things happened, in microseconds after the request head was complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// The response head was complete.
    pub response_head: Option<u64>,
    /// The response ended.
    pub end: Option<u64>,
    /// How long opening the TCP connection took, where this exchange was the first on it.
    pub connect: Option<u64>,
    /// How long the origin's TLS handshake took, where this exchange was the first on it.
    pub tls: Option<u64>,
}
