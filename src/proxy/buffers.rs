//! Read buffers, lent while bytes pass: a connection that is idle holds none.

use std::cell::RefCell;

/// A lent buffer has at least this length.
pub(super) const SMALLEST: usize = 16 * 1024;

/// So many wait on each thread for the next that needs one.
const SPARES: usize = 8;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer; what stands in it means nothing.
pub(super) fn lend() -> Vec<u8> {
    SPARE
        .with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| vec![0; SMALLEST])
}

/// Takes a buffer back, one that was lent or any other.
pub(super) fn give_back(buffer: Vec<u8>) {
    if buffer.len() >= SMALLEST {
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < SPARES {
                spare.push(buffer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_was_given_back_is_lent_again_and_few_are_kept() {
        give_back(vec![7; 2 * SMALLEST]);
        assert_eq!(lend().len(), 2 * SMALLEST);
        give_back(vec![7; SMALLEST - 1]);
        assert_eq!(lend(), vec![0; SMALLEST], "too small to be kept");
        for _ in 0..=SPARES {
            give_back(vec![7; SMALLEST]);
        }
        let kept = (0..=SPARES).filter(|_| lend().starts_with(&[7])).count();
        assert_eq!(kept, SPARES);
    }
}
