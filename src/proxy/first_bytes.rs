//! What a client speaks to us, told by its first bytes; none of them is taken.

use std::time::Duration;

use super::transport::Link;
use crate::wire::http2::{Preface, preface};

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// HTTP/1, or whatever its decoder makes of it.
    Http1,
    /// HTTP/2 in clear, with prior knowledge (RFC 9113 section 3.3).
    Http2,
    /// SOCKS 4 or 4a.
    Socks4,
    /// SOCKS 5 (RFC 1928).
    Socks5,
    /// A TLS record that holds a handshake message.
    Tls,
    /// The PROXY protocol of a load balancer, version 1 or 2.
    ProxyProtocol,
}

/// Why there is nothing to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The client has gone before it said anything.
    Gone,
    /// It began to speak and stopped.
    Stalled,
}

/// Waits for the first bytes: as long as it takes for the first of them, then `patience` for as many as
/// decide.
pub(super) async fn look(client: &mut Link, patience: Duration) -> Result<First, Silence> {
    match client.peek().await {
        Ok([_, ..]) => {}
        Ok([]) | Err(_) => return Err(Silence::Gone),
    }
    tokio::time::timeout(patience, decided(client))
        .await
        .map_err(|_elapsed| Silence::Stalled)
}

async fn decided(client: &mut Link) -> First {
    loop {
        if let Some(first) = of(client.buffered()) {
            return first;
        }
        let had = client.buffered().len();
        match client.peek_more().await {
            Ok(bytes) if bytes.len() > had => {}
            // What is there is all that comes: HTTP/1 is where it is told that it makes no sense.
            Ok(_) | Err(_) => return First::Http1,
        }
    }
}

/// What these bytes begin; `None` while it could be more than one thing.
fn of(bytes: &[u8]) -> Option<First> {
    match bytes {
        [] => return None,
        [SOCKS4, ..] => return Some(First::Socks4),
        [SOCKS5, ..] => return Some(First::Socks5),
        [TLS_HANDSHAKE, ..] => return Some(First::Tls),
        _ => {}
    }
    if PROXY_PROTOCOL.iter().any(|start| bytes.starts_with(start)) {
        return Some(First::ProxyProtocol);
    }
    let may_become = |start: &&[u8]| start.starts_with(bytes);
    match preface(bytes) {
        Preface::Yes => Some(First::Http2),
        Preface::No if !PROXY_PROTOCOL.iter().any(may_become) => Some(First::Http1),
        Preface::Undecided | Preface::No => None,
    }
}

const SOCKS4: u8 = 4;
const SOCKS5: u8 = 5;

/// `ContentType.handshake` (RFC 8446 section 5.1).
pub(super) const TLS_HANDSHAKE: u8 = 0x16;

/// How the versions of the PROXY protocol begin.
const PROXY_PROTOCOL: [&[u8]; 2] = [b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"];

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::Socket;

    #[test]
    fn each_protocol_is_told_as_soon_as_its_bytes_differ_from_all_others() {
        let cases: [(&[u8], usize, First); 12] = [
            (b"\x05\x01\x00", 1, First::Socks5),
            (b"\x04\x01\x00\x50", 1, First::Socks4),
            (b"\x16\x03\x01", 1, First::Tls),
            (b"GET / HTTP/1.1\r\n", 1, First::Http1),
            (b"POST / HTTP/1.1\r\n", 2, First::Http1),
            (b"PROPFIND / HTTP/1.1\r\n", 4, First::Http1),
            (b"PRI * HTTP/1.1\r\n\r\n", 12, First::Http1),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24, First::Http2),
            (b"PROXY TCP4 ", 6, First::ProxyProtocol),
            (b"\r\nGET / HTTP/1.1\r\n", 3, First::Http1),
            (b"\r\n\r\n\0\r\nQUIT\n\x21", 12, First::ProxyProtocol),
            (b"\x80", 1, First::Http1),
        ];
        for (bytes, decides, first) in cases {
            for length in 0..bytes.len() {
                let told = of(&bytes[..length]);
                let expected = (length >= decides).then_some(first);
                assert_eq!(told, expected, "{length} of {:?}", bytes.escape_ascii());
            }
        }
    }

    async fn pair() -> (TcpStream, Link) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let client = client.unwrap();
        client.set_nodelay(true).unwrap();
        (
            client,
            Link::new(Socket::Tcp(accepted.unwrap().0), Vec::new()),
        )
    }

    #[tokio::test]
    async fn bytes_that_come_one_by_one_decide_and_stay() {
        let (mut client, mut link) = pair().await;
        let bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nand more";
        let sending = async {
            for byte in bytes {
                client.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            client.shutdown().await.unwrap();
        };
        let (first, ()) = tokio::join!(look(&mut link, Duration::from_secs(10)), sending);
        assert_eq!(first, Ok(First::Http2));
        let mut all = Vec::new();
        link.read_to_end(&mut all).await.unwrap();
        assert_eq!(
            all.escape_ascii().to_string(),
            bytes.escape_ascii().to_string()
        );
    }

    #[tokio::test]
    async fn who_begins_and_stops_is_not_waited_for_for_ever() {
        let (mut client, mut link) = pair().await;
        client.write_all(b"PRO").await.unwrap();
        let looked = look(&mut link, Duration::from_millis(50)).await;
        assert_eq!(looked, Err(Silence::Stalled));
        client.shutdown().await.unwrap();
        let looked = look(&mut link, Duration::from_secs(10)).await;
        assert_eq!(looked, Ok(First::Http1), "it is all that came");
    }

    #[tokio::test]
    async fn who_leaves_without_a_word_is_gone() {
        let (client, mut link) = pair().await;
        drop(client);
        let looked = look(&mut link, Duration::from_secs(10)).await;
        assert_eq!(looked, Err(Silence::Gone));
    }
}
