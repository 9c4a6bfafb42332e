//! `jwt-not-yet-valid-clock-skew`: the token is valid from a time that the server has not reached.

use crate::auth::credentials::Carrier;
use crate::auth::jwt::Jwt;
use crate::diagnosis::facts::{Facts, Said, has_scheme};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let is_said = facts
        .answer
        .is_some_and(|answer| answer.says(&[Said::NotYetValid]));
    facts
        .sent
        .tokens()
        .filter_map(|(carrier, token)| Early::of(facts, carrier, token, is_said))
        .max_by_key(|early| early.strength)
        .map(|early| early.suspicion(facts, is_said))
        .or_else(|| by_words_alone(facts).filter(|_| is_said))
}

struct Early<'a> {
    carrier: &'a Carrier,
    token: Jwt,
    claim: &'static str,
    /// Seconds until then.
    ahead: i64,
    strength: Strength,
}

impl<'a> Early<'a> {
    fn of(facts: &Facts<'_>, carrier: &'a Carrier, token: Jwt, is_said: bool) -> Option<Self> {
        let (claim, ahead) = ["nbf", "iat"].into_iter().find_map(|claim| {
            let ahead = seconds_until(facts, &token, claim)?;
            (ahead > 0).then_some((claim, ahead))
        })?;
        let strength = match ahead {
            _ if facts.sent.is_cookie_beside_another(carrier) => Strength::Slight,
            _ if is_said => Strength::Full,
            // Many servers do not look at `iat`, and our own clock may be the one that is wrong.
            SURE.. if claim == "nbf" && facts.clock.by_server => Strength::Full,
            USUAL_LEEWAY.. => Strength::Partial,
            _ => Strength::Slight,
        };
        Some(Self {
            carrier,
            token,
            claim,
            ahead,
            strength,
        })
    }

    fn suspicion(&self, facts: &Facts<'_>, is_said: bool) -> Suspicion {
        let Self { claim, ahead, .. } = self;
        let from = facts.clock.now.secs().saturating_add(*ahead);
        let when = words::instant(from).map_or_else(String::new, |when| format!(" {when}"));
        let mut evidence = vec![words::place(&self.carrier.place).words(format!(
            ": {claim}{when}, {} in the future {}",
            words::span(*ahead),
            facts.clock.whose(),
        ))];
        evidence.extend(facts.clock.skew_told());
        let why = self.why(facts);
        evidence.extend(why.told());
        evidence.extend(
            facts
                .answer
                .and_then(|answer| answer.quote(&[Said::NotYetValid])),
        );
        Suspicion {
            strength: self.strength,
            place: Some(self.carrier.place.clone()),
            by_words: is_said,
            title: if *claim == "nbf" {
                format!("the token is valid only in {}", words::span(*ahead))
            } else {
                format!(
                    "the token was issued in the future: in {}",
                    words::span(*ahead)
                )
            },
            evidence,
            fix: vec![Phrase::new(why.fix(*ahead))],
            // Being the only difference is no proof where the time is none.
            about: facts
                .sent
                .about(&self.carrier.place)
                .filter(|_| self.strength == Strength::Full),
            ..Suspicion::default()
        }
    }

    fn why(&self, facts: &Facts<'_>) -> Why {
        let by_us = facts.clock.skew.map(|skew| self.ahead.saturating_add(skew));
        let starts_after = seconds_until(facts, &self.token, "iat")
            .map_or(0, |iat| self.ahead.saturating_sub(iat));
        if by_us.is_some_and(|ahead| ahead <= 0) {
            Why::ServerBehind
        } else if self.claim == "nbf" && starts_after > 60 {
            Why::StartsLater(starts_after)
        } else if by_us.is_some() {
            Why::IssuerAhead
        } else {
            Why::Unknown
        }
    }
}

/// Whose clock, or whose intention it is.
enum Why {
    ServerBehind,
    StartsLater(i64),
    IssuerAhead,
    Unknown,
}

impl Why {
    fn told(&self) -> Option<Phrase> {
        match self {
            Self::ServerBehind => Some(Phrase::new(
                "by our clock it is valid already, so the server's clock is behind",
            )),
            Self::StartsLater(seconds) => Some(Phrase::new(format!(
                "nbf is {} after iat: it was made to start later",
                words::span(*seconds)
            ))),
            Self::IssuerAhead => Some(Phrase::new(
                "by our clock, too, so the clock of whoever signed it is ahead",
            )),
            Self::Unknown => None,
        }
    }

    fn fix(&self, ahead: i64) -> String {
        let wait = words::span(ahead);
        match self {
            Self::ServerBehind => format!(
                "wait {wait} and send it again; for good, the server's clock has to be set (NTP)"
            ),
            Self::StartsLater(_) => {
                format!("wait {wait}, or get a token that is valid from now on: nbf no later than iat")
            }
            Self::IssuerAhead | Self::Unknown => {
                "set the clock of the machine that signs the token (NTP); if you sign it, put nbf and iat a minute back".into()
            }
        }
    }
}

/// The widest leeway that servers are known to grant, in seconds, and the usual one.
const SURE: i64 = 301;
const USUAL_LEEWAY: i64 = 61;

