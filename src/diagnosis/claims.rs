//! A claim of the token against what the server says of it and what the known-good token has: `aud` and `iss`.

use serde_json::Value;

use super::Strength;
use super::facts::{Facts, Said, has_scheme};
use super::finding::Phrase;
use super::words;
use crate::auth::credentials::Carrier;
use crate::auth::jwt::Jwt;
use crate::model::Match;

/// How the claim stands.
pub(crate) struct Claim<'a> {
    pub(crate) carrier: &'a Carrier,
    /// What it stands in; `None` when that cannot be read.
    pub(crate) token: Option<Jwt>,
    /// Its values; `None` when they cannot be read.
    pub(crate) ours: Option<Vec<String>>,
    /// Those of the known-good token in the same place; empty when there is none to compare with.
    pub(crate) good: Vec<String>,
    /// Whether the server names it as the fault.
    pub(crate) is_said: bool,
    pub(crate) strength: Strength,
}

impl<'a> Claim<'a> {
    /// Judges the claim of that name, which the server's words call so; `None` when nothing speaks against it.
    pub(crate) fn of(facts: &'a Facts<'_>, name: &str, said: Said) -> Option<Self> {
        let is_said = facts.answer.is_some_and(|answer| answer.says(&[said]));
        let carrier = judged(facts)?;
        let token = token_of(facts, carrier);
        let ours = token.as_ref().and_then(|token| values(token, name));
        let good = good(facts, carrier, name);
        let strength = if is_said {
            // What passes with the known-good token is hardly what is wrong with this one.
            let passes = ours
                .as_ref()
                .is_some_and(|ours| !ours.is_empty() && *ours == good);
            if ours.is_some() && !passes {
                Strength::Full
            } else {
                Strength::Partial
            }
        } else {
            differs(
                facts,
                (carrier, token.as_ref()?),
                name,
                ours.as_ref()?,
                &good,
            )?
        };
        Some(Self {
            carrier,
            token,
            ours,
            good,
            is_said,
            strength,
        })
    }

    /// What was seen, as sentences.
    pub(crate) fn evidence(&self, facts: &Facts<'_>, name: &str, said: Said) -> Vec<Phrase> {
        let at = || words::place(&self.carrier.place);
        let mut evidence = match self.ours.as_deref() {
            Some([]) => vec![at().words(format!(": the token has no {name}"))],
            Some(ours) => vec![list(at().words(format!(": {name} is ")), ours)],
            None => Vec::new(),
        };
        if !self.good.is_empty() {
            let told = Phrase::new(format!("known good has {name} "));
            evidence.push(list(told, &self.good));
        }
        if let (Some([ours]), [good]) = (self.ours.as_deref(), self.good.as_slice()) {
            evidence.extend(difference(ours, good).map(Phrase::new));
        }
        evidence.extend(facts.answer.and_then(|answer| answer.quote(&[said])));
        evidence
    }
}

/// What the server judges: Authorization, where there is one; a cookie beside it may never be read.
fn judged<'a>(facts: &'a Facts<'_>) -> Option<&'a Carrier> {
    let may_be_token =
        |carrier: &&Carrier| !has_scheme(carrier, "basic") && !carrier.secret.is_empty();
    facts
        .sent
        .authorization()
        .filter(may_be_token)
        .or_else(|| facts.sent.tokens().map(|(carrier, _)| carrier).next())
        .or_else(|| facts.sent.credentials().find(may_be_token))
}

fn token_of(facts: &Facts<'_>, carrier: &Carrier) -> Option<Jwt> {
    facts
        .sent
        .tokens()
        .find(|(other, _)| other.place == carrier.place)
        .map(|(_, token)| token)
}

