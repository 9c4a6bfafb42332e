//! Corrects the score a cause starts from by what else the Case shows.

use std::time::Duration;

use super::causes::{Cause, Class};
use super::facts::{Facts, Said};
use super::suspicion::Suspicion;
use crate::model::{Fingerprint, Place, Seen};

/// The score of a suspicion after all corrections. A conflict with the server's words is added to its
/// evidence: it is shown, not only counted.
pub(crate) fn corrected(cause: &Cause, suspicion: &mut Suspicion, facts: &Facts<'_>) -> u8 {
    let start = i32::from(cause.score(suspicion.strength));
    let words = by_words(cause, suspicion, facts);
    let mut score = start
        + words.change
        + by_silence(cause, facts)
        + by_baseline(cause, suspicion, facts)
        + by_past(cause, facts);
    if words.by_code {
        score = score.max(CERTAIN);
    }
    if words.change < 0 {
        let quote = facts
            .answer
            .and_then(|answer| answer.quote(&conflicting(cause, facts)));
        suspicion.evidence.extend(quote);
    }
    u8::try_from(score.clamp(5, 99)).unwrap_or(5)
}

const CERTAIN: i32 = 90;

struct Words {
    change: i32,
    /// Whether a machine-readable code names the cause.
    by_code: bool,
}

/// The server's words name this cause, or another one of the same credential.
fn by_words(cause: &Cause, suspicion: &Suspicion, facts: &Facts<'_>) -> Words {
    let nothing = Words {
        change: 0,
        by_code: false,
    };
    let Some(answer) = facts.answer else {
        return nothing;
    };
    if answer.says(cause.said) {
        return Words {
            change: if suspicion.by_words { 0 } else { 10 },
            by_code: answer.says_by_code(cause.said),
        };
    }
    if conflicting(cause, facts).is_empty() {
        return nothing;
    }
    Words {
        change: -25,
        by_code: false,
    }
}

/// What the server says that does not go with the cause.
fn conflicting(cause: &Cause, facts: &Facts<'_>) -> Vec<Said> {
    let Some(answer) = facts.answer else {
        return Vec::new();
    };
    answer
        .kinds()
        .filter(|said| match cause.class {
            // Unreadable text is refused with any words but those of a reader who understood it.
            Class::Literal | Class::Shape | Class::WrongKind => said.means_understood(),
            Class::WhyMissing | Class::Missing => {
                said.means_understood() || *said == Said::Password
            }
            Class::Computed => said.means_understood() || said.means_none_seen(),
            Class::Stated => *said == Said::Locked,
            Class::Ours
            | Class::Expected
            | Class::Preflight
            | Class::Target
            | Class::History
            | Class::Generic
            | Class::Hint => false,
        })
        .collect()
}

/// The silence rule of RFC 6750 section 3.1.
fn by_silence(cause: &Cause, facts: &Facts<'_>) -> i32 {
    let Some(answer) = facts.answer else {
        return 0;
    };
    match cause.class {
        Class::Computed | Class::Generic if answer.saw_no_token() => -40,
        Class::WhyMissing | Class::Missing if answer.refused_token() => -60,
        _ => 0,
    }
}

fn by_baseline(cause: &Cause, suspicion: &Suspicion, facts: &Facts<'_>) -> i32 {
    let Some(good) = facts.good else {
        return 0;
    };
    let mut change = 0;
    let age = facts
        .known
        .case
        .failing
        .at
        .micros_since(good.chosen.baseline.added);
    if suspicion.by_difference && (!good.is_trusted() || age > micros(LONG_AGO)) {
        change -= 15;
    }
    if suspicion
        .about
        .as_ref()
        .is_some_and(|about| facts.is_only_difference(about))
    {
        change += 15;
    }
    let same = suspicion
        .place
        .as_ref()
        .and_then(|place| facts.sent.in_place(place))
        .is_some_and(|carrier| good.has_same(carrier));
    let blames_credential = matches!(
        cause.class,
        Class::Literal | Class::Shape | Class::WrongKind
    );
    if same && blames_credential && (0..micros(JUST_NOW)).contains(&age) {
        change -= 50;
    }
    change
}

const LONG_AGO: Duration = Duration::from_secs(30 * 86_400);
const JUST_NOW: Duration = Duration::from_secs(5 * 60);

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// What became of the same credential before (`never-worked` and `worked-before`), and of the same request.
fn by_past(cause: &Cause, facts: &Facts<'_>) -> i32 {
    let context = &facts.known.case.context;
    // In another place the same secret is another thing to the server.
    let sent: Vec<(&Place, Fingerprint)> = context
        .credentials
        .iter()
        .map(|fact| (&fact.place, fact.normalised))
        .collect();
    let host = &facts.sent.request.url.origin.host;
    let tries: Vec<&Seen> = context
        .before
        .iter()
        .filter(|seen| seen.request.url.origin.host == *host)
        .filter(|seen| {
            seen.credentials
                .iter()
                .any(|fact| sent.contains(&(&fact.place, fact.normalised)))
        })
        .collect();
    let worked = tries.iter().any(|seen| (200..300).contains(&seen.status));
    let never = !worked && tries.len() >= NEVER;
    match cause.class {
        Class::WrongKind if never => 10,
        Class::WrongKind if worked => -15,
        Class::Computed if worked => 10,
        _ => 0,
    }
}

