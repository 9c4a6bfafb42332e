//! How a client begins an HTTP/2 connection (RFC 9113 section 3.4).

/// Whether bytes begin an HTTP/2 connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preface {
    /// They begin with the whole preface.
    Yes,
    /// They differ from it.
    No,
    /// They are a part of it; more bytes will tell.
    Undecided,
}

/// Whether the first bytes that a client sends begin an HTTP/2 connection.
pub fn preface(bytes: &[u8]) -> Preface {
    if bytes.starts_with(PREFACE) {
        Preface::Yes
    } else if PREFACE.starts_with(bytes) {
        Preface::Undecided
    } else {
        Preface::No
    }
}

/// What the client sends before its first frame.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_undecided_and_each_difference_is_told() {
        for length in 0..PREFACE.len() {
            assert_eq!(preface(&PREFACE[..length]), Preface::Undecided);
            let mut other = PREFACE[..=length].to_vec();
            other[length] ^= 1;
            assert_eq!(preface(&other), Preface::No);
        }
        assert_eq!(preface(PREFACE), Preface::Yes);
        assert_eq!(preface(&[PREFACE, b"\0"].concat()), Preface::Yes);
    }
}
