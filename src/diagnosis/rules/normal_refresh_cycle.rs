//! `normal-refresh-cycle`: the token had run out, the client renewed it by itself and got through.

use std::time::Duration;

use crate::auth::credentials::Carrier;
use crate::auth::jwt;
use crate::diagnosis::facts::{Facts, Said, Sent, has_scheme};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{Content, Fingerprint, Place, Seen, Shape};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    // Another fault of the token is one, though a new token does not have it.
    let other_fault = answer
        .kinds()
        .any(|said| said.means_understood() && !matches!(said, Said::Expired | Said::Revoked));
    if other_fault && !answer.says(&[Said::Expired]) {
        return None;
    }
    let (old, retry) = facts
        .sent
        .credentials()
        .filter(|carrier| is_token(carrier))
        .take(MOST_TOKENS)
        .find_map(|old| Some((old, retry(facts, old)?)))?;
    let run_out = run_out(facts, old);
    let is_renewed = is_same_subject(old, retry) || given_since(facts, old, retry);
    if run_out.is_none() && !is_known_pair(facts, old, retry) {
        return None;
    }
    let (strength, title) = if run_out.is_some() && is_renewed {
        (
            Strength::Full,
            "not a failure: the token ran out and was renewed",
        )
    } else {
        (
            Strength::Partial,
            if is_renewed {
                "not a failure: the client renewed its token"
            } else {
                // It may as well be that of another user, of whom the program has several.
                "not a failure: the client went on with another token"
            },
        )
    };
    let mut evidence: Vec<Phrase> = run_out.into_iter().collect();
    evidence.extend(renewed_by(facts, old, retry));
    evidence.push(Phrase::new(format!(
        "the client sent the same request with another token {} later, and got {}",
        words::span(retry.at.micros_since(facts.known.case.failing.at) / 1_000_000),
        retry.status
    )));
    Some(Suspicion {
        strength,
        title: title.into(),
        evidence,
        fix: vec![Phrase::new(
            "nothing to fix; to save the round trip renew the token shortly before it runs out",
        )],
        ..Suspicion::default()
    })
}

/// The longest time between the refusal and the request with the new token.
const PAUSE: Duration = Duration::from_secs(30);

/// Nobody sends more of them for one purpose.
const MOST_TOKENS: usize = 4;

/// A token as it was given out: no password, nothing that stands around it by mistake.
fn is_token(carrier: &Carrier) -> bool {
    let temporary = match carrier.place {
        // A new session cookie may as well come from a login by hand.
        Place::Cookie(_) => matches!(carrier.shape, Shape::JwtJws | Shape::JwtJwe),
        Place::Header(_) | Place::Query(_) | Place::Form(_) => true,
        Place::UserInfo => false,
    };
    temporary
        && !has_scheme(carrier, "basic")
        && !has_scheme(carrier, "digest")
        && !matches!(carrier.shape, Shape::Empty | Shape::Placeholder)
        && carrier.secret == carrier.normalised
}

/// The same request of the same client, soon, with another token in that place, that passed.
fn retry<'a>(facts: &Facts<'a>, old: &Carrier) -> Option<&'a Seen> {
    let failing = &facts.known.case.failing;
    let client = failing.client_key();
    let until = failing.at.plus(PAUSE);
    facts
        .after()
        .iter()
        .filter(|seen| {
            seen.at <= until
                && Some(&seen.client) == client.as_ref()
                && seen.request.method == failing.request.method
                && seen.request.url == failing.request.url
                && is_same_content(&seen.request.content, &failing.request.content)
                && (200..300).contains(&seen.status)
        })
        .find(|seen| {
            Sent::of(&seen.request)
                .in_place(&old.place)
                .is_some_and(|new| {
                    is_token(new)
                        && new.normalised != old.normalised
                        && lives(facts, new)
                        && !is_other_subject(old, new)
                })
        })
}

