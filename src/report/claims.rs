//! Which claims differ between two JWTs: what a person wants to see of two long tokens.

use serde_json::Value;

use super::Text;
use super::document::ClaimDiff;
use crate::auth::credentials::normalise;
use crate::auth::jwt::{self, Jwt};
use crate::diff::{Difference, Kind};
use crate::model::Timestamp;
use crate::redact::Masker;

/// How a claim is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As it is.
    Plainly,
    /// As a point in time.
    AsTime,
    /// By a name: it identifies a person or a token.
    ByName,
}

/// The claims that are compared, those that explain most first.
const CLAIMS: &[(&str, Shown)] = &[
    ("exp", Shown::AsTime),
    ("nbf", Shown::AsTime),
    ("iss", Shown::Plainly),
    ("aud", Shown::Plainly),
    ("azp", Shown::Plainly),
    ("client_id", Shown::Plainly),
    ("tid", Shown::Plainly),
    ("scope", Shown::Plainly),
    ("scp", Shown::Plainly),
    ("roles", Shown::Plainly),
    ("token_use", Shown::Plainly),
    ("token_type", Shown::Plainly),
    ("typ", Shown::Plainly),
    ("acr", Shown::Plainly),
    ("sub", Shown::ByName),
    ("sid", Shown::ByName),
    ("jti", Shown::ByName),
    ("iat", Shown::AsTime),
    ("auth_time", Shown::AsTime),
];

/// No claim is shown longer than this.
const LONGEST_CLAIM: usize = 200;

/// The claims that differ; empty unless both sides are one readable JWT.
pub(super) fn differing(difference: &Difference, masker: &mut Masker) -> Vec<ClaimDiff> {
    if difference.kind != Kind::Changed {
        return Vec::new();
    }
    let (Some(good), Some(failing)) = (token(&difference.good), token(&difference.failing)) else {
        return Vec::new();
    };
    CLAIMS
        .iter()
        .filter(|(name, _)| claim(&good, name) != claim(&failing, name))
        .map(|(name, shown)| ClaimDiff {
            name,
            good: claim(&good, name).map(|value| show(*shown, value, masker)),
            failing: claim(&failing, name).map(|value| show(*shown, value, masker)),
            times: match shown {
                Shown::AsTime => (point(&good, name), point(&failing, name)),
                Shown::ByName | Shown::Plainly => (None, None),
            },
        })
        .collect()
}

fn token(values: &[Vec<u8>]) -> Option<Jwt> {
    match values {
        [one] => jwt::decode(&normalise(one)),
        _ => None,
    }
}

fn claim<'a>(token: &'a Jwt, name: &str) -> Option<&'a Value> {
    token.claims.as_ref()?.get(name)
}

/// A `NumericDate` (RFC 7519 section 2): seconds since the epoch, fractions allowed.
fn point(token: &Jwt, name: &str) -> Option<Timestamp> {
    let secs = token.number(name)?;
    // Beyond the year 9999 it is no date in seconds; the number itself is shown then.
    if !(0.0..253_402_300_800.0).contains(&secs) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "in range by the check above; fractions of a second are dropped"
    )]
    Some(Timestamp::from_secs(secs as i64))
}

fn show(shown: Shown, value: &Value, masker: &mut Masker) -> Text {
    let words = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let masked = match shown {
        Shown::AsTime | Shown::Plainly => masker.text(words.as_bytes()),
        Shown::ByName => masker.parameter_value("token", words.as_bytes()),
    };
    Text::from(masked).bounded(LONGEST_CLAIM)
}
