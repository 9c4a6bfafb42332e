//! Message content kept up to a limit, within the process-wide budget.

use crate::capture::recorder::Recorder;
use crate::model::{Content, ContentEnd};

/// Content kept up to a limit, within the process-wide budget.
pub(super) struct Kept {
    content: Content,
    reserved: usize,
    dropped: bool,
    recorder: Recorder,
}

impl Kept {
    pub(super) fn new(recorder: &Recorder) -> Self {
        Self {
            content: Content::default(),
            reserved: 0,
            dropped: false,
            recorder: recorder.clone(),
        }
    }

    /// What was kept.
    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    /// Whether something below the limit was not kept: the budget was spent.
    pub(super) fn has_gap(&self) -> bool {
        self.dropped
    }

    /// Counts a piece without keeping it.
    pub(super) fn pass(&mut self, piece: &[u8]) {
        self.content.length += piece.len() as u64;
        self.content.end = ContentEnd::Pending;
    }

    /// Counts a piece and keeps as much of it as limit and budget allow. Nothing is kept after a gap.
    pub(super) fn push(&mut self, piece: &[u8], limit: usize) {
        self.pass(piece);
        let wanted = piece
            .len()
            .min(limit.saturating_sub(self.content.bytes.len()));
        if wanted == 0 || self.dropped {
            return;
        }
        if self.recorder.reserve_content(wanted) {
            self.reserved += wanted;
            self.content
                .bytes
                .extend_from_slice(piece.get(..wanted).unwrap_or_default());
        } else {
            self.dropped = true;
        }
    }

    /// The message has ended; one without content stays `Absent`.
    pub(super) fn end(&mut self, end: ContentEnd) {
        if self.content.length > 0 || end != ContentEnd::Complete {
            self.content.end = end;
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.reserved > 0 {
            self.recorder.release_content(self.reserved);
        }
    }
}
