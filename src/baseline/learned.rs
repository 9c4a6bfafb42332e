//! Choosing among the requests that were seen to pass.

use std::cmp::Reverse;

use super::choose::chosen;
use super::route;
use super::shelf::Shelf;
use super::varying::varying;
use crate::auth::credentials::carriers;
use crate::model::{ChosenBaseline, Exchange, Learned, Match, Origin, Place, Request, Timestamp};

/// Chooses the baseline for a failing exchange among those that the user named and those that were
/// learned; `pinned` as in [`Shelf::choose`], and then none is learned.
///
/// What varies among the learned requests of the route is told with it, whichever was chosen.
pub fn choose_among(
    failing: &Exchange,
    named: &Shelf,
    learned: &[Learned],
    pinned: Option<&str>,
    now: Timestamp,
) -> Option<ChosenBaseline> {
    let by_name = named.choose(&failing.request, pinned, now);
    let best = best_learned(failing, learned);
    let siblings = best.map(|(_, best)| siblings(best, learned));
    let found = best.filter(|_| pinned.is_none());
    let mut best = match (by_name, found) {
        (Some(named), Some((found, best))) if found < named.found => {
            chosen(found, best.baseline(), now)
        }
        (None, Some((found, best))) => chosen(found, best.baseline(), now),
        (Some(named), _) => named,
        (None, None) => return None,
    };
    best.varying = varying(failing, &siblings.unwrap_or_default());
    Some(best)
}

/// The best kind of match, there one with a credential, there the newest.
fn best_learned<'a>(failing: &Exchange, learned: &'a [Learned]) -> Option<(Match, &'a Learned)> {
    let places: Vec<Place> = places(&failing.request);
    let best = learned
        .iter()
        .filter_map(|one| Some((learned_match(failing, one, learned, &places)?, one)))
        .map(|(found, one)| {
            let key = (found, carriers(&one.request).is_empty(), Reverse(one.at));
            (key, one)
        })
        .min_by_key(|(key, _)| *key)?;
    let ((found, ..), one) = best;
    Some((found, one))
}

/// Another port is another server, most of all on this machine, but for the usual ones of http and https.
fn is_same_server(one: &Origin, other: &Origin) -> bool {
    let is_usual = |origin: &Origin| origin.port == origin.scheme.default_port();
    one.host == other.host && (one.port == other.port || (is_usual(one) && is_usual(other)))
}

