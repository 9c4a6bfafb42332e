//! What the decoder is told and what it tells.

use std::fmt;

use crate::wire::field_block::FieldBlock;

/// Who sent the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The one that opened the connection.
    Client,
    /// The one that answers.
    Origin,
}

/// What the decoder keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a field block. One that is longer as encoded, frame headers included, is given up;
    /// one that is longer as decoded, with 32 more for each field (RFC 9113 section 6.5.2), is told
    /// as [`Event::Oversized`].
    pub block: usize,
    /// Bytes of a compression table, as RFC 7541 section 4.1 counts them; beyond is given up.
    pub table: usize,
}

/// What the decoder has seen.
#[derive(PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole field section: a head or trailers.
    Fields {
        /// The stream it belongs to.
        stream: u32,
        /// The fields as sent.
        fields: FieldBlock,
        /// Whether the sender will send no more on that stream.
        end_stream: bool,
    },
    /// A field section that is over the limit when decoded.
    Oversized {
        /// The stream it belongs to.
        stream: u32,
        /// Whether the sender will send no more on that stream.
        end_stream: bool,
    },
    /// A piece of content, as it arrives, padding removed.
    Content {
        /// The stream it belongs to.
        stream: u32,
        /// Part of the input; empty only when it ends the stream.
        piece: &'a [u8],
        /// Whether the sender will send no more on that stream.
        end_stream: bool,
    },
    /// The sender has cancelled a stream.
    Reset {
        /// The stream.
        stream: u32,
        /// The error code (RFC 9113 section 7).
        code: u32,
    },
    /// The sender will take no new streams.
    GoAway {
        /// The last stream that the sender has or may have worked on.
        last_stream: u32,
        /// The error code (RFC 9113 section 7).
        code: u32,
    },
    /// Neither direction can be followed from here on.
    GaveUp(&'static str),
}

/// Shows how much there is, never the content.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields {
                stream,
                fields,
                end_stream,
            } => write!(f, "Fields({stream}, {fields:?}, end: {end_stream})"),
            Self::Oversized { stream, end_stream } => {
                write!(f, "Oversized({stream}, end: {end_stream})")
            }
            Self::Content {
                stream,
                piece,
                end_stream,
            } => write!(
                f,
                "Content({stream}, {} bytes, end: {end_stream})",
                piece.len()
            ),
            Self::Reset { stream, code } => write!(f, "Reset({stream}, {code})"),
            Self::GoAway { last_stream, code } => write!(f, "GoAway({last_stream}, {code})"),
            Self::GaveUp(reason) => write!(f, "GaveUp({reason})"),
        }
    }
}
