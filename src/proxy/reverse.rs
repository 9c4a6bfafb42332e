//! Reverse mode: requests that name no host but ours go to one origin.
//!
//! HTTP/1 takes the message relay (`route.rs`, `edit.rs`). HTTP/2 could not have its authority edited byte by
//! byte, so it is relayed untouched, for those who said that the host is to be kept.

use std::net::IpAddr;
use std::sync::Arc;

use hyper_util::rt::TokioIo;

use super::connection::Accepted;
use super::exchanges::Exchanges;
use super::pages::{Page, Version};
use super::refuse::{self, Refusal};
use super::relay::relay;
use super::tap::Tap;
use super::transport::{Link, Transport};
use super::tunnel;
use crate::model::{Entry, Failure, FailureCause, Origin, Scheme, Side, Stage};
use crate::wire::head::Head;

/// Where requests go that name no host but ours.
#[derive(Clone, Debug)]
pub struct Reverse {
    /// The origin.
    pub origin: Origin,
    /// Whether it is told the host that the client asked for, not its own.
    pub keep_host: bool,
}

impl Reverse {
    /// Whether the host that a request names may be exchanged for the origin's. A public name that leads to this
    /// machine is how a foreign web page would reach an origin that checks its `Host` (DNS rebinding).
    pub(super) fn takes(&self, head: &Head) -> bool {
        let mut lines = head.field_lines();
        let host = lines.find(|(name, _)| name.eq_ignore_ascii_case(b"host"));
        let Some((_, host)) = host else {
            return true;
        };
        self.keep_host
            || Origin::parse(self.origin.scheme, host.trim_ascii())
                .is_ok_and(|named| named.host == self.origin.host || is_local(&named.host))
    }
}

/// Whether no public name server can lead that name here.
fn is_local(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_address = name.parse::<IpAddr>().is_ok() || name.starts_with('[');
    is_address || !name.contains('.') || LOCAL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// RFC 2606, RFC 6761, RFC 6762, RFC 8375, and `.internal`, which ICANN has reserved.
const LOCAL_SUFFIXES: [&str; 5] = [".localhost", ".local", ".test", ".home.arpa", ".internal"];

/// What a request with another name is told.
pub(super) fn foreign_host() -> Refusal {
    refuse::refusal(
        421,
        "Misdirected Request",
        "its Host is neither local nor the origin's; with --reverse-keep-host any passes, as it is",
    )
}

/// Serves a client that begins with the preface of HTTP/2 (RFC 9113 section 3.4).
pub(super) async fn http2(accepted: Accepted<'_>, client: Transport) {
    let Some(reverse) = &accepted.shared.reverse else {
        return;
    };
    let limits = &accepted.shared.limits;
    if !reverse.keep_host {
        let page = Page::keep_host_for_http2();
        return page
            .serve(TokioIo::new(client), Version::Http2, limits)
            .await;
    }
    let shared = accepted.shared;
    let origin = Arc::new(reverse.origin.clone());
    let mut path = accepted.path(Entry::Reverse, Arc::clone(&origin));
    let connected = match shared.dialer.connect(&origin).await {
        Ok(connected) => connected,
        Err(failure) => {
            let exchanges = Exchanges::new(shared.recorder.clone(), path);
            return tunnel::explain(exchanges, client, Version::Http2, failure, limits).await;
        }
    };
    path.upstream = Some(connected.address);
    path.upstream_proxy = connected.proxy;
    path.connect = Some(connected.took);
    let link = Link::new(connected.stream, Vec::new());
    let exchanges = |path| Exchanges::new(shared.recorder.clone(), path);
    if origin.scheme == Scheme::Http {
        return relay(client, Transport::Clear(link), Tap::new(exchanges(path))).await;
    }
    let offered = [b"h2".to_vec()];
    let failure = match shared
        .dialer
        .tls()
        .handshake(link, &origin.host, &offered)
        .await
    {
        Ok(secured) => {
            let chosen = secured.stream.get_ref().1.alpn_protocol() == Some(b"h2");
            path.upstream_tls = Some(secured.parameters);
            path.verification = Some(secured.verification);
            path.client_certificate = secured.client_certificate;
            path.handshake = Some(secured.took);
            if chosen {
                let origin = Transport::Origin(Box::new(secured.stream));
                return relay(client, origin, Tap::new(exchanges(path))).await;
            }
            no_http2(&origin)
        }
        Err(failure) => failure,
    };
    tunnel::explain(exchanges(path), client, Version::Http2, failure, limits).await;
}

fn no_http2(origin: &Origin) -> Failure {
    Failure {
        side: Side::Upstream,
        stage: Stage::Tls,
        cause: FailureCause::Protocol,
        detail: format!("{} does not choose HTTP/2 (ALPN)", origin.authority()),
    }
}
