//! Stand-ins for variables that nothing defines, so that their `$`, `{` and `(` are not read as
//! parts of a URL.

use super::expand::MAX_UNRESOLVED;

/// How each starts.
const START: &str = "why401-stands-in-";

/// Letters and digits for each of some texts.
pub(in crate::import) struct StandIns {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl StandIns {
    pub(in crate::import) fn new(texts: &[String]) -> Self {
        // The longest first: `$TOKEN` is the start of `$TOKEN_2`.
        let mut texts: Vec<&String> = texts.iter().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        texts.truncate(MAX_UNRESOLVED);
        let numbered = texts.iter().enumerate();
        let pairs = numbered
            .map(|(number, text)| {
                let stand_in = format!("{START}{number}-x");
                (text.as_bytes().to_vec(), stand_in.into_bytes())
            })
            .collect();
        Self { pairs }
    }

    /// Whether a text starts with a stand-in.
    pub(in crate::import) fn starts(text: &str) -> bool {
        text.starts_with(START)
    }

    /// Whether a text holds a stand-in.
    pub(in crate::import) fn are_in(text: &str) -> bool {
        text.contains(START)
    }

    /// Puts stand-ins for the texts.
    pub(in crate::import) fn hide(&self, text: &[u8]) -> Vec<u8> {
        let pairs = self.pairs.iter();
        pairs.fold(text.to_vec(), |text, (shown, hidden)| {
            replace(&text, shown, hidden)
        })
    }

    /// Puts the texts back.
    pub(in crate::import) fn show(&self, text: &[u8]) -> Vec<u8> {
        let pairs = self.pairs.iter();
        pairs.fold(text.to_vec(), |text, (shown, hidden)| {
            replace(&text, hidden, shown)
        })
    }
}

fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    if old.is_empty() {
        return text.to_vec();
    }
    let mut replaced = Vec::with_capacity(text.len());
    let mut done = 0;
    for at in memchr::memmem::find_iter(text, old) {
        replaced.extend_from_slice(text.get(done..at).unwrap_or_default());
        replaced.extend_from_slice(new);
        done = at + old.len();
    }
    replaced.extend_from_slice(text.get(done..).unwrap_or_default());
    replaced
}