/// So many tries without success count as "never worked".
const NEVER: usize = 5;

#[cfg(test)]
mod tests {
    use crate::diagnosis::diagnose;
    use crate::diagnosis::sample::{Sample, at, jwt};

    /// The score of a cause in the answer, wherever it stands; 0 when it is not named.
    fn score(sample: &Sample, cause: &str) -> u8 {
        let diagnosis = diagnose(&sample.case);
        diagnosis
            .verdict
            .iter()
            .chain(&diagnosis.alternatives)
            .find(|finding| finding.cause == cause)
            .map_or(0, |finding| finding.score)
    }

    fn expired(seconds: i64) -> Sample {
        let token = jwt(&format!("{{\"exp\":\"T-{seconds}\"}}"));
        Sample::new(&format!("GET /a\nAuthorization: Bearer {token}"))
    }

    #[test]
    fn words_that_name_the_cause_raise_it() {
        let said = "401\nContent-Type: application/json\n\n{\"message\":\"jwt expired\"}";
        assert_eq!(score(&expired(60).answer("401"), "jwt-expired"), 85);
        assert_eq!(score(&expired(60).answer(said), "jwt-expired"), 95);
        assert_eq!(score(&expired(4000).answer(said), "jwt-expired"), 99);
    }

    #[test]
    fn a_code_for_machines_makes_it_certain() {
        let token = jwt("{\"exp\":\"T+30\"}");
        let code = "401\nContent-Type: application/json\n\n{\"code\":\"token_expired\"}";
        let sample = Sample::new(&format!("GET /a\nAuthorization: Bearer {token}")).answer(code);
        assert_eq!(score(&sample, "jwt-expired"), 90);
    }

    #[test]
    fn words_that_name_another_cause_lower_it_and_are_shown() {
        let said = "401\nContent-Type: application/json\n\n{\"message\":\"jwt audience invalid\"}";
        let sample = expired(4000).answer(said);
        let diagnosis = diagnose(&sample.case);
        let lowered = diagnosis.alternatives.first().unwrap();
        assert_eq!((lowered.cause, lowered.score), ("jwt-expired", 72));
        let last = format!("{:?}", lowered.evidence.last().unwrap());
        assert!(last.contains("20 captured bytes"), "{last}");
    }

    #[test]
    fn silence_of_the_server_speaks_against_a_token_that_was_read() {
        let silent = "401\nWWW-Authenticate: Bearer";
        assert_eq!(score(&expired(4000).answer(silent), "jwt-expired"), 57);
        let refused = "401\nWWW-Authenticate: Bearer\nContent-Type: application/json\n\n{\"detail\":\"Could not validate credentials\"}";
        assert_eq!(score(&expired(4000).answer(refused), "jwt-expired"), 97);
    }

    #[test]
    fn a_refused_token_speaks_against_a_missing_one() {
        let refused = "401\nWWW-Authenticate: Bearer error=\"invalid_token\"";
        let sample = Sample::new("GET /a").answer(refused);
        assert_eq!(score(&sample, "authorization-missing"), 0);
    }

    const COOKIE: &str = "GET /a\nCookie: sessionid=abcdefghijklmnop1";

    #[test]
    fn the_only_difference_weighs_more() {
        let only = Sample::new("GET /a").answer("401").good(COOKIE);
        assert_eq!(score(&only, "cookie-missing-session"), 95);
        let other = Sample::new("GET /a?tenant=2").answer("401").good(COOKIE);
        assert_eq!(score(&other, "cookie-missing-session"), 80);
    }

    #[test]
    fn a_distrusted_or_old_baseline_weighs_less() {
        let request = "GET /a?tenant=2";
        let distrusted = Sample::new(request).answer("401").good(COOKIE).distrusted();
        assert_eq!(score(&distrusted, "cookie-missing-session"), 65);
        let mut old = Sample::new(request).answer("401").good(COOKIE);
        old.case.baseline.as_mut().unwrap().baseline.added = at(-31 * 86_400);
        assert_eq!(score(&old, "cookie-missing-session"), 65);
    }

    #[test]
    fn a_credential_that_worked_before_is_hardly_of_the_wrong_kind() {
        let token = "GET /a\nAuthorization: Token abcdefghijklmnop1";
        let asked = "401\nWWW-Authenticate: Bearer";
        let new = Sample::new(token).answer(asked);
        assert_eq!(score(&new, "scheme-mismatch"), 85);
        let worked = Sample::new(token)
            .answer(asked)
            .before(-60, &token.replace("/a", "/b"), 200);
        assert_eq!(score(&worked, "scheme-mismatch"), 70);
        let never = (1..=5).fold(Sample::new(token).answer(asked), |sample, n| {
            sample.before(-n, token, 401)
        });
        assert_eq!(score(&never, "scheme-mismatch"), 95);
    }
}
