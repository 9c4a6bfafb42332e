//! `token-revoked`: the token was good once and is no longer, before its time.

use crate::auth::credentials::Carrier;
use crate::auth::jwt;
use crate::diagnosis::facts::{Facts, Said, carries, has_scheme};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{ClientKind, Place, Seen, Timestamp};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let carrier = facts
        .sent
        .credentials()
        .find(|carrier| !has_scheme(carrier, "basic") && !carrier.secret.trim_ascii().is_empty())?;
    let by_words = facts
        .answer
        .is_some_and(|answer| answer.says(&[Said::Revoked]));
    let past = Past::of(facts, carrier);
    let strength = match &past {
        _ if by_words => Strength::Full,
        Some(past) if past.logout.is_some() => Strength::Partial,
        Some(past) if past.left.is_some() && past.same_route => Strength::Slight,
        _ => return None,
    };
    let mut evidence = past.map_or_else(Vec::new, |past| past.told(facts));
    evidence.extend(
        facts
            .answer
            .and_then(|answer| answer.quote(&[Said::Revoked])),
    );
    Some(Suspicion {
        strength,
        place: Some(carrier.place.clone()),
        by_words,
        title: match strength {
            Strength::Full if matches!(carrier.place, Place::Cookie(_)) => {
                "the server has ended the session".into()
            }
            Strength::Full => "the server has revoked the token".into(),
            Strength::Partial => "the token was revoked by a logout".into(),
            Strength::Slight => "the token may have been revoked".into(),
        },
        evidence,
        fix: vec![Phrase::new(fix(facts.client(), carrier))],
        // What became of the token on the server is no difference of the request.
        about: None,
        ..Suspicion::default()
    })
}

/// What became of this credential before.
struct Past<'a> {
    worked: &'a Seen,
    /// Whether it worked on the route that refuses it now.
    same_route: bool,
    /// A logout or revocation that it took part in since, and that succeeded.
    logout: Option<&'a Seen>,
    /// The seconds until the token's own `exp`, if it can be read.
    left: Option<i64>,
}

impl<'a> Past<'a> {
    /// `None` when it never worked, or ran out by itself, or when the server says that it is something else.
    fn of(facts: &Facts<'a>, carrier: &Carrier) -> Option<Self> {
        let other_reason = facts.answer.is_some_and(|answer| {
            answer.kinds().any(|said| {
                said != Said::Revoked && (said.means_understood() || said.means_none_seen())
            })
        });
        let left = jwt::decode(&carrier.normalised)
            .and_then(|token| token.number("exp"))
            .filter(|exp| *exp < words::MILLISECONDS)
            .map(|exp| facts.clock.seconds_since(exp).saturating_neg());
        if other_reason || left.is_some_and(|left| left <= 0) {
            return None;
        }
        let worked = facts.worked(&carrier.place).find(|seen| !is_logout(seen))?;
        let context = &facts.known.case.context;
        let logout = context.before.iter().find(|seen| {
            seen.at >= worked.at
                && (200..400).contains(&seen.status)
                && is_logout(seen)
                && facts
                    .fact(&carrier.place)
                    .is_some_and(|fact| carries(seen, fact))
        });
        Some(Self {
            worked,
            same_route: facts.known.passed.iter().any(|seen| seen.id == worked.id),
            logout,
            left,
        })
    }

    fn told(&self, facts: &Facts<'_>) -> Vec<Phrase> {
        let ago =
            |at: Timestamp| words::span(facts.known.case.failing.at.micros_since(at) / 1_000_000);
        let mut told = vec![Phrase::new(format!(
            "the same token passed {} before{}",
            ago(self.worked.at),
            if self.same_route {
                ", on this route"
            } else {
                ""
            }
        ))];
        if let Some(logout) = self.logout {
            told.push(
                Phrase::new(format!("{} before, it ended its session: ", ago(logout.at)))
                    .captured(logout.request.method.as_bytes())
                    .words(" ")
                    .captured(logout.request.url.path.clone()),
            );
        }
        if let Some(left) = self.left {
            told.push(Phrase::new(format!(
                "by its own exp it has {} left {}",
                words::span(left),
                facts.clock.whose()
            )));
        }
        told
    }
}

/// A call that ends the session that makes it, by its path. What names one thing among others, as
/// `/sessions/99` and `/invitations/5/revoke` do, ends that one.
fn is_logout(seen: &Seen) -> bool {
    let path = String::from_utf8_lossy(&seen.request.url.path).to_ascii_lowercase();
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            segment
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect()
        })
        .filter(|segment: &String| !segment.is_empty() && !is_version(segment))
        .collect();
    let deletes = seen.request.method == "DELETE";
    segments.iter().enumerate().any(|(at, segment)| {
        let of = at.checked_sub(1).and_then(|before| segments.get(before));
        let then = segments.get(at + 1);
        let of_another = of.is_some_and(|of| is_id(of));
        let is = |list: &[&str]| list.contains(&segment.as_str());
        let by_revoking = is(REVOCATIONS)
            && then.is_none()
            && of.is_none_or(|of| REVOKERS.contains(&of.as_str()));
        let by_deleting =
            deletes && is(SESSIONS) && then.is_none_or(|then| OWN.contains(&then.as_str()));
        !of_another && (is(LOGOUTS) || by_revoking || by_deleting)
    })
}

/// A number, or a UUID or the like.
fn is_id(segment: &str) -> bool {
    let has_digit = segment.bytes().any(|b| b.is_ascii_digit());
    segment.starts_with(|c: char| c.is_ascii_digit()) || (has_digit && segment.len() >= 16)
}

