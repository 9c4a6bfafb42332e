//! Findings as they are told: masked, with the words for how sure.

use super::Text;
use super::document::{About, Verdict};
use crate::diagnosis::{Confidence, Diagnosis, FaultSide, Finding, Part, Phrase};
use crate::diff::Where;
use crate::model::Case;
use crate::redact::Masker;

/// The headline, or that there is none.
pub(super) fn verdict(case: &Case, diagnosis: &Diagnosis, masker: &mut Masker) -> Verdict {
    match &diagnosis.verdict {
        Some(headline) => finding(headline, masker),
        None => Verdict {
            cause: None,
            side: FaultSide::Undecided,
            confidence: Confidence::None,
            title: Text::own(no_headline(case)),
            evidence: Vec::new(),
            fix: Vec::new(),
            about: None,
        },
    }
}

fn no_headline(case: &Case) -> String {
    match (&case.baseline, case.failing.status()) {
        (Some(_), _) => "no cause is certain".to_owned(),
        (None, Some(status)) => format!("no known good yet: from the {status} alone"),
        (None, None) => "no known good yet: from the request alone".to_owned(),
    }
}

/// One finding.
pub(super) fn finding(finding: &Finding, masker: &mut Masker) -> Verdict {
    Verdict {
        cause: Some(finding.cause),
        side: finding.side,
        confidence: confidence(finding.score),
        title: masker.own_words(&finding.title).into(),
        evidence: all(&finding.evidence, masker),
        fix: all(&finding.fix, masker),
        about: finding.about.as_ref().map(|(place, name)| About {
            place: *place,
            name: name_of(*place, name, masker),
        }),
    }
}

/// A sentence, each part masked by what it is.
pub(super) fn phrase(phrase: &Phrase, masker: &mut Masker) -> Text {
    phrase.0.iter().fold(Text::default(), |text, part| {
        text.masked(&match part {
            Part::Words(words) => masker.own_words(words),
            Part::Credential(place, value) => masker.credential(place, value),
            Part::Captured(bytes) => masker.text(bytes),
        })
    })
}

/// The name of a difference, masked the same way wherever it is named.
pub(super) fn name_of(place: Where, name: &str, masker: &mut Masker) -> Text {
    match place {
        Where::Header => masker.field_name(name.as_bytes()).into(),
        Where::Cookie | Where::Query | Where::Url | Where::Method | Where::Body => {
            masker.text(name.as_bytes()).into()
        }
    }
}

fn all(phrases: &[Phrase], masker: &mut Masker) -> Vec<Text> {
    phrases.iter().map(|one| phrase(one, masker)).collect()
}

/// The word for a score (`certain` from 90, `strong` from 60, `hint` from 20).
fn confidence(score: u8) -> Confidence {
    match score {
        90.. => Confidence::Certain,
        60..90 => Confidence::Strong,
        20..60 => Confidence::Hint,
        0..20 => Confidence::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_how_sure_change_at_20_60_and_90() {
        let words = [19, 20, 59, 60, 89, 90].map(|score| confidence(score).as_str());
        assert_eq!(
            words,
            ["none", "hint", "hint", "strong", "strong", "certain"]
        );
    }
}
