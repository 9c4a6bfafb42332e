//! What requests take up that wait for the end of their responses: bounded for each connection, and for
//! all connections together.

use crate::capture::recorder::Recorder;

/// The heads that one connection holds.
pub(super) struct Waiting {
    recorder: Recorder,
    bytes: usize,
    /// So much of it is taken from what all connections share.
    reserved: usize,
}

/// Requests of one connection that are never answered may take up this much.
pub(super) const MOST: usize = 8 * 1024 * 1024;

/// Each connection may have so much, whatever the others hold: a few requests can always be followed.
const FREE: usize = 128 * 1024;

impl Waiting {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            bytes: 0,
            reserved: 0,
        }
    }

    /// `false` when it is too much to follow on.
    pub(super) fn add(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        let shared = self.bytes.saturating_sub(FREE);
        if self.bytes > MOST {
            return false;
        }
        if shared > self.reserved {
            if !self.recorder.reserve_waiting(shared - self.reserved) {
                return false;
            }
            self.reserved = shared;
        }
        true
    }

    pub(super) fn remove(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        let shared = self.bytes.saturating_sub(FREE);
        if shared < self.reserved {
            self.recorder.release_waiting(self.reserved - shared);
            self.reserved = shared;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.recorder.release_waiting(self.reserved);
    }
}
