//! The origin: TLS, HTTP/1.1 or HTTP/2, answers as quickly as it can.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::{http2, pki};

const PIECE: usize = 256 * 1024;

/// Starts it on a free port.
pub async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(pki::http2_server_config());
    let answers = Arc::new(Answers::new());
    tokio::task::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answers) = (acceptor.clone(), Arc::clone(&answers));
            tokio::task::spawn(async move {
                stream.set_nodelay(true).unwrap();
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => http2::serve(stream, &answers).await,
                    _ => serve(stream, &answers).await,
                }
            });
        }
    });
    address
}

/// What an origin says to a request.
pub enum Answer {
    Small,
    Refused,
    Bulk(u64),
}

impl Answer {
    /// The answer to the request for that target, the `count`th of its connection.
    pub fn to(target: &str, count: u64) -> Self {
        match target {
            "/refused" => Self::Refused,
            "/mixed" if count.is_multiple_of(100) => Self::Refused,
            target => match target.strip_prefix("/bytes/") {
                Some(length) => Self::Bulk(length.parse().unwrap()),
                None => Self::Small,
            },
        }
    }
}

/// The challenge of a 401, and its content.
pub const CHALLENGE: &str = r#"Bearer realm="api", error="invalid_token""#;
pub const REFUSED_BODY: &str = r#"{"error":"invalid_token"}"#;

/// The answers, made once.
pub struct Answers {
    small: Vec<u8>,
    refused: Vec<u8>,
    /// The content of the small one.
    pub body: Bytes,
    /// A piece of a large one.
    pub piece: Bytes,
}

impl Answers {
    fn new() -> Self {
        let body = "x".repeat(1024);
        let challenge = format!("WWW-Authenticate: {CHALLENGE}\r\n");
        Self {
            small: response("200 OK", "", &body),
            refused: response("401 Unauthorized", &challenge, REFUSED_BODY),
            body: body.into(),
            piece: vec![b'x'; PIECE].into(),
        }
    }
}

fn response(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nServer: bench\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn serve(mut stream: TlsStream<TcpStream>, answers: &Answers) {
    let mut buffer = Vec::with_capacity(16 * 1024);
    let mut count = 0_u64;
    loop {
        while !buffer.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut buffer).await {
                Ok(read) if read > 0 => {}
                Ok(_) | Err(_) => return,
            }
        }
        count += 1;
        let target = buffer.split(|byte| *byte == b' ').nth(1).unwrap();
        let sent = match Answer::to(std::str::from_utf8(target).unwrap(), count) {
            Answer::Small => stream.write_all(&answers.small).await,
            Answer::Refused => stream.write_all(&answers.refused).await,
            Answer::Bulk(length) => bulk(&mut stream, length, &answers.piece).await,
        };
        if sent.is_err() || stream.flush().await.is_err() {
            return;
        }
        buffer.clear();
    }
}

async fn bulk(stream: &mut TlsStream<TcpStream>, length: u64, piece: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut left = length;
    while left > 0 {
        let now = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        stream.write_all(&piece[..now]).await?;
        left -= now as u64;
    }
    Ok(())
}
