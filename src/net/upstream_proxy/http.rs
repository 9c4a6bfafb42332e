//! A tunnel through an HTTP proxy (RFC 9110 section 9.3.6).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use super::super::socket::{Prefixed, Socket};
use super::{Target, UpstreamProxy};
use crate::model::{Failure, FailureCause};

/// More than any proxy says before it opens a tunnel.
const HEAD_LIMIT: usize = 16 * 1024;

pub(super) async fn connect(
    proxy: &UpstreamProxy,
    mut stream: Socket,
    target: &Target,
) -> Result<Socket, Failure> {
    let request = request(proxy, target);
    let sent = async {
        stream.write_all(&request).await?;
        stream.flush().await
    };
    sent.await.map_err(|error| proxy.gone(&error))?;
    let mut read = Vec::new();
    let mut interim = 0;
    let end = loop {
        if let Some(at) = memmem::find(&read, b"\r\n\r\n") {
            if matches!(status(&read), Some(100..200)) {
                // The answer follows an interim one (RFC 9110 section 15.2).
                interim += at + 4;
                read.drain(..at + 4);
                continue;
            }
            break at + 4;
        }
        // A server of another kind may say a line and wait for ours.
        if !may_be_http(&read) {
            return Err(proxy.broken("answered CONNECT with something that is not HTTP"));
        }
        if interim + read.len() > HEAD_LIMIT {
            return Err(proxy.broken("answered CONNECT with a head of more than 16 KiB"));
        }
        let more = stream.read_buf(&mut read).await;
        if more.map_err(|error| proxy.gone(&error))? == 0 {
            return Err(match read.is_empty() {
                true => proxy.broken("closed the connection before it opened a tunnel"),
                false => proxy.broken("answered CONNECT with something that is not HTTP"),
            });
        }
    };
    // What follows came through the tunnel already.
    let ahead = read.split_off(end);
    match status(&read) {
        Some(200..300) if ahead.is_empty() => Ok(stream),
        Some(200..300) => Ok(Socket::Within(Box::new(Prefixed::new(ahead, stream)))),
        Some(407) => {
            let words = match proxy.credentials {
                None => "wants a user and a password (407)",
                Some(_) => "refuses this user and password (407)",
            };
            Err(proxy.failure(FailureCause::UpstreamProxyAuthentication, words))
        }
        Some(status) => {
            let words = format!("refuses a tunnel to {} ({status})", target.authority());
            Err(proxy.failure(FailureCause::UpstreamProxyRefused, &words))
        }
        None => Err(proxy.broken("answered CONNECT with something that is not HTTP")),
    }
}

fn request(proxy: &UpstreamProxy, target: &Target) -> Zeroizing<Vec<u8>> {
    let authority = target.authority();
    let mut head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(credentials) = &proxy.credentials {
        let pair = [&credentials.user[..], b":", &credentials.password].concat();
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(Zeroizing::new(pair)));
        head.push_str("Proxy-Authorization: Basic ");
        head.push_str(&encoded);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    Zeroizing::new(head.into_bytes())
}

/// The status of a response head of HTTP/1.
fn status(head: &[u8]) -> Option<u16> {
    let [b'0'..=b'9', b' ', rest @ ..] = head.strip_prefix(VERSION)? else {
        return None;
    };
    let (code, after) = rest.split_at_checked(3)?;
    let is_code = code.iter().all(u8::is_ascii_digit) && matches!(after, [b' ' | b'\r', ..]);
    std::str::from_utf8(code)
        .ok()
        .filter(|_| is_code)?
        .parse()
        .ok()
}

/// Whether bytes are, as far as they go, a status line of HTTP/1.
fn may_be_http(bytes: &[u8]) -> bool {
    let compared = bytes.len().min(VERSION.len());
    bytes.get(..compared) == VERSION.get(..compared)
}

const VERSION: &[u8] = b"HTTP/1.";

#[cfg(test)]
mod tests {
    use super::super::sample::{proxy, target};
    use super::super::{ProxyKind, UpstreamProxy};
    use super::*;
    use tokio::net::TcpStream;

