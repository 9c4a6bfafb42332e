//! What differs between requests of one route that all passed: trace ids, times, nonces. Whatever
//! a failing request has there instead is no reason for its failing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::auth::cookie::cookies;
use crate::auth::credentials::{Carrier, carriers, shape};
use crate::auth::jwt::{self, Jwt};
use crate::auth::names::{CookieClass, cookie_class, header_class, is_secret_parameter};
use crate::auth::percent::percent_decode;
use crate::model::{Exchange, Learned, Place, Request, Shape, Timestamp, Varying};

/// What varies among these requests, as far as it excuses the failing one; all of them passed.
///
/// A credential is held to more: it has to differ in each of at least three requests (one that was
/// replaced once may be the very cause), and the failing one has to be of the same kind.
pub(super) fn varying(failing: &Exchange, passed: &[&Learned]) -> Vec<Varying> {
    let all: Vec<Values> = passed.iter().map(|one| values(&one.request)).collect();
    let places: BTreeSet<&Place> = all.iter().flat_map(BTreeMap::keys).collect();
    let sent = values(&failing.request);
    let judged = |place: &Place| {
        let found: Vec<&Vec<Vec<u8>>> = all.iter().filter_map(|one| one.get(place)).collect();
        let different = found.iter().collect::<HashSet<_>>().len();
        if found.iter().any(|values| is_secret(place, values)) {
            // Sent a second time, it is no new one either.
            let is_fresh = different == passed.len()
                && different >= FRESH
                && !found.iter().any(|values| sent.get(place) == Some(values));
            let excused = || {
                let good = passed.first().map(|newest| &newest.request);
                good.is_some_and(|good| is_same_kind(place, failing, good))
            };
            return (is_fresh && excused(), false);
        }
        (different > 1, found.len() < passed.len())
    };
    let varies = |place: &Place| {
        let (changes, optional) = judged(place);
        (changes || optional).then(|| Varying {
            place: place.clone(),
            changes,
            optional,
        })
    };
    places.into_iter().filter_map(varies).collect()
}

/// So many requests have to differ in a credential before it counts as new for each.
const FRESH: usize = 3;

/// The values of a request, each list in order.
type Values = BTreeMap<Place, Vec<Vec<u8>>>;

/// Fields, cookies and parameters. The content is no place: other data is no difference anyway.
fn values(request: &Request) -> Values {
    let fields = request.fields.lines().iter().filter_map(|line| {
        let name = line.name_text().to_ascii_lowercase();
        (name != "cookie").then(|| (Place::Header(name), line.value().to_vec()))
    });
    let cookies = cookies(&request.fields).into_iter();
    let cookies = cookies.map(|cookie| (Place::Cookie(cookie.name), cookie.value));
    let query = request.url.query_pairs().into_iter().map(|(name, value)| {
        let name = String::from_utf8_lossy(&percent_decode(name)).into_owned();
        (Place::Query(name), value.unwrap_or_default().to_vec())
    });
    let mut values = Values::new();
    for (place, value) in fields.chain(cookies).chain(query) {
        values.entry(place).or_default().push(value);
    }
    values
}

fn is_secret(place: &Place, values: &[Vec<u8>]) -> bool {
    let value = values.first().map(Vec::as_slice).unwrap_or_default();
    match place {
        Place::Header(name) => header_class(name).is_some(),
        Place::Cookie(name) => matches!(
            cookie_class(name, value),
            CookieClass::Session | CookieClass::Csrf
        ),
        Place::Query(name) | Place::Form(name) => is_secret_parameter(name, value),
        Place::UserInfo => true,
    }
}

