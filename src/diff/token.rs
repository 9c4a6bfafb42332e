//! Which claims of two JWTs differ: names, and times in UTC.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::credential::is_plain_name;
use crate::auth::jwt::decode;

/// Claims that hold a point in time (RFC 7519 section 2, `NumericDate`).
const TIMES: &[&str] = &["auth_time", "exp", "iat", "nbf"];

/// How many names a note lists.
const MOST: usize = 12;

/// What differs between two JWTs; `None` when one of them is none.
pub(super) fn note(good: &[u8], failing: &[u8]) -> Option<String> {
    let (good, failing) = (decode(good)?, decode(failing)?);
    let mut parts = Vec::new();
    let header = differing(&good.header, &failing.header);
    if !header.is_empty() {
        parts.push(format!("header differs: {}", header.join(", ")));
    }
    match (&good.claims, &failing.claims) {
        (Some(good), Some(failing)) => {
            let claims = differing(good, failing);
            if !claims.is_empty() {
                parts.push(format!("claims differ: {}", claims.join(", ")));
            }
        }
        (None, None) => parts.push("encrypted: the claims cannot be read".to_owned()),
        _ => parts.push("one of the two is encrypted".to_owned()),
    }
    if parts.is_empty() {
        parts.push("equal header and claims, another signature".to_owned());
    }
    Some(parts.join("; "))
}

/// The names that differ, the failing token's first.
fn differing(good: &Map<String, Value>, failing: &Map<String, Value>) -> Vec<String> {
    let only_good = good.keys().filter(|name| !failing.contains_key(*name));
    let names: Vec<&String> = failing
        .keys()
        .filter(|name| good.get(*name) != failing.get(*name))
        .chain(only_good)
        .collect();
    let mut words: Vec<String> = names
        .iter()
        .filter(|name| is_plain_name(name))
        .take(MOST)
        .map(|name| describe(name, good.get(*name), failing.get(*name)))
        .collect();
    let more = names.len() - words.len();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words
}

fn describe(name: &str, good: Option<&Value>, failing: Option<&Value>) -> String {
    match (good, failing) {
        (Some(_), None) => format!("{name} (not here)"),
        (None, Some(_)) => format!("{name} (only here)"),
        (Some(good), Some(failing)) if TIMES.contains(&name) => match (utc(good), utc(failing)) {
            (Some(good), Some(failing)) => {
                format!("{name} ({failing} here, {good} in the known-good token)")
            }
            _ => name.to_owned(),
        },
        _ => name.to_owned(),
    }
}

/// A `NumericDate` as `2023-11-14 22:13:20 UTC`.
fn utc(value: &Value) -> Option<String> {
    let seconds = value.as_f64()?.floor();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float cast saturates, and what is out of range is refused in the next line"
    )]
    let time = OffsetDateTime::from_unix_timestamp(seconds as i64).ok()?;
    let format =
        time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time.format(&format).ok()
}