fn seconds_until(facts: &Facts<'_>, token: &Jwt, claim: &str) -> Option<i64> {
    let time = token
        .number(claim)
        .filter(|time| *time < words::MILLISECONDS)?;
    Some(facts.clock.seconds_since(time).saturating_neg())
}

/// The server says so of a token that does not show it.
fn by_words_alone(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    // "Expired or not yet valid" leaves it open.
    if answer.says(&[Said::Expired]) {
        return None;
    }
    let carrier = facts
        .sent
        .credentials()
        .find(|carrier| !has_scheme(carrier, "basic") && !carrier.secret.is_empty())?;
    let token = facts
        .sent
        .tokens()
        .find(|(other, _)| other.place == carrier.place)
        .map(|(_, token)| token);
    let ran_out = token
        .as_ref()
        .and_then(|token| seconds_until(facts, token, "exp"))
        .is_some_and(|left| left < 0);
    if ran_out {
        return None;
    }
    let started = token.is_some_and(|token| seconds_until(facts, &token, "nbf").is_some());
    let mut evidence: Vec<Phrase> = answer.quote(&[Said::NotYetValid]).into_iter().collect();
    if started {
        evidence.push(Phrase::new(format!(
            "its nbf has passed {}: the machine that checks it has another time",
            facts.clock.whose()
        )));
    }
    evidence.extend(facts.clock.skew_told());
    Some(Suspicion {
        strength: Strength::Partial,
        place: Some(carrier.place.clone()),
        by_words: true,
        title: "the server says that the token is not valid yet".into(),
        evidence,
        fix: vec![Phrase::new(
            "wait a minute and send it again; for good, issuer and server need the same time (NTP)",
        )],
        ..Suspicion::default()
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    const ON_TIME: &str = "401\nDate: Thu, 15 Jan 2026 12:00:00 GMT";

    fn sent(claims: &str) -> Sample {
        let token = jwt(claims);
        Sample::new(&format!("GET /a\nAuthorization: Bearer {token}"))
    }

    fn strength(claims: &str, answer: &str) -> Option<Strength> {
        Some(sent(claims).answer(answer).check(check)?.strength)
    }

    #[test]
    fn the_further_ahead_the_surer() {
        for (claims, expected) in [
            ("{\"nbf\":\"T+400\"}", Some(Strength::Full)),
            ("{\"nbf\":\"T+300\"}", Some(Strength::Partial)),
            ("{\"iat\":\"T+4000\"}", Some(Strength::Partial)),
            ("{\"nbf\":\"T+60\"}", Some(Strength::Slight)),
            ("{\"nbf\":\"T-0\",\"iat\":\"T-60\"}", None),
            ("{\"nbf\":99999999999999}", None),
            ("{\"nbf\":\"soon\"}", None),
        ] {
            assert_eq!(strength(claims, ON_TIME), expected, "{claims}");
        }
        let ours = strength("{\"nbf\":\"T+4000\"}", "401");
        assert_eq!(ours, Some(Strength::Partial), "our clock may be wrong");
    }

    #[test]
    fn the_servers_word_makes_it_sure() {
        let said = format!("{ON_TIME}\n\njwt not active");
        assert_eq!(strength("{\"nbf\":\"T+5\"}", &said), Some(Strength::Full));
        assert_eq!(
            strength("{\"nbf\":\"T-5\"}", &said),
            Some(Strength::Partial)
        );
        assert_eq!(strength("{\"nbf\":\"T-5\",\"exp\":\"T-1\"}", &said), None);
        let either = format!("{ON_TIME}\n\nThe token has expired or is not yet valid.");
        assert_eq!(strength("{\"nbf\":\"T-5\"}", &either), None);
        let nobody = Sample::new("GET /a").answer(&said);
        assert!(nobody.check(check).is_none());
    }

    #[test]
    fn it_is_told_whose_clock_is_wrong() {
        let told = |claims: &str, date: &str| {
            let answer = format!("401\nDate: Thu, 15 Jan 2026 {date} GMT");
            format!(
                "{:?}",
                sent(claims).answer(&answer).check(check).unwrap().evidence
            )
        };
        let behind = told("{\"nbf\":\"T-10\",\"iat\":\"T-10\"}", "11:50:00");
        assert!(behind.contains("the server's clock is behind"), "{behind}");
        let ahead = told("{\"nbf\":\"T+400\",\"iat\":\"T+400\"}", "12:00:00");
        assert!(ahead.contains("whoever signed it is ahead"), "{ahead}");
        let later = told("{\"nbf\":\"T+400\",\"iat\":\"T-10\"}", "12:00:00");
        assert!(later.contains("nbf is 6 min after iat"), "{later}");
    }

    #[test]
    fn a_cookie_beside_another_credential_is_a_guess() {
        let token = jwt("{\"nbf\":\"T+4000\"}");
        let beside = Sample::new(&format!(
            "GET /a\nAuthorization: Bearer abcdefghijklmnop1\nCookie: access_token={token}"
        ))
        .answer(ON_TIME);
        assert_eq!(beside.check(check).unwrap().strength, Strength::Slight);
    }
}