    /// What the proxy was sent, and what came of its answer.
    async fn answered(
        credentials: Option<(&str, &str)>,
        answer: &[u8],
    ) -> (String, Result<Socket, Failure>, TcpStream) {
        let (proxy, stream, mut theirs): (UpstreamProxy, _, _) =
            proxy(ProxyKind::Http, credentials).await;
        let target = target("api.test");
        let serve = async {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                theirs.read_buf(&mut request).await.unwrap();
            }
            theirs.write_all(answer).await.unwrap();
            if !answer.starts_with(b"HTTP/1.1 200") {
                theirs.shutdown().await.unwrap();
            }
            String::from_utf8(request).unwrap()
        };
        let (request, opened) = tokio::join!(serve, connect(&proxy, stream, &target));
        (request, opened, theirs)
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_and_what_comes_through_it_at_once_is_kept() {
        let (request, opened, mut theirs) =
            answered(None, b"HTTP/1.1 200 Fine\r\nX: y\r\n\r\nSSH-2.0").await;
        assert_eq!(
            request,
            "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n"
        );
        let mut stream = opened.unwrap();
        let mut first = [0; 7];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"SSH-2.0");
        stream.write_all(b"hi").await.unwrap();
        let mut heard = [0; 2];
        theirs.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hi");
    }

    #[tokio::test]
    async fn an_interim_answer_is_not_the_answer() {
        let answer = b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
                       HTTP/1.1 403 No\r\n\r\n";
        let (_, opened, _) = answered(None, answer).await;
        let failure = opened.unwrap_err();
        assert!(failure.detail.contains("(403)"), "{}", failure.detail);
        let many = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        let (_, opened, _) = answered(None, &many).await;
        let failure = opened.unwrap_err();
        assert!(failure.detail.contains("16 KiB"), "{}", failure.detail);
    }

    #[tokio::test]
    async fn a_server_of_another_kind_is_not_waited_for() {
        let (proxy, stream, mut theirs) = proxy(ProxyKind::Http, None).await;
        theirs.write_all(b"SSH-2.0-x\r\n").await.unwrap();
        // The peer stays open and silent: only its first bytes can tell.
        let target = target("api.test");
        let opened = connect(&proxy, stream, &target);
        let patience = std::time::Duration::from_secs(5);
        let failure = tokio::time::timeout(patience, opened).await.unwrap();
        assert_eq!(
            failure.unwrap_err().cause,
            FailureCause::UpstreamProxyBroken
        );
    }

    #[test]
    fn a_status_is_three_digits_of_http_1() {
        for (head, expected) in [
            (&b"HTTP/1.1 200 OK\r\n\r\n"[..], Some(200)),
            (b"HTTP/1.0 407\r\n\r\n", Some(407)),
            (b"HTTP/1.1 2000 x\r\n\r\n", None),
            (b"HTTP/1.1 +20 x\r\n\r\n", None),
            (b"HTTP/1.1 20\r\n\r\n", None),
            (b"HTTP/2 200\r\n\r\n", None),
        ] {
            assert_eq!(status(head), expected, "{}", head.escape_ascii());
        }
    }

    #[tokio::test]
    async fn user_and_password_are_sent_and_never_told() {
        let (request, opened, _) = answered(Some(("me", "p:w")), b"HTTP/1.1 407 No\r\n\r\n").await;
        assert!(request.contains("\r\nProxy-Authorization: Basic bWU6cDp3\r\n"));
        let failure = opened.unwrap_err();
        assert_eq!(failure.cause, FailureCause::UpstreamProxyAuthentication);
        assert_eq!(
            failure.detail,
            "the upstream proxy proxy.test:3128 refuses this user and password (407)"
        );
    }

    #[tokio::test]
    async fn what_is_no_tunnel_is_told_with_its_status() {
        let long = [&b"HTTP/1.1 200 OK\r\nX: "[..], &[b'x'; 20_000]].concat();
        for (answer, cause, words) in [
            (
                &b"HTTP/1.1 403 No\r\n\r\n"[..],
                FailureCause::UpstreamProxyRefused,
                "(403)",
            ),
            (
                b"SSH-2.0\r\n\r\n",
                FailureCause::UpstreamProxyBroken,
                "not HTTP",
            ),
            (b"HTTP/1.1 2", FailureCause::UpstreamProxyBroken, "not HTTP"),
            (b"", FailureCause::UpstreamProxyBroken, "closed"),
            (&long, FailureCause::UpstreamProxyBroken, "16 KiB"),
        ] {
            let (_, opened, _) = answered(None, answer).await;
            let failure = opened.unwrap_err();
            assert_eq!(failure.cause, cause, "{}", failure.detail);
            assert!(failure.detail.contains(words), "{}", failure.detail);
        }
    }
}
