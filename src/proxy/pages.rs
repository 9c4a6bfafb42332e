//! What we say ourselves: the only table from a failure to the response that the client gets.
//!
//! Plain text, nothing of the request in it, and marked as ours by a field, so that our 502 is never
//! taken for the origin's.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioExecutor;
use tokio::sync::Notify;

use super::refuse::Refusal;
use crate::model::{Failure, FailureCause, Side};

/// The field that marks a response as ours; its value is the failure's word.
const MARK: &str = "why401-failure";

/// A response of our own.
#[derive(Clone, Debug)]
pub(super) struct Page {
    status: u16,
    reason: &'static str,
    word: &'static str,
    text: String,
}

impl Page {
    /// The answer to a request that failed before the origin could answer.
    pub(super) fn of_failure(failure: &Failure) -> Self {
        let sentence = sentence(failure.cause);
        let (status, reason) = match (failure.cause, failure.side) {
            (FailureCause::OwnListener, _) => (403, "Forbidden"),
            (_, Side::Client) => (400, "Bad Request"),
            _ => (502, "Bad Gateway"),
        };
        let text = format!(
            "This answer comes from why401, not from the origin.\n\n{sentence}\n\n\
             `why401 why` shows the failing request and the details.\n"
        );
        Self {
            status,
            reason,
            word: failure.cause.as_str(),
            text,
        }
    }

    /// The answer to a message that two parties could read differently.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let sentence = format!("It was refused, since {}.", refusal.fault);
        Self::refusal(refusal.status, refusal.reason, &sentence)
    }

    /// The answer to what cannot be forwarded.
    pub(super) fn refusal(status: u16, reason: &'static str, sentence: &str) -> Self {
        let text = format!(
            "This answer comes from why401: the request was not forwarded.\n\n{sentence}\n"
        );
        Self {
            status,
            reason,
            word: "refused-message",
            text,
        }
    }

    /// The answer to a request whose head takes too long.
    pub(super) fn too_slow() -> Self {
        Self::refused(&Refusal {
            status: 408,
            reason: "Request Timeout",
            fault: "its head did not arrive in time",
        })
    }

    /// The answer to somebody who opens the proxy's address itself.
    pub(super) fn directions() -> Self {
        let text = "This is why401, a debug proxy. It has no page of its own here.\n\n\
                    Set it as the HTTP proxy of your client (not as the server to call), for example:\n\n\
                    \x20   curl -x http://HOST:PORT http://your-api/...\n"
            .to_owned();
        Self {
            status: 421,
            reason: "Misdirected Request",
            word: "not-a-proxy-request",
            text,
        }
    }

    /// The whole response as HTTP/1.1; the connection is closed after it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let Self {
            status,
            reason,
            word,
            text,
        } = self;
        let length = text.len();
        format!(
            "HTTP/1.1 {status} {reason}\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {length}\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Cache-Control: no-store\r\n\
             {MARK}: {word}\r\n\
             Connection: close\r\n\r\n{text}"
        )
        .into_bytes()
    }

    /// The response as hyper sends it, whatever the version of the connection.
    fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.text.clone())));
        let status = hyper::StatusCode::from_u16(self.status);
        *response.status_mut() = status.unwrap_or(hyper::StatusCode::BAD_GATEWAY);
        let fields = [
            ("content-type", "text/plain; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            (MARK, self.word),
        ];
        for (name, value) in fields {
            response
                .headers_mut()
                .insert(name, hyper::header::HeaderValue::from_static(value));
        }
        response
    }

    /// Answers on a connection whose origin could not be reached: the requests that are there get this
    /// page, then the client has to connect again.
    pub(super) async fn serve<S>(self, stream: S, version: Version)
    where
        S: hyper::rt::Read + hyper::rt::Write + Unpin,
    {
        let asked = Arc::new(Notify::new());
        let service = {
            let asked = Arc::clone(&asked);
            hyper::service::service_fn(move |_request: Request<Incoming>| {
                asked.notify_one();
                std::future::ready(Ok::<_, Infallible>(self.response()))
            })
        };
        let served = async {
            match version {
                Version::Http1 => {
                    hyper::server::conn::http1::Builder::new()
                        .keep_alive(false)
                        .auto_date_header(false)
                        .serve_connection(stream, service)
                        .await
                }
                Version::Http2 => {
                    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                        .auto_date_header(false)
                        .max_header_list_size(HEADER_LIST_LIMIT)
                        .serve_connection(stream, service);
                    let mut connection = pin!(connection);
                    tokio::select! {
                        ended = connection.as_mut() => return ended,
                        () = asked.notified() => connection.as_mut().graceful_shutdown(),
                    }
                    connection.await
                }
            }
        };
        match tokio::time::timeout(super::forward::HEAD_TIMEOUT, served).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "the client left before it could be answered");
            }
        }
    }
}

