//! A proxy on the way to origins, as companies have them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::pki::{self, Fault};
use super::wait;

/// What a proxy does with who comes.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Opens tunnels by CONNECT.
    Connect,
    /// Likewise, for who sends this `Proxy-Authorization`.
    ConnectFor(&'static str),
    /// Likewise, inside TLS with a certificate that has this fault.
    ConnectOverTls(Fault),
    /// Opens tunnels by SOCKS5.
    Socks,
    /// Likewise, for who has this user and password.
    SocksFor(&'static str, &'static str),
    /// Answers this to whatever comes first, and leaves the connection open.
    Says(&'static [u8]),
    /// Answers without an end.
    Endless,
}

/// A proxy; all names that end in `.test` are this machine to it.
#[derive(Debug)]
pub struct UpstreamProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl UpstreamProxy {
    /// Starts one.
    pub fn start(manner: Manner) -> Self {
        let (listener, address) = wait::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("a bound address");
            (listener, address)
        });
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let accepting = wait::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let log = Arc::clone(&log);
                drop(wait::spawn(
                    async move { serve(stream, manner, &log).await },
                ));
            }
        });
        Self {
            address,
            asked,
            accepting,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What tunnels were asked for so far, as `host:port`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no connection panicked").clone()
    }
}

impl Drop for UpstreamProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

type Log = Mutex<Vec<String>>;

async fn serve(mut stream: TcpStream, manner: Manner, log: &Log) -> Option<()> {
    stream.set_nodelay(true).expect("an open socket");
    match manner {
        Manner::Connect => http(stream, None, log).await,
        Manner::ConnectFor(credentials) => http(stream, Some(credentials), log).await,
        Manner::ConnectOverTls(fault) => {
            let acceptor = TlsAcceptor::from(pki::server_config(fault));
            http(acceptor.accept(stream).await.ok()?, None, log).await
        }
        Manner::Socks => socks(stream, None, log).await,
        Manner::SocksFor(user, password) => socks(stream, Some((user, password)), log).await,
        Manner::Says(bytes) => {
            stream.read_u8().await.ok()?;
            stream.write_all(bytes).await.ok()?;
            // Until the peer has had enough.
            drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
            Some(())
        }
        Manner::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await.ok()?;
            loop {
                stream.write_all(b"X-Filler: 0123456789\r\n").await.ok()?;
            }
        }
    }
}

async fn http<S>(mut stream: S, credentials: Option<&str>, log: &Log) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let authority = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    note(log, authority);
    let sent = head
        .lines()
        .find_map(|line| line.strip_prefix("Proxy-Authorization: "));
    if credentials.is_some() && sent != credentials {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                      Proxy-Authenticate: Basic realm=\"corp\"\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.ok()?;
        return stream.shutdown().await.ok();
    }
    let Some(origin) = dial(authority).await else {
        let answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.ok()?;
        return stream.shutdown().await.ok();
    };
    stream
        .write_all(b"HTTP/1.1 200 Connection established\r\nProxy-Agent: tests\r\n\r\n")
        .await
        .ok()?;
    join(stream, origin).await
}

async fn socks(mut stream: TcpStream, credentials: Option<(&str, &str)>, log: &Log) -> Option<()> {
    let [5, count] = take::<2>(&mut stream).await? else {
        return None;
    };
    let mut methods = vec![0; usize::from(count)];
    stream.read_exact(&mut methods).await.ok()?;
    let wanted = if credentials.is_some() { 2 } else { 0 };
    if !methods.contains(&wanted) {
        return stream.write_all(&[5, 0xff]).await.ok();
    }
    stream.write_all(&[5, wanted]).await.ok()?;
    if let Some((user, password)) = credentials {
        let [1] = take(&mut stream).await? else {
            return None;
        };
        let sent = (counted(&mut stream).await?, counted(&mut stream).await?);
        let is_right = sent == (user.to_owned(), password.to_owned());
        stream.write_all(&[1, u8::from(!is_right)]).await.ok()?;
        if !is_right {
            return None;
        }
    }
    let [5, 1, 0, kind] = take(&mut stream).await? else {
        return None;
    };
    let host = match kind {
        1 => std::net::Ipv4Addr::from(take::<4>(&mut stream).await?).to_string(),
        3 => counted(&mut stream).await?,
        4 => format!(
            "[{}]",
            std::net::Ipv6Addr::from(take::<16>(&mut stream).await?)
        ),
        _ => return None,
    };
    let port = stream.read_u16().await.ok()?;
    let authority = format!("{host}:{port}");
    note(log, &authority);
    let Some(origin) = dial(&authority).await else {
        return stream.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok();
    };
    // Bound to a name, whose length has to be read.
    stream
        .write_all(b"\x05\x00\x00\x03\x05bound\x00\x50")
        .await
        .ok()?;
    join(stream, origin).await
}

fn note(log: &Log, authority: &str) {
    let mut log = log.lock().expect("no connection panicked");
    log.push(authority.to_owned());
}

async fn dial(authority: &str) -> Option<TcpStream> {
    let (host, port) = authority.rsplit_once(':')?;
    let host = if host.ends_with(".test") {
        "localhost"
    } else {
        host
    };
    let stream = TcpStream::connect(format!("{host}:{port}")).await.ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

async fn join<S>(mut stream: S, mut origin: TcpStream) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    drop(tokio::io::copy_bidirectional(&mut stream, &mut origin).await);
    Some(())
}

async fn take<const COUNT: usize>(stream: &mut TcpStream) -> Option<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

/// A length of one byte, and so many bytes of text.
async fn counted(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = vec![0; usize::from(stream.read_u8().await.ok()?)];
    stream.read_exact(&mut bytes).await.ok()?;
    String::from_utf8(bytes).ok()
}