/// Whether what the failing request has there is of the same kind as in one that passed, and as good
/// as far as can be seen.
fn is_same_kind(place: &Place, failing: &Exchange, good: &Request) -> bool {
    let (sent, expected) = (at(place, &failing.request), at(place, good));
    if sent.is_empty() && expected.is_empty() {
        // No credential by itself: a CSRF token, a proof.
        let shapes = |request: &Request| -> Option<Vec<Shape>> {
            let values = values(request).remove(place)?;
            Some(values.iter().map(|value| shape(value)).collect())
        };
        return shapes(&failing.request) == shapes(good);
    }
    sent.len() == expected.len()
        && sent
            .iter()
            .zip(&expected)
            .all(|(sent, expected)| is_as_good(sent, expected, failing.at))
}

fn at(place: &Place, request: &Request) -> Vec<Carrier> {
    let mut all = carriers(request);
    all.retain(|carrier| carrier.place == *place);
    all
}

fn is_as_good(sent: &Carrier, expected: &Carrier, at: Timestamp) -> bool {
    let scheme = |carrier: &Carrier| carrier.scheme.as_deref().map(str::to_ascii_lowercase);
    if scheme(sent) != scheme(expected) || sent.shape != expected.shape {
        return false;
    }
    match (
        jwt::decode(&sent.normalised),
        jwt::decode(&expected.normalised),
    ) {
        (Some(sent), Some(expected)) => {
            standing(&sent) == standing(&expected) && is_valid_at(&sent, at)
        }
        _ => !matches!(
            sent.shape,
            Shape::Empty | Shape::Placeholder | Shape::JwtBroken
        ),
    }
}

/// What stays the same from one token to the next.
fn standing(
    token: &Jwt,
) -> (
    Option<&serde_json::Value>,
    Vec<(&String, &serde_json::Value)>,
) {
    const FRESH_CLAIMS: [&str; 8] = [
        "at_hash",
        "auth_time",
        "exp",
        "iat",
        "jti",
        "nbf",
        "nonce",
        "uti",
    ];
    let claims = token.claims.iter().flatten();
    let claims = claims.filter(|(name, _)| !FRESH_CLAIMS.contains(&name.as_str()));
    (token.header.get("alg"), claims.collect())
}

