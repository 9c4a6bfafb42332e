//! Fields, by name: the case of the name and the order of names are no difference.

use super::align::{Entry, Item, Pair, by_name};
use super::compare::{Outcome, compare};
use super::credential;
use super::difference::{Difference, Kind, Where, weight};
use super::noise::{self, field_noise};
use crate::auth::names::{HeaderClass, header_class};
use crate::model::{FieldLine, HttpVersion, Place, Provenance, Request, UNREAD_AUTHORIZATION};

/// Compares all fields but `Cookie`, whose cookies are compared one by one.
pub(super) fn differences(pair: &Pair<'_>) -> Vec<Difference> {
    by_name(lines(pair.good), lines(pair.failing))
        .into_iter()
        .filter(|entry| entry.key != b"cookie")
        .map(|entry| field(pair, &entry))
        .collect()
}

/// The lines of one name in both requests.
pub(super) type Lines<'a> = Entry<&'a FieldLine>;

impl Lines<'_> {
    /// The trimmed values of the known-good request.
    pub(super) fn good_values(&self) -> Vec<&[u8]> {
        self.good.iter().map(|line| line.value()).collect()
    }

    /// The trimmed values of the failing request.
    pub(super) fn failing_values(&self) -> Vec<&[u8]> {
        self.failing.iter().map(|line| line.value()).collect()
    }
}

fn lines(request: &Request) -> impl Iterator<Item = Item<&FieldLine>> {
    request.fields.lines().iter().map(|line| {
        let name = line.name().to_vec();
        (name.to_ascii_lowercase(), name, line)
    })
}

fn field(pair: &Pair<'_>, lines: &Lines<'_>) -> Difference {
    let key = &*String::from_utf8_lossy(&lines.key);
    let outcome = outcome(pair, key, lines);
    let sent = |lines: &[&FieldLine]| lines.iter().map(|line| as_sent(line)).collect();
    Difference {
        place: Where::Header,
        name: String::from_utf8_lossy(&lines.name).into_owned(),
        kind: outcome.kind,
        noise: field_noise(pair, key, outcome.kind, lines),
        unresolved: outcome.unresolved,
        weight: weigh(key, outcome.kind),
        note: note(pair, key, outcome, lines),
        good: sent(&lines.good),
        failing: sent(&lines.failing),
    }
}

fn outcome(pair: &Pair<'_>, key: &str, lines: &Lines<'_>) -> Outcome {
    let mut outcome = compare(
        &lines.good_values(),
        &lines.failing_values(),
        pair.variables,
    );
    let is_unread =
        |variables: &[String]| variables.iter().any(|name| name == UNREAD_AUTHORIZATION);
    if key == "authorization"
        && ((outcome.kind == Kind::Extra && is_unread(pair.variables.good))
            || (outcome.kind == Kind::Missing && is_unread(pair.variables.failing)))
    {
        return Outcome {
            kind: Kind::Same,
            unresolved: true,
        };
    }
    let splits = !is_single(key);
    if outcome.kind == Kind::Changed
        && splits
        && joined(&lines.good_values()) == joined(&lines.failing_values())
    {
        outcome.kind = Kind::Same;
    }
    outcome
}

/// Whether several lines of that name are not one list (RFC 9110 section 5.3).
fn is_single(key: &str) -> bool {
    key == "host" || key == "set-cookie" || header_class(key).is_some()
}

fn joined(values: &[&[u8]]) -> Vec<Vec<u8>> {
    values
        .join(&b","[..])
        .split(|byte| *byte == b',')
        .map(|item| item.trim_ascii().to_vec())
        .collect()
}

fn weigh(key: &str, kind: Kind) -> u8 {
    match header_class(key) {
        Some(HeaderClass::Csrf) => weight::CSRF,
        Some(_) => weight::CREDENTIAL,
        None if noise::is_tenant(key) => weight::TENANT,
        None if key == "host" => weight::ORIGIN,
        None if noise::is_api_version(key) => weight::API_VERSION,
        None if key == "content-type" => weight::CONTENT_TYPE,
        None if matches!(key, "origin" | "referer") => weight::SITE,
        None if matches!(key, "accept" | "x-requested-with") => weight::NEGOTIATION,
        None if kind == Kind::Missing => weight::UNKNOWN_MISSING,
        None => weight::UNKNOWN,
    }
}

fn note(pair: &Pair<'_>, key: &str, outcome: Outcome, lines: &Lines<'_>) -> Option<String> {
    if outcome.kind == Kind::Same {
        return same_note(pair, outcome, lines);
    }
    if header_class(key).is_some() {
        let place = Place::Header(key.to_owned());
        if let Some(note) = credential::note(pair, &place, outcome.kind) {
            return Some(note);
        }
    }
    let (good, failing) = (lines.good.len(), lines.failing.len());
    (outcome.kind == Kind::Changed && good != failing)
        .then(|| format!("{failing} lines here, {good} in the known-good request"))
}

fn same_note(pair: &Pair<'_>, outcome: Outcome, lines: &Lines<'_>) -> Option<String> {
    let inexact = lines.good_values() != lines.failing_values();
    let both = || lines.good.iter().zip(&lines.failing);
    let wire = pair.good.fields.provenance() == Provenance::Wire
        && pair.failing.fields.provenance() == Provenance::Wire;
    // HTTP/2 has no case of names and no white space around values.
    let exact = wire
        && pair.good.version != HttpVersion::Http2
        && pair.failing.version != HttpVersion::Http2;
    let words = if outcome.unresolved && inexact {
        credential::UNRESOLVED
    } else if lines.good.len() != lines.failing.len() {
        "the same list in another number of lines"
    } else if both()
        .any(|(good, failing)| as_sent(good) != as_sent(failing) && good.value() == failing.value())
    {
        "equal but for white space around the value"
    } else if exact && both().any(|(good, failing)| good.name() != failing.name()) {
        "the name is written in another case"
    } else {
        return None;
    };
    Some(words.to_owned())
}

/// The value as sent, less the one space that most programs write after the colon.
fn as_sent(line: &FieldLine) -> Vec<u8> {
    let raw = line.raw_value();
    raw.strip_prefix(b" ").unwrap_or(raw).to_vec()
}
