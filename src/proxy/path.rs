//! The connections that carry exchanges.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Entry, Hop, Origin, TlsParameters, Verification};
use crate::net::Given;

/// The connections that carry the exchanges of one upstream connection.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) connection: u64,
    pub(super) entry: Entry,
    pub(super) client: SocketAddr,
    pub(super) origin: Arc<Origin>,
    pub(super) upstream: Option<SocketAddr>,
    pub(super) upstream_proxy: Option<String>,
    pub(super) client_tls: Option<TlsParameters>,
    pub(super) upstream_tls: Option<TlsParameters>,
    pub(super) verification: Option<Verification>,
    /// What the origin got when it asked for a client certificate; `None` when it did not ask.
    pub(super) client_certificate: Option<Given>,
    pub(super) connect: Option<Duration>,
    pub(super) handshake: Option<Duration>,
}

impl Path {
    /// The same for the record of an exchange that came after so many earlier ones.
    pub(super) fn hop(&self, earlier: u64) -> Hop {
        Hop {
            connection: self.connection,
            earlier,
            entry: self.entry,
            client: self.client,
            upstream: self.upstream,
            upstream_proxy: self.upstream_proxy.clone(),
            client_tls: self.client_tls.clone(),
            upstream_tls: self.upstream_tls.clone(),
            verification: self.verification,
        }
    }
}
