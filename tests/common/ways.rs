//! The ways in to the proxy, from a client's end: each gives a tunnel to an origin.

use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};

use super::{tunnel, wait};

/// A connection of whatever kind.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How a client asks for a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// SOCKS 5 with a name.
    Socks5,
    /// CONNECT in HTTP/1 over TLS to the proxy.
    ConnectInTls,
    /// CONNECT in HTTP/2, in clear.
    Http2,
    /// CONNECT in HTTP/2 over TLS to the proxy.
    Http2InTls,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Socks5,
        Self::ConnectInTls,
        Self::Http2,
        Self::Http2InTls,
    ];

    /// A tunnel to that authority.
    ///
    /// # Panics
    /// When there is none.
    pub async fn enter(self, proxy: SocketAddr, ca: &Path, authority: &str) -> Box<dyn Io> {
        match self {
            Self::Socks5 => {
                let (host, port) = authority.rsplit_once(':').expect("a port");
                let (stream, reply) = socks5(proxy, host, port.parse().expect("a port")).await;
                assert_eq!(reply, SOCKS5_GRANTED);
                Box::new(stream)
            }
            Self::ConnectInTls => {
                let mut stream = to_proxy(proxy, ca, "http/1.1").await;
                let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
                stream.write_all(request.as_bytes()).await.expect("open");
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.expect("a response"));
                }
                assert!(head.starts_with(b"HTTP/1.1 200 "), "{head:?}");
                stream
            }
            Self::Http2 | Self::Http2InTls => {
                let mut requests = self.http2(proxy, ca).await;
                let (status, send, receive) = connect(&mut requests, authority).await;
                assert_eq!(status, 200);
                Box::new(stream(send, receive))
            }
        }
    }

    /// A connection that speaks HTTP/2 with the proxy.
    ///
    /// # Panics
    /// When the proxy does not.
    pub async fn http2(self, proxy: SocketAddr, ca: &Path) -> SendRequest<Bytes> {
        let io: Box<dyn Io> = match self {
            Self::Http2InTls => to_proxy(proxy, ca, "h2").await,
            _ => Box::new(tunnel::dial(proxy).await),
        };
        let (requests, connection) = h2::client::handshake(io).await.expect("HTTP/2");
        drop(wait::spawn(async move { drop(connection.await) }));
        requests.ready().await.expect("an open connection")
    }
}

/// TLS with the proxy itself.
pub async fn to_proxy(proxy: SocketAddr, ca: &Path, protocol: &str) -> Box<dyn Io> {
    let stream = tunnel::tls(tunnel::dial(proxy).await, ca, &[protocol]).await;
    let stream = stream.expect("a leaf for localhost that verifies");
    assert_eq!(
        stream.get_ref().1.alpn_protocol(),
        Some(protocol.as_bytes())
    );
    Box::new(stream)
}

/// SOCKS 5 with a name; the reply.
pub async fn socks5(proxy: SocketAddr, host: &str, port: u16) -> (tokio::net::TcpStream, [u8; 10]) {
    let mut stream = tunnel::dial(proxy).await;
    let mut request = b"\x05\x01\x00\x05\x01\x00\x03".to_vec();
    request.push(u8::try_from(host.len()).expect("a short name"));
    request.extend(host.as_bytes());
    request.extend(port.to_be_bytes());
    // All at once: a client need not wait for each answer.
    stream.write_all(&request).await.expect("an open socket");
    let mut method = [0; 2];
    stream.read_exact(&mut method).await.expect("a method");
    assert_eq!(method, [5, 0]);
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await.expect("a reply");
    (stream, reply)
}

/// The reply to a client that gets its connection.
pub const SOCKS5_GRANTED: [u8; 10] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/// CONNECT on a new stream: the status, and both directions.
pub async fn connect(
    requests: &mut SendRequest<Bytes>,
    authority: &str,
) -> (u16, SendStream<Bytes>, RecvStream) {
    let request = http::Request::connect(authority)
        .body(())
        .expect("a target");
    let (response, send) = requests.send_request(request, false).expect("a stream");
    let response = response.await.expect("a response");
    (response.status().as_u16(), send, response.into_body())
}

/// A stream of HTTP/2 as a connection; a reset breaks it off.
pub fn stream(mut send: SendStream<Bytes>, mut receive: RecvStream) -> DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (mut from_near, mut to_near) = tokio::io::split(far);
    drop(wait::spawn(async move {
        while let Some(Ok(data)) = receive.data().await {
            drop(receive.flow_control().release_capacity(data.len()));
            if to_near.write_all(&data).await.is_err() {
                return;
            }
        }
        drop(to_near.shutdown().await);
    }));
    drop(wait::spawn(async move {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_near.read(&mut buffer).await {
            let data = Bytes::copy_from_slice(&buffer[..count]);
            if send.send_data(data, false).is_err() {
                return;
            }
        }
        drop(send.send_data(Bytes::new(), true));
    }));
    near
}
