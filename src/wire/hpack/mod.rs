//! Reads the field compression of HTTP/2 (HPACK, RFC 7541).

mod decoder;
mod huffman;
mod table;

#[cfg(test)]
pub(super) mod test_encoder;
#[cfg(test)]
mod tests;

use super::field_block::FieldBlock;

pub(super) use decoder::Decoder;
pub(super) use table::INITIAL_CAPACITY;

/// What a field block says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// The fields in order.
    Fields(FieldBlock),
    /// More than the limit, so they were dropped; the compression state is that after the block.
    Oversized,
}

/// What is wrong with a field block; the compression state is lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);
