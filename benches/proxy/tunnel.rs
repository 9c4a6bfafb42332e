//! The yardstick: a CONNECT proxy that looks at nothing.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The argument that makes this program be the tunnel.
pub const ARGUMENT: &str = "--serve-as-tunnel";

const BUFFER: usize = 256 * 1024;

/// Serves until the process is ended; prints the address first.
pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (client, _) = listener.accept().await.unwrap();
        tokio::task::spawn(async move {
            // A connection that breaks ends here, as it does for its client.
            drop(relay(client).await);
        });
    }
}

async fn relay(mut client: TcpStream) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        client.read_buf(&mut head).await?;
    }
    let head = String::from_utf8_lossy(&head);
    let authority = head.split(' ').nth(1).unwrap();
    let mut origin = TcpStream::connect(authority).await?;
    origin.set_nodelay(true)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    tokio::io::copy_bidirectional_with_sizes(&mut client, &mut origin, BUFFER, BUFFER).await?;
    Ok(())
}
