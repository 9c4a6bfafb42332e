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
    by_name(good.into_iter().map(item), failing.into_iter().map(item))
        .into_iter()
        .filter(|entry| !(open && entry.failing.is_empty() && is_open(entry, pair.variables)))
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

/// Whether this is the variable that stands for all cookies, read as a cookie.
fn is_open(entry: &Entry<Vec<u8>>, variables: &[String]) -> bool {
    let open = |text: &[u8]| text.is_empty() || is_variable(text, variables);
    open(&entry.name) && entry.good.iter().all(|value| open(value))
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
