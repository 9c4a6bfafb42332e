//! Puts the parts of two requests side by side, and orders what was found.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::compare::Variables;
use super::credential::Carriers;
use super::difference::{Difference, Kind, Where};
use super::{body, cookies, fields, noise, query, url};
use crate::model::{Baseline, Request, Varying};

/// Two requests side by side, and what all comparisons need.
pub(super) struct Pair<'a> {
    /// The known-good request.
    pub(super) good: &'a Request,
    /// The failing request.
    pub(super) failing: &'a Request,
    /// The variables that were not resolved.
    pub(super) variables: Variables<'a>,
    /// The credentials of the known-good request.
    pub(super) good_carriers: Carriers,
    /// The credentials of the failing request.
    pub(super) failing_carriers: Carriers,
    /// Whether this is where one logs in or gets tokens.
    pub(super) token_endpoint: bool,
}

/// Compares a failing request with a known-good one; the weightiest first, equal parts last.
/// `unresolved` are the variables of the failing one that nothing resolved, `varying` is what differs
/// between good requests, too.
pub fn diff(
    good: &Baseline,
    failing: &Request,
    unresolved: &[String],
    varying: &[Varying],
) -> Vec<Difference> {
    let pair = Pair {
        good: &good.request,
        failing,
        variables: Variables {
            good: &good.unresolved,
            failing: unresolved,
        },
        good_carriers: Carriers::of(&good.request),
        failing_carriers: Carriers::of(failing),
        token_endpoint: body::is_token_endpoint(&good.request) || body::is_token_endpoint(failing),
    };
    let mut all = url::differences(&pair);
    all.push(url::method(&pair));
    all.extend(query::differences(&pair));
    all.extend(fields::differences(&pair));
    all.extend(cookies::differences(&pair));
    all.extend(body::difference(&pair));
    noise::fold(&mut all, varying);
    for difference in &mut all {
        if difference.kind == Kind::Same {
            difference.noise = None;
        }
        if difference.kind == Kind::Same || difference.noise.is_some() {
            difference.weight = 0;
        }
    }
    all.sort_by_key(rank);
    all
}

/// What may matter first, by weight; then noise; then what is equal. Otherwise as compared.
fn rank(difference: &Difference) -> (u8, Reverse<u8>, u8, u8) {
    let group = match (difference.kind, difference.noise) {
        (Kind::Same, _) => 2,
        (_, Some(_)) => 1,
        (_, None) => 0,
    };
    let kind = match difference.kind {
        Kind::Missing => 0,
        Kind::Changed => 1,
        Kind::Extra => 2,
        Kind::Same => 3,
    };
    let place = match difference.place {
        Where::Header => 0,
        Where::Cookie => 1,
        Where::Query => 2,
        Where::Url => 3,
        Where::Method => 4,
        Where::Body => 5,
    };
    (group, Reverse(difference.weight), kind, place)
}

/// One name in both requests.
pub(super) struct Entry<T> {
    /// What makes spellings one name.
    pub(super) key: Vec<u8>,
    /// The name; in the failing request's spelling if it has it.
    pub(super) name: Vec<u8>,
    /// What the known-good request has of it, in order.
    pub(super) good: Vec<T>,
    /// What the failing request has of it, in order.
    pub(super) failing: Vec<T>,
}

/// An item of one request: its key, its name and what is compared.
pub(super) type Item<T> = (Vec<u8>, Vec<u8>, T);

/// Puts the items of two requests side by side by their keys, in the failing request's order;
/// then what only the known-good one has.
pub(super) fn by_name<T>(
    good: impl IntoIterator<Item = Item<T>>,
    failing: impl IntoIterator<Item = Item<T>>,
) -> Vec<Entry<T>> {
    let mut entries: Vec<Entry<T>> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut place = |entries: &mut Vec<Entry<T>>, key: Vec<u8>, name| {
        *places.entry(key.clone()).or_insert_with(|| {
            entries.push(Entry {
                key,
                name,
                good: Vec::new(),
                failing: Vec::new(),
            });
            entries.len() - 1
        })
    };
    for (key, name, item) in failing {
        let at = place(&mut entries, key, name);
        if let Some(entry) = entries.get_mut(at) {
            entry.failing.push(item);
        }
    }
    for (key, name, item) in good {
        let at = place(&mut entries, key, name);
        if let Some(entry) = entries.get_mut(at) {
            entry.good.push(item);
        }
    }
    entries
}
