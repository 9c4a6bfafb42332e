//! Accepts connections, within limits, until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Shared, connection};

/// The proxy's listening socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds the address; connections queue from here on.
    ///
    /// # Errors
    /// When the address is taken or not ours to bind.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address it is bound to; tells the port when 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves connections until `stop`; then those that are open get a moment to finish, and
    /// what is left is cut off.
    pub async fn serve(self, shared: Arc<Shared>, stop: CancellationToken) {
        let open = Arc::new(Semaphore::new(CONNECTION_LIMIT));
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.accept(&open) => accepted,
            };
            let Some((stream, client, permit)) = accepted else {
                continue;
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
        drop(self.socket);
        tasks.close();
        if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
            cut.cancel();
            tasks.wait().await;
        }
    }

    /// The next connection; `None` after a pause when the system has no file handle for one.
    async fn accept(
        &self,
        open: &Arc<Semaphore>,
    ) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let permit = Arc::clone(open).acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((stream, client)) => Some((stream, client, permit)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }
}

/// Connections at a time; more wait in the system's queue.
const CONNECTION_LIMIT: usize = 16_384;

/// How long open connections may take to finish once told to stop.
const GRACE: Duration = Duration::from_millis(500);

/// Long enough for other connections to give back their file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
