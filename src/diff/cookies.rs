//! Cookies, by name; the `Cookie` field itself is not compared again.

use super::align::{Entry, Pair, by_name};
use super::compare::{compare, is_variable};
use super::credential;
use super::difference::{Difference, Kind, Where, weight};
use crate::auth::cookie::{Cookie, cookies};
use crate::auth::names::{CookieClass, cookie_class};
use crate::model::{Place, Request};

/// Compares the cookies; their order is no difference.
pub(super) fn differences(pair: &Pair<'_>) -> Vec<Difference> {
    let good = cookies(&pair.good.fields);
    let failing = cookies(&pair.failing.fields);
    // `Cookie: {{cookies}}` may hold any cookie.
    let may_be_any = |request: &Request, variables| {
        let mut lines = request.fields.all("cookie");
        lines.any(|line| is_variable(line.value(), variables))
    };
    let good_is_open = may_be_any(pair.good, pair.variables.good);
    let failing_is_open = may_be_any(pair.failing, pair.variables.failing);
    let item = |cookie: Cookie| {
        let name = cookie.name.into_bytes();
        (name.clone(), name, cookie.value)
    };
    by_name(good.into_iter().map(item), failing.into_iter().map(item))
        .into_iter()
        .filter(|entry| {
            let stands_for_good = good_is_open && is_open(entry, &entry.good, pair.variables.good);
            let stands_for_failing =
                failing_is_open && is_open(entry, &entry.failing, pair.variables.failing);
            !stands_for_good && !stands_for_failing
        })
        .map(|entry| {
            let mut cookie = cookie(pair, entry);
            let is_in_variable = match cookie.kind {
                Kind::Extra => good_is_open,
                Kind::Missing => failing_is_open,
                Kind::Changed | Kind::Same => false,
            };
            if is_in_variable {
                cookie.kind = Kind::Same;
                cookie.unresolved = true;
                cookie.note = Some(credential::UNRESOLVED.to_owned());
            }
            cookie
        })
        .collect()
}

/// Whether this is the variable that stands for all cookies, read as a cookie.
fn is_open(entry: &Entry<Vec<u8>>, values: &[Vec<u8>], variables: &[String]) -> bool {
    let open = |text: &[u8]| text.is_empty() || is_variable(text, variables);
    !values.is_empty() && open(&entry.name) && values.iter().all(|value| open(value))
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
