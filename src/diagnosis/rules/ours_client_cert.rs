//! `ours-client-cert`: the origin asked for a client certificate, and this proxy had none for it.

use crate::diagnosis::facts::{Answer, Facts};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, transport};
use crate::model::Note;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    let failing = &facts.known.case.failing;
    if !failing.notes.contains(&Note::ClientCertificateNotSent) {
        return None;
    }
    let words = "the origin asked for a client certificate in its TLS handshake; this proxy had none to give";
    let mut evidence = vec![Phrase::new(words)];
    let spoken = about_certificates(answer);
    let strength = if spoken.is_some() || NOT_SENT.contains(&answer.response.status) {
        Strength::Full
    } else if answer.challenges.is_empty() && facts.sent.credentials().next().is_none() {
        evidence.push(Phrase::new(
            "it asks for nothing else, and the request has no other credential",
        ));
        Strength::Partial
    } else {
        Strength::Slight
    };
    evidence.extend(spoken);
    Some(Suspicion {
        strength,
        by_words: true,
        title: "this proxy has no client certificate for the server".into(),
        evidence,
        fix: transport::name_a_client_certificate(&failing.request.url.origin.host),
        ..Suspicion::default()
    })
}

/// What the server says of client certificates.
fn about_certificates(answer: &Answer<'_>) -> Option<Phrase> {
    let statements = answer.stated.statements.iter();
    let at = statements.map(|statement| statement.words.to_ascii_lowercase());
    let at = at.enumerate().find_map(|(at, words)| {
        let names_one = words.contains("certificate")
            && ["client", "ssl", "tls", "mutual"]
                .iter()
                .any(|word| words.contains(word));
        names_one.then_some(at)
    })?;
    answer.quote_at(at)
}

/// nginx: "SSL Certificate Error" and "SSL Certificate Required".
const NOT_SENT: [u16; 2] = [495, 496];

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::diagnose;
    use crate::diagnosis::sample::Sample;
    use crate::model::Note;

    fn asked(request: &str, answer: &str) -> Sample {
        let mut sample = Sample::new(request).answer(answer);
        sample
            .case
            .failing
            .notes
            .push(Note::ClientCertificateNotSent);
        sample
    }

    #[test]
    fn what_the_server_says_of_certificates_decides() {
        let text = "401\nContent-Type: text/plain\n\nNo required SSL certificate was sent";
        let sample = asked("GET /a\nAuthorization: Bearer abcdefghijklmnop1", text);
        assert_eq!(sample.check(check).unwrap().strength, Strength::Full);
        assert_eq!(
            diagnose(&sample.case).verdict.unwrap().cause,
            "ours-client-cert"
        );
    }

    #[test]
    fn with_no_other_credential_asked_for_or_sent_it_is_likely() {
        let sample = asked("GET /a", "401");
        assert_eq!(sample.check(check).unwrap().strength, Strength::Partial);
    }

    #[test]
    fn where_tokens_are_used_it_is_a_mere_guess() {
        let with_token = "GET /a\nAuthorization: Bearer abcdefghijklmnop1";
        for (request, answer) in [
            (with_token, "401"),
            ("GET /a", "401\nWWW-Authenticate: Bearer"),
        ] {
            let sample = asked(request, answer);
            assert_eq!(sample.check(check).unwrap().strength, Strength::Slight);
            let verdict = diagnose(&sample.case).verdict;
            assert!(verdict.is_none_or(|verdict| verdict.cause != "ours-client-cert"));
        }
    }

    #[test]
    fn an_origin_that_did_not_ask_wants_none() {
        let sample = Sample::new("GET /a").answer("401");
        assert!(sample.check(check).is_none());
    }

    #[test]
    fn a_success_without_a_certificate_clears_it() {
        let sample = asked("GET /a", "401").before(-60, "GET /a", 200);
        let diagnosis = diagnose(&sample.case);
        let mut named = diagnosis.verdict.iter().chain(&diagnosis.alternatives);
        assert!(named.all(|finding| finding.cause != "ours-client-cert"));
    }
}
