//! The credentials a request carries, wherever they stand (`Authorization`, keys, cookies, query, form).

use crate::model::{Place, Request, Shape};

/// One credential of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Where it stands.
    pub place: Place,
    /// The whole value as sent, scheme and outer whitespace included (for a field: all after the colon).
    pub raw: Vec<u8>,
    /// The scheme word as sent, for `Authorization` and its like, if there is one.
    pub scheme: Option<String>,
    /// What follows the scheme and its one separator; the whole trimmed value where there is no scheme.
    pub secret: Vec<u8>,
    /// The bare secret: trimmed, unquoted, one scheme word, percent-decoding once, zero-width characters gone.
    pub normalised: Vec<u8>,
    /// What it looks like.
    pub shape: Shape,
}

/// Every credential of a request, in the order of [`Place`], then as sent.
pub fn carriers(_request: &Request) -> Vec<Carrier> {
    unimplemented!()
}

/// What a bare secret looks like.
pub fn shape(_value: &[u8]) -> Shape {
    unimplemented!()
}

/// The bare secret inside a value (see [`Carrier::normalised`]).
pub fn normalise(_value: &[u8]) -> Vec<u8> {
    unimplemented!()
}

/// Whether the value is, or holds, a placeholder that nothing replaced; the placeholder's text.
pub fn placeholder(_value: &[u8]) -> Option<String> {
    unimplemented!()
}

/// User and password of a Basic credential (RFC 7617): the decoded value, split at the first colon.
pub fn decode_basic(_secret: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    unimplemented!()
}
