//! The connection to an origin that a client's requests name, kept as long as the client's.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;

use super::connection::Accepted;
use super::exchanges::Exchanges;
use super::flow::Flow;
use super::in_order::InOrder;
use super::transport::{Link, Transport};
use crate::model::{Entry, Failure, FailureCause, Origin, Scheme, Side, Stage};
use crate::wire::http1::{Decoder, Role};

/// A connection to an origin, kept as long as the client's.
pub(super) struct Upstream {
    pub(super) origin: Arc<Origin>,
    pub(super) entry: Entry,
    pub(super) transport: Transport,
    pub(super) down: Flow,
    pub(super) responses: Decoder,
    pub(super) exchanges: InOrder,
    /// Held by those beyond the first of a client's connection.
    pub(super) room: Option<OwnedSemaphorePermit>,
}

impl Accepted<'_> {
    /// Opens a connection to the origin of a request, with TLS if its URL says https.
    pub(super) async fn connect(
        &self,
        origin: Arc<Origin>,
        entry: Entry,
    ) -> Result<Upstream, (InOrder, Failure)> {
        let mut path = self.path(entry, Arc::clone(&origin));
        let recorder = || self.shared.recorder.clone();
        let connected = match self.shared.dialer.connect(&origin).await {
            Ok(connected) => connected,
            Err(failure) => return Err((InOrder::new(Exchanges::new(recorder(), path)), failure)),
        };
        path.upstream = Some(connected.address);
        path.upstream_proxy = connected.proxy;
        path.connect = Some(connected.took);
        let link = Link::new(connected.stream, Vec::new());
        let transport = match origin.scheme {
            Scheme::Http => Transport::Clear(link),
            Scheme::Https => {
                let tls = self.shared.dialer.tls();
                match tls
                    .handshake(link, &origin.host, &[b"http/1.1".to_vec()])
                    .await
                {
                    Ok(secured) => {
                        path.upstream_tls = Some(secured.parameters);
                        path.verification = Some(secured.verification);
                        path.client_certificate = secured.client_certificate;
                        path.handshake = Some(secured.took);
                        Transport::Origin(Box::new(secured.stream))
                    }
                    Err(failure) => {
                        return Err((InOrder::new(Exchanges::new(recorder(), path)), failure));
                    }
                }
            }
        };
        let limits = &self.shared.limits;
        Ok(Upstream {
            origin,
            entry,
            transport,
            down: Flow::new(),
            responses: Decoder::strict(Role::Responses, limits.head_bytes, limits.chunk_extensions),
            exchanges: InOrder::new(Exchanges::new(recorder(), path)),
            room: None,
        })
    }
}

impl Upstream {
    /// Why there is no response.
    pub(super) fn no_response(&mut self) -> Failure {
        let alert = self.transport.origin_alert();
        let wanted = self.exchanges.exchanges.certificate_failure(alert);
        wanted.unwrap_or_else(|| Failure {
            side: Side::Upstream,
            stage: Stage::Response,
            cause: FailureCause::Closed,
            detail: format!(
                "{} closed the connection without a response",
                self.origin.authority()
            ),
        })
    }

    /// Whether the origin has kept the idle connection open and silent.
    pub(super) fn is_alive(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        // What came with the last response answers nothing that was asked.
        self.responses.is_idle()
            && self.down.waiting().is_empty()
            && self.poll_noise(&mut cx).is_pending()
    }

    /// Ready when the origin, which owes nothing, ends the connection or says something.
    pub(super) fn poll_noise(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut byte = [0; 1];
        let mut buf = ReadBuf::new(&mut byte);
        let read = Pin::new(&mut self.transport).poll_read(cx, &mut buf);
        read.map(|_end_or_stray_byte| ())
    }
}

pub(super) fn bad_response(origin: &Origin, fault: &str) -> Failure {
    Failure {
        side: Side::Upstream,
        stage: Stage::Response,
        cause: FailureCause::BadMessage,
        detail: format!(
            "{} answered with something that is not valid HTTP: {fault}",
            origin.authority()
        ),
    }
}
