//! What can be said when no cause is certain: what is in order, what cannot be known, what to
//! try next. Never a guess in other words.

use super::facts::{Facts, Known, is_authorization};
use super::finding::{Diagnosis, Phrase};
use super::words::{MILLISECONDS, known_scheme, place, plain_name, span};
use crate::auth::credentials::Carrier;
use crate::auth::jwt::{self, Jwt};
use crate::diff::{Kind, Where};
use crate::model::{ContentEnd, Shape};

/// Fills in `fine`, `unknown` and `next`.
pub(crate) fn describe(known: &Known<'_>, diagnosis: &mut Diagnosis) {
    let facts = known.failing();
    if diagnosis.verdict.is_none() {
        diagnosis.fine = fine(&facts);
        diagnosis.unknown = unknown(&facts);
    }
    diagnosis.next = next(&facts, diagnosis);
}

fn fine(facts: &Facts<'_>) -> Vec<Phrase> {
    if facts.sent.is_preflight() {
        return vec![Phrase::new(
            "it is a CORS preflight: browsers send it without credentials, so the server must allow it without",
        )];
    }
    let mut fine: Vec<Phrase> = facts
        .sent
        .credentials()
        .take(MOST_CREDENTIALS)
        .filter_map(|carrier| in_order(facts, carrier))
        .collect();
    if let Some(seen) = facts.known.passed.iter().find(|seen| {
        let mine = &facts.known.case.context.credentials;
        !mine.is_empty()
            && mine
                .iter()
                .all(|fact| seen.credentials.iter().any(|then| then.raw == fact.raw))
    }) {
        let ago = facts.known.case.failing.at.micros_since(seen.at) / 1_000_000;
        fine.push(Phrase::new(format!(
            "the same credentials passed on this route {} before",
            span(ago)
        )));
    }
    let same_target = !facts.differences.iter().any(|difference| {
        matches!(difference.place, Where::Url | Where::Method | Where::Query)
            && difference.kind != Kind::Same
    });
    if facts.good.is_some() && same_target {
        fine.push(Phrase::new(
            "method, URL and query are those of the known-good request",
        ));
    }
    fine
}

/// Three lines say enough.
const MOST_CREDENTIALS: usize = 3;

fn in_order(facts: &Facts<'_>, carrier: &Carrier) -> Option<Phrase> {
    let mut parts = Vec::new();
    if let Some(token) = clean_token(carrier) {
        parts.push("a well-formed JWT".to_owned());
        let exp = token.number("exp").filter(|exp| *exp < MILLISECONDS);
        if let Some(exp) = exp {
            let left = facts.clock.seconds_since(exp).saturating_neg();
            // What is expired is not in order, even where it was accepted.
            if left <= 0 {
                return None;
            }
            parts.push(format!("{} left {}", span(left), facts.clock.whose()));
        }
        parts.extend(same_claims(facts, carrier, &token));
    }
    if facts.good.is_some_and(|good| good.has_same(carrier)) {
        parts.push("the same as in the known-good request".to_owned());
    }
    (!parts.is_empty()).then(|| place(&carrier.place).words(format!(": {}", parts.join(", "))))
}

/// The token, if it was sent as it is: nothing quoted, doubled or encoded around it.
fn clean_token(carrier: &Carrier) -> Option<Jwt> {
    if carrier.secret == carrier.normalised {
        jwt::decode(&carrier.normalised)
    } else {
        None
    }
}

fn same_claims(facts: &Facts<'_>, carrier: &Carrier, token: &Jwt) -> Vec<String> {
    let good = facts
        .good
        .and_then(|good| good.sent.in_place(&carrier.place))
        .and_then(clean_token);
    let Some((theirs, ours)) = good
        .as_ref()
        .and_then(|good| good.claims.as_ref())
        .zip(token.claims.as_ref())
    else {
        return Vec::new();
    };
    [("iss", "issuer"), ("aud", "audience")]
        .into_iter()
        .filter(|(claim, _)| ours.contains_key(*claim) && theirs.get(*claim) == ours.get(*claim))
        .map(|(_, name)| format!("{name} as in the known-good one"))
        .collect()
}

