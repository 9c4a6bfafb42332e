//! Tunnels, however a client asks for one: dial first, then look at what the client sends.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;

use super::connection::Accepted;
use super::exchanges::Exchanges;
use super::first_bytes::TLS_HANDSHAKE;
use super::flow::Flow;
use super::in_order::InOrder;
use super::limits::Limits;
use super::overheard::Overheard;
use super::pages::{Page, Version};
use super::path::Path;
use super::relay::{relay, resume};
use super::tap::Tap;
use super::tls::{self, Hello, spoken_here};
use super::transport::{Link, Transport};
use super::{Shared, local_site};
use crate::model::{Entry, Failure, FailureCause, Note, Origin, Scheme, Side, Stage};
use crate::net::{Given, alert_name};
use crate::wire::head::Head;
use crate::wire::message::MessageHead;

/// Opens the tunnel that a CONNECT of HTTP/1 asked for and relays what it carries.
pub(super) async fn open(accepted: Accepted<'_>, mut client: Link, origin: Origin, head: Head) {
    if local_site::is_ours(&origin) {
        return local_site::open(accepted, client, &origin).await;
    }
    let mut tunnel = Tunnel::new(accepted, Entry::Tunnel, origin, Some(head.into()));
    match tunnel.dial().await {
        Ok(upstream) => {
            let told = async {
                let established = b"HTTP/1.1 200 Connection Established\r\n\r\n";
                client.write_all(established).await?;
                client.flush().await
            };
            if told.await.is_ok() {
                tunnel.carry(client, upstream).await;
            }
        }
        Err(failure) => {
            tunnel.record(&failure);
            accepted.answer(client, &Page::of_failure(&failure)).await;
        }
    }
}

/// A way through us to an origin.
pub(super) struct Tunnel<'a> {
    shared: &'a Shared,
    path: Path,
    /// The request that asked for it, if HTTP did.
    asked: Option<MessageHead>,
}

impl<'a> Tunnel<'a> {
    /// A tunnel that a client wants.
    pub(super) fn new(
        accepted: Accepted<'a>,
        entry: Entry,
        origin: Origin,
        asked: Option<MessageHead>,
    ) -> Self {
        Self {
            shared: accepted.shared,
            path: accepted.path(entry, Arc::new(origin)),
            asked,
        }
    }

    /// Connects to the origin.
    pub(super) async fn dial(&mut self) -> Result<Link, Failure> {
        let connected = self.shared.dialer.connect(&self.path.origin).await?;
        self.path.upstream = Some(connected.address);
        self.path.upstream_proxy = connected.proxy;
        self.path.connect = Some(connected.took);
        Ok(Link::new(connected.stream, Vec::new()))
    }

    /// Relays what the tunnel carries, to its end.
    pub(super) async fn carry(self, mut client: Link, mut upstream: Link) {
        if self.shared.dialer.is_passthrough(&self.path.origin.host) {
            return self.unread(client, upstream).await;
        }
        match first_bytes(&mut client, &mut upstream).await {
            First::ClientBroke => upstream.reset_on_close(),
            First::OriginBroke => client.reset_on_close(),
            First::Tls => match tls::read_hello(client).await {
                Ok(hello) => Box::pin(self.secure(hello, Ok(upstream))).await,
                Err(Some(client)) => self.in_clear(client, upstream).await,
                Err(None) => {}
            },
            First::Other => self.in_clear(client, upstream).await,
        }
    }

    /// HTTP in clear, or anything else: every byte goes on untouched, the tap tells which it was.
    async fn in_clear(mut self, client: Link, upstream: Link) {
        self.names(Scheme::Http, None);
        let client = Transport::Clear(client);
        relay(
            client,
            Transport::Clear(upstream),
            Tap::new(self.exchanges()),
        )
        .await;
    }

    /// What the user wants let through as it is: its TLS is the client's and the origin's own.
    async fn unread(self, client: Link, upstream: Link) {
        let tap = Tap::of_something_else(InOrder::new(self.exchanges()));
        relay(Transport::Clear(client), Transport::Clear(upstream), tap).await;
    }

