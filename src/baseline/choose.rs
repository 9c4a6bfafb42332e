//! The order in which known-good requests are considered.

use std::cmp::Reverse;

use super::route;
use crate::auth::credentials::carriers;
use crate::auth::jwt;
use crate::model::{Baseline, ChosenBaseline, Match, Place, Request, Timestamp};

/// Chooses the baseline for a request; `pinned` names one that the user asked for.
///
/// The best kind of match wins, see [`Match`]; among equals one of the same origin, then the newest. A
/// pinned name that does not exist yields nothing: another one would be a different question.
pub fn choose(
    request: &Request,
    candidates: &[Baseline],
    pinned: Option<&str>,
    now: Timestamp,
) -> Option<ChosenBaseline> {
    let (found, baseline) = match pinned {
        Some(name) => (Match::Named, newest(candidates, |b| b.name == name)?),
        None => by_route(request, candidates).or_else(|| by_place(request, candidates))?,
    };
    Some(ChosenBaseline {
        baseline: baseline.clone(),
        found,
        distrust: reasons_for_distrust(&baseline.request, now),
    })
}

/// How a baseline was found, for people.
pub fn in_words(found: Match) -> &'static str {
    match found {
        Match::Named => "named by you",
        Match::SameOrigin => "same route",
        Match::OtherOrigin => "same route on another host, port or scheme",
        Match::OtherPrefix => "same route but for a leading part of the path",
        Match::OtherMethod => "same route with another method",
        Match::SameHost => "another route of the same host",
    }
}

fn newest(candidates: &[Baseline], fits: impl Fn(&Baseline) -> bool) -> Option<&Baseline> {
    candidates
        .iter()
        .filter(|candidate| fits(candidate))
        .max_by_key(|candidate| candidate.added)
}

fn by_route<'a>(request: &Request, candidates: &'a [Baseline]) -> Option<(Match, &'a Baseline)> {
    candidates
        .iter()
        .filter_map(|candidate| Some((route_match(request, &candidate.request)?, candidate)))
        .min_by_key(|(found, candidate)| {
            let elsewhere = candidate.request.url.origin != request.url.origin;
            (*found, elsewhere, Reverse(candidate.added))
        })
}

fn route_match(request: &Request, good: &Request) -> Option<Match> {
    let same_origin = request.url.origin == good.url.origin;
    let same_host = request.url.origin.host == good.url.origin.host;
    let (path, good_path) = (&request.url.path, &good.url.path);
    let same_route = route::same(path, good_path);
    if request.method != good.method {
        return (same_route && same_host).then_some(Match::OtherMethod);
    }
    if same_route {
        // `/` or `/42` on two hosts says nothing of a common API.
        return if same_origin {
            Some(Match::SameOrigin)
        } else {
            (same_host || route::has_fixed_segment(path)).then_some(Match::OtherOrigin)
        };
    }
    route::same_but_prefix(path, good_path).then_some(Match::OtherPrefix)
}

/// The last resort: another route of that host, where the credential stands in the same place.
fn by_place<'a>(request: &Request, candidates: &'a [Baseline]) -> Option<(Match, &'a Baseline)> {
    let places = places(request);
    if places.is_empty() {
        return None;
    }
    let found = newest(candidates, |candidate| {
        candidate.request.url.origin.host == request.url.origin.host
            && carriers(&candidate.request)
                .iter()
                .any(|carrier| places.contains(&carrier.place))
    })?;
    Some((Match::SameHost, found))
}

fn places(request: &Request) -> Vec<Place> {
    carriers(request)
        .into_iter()
        .map(|carrier| carrier.place)
        .collect()
}

fn reasons_for_distrust(request: &Request, now: Timestamp) -> Vec<String> {
    let mut reasons = Vec::new();
    let carriers = carriers(request);
    if carriers.is_empty() {
        reasons.push(
            "it carries no credential at all: a public route, or a copy that left them out".into(),
        );
    }
    let expired = carriers.iter().any(|carrier| {
        jwt::decode(&carrier.normalised)
            .and_then(|token| token.number("exp"))
            .is_some_and(|exp| exp < MILLISECONDS && exp <= seconds(now))
    });
    if expired {
        reasons.push("its own token has expired: it would fail now, too".into());
    }
    if request.method == "OPTIONS" && request.fields.contains("access-control-request-method") {
        reasons.push("it is a CORS preflight, which never carries credentials".into());
    }
    reasons
}

/// An `exp` beyond this counts milliseconds by mistake; it tells nothing about expiry.
const MILLISECONDS: f64 = 1e11;

fn seconds(at: Timestamp) -> f64 {
    at.secs() as f64
}
