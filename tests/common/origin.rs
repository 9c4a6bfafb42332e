//! A real origin server that sends literal bytes and keeps every byte it receives.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::pki::{self, ClientAuth, Fault};
use super::script::{Inbox, Played, Turn, play};
use super::wait;
use super::{openssl, origin_http2};

/// Whether an origin speaks TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In clear.
    Plain,
    /// Over TLS, with a certificate of the tests' CA.
    Tls,
    /// Over TLS, where clients that can speak HTTP/2 do.
    Http2,
    /// Over TLS, with a certificate that has a fault.
    BadTls(Fault),
    /// Over TLS, with a certificate that is signed with SHA-1.
    Sha1,
    /// Over TLS, by a server that asks for a client certificate.
    ClientAuth(ClientAuth),
}

impl Transport {
    /// Both that work.
    pub const BOTH: [Self; 2] = [Self::Plain, Self::Tls];

    /// The URL scheme.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Tls | Self::Http2 | Self::BadTls(_) | Self::Sha1 | Self::ClientAuth(_) => "https",
        }
    }

    /// The name in the list of tests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Tls => "https",
            Self::Http2 => "http2",
            Self::BadTls(_) => "bad-tls",
            Self::Sha1 => "sha-1",
            Self::ClientAuth(_) => "client-auth",
        }
    }

    /// The version that is spoken, by clients that can.
    pub fn http_version(self) -> &'static str {
        match self {
            Self::Http2 => "HTTP/2",
            Self::Plain | Self::Tls | Self::BadTls(_) | Self::Sha1 | Self::ClientAuth(_) => {
                "HTTP/1.1"
            }
        }
    }

    fn acceptor(self) -> Option<TlsAcceptor> {
        match self {
            Self::Plain => None,
            Self::Tls => Some(pki::server_config(Fault::None).into()),
            Self::Http2 => Some(pki::http2_server_config().into()),
            Self::Sha1 => {
                let (chain, key) = openssl::sha1_identity();
                Some(pki::server_config_of(chain, key, &["h2", "http/1.1"]).into())
            }
            Self::ClientAuth(wanted) => Some(pki::client_auth_config(wanted).into()),
            Self::BadTls(fault) => Some(pki::server_config(fault).into()),
        }
    }
}

/// One request as an origin received it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Request line and header section, with the empty line.
    pub head: Vec<u8>,
    /// The content, chunk framing included.
    pub body: Vec<u8>,
}

impl Received {
    /// The method.
    pub fn method(&self) -> String {
        self.of_request_line(0)
    }

    /// The request target.
    pub fn target(&self) -> String {
        self.of_request_line(1)
    }

    fn of_request_line(&self, part: usize) -> String {
        let head = String::from_utf8_lossy(&self.head);
        let line = head.split("\r\n").next().unwrap_or_default();
        line.split(' ').nth(part).unwrap_or_default().to_owned()
    }

    /// The value of the first field of that name.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields(name).into_iter().next()
    }

    /// The value of that cookie; HTTP/2 may have a field for each cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.fields("cookie").iter().find_map(|cookies| {
            cookies.split(';').find_map(|pair| {
                let (found, value) = pair.trim().split_once('=')?;
                (found == name).then(|| value.to_owned())
            })
        })
    }

    fn fields(&self, name: &str) -> Vec<String> {
        let head = String::from_utf8_lossy(&self.head);
        let lines = head.split("\r\n").skip(1);
        lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }
}

/// What an origin answers: bytes, exactly (over HTTP/2, what they say).
#[derive(Clone, Debug)]
pub struct Reply(Vec<u8>);

