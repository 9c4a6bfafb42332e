//! The bytes at which characters stand: the parser counts characters.

use saphyr_parser::Marker;

/// Tells the byte of a character.
pub(super) struct Places<'t> {
    text: &'t str,
    pub(super) start: usize,
    /// The byte of each character whose number is a multiple of [`STEP`].
    marks: Vec<usize>,
}

const STEP: usize = 64;

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str, start: usize) -> Self {
        let marks = text.char_indices().map(|(at, _)| at).step_by(STEP);
        Self {
            text,
            start,
            marks: marks.collect(),
        }
    }

    /// The byte of a place of the parser.
    pub(super) fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        let from = self.marks.get(index / STEP).copied();
        let rest = from.and_then(|from| self.text.get(from..));
        let more = rest.and_then(|rest| rest.char_indices().nth(index % STEP));
        let at = match (from, more) {
            (Some(from), Some((more, _))) => from + more,
            _ => self.text.len(),
        };
        self.start + at
    }
}
