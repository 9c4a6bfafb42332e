//! `http://why401.local/`: the CA's certificate for devices that go through the proxy.
//!
//! No name server is asked: the name exists only here. The certificate is all there is, never the key.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;

use super::Shared;
use super::connection::Accepted;
use super::pages::Page;
use super::refuse;
use super::transport::Link;
use crate::ca::Authority;
use crate::model::{Origin, Scheme, Url};
use crate::wire::head::{Head, RequestLine};

/// Whether a request or tunnel is for this site.
pub(super) fn is_ours(origin: &Origin) -> bool {
    origin.host.strip_suffix('.').unwrap_or(&origin.host) == NAME
}

/// Whether it is for this site and comes by the port on which the site is.
pub(super) fn is_served_on(origin: &Origin) -> bool {
    is_ours(origin) && origin.port == Scheme::Http.default_port()
}

/// The answer to a request in absolute form.
pub(super) fn page_for(head: &Head, url: &Url, authority: &Authority) -> Page {
    if url.origin.scheme == Scheme::Https || !is_served_on(&url.origin) {
        return only_http();
    }
    let line = RequestLine::parse(head.start_line());
    let method = line.map(|line| line.method).unwrap_or_default();
    page(method, &url.path, authority)
}

/// Answers a CONNECT to this site and serves what comes through the tunnel.
pub(super) async fn open(accepted: Accepted<'_>, mut client: Link, origin: &Origin) {
    if !is_served_on(origin) {
        return accepted.answer(client, &only_http()).await;
    }
    let established = b"HTTP/1.1 200 Connection Established\r\n\r\n";
    if client.write_all(established).await.is_ok() && client.flush().await.is_ok() {
        serve(client, accepted.shared).await;
    }
}

/// Serves one request in a tunnel that leads here.
pub(super) async fn serve(client: Link, shared: &Shared) {
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        let page = page(
            request.method().as_str().as_bytes(),
            request.uri().path().as_bytes(),
            &shared.authority,
        );
        std::future::ready(Ok::<_, Infallible>(page.response()))
    });
    let served = hyper::server::conn::http1::Builder::new()
        .keep_alive(false)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(client), service);
    if let Ok(Err(error)) = tokio::time::timeout(shared.limits.head_timeout, served).await {
        tracing::debug!(%error, "the client left before it could be answered");
    }
}

fn page(method: &[u8], path: &[u8], authority: &Authority) -> Page {
    if !matches!(method, b"GET" | b"HEAD") {
        return Page::refused(&refuse::refusal(
            405,
            "Method Not Allowed",
            "this site knows only GET and HEAD",
        ))
        .with_field("Allow", "GET, HEAD");
    }
    let page = match path {
        b"/" => Page::of_our_own("text/html; charset=utf-8", HTML.as_bytes().to_vec())
            .with_field("Content-Security-Policy", POLICY)
            .with_field("Referrer-Policy", "no-referrer"),
        b"/ca.pem" => Page::of_our_own("application/x-pem-file", pem(authority.certificate()))
            .with_field(
                "Content-Disposition",
                "attachment; filename=\"why401-ca.pem\"",
            ),
        b"/ca.crt" | b"/ca.der" => Page::of_our_own(
            "application/x-x509-ca-cert",
            authority.certificate().to_vec(),
        ),
        _ => Page::refused(&refuse::refusal(
            404,
            "Not Found",
            "this site has only /, /ca.pem and /ca.crt",
        )),
    };
    if method == b"HEAD" {
        page.without_content()
    } else {
        page
    }
}

fn only_http() -> Page {
    Page::refused(&refuse::refusal(
        421,
        "Misdirected Request",
        "this name is served in clear only: use http://why401.local/",
    ))
}

/// The certificate as RFC 7468 has it.
fn pem(der: &[u8]) -> Vec<u8> {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (at, character) in STANDARD.encode(der).chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text.into_bytes()
}

const NAME: &str = "why401.local";
const HTML: &str = include_str!("local_site.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