    /// TLS on both sides: the origin is asked first, so that the client gets what the origin chose.
    pub(super) async fn secure(mut self, hello: Hello, upstream: Result<Link, Failure>) {
        let host = hello.server_name.as_deref();
        let host = host.unwrap_or(&self.path.origin.host).to_owned();
        self.names(Scheme::Https, Some(&host));
        let secured = match upstream {
            Ok(link) if self.shared.dialer.is_passthrough(&host) => {
                return self.unread(hello.unread(), link).await;
            }
            Ok(link) => {
                let tls = self.shared.dialer.tls();
                tls.handshake(link, &host, &hello.protocols).await
            }
            Err(failure) => Err(failure),
        };
        match secured {
            Ok(secured) => {
                let (_, session) = secured.stream.get_ref();
                let protocol = session.alpn_protocol().map(<[u8]>::to_vec);
                self.path.upstream_tls = Some(secured.parameters);
                self.path.verification = Some(secured.verification);
                self.path.handshake = Some(secured.took);
                self.path.client_certificate = secured.client_certificate;
                let origin = Transport::Origin(Box::new(secured.stream));
                let version = Version::negotiated(protocol.as_deref());
                if let Some(client) = self.finish(hello, &host, protocol).await {
                    self.talk(client, origin, version).await;
                }
            }
            Err(failure) => {
                let protocol = spoken_here(&hello.protocols);
                let version = Version::negotiated(protocol.as_deref());
                if let Some(client) = self.finish(hello, &host, protocol).await {
                    Box::pin(explain(
                        self.exchanges(),
                        client,
                        version,
                        failure,
                        &self.shared.limits,
                    ))
                    .await;
                }
            }
        }
    }

    /// Finishes the client's handshake with a leaf for that host; a client that refuses it is recorded.
    async fn finish(
        &mut self,
        hello: Hello,
        host: &str,
        protocol: Option<Vec<u8>>,
    ) -> Option<Transport> {
        let now = self.shared.recorder.now();
        let mint = self.shared.authority.mint();
        let config = mint.server_config(host, protocol.as_deref(), now).ok()?;
        match hello.finish(config).await {
            Ok(stream) => {
                self.path.client_tls = Some(crate::net::parameters(stream.get_ref().1));
                Some(Transport::Client(stream))
            }
            Err(error) => {
                if let Some(failure) = client_refusal(host, &error) {
                    self.record(&failure);
                }
                None
            }
        }
    }

    /// Relays over the two TLS connections, unless the origin ends its own before the client has said a
    /// word.
    async fn talk(self, mut client: Transport, mut origin: Transport, version: Version) {
        let (mut up, mut down) = (Flow::new(), Flow::new());
        if let Some(given) = self.path.client_certificate {
            if given != Given::Certificate {
                // It refuses us as soon as it has read that there is none: before that reaches us, the
                // client's request stays where it is, so that it can be answered with the reason.
                let ends = poll_fn(|cx| down.poll_ahead(cx, &mut origin).map(drop));
                drop(tokio::time::timeout(self.time_to_be_refused(), ends).await);
            }
            poll_fn(|cx| {
                let ended = down.poll_ahead(cx, &mut origin).map(drop);
                let asked = up.poll_ahead(cx, &mut client).map(drop);
                if ended.is_ready() { ended } else { asked }
            })
            .await;
        }
        let exchanges = self.exchanges();
        let alert = origin.origin_alert();
        let failure = exchanges.certificate_failure(alert);
        match failure.filter(|_| alert.is_some()) {
            Some(failure) if up.waiting().is_empty() => {
                Box::pin(explain(
                    exchanges,
                    client,
                    version,
                    failure,
                    &self.shared.limits,
                ))
                .await;
            }
            _ => resume(client, up, origin, down, Tap::new(exchanges)).await,
        }
    }

    /// Records a failure that comes before any request in the tunnel, with the one that asked for it.
    pub(super) fn record(&self, failure: &Failure) {
        let (asked, notes) = self.asked();
        let mut exchanges = self.exchanges();
        exchanges.request(1, asked, notes);
        exchanges.fail(failure);
    }