fn is_valid_at(token: &Jwt, at: Timestamp) -> bool {
    let now = at.secs() as f64;
    token.number("exp").is_none_or(|exp| exp > now)
        && token.number("nbf").is_none_or(|nbf| nbf <= now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::sample::{NOW, failing, learned, request};
    use super::*;

    const URL: &str = "https://api.acme.test/a";

    fn of(fields: &[(&str, &str)]) -> Request {
        request("GET", URL, fields)
    }

    /// What varies: its place, and `changes` or `optional`.
    fn varies(sent: Request, passed: Vec<Request>) -> Vec<(Place, bool, bool)> {
        let numbered = (1..).zip(passed);
        let passed: Vec<Learned> = numbered.map(|(n, request)| learned(n, request)).collect();
        varying(&failing(sent), &passed.iter().collect::<Vec<_>>())
            .into_iter()
            .map(|varying| (varying.place, varying.changes, varying.optional))
            .collect()
    }

    fn token(subject: &str, valid_for: i64) -> String {
        let exp = NOW.secs() + valid_for;
        let part = |text: String| URL_SAFE_NO_PAD.encode(text);
        let claims = format!(r#"{{"sub":"{subject}","exp":{exp},"jti":"{valid_for}"}}"#);
        let [header, claims] = [r#"{"alg":"HS256"}"#.to_owned(), claims].map(part);
        format!("Bearer {header}.{claims}.{}", part("x".repeat(32)))
    }

    #[test]
    fn whatever_differs_between_two_that_passed_varies() {
        let sent = of(&[]);
        let passed = vec![
            request(
                "GET",
                "https://api.acme.test/a?page=1&q=x&n%65w",
                &[
                    ("X-Trace", "1"),
                    ("Cookie", "theme=a; lang=de"),
                    ("X-Once", "1"),
                ],
            ),
            request(
                "GET",
                "https://api.acme.test/a?page=2&q=x",
                &[
                    ("x-trace", "2"),
                    ("Cookie", "lang=de; theme=b"),
                    ("X-Same", "1"),
                    ("X-Same", "2"),
                ],
            ),
        ];
        let header = |name: &str| Place::Header(name.to_owned());
        assert_eq!(
            varies(sent, passed),
            [
                (header("x-once"), false, true),
                (header("x-same"), false, true),
                (header("x-trace"), true, false),
                (Place::Cookie("theme".to_owned()), true, false),
                (Place::Query("new".to_owned()), false, true),
                (Place::Query("page".to_owned()), true, false),
            ]
        );
    }

    #[test]
    fn a_single_request_shows_nothing() {
        assert_eq!(varies(of(&[]), vec![of(&[("X-Trace", "1")])]), []);
        assert_eq!(varies(of(&[]), Vec::new()), []);
    }

    #[test]
    fn a_credential_varies_only_when_it_is_new_for_each() {
        let bearer = |token: &'static str| of(&[("Authorization", token)]);
        let (a, b, c, d) = (
            "Bearer aaaaaaaaaaaaaaaa1",
            "Bearer bbbbbbbbbbbbbbbb2",
            "Bearer cccccccccccccccc3",
            "Bearer dddddddddddddddd4",
        );
        let place = Place::Header("authorization".to_owned());
        for (sent, passed, expected) in [
            (d, vec![a, b, c], true),
            (c, vec![a, b, c], false),
            // One that was replaced may be the cause: the failing one may be the old one.
            (a, vec![b, a, a], false),
            (d, vec![a, b], false),
            (d, vec![a, a, a], false),
            // Of another kind.
            ("Basic dddddddddddddddd4", vec![a, b, c], false),
            ("dddddddddddddddd4", vec![a, b, c], false),
            ("Bearer undefined", vec![a, b, c], false),
            ("", vec![a, b, c], false),
        ] {
            let found = varies(bearer(sent), passed.into_iter().map(bearer).collect());
            let wanted = [(place.clone(), true, false)];
            assert_eq!(found, wanted[..usize::from(expected)], "{sent}");
        }
        let missing = varies(of(&[]), [a, b, c].map(bearer).to_vec());
        assert_eq!(missing, [], "absence is no other value");
        let sometimes = varies(of(&[]), vec![bearer(a), of(&[]), of(&[])]);
        assert_eq!(sometimes, [], "nor excused by those that had none");
    }

    #[test]
    fn a_jwt_of_another_subject_or_past_its_time_is_no_new_one_of_the_same_kind() {
        let request = |token: &str| of(&[("Authorization", token)]);
        let passed = || -> Vec<Request> {
            let all = [60, 120, 180].map(|seconds| token("ann", seconds));
            all.iter().map(|token| request(token)).collect()
        };
        for (sent, expected) in [
            (token("ann", 240), true),
            (token("bob", 240), false),
            (token("ann", -60), false),
            (token("ann", 240).replace('.', ""), false),
        ] {
            assert_eq!(
                varies(request(&sent), passed()).len(),
                usize::from(expected)
            );
        }
    }

    #[test]
    fn csrf_tokens_and_session_cookies_are_secrets_here() {
        let of = |csrf: &str, sid: &str| {
            let cookie = format!("sid={sid}");
            of(&[("X-CSRF-Token", csrf), ("Cookie", &cookie)])
        };
        let two = varies(of("c3", "s3"), vec![of("c1", "s1"), of("c2", "s2")]);
        assert_eq!(two, []);
        let three = vec![of("c1", "s1"), of("c2", "s2"), of("c3", "s3")];
        assert_eq!(varies(of("c4", "s4"), three).len(), 2);
    }

    #[test]
    fn large_requests_are_compared_in_time() {
        let many = |n: usize| {
            let names: Vec<String> = (0..2000).map(|at| format!("x-{at}")).collect();
            let value = n.to_string();
            let fields: Vec<_> = names.iter().map(|name| (name.as_str(), &*value)).collect();
            of(&fields)
        };
        let start = std::time::Instant::now();
        let found = varies(many(0), (1..=3).map(many).collect());
        assert_eq!(found.len(), 2000);
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
    }
}
