//! Cookies, by name; the `Cookie` field itself is not compared again.

use super::align::{Entry, Pair, by_name};
use super::compare::{compare, is_variable};
use super::credential;
use super::difference::{Difference, Kind, Where, weight};
use crate::auth::cookie::{Cookie, cookies};
use crate::auth::names::{CookieClass, cookie_class};
use crate::model::Place;

/// Compares the cookies; their order is no difference.
pub(super) fn differences(pair: &Pair<'_>) -> Vec<Difference> {
    let good = cookies(&pair.good.fields);
    let failing = cookies(&pair.failing.fields);
    // `Cookie: {{cookies}}` may hold any cookie.
    let open = pair
        .good
        .fields
        .all("cookie")
        .any(|line| is_variable(line.value(), pair.variables));
    let item = |cookie: Cookie| {
        let name = cookie.name.into_bytes();
        (name.clone(), name, cookie.value)
    };
    let good = good
        .into_iter()
        .filter(|cookie| !open || !is_open(cookie, pair.variables));
    by_name(good.map(item), failing.into_iter().map(item))
        .into_iter()
        .map(|entry| {
            let mut cookie = cookie(pair, entry);
            if open && cookie.kind == Kind::Extra {
                cookie.kind = Kind::Same;
                cookie.unresolved = true;
                cookie.note = Some(credential::UNRESOLVED.to_owned());
            }
            cookie
        })
        .collect()
}

/// Whether this is the variable that stands for all cookies.
fn is_open(cookie: &Cookie, variables: &[String]) -> bool {
    let name = cookie.name.is_empty() || is_variable(cookie.name.as_bytes(), variables);
    name && (cookie.value.is_empty() || is_variable(&cookie.value, variables))
}

fn cookie(pair: &Pair<'_>, entry: Entry<Vec<u8>>) -> Difference {
    let Entry { good, failing, .. } = entry;
    let name = String::from_utf8_lossy(&entry.name).into_owned();
    let outcome = compare(&good, &failing, pair.variables);
    let value = failing.first().or(good.first());
    let class = cookie_class(&name, value.map(Vec::as_slice).unwrap_or_default());
    let same_but_open = outcome.kind == Kind::Same && good != failing;
    let note = if same_but_open {
        Some(credential::UNRESOLVED.to_owned())
    } else {
        credential::note(pair, &Place::Cookie(name.clone()), outcome.kind)
    };
    Difference {
        place: Where::Cookie,
        name,
        kind: outcome.kind,
        noise: noise(class),
        unresolved: outcome.unresolved,
        good,
        failing,
        weight: weigh(class, outcome.kind),
        note,
    }
}

fn noise(class: CookieClass) -> Option<&'static str> {
    match class {
        CookieClass::Never => Some("analytics or settings, never a session"),
        CookieClass::Affinity => Some("binds the client to one server"),
        CookieClass::Session | CookieClass::Csrf | CookieClass::Unknown => None,
    }
}

fn weigh(class: CookieClass, kind: Kind) -> u8 {
    match class {
        CookieClass::Session => weight::CREDENTIAL,
        CookieClass::Csrf => weight::CSRF,
        CookieClass::Unknown if kind == Kind::Missing => weight::UNKNOWN_COOKIE,
        CookieClass::Unknown => weight::UNKNOWN_MISSING,
        CookieClass::Affinity | CookieClass::Never => 0,
    }
}
