//! One end of a connection played from a script: literal bytes out, every byte in recorded.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf};
use tokio::sync::Notify;

/// One step of a script.
#[derive(Clone)]
pub enum Turn {
    /// Write these bytes, cut into pieces of at most that many bytes.
    Send(Vec<u8>, usize),
    /// Wait until that many bytes have come in since the start.
    Received(usize),
    /// Wait until these bytes have come in.
    Saw(Vec<u8>),
    /// Wait that long.
    Pause(Duration),
    /// Close the sending direction (FIN, with `close_notify` under TLS).
    Finish,
    /// Wait until the peer has closed its sending direction.
    AwaitEnd,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes, size) => {
                let text = String::from_utf8_lossy(bytes.get(..500).unwrap_or(bytes));
                write!(f, "Send({text:?}, pieces of {size})")
            }
            Self::Received(count) => write!(f, "Received({count})"),
            Self::Saw(bytes) => write!(f, "Saw({:?})", String::from_utf8_lossy(bytes)),
            Self::Pause(time) => write!(f, "Pause({time:?})"),
            Self::Finish => f.write_str("Finish"),
            Self::AwaitEnd => f.write_str("AwaitEnd"),
        }
    }
}

impl Turn {
    /// Sends all of it at once.
    pub fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into(), usize::MAX)
    }

    /// Sends it byte by byte.
    pub fn dribble(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into(), 1)
    }
}

/// How the peer's direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It has not ended.
    Open,
    /// Properly: FIN, and `close_notify` under TLS.
    Finished,
    /// FIN without `close_notify` under TLS.
    Truncated,
    /// Reset, or another error.
    Reset,
}

/// What one end of a connection got to see.
#[derive(Clone)]
pub struct Played {
    /// Every byte that came in.
    pub received: Vec<u8>,
    /// How the peer's direction ended.
    pub end: End,
}

impl fmt::Debug for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.received.get(..500).unwrap_or(&self.received));
        write!(f, "{} bytes, {:?}: {text:?}", self.received.len(), self.end)
    }
}

/// Bytes that come in, shared between the task that reads and those that wait.
#[derive(Clone, Debug)]
pub struct Inbox {
    state: Arc<Mutex<Played>>,
    news: Arc<Notify>,
}

impl Inbox {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(Played {
                received: Vec::new(),
                end: End::Open,
            })),
            news: Arc::new(Notify::new()),
        }
    }

    /// What has come in so far.
    pub fn so_far(&self) -> Played {
        self.state.lock().expect("no reader panicked").clone()
    }

    async fn wait(&self, done: impl Fn(&Played) -> bool) {
        loop {
            let news = self.news.notified();
            {
                let state = self.state.lock().expect("no reader panicked");
                if done(&state) || state.end != End::Open {
                    return;
                }
            }
            news.await;
        }
    }

    fn push(&self, bytes: &[u8]) {
        let mut state = self.state.lock().expect("no reader panicked");
        state.received.extend_from_slice(bytes);
        drop(state);
        self.news.notify_waiters();
        self.news.notify_one();
    }

    fn finish(&self, end: End) {
        self.state.lock().expect("no reader panicked").end = end;
        self.news.notify_waiters();
        self.news.notify_one();
    }
}

/// Plays a script over a stream; ends when the script has ended.
pub async fn play<S>(stream: S, turns: &[Turn], inbox: &Inbox) -> Played
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, mut writer) = tokio::io::split(stream);
    let reading = super::wait::spawn(read_all(reader, inbox.clone()));
    for turn in turns {
        match turn {
            Turn::Send(bytes, size) => {
                for piece in bytes.chunks((*size).min(bytes.len().max(1))) {
                    // A peer that has gone away shows in what it received, not here.
                    if writer.write_all(piece).await.is_err() || writer.flush().await.is_err() {
                        break;
                    }
                }
            }
            Turn::Received(count) => inbox.wait(|played| played.received.len() >= *count).await,
            Turn::Saw(bytes) => inbox.wait(|played| contains(&played.received, bytes)).await,
            Turn::Pause(time) => tokio::time::sleep(*time).await,
            Turn::Finish => drop(writer.shutdown().await),
            Turn::AwaitEnd => inbox.wait(|_| false).await,
        }
    }
    reading.abort();
    inbox.so_far()
}

/// Whether the needle is in there.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

async fn read_all<S: AsyncRead>(mut reader: ReadHalf<S>, inbox: Inbox) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer).await {
            Ok(0) => return inbox.finish(End::Finished),
            Ok(count) => inbox.push(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return inbox.finish(End::Truncated);
            }
            Err(_) => return inbox.finish(End::Reset),
        }
    }
}