/// All GraphQL goes to one URL. Of content that was not kept nothing can be told.
fn is_same_content(then: &Content, now: &Content) -> bool {
    let kept = |content: &Content| content.is_whole() && !content.bytes.is_empty();
    !kept(then) || !kept(now) || then.bytes == now.bytes
}

/// Whose token it is, by its issuer's word.
fn subject(carrier: &Carrier) -> Option<String> {
    let token = jwt::decode(&carrier.normalised)?;
    token.text("sub").map(str::to_owned)
}

/// A token of somebody else is not this one renewed.
fn is_other_subject(old: &Carrier, new: &Carrier) -> bool {
    matches!((subject(old), subject(new)), (Some(old), Some(new)) if old != new)
}

fn is_same_subject(old: &Carrier, retry: &Seen) -> bool {
    let sent = Sent::of(&retry.request);
    let new = sent.in_place(&old.place).and_then(subject);
    new.is_some() && new == subject(old)
}

/// Whether the new token was given out between the refusal and the retry.
fn given_since(facts: &Facts<'_>, old: &Carrier, retry: &Seen) -> bool {
    giver(facts, old, retry).is_some_and(|giver| giver.at >= facts.known.case.failing.at)
}

/// A server that takes an expired token did not refuse the other one for that.
fn lives(facts: &Facts<'_>, new: &Carrier) -> bool {
    expiry(new).is_none_or(|exp| facts.clock.seconds_since(exp) < 0)
}

fn expiry(carrier: &Carrier) -> Option<f64> {
    jwt::decode(&carrier.normalised)?
        .number("exp")
        .filter(|exp| *exp < words::MILLISECONDS)
}

/// What shows that the time of the old token was over.
fn run_out(facts: &Facts<'_>, old: &Carrier) -> Option<Phrase> {
    let ago = expiry(old).map(|exp| facts.clock.seconds_since(exp));
    if let Some(ago) = ago.filter(|ago| *ago >= 0) {
        return Some(words::place(&old.place).words(format!(
            ": the token expired {} ago {}",
            words::span(ago),
            facts.clock.whose()
        )));
    }
    facts
        .answer
        .and_then(|answer| answer.quote(&[Said::Expired]))
        .or_else(|| lifetime_over(facts, old))
}

/// By the `expires_in` with which it was given out.
fn lifetime_over(facts: &Facts<'_>, old: &Carrier) -> Option<Phrase> {
    let print = print_of_sent(facts, old)?;
    let (seen, secs) = facts.known.case.context.before.iter().find_map(|seen| {
        let token = seen
            .tokens
            .iter()
            .find(|token| token.fingerprint == print)?;
        Some((seen, token.expires_in?))
    })?;
    let age = facts.known.case.failing.at.micros_since(seen.at) / 1_000_000;
    (age >= secs && secs > 0).then(|| {
        Phrase::new(format!(
            "the token was given out {} before, for {}",
            words::span(age),
            words::span(secs)
        ))
    })
}

/// Whether both are known as tokens of that API: the old one was given out or passed before, the new
/// one was given out.
fn is_known_pair(facts: &Facts<'_>, old: &Carrier, retry: &Seen) -> bool {
    let Some(print) = print_of_sent(facts, old) else {
        return false;
    };
    let origin = &facts.sent.request.url.origin;
    let was_good = facts.known.case.context.before.iter().any(|seen| {
        let passed = (200..300).contains(&seen.status)
            && seen.request.url.origin == *origin
            && seen.credentials.iter().any(|fact| fact.normalised == print);
        passed || seen.tokens.iter().any(|token| token.fingerprint == print)
    });
    was_good && giver(facts, old, retry).is_some()
}

/// Who gave out the new token.
fn renewed_by(facts: &Facts<'_>, old: &Carrier, retry: &Seen) -> Option<Phrase> {
    let giver = giver(facts, old, retry)?;
    let url = &giver.request.url;
    Some(
        Phrase::new("the new token was given out by ")
            .captured([url.origin.authority().as_bytes(), &url.path].concat()),
    )
}