/// `v1` says nothing.
fn is_version(segment: &str) -> bool {
    let number = segment.strip_prefix('v').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// Without `-`, `_` and `.` in them.
const LOGOUTS: &[&str] = &["endsession", "logoff", "logout", "signoff", "signout"];

const REVOCATIONS: &[&str] = &["invalidate", "revocation", "revoke", "revoketoken"];

/// What stands before such a word where it is about tokens.
const REVOKERS: &[&str] = &[
    "api", "auth", "connect", "login", "me", "oauth", "oauth2", "session", "token",
];

const SESSIONS: &[&str] = &["login", "session", "sessions", "token", "tokens"];

const OWN: &[&str] = &["current", "me", "own", "self", "this"];

fn fix(client: ClientKind, carrier: &Carrier) -> &'static str {
    if matches!(carrier.place, Place::Cookie(_)) {
        return "log in again: the session has ended on the server";
    }
    match client {
        ClientKind::Browser | ClientKind::Axios | ClientKind::Node => {
            "log in again, and drop the stored token at logout, in every tab and every worker"
        }
        ClientKind::Postman | ClientKind::Insomnia => {
            "get a new token by the login request: the one in the variable is no longer good"
        }
        _ => "get a new token: log in again, or make a new key",
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn bearer(line: &str, token: &str) -> String {
        format!("{line}\nAuthorization: Bearer {token}")
    }

    fn strength(sample: &Sample) -> Option<Strength> {
        Some(sample.check(check)?.strength)
    }

    const OPAQUE: &str = "abcdefghijklmnop1";

    #[test]
    fn the_servers_word_is_taken() {
        let said = "401\n\nToken was revoked. You have to re-authorize from the user.";
        let sent = |request: &str| strength(&Sample::new(request).answer(said));
        assert_eq!(sent(&bearer("GET /a", OPAQUE)), Some(Strength::Full));
        assert_eq!(sent("GET /a\nCookie: session=abc"), Some(Strength::Full));
        assert_eq!(sent("GET /a"), None);
        assert_eq!(sent("GET /a\nAuthorization: Basic dTpw"), None);
    }

    #[test]
    fn a_logout_after_a_success_is_likely_the_reason() {
        for logout in [
            "POST /auth/logout",
            "POST /oauth/revoke",
            "DELETE /sessions/current",
            "DELETE /api/v1/session",
            "POST /oauth2/v1/revoke",
            "POST /realms/a1/protocol/openid-connect/logout",
            "GET /sign-out",
        ] {
            let sample = Sample::new(&bearer("GET /a", OPAQUE))
                .answer("401")
                .before(-10, &bearer(logout, OPAQUE), 204)
                .before(-60, &bearer("GET /b", OPAQUE), 200);
            assert_eq!(strength(&sample), Some(Strength::Partial), "{logout}");
        }
    }

    #[test]
    fn a_logout_that_ended_nothing_of_it_is_no_reason() {
        let other = "qrstuvwxyzabcdef2";
        let sample = || Sample::new(&bearer("GET /a", OPAQUE)).answer("401");
        let worked = bearer("GET /a", OPAQUE);
        for (logout, token, status) in [
            ("POST /logout", other, 204),
            ("POST /logout", OPAQUE, 401),
            ("POST /logouts", OPAQUE, 204),
            ("DELETE /sessions/1", OPAQUE, 204),
            ("DELETE /users/5/sessions", OPAQUE, 204),
            ("POST /users/5/logout", OPAQUE, 204),
            ("POST /keys/revoke", OPAQUE, 204),
            ("POST /token/5/revoke", OPAQUE, 204),
            ("GET /sessions/1", OPAQUE, 200),
        ] {
            let sample = sample().before(-10, &bearer(logout, token), status);
            assert_eq!(
                strength(&sample.before(-60, &worked, 200)),
                None,
                "{logout}"
            );
        }
        let since =
            sample()
                .before(-10, &worked, 200)
                .before(-60, &bearer("POST /logout", OPAQUE), 204);
        assert_eq!(strength(&since), None, "it passed since");
        let never = sample().before(-10, &bearer("POST /x/logout", other), 204);
        assert_eq!(strength(&never), None);
    }

    #[test]
    fn a_key_beside_the_token_proves_nothing_of_the_token() {
        let both =
            |line: &str, token: &str| format!("{}\nX-Api-Key: k9Z_opaque-1", bearer(line, token));
        let sample = Sample::new(&both("GET /a", OPAQUE))
            .answer("401")
            .before(-10, &both("POST /logout", "qrstuvwxyzabcdef2"), 204)
            .before(-60, &both("GET /a", "qrstuvwxyzabcdef2"), 200);
        assert_eq!(strength(&sample), None);
    }

    #[test]
    fn a_token_that_passed_and_has_not_run_out_is_a_guess() {
        let valid = bearer("GET /a", &jwt("{\"exp\":\"T+600\"}"));
        let sample = |request: &str, answer: &str| {
            strength(
                &Sample::new(request)
                    .answer(answer)
                    .before(-60, request, 200),
            )
        };
        assert_eq!(sample(&valid, "401"), Some(Strength::Slight));
        assert_eq!(sample(&valid, "401\n\njwt audience invalid"), None);
        assert_eq!(
            sample(&bearer("GET /a", &jwt("{\"exp\":\"T-600\"}")), "401"),
            None
        );
        assert_eq!(sample(&bearer("GET /a", OPAQUE), "401"), None);
    }
}
