//! A raw client: opens a tunnel by CONNECT, and TLS inside it, and leaves the rest to a script.

use std::net::SocketAddr;
use std::path::Path;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::origin::{Origin, Transport};
use super::pki;
use super::script::{Inbox, Played, Turn, play};
use super::wait;

/// Opens a connection to the proxy.
pub async fn dial(proxy: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(proxy).await.expect("the proxy accepts");
    stream.set_nodelay(true).expect("an open socket");
    stream
}

/// Asks for a tunnel; returns the stream and the response's head.
pub async fn connect(proxy: SocketAddr, authority: &str) -> (TcpStream, String) {
    let mut stream = dial(proxy).await;
    let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("the proxy reads");
    let mut head = Vec::new();
    // Byte by byte: nothing of what follows the head may be swallowed.
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    (stream, String::from_utf8_lossy(&head).into_owned())
}

/// TLS over a tunnel, trusting only the proxy's CA.
pub async fn tls<S>(stream: S, ca: &Path, protocols: &[&str]) -> std::io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tls_for("localhost", stream, ca, protocols).await
}

/// The same for another name than `localhost`.
pub async fn tls_for<S>(
    host: &'static str,
    stream: S,
    ca: &Path,
    protocols: &[&str],
) -> std::io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let pem = std::fs::read(ca)?;
    let connector = TlsConnector::from(pki::client_config(&pem, protocols));
    let name = ServerName::try_from(host).expect("a valid name");
    connector.connect(name, stream).await
}

/// Plays a client's script through a tunnel to that origin.
pub fn play_through(
    proxy: SocketAddr,
    ca: &Path,
    origin: &Origin,
    transport: Transport,
    turns: &[Turn],
) -> Played {
    let inbox = Inbox::new();
    wait::block_on(async {
        let (stream, head) = connect(proxy, &origin.authority()).await;
        assert!(
            head.starts_with("HTTP/1.1 200 "),
            "CONNECT answered {head:?}"
        );
        match transport {
            Transport::Plain => play(stream, turns, &inbox).await,
            Transport::Tls
            | Transport::Http2
            | Transport::BadTls(_)
            | Transport::Sha1
            | Transport::ClientAuth(_) => {
                let protocol = match transport {
                    Transport::Http2 => "h2",
                    _ => "http/1.1",
                };
                let stream = tls(stream, ca, &[protocol]).await;
                play(stream.expect("the minted leaf verifies"), turns, &inbox).await
            }
        }
    })
}

/// Plays a client's script on a connection to the proxy itself.
///
/// # Panics
/// With what had been received when the script takes too long.
pub fn play_on(proxy: SocketAddr, turns: &[Turn]) -> Played {
    let inbox = Inbox::new();
    let playing = async {
        let stream = dial(proxy).await;
        tokio::time::timeout(wait::PATIENCE / 2, play(stream, turns, &inbox)).await
    };
    let played = wait::block_on(playing);
    played.unwrap_or_else(|_elapsed| panic!("{turns:#?} came to no end: {:?}", inbox.so_far()))
}
