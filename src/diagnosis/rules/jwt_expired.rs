//! `jwt-expired`: the token says itself until when it was valid.

use crate::auth::credentials::Carrier;
use crate::auth::jwt::Jwt;
use crate::diagnosis::facts::{Facts, Said, is_authorization};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let found = facts
        .sent
        .tokens()
        .filter_map(|(carrier, token)| Expired::of(facts, carrier, token))
        .max_by_key(|expired| expired.strength)?;
    let Expired {
        carrier,
        token,
        ago,
        strength,
    } = found;
    let mut evidence = vec![told(facts, carrier, &token, ago)];
    evidence.extend(facts.clock.skew_told());
    evidence.extend(good_one(facts, &carrier.place));
    evidence.extend(
        facts
            .answer
            .and_then(|answer| answer.quote(&[Said::Expired])),
    );
    Some(Suspicion {
        strength,
        place: Some(carrier.place.clone()),
        title: title(&carrier.place, ago),
        evidence,
        fix: vec![Phrase::new(fix(facts.client()))],
        about: facts.sent.about(&carrier.place),
        ..Suspicion::default()
    })
}

struct Expired<'a> {
    carrier: &'a Carrier,
    token: Jwt,
    /// Seconds since `exp`; negative when it is just ahead.
    ago: i64,
    strength: Strength,
}

impl<'a> Expired<'a> {
    fn of(facts: &Facts<'_>, carrier: &'a Carrier, token: Jwt) -> Option<Self> {
        let exp = token
            .number("exp")
            .filter(|exp| *exp < words::MILLISECONDS)?;
        let ago = facts.clock.seconds_since(exp);
        let strength = match ago {
            SURE.. => Strength::Full,
            0..SURE => Strength::Partial,
            SOON..0 => Strength::Slight,
            _ => return None,
        };
        let beside = is_beside_another(facts, carrier);
        Some(Self {
            carrier,
            token,
            ago,
            strength: if beside { Strength::Slight } else { strength },
        })
    }
}

/// Whether the server may well judge another credential: `Authorization`, or another session's cookie. A
/// refresh token is none of those.
fn is_beside_another(facts: &Facts<'_>, carrier: &Carrier) -> bool {
    let refreshes = |place: &Place| matches!(place, Place::Cookie(name) if name.to_ascii_lowercase().contains("refresh"));
    facts.sent.is_cookie_beside_another(carrier)
        || (!is_authorization(carrier) && facts.sent.authorization().is_some())
        || (matches!(carrier.place, Place::Cookie(_))
            && facts
                .sent
                .session_cookies()
                .any(|other| other.place != carrier.place && !refreshes(&other.place)))
}

/// The widest leeway that servers are known to grant (ASP.NET Core), in seconds; beyond it nothing is left.
const SURE: i64 = 301;
/// Clients and servers need not agree on the minute.
const SOON: i64 = -60;

fn title(place: &Place, ago: i64) -> String {
    let what = match place {
        Place::Header(name) if name == "authorization" => "access token",
        Place::Cookie(_) => "session token",
        _ => "token",
    };
    if ago >= 0 {
        format!("{what} expired {} ago", words::span(ago))
    } else {
        format!("{what} expires within {}", words::span(ago))
    }
}

fn told(facts: &Facts<'_>, carrier: &Carrier, token: &Jwt, ago: i64) -> Phrase {
    let exp = facts.clock.now.secs().saturating_sub(ago);
    let when = words::instant(exp).map_or_else(String::new, |when| format!(" {when}"));
    let relation = if ago >= 0 { "ago" } else { "from then" };
    let lived = token
        .number("iat")
        .filter(|iat| *iat < words::MILLISECONDS)
        .map(|iat| facts.clock.seconds_since(iat).saturating_sub(ago))
        .filter(|lived| *lived > 0)
        .map_or_else(String::new, |lived| {
            format!("; it lived {}", words::span(lived))
        });
    words::place(&carrier.place).words(format!(
        ": exp{when}, {} {relation} {}{lived}",
        words::span(ago),
        facts.clock.whose(),
    ))
}

/// How the known-good request's token stands.
fn good_one(facts: &Facts<'_>, place: &Place) -> Option<Phrase> {
    let (_, token) = facts
        .good?
        .sent
        .tokens()
        .find(|(carrier, _)| carrier.place == *place)?;
    let exp = token
        .number("exp")
        .filter(|exp| *exp < words::MILLISECONDS)?;
    let left = facts.clock.seconds_since(exp).saturating_neg();
    (left > 0).then(|| {
        Phrase::new(format!(
            "the token of the known-good request has {} left",
            words::span(left)
        ))
    })
}

fn fix(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Axios => {
            "get a new token; in axios a response interceptor refreshes once and sends it again"
        }
        ClientKind::Browser | ClientKind::Node => {
            "get a new token: refresh before exp, or once after a 401, and send it again"
        }
        ClientKind::Curl | ClientKind::HTTPie => "get a new token and put it in place of this one",
        ClientKind::Postman | ClientKind::Insomnia => {
            "get a new token: on the Auth tab, or by the login request that fills the variable"
        }
        _ => "get a new token: read it for each request, and renew it before exp",
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn found(exp: &str) -> Option<(Strength, String)> {
        let token = jwt(&format!("{{\"exp\":{exp}}}"));
        let found = Sample::new(&format!("GET /a\nAuthorization: Bearer {token}"))
            .answer("401")
            .check(check)?;
        Some((found.strength, found.title))
    }

    #[test]
    fn the_longer_ago_the_surer() {
        for (exp, strength, title) in [
            (
                "\"T-4000\"",
                Strength::Full,
                "access token expired 1 h 6 min ago",
            ),
            (
                "\"T-301\"",
                Strength::Full,
                "access token expired 5 min ago",
            ),
            (
                "\"T-300\"",
                Strength::Partial,
                "access token expired 5 min ago",
            ),
            ("\"T-0\"", Strength::Partial, "access token expired 0 s ago"),
            (
                "\"T+60\"",
                Strength::Slight,
                "access token expires within 1 min",
            ),
        ] {
            assert_eq!(found(exp), Some((strength, title.to_owned())), "{exp}");
        }
    }

    #[test]
    fn a_token_that_is_valid_or_says_nothing_readable_is_left_alone() {
        for exp in [
            "\"T+61\"",
            "\"T+3600\"",
            "99999999999999",
            "\"soon\"",
            "null",
            "[1]",
        ] {
            assert_eq!(found(exp), None, "{exp}");
        }
    }

    #[test]
    fn the_time_is_the_servers() {
        let token = jwt("{\"exp\":\"T-4000\"}");
        let sample = Sample::new(&format!("GET /a\nAuthorization: Bearer {token}"))
            .answer("401\nDate: Thu, 15 Jan 2026 10:00:00 GMT");
        assert!(
            sample.check(check).is_none(),
            "two hours behind us it is not yet expired"
        );
    }

    #[test]
    fn a_cookie_beside_another_credential_is_a_guess() {
        let token = jwt("{\"exp\":\"T-4000\"}");
        let alone = Sample::new(&format!("GET /a\nCookie: access_token={token}")).answer("401");
        assert_eq!(alone.check(check).unwrap().strength, Strength::Full);
        let beside = Sample::new(&format!(
            "GET /a\nAuthorization: Bearer abcdefghijklmnop1\nCookie: access_token={token}"
        ))
        .answer("401");
        assert_eq!(beside.check(check).unwrap().strength, Strength::Slight);
    }
}
