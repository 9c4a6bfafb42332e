//! What a rule hands back: a possible cause before the rest of the Case has had its say.

use super::Strength;
use super::finding::Phrase;
use crate::diff::Where;
use crate::model::Place;

/// What a rule saw. The engine adds what the rule's row says and corrects the score.
#[derive(Clone, Default)]
pub(crate) struct Suspicion {
    /// Which grade of the cause's row applies.
    pub(crate) strength: Strength,
    /// Where the credential stands that it is about.
    pub(crate) place: Option<Place>,
    /// Whether the grade rests on a difference to the baseline.
    pub(crate) by_difference: bool,
    /// Whether the grade already counts what the server said.
    pub(crate) by_words: bool,
    /// The cause as a statement: at most 60 characters, no captured text.
    pub(crate) title: String,
    /// What shows it.
    pub(crate) evidence: Vec<Phrase>,
    /// What to do about it.
    pub(crate) fix: Vec<Phrase>,
    /// The difference that decides, if one does.
    pub(crate) about: Option<(Where, String)>,
}
