//! What happens inside a CONNECT tunnel: dial first, then look at what the client sends.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::Shared;
use super::connection::Accepted;
use super::exchanges::Exchanges;
use super::flow::Flow;
use super::pages::{Page, Version};
use super::path::Path;
use super::relay::{relay, resume};
use super::tap::Tap;
use super::tls::{self, Hello};
use super::transport::{Link, Transport};
use crate::model::{Entry, Failure, FailureCause, Origin, Scheme, Side, Stage};
use crate::net::alert_name;
use crate::wire::head::Head;

/// Opens the tunnel that a CONNECT asked for and relays what it carries.
pub(super) async fn open(accepted: Accepted<'_>, mut client: Link, origin: Origin, head: Head) {
    let Accepted { shared, .. } = accepted;
    let mut path = accepted.path(Entry::Tunnel, Arc::new(origin));
    let connected = match shared.dialer.connect(&path.origin).await {
        Ok(connected) => connected,
        Err(failure) => {
            record_failure(shared, path, head, &failure);
            return accepted.answer(client, &Page::of_failure(&failure)).await;
        }
    };
    path.upstream = Some(connected.address);
    path.upstream_proxy = connected.proxy;
    path.connect = Some(connected.took);
    if write_all(&mut client, b"HTTP/1.1 200 Connection Established\r\n\r\n")
        .await
        .is_err()
    {
        return;
    }
    let mut upstream = Link::new(connected.stream, Vec::new());
    match first_bytes(&mut client, &mut upstream).await {
        First::Tls => secure(shared, path, client, upstream, head).await,
        First::Other => in_clear(shared, path, client, upstream).await,
    }
}

/// HTTP in clear, or anything else: every byte goes on untouched, the tap tells which it was.
async fn in_clear(shared: &Shared, mut path: Path, client: Link, upstream: Link) {
    path.origin = Arc::new(Origin {
        scheme: Scheme::Http,
        ..Origin::clone(&path.origin)
    });
    let tap = Tap::new(Exchanges::new(shared.recorder.clone(), path));
    relay(Transport::Clear(client), Transport::Clear(upstream), tap).await;
}

/// TLS on both sides: the origin is asked first, so that the client gets what the origin chose.
async fn secure(shared: &Shared, mut path: Path, client: Link, upstream: Link, connect: Head) {
    let hello = match tls::read_hello(client).await {
        Ok(hello) => hello,
        Err(Some(client)) => return in_clear(shared, path, client, upstream).await,
        Err(None) => return,
    };
    let host = hello
        .server_name
        .clone()
        .unwrap_or_else(|| path.origin.host.clone());
    match shared
        .dialer
        .tls()
        .handshake(upstream, &host, &hello.protocols)
        .await
    {
        Ok(secured) => {
            let protocol = secured
                .stream
                .get_ref()
                .1
                .alpn_protocol()
                .map(<[u8]>::to_vec);
            path.upstream_tls = Some(secured.parameters);
            path.verification = Some(secured.verification);
            path.handshake = Some(secured.took);
            path.client_certificate = secured.client_certificate;
            let origin = Transport::Origin(Box::new(secured.stream));
            let version = Version::negotiated(protocol.as_deref());
            let Some(client) = finish(shared, &mut path, hello, &host, protocol, connect).await
            else {
                return;
            };
            talk(shared, path, client, origin, version).await;
        }
        Err(failure) => {
            let protocol = spoken_here(&hello.protocols);
            let version = Version::negotiated(protocol.as_deref());
            let Some(client) = finish(shared, &mut path, hello, &host, protocol, connect).await
            else {
                return;
            };
            let exchanges = Exchanges::new(shared.recorder.clone(), path);
            explain(exchanges, client, version, failure).await;
        }
    }
}