/// In which version a page is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

impl Version {
    /// The one that the client was told (ALPN, RFC 7301).
    pub(super) fn negotiated(protocol: Option<&[u8]>) -> Self {
        match protocol {
            Some(b"h2") => Self::Http2,
            Some(_) | None => Self::Http1,
        }
    }
}

/// Cookies and tokens make long heads; the page is for those, too.
const HEADER_LIST_LIMIT: u32 = 512 * 1024;

/// A sentence for people; the record of the exchange holds the details.
#[expect(clippy::too_many_lines, reason = "a flat table")]
fn sentence(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::NameNotFound => "The origin's name does not resolve to an address.",
        FailureCause::Refused => {
            "The connection to the origin is refused: nothing listens there, or a firewall refuses."
        }
        FailureCause::TimedOut => "The origin did not answer in time.",
        FailureCause::Unreachable => "The origin's network or host cannot be reached.",
        FailureCause::Closed => "The origin closed the connection without a response.",
        FailureCause::CertificateExpired => "The origin's certificate has expired.",
        FailureCause::CertificateNotYetValid => "The origin's certificate is not valid yet.",
        FailureCause::CertificateName => "The origin's certificate is for another name.",
        FailureCause::CertificateIssuer => {
            "The origin's certificate was issued by somebody who is not trusted here. If that is right, \
             start why401 with --upstream-ca FILE."
        }
        FailureCause::CertificateSelfSigned => {
            "The origin's certificate is self-signed and not trusted here. If that is right, start why401 \
             with --upstream-ca FILE."
        }
        FailureCause::CertificateChain => {
            "The origin did not send the certificate of its issuer (an intermediate certificate), and the \
             issuer is not trusted here by itself."
        }
        FailureCause::CertificateNoName => {
            "The origin's certificate has no subject alternative name: a common name alone is not looked \
             at any more."
        }
        FailureCause::CertificateWildcard => {
            "The wildcard in the origin's certificate stands for one label only, and the name has more."
        }
        FailureCause::CertificateSignature => {
            "The origin's certificate is signed with a broken algorithm, such as SHA-1."
        }
        FailureCause::CertificateKey => "The key of the origin's certificate is too short.",
        FailureCause::CertificateConstraint => {
            "The CA of the origin's certificate may not issue for this name (name constraints)."
        }
        FailureCause::CertificatePurpose => {
            "The origin's certificate is not made for servers (key usage)."
        }
        FailureCause::CertificateOther => "The origin's certificate cannot be accepted.",
        FailureCause::NotTls => "The origin does not speak TLS on this port.",
        FailureCause::TlsVersion => "The origin speaks neither TLS 1.2 nor TLS 1.3.",
        FailureCause::Protocol => {
            "The origin speaks none of the application protocols (ALPN) that were offered."
        }
        FailureCause::ServerName => "The origin does not serve this name (SNI).",
        FailureCause::ClientCertificate => {
            "The origin wants a client certificate, and none is configured for it."
        }
        FailureCause::ClientCertificateRefused => {
            "The origin refused the client certificate that is configured for it."
        }
        FailureCause::ProxyCaUnknown | FailureCause::ProxyCertificateRefused => {
            "The client refused the certificate of this proxy."
        }
        FailureCause::Handshake => "No TLS version or cipher suite in common with the origin.",
        FailureCause::Alert => "The origin refused the TLS handshake.",
        FailureCause::BadMessage => "The origin's response is not valid HTTP.",
        FailureCause::OwnListener => "That address is this proxy itself.",
        FailureCause::UpstreamProxyUnreachable => {
            "The proxy on the way to the origin cannot be reached."
        }
        FailureCause::UpstreamProxyAuthentication => {
            "The proxy on the way to the origin wants a user and a password, or others than it was given."
        }
        FailureCause::UpstreamProxyRefused => {
            "The proxy on the way to the origin opens no tunnel to it."
        }
        FailureCause::UpstreamProxyBroken => {
            "The proxy on the way to the origin does not answer as a proxy does."
        }
        FailureCause::Other => "The origin could not be reached.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stage;

    #[test]
    fn a_page_reflects_nothing_and_is_marked_as_ours() {
        let failure = Failure {
            side: Side::Upstream,
            stage: Stage::Connect,
            cause: FailureCause::Refused,
            detail: "<script>evil.test:1 refuses".into(),
        };
        let text = String::from_utf8(Page::of_failure(&failure).bytes()).unwrap();
        assert!(text.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
        assert!(text.contains("\r\nwhy401-failure: refused\r\n") && !text.contains("evil"));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
    }
}
