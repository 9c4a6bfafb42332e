//! One end of a connection: does its steps and keeps every byte that comes in.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::{client, server};

use super::shape::Step;
use crate::common::random::Random;

/// A connection of either end.
pub enum Stream {
    Clear(TcpStream),
    Client(Box<client::TlsStream<TcpStream>>),
    Server(Box<server::TlsStream<TcpStream>>),
}

impl Stream {
    fn io(&mut self) -> Pin<&mut (dyn Io + '_)> {
        Pin::new(match self {
            Self::Clear(tcp) => tcp as &mut dyn Io,
            Self::Client(tls) => &mut **tls,
            Self::Server(tls) => &mut **tls,
        })
    }

    fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Clear(tcp) => tcp,
            Self::Client(tls) => tls.get_mut().0,
            Self::Server(tls) => tls.get_mut().0,
        }
    }
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// How the peer's direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Open,
    /// FIN, after `close_notify` over TLS.
    Finished,
    /// FIN without `close_notify` over TLS.
    Truncated,
    /// RST.
    Reset,
}

/// What one end got to see.
pub struct Seen {
    pub received: Vec<u8>,
    pub end: End,
    /// The steps that were not done in time.
    pub undone: Vec<Step>,
}

/// Into which pieces an end cuts what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Whole,
    Bytes,
    Random,
}

/// How much of one direction has arrived, told to the end that sends it: a piece that leaves before
/// the last one has arrived would be read together with it.
#[derive(Default)]
pub struct Arrival(Mutex<(usize, Option<Waker>)>);

impl Arrival {
    fn add(&self, bytes: usize) {
        let mut state = self.0.lock().unwrap();
        state.0 += bytes;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    fn poll(&self, cx: &mut Context<'_>, bytes: usize) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.0 >= bytes {
            return Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Both directions as one end sees them.
#[derive(Clone, Default)]
pub struct Arrivals {
    pub sent: Arc<Arrival>,
    pub received: Arc<Arrival>,
}

impl Arrivals {
    pub fn of_the_other(&self) -> Self {
        Self {
            sent: Arc::clone(&self.received),
            received: Arc::clone(&self.sent),
        }
    }
}

/// How long one connection may take, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long a piece is waited for: the proxy holds back what may become a TLS hello.
const HELD_BACK: Duration = Duration::from_millis(20);

/// Does the steps, then lets go of the connection.
pub async fn play(
    mut stream: Stream,
    steps: Vec<Step>,
    cut: Cut,
    seed: u64,
    arrivals: Arrivals,
) -> Seen {
    let mut part = Part {
        arrivals,
        sent: 0,
        patience: None,
        steps,
        at: 0,
        written: 0,
        piece: 0,
        cut,
        random: Random(seed),
        seen: Seen {
            received: Vec::new(),
            end: End::Open,
            undone: Vec::new(),
        },
    };
    let playing = poll_fn(|cx| part.poll(cx, &mut stream));
    // What was not done is told below.
    drop(tokio::time::timeout(PATIENCE, playing).await);
    part.seen.undone = part.steps.split_off(part.at);
    part.seen
}

struct Part {
    arrivals: Arrivals,
    /// How much has been sent since the start.
    sent: usize,
    /// Ends the wait for the last piece to arrive.
    patience: Option<Pin<Box<Sleep>>>,
    steps: Vec<Step>,
    at: usize,
    /// How much of the step that is being sent is written.
    written: usize,
    /// Up to where the piece goes that is being written.
    piece: usize,
    cut: Cut,
    random: Random,
    seen: Seen,
}

impl Part {
    /// Always reads before it goes on, so that neither end ever waits for the other to read.
    fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<()> {
        loop {
            self.read(cx, stream);
            let Some(step) = self.steps.get(self.at) else {
                return Poll::Ready(());
            };
            let ended = self.seen.end != End::Open;
            match step {
                Step::Send(_) => ready!(self.send(cx, stream)),
                Step::Received(count) if self.seen.received.len() >= *count || ended => {}
                Step::AwaitEnd if ended => {}
                Step::Received(_) | Step::AwaitEnd => return Poll::Pending,
                // An end that cannot be told shows at the peer.
                Step::Finish => drop(ready!(stream.io().poll_shutdown(cx))),
                Step::Cut => drop(ready!(Pin::new(stream.tcp()).poll_shutdown(cx))),
                Step::Reset => stream.tcp().set_zero_linger().unwrap(),
            }
            self.at += 1;
        }
    }

    fn read(&mut self, cx: &mut Context<'_>, stream: &mut Stream) {
        let mut bytes = [0; 16 * 1024];
        while self.seen.end == End::Open {
            let mut buffer = ReadBuf::new(&mut bytes);
            match stream.io().poll_read(cx, &mut buffer) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => self.seen.end = End::Finished,
                Poll::Ready(Ok(())) => {
                    self.seen.received.extend_from_slice(buffer.filled());
                    self.arrivals.received.add(buffer.filled().len());
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.seen.end = End::Truncated;
                }
                Poll::Ready(Err(_)) => self.seen.end = End::Reset,
            }
        }
    }

    /// Writes a piece, waits until it has arrived, writes the next.
    fn send(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<()> {
        let Some(Step::Send(bytes)) = self.steps.get(self.at) else {
            return Poll::Ready(());
        };
        loop {
            while self.written < self.piece {
                let rest = &bytes[self.written..self.piece];
                match ready!(stream.io().poll_write(cx, rest)) {
                    Ok(count) => {
                        self.written += count;
                        self.sent += count;
                    }
                    // A peer that takes no more shows in what it received.
                    Err(_) => (self.written, self.piece) = (bytes.len(), bytes.len()),
                }
            }
            // As above.
            drop(ready!(stream.io().poll_flush(cx)));
            if self.cut != Cut::Whole && self.written > 0 {
                ready!(poll_arrived(
                    &self.arrivals.sent,
                    &mut self.patience,
                    cx,
                    self.sent
                ));
            }
            if self.written == bytes.len() {
                (self.written, self.piece) = (0, 0);
                return Poll::Ready(());
            }
            let most = bytes.len() - self.written;
            self.piece += piece(self.cut, bytes.len(), &mut self.random).min(most);
        }
    }
}

fn poll_arrived(
    arrival: &Arrival,
    patience: &mut Option<Pin<Box<Sleep>>>,
    cx: &mut Context<'_>,
    bytes: usize,
) -> Poll<()> {
    if arrival.poll(cx, bytes).is_pending() {
        let sleep = patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(HELD_BACK)));
        ready!(sleep.as_mut().poll(cx));
    }
    *patience = None;
    Poll::Ready(())
}

/// Single bytes, unless that would be too many pieces.
const MOST_PIECES: usize = 600;

fn piece(cut: Cut, whole: usize, random: &mut Random) -> usize {
    match cut {
        Cut::Whole => whole,
        Cut::Bytes => whole.div_ceil(MOST_PIECES),
        Cut::Random if random.one_in(2) => 1 + random.below(8),
        Cut::Random => 1 + random.below(1 + whole / 4),
    }
}

/// Opens a tunnel through the proxy.
pub async fn tunnel(proxy: std::net::SocketAddr, port: u16) -> TcpStream {
    use tokio::io::AsyncReadExt as _;
    const OPENED: &[u8] = b"HTTP/1.1 200 Connection Established\r\n\r\n";
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("CONNECT localhost:{port} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = vec![0; OPENED.len()];
    stream.read_exact(&mut head).await.unwrap();
    assert!(head == OPENED, "{}", String::from_utf8_lossy(&head));
    stream
}