/// Relays over the two TLS connections, unless the origin ends its own before the client has said a word.
async fn talk(
    shared: &Shared,
    path: Path,
    mut client: Transport,
    mut origin: Transport,
    version: Version,
) {
    let (mut up, mut down) = (Flow::new(), Flow::new());
    if path.client_certificate.is_some() {
        poll_fn(|cx| {
            let ended = down.poll_ahead(cx, &mut origin).map(drop);
            let asked = up.poll_ahead(cx, &mut client).map(drop);
            if ended.is_ready() { ended } else { asked }
        })
        .await;
    }
    let exchanges = Exchanges::new(shared.recorder.clone(), path);
    let alert = origin.origin_alert();
    match exchanges
        .certificate_failure(alert)
        .filter(|_| alert.is_some())
    {
        Some(failure) if up.waiting().is_empty() => {
            explain(exchanges, client, version, failure).await;
        }
        _ => resume(client, up, origin, down, Tap::new(exchanges)).await,
    }
}

/// Finishes the client's handshake with a leaf for that host; a client that refuses it is recorded.
async fn finish(
    shared: &Shared,
    path: &mut Path,
    hello: Hello,
    host: &str,
    protocol: Option<Vec<u8>>,
    connect: Head,
) -> Option<Transport> {
    let mint = shared.authority.mint();
    let config = mint
        .server_config(host, protocol.as_deref(), shared.recorder.now())
        .ok()?;
    match hello.finish(config).await {
        Ok(stream) => {
            path.client_tls = Some(crate::net::parameters(stream.get_ref().1));
            Some(Transport::Client(stream))
        }
        Err(error) => {
            if let Some(failure) = client_refusal(host, &error) {
                record_failure(shared, path.clone(), connect, &failure);
            }
            None
        }
    }
}

/// The origin's TLS failed: the client's requests are answered with the reason, and recorded with it even
/// when their client has read enough before the page has ended.
async fn explain(exchanges: Exchanges, client: Transport, version: Version, failure: Failure) {
    let page = Page::of_failure(&failure);
    let mut tap = Tap::new(exchanges.without_origin(failure));
    let stream = TokioIo::new(Overheard {
        stream: client,
        tap: &mut tap,
    });
    page.serve(stream, version).await;
    tap.sent_by_origin(None);
}

/// A stream whose reads the tap hears too.
struct Overheard<'a> {
    stream: Transport,
    tap: &'a mut Tap,
}

impl AsyncRead for Overheard<'_> {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        std::task::ready!(std::pin::Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let read = buf.filled().get(before..).unwrap_or_default();
        if !read.is_empty() {
            this.tap.sent_by_client(Some(read));
        }
        std::task::Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Overheard<'_> {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// A TLS record.
    Tls,
    /// Anything else, or the origin spoke first, or nobody did.
    Other,
}

/// Looks at the first bytes in the tunnel without taking them. There is no deadline: a client may
/// open a tunnel long before it uses it.
async fn first_bytes(client: &mut Link, origin: &mut Link) -> First {
    let seen = tokio::select! {
        biased;
        seen = client.peek() => seen.unwrap_or_default(),
        _ = origin.peek() => &[],
    };
    match seen {
        // After a single byte the rest decides, while the hello is read.
        [TLS_HANDSHAKE] | [TLS_HANDSHAKE, TLS_MAJOR, ..] => First::Tls,
        _ => First::Other,
    }
}

/// The request that asked for the tunnel is recorded with the failure.
fn record_failure(shared: &Shared, path: Path, connect: Head, failure: &Failure) {
    let mut exchanges = Exchanges::new(shared.recorder.clone(), path);
    exchanges.request(1, connect.into(), Vec::new());
    exchanges.fail(failure);
}

/// What a client's own words (a TLS alert) say of our certificate; silence says nothing.
fn client_refusal(host: &str, error: &io::Error) -> Option<Failure> {
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

async fn write_all(client: &mut Link, bytes: &[u8]) -> io::Result<()> {
    client.write_all(bytes).await?;
    client.flush().await
}

/// The first of the protocols a client offers in which we can answer ourselves.
fn spoken_here(offered: &[Vec<u8>]) -> Option<Vec<u8>> {
    offered
        .iter()
        .find(|name| matches!(name.as_slice(), b"h2" | b"http/1.1"))
        .cloned()
}

/// `ContentType.handshake` and the major version of every TLS record (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;
const TLS_MAJOR: u8 = 0x03;
