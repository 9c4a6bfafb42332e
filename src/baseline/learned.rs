//! Choosing among the requests that were seen to pass.

use std::cmp::Reverse;

use super::choose::{choose, reasons_for_distrust};
use super::route;
use super::varying::varying;
use crate::auth::credentials::carriers;
use crate::model::{Baseline, ChosenBaseline, Exchange, Learned, Match, Place, Request, Timestamp};

/// Chooses the baseline for a failing exchange among those that the user named and those that were
/// learned; `pinned` as in [`choose`], and then none is learned.
///
/// What varies among the learned requests of the route is told with it, whichever was chosen.
pub fn choose_among(
    failing: &Exchange,
    named: &[Baseline],
    learned: &[Learned],
    pinned: Option<&str>,
    now: Timestamp,
) -> Option<ChosenBaseline> {
    let by_name = choose(&failing.request, named, pinned, now);
    let best = best_learned(failing, learned);
    let siblings = best.map(|(_, best)| siblings(best, learned));
    let found = best.filter(|_| pinned.is_none());
    let mut chosen = match (by_name, found) {
        (Some(chosen), Some((found, best))) if found < chosen.found => as_chosen(found, best, now),
        (None, Some((found, best))) => as_chosen(found, best, now),
        (Some(chosen), _) => chosen,
        (None, None) => return None,
    };
    chosen.varying = varying(failing, &siblings.unwrap_or_default());
    Some(chosen)
}

fn as_chosen(found: Match, best: &Learned, now: Timestamp) -> ChosenBaseline {
    ChosenBaseline {
        baseline: best.baseline(),
        found,
        distrust: reasons_for_distrust(&best.request, now),
        varying: Vec::new(),
    }
}

/// The best kind of match, there one with a credential, there the newest.
fn best_learned<'a>(failing: &Exchange, learned: &'a [Learned]) -> Option<(Match, &'a Learned)> {
    let places: Vec<Place> = places(&failing.request);
    let best = learned
        .iter()
        .filter_map(|one| Some((learned_match(failing, one, &places)?, one)))
        .map(|(found, one)| {
            let key = (found, carriers(&one.request).is_empty(), Reverse(one.at));
            (key, one)
        })
        .min_by_key(|(key, _)| *key)?;
    let ((found, ..), one) = best;
    Some((found, one))
}

fn learned_match(failing: &Exchange, learned: &Learned, places: &[Place]) -> Option<Match> {
    let (request, good) = (&failing.request, &learned.request);
    let same_route = route::same(&request.url.path, &good.url.path);
    if same_route && request.url.origin == good.url.origin && request.method == good.method {
        let same_client = failing.client_key().as_ref() == Some(&learned.client);
        return Some(if same_client {
            Match::LearnedSameClient
        } else {
            Match::LearnedOtherClient
        });
    }
    if request.url.origin.host != good.url.origin.host {
        return None;
    }
    if same_route && request.method != good.method {
        return Some(Match::OtherMethod);
    }
    let in_place = |carrier: &Place| places.contains(carrier);
    self::places(good)
        .iter()
        .any(in_place)
        .then_some(Match::SameHost)
}

/// The newest requests of the same route and client, itself among them, that carry a credential if
/// it does; newest first.
fn siblings<'a>(best: &Learned, learned: &'a [Learned]) -> Vec<&'a Learned> {
    let carries = |one: &Learned| !carriers(&one.request).is_empty();
    let best_carries = carries(best);
    let mut siblings: Vec<&Learned> = learned
        .iter()
        .filter(|one| {
            one.client == best.client
                && one.request.method == best.request.method
                && one.request.url.origin == best.request.url.origin
                && route::same(&one.request.url.path, &best.request.url.path)
                && carries(one) == best_carries
        })
        .collect();
    siblings.sort_by_key(|one| Reverse(one.at));
    siblings.truncate(Learned::NEWEST.into());
    siblings
}

fn places(request: &Request) -> Vec<Place> {
    carriers(request)
        .into_iter()
        .map(|carrier| carrier.place)
        .collect()
}
