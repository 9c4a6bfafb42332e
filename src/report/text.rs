//! Text that may be shown.

use std::fmt;

use serde::Serialize;

use crate::redact::Masked;

/// Text that may be shown: masked pieces, joined by words of our own.
///
/// There is no way in for captured text but through [`Masked`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Our own words, a number, a time or an address. Never captured text.
    pub(super) fn own(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// Appends words of our own.
    pub(super) fn say(mut self, words: &str) -> Self {
        self.0.push_str(words);
        self
    }

    /// Appends text that may be shown.
    pub(super) fn then(mut self, more: &Self) -> Self {
        self.0.push_str(&more.0);
        self
    }

    /// Appends a masked piece.
    pub(super) fn masked(mut self, piece: &Masked) -> Self {
        self.0.push_str(piece.as_str());
        self
    }

    /// The pieces in order, with words of our own between them.
    pub(super) fn joined(pieces: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let pieces: Vec<String> = pieces.into_iter().map(|piece| piece.0).collect();
        Self(pieces.join(between))
    }

    /// Without spaces and tabs at both ends.
    pub(super) fn trimmed(&self) -> Self {
        Self(self.0.trim_matches([' ', '\t']).to_owned())
    }

    /// Cut after that many characters; what was left out is counted.
    pub(super) fn bounded(self, limit: usize) -> Self {
        let total = self.0.chars().count();
        if total <= limit {
            return self;
        }
        let kept: String = self.0.chars().take(limit).collect();
        Self(format!("{kept}… ({} more characters)", total - limit))
    }
}

impl From<Masked> for Text {
    fn from(masked: Masked) -> Self {
        Self(masked.as_str().to_owned())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_says_how_much_is_missing() {
        assert_eq!(
            Text::own("abcdef").bounded(4).as_str(),
            "abcd… (2 more characters)"
        );
        assert_eq!(Text::own("abcd").bounded(4).as_str(), "abcd");
    }

    #[test]
    fn pieces_are_joined_and_trimmed() {
        let text = Text::joined([Text::own(" a"), Text::own("b ")], ", ");
        assert_eq!(text.trimmed().as_str(), "a, b");
    }
}