impl Reply {
    /// These bytes, exactly.
    pub fn literal(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A response with a JSON body and its length.
    pub fn json(status_line: &str, fields: &str, body: &str) -> Self {
        let length = body.len();
        Self::literal(format!(
            "HTTP/1.1 {status_line}\r\nContent-Type: application/json\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// `200 OK`.
    pub fn ok() -> Self {
        Self::json("200 OK", "", r#"{"ok":true}"#)
    }

    /// `401 Unauthorized` with a challenge.
    pub fn unauthorized(challenge: &str, body: &str) -> Self {
        let fields = if challenge.is_empty() {
            String::new()
        } else {
            format!("WWW-Authenticate: {challenge}\r\n")
        };
        Self::json("401 Unauthorized", &fields, body)
    }
}

type Handler = dyn Fn(&Received) -> Reply + Send + Sync;

#[derive(Debug, Default)]
struct Log {
    requests: Mutex<Vec<Received>>,
    connections: Mutex<Vec<Inbox>>,
    accepted: AtomicUsize,
    silence_is_fine: AtomicBool,
}

/// An origin server; fails its test if it was never called.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    transport: Transport,
    log: Arc<Log>,
    accepting: JoinHandle<()>,
}

impl Origin {
    /// Answers each request by what the function says.
    pub fn answering(
        transport: Transport,
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let handler: Arc<Handler> = Arc::new(handler);
        Self::start(transport, Behaviour::Http(handler))
    }

    /// Plays the same script on each connection, whatever comes in.
    pub fn playing(transport: Transport, turns: Vec<Turn>) -> Self {
        Self::start(transport, Behaviour::Script(turns.into()))
    }

    /// `localhost:PORT`.
    pub fn authority(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it speaks.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// A URL on this origin.
    pub fn url(&self, target: &str) -> String {
        format!("{}://{}{target}", self.transport.scheme(), self.authority())
    }

    /// The same by its address: for a browser, another site.
    pub fn url_by_address(&self, target: &str) -> String {
        format!("{}://{}{target}", self.transport.scheme(), self.address)
    }

    /// The requests so far, in the order they came in.
    pub fn requests(&self) -> Vec<Received> {
        self.log
            .requests
            .lock()
            .expect("no handler panicked")
            .clone()
    }

    /// What came in on each connection so far.
    pub fn connections(&self) -> Vec<Played> {
        let connections = self.log.connections.lock().expect("no handler panicked");
        connections.iter().map(Inbox::so_far).collect()
    }

    /// How many connections were accepted, those included whose TLS handshake failed.
    pub fn accepted(&self) -> usize {
        self.log.accepted.load(Ordering::SeqCst)
    }

    /// This test expects that nobody calls.
    pub fn expects_no_call(&self) {
        self.log.silence_is_fine.store(true, Ordering::SeqCst);
    }

    fn start(transport: Transport, behaviour: Behaviour) -> Self {
        let log = Arc::new(Log::default());
        let (listener, address) = wait::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("a bound address");
            (listener, address)
        });
        let accepting = wait::spawn(accept(
            listener,
            transport.acceptor(),
            behaviour,
            Arc::clone(&log),
        ));
        Self {
            address,
            transport,
            log,
            accepting,
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.accepting.abort();
        let called = self.accepted() > 0 || self.log.silence_is_fine.load(Ordering::SeqCst);
        if !called && !std::thread::panicking() {
            panic!("the origin was never called: this test has shown nothing");
        }
    }
}

#[derive(Clone)]
enum Behaviour {
    Http(Arc<Handler>),
    Script(Arc<[Turn]>),
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    behaviour: Behaviour,
    log: Arc<Log>,
) {
    while let Ok((stream, _peer)) = listener.accept().await {
        log.accepted.fetch_add(1, Ordering::SeqCst);
        stream.set_nodelay(true).expect("an open socket");
        let (tls, behaviour, log) = (tls.clone(), behaviour.clone(), Arc::clone(&log));
        drop(wait::spawn(async move {
            serve(stream, tls, behaviour, log).await;
        }));
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, behaviour: Behaviour, log: Arc<Log>) {
    match tls {
        None => converse(stream, behaviour, log).await,
        Some(acceptor) => {
            // A client that refuses the certificate ends here.
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            match behaviour {
                Behaviour::Http(handler) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                    let answering = move |request| answer(&handler, &log, request);
                    origin_http2::serve(stream, answering).await;
                }
                behaviour => converse(stream, behaviour, log).await,
            }
        }
    }
}

async fn converse<S>(mut stream: S, behaviour: Behaviour, log: Arc<Log>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match behaviour {
        Behaviour::Script(turns) => {
            let inbox = Inbox::new();
            log.connections
                .lock()
                .expect("no handler panicked")
                .push(inbox.clone());
            play(stream, &turns, &inbox).await;
        }
        Behaviour::Http(handler) => {
            let mut buffer = Vec::new();
            while let Some(request) = read_request(&mut stream, &mut buffer).await {
                let close = request.field("connection").as_deref() == Some("close");
                let reply = answer(&handler, &log, request);
                if !send(&mut stream, &reply).await || close {
                    break;
                }
            }
            drop(stream.shutdown().await);
        }
    }
}

/// Asks the handler, then keeps the request.
fn answer(handler: &Arc<Handler>, log: &Arc<Log>, request: Received) -> Reply {
    let reply = handler(&request);
    log.requests
        .lock()
        .expect("no handler panicked")
        .push(request);
    reply
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, reply: &Reply) -> bool {
    stream.write_all(&reply.0).await.is_ok() && stream.flush().await.is_ok()
}

/// Reads one request; `None` at the end of the connection.
async fn read_request<S>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<Received>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let end = read_past(stream, buffer, 0, b"\r\n\r\n").await?;
    let head: Vec<u8> = buffer.drain(..end).collect();
    let mut request = Received {
        head,
        body: Vec::new(),
    };
    if request.field("expect").is_some() {
        stream
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .await
            .ok()?;
        stream.flush().await.ok()?;
    }
    let end = if let Some(length) = request.field("content-length") {
        let length = length.parse().ok()?;
        while buffer.len() < length {
            more(stream, buffer).await?;
        }
        length
    } else if request.field("transfer-encoding").is_some() {
        read_chunked(stream, buffer).await?
    } else {
        0
    };
    request.body = buffer.drain(..end).collect();
    Some(request)
}

/// Reads until the chunked content and its trailer section are complete; returns their length.
async fn read_chunked<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    loop {
        let line_end = read_past(stream, buffer, at, b"\r\n").await?;
        let line = std::str::from_utf8(&buffer[at..line_end]).ok()?;
        let digits = line.split([';', '\r']).next()?;
        let size = usize::from_str_radix(digits.trim(), 16).ok()?;
        if size == 0 {
            // The trailer section ends with an empty line; without trailers that is the next one.
            return read_past(stream, buffer, line_end - 2, b"\r\n\r\n").await;
        }
        at = line_end + size + 2;
        while buffer.len() < at {
            more(stream, buffer).await?;
        }
    }
}

async fn read_past<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    from: usize,
    mark: &[u8],
) -> Option<usize> {
    loop {
        if let Some(at) = memchr::memmem::find(&buffer[from..], mark) {
            return Some(from + at + mark.len());
        }
        more(stream, buffer).await?;
    }
}

async fn more<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(buffer).await {
        Ok(count) if count > 0 => Some(()),
        Ok(_) | Err(_) => None,
    }
}