fn giver<'a>(facts: &Facts<'a>, old: &Carrier, retry: &Seen) -> Option<&'a Seen> {
    let new = retry
        .credentials
        .iter()
        .find(|fact| fact.place == old.place)?
        .normalised;
    let context = &facts.known.case.context;
    context
        .after
        .iter()
        .chain(&context.before)
        .find(|seen| seen.tokens.iter().any(|token| token.fingerprint == new))
}

fn print_of_sent(facts: &Facts<'_>, carrier: &Carrier) -> Option<Fingerprint> {
    facts
        .known
        .case
        .context
        .credentials
        .iter()
        .find(|fact| fact.place == carrier.place)
        .map(|fact| fact.normalised)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::sample::{Sample, jwt};

    fn bearer(exp: &str) -> String {
        let token = jwt(&format!("{{\"sub\":\"ann\",\"exp\":\"{exp}\"}}"));
        format!("GET /a\nAuthorization: Bearer {token}")
    }

    #[test]
    fn expired_then_renewed_is_no_failure() {
        let sample = Sample::new(&bearer("T-60"))
            .answer("401\nWWW-Authenticate: Bearer error=\"invalid_token\"")
            .after(2, &bearer("T+3600"), 200);
        let verdict = crate::diagnosis::diagnose(&sample.case).verdict.unwrap();
        assert_eq!((verdict.cause, verdict.score), ("normal-refresh-cycle", 92));
    }

    #[test]
    fn the_servers_word_is_enough_for_an_opaque_token() {
        let said = "401\nContent-Type: application/json\n\n{\"error\":\"token_expired\"}";
        let sample = Sample::new("GET /a\nAuthorization: Bearer abcdefghijklmnop1").after(
            2,
            "GET /a\nAuthorization: Bearer qrstuvwxyz123456",
            200,
        );
        assert!(sample.answer(said).check(check).is_some());
    }

    #[test]
    fn without_a_sign_that_it_had_run_out_nothing_is_known() {
        let sample = Sample::new("GET /a\nAuthorization: Bearer abcdefghijklmnop1")
            .answer("401")
            .after(2, "GET /a\nAuthorization: Bearer qrstuvwxyz123456", 200);
        assert!(sample.check(check).is_none());
    }

    #[test]
    fn a_retry_must_pass_soon_and_with_another_token() {
        for (seconds, request, status) in [
            (2, bearer("T+3600"), 401),
            (2, bearer("T-60"), 200),
            (2, bearer("T-50"), 200),
            (31, bearer("T+3600"), 200),
            (2, bearer("T+3600").replace("/a", "/b"), 200),
            (2, bearer("T+3600").replace("GET", "POST"), 200),
            (2, "GET /a".to_owned(), 200),
        ] {
            let sample = Sample::new(&bearer("T-60"))
                .answer("401")
                .after(seconds, &request, status);
            assert!(sample.check(check).is_none(), "{seconds} {status}");
        }
    }

    #[test]
    fn another_fault_of_the_token_is_one() {
        let said = "401\nContent-Type: application/json\n\n{\"message\":\"jwt audience invalid\"}";
        let sample = Sample::new(&bearer("T-60"))
            .answer(said)
            .after(2, &bearer("T+3600"), 200);
        assert!(sample.check(check).is_none());
        let valid = Sample::new(&bearer("T+60"))
            .answer("401\nWWW-Authenticate: Bearer error=\"invalid_token\"")
            .after(2, &bearer("T+3600"), 200);
        assert!(valid.check(check).is_none());
    }

    #[test]
    fn a_password_is_no_token() {
        let sample = Sample::new("GET /a\nAuthorization: Basic dTpw")
            .answer("401\nContent-Type: application/json\n\n{\"message\":\"password expired\"}")
            .after(2, "GET /a\nAuthorization: Basic dTpx", 200);
        assert!(sample.check(check).is_none());
    }
}
