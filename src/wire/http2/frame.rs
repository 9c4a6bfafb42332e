//! Frames: their header, and what is fixed in their payload (RFC 9113 sections 4.1 and 6).

use crate::wire::hpack::Malformed;

/// A frame's header, and how much of its payload has not been taken yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) stream: u32,
    pub(super) left: usize,
    flags: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Reset,
    Settings,
    PushPromise,
    GoAway,
    Continuation,
    /// Nothing that a reader needs to know, or unknown.
    Other,
}

impl Frame {
    /// The stand-in before the first one.
    pub(super) const NONE: Self = Self {
        kind: Kind::Other,
        stream: 0,
        left: 0,
        flags: 0,
    };

    pub(super) fn new(header: [u8; HEADER_LENGTH]) -> Self {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = header;
        Self {
            kind: match kind {
                0 => Kind::Data,
                1 => Kind::Headers,
                3 => Kind::Reset,
                4 => Kind::Settings,
                5 => Kind::PushPromise,
                7 => Kind::GoAway,
                9 => Kind::Continuation,
                _ => Kind::Other,
            },
            stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
            left: u32::from_be_bytes([0, l0, l1, l2]) as usize,
            flags,
        }
    }

    pub(super) fn ends_stream(self) -> bool {
        matches!(self.kind, Kind::Data | Kind::Headers) && self.flags & 0x1 != 0
    }

    pub(super) fn ends_block(self) -> bool {
        self.flags & 0x4 != 0
    }

    pub(super) fn acknowledges(self) -> bool {
        self.kind == Kind::Settings && self.flags & 0x1 != 0
    }

    /// Whether the payload begins with the length of its padding.
    pub(super) fn is_padded(self) -> bool {
        matches!(self.kind, Kind::Data | Kind::Headers | Kind::PushPromise) && self.flags & 0x8 != 0
    }

    /// How many bytes of the payload, or of its next part, come in a fixed form.
    pub(super) fn fixed(self) -> usize {
        let padding = usize::from(self.is_padded());
        match self.kind {
            Kind::Data => padding,
            Kind::Headers if self.flags & 0x20 != 0 => padding + 5,
            Kind::Headers => padding,
            Kind::PushPromise => padding + 4,
            Kind::Settings if self.left > 0 => 6,
            Kind::Reset => 4,
            Kind::GoAway => 8,
            Kind::Settings | Kind::Continuation | Kind::Other => 0,
        }
    }

    /// Whether the length and the stream are possible for such a frame.
    pub(super) fn check(self) -> Result<(), Malformed> {
        let length_fits = match self.kind {
            Kind::Reset => self.left == 4,
            Kind::Settings if self.acknowledges() => self.left == 0,
            Kind::Settings => self.left.is_multiple_of(6),
            _ => self.left >= self.fixed(),
        };
        if !length_fits {
            return Err(Malformed(
                "a frame of a length that its type does not allow",
            ));
        }
        let stream_fits = match self.kind {
            Kind::Settings | Kind::GoAway => self.stream == 0,
            Kind::Other => true,
            _ => self.stream != 0,
        };
        if !stream_fits {
            return Err(Malformed(
                "a frame on a stream that its type does not allow",
            ));
        }
        Ok(())
    }
}

pub(super) const HEADER_LENGTH: usize = 9;
