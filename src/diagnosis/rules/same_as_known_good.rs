//! `same-as-known-good`: nothing that matters differs, so the request is not to blame.

use crate::auth::names::{HeaderClass, header_class};
use crate::diagnosis::Strength;
use crate::diagnosis::facts::{Facts, Good};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::unknown::request_id;
use crate::model::{Shape, Timestamp};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let good = facts.good.filter(|good| good.is_trusted())?;
    let unknown = facts
        .differences
        .iter()
        .any(|difference| difference.unresolved);
    if unknown
        || facts.real_differences().next().is_some()
        || facts.sent.credentials().next().is_none()
        || is_made_anew_each_time(facts)
        || !has_all_of(facts, good)
    {
        return None;
    }
    let passed_since = passed_since(facts, good.chosen.baseline.added);
    let mut fix: Vec<Phrase> = request_id(facts).into_iter().collect();
    fix.push(Phrase::new(
        "send the known-good request again: if it fails now, too, the server changed, or the credential ran out",
    ));
    Some(Suspicion {
        strength: if passed_since {
            Strength::Full
        } else {
            Strength::Partial
        },
        by_difference: true,
        title: "your request equals the known-good one".into(),
        evidence: evidence(facts, passed_since),
        fix,
        ..Suspicion::default()
    })
}

/// Whether the credentials are the very same: one that is new for each request may excuse a difference, and
/// still be the one that is wrong.
fn has_all_of(facts: &Facts<'_>, good: &Good<'_>) -> bool {
    facts.sent.credentials().all(|carrier| {
        let there = good.sent.in_place(&carrier.place);
        there.is_some_and(|there| there.normalised == carrier.normalised)
    })
}

fn evidence(facts: &Facts<'_>, passed_since: bool) -> Vec<Phrase> {
    let mut evidence = vec![Phrase::new(
        "nothing that matters differs from the known-good request: URL, credentials, cookies, content",
    )];
    let noise = facts
        .differences
        .iter()
        .filter(|difference| difference.noise.is_some())
        .count();
    if noise > 0 {
        evidence.push(Phrase::new(format!(
            "what differs means nothing here ({noise} {})",
            if noise == 1 {
                "difference"
            } else {
                "differences"
            }
        )));
    }
    if passed_since {
        evidence.push(Phrase::new(
            "the same credentials passed on this route after the known-good request was added",
        ));
    }
    if facts
        .sent
        .credentials()
        .any(|carrier| is_opaque(carrier.shape))
    {
        evidence.push(Phrase::new(
            "what cannot be seen: an opaque credential may have expired or been revoked since",
        ));
    }
    if let Some(answer) = facts.answer {
        evidence.extend(answer.first_words().or_else(|| answer.asked()));
    }
    evidence
}

fn passed_since(facts: &Facts<'_>, added: Timestamp) -> bool {
    let mine = &facts.known.case.context.credentials;
    !mine.is_empty()
        && facts.known.passed.iter().any(|seen| {
            seen.at > added
                && mine
                    .iter()
                    .all(|fact| seen.credentials.iter().any(|then| then.raw == fact.raw))
        })
}

/// A signature, proof or digest may be wrong in a way that no comparison shows.
fn is_made_anew_each_time(facts: &Facts<'_>) -> bool {
    let proof = facts
        .sent
        .request
        .fields
        .lines()
        .iter()
        .any(|line| header_class(&line.name_text()) == Some(HeaderClass::Proof));
    let scheme = facts
        .sent
        .authorization()
        .and_then(|carrier| carrier.scheme.as_deref())
        .is_some_and(|scheme| {
            !STEADY
                .iter()
                .any(|known| known.eq_ignore_ascii_case(scheme))
        });
    proof || scheme
}

/// Schemes whose credentials stay the same from request to request.
const STEADY: &[&str] = &[
    "ApiKey",
    "Basic",
    "Bearer",
    "Bot",
    "GenieKey",
    "JWT",
    "Key",
    "OAuth",
    "PrivateToken",
    "SSWS",
    "Token",
];

fn is_opaque(shape: Shape) -> bool {
    matches!(
        shape,
        Shape::Uuid | Shape::Hex | Shape::Prefixed | Shape::Opaque | Shape::JwtJwe | Shape::Paseto
    )
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const SENT: &str = "GET /a\nHost: api.acme.test\nAuthorization: Bearer abcdefghijklmnop1";

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    #[test]
    fn equal_requests_point_to_the_server() {
        let sample = Sample::new(SENT).answer("401").good(SENT);
        assert_eq!(strength(&sample), Some(Strength::Partial));
        let since = sample.before(-50, SENT, 200);
        assert_eq!(strength(&since), Some(Strength::Full));
    }

    #[test]
    fn any_difference_that_may_matter_keeps_it_silent() {
        for request in [
            "GET /a\nHost: api.acme.test\nAuthorization: Bearer qrstuvwxyz123456",
            "GET /a?x=1\nHost: api.acme.test\nAuthorization: Bearer abcdefghijklmnop1",
            "POST /a\nHost: api.acme.test\nAuthorization: Bearer abcdefghijklmnop1",
        ] {
            assert_eq!(
                strength(&Sample::new(request).answer("401").good(SENT)),
                None
            );
        }
    }

    #[test]
    fn requests_without_credentials_and_signed_ones_prove_nothing() {
        for request in [
            "GET /a\nHost: api.acme.test",
            "GET /a\nHost: api.acme.test\nAuthorization: Digest username=\"u\", nonce=\"n\"",
            "GET /a\nHost: api.acme.test\nAuthorization: DPoP abcdefghijklmnop1\nDPoP: x.y.z",
        ] {
            assert_eq!(
                strength(&Sample::new(request).answer("401").good(request)),
                None
            );
        }
    }

    #[test]
    fn an_unresolved_variable_is_not_equality() {
        let good = "GET /a\nHost: api.acme.test\nAuthorization: Bearer {{token}}";
        let sample = Sample::new(SENT)
            .answer("401")
            .good(good)
            .unresolved("{{token}}");
        assert_eq!(strength(&sample), None);
    }
}
