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
    let judged = |place: &Place| {
        let found: Vec<&Vec<Vec<u8>>> = all.iter().filter_map(|one| one.get(place)).collect();
        let different = found.iter().collect::<HashSet<_>>().len();
        if found.iter().any(|values| is_secret(place, values)) {
            let is_fresh = different == passed.len() && different >= FRESH;
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
