//! Origins that attackers name: they swallow what they are sent, or never cease to answer.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Where they listen.
#[derive(Clone, Copy)]
pub struct Sinks {
    /// Takes everything, says nothing.
    pub mute: SocketAddr,
    /// Answers every connection's first bytes without end.
    pub endless: SocketAddr,
}

/// Starts both on free ports.
pub async fn start() -> Sinks {
    Sinks {
        mute: serve(|stream| async move { drop(swallow(stream).await) }).await,
        endless: serve(|stream| async move { drop(gush(stream).await) }).await,
    }
}

async fn serve<F>(answer: fn(TcpStream) -> F) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::task::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn(answer(stream));
        }
    });
    address
}

async fn swallow(mut stream: TcpStream) -> std::io::Result<()> {
    // Small, since there are thousands of them.
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn gush(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    if stream.read(&mut buffer).await? > 0 {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
            .await?;
        loop {
            stream.write_all(&buffer).await?;
        }
    }
    Ok(())
}
