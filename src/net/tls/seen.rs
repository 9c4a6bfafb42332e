//! What is learned during a handshake that its outcome does not tell.
//!
//! Verifiers and resolvers are shared by all connections with the same configuration: rustls resumes a
//! session only under the same ones. So they leave what belongs to one handshake with its task.

use std::sync::{Arc, OnceLock};

use super::client_auth::Given;
use super::fault::Fault;

tokio::task_local! {
    static HANDSHAKE: Arc<Seen>;
}

/// What has been seen in one handshake.
#[derive(Debug, Default)]
pub(super) struct Seen {
    fault: OnceLock<Fault>,
    given: OnceLock<Given>,
}

impl Seen {
    /// Runs a handshake that leaves its traces in the returned value.
    pub(super) async fn during<F: Future>(handshake: F) -> (F::Output, Arc<Self>) {
        let seen = Arc::new(Self::default());
        let output = HANDSHAKE.scope(Arc::clone(&seen), handshake).await;
        (output, seen)
    }

    /// Remembers the first fault of the server's certificate.
    pub(super) fn note_fault(fault: impl FnOnce() -> Fault) {
        note(|seen| {
            seen.fault.get_or_init(fault);
        });
    }

    /// Remembers that the server asked for a client certificate, and what it got.
    pub(super) fn note_asked(given: Given) {
        note(|seen| {
            seen.given.get_or_init(|| given);
        });
    }

    /// The fault of the server's certificate.
    pub(super) fn fault(&self) -> Option<&Fault> {
        self.fault.get()
    }

    /// What the server got when it asked for a client certificate; `None` when it did not.
    pub(super) fn given(&self) -> Option<Given> {
        self.given.get().copied()
    }
}

fn note(note: impl FnOnce(&Seen)) {
    // Outside of a handshake nobody asks for it.
    HANDSHAKE.try_with(|seen| note(seen)).unwrap_or_default();
}
