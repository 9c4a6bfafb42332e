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

use super::limits::Limits;
use super::refuse::Refusal;
use crate::model::{Failure, FailureCause, Side};

/// The field that marks a response as ours; its value is the failure's word.
const MARK: &str = "why401-failure";

/// A response of our own.
#[derive(Clone, Debug)]
pub(super) struct Page {
    status: u16,
    reason: &'static str,
    fields: Vec<(&'static str, &'static str)>,
    content: Vec<u8>,
    /// Whether only the length of the content is told (the answer to HEAD).
    is_head: bool,
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
        Self::text(status, reason, failure.cause.as_str(), text)
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
        Self::text(status, reason, "refused-message", text)
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
                    \x20   curl -x http://HOST:PORT http://your-api/...\n\n\
                    Through the proxy, http://why401.local/ has the certificate that clients are to trust.\n\
                    To put it in front of one API instead, start it with --reverse URL.\n";
        Self::text(
            421,
            "Misdirected Request",
            "not-a-proxy-request",
            text.to_owned(),
        )
    }

    /// The answer to HTTP/2 in reverse mode, where the host would have to be replaced.
    pub(super) fn keep_host_for_http2() -> Self {
        Self::refused(&Refusal {
            status: 505,
            reason: "HTTP Version Not Supported",
            fault: "in reverse mode HTTP/2 goes on untouched, its authority included: start why401 with \
                    --reverse-keep-host, or use HTTP/1.1",
        })
    }

    /// A page that is no failure.
    pub(super) fn of_our_own(media_type: &'static str, content: Vec<u8>) -> Self {
        Self {
            status: 200,
            reason: "OK",
            fields: vec![("Content-Type", media_type)],
            content,
            is_head: false,
        }
        .with_field("X-Content-Type-Options", "nosniff")
        .with_field("Cache-Control", "no-store")
    }

    fn text(status: u16, reason: &'static str, word: &'static str, text: String) -> Self {
        Self {
            status,
            reason,
            ..Self::of_our_own("text/plain; charset=utf-8", text.into_bytes())
        }
        .with_field(MARK, word)
    }

    /// The same with one more field.
    pub(super) fn with_field(mut self, name: &'static str, value: &'static str) -> Self {
        self.fields.push((name, value));
        self
    }

    /// The same as the answer to HEAD.
    pub(super) fn without_content(self) -> Self {
        Self {
            is_head: true,
            ..self
        }
    }

    /// The whole response as HTTP/1.1; the connection is closed after it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Length: {}\r\n",
            self.status,
            self.reason,
            self.content.len()
        );
        for (name, value) in &self.fields {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("Connection: close\r\n\r\n");
        let mut bytes = head.into_bytes();
        if !self.is_head {
            bytes.extend_from_slice(&self.content);
        }
        bytes
    }

    /// The response as hyper sends it, whatever the version of the connection.
    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.content.clone())));
        let status = hyper::StatusCode::from_u16(self.status);
        *response.status_mut() = status.unwrap_or(hyper::StatusCode::BAD_GATEWAY);
        for (name, value) in &self.fields {
            let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
            if let Ok(name) = name {
                let value = hyper::header::HeaderValue::from_static(value);
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    /// Answers on a connection whose origin could not be reached: the requests that are there get this
    /// page, then the client has to connect again.
    pub(super) async fn serve<S>(self, stream: S, version: Version, limits: &Limits)
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
        // Cookies and tokens make long heads; the page is for those, too.
        let header_list = u32::try_from(limits.head_bytes).unwrap_or(u32::MAX);
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
                        .max_header_list_size(header_list)
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
        match tokio::time::timeout(limits.head_timeout, served).await {
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
            "The origin did not send the certificate of its issuer, and the issuer is not trusted here by \
             itself. If it is a private CA, start why401 with --upstream-ca FILE; if not, an intermediate \
             certificate is missing."
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
        FailureCause::FileHandles => "This proxy has no file handle left to connect to the origin.",
        FailureCause::Other => "The origin could not be reached.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stage;

    /// Serde knows every variant, and tells when it is asked for one that does not exist.
    fn all_causes() -> Vec<FailureCause> {
        let error = serde_json::from_str::<FailureCause>("\"none of them\"").unwrap_err();
        let error = error.to_string();
        let (_, names) = error.split_once("expected one of ").unwrap();
        let read = |name| serde_json::from_str(&format!("\"{name}\"")).unwrap();
        names.split('`').skip(1).step_by(2).map(read).collect()
    }

    #[test]
    fn each_failure_has_one_response_of_its_own_whoever_failed() {
        let causes = all_causes();
        assert!(causes.len() > 30 && causes.contains(&FailureCause::UpstreamProxyBroken));
        let mut words: Vec<&str> = causes.iter().map(|cause| cause.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), causes.len(), "no word means two things");
        for cause in causes {
            for side in [Side::Client, Side::Proxy, Side::Upstream] {
                let failure = Failure {
                    side,
                    stage: Stage::Tls,
                    cause,
                    detail: "reflected: /path?token=secret".into(),
                };
                let page = Page::of_failure(&failure);
                let text = String::from_utf8(page.bytes()).unwrap();
                let (head, content) = text.split_once("\r\n\r\n").unwrap();
                let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
                assert!(
                    matches!(status, 400 | 403 | 502),
                    "{cause:?} {side:?}: {status}"
                );
                let mark = format!("\r\n{MARK}: {}\r\n", cause.as_str());
                assert!(head.contains(&mark), "{head}");
                assert!(head.contains("Content-Type: text/plain"), "{head}");
                assert!(content.contains(sentence(cause)));
                assert!(!text.contains("reflected") && !text.contains("secret"));
                let same = page.response();
                assert_eq!(same.status(), status);
                assert_eq!(same.headers().len(), 4, "{same:?}");
            }
        }
    }

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
