//! The origin: TLS, HTTP/1.1, answers as quickly as it can.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::pki::{self, Fault};

const PIECE: usize = 256 * 1024;

/// Starts it on a free port.
pub async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(pki::server_config(Fault::None));
    let answers = Arc::new(Answers::new());
    tokio::task::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answers) = (acceptor.clone(), Arc::clone(&answers));
            tokio::task::spawn(async move {
                stream.set_nodelay(true).unwrap();
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, &answers).await;
                }
            });
        }
    });
    address
}

struct Answers {
    small: Vec<u8>,
    refused: Vec<u8>,
    piece: Vec<u8>,
}

impl Answers {
    fn new() -> Self {
        let body = "x".repeat(1024);
        Self {
            small: response("200 OK", "", &body),
            refused: response(
                "401 Unauthorized",
                "WWW-Authenticate: Bearer realm=\"api\", error=\"invalid_token\"\r\n",
                r#"{"error":"invalid_token"}"#,
            ),
            piece: vec![b'x'; PIECE],
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
        let sent = match std::str::from_utf8(target).unwrap() {
            "/refused" => stream.write_all(&answers.refused).await,
            "/mixed" if count.is_multiple_of(100) => stream.write_all(&answers.refused).await,
            target => match target.strip_prefix("/bytes/") {
                Some(length) => bulk(&mut stream, length.parse().unwrap(), &answers.piece).await,
                None => stream.write_all(&answers.small).await,
            },
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
