//! Where a credential stands that is known from another place: the known-good request's, or one that passed.

use serde_json::Value;

use super::{Facts, Sent, has_scheme};
use crate::auth::cookie::cookies;
use crate::auth::credentials::{Carrier, is_form, normalise};
use crate::auth::percent::percent_decode;
use crate::model::{Place, Request};

/// A credential of a request that passes, which this one sends in another place.
pub(crate) struct Moved {
    /// As it passes.
    pub(crate) right: Carrier,
    /// The name of its place as the request spells it that passes.
    pub(crate) name: String,
    /// Where this request has it; a member of JSON content counts as a form parameter.
    pub(crate) place: Place,
    /// Which request passes.
    pub(crate) by: By,
}

/// Which request shows the right place, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The known-good request.
    Good,
    /// One that passed on the same route.
    Route,
    /// One that passed on the same origin.
    Origin,
}

impl Moved {
    /// Looks for the first credential that stands in another place.
    pub(crate) fn of(facts: &Facts<'_>) -> Option<Self> {
        let values = values(facts.sent.request);
        if let Some(good) = facts.good {
            return good
                .sent
                .credentials()
                .take(MOST_CREDENTIALS)
                .filter(|right| !good.sent.is_unresolved(&right.raw))
                .find_map(|right| find(facts.sent, &values, right, &good.sent, By::Good));
        }
        let url = &facts.sent.request.url;
        let route = facts.known.passed.iter().map(|seen| (*seen, By::Route));
        let origin = facts
            .known
            .case
            .context
            .before
            .iter()
            .filter(|seen| {
                (200..300).contains(&seen.status) && seen.request.url.origin == url.origin
            })
            .map(|seen| (seen, By::Origin));
        route.chain(origin).find_map(|(seen, by)| {
            let passed = Sent::of(&seen.request);
            passed
                .credentials()
                .take(MOST_CREDENTIALS)
                .find_map(|right| find(facts.sent, &values, right, &passed, by))
        })
    }

    /// Whether it only changed its field.
    pub(crate) fn is_between_fields(&self) -> bool {
        matches!(
            (&self.right.place, &self.place),
            (Place::Header(_), Place::Header(_))
        )
    }
}

fn find(
    sent: &Sent<'_>,
    values: &[(Place, Vec<u8>)],
    right: &Carrier,
    passed: &Sent<'_>,
    by: By,
) -> Option<Moved> {
    // Worked out from a password or for each request: not one text that could stand elsewhere.
    let made = ["basic", "digest", "ntlm", "negotiate"]
        .iter()
        .any(|scheme| has_scheme(right, scheme));
    let is_there = sent
        .request
        .fields
        .lines()
        .iter()
        .any(|line| matches!(&right.place, Place::Header(name) if line.is(name)))
        || sent.in_place(&right.place).is_some();
    if made || is_there || right.normalised.len() < SHORTEST || right.place == Place::UserInfo {
        return None;
    }
    // What passes with it in both places does not tell which one is read.
    let also = |place: &Place| passed.in_place(place).is_some();
    let (place, _) = values
        .iter()
        .find(|(place, value)| *value == right.normalised && !also(place))?;
    Some(Moved {
        name: match &right.place {
            Place::Header(name) if name == "authorization" => passed.spelling("Authorization"),
            Place::Header(name) => passed.spelling(name),
            Place::Cookie(name) | Place::Query(name) | Place::Form(name) => name.clone(),
            Place::UserInfo => String::new(),
        },
        right: right.clone(),
        place: place.clone(),
        by,
    })
}

/// So many credentials are looked for, among so many values.
const MOST_CREDENTIALS: usize = 16;
const MOST_VALUES: usize = 1024;

/// Shorter texts are equal by chance.
const SHORTEST: usize = 8;

/// Everything that a request says, with its place; bare, as [`normalise`] makes it.
fn values(request: &Request) -> Vec<(Place, Vec<u8>)> {
    let fields = request
        .fields
        .lines()
        .iter()
        .filter(|line| !line.is("cookie"));
    let mut all: Vec<(Place, Vec<u8>)> = fields
        .map(|line| {
            let name = line.name_text().to_ascii_lowercase();
            (Place::Header(name), normalise(line.value()))
        })
        .collect();
    all.extend(
        cookies(&request.fields)
            .into_iter()
            .map(|cookie| (Place::Cookie(cookie.name), normalise(&cookie.value))),
    );
    let query = request.url.query.as_deref().unwrap_or_default();
    all.extend(pairs(query, Place::Query));
    if is_form(request) {
        all.extend(pairs(&request.content.bytes, Place::Form));
    } else if let Ok(Value::Object(members)) = serde_json::from_slice(&request.content.bytes) {
        all.extend(members.into_iter().filter_map(|(name, value)| {
            Some((Place::Form(name), normalise(value.as_str()?.as_bytes())))
        }));
    }
    all.truncate(MOST_VALUES);
    all
}

fn pairs(text: &[u8], place: fn(String) -> Place) -> impl Iterator<Item = (Place, Vec<u8>)> {
    text.split(|b| *b == b'&').filter_map(move |pair| {
        let at = pair.iter().position(|b| *b == b'=')?;
        let name = String::from_utf8_lossy(&percent_decode(pair.get(..at)?)).into_owned();
        Some((place(name), normalise(pair.get(at + 1..)?)))
    })
}
