//! Bounds of the proxy path, as far as somebody chose them.

use std::time::Duration;

use super::units::{ByteSize, Span};

/// Bounds; `None` where nobody chose. The proxy knows what counts then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChosenLimits {
    /// `limits.connections`: client connections at a time.
    pub connections: Option<u32>,
    /// `limits.head_bytes`: the length of a message's head.
    pub head_bytes: Option<ByteSize>,
    /// `limits.head_fields`: the field lines of a head.
    pub head_fields: Option<u32>,
    /// `limits.request_line`: the length of a request line.
    pub request_line: Option<ByteSize>,
    /// `limits.chunk_extensions`: the length of all chunk extensions of a message.
    pub chunk_extensions: Option<ByteSize>,
    /// `limits.head_timeout`: how long a request head may take.
    pub head_timeout: Option<Span>,
    /// `limits.connect_timeout`: how long reaching an origin may take.
    pub connect_timeout: Option<Span>,
    /// `limits.tls_timeout`: how long a TLS handshake may take.
    pub tls_timeout: Option<Span>,
    /// `limits.shutdown_grace`: how long open connections may take to finish at the end.
    pub shutdown_grace: Option<Span>,
    /// `limits.own_header_list`: the length of a header list that our own HTTP/2 servers take.
    pub own_header_list: Option<ByteSize>,
}

impl ChosenLimits {
    /// What is chosen here, else what is chosen there.
    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            connections: self.connections.or(other.connections),
            head_bytes: self.head_bytes.or(other.head_bytes),
            head_fields: self.head_fields.or(other.head_fields),
            request_line: self.request_line.or(other.request_line),
            chunk_extensions: self.chunk_extensions.or(other.chunk_extensions),
            head_timeout: self.head_timeout.or(other.head_timeout),
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            tls_timeout: self.tls_timeout.or(other.tls_timeout),
            shutdown_grace: self.shutdown_grace.or(other.shutdown_grace),
            own_header_list: self.own_header_list.or(other.own_header_list),
        }
    }
}

/// The least and most that a number of connections or field lines may be.
pub(super) const COUNTS: (u64, u64) = (1, 1_000_000);
/// The least and most that a length may be.
pub(super) const SIZES: (ByteSize, ByteSize) = (ByteSize(1 << 10), ByteSize(64 << 20));
/// The least and most that a wait may be.
pub(super) const WAITS: (Span, Span) = (
    Span(Duration::from_millis(10)),
    Span(Duration::from_secs(60 * 60)),
);
