//! From a Case and its diagnosis to a [`Report`]: the one place where a verdict is masked.

use super::document::{BaselineView, Diff, Report};
use super::{Detail, REPORT_SCHEMA, Text, clock, comparison, exchange, headline, story, words};
use crate::diagnosis::{Diagnosis, Phrase};
use crate::model::{BaselineSource, Case, ChosenBaseline, Match};
use crate::redact::Masker;

/// Builds the report of a Case. The same arguments give the same report, byte for byte.
pub fn build(case: &Case, diagnosis: &Diagnosis, masker: &mut Masker) -> Report {
    masker.learn(&case.failing.request);
    if let Some(chosen) = &case.baseline {
        masker.learn(&chosen.baseline.request);
    }
    let exchange = exchange::view(&case.failing, case.number, Detail::Heads, masker);
    let fields = comparison::fields(case, &diagnosis.differences, masker);
    Report {
        schema: REPORT_SCHEMA,
        state: case.state,
        exchange,
        baseline: case
            .baseline
            .as_ref()
            .map(|chosen| baseline(case, chosen, masker)),
        verdict: headline::verdict(case, diagnosis, masker),
        alternatives: diagnosis
            .alternatives
            .iter()
            .map(|finding| headline::finding(finding, masker))
            .collect(),
        fine: phrases(&diagnosis.fine, masker),
        unknown: phrases(&diagnosis.unknown, masker),
        next: phrases(&diagnosis.next, masker),
        diff: Diff { fields },
        story: story::story(case, masker),
        story_lost: case.context.lost,
    }
}

fn phrases(phrases: &[Phrase], masker: &mut Masker) -> Vec<Text> {
    phrases
        .iter()
        .map(|phrase| headline::phrase(phrase, masker))
        .collect()
}

fn baseline(case: &Case, chosen: &ChosenBaseline, masker: &mut Masker) -> BaselineView {
    let baseline = &chosen.baseline;
    BaselineView {
        name: masker.text(baseline.name.as_bytes()).into(),
        source: baseline.source.as_str(),
        learned: baseline.source == BaselineSource::Learned,
        found: words::found(chosen.found),
        reason: reason(case, chosen),
        added: clock::rfc3339(baseline.added),
        method: masker.text(baseline.request.method.as_bytes()).into(),
        url: masker.url(&baseline.request.url).into(),
        distrust: texts(&chosen.distrust, masker),
        unresolved: texts(&baseline.unresolved, masker),
    }
}

/// Why this one: how near it is, and of one that was seen to pass, when and from whom.
fn reason(case: &Case, chosen: &ChosenBaseline) -> String {
    let near = words::found_in_words(chosen.found);
    if chosen.baseline.source != BaselineSource::Learned {
        return near.to_owned();
    }
    let micros = case.failing.at.micros_since(chosen.baseline.added);
    let when = if micros < 0 { "later" } else { "before" };
    let passed = format!("2xx {} {when}", clock::duration(micros.unsigned_abs()));
    match chosen.found {
        Match::LearnedSameClient => format!("{near}, {passed}, same client"),
        Match::LearnedOtherClient => format!("{near}, {passed}, another client"),
        _ => format!("{near}, {passed}"),
    }
}

/// What an import wrote down may quote the user's file.
fn texts(all: &[String], masker: &mut Masker) -> Vec<Text> {
    all.iter()
        .map(|text| masker.text(text.as_bytes()).into())
        .collect()
}