fn learned_match(
    failing: &Exchange,
    one: &Learned,
    learned: &[Learned],
    places: &[Place],
) -> Option<Match> {
    let (request, good) = (&failing.request, &one.request);
    let same_route = route::same(&request.url.path, &good.url.path);
    if same_route && request.url.origin == good.url.origin && request.method == good.method {
        let same_client = failing.client_key().as_ref() == Some(&one.client);
        return Some(if same_client {
            Match::LearnedSameClient
        } else {
            Match::LearnedOtherClient
        });
    }
    if !is_same_server(&request.url.origin, &good.url.origin) {
        return None;
    }
    if differs_where_it_varies(request, good, learned) {
        return Some(Match::LearnedOtherSegment);
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

/// Whether the path differs from that of one that passed in a single segment, which names a thing of a
/// collection: it looks like that, or two passed that differ only there.
fn differs_where_it_varies(request: &Request, good: &Request, learned: &[Learned]) -> bool {
    let is_like =
        |other: &Request| other.method == good.method && other.url.origin == good.url.origin;
    let path = &good.url.path;
    let Some(at) = route::only_difference(&request.url.path, path) else {
        return false;
    };
    is_like(request)
        && route::is_in_collection(path, at)
        && (route::is_variable_at(path, at)
            || learned.iter().map(|other| &other.request).any(|other| {
                is_like(other) && route::only_difference(&other.url.path, path) == Some(at)
            }))
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

#[cfg(test)]
mod tests {

    use super::super::sample::{NOW, failing, learned, request};
    use super::*;
    use crate::cost::CpuTime;
    use crate::model::{Baseline, BaselineSource};

    const TOKEN: (&str, &str) = ("Authorization", "Bearer abcdefghijklmnop1");
    const APP: (&str, &str) = ("User-Agent", "app/1");
    const URL: &str = "https://api.acme.test/v1/users/7";

    fn named(url: &str) -> Baseline {
        Baseline {
            name: "named".into(),
            source: BaselineSource::Curl,
            added: NOW,
            request: request("GET", url, &[TOKEN]),
            unresolved: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// How the best was found, and its name.
    fn best(named: &[Baseline], learned: &[Learned]) -> Option<(Match, String)> {
        let failing = failing(request("GET", URL, &[APP, TOKEN]));
        let chosen = choose_among(&failing, &Shelf::new(named.to_vec()), learned, None, NOW)?;
        Some((chosen.found, chosen.baseline.name))
    }

    #[test]
    fn the_best_kind_of_match_wins_whatever_its_age() {
        let url = "https://api.acme.test/v1/users/8";
        let mut all = vec![
            learned(1, request("GET", "https://api.acme.test/health", &[TOKEN])),
            learned(2, request("PUT", url, &[APP, TOKEN])),
            learned(3, request("GET", url, &[("User-Agent", "other"), TOKEN])),
            learned(9000, request("GET", url, &[APP, TOKEN])),
            learned(
                4,
                request("GET", "https://other.test/v1/users/8", &[APP, TOKEN]),
            ),
            learned(5, request("GET", "http://api.acme.test/v1/users/8", &[APP])),
        ];
        all.rotate_right(2);
        for (found, name) in [
            (Match::LearnedSameClient, "learned-9000"),
            (Match::LearnedOtherClient, "learned-3"),
            (Match::OtherMethod, "learned-2"),
            (Match::SameHost, "learned-1"),
        ] {
            assert_eq!(best(&[], &all), Some((found, name.to_owned())));
            all.retain(|one| one.name() != name);
        }
        assert_eq!(best(&[], &all), None, "another host, no credential");
    }

    #[test]
    fn a_named_one_of_the_route_wins_and_one_of_another_route_does_not() {
        let all = [learned(
            1,
            request("GET", URL, &[("User-Agent", "other"), TOKEN]),
        )];
        for (url, found) in [
            (URL, Match::SameOrigin),
            ("https://staging.acme.test/v1/users/8", Match::OtherOrigin),
            ("https://api.acme.test/users/8", Match::OtherPrefix),
            ("https://api.acme.test/health", Match::LearnedOtherClient),
        ] {
            assert_eq!(best(&[named(url)], &all).unwrap().0, found, "{url}");
        }
        let failing = failing(request("GET", URL, &[]));
        let pinned = choose_among(
            &failing,
            &vec![named("https://a.test/")].into(),
            &all,
            Some("named"),
            NOW,
        );
        assert_eq!(pinned.unwrap().found, Match::Named);
        assert!(choose_among(&failing, &Shelf::default(), &all, Some("no"), NOW).is_none());
    }

    #[test]
    fn another_port_is_another_server() {
        let found = |failing_url: &str, passed: &str| {
            let failing = failing(request("GET", failing_url, &[TOKEN]));
            let all = [learned(1, request("GET", passed, &[TOKEN]))];
            let chosen = choose_among(&failing, &Shelf::default(), &all, None, NOW);
            chosen.map(|chosen| chosen.found)
        };
        let near = Some(Match::SameHost);
        assert_eq!(found("http://localhost:1/a", "http://localhost:1/b"), near);
        assert_eq!(found("http://localhost:1/a", "http://localhost:2/b"), None);
        assert_eq!(found("http://a.test/a", "https://a.test/b"), near);
    }

    #[test]
    fn traffic_tells_which_part_of_a_path_varies() {
        let found = |failing_path: &str, passed: &[&str]| {
            let url = |path: &str| format!("https://api.acme.test{path}");
            let passed = (1..).zip(passed);
            let all: Vec<_> = passed
                .map(|(secs, path)| learned(secs, request("GET", &url(path), &[TOKEN])))
                .collect();
            let failing = failing(request("GET", &url(failing_path), &[TOKEN]));
            let chosen = choose_among(&failing, &Shelf::default(), &all, None, NOW)?;
            Some((chosen.found, chosen.baseline.name))
        };
        let varies = |name: &str| Some((Match::LearnedOtherSegment, name.to_owned()));
        let near = |name: &str| Some((Match::SameHost, name.to_owned()));
        let two = ["/health", "/users/ann/posts", "/users/bob/posts"];
        assert_eq!(found("/users/eve/posts", &two), varies("learned-2"));
        assert_eq!(found("/users/eve/likes", &two), near("learned-1"));
        assert_eq!(found("/users/eve/posts", &two[..2]), near("learned-1"));
        assert_eq!(found("/users/eve", &["/users/7"]), varies("learned-1"));
        // Collections beside each other vary in the same way, and are other routes.
        let collections = ["/api/v1/users", "/api/v1/orders"];
        assert_eq!(found("/api/v1/files", &collections), near("learned-1"));
    }

    #[test]
    fn one_with_a_credential_wins_over_newer_ones_without() {
        let all = [
            learned(1, request("GET", URL, &[APP])),
            learned(2, request("GET", URL, &[APP, TOKEN])),
            learned(3, request("GET", URL, &[APP, TOKEN])),
        ];
        assert_eq!(best(&[], &all).unwrap().1, "learned-2");
        let failing = failing(request("GET", URL, &[APP]));
        let chosen = choose_among(&failing, &Shelf::default(), &all[..1], None, NOW).unwrap();
        assert_eq!(chosen.distrust.len(), 1, "it carries none: said");
    }

    #[test]
    fn what_varies_is_told_with_a_named_baseline_too() {
        let with = |id| request("GET", URL, &[APP, TOKEN, ("X-Trace", id)]);
        let all = [learned(1, with("a")), learned(2, with("b"))];
        let failing = failing(with("c"));
        let chosen = choose_among(&failing, &vec![named(URL)].into(), &all, None, NOW).unwrap();
        assert_eq!(chosen.found, Match::SameOrigin);
        let [varying] = &chosen.varying[..] else {
            panic!("{:?}", chosen.varying);
        };
        assert_eq!(varying.place, Place::Header("x-trace".into()));
    }

    #[test]
    fn thousands_of_candidates_are_no_burden() {
        let all: Vec<Learned> = (0..5000)
            .map(|n| {
                learned(
                    n,
                    request("GET", &format!("https://api.acme.test/x{n}y"), &[TOKEN]),
                )
            })
            .collect();
        let start = CpuTime::now();
        assert_eq!(
            best(&[], &all).unwrap(),
            (Match::SameHost, "learned-0".into())
        );
        assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
    }
}