/// How much a difference to the known-good token tells.
fn differs(
    facts: &Facts<'_>,
    (carrier, token): (&Carrier, &Jwt),
    name: &str,
    ours: &[String],
    good: &[String],
) -> Option<Strength> {
    let disjoint =
        !ours.is_empty() && !good.is_empty() && !ours.iter().any(|one| good.contains(one));
    let not_seen = facts.answer.is_some_and(|answer| answer.saw_no_token());
    // The same claim passed on this route, or this very token somewhere at this server.
    let passed = facts.known.passed.iter().any(|seen| {
        let sent = super::facts::Sent::of(&seen.request);
        sent.tokens()
            .any(|(_, then)| values(&then, name).is_some_and(|then| then == ours))
    });
    if !disjoint || not_seen || passed || facts.worked(&carrier.place).next().is_some() {
        return None;
    }
    let ran_out = token
        .number("exp")
        .filter(|exp| *exp < words::MILLISECONDS)
        .is_some_and(|exp| facts.clock.seconds_since(exp) >= 0);
    // Another host may well want another one, and one server may take those of several clients.
    let elsewhere = facts.good.is_some_and(|good| {
        matches!(
            good.chosen.found,
            Match::OtherOrigin | Match::LearnedOtherClient
        )
    });
    Some(if ran_out || elsewhere {
        Strength::Slight
    } else {
        Strength::Partial
    })
}

fn good(facts: &Facts<'_>, carrier: &Carrier, name: &str) -> Vec<String> {
    let Some(good) = facts.good else {
        return Vec::new();
    };
    good.sent
        .tokens()
        .find(|(there, _)| there.place == carrier.place && !good.sent.is_unresolved(&there.raw))
        .and_then(|(_, token)| values(&token, name))
        .unwrap_or_default()
}

/// The values of a claim that is a text or a list of texts; `None` when the claims cannot be read.
fn values(token: &Jwt, name: &str) -> Option<Vec<String>> {
    let claims = token.claims.as_ref()?;
    Some(match claims.get(name) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .take(MOST_VALUES)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    })
}

const MOST_VALUES: usize = 32;

/// What a token says of itself is captured text, and may hold anything.
fn list(start: Phrase, values: &[String]) -> Phrase {
    let shown = values.iter().take(MOST_SHOWN).enumerate();
    let phrase = shown.fold(start, |phrase, (index, value)| {
        let phrase = if index > 0 {
            phrase.words(", ")
        } else {
            phrase
        };
        phrase.captured(value.as_bytes())
    });
    if values.len() > MOST_SHOWN {
        phrase.words(", …")
    } else {
        phrase
    }
}

const MOST_SHOWN: usize = 4;

/// What two URLs or names differ in, where that says more than the two.
fn difference(ours: &str, good: &str) -> Option<&'static str> {
    let bare = |text: &str| {
        let text = text
            .strip_prefix("https://")
            .or(text.strip_prefix("http://"));
        text.map(str::to_owned)
    };
    if ours.trim_end_matches('/') == good.trim_end_matches('/') {
        return Some("they differ in the slash at the end only");
    }
    if ours.eq_ignore_ascii_case(good) {
        return Some("they differ in upper and lower case only");
    }
    let (ours, good) = (bare(ours)?, bare(good)?);
    if ours == good {
        return Some("they differ in http and https only");
    }
    let (our_host, our_path) = ours.split_once('/').unwrap_or((&ours, ""));
    let (good_host, good_path) = good.split_once('/').unwrap_or((&good, ""));
    if our_host == good_host {
        Some("they differ in the path only: another tenant, realm or environment")
    } else if our_path == good_path {
        Some("they differ in the host only")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn near_misses_are_told() {
        for (ours, good, told) in [
            ("https://id.test/", "https://id.test", Some("the slash")),
            ("API", "api", Some("upper and lower case")),
            ("http://id.test", "https://id.test", Some("http and https")),
            (
                "https://id.test/a",
                "https://id.test/b",
                Some("the path only"),
            ),
            (
                "http://kc:8080/realms/a",
                "https://id.test/realms/a",
                Some("the host only"),
            ),
            ("https://a.test/x", "https://b.test/y", None),
            ("orders", "invoices", None),
        ] {
            let found = difference(ours, good);
            assert_eq!(found.is_some(), told.is_some(), "{ours} {good}");
            assert!(
                found.unwrap_or_default().contains(told.unwrap_or_default()),
                "{found:?}"
            );
        }
    }
}
