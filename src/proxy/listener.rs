//! Accepts connections, within limits, until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Shared, connection};
use crate::net::is_out_of_handles;

/// The proxy's listening socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    accepting: watch::Sender<Accepting>,
}

/// Whether new connections are taken. Those that are not wait in the system's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepting {
    /// They are.
    Yes,
    /// No: as many are open as may be.
    Full,
    /// No: all file handles are used up.
    NoHandles,
}

impl Listener {
    /// Binds the address; connections queue from here on.
    ///
    /// # Errors
    /// When the address is taken or not ours to bind.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self {
            socket,
            address,
            accepting: watch::Sender::new(Accepting::Yes),
        })
    }

    /// The address it is bound to; tells the port when 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Tells whether new connections are taken.
    pub fn accepting(&self) -> watch::Receiver<Accepting> {
        self.accepting.subscribe()
    }

    /// Serves connections until `stop`; then those that are open get a moment to finish, and
    /// what is left is cut off.
    pub async fn serve(self, shared: Arc<Shared>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        let mut door = Door::new(&self, Arc::clone(&shared.room));
        loop {
            let (stream, client, permit) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = door.accept() => accepted,
            };
            let (shared, cut) = (Arc::clone(&shared), cut.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = cut.cancelled() => {}
                    () = connection::serve(stream, client, shared) => {}
                }
                drop(permit);
            });
        }
        drop(door);
        drop(self.socket);
        tasks.close();
        let finished = tokio::time::timeout(shared.limits.shutdown_grace, tasks.wait());
        if finished.await.is_err() {
            cut.cancel();
            tasks.wait().await;
        }
    }
}

/// Takes connections as long as there is room, and tells when there is none.
struct Door<'l> {
    listener: &'l Listener,
    room: Arc<Semaphore>,
    /// When there was no room last, until that has been over for a while.
    trouble: Option<Instant>,
}

impl<'l> Door<'l> {
    fn new(listener: &'l Listener, room: Arc<Semaphore>) -> Self {
        Self {
            listener,
            room,
            trouble: None,
        }
    }

    /// The next connection, as soon as there is room for it.
    async fn accept(&mut self) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            let permit = self.permit().await;
            let calm = self.trouble.map(|last| last + CALM);
            let accepted = tokio::select! {
                biased;
                () = until(calm) => {
                    self.goes_on();
                    continue;
                }
                accepted = self.listener.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, client)) => return (stream, client, permit),
                Err(error) if is_out_of_handles(&error) => {
                    self.pauses(Accepting::NoHandles);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn permit(&mut self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() {
                return permit;
            }
            self.pauses(Accepting::Full);
            // Fails only when closed, which it never is.
            if let Ok(permit) = Arc::clone(&self.room).acquire_owned().await {
                self.trouble = Some(Instant::now());
                return permit;
            }
        }
    }

    fn pauses(&mut self, why: Accepting) {
        self.trouble = Some(Instant::now());
        self.tell(why);
    }

    fn goes_on(&mut self) {
        self.trouble = None;
        self.tell(Accepting::Yes);
    }

    fn tell(&self, state: Accepting) {
        self.listener.accepting.send_if_modified(|told| {
            let is_new = *told != state;
            *told = state;
            is_new
        });
    }
}

/// Waits for that moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Long enough for other connections to give back their file handles.
const PAUSE: Duration = Duration::from_millis(100);
/// What comes and goes within this time is one episode, and is told once.
const CALM: Duration = Duration::from_secs(1);
