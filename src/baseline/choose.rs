//! The order in which known-good requests are considered.

use std::cmp::Reverse;

use super::route;
use crate::auth::credentials::carriers;
use crate::auth::jwt;
use crate::model::{Baseline, ChosenBaseline, Match, Request, Timestamp};

/// How a baseline was found, and which.
pub(super) type Found<'a> = (Match, &'a Baseline);

/// That one, with the reasons to trust it less.
pub(super) fn chosen(found: Match, baseline: Baseline, now: Timestamp) -> ChosenBaseline {
    ChosenBaseline {
        found,
        distrust: reasons_for_distrust(&baseline.request, now),
        baseline,
        varying: Vec::new(),
    }
}

/// The one whose route fits best; among equals one of the same origin, then one with credentials, then
/// the newest.
pub(super) fn best_of<'a>(
    request: &Request,
    candidates: impl Iterator<Item = &'a Baseline>,
) -> Option<Found<'a>> {
    candidates
        .filter_map(|candidate| Some((route_match(request, candidate)?, candidate)))
        .min_by_key(|(found, candidate)| {
            let elsewhere = candidate.request.url.origin != request.url.origin;
            let worth = (has_credentials(candidate), candidate.added);
            (*found, elsewhere, Reverse(worth))
        })
}

/// Without any it is of a public route, or a copy that left them out.
pub(super) fn has_credentials(candidate: &Baseline) -> bool {
    !carriers(&candidate.request).is_empty()
}

