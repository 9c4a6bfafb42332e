//! How large a compression table an encoder may use.

use std::collections::VecDeque;

use crate::wire::hpack::{INITIAL_CAPACITY, Malformed};

/// What the peer has announced to one sender's encoder (`SETTINGS_HEADER_TABLE_SIZE`).
///
/// From outside it cannot be seen when the sender takes new settings over, only that it has done so
/// by the time of its acknowledgement (RFC 9113 section 6.5.3). Until then old and new are valid.
#[derive(Debug)]
pub(super) struct TableLimit {
    in_force: usize,
    /// One per frame of settings that is not acknowledged yet, the oldest first.
    announced: VecDeque<usize>,
}

impl TableLimit {
    pub(super) fn new() -> Self {
        Self {
            in_force: INITIAL_CAPACITY,
            announced: VecDeque::new(),
        }
    }

    /// The peer has sent settings, with a new table size or without one.
    pub(super) fn announce(&mut self, size: Option<u32>) -> Result<(), Malformed> {
        if self.announced.len() == OUTSTANDING {
            return Err(Malformed(
                "settings again and again without an acknowledgement",
            ));
        }
        let before = self.announced.back().copied().unwrap_or(self.in_force);
        self.announced
            .push_back(size.map_or(before, |size| size as usize));
        Ok(())
    }

    /// The sender has acknowledged the oldest settings that it had not.
    pub(super) fn acknowledge(&mut self) {
        if let Some(size) = self.announced.pop_front() {
            self.in_force = size;
        }
    }

    /// The largest table that the encoder may use now.
    pub(super) fn largest(&self) -> usize {
        self.announced
            .iter()
            .copied()
            .fold(self.in_force, usize::max)
    }
}

/// Peers send one or two; without a bound a list would grow.
const OUTSTANDING: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_are_valid_until_the_acknowledgement() {
        let mut limit = TableLimit::new();
        assert_eq!(limit.largest(), 4096);
        limit.announce(Some(100)).unwrap();
        assert_eq!(limit.largest(), 4096);
        limit.acknowledge();
        assert_eq!(limit.largest(), 100);
        limit.announce(Some(8192)).unwrap();
        limit.announce(None).unwrap();
        limit.announce(Some(0)).unwrap();
        assert_eq!(limit.largest(), 8192);
        limit.acknowledge();
        limit.acknowledge();
        assert_eq!(limit.largest(), 8192, "what had no size left it as it was");
        limit.acknowledge();
        assert_eq!(limit.largest(), 0);
        limit.acknowledge();
        assert_eq!(limit.largest(), 0, "an acknowledgement of nothing");
    }

    #[test]
    fn settings_that_nobody_acknowledges_are_bounded() {
        let mut limit = TableLimit::new();
        for _ in 0..OUTSTANDING {
            limit.announce(None).unwrap();
        }
        assert!(limit.announce(None).is_err());
    }
}
