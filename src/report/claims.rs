//! Which claims differ between two JWTs: what a person wants to see of two long tokens.

use super::Text;
use super::document::ClaimDiff;
use crate::auth::credentials::normalise;
use crate::auth::jwt::{self, Jwt};
use crate::diff::{Difference, Kind};
use crate::model::Timestamp;
use crate::redact::Masker;

/// Claims that are a point in time (RFC 7519 section 4.1).
const TIMES: [&str; 4] = ["exp", "nbf", "iat", "auth_time"];

/// Claims that explain a refusal come first, those that differ between any two tokens last.
const FIRST: [&str; 14] = [
    "exp",
    "nbf",
    "iss",
    "aud",
    "azp",
    "client_id",
    "tid",
    "scope",
    "scp",
    "roles",
    "token_use",
    "token_type",
    "typ",
    "alg",
];
const LAST: [&str; 3] = ["jti", "iat", "auth_time"];

/// The claims that differ; empty unless both sides are one readable JWT.
pub(super) fn differing(difference: &Difference, masker: &mut Masker) -> Vec<ClaimDiff> {
    if difference.kind != Kind::Changed {
        return Vec::new();
    }
    let (Some(good), Some(failing)) = (token(&difference.good), token(&difference.failing)) else {
        return Vec::new();
    };
    let (theirs, ours) = (claims(&good, masker), claims(&failing, masker));
    let mut names: Vec<&String> = theirs.iter().chain(&ours).map(|(name, _)| name).collect();
    let mut seen = Vec::new();
    names.retain(|name| {
        !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    names.sort_by_key(|name| place_of(name));
    let of = |claims: &[(String, Text)], name: &str| {
        let found = claims.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone())
    };
    names
        .into_iter()
        .map(|name| ClaimDiff {
            name: Text::own(name.as_str()),
            good: of(&theirs, name),
            failing: of(&ours, name),
            times: (point(&good, name), point(&failing, name)),
        })
        .filter(|claim| claim.good != claim.failing)
        .collect()
}

fn token(values: &[Vec<u8>]) -> Option<Jwt> {
    match values {
        [one] => jwt::decode(&normalise(one)),
        _ => None,
    }
}

/// Header members and claims with their masked values.
fn claims(token: &Jwt, masker: &mut Masker) -> Vec<(String, Text)> {
    let claims = masker.claims(token).into_iter();
    claims.map(|(name, value)| (name, value.into())).collect()
}

fn place_of(name: &str) -> usize {
    let first = FIRST.iter().position(|other| *other == name);
    let last = LAST.iter().position(|other| *other == name);
    match (first, last) {
        (Some(at), _) => at,
        (None, Some(at)) => FIRST.len() + 1 + at,
        (None, None) => FIRST.len(),
    }
}

/// A `NumericDate` (RFC 7519 section 2): seconds since the epoch, fractions allowed.
fn point(token: &Jwt, name: &str) -> Option<Timestamp> {
    let secs = TIMES
        .contains(&name)
        .then(|| token.number(name))
        .flatten()?;
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
