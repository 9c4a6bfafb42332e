//! Differences as they are told: masked, with the runs that differ.

use super::document::FieldDiff;
use super::{Text, claims, headline};
use crate::diff::{Difference, Kind, Segment, Where, segments};
use crate::model::{Case, Request};
use crate::redact::{Masked, Masker};

/// No value of a comparison is shown longer than this.
const LONGEST_VALUE: usize = 8192;

/// The differences of a Case, in the order of the diagnosis.
pub(super) fn fields(
    case: &Case,
    differences: &[Difference],
    masker: &mut Masker,
) -> Vec<FieldDiff> {
    let good = case
        .baseline
        .as_ref()
        .map(|chosen| &chosen.baseline.request);
    differences
        .iter()
        .map(|difference| field(difference, good, &case.failing.request, masker))
        .collect()
}

fn field(
    difference: &Difference,
    good_request: Option<&Request>,
    failing_request: &Request,
    masker: &mut Masker,
) -> FieldDiff {
    let mut is_latin1 = false;
    let mut show = |values: &[Vec<u8>], request: Option<&Request>| {
        let shown = values.iter().map(|value| {
            let masked = mask(difference, value, request, masker);
            is_latin1 |= masked.is_latin1();
            masked.into()
        });
        let shown: Vec<Text> = shown.collect();
        (!shown.is_empty()).then(|| Text::joined(shown, "\n").bounded(LONGEST_VALUE))
    };
    let failing = show(&difference.failing, Some(failing_request));
    let good = show(&difference.good, good_request);
    FieldDiff {
        place: difference.place,
        name: headline::name_of(difference.place, &difference.name, masker),
        kind: difference.kind,
        noise: difference.noise.is_some(),
        noise_reason: difference.noise,
        unresolved: difference.unresolved,
        segments: runs(difference.kind, good.as_ref(), failing.as_ref()),
        claims: claims::differing(difference, masker),
        good,
        failing,
        note: difference
            .note
            .as_deref()
            .map(|note| masker.own_words(note).into()),
        encoding: is_latin1.then_some("latin-1"),
    }
}

/// Masks a value by where it stands.
fn mask(
    difference: &Difference,
    value: &[u8],
    request: Option<&Request>,
    masker: &mut Masker,
) -> Masked {
    let name = difference.name.as_str();
    match difference.place {
        Where::Header => masker.field_value(name, value),
        Where::Cookie => masker.cookie_value(name, value),
        Where::Query => masker.parameter_value(name, value),
        Where::Url if name == "path" => masker.target(value),
        Where::Url | Where::Method => masker.text(value),
        Where::Body => {
            let media_type = request.and_then(|request| request.fields.first("content-type"));
            masker.content(media_type, value)
        }
    }
}

/// Equal and differing runs; a value that stands alone is one run.
fn runs(kind: Kind, good: Option<&Text>, failing: Option<&Text>) -> Vec<Segment> {
    let whole = |text: &Text| (0, text.as_str().chars().count());
    match (good, failing) {
        (Some(good), Some(failing)) if kind == Kind::Same && good == failing => vec![Segment {
            good: Some(whole(good)),
            failing: Some(whole(failing)),
            same: true,
        }],
        (Some(good), Some(failing)) => segments(good.as_str(), failing.as_str()),
        (None, None) => Vec::new(),
        (good, failing) => vec![Segment {
            good: good.map(whole),
            failing: failing.map(whole),
            same: false,
        }],
    }
}