    /// The request that asked for the tunnel, and what is to be known of it.
    fn asked(&self) -> (MessageHead, Vec<Note>) {
        match &self.asked {
            Some(head) => (head.clone(), Vec::new()),
            None => (stand_in(&self.path.origin), vec![Note::NoRequest]),
        }
    }

    /// What the bytes in the tunnel say of its origin. A name that the client asks for in TLS, and that
    /// the certificate is checked for, says more than a bare address.
    fn names(&mut self, scheme: Scheme, host: Option<&str>) {
        let origin = Arc::make_mut(&mut self.path.origin);
        origin.scheme = scheme;
        if let Some(host) = host
            && origin.host.parse::<IpAddr>().is_ok()
        {
            host.clone_into(&mut origin.host);
        }
    }

    /// Twice the way to the origin and back.
    fn time_to_be_refused(&self) -> Duration {
        let took = self.path.connect.unwrap_or_default();
        (took * 2).clamp(Duration::from_millis(20), Duration::from_millis(400))
    }

    fn exchanges(&self) -> Exchanges {
        Exchanges::new(self.shared.recorder.clone(), self.path.clone())
    }
}

/// The origin cannot be reached, or its TLS failed: the client's requests are answered with the reason, and
/// recorded with it even when their client has read enough before the page has ended.
pub(super) async fn explain(
    exchanges: Exchanges,
    client: Transport,
    version: Version,
    failure: Failure,
    limits: &Limits,
) {
    let page = Page::of_failure(&failure);
    let mut tap = Tap::new(exchanges.without_origin(failure));
    let stream = TokioIo::new(Overheard {
        stream: client,
        tap: &mut tap,
    });
    page.serve(stream, version, limits).await;
    tap.sent_by_origin(None);
}

/// What a client that speaks no HTTP would have said in HTTP.
fn stand_in(origin: &Origin) -> MessageHead {
    let port = origin.port;
    let host = match origin.host.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        Ok(IpAddr::V4(_)) | Err(_) => origin.host.clone(),
    };
    Head::new(format!("CONNECT {host}:{port} HTTP/1.1\r\n\r\n").into_bytes()).into()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// A TLS record.
    Tls,
    /// Anything else, or the origin spoke first, or nobody did.
    Other,
    /// A reset, which the system tells only once.
    ClientBroke,
    OriginBroke,
}

/// Looks at the first bytes in the tunnel without taking them. There is no deadline: a client may
/// open a tunnel long before it uses it.
async fn first_bytes(client: &mut Link, origin: &mut Link) -> First {
    tokio::select! {
        biased;
        seen = client.peek() => match seen {
            // After a single byte the rest decides, while the hello is read.
            Ok([TLS_HANDSHAKE] | [TLS_HANDSHAKE, TLS_MAJOR, ..]) => First::Tls,
            Ok(_) => First::Other,
            Err(_reset) => First::ClientBroke,
        },
        seen = origin.peek() => match seen {
            Ok(_) => First::Other,
            Err(_reset) => First::OriginBroke,
        },
    }
}

/// What a client's own words (a TLS alert) say of our certificate. Silence says nothing: Node sends no
/// alert, but neither does a browser that leaves in the middle of its handshake.
pub(super) fn client_refusal(host: &str, error: &io::Error) -> Option<Failure> {
    use rustls::AlertDescription as Alert;
    let rustls::Error::AlertReceived(alert) = error.get_ref()?.downcast_ref()? else {
        return None;
    };
    let cause = match alert {
        Alert::UnknownCA => FailureCause::ProxyCaUnknown,
        Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnsupportedCertificate => {
            FailureCause::ProxyCertificateRefused
        }
        _ => FailureCause::Alert,
    };
    let name = alert_name(*alert);
    let detail = match cause {
        FailureCause::Alert => {
            format!("the client ended the TLS handshake for {host} with the alert {name}")
        }
        _ => format!(
            "the client refused the certificate that this proxy made for {host}, with the TLS alert {name}"
        ),
    };
    Some(Failure {
        side: Side::Client,
        stage: Stage::Tls,
        cause,
        detail,
    })
}

/// The major version of every TLS record (RFC 8446 section 5.1).
const TLS_MAJOR: u8 = 0x03;
