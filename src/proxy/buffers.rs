//! Read buffers, lent while bytes pass: a connection that is idle holds none.
//!
//! They grow while reads fill them. What all have grown beyond the smallest is bounded, since thousands of
//! readers that are slow would otherwise make the proxy hold a large one for each.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A lent buffer has at least this length.
pub(super) const SMALLEST: usize = 16 * 1024;

/// All lent buffers together are at most so much larger than the smallest.
const MOST_GROWTH: usize = 32 * 1024 * 1024;

/// So many wait on each thread for the next that needs one.
const SPARES: usize = 8;

static GROWTH: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SPARE: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// Bytes to read into.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Its part of [`GROWTH`].
    growth: usize,
}

/// A buffer; what stands in it means nothing.
pub(super) fn lend() -> Buffer {
    SPARE
        .with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| vec![0; SMALLEST].into())
}

/// Takes a buffer back, one that was lent or any other.
pub(super) fn give_back(buffer: Buffer) {
    if buffer.len() >= SMALLEST {
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < SPARES {
                spare.push(buffer);
            }
        });
    }
}

impl Buffer {
    /// Becomes twice as long, if it is to be that long at all and there is room for it.
    pub(super) fn grow(&mut self, most: usize) {
        let more = self.bytes.len();
        if more >= most {
            return;
        }
        if GROWTH.fetch_add(more, Ordering::Relaxed) + more > MOST_GROWTH {
            GROWTH.fetch_sub(more, Ordering::Relaxed);
            return;
        }
        self.growth += more;
        self.bytes.resize(2 * more, 0);
    }

    /// Becomes twice as long: somebody waits for more than it holds.
    pub(super) fn grow_regardless(&mut self) {
        self.bytes.resize(2 * self.bytes.len(), 0);
    }

    /// Its bytes.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, growth: 0 }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        GROWTH.fetch_sub(self.growth, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_was_given_back_is_lent_again_and_few_are_kept() {
        give_back(vec![7; 2 * SMALLEST].into());
        assert_eq!(lend().len(), 2 * SMALLEST);
        give_back(vec![7; SMALLEST - 1].into());
        assert_eq!(*lend(), [0; SMALLEST], "too small to be kept");
        for _ in 0..=SPARES {
            give_back(vec![7; SMALLEST].into());
        }
        let kept = (0..=SPARES).filter(|_| lend().starts_with(&[7])).count();
        assert_eq!(kept, SPARES);
    }

    #[test]
    fn all_buffers_together_grow_within_a_bound() {
        let most = 256 * 1024;
        let mut buffers: Vec<Buffer> = (0..200).map(|_| vec![0; SMALLEST].into()).collect();
        for _ in 0..5 {
            buffers.iter_mut().for_each(|buffer| buffer.grow(most));
        }
        let growth: usize = buffers.iter().map(|buffer| buffer.len() - SMALLEST).sum();
        assert!(
            growth <= MOST_GROWTH && growth > MOST_GROWTH / 2,
            "{growth}"
        );
        assert!(buffers.iter().all(|buffer| buffer.len() <= most));
        drop(buffers);
        let mut next: Buffer = vec![0; SMALLEST].into();
        next.grow(most);
        assert_eq!(next.len(), 2 * SMALLEST, "the room is free again");
    }
}
