//! An origin that binds authentication to the connection, as NTLM does: three legs, and they must come over the
//! same one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::origin::Transport;
use super::pki::{self, Fault};
use super::wait;

/// One request that came, and over which connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The number of the connection.
    pub connection: usize,
    /// The type of the NTLM message in it; 0 without one.
    pub message: u8,
    /// What it was answered with.
    pub status: u16,
}

/// A running origin.
#[derive(Debug)]
pub struct NtlmOrigin {
    address: SocketAddr,
    legs: Arc<Mutex<Vec<Leg>>>,
    transport: Transport,
}

impl NtlmOrigin {
    /// Starts it on a free port; it ends with the test.
    pub fn start(transport: Transport) -> Self {
        let legs = Arc::default();
        let listener = wait::block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let acceptor = (transport == Transport::Tls)
            .then(|| TlsAcceptor::from(pki::server_config(Fault::None)));
        let all = Arc::clone(&legs);
        wait::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connection += 1;
                let (legs, acceptor) = (Arc::clone(&all), acceptor.clone());
                wait::spawn(async move {
                    match acceptor {
                        None => serve(stream, connection, &legs).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, connection, &legs).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            legs,
            transport,
        }
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        let scheme = self.transport.scheme();
        format!("{scheme}://localhost:{}{path}", self.address.port())
    }

    /// What came so far.
    pub fn legs(&self) -> Vec<Leg> {
        self.legs.lock().expect("an unpoisoned lock").clone()
    }
}

async fn serve<S>(mut stream: S, connection: usize, legs: &Mutex<Vec<Leg>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut challenged, mut authenticated) = (false, false);
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let message = ntlm_message(&head);
        head.clear();
        authenticated |= challenged && message == 3;
        challenged |= message == 1;
        let (status, challenge) = match (authenticated, message) {
            (true, _) => (200, String::new()),
            (false, 1) => (401, format!("WWW-Authenticate: NTLM {}\r\n", challenge())),
            (false, _) => (401, "WWW-Authenticate: NTLM\r\n".to_owned()),
        };
        legs.lock().expect("an unpoisoned lock").push(Leg {
            connection,
            message,
            status,
        });
        let response = format!("HTTP/1.1 {status} X\r\n{challenge}Content-Length: 2\r\n\r\nok");
        if stream.write_all(response.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// The type of the NTLM message that a request carries (MS-NLMP section 2.2.1).
fn ntlm_message(head: &[u8]) -> u8 {
    let head = String::from_utf8_lossy(head);
    let token = head
        .lines()
        .find_map(|line| line.strip_prefix("Authorization: NTLM "));
    let bytes = token.and_then(|token| STANDARD.decode(token.trim()).ok());
    bytes.map_or(0, |bytes| bytes[8])
}

/// A `CHALLENGE_MESSAGE` that says as little as it may (MS-NLMP section 2.2.1.2).
fn challenge() -> String {
    let mut bytes = b"NTLMSSP\0\x02\0\0\0".to_vec();
    bytes.extend([0, 0, 0, 0, 48, 0, 0, 0]);
    bytes.extend(0x0000_8201_u32.to_le_bytes());
    bytes.extend(*b"\x01\x23\x45\x67\x89\xab\xcd\xef");
    bytes.extend([0; 8]);
    bytes.extend([0, 0, 0, 0, 48, 0, 0, 0]);
    STANDARD.encode(bytes)
}
