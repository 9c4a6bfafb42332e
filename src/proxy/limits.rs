//! Bounds of the proxy path: nobody may make it hold, read or wait without end.

use std::time::Duration;

/// Bounds of the proxy path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Client connections at a time; more wait in the system's queue.
    pub connections: usize,
    /// The length of a head, its start line and field lines together.
    pub head_bytes: usize,
    /// The field lines of a head.
    pub head_fields: usize,
    /// The length of a request line.
    pub request_line: usize,
    /// The length of all chunk extensions of a message.
    pub chunk_extensions: usize,
    /// How long a request head that has begun may take: a slow client holds nothing for ever.
    pub head_timeout: Duration,
    /// How long open connections may take to finish once we are told to stop.
    pub shutdown_grace: Duration,
    /// The length of a header list that our own HTTP/2 servers take.
    pub own_header_list: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            head_bytes: 512 * 1024,
            head_fields: 2000,
            request_line: 64 * 1024,
            chunk_extensions: 16 * 1024,
            head_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_millis(500),
            own_header_list: 64 * 1024,
        }
    }
}

impl Limits {
    /// With no more connections than so many open files are enough for: a tunnel has one to its
    /// client and one to its origin.
    #[must_use]
    pub fn for_open_files(self, files: u64) -> Self {
        let connections = usize::try_from(files.saturating_sub(OUR_FILES) / 2);
        let connections = connections.unwrap_or(usize::MAX).max(FEWEST);
        Self {
            connections: self.connections.min(connections),
            ..self
        }
    }
}

/// What the store, the listener and name lookups need.
const OUR_FILES: u64 = 64;
/// Fewer are of no use to anybody; files that run out are waited for.
const FEWEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_needs_two_files() {
        let connections = |files| Limits::default().for_open_files(files).connections;
        assert_eq!(connections(1024), 480);
        assert_eq!(connections(64), FEWEST);
        assert_eq!(connections(1_000_000), 16_384);
        assert_eq!(connections(u64::MAX), 16_384);
    }
}