fn route_match(request: &Request, candidate: &Baseline) -> Option<Match> {
    let good = &candidate.request;
    // `/` or `/42` says nothing, so it takes a host that is known.
    let any_host = has_unknown_host(candidate) && route::has_fixed_segment(&request.url.path);
    let same_origin = any_host || request.url.origin == good.url.origin;
    let same_host = any_host || request.url.origin.host == good.url.origin.host;
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

/// Whether the host is a variable that nothing resolved: it stands for any host.
pub(super) fn has_unknown_host(candidate: &Baseline) -> bool {
    let host = &candidate.request.url.origin.host;
    let mut variables = candidate.unresolved.iter();
    variables.any(|variable| !variable.is_empty() && host.contains(variable.as_str()))
}

pub(super) fn reasons_for_distrust(request: &Request, now: Timestamp) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::shelf::Shelf;
    use super::*;
    use crate::model::{
        BaselineSource, Content, FieldLine, FieldSection, HttpVersion, Provenance, Url,
    };

    const NOW: Timestamp = Timestamp::from_secs(1_768_478_400);
    const TOKEN: (&str, &str) = ("Authorization", "Bearer abcdefghijklmnop1");

    fn request(method: &str, url: &str, field: Option<(&str, &str)>) -> Request {
        let url = Url::parse(url.as_bytes()).unwrap();
        let lines = field.map(|(name, value)| FieldLine::new(name, value));
        Request {
            method: method.into(),
            target: url.path_and_query(),
            url,
            version: HttpVersion::Http11,
            pseudo: FieldSection::default(),
            fields: FieldSection::from_lines(lines.into_iter().collect(), Provenance::Wire),
            content: Content::default(),
            trailers: FieldSection::default(),
        }
    }

    fn good(name: &str, hours_ago: u64, request: Request) -> Baseline {
        Baseline {
            name: name.into(),
            source: BaselineSource::Curl,
            added: NOW.minus(Duration::from_secs(hours_ago * 3600)),
            request,
            unresolved: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn get(name: &str, url: &str) -> Baseline {
        good(name, 1, request("GET", url, Some(TOKEN)))
    }

    fn choose(
        failing: &Request,
        candidates: &[Baseline],
        pinned: Option<&str>,
        now: Timestamp,
    ) -> Option<ChosenBaseline> {
        Shelf::new(candidates.to_vec()).choose(failing, pinned, now)
    }

    fn chosen(failing: &Request, candidates: &[Baseline]) -> Option<(Match, String)> {
        let chosen = choose(failing, candidates, None, NOW)?;
        Some((chosen.found, chosen.baseline.name))
    }

    #[test]
    fn a_host_that_is_not_resolved_stands_for_any() {
        let open = |url: &str| {
            let mut baseline = get("open", "https://x.test/");
            let target = Url::parse(url.as_bytes()).unwrap();
            baseline.request.url = target;
            baseline.request.url.origin.host = "{{baseUrl}}".into();
            baseline.unresolved = vec!["{{baseUrl}}".into()];
            baseline
        };
        let failing = request("GET", "https://api.acme.test/v1/users", Some(TOKEN));
        let found = |baseline| chosen(&failing, &[baseline]).map(|chosen| chosen.0);
        assert_eq!(found(open("http://x/v1/users")), Some(Match::SameOrigin));
        assert_eq!(found(open("http://x/users")), Some(Match::OtherPrefix));
        assert_eq!(found(open("http://x/orders")), Some(Match::SameHost));
        let exact = get("exact", "https://api.acme.test/v1/users");
        let both = [open("http://x/v1/users"), exact];
        assert_eq!(chosen(&failing, &both).unwrap().1, "exact");
        let root = request("GET", "https://api.acme.test/", None);
        assert_eq!(chosen(&root, &[open("http://x/")]), None);
    }

    #[test]
    fn one_with_credentials_goes_before_a_newer_one_without() {
        let url = "https://api.acme.test/v1/users";
        let failing = request("GET", url, Some(TOKEN));
        let with = good("with", 2, request("GET", url, Some(TOKEN)));
        let without = good("without", 1, request("GET", url, None));
        let elsewhere = get("elsewhere", "https://b.test/v1/users");
        let all = [without.clone(), with, elsewhere.clone()];
        assert_eq!(chosen(&failing, &all).unwrap().1, "with");
        assert_eq!(
            chosen(&failing, &[without, elsewhere]).unwrap().1,
            "without"
        );
    }

    #[test]
    fn the_best_kind_of_match_wins_whatever_its_age() {
        let failing = request("GET", "https://api.acme.test/v1/users/7", Some(TOKEN));
        let mut candidates = vec![
            get("same-host", "https://api.acme.test/health"),
            good(
                "other-method",
                0,
                request("PUT", "https://api.acme.test/v1/users/7", Some(TOKEN)),
            ),
            get("other-prefix", "https://api.acme.test/users/8"),
            get("other-origin", "https://staging.acme.test/v1/users/8"),
            good(
                "same-origin",
                900,
                request("GET", "https://api.acme.test/v1/users/8", Some(TOKEN)),
            ),
        ];
        for expected in [
            (Match::SameOrigin, "same-origin"),
            (Match::OtherOrigin, "other-origin"),
            (Match::OtherPrefix, "other-prefix"),
            (Match::OtherMethod, "other-method"),
            (Match::SameHost, "same-host"),
        ] {
            let (found, name) = chosen(&failing, &candidates).unwrap();
            assert_eq!((found, name.as_str()), expected);
            candidates.pop();
        }
        assert_eq!(chosen(&failing, &[]), None);
    }

    #[test]
    fn among_equals_the_newest_wins() {
        let url = "https://api.acme.test/v1/users/7";
        let candidates = [3, 1, 2]
            .map(|hours| good(&format!("{hours}"), hours, request("GET", url, Some(TOKEN))));
        let failing = request("GET", url, None);
        assert_eq!(chosen(&failing, &candidates).unwrap().1, "1");
    }

    #[test]
    fn a_pin_wins_over_any_route_and_a_wrong_one_over_none() {
        let failing = request("GET", "https://api.acme.test/a", None);
        let candidates = [
            get("right", "https://api.acme.test/a"),
            get("pinned", "https://other.test/b"),
        ];
        let pinned = choose(&failing, &candidates, Some("pinned"), NOW).unwrap();
        assert_eq!(
            (pinned.found, pinned.baseline.name.as_str()),
            (Match::Named, "pinned")
        );
        assert!(choose(&failing, &candidates, Some("pined"), NOW).is_none());
    }

    #[test]
    fn a_route_without_a_fixed_part_says_nothing_on_another_host() {
        let failing = request("GET", "https://api.acme.test/", Some(TOKEN));
        assert_eq!(
            chosen(&failing, &[get("root", "https://other.test/")]),
            None
        );
        let other_port = [get("root", "https://api.acme.test:8443/")];
        assert_eq!(chosen(&failing, &other_port).unwrap().0, Match::OtherOrigin);
    }

    #[test]
    fn another_route_of_the_host_needs_its_credential_in_the_same_place() {
        let candidates = [get("bearer", "https://api.acme.test/health")];
        for (field, expected) in [
            (Some(("Authorization", "Bearer undefined")), true),
            (Some(("X-Api-Key", "abcdefghijklmnop1")), false),
            (None, false),
        ] {
            let failing = request("GET", "https://api.acme.test/v1/users", field);
            assert_eq!(chosen(&failing, &candidates).is_some(), expected);
        }
    }

    #[test]
    pub(super) fn reasons_for_distrust_are_said() {
        // {"exp":1000000000}
        let expired = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDB9.BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
        let url = "https://api.acme.test/a";
        let failing = request("GET", url, None);
        for (field, reason) in [
            (Some(("Authorization", expired)), Some("expired")),
            (None, Some("no credential")),
            (Some(TOKEN), None),
        ] {
            let candidate = good("g", 1, request("GET", url, field));
            let distrust = choose(&failing, &[candidate], None, NOW).unwrap().distrust;
            assert_eq!(distrust.len(), usize::from(reason.is_some()));
            assert!(distrust.iter().all(|words| words.contains(reason.unwrap())));
        }
    }
}
