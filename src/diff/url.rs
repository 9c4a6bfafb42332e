//! The parts of the URL, and the method.

use super::align::Pair;
use super::compare::{compare, holds_variable};
use super::difference::{Difference, Kind, Where, weight};
use crate::auth::percent::percent_decode;
use crate::model::{Request, Url};

/// Compares scheme, host, port, path and userinfo.
pub(super) fn differences(pair: &Pair<'_>) -> Vec<Difference> {
    let (good, failing) = (&pair.good.url, &pair.failing.url);
    let mut all = vec![
        origin(pair, "scheme", |url| url.origin.scheme.as_str().into()),
        host(pair),
        port(pair),
        path(pair),
    ];
    if bases_are_unknown(pair) != (false, false) {
        // A variable for the base of the URL stands for scheme and port as well.
        for difference in all.iter_mut().filter(|part| part.name != "path") {
            difference.kind = Kind::Same;
            difference.unresolved = true;
        }
    }
    if good.userinfo.is_some() || failing.userinfo.is_some() {
        all.push(userinfo(pair));
    }
    all
}

/// Compares the methods.
pub(super) fn method(pair: &Pair<'_>) -> Difference {
    let good = pair.good.method.clone().into_bytes();
    let failing = pair.failing.method.clone().into_bytes();
    part(
        pair,
        (Where::Method, "method", weight::METHOD),
        good,
        failing,
    )
}

fn part(
    pair: &Pair<'_>,
    (place, name, weight): (Where, &str, u8),
    good: Vec<u8>,
    failing: Vec<u8>,
) -> Difference {
    let outcome = compare(&[&*good], &[&*failing], pair.variables);
    Difference {
        place,
        name: name.to_owned(),
        kind: outcome.kind,
        noise: None,
        unresolved: outcome.unresolved,
        good: vec![good],
        failing: vec![failing],
        weight,
        note: None,
    }
}

fn origin(pair: &Pair<'_>, name: &str, value: impl Fn(&Url) -> Vec<u8>) -> Difference {
    let (good, failing) = (value(&pair.good.url), value(&pair.failing.url));
    part(pair, (Where::Url, name, weight::ORIGIN), good, failing)
}

fn host(pair: &Pair<'_>) -> Difference {
    let mut host = origin(pair, "host", |url| url.origin.host.clone().into());
    let bare = |url: &Url| url.origin.host.trim_end_matches('.').to_lowercase();
    if host.kind == Kind::Changed && bare(&pair.good.url) == bare(&pair.failing.url) {
        host.noise = Some("the same host, written another way");
    }
    host
}

fn port(pair: &Pair<'_>) -> Difference {
    let mut port = origin(pair, "port", |url| url.origin.port.to_string().into());
    let default = |url: &Url| url.origin.port == url.origin.scheme.default_port();
    if port.kind == Kind::Changed && default(&pair.good.url) && default(&pair.failing.url) {
        port.noise = Some("follows from the scheme");
    }
    port
}

/// Whether a variable stands for the base of the URL: of the known-good one, of the failing one.
fn bases_are_unknown(pair: &Pair<'_>) -> (bool, bool) {
    let is_unknown = |request: &Request, variables| {
        holds_variable(request.url.origin.host.as_bytes(), variables)
    };
    (
        is_unknown(pair.good, pair.variables.good),
        is_unknown(pair.failing, pair.variables.failing),
    )
}

fn path(pair: &Pair<'_>) -> Difference {
    let (good, failing) = (&pair.good.url.path, &pair.failing.url.path);
    let here = (Where::Url, "path", weight::PATH);
    let mut path = part(pair, here, good.clone(), failing.clone());
    if path.kind != Kind::Changed {
        return path;
    }
    let decoded = |path: &[u8]| percent_decode(path);
    let (good_is_rest, failing_is_rest) = bases_are_unknown(pair);
    // An unknown base may hold the start of the path.
    if good_is_rest && failing.ends_with(good) || failing_is_rest && good.ends_with(failing) {
        path.kind = Kind::Same;
        path.unresolved = true;
    } else if decoded(good) == decoded(failing) {
        path.noise = Some("the same path, percent-encoded another way");
    } else if is_one_route(good, failing) {
        path.noise = Some("another id on the same route");
    } else {
        path.note = path_note(good, failing).map(str::to_owned);
    }
    path
}

fn path_note(good: &[u8], failing: &[u8]) -> Option<&'static str> {
    let slash = |path: &[u8]| path.strip_suffix(b"/").unwrap_or(path).to_vec();
    if slash(good) == slash(failing) {
        Some("equal but for the trailing slash")
    } else if good.eq_ignore_ascii_case(failing) {
        Some("equal but for upper and lower case")
    } else if good.ends_with(failing) {
        Some("the known-good path has a prefix that is missing here")
    } else if failing.ends_with(good) {
        Some("this path has a prefix that the known-good one does not have")
    } else {
        None
    }
}

/// Whether two paths differ only in segments that are ids in both.
fn is_one_route(good: &[u8], failing: &[u8]) -> bool {
    let good: Vec<&[u8]> = good.split(|byte| *byte == b'/').collect();
    let failing: Vec<&[u8]> = failing.split(|byte| *byte == b'/').collect();
    good.len() == failing.len()
        && good
            .iter()
            .zip(&failing)
            .all(|(good, failing)| good == failing || (is_id(good) && is_id(failing)))
}

/// Digits, UUID, hex of 8 and more, ULID, base64url of 16 and more with a digit, or with an `@`.
fn is_id(segment: &[u8]) -> bool {
    let all = |is: fn(&u8) -> bool| segment.iter().all(is);
    let digit = segment.iter().any(u8::is_ascii_digit);
    let hex = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !segment.is_empty()
        && (all(u8::is_ascii_digit)
            || (segment.len() >= 8 && digit && all(hex))
            || (segment.len() >= 16 && digit && all(token))
            || segment.contains(&b'@'))
}

/// Userinfo is compared; its values are not given: they are no part of the URL as it was sent.
fn userinfo(pair: &Pair<'_>) -> Difference {
    let one = |value: &Option<Vec<u8>>| value.clone().into_iter().collect::<Vec<_>>();
    let (good, failing) = (
        one(&pair.good.url.userinfo),
        one(&pair.failing.url.userinfo),
    );
    let outcome = compare(&good, &failing, pair.variables);
    Difference {
        place: Where::Url,
        name: "userinfo".to_owned(),
        kind: outcome.kind,
        noise: None,
        unresolved: outcome.unresolved,
        good: Vec::new(),
        failing: Vec::new(),
        weight: weight::CREDENTIAL,
        note: Some("user and password stand in the URL; most clients send them as Basic, browsers' fetch refuses them".to_owned()),
    }
}
