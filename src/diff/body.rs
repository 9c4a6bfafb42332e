//! The content: other data in general, the credentials themselves where one logs in.

use serde_json::Value;

use super::align::{Entry, Item, Pair, by_name};
use super::compare::compare;
use super::credential::{Carriers, UNRESOLVED, is_plain_name};
use super::difference::{Difference, Kind, Where, weight};
use super::query::form_decode;
use crate::model::{Place, Request};

/// Last path segments of places where one logs in or gets tokens.
const ENDPOINTS: &[&str] = &[
    "auth",
    "authenticate",
    "authorize",
    "login",
    "logon",
    "refresh",
    "session",
    "sessions",
    "sign-in",
    "sign_in",
    "signin",
    "token",
    "tokens",
];

/// How many members a note lists.
const MOST: usize = 8;

/// Whether this request logs in or asks for tokens.
pub(super) fn is_token_endpoint(request: &Request) -> bool {
    let path = String::from_utf8_lossy(&request.url.path).to_ascii_lowercase();
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let has_content = !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let form = || memchr::memmem::find(&request.content.bytes, b"grant_type").is_some();
    has_content && (ENDPOINTS.contains(&last) || form())
}

/// Compares the contents; `None` when neither request has any.
pub(super) fn difference(pair: &Pair<'_>) -> Option<Difference> {
    let (good, failing) = (&pair.good.content, &pair.failing.content);
    let values = |content: &crate::model::Content| -> Vec<Vec<u8>> {
        match content.length.max(content.bytes.len() as u64) {
            0 => Vec::new(),
            _ => vec![content.bytes.clone()],
        }
    };
    let (good_values, failing_values) = (values(good), values(failing));
    if good_values.is_empty() && failing_values.is_empty() {
        return None;
    }
    let mut outcome = compare(&good_values, &failing_values, pair.variables);
    let mut note = None;
    if (outcome.kind == Kind::Changed || outcome.kind == Kind::Same)
        && !(good.is_whole() && failing.is_whole())
        && may_be_equal(&good.bytes, &failing.bytes)
    {
        outcome.kind = Kind::Same;
        note = Some("not all of the content was kept: what was is equal".to_owned());
    } else if outcome.kind == Kind::Same && good_values != failing_values {
        note = Some(UNRESOLVED.to_owned());
    } else if outcome.kind == Kind::Changed {
        note = members_note(pair.good, pair.failing);
    }
    Some(Difference {
        place: Where::Body,
        name: "body".to_owned(),
        kind: outcome.kind,
        noise: noise(pair),
        unresolved: outcome.unresolved,
        good: good_values,
        failing: failing_values,
        weight: weight::CREDENTIAL,
        note,
    })
}

/// Whether one is the start of the other.
fn may_be_equal(good: &[u8], failing: &[u8]) -> bool {
    good.starts_with(failing) || failing.starts_with(good)
}

fn noise(pair: &Pair<'_>) -> Option<&'static str> {
    let credentials = |carriers: &Carriers| -> Vec<Vec<u8>> {
        carriers
            .iter()
            .filter(|carrier| matches!(carrier.place, Place::Form(_)))
            .map(|carrier| carrier.raw.clone())
            .collect()
    };
    let same = credentials(&pair.good_carriers) == credentials(&pair.failing_carriers);
    (!pair.token_endpoint && same).then_some("other data in the content")
}

/// Which members of two forms or JSON objects differ, by name.
fn members_note(good: &Request, failing: &Request) -> Option<String> {
    let aligned = by_name(members(good)?, members(failing)?);
    let list = |is: fn(&Entry<Vec<u8>>) -> bool| {
        names(
            aligned
                .iter()
                .filter(|entry| is(entry))
                .map(|entry| &entry.name),
        )
    };
    let parts: Vec<String> = [
        ("missing here", list(|member| member.failing.is_empty())),
        ("only here", list(|member| member.good.is_empty())),
        ("changed", list(is_changed)),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(words, names)| format!("{words}: {names}"))
    .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn is_changed(member: &Entry<Vec<u8>>) -> bool {
    !member.good.is_empty() && !member.failing.is_empty() && member.good != member.failing
}

fn names<'a>(all: impl Iterator<Item = &'a Vec<u8>>) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for name in all {
        let name = String::from_utf8_lossy(name);
        if is_plain_name(&name) && names.len() < MOST {
            names.push(name.into_owned());
        } else {
            more += 1;
        }
    }
    match (names.is_empty(), more) {
        (_, 0) => names.join(", "),
        (true, _) => format!("{more} members"),
        (false, _) => format!("{} and {more} more", names.join(", ")),
    }
}

/// The members of a form or of a JSON object, values as they compare.
fn members(request: &Request) -> Option<Vec<Item<Vec<u8>>>> {
    let content = &request.content.bytes;
    if let Ok(Value::Object(object)) = serde_json::from_slice(content) {
        let member = |(name, value): (String, Value)| {
            let name = name.into_bytes();
            (name.clone(), name, value.to_string().into_bytes())
        };
        return Some(object.into_iter().map(member).collect());
    }
    let content_type = request.fields.first("content-type")?.to_ascii_lowercase();
    memchr::memmem::find(&content_type, b"x-www-form-urlencoded")?;
    let pair = |pair: &[u8]| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = form_decode(halves.next().unwrap_or_default());
        let value = form_decode(halves.next().unwrap_or_default());
        (name.clone(), name, value)
    };
    let pairs = content.split(|byte| *byte == b'&');
    Some(pairs.filter(|text| !text.is_empty()).map(pair).collect())
}