fn unknown(facts: &Facts<'_>) -> Vec<Phrase> {
    let mut unknown = Vec::new();
    match facts.answer {
        None => unknown.push(Phrase::new(
            "what the server answered: this request comes from a file",
        )),
        Some(answer) => {
            match answer.first_words() {
                Some(words) => unknown.push(words),
                None if answer.challenges.is_empty() => unknown.push(Phrase::new(
                    "what the server wants: its answer has no challenge and names no reason",
                )),
                None => {}
            }
            unknown.extend(answer.asked());
            let pending = answer.response.content.end == ContentEnd::Pending;
            if answer.stated.body_unreadable || pending {
                unknown.push(Phrase::new(
                    "what the body of the answer says: it could not be read in full",
                ));
            }
        }
    }
    for carrier in facts.sent.credentials().take(MOST_CREDENTIALS) {
        unknown.extend(match facts.sent.is_unresolved(&carrier.raw) {
            true => Some(place(&carrier.place).words(": it holds a variable without a value")),
            false => hidden(carrier),
        });
    }
    match facts.good {
        None => unknown.push(Phrase::new(
            "how a request that works looks: there is no known-good one to compare with",
        )),
        Some(good) => {
            for reason in &good.chosen.distrust {
                unknown.push(Phrase::new(format!(
                    "whether the known-good request is one: {reason}"
                )));
            }
        }
    }
    if facts.known.case.context.lost > 0 {
        unknown.push(Phrase::new(
            "some of what went before: under load not every exchange was remembered",
        ));
    }
    unknown
}

/// What a credential does not show.
fn hidden(carrier: &Carrier) -> Option<Phrase> {
    let scheme = carrier.scheme.as_deref().and_then(known_scheme);
    if is_authorization(carrier) && scheme.is_none() {
        return Some(Phrase::new(
            "whether the server can read Authorization: what stands first is no known scheme",
        ));
    }
    match carrier.shape {
        Shape::JwtJwe => {
            Some(place(&carrier.place).words(": whether it is right, since it is encrypted"))
        }
        Shape::Uuid | Shape::Hex | Shape::Prefixed | Shape::Opaque => Some(
            place(&carrier.place)
                .words(": whether it has expired or was revoked, since it is opaque"),
        ),
        Shape::Paseto => {
            Some(place(&carrier.place).words(": whether it has expired, since it is a PASETO"))
        }
        Shape::Empty | Shape::JwtJws | Shape::JwtBroken | Shape::Basic | Shape::Placeholder => None,
    }
}

fn next(facts: &Facts<'_>, diagnosis: &Diagnosis) -> Vec<Phrase> {
    let mut next = Vec::new();
    let certain = diagnosis
        .verdict
        .as_ref()
        .is_some_and(|verdict| verdict.score >= 90);
    if certain {
        return next;
    }
    if facts.good.is_none() && !facts.sent.is_preflight() {
        next.push(Phrase::new(
            "paste one that works, then send this one again:  why401 baseline add --curl -",
        ));
    }
    if diagnosis.verdict.is_some() {
        return next;
    }
    let first = facts
        .real_differences()
        .next()
        .and_then(|difference| Some((difference.place, plain_name(&difference.name)?)));
    if let Some((place, name)) = first {
        next.push(Phrase::new(format!(
            "make it like the known-good one, one difference at a time, {} {name} first",
            place.as_str()
        )));
    }
    if let Some(id) = request_id(facts) {
        next.push(id);
    }
    let number = facts.known.case.number;
    if number > 0 {
        next.push(Phrase::new(format!(
            "see it as recorded: why401 show {number}"
        )));
    }
    next
}

/// What the API's owner needs to find this request in a log.
pub(crate) fn request_id(facts: &Facts<'_>) -> Option<Phrase> {
    let fields = &facts.answer?.response.fields;
    let (name, value) = REQUEST_IDS
        .iter()
        .find_map(|name| Some((name, fields.first(name)?)))?;
    Some(Phrase::new(format!("ask the API's owner, with {name}: ")).captured(value))
}

const REQUEST_IDS: &[&str] = &[
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "x-ms-request-id",
    "cf-ray",
    "traceparent",
];
