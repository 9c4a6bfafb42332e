//! Query parameters, by name: their order and the way they are encoded are no difference.

use super::align::{Entry, Item, Pair, by_name};
use super::compare::{compare, holds_variable};
use super::credential;
use super::difference::{Difference, Kind, Where, weight};
use super::noise::{is_api_version, is_tenant};
use crate::auth::names::{is_credential_parameter, is_secret_parameter};
use crate::auth::percent::percent_decode;
use crate::model::{Place, Request};

/// Parameters that keep caches and counters apart.
const COUNTERS: &[&str] = &[
    "_",
    "cachebuster",
    "cb",
    "fbclid",
    "gclid",
    "nocache",
    "t",
    "timestamp",
    "ts",
];

/// Parameters of signed URLs that differ by design.
const SIGNED: &[&str] = &[
    "expires",
    "nonce",
    "oauth_nonce",
    "oauth_signature",
    "oauth_timestamp",
    "policy",
    "se",
    "sig",
    "signature",
    "x-amz-date",
    "x-amz-signature",
    "x-goog-date",
    "x-goog-signature",
];

/// Compares the parameters.
pub(super) fn differences(pair: &Pair<'_>) -> Vec<Difference> {
    let aligned = by_name(parameters(pair.good), parameters(pair.failing));
    aligned
        .into_iter()
        .map(|entry| parameter(pair, entry))
        .collect()
}

fn parameter(pair: &Pair<'_>, entry: Entry<Vec<u8>>) -> Difference {
    let Entry { good, failing, .. } = entry;
    let decode = |values: &[Vec<u8>]| values.iter().map(|v| form_decode(v)).collect::<Vec<_>>();
    let (good_text, failing_text) = (decode(&good), decode(&failing));
    let outcome = compare(&good_text, &failing_text, pair.variables);
    let text = String::from_utf8_lossy(&entry.name).into_owned();
    let value = failing_text.first().or(good_text.first());
    let value = value.map(Vec::as_slice).unwrap_or_default();
    let lower = text.to_ascii_lowercase();
    let carries = is_credential_parameter(&text, value);
    let mut difference = Difference {
        place: Where::Query,
        kind: outcome.kind,
        noise: noise(&lower, outcome.kind),
        unresolved: outcome.unresolved
            || holds_variable(&entry.name, pair.variables.good)
            || holds_variable(&entry.name, pair.variables.failing),
        weight: weigh(&lower, carries, value, outcome.kind),
        note: None,
        good,
        failing,
        name: text,
    };
    difference.note = note(pair, &difference, carries);
    difference
}

fn note(pair: &Pair<'_>, difference: &Difference, carries: bool) -> Option<String> {
    let raw = |values: &[Vec<u8>]| values.iter().map(|v| percent_decode(v)).collect::<Vec<_>>();
    match difference.kind {
        Kind::Same if difference.unresolved => Some(credential::UNRESOLVED.to_owned()),
        Kind::Same if difference.good != difference.failing => {
            Some("percent-encoded another way".to_owned())
        }
        Kind::Changed if raw(&difference.good) == raw(&difference.failing) => {
            Some("equal but for percent-encoding: a + stands for a space in a query".to_owned())
        }
        _ if carries => {
            let place = Place::Query(difference.name.clone());
            credential::note(pair, &place, difference.kind)
        }
        Kind::Missing | Kind::Extra | Kind::Changed | Kind::Same => None,
    }
}

fn noise(name: &str, kind: Kind) -> Option<&'static str> {
    if COUNTERS.contains(&name) || name.starts_with("utm_") {
        Some("counts visits or keeps caches apart")
    } else if kind == Kind::Changed && SIGNED.contains(&name) {
        Some("signatures and their times differ on every request by design")
    } else {
        None
    }
}

fn weigh(name: &str, carries: bool, value: &[u8], kind: Kind) -> u8 {
    if carries || is_secret_parameter(name, value) {
        weight::CREDENTIAL
    } else if is_tenant(name) {
        weight::TENANT
    } else if is_api_version(name) {
        weight::API_VERSION
    } else if kind == Kind::Missing {
        weight::UNKNOWN_MISSING
    } else {
        weight::UNKNOWN
    }
}

/// The parameters, names decoded and values as sent.
fn parameters(request: &Request) -> Vec<Item<Vec<u8>>> {
    let item = |(name, value): (&[u8], Option<&[u8]>)| {
        let name = form_decode(name);
        (name.clone(), name, value.unwrap_or_default().to_vec())
    };
    request.url.query_pairs().into_iter().map(item).collect()
}

/// `+` is a space, then percent-decoded once.
pub(super) fn form_decode(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced)
}
