//! `bearer-invalid-token-unspecified`: `error="invalid_token"`, and nothing in the token explains it.

use crate::auth::jwt;
use crate::diagnosis::Strength;
use crate::diagnosis::facts::{Facts, Said};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::words;
use crate::diff::Where;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer.filter(|answer| answer.refused_token())?;
    let carrier = facts
        .sent
        .authorization()
        .filter(|carrier| !carrier.secret.is_empty())?;
    let reasoned = answer.kinds().any(Said::means_understood);
    let mut evidence = vec![Phrase::new("server: error=\"invalid_token\"")];
    evidence.extend(
        answer
            .challenges
            .iter()
            .find_map(|challenge| challenge.parameter("error_description"))
            .map(|words| {
                Phrase::new("server: error_description=\"")
                    .captured(words)
                    .words("\"")
            }),
    );
    // A token that was sent with something around it is not well formed, whatever is inside.
    let bare = carrier.secret.trim_ascii() == carrier.normalised;
    if !bare {
        evidence.push(Phrase::new(
            "quotes, spaces or escapes are part of what was sent as the token",
        ));
    }
    let left = jwt::decode(carrier.secret.trim_ascii())
        .filter(|_| bare)
        .and_then(|token| token.number("exp"))
        .filter(|exp| *exp < words::MILLISECONDS)
        .map(|exp| facts.clock.seconds_since(exp).saturating_neg());
    if let Some(left) = left.filter(|left| *left > 0) {
        evidence.push(Phrase::new(format!(
            "the token itself is well formed and has {} left",
            words::span(left)
        )));
    }
    Some(Suspicion {
        strength: Strength::Partial,
        place: Some(carrier.place.clone()),
        title: if reasoned {
            "the server refuses the token, for the reason it names".into()
        } else {
            "the server refuses the token and does not say why".into()
        },
        evidence,
        fix: vec![Phrase::new(if bare {
            "get a new token; if that is refused, too, it is for another issuer, audience or environment"
        } else {
            "send the scheme, one space and the bare token, with nothing around it"
        })],
        about: Some((Where::Header, facts.sent.spelling("authorization"))),
        ..Suspicion::default()
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::sample::Sample;

    fn title(request: &str, answer: &str) -> Option<String> {
        let found = Sample::new(request).answer(answer).check(check)?;
        Some(found.title)
    }

    const SENT: &str = "GET /a\nAuthorization: Bearer abcdefghijklmnop1";

    #[test]
    fn a_token_in_quotes_is_not_called_well_formed() {
        let token = crate::diagnosis::sample::jwt("{\"exp\":\"T+600\"}");
        let answer = "401\nWWW-Authenticate: Bearer error=\"invalid_token\"";
        let told = |authorization: String| {
            let request = format!("GET /a\nAuthorization: {authorization}");
            let found = Sample::new(&request).answer(answer).check(check).unwrap();
            format!("{:?}", found.evidence).contains("well formed")
        };
        assert!(told(format!("Bearer {token}")));
        assert!(!told(format!("\"Bearer {token}\"")));
        assert!(!told(format!("Bearer '{token}'")));
    }

    #[test]
    fn a_refused_token_is_told_with_the_servers_words() {
        assert_eq!(
            title(
                SENT,
                "401\nWWW-Authenticate: Bearer error=\"invalid_token\""
            )
            .as_deref(),
            Some("the server refuses the token and does not say why")
        );
        assert_eq!(
            title(
                SENT,
                "401\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The audience is invalid\""
            )
            .as_deref(),
            Some("the server refuses the token, for the reason it names")
        );
    }

    #[test]
    fn silence_other_errors_and_missing_tokens_are_not_this() {
        for (request, answer) in [
            (SENT, "401\nWWW-Authenticate: Bearer"),
            (SENT, "401\nWWW-Authenticate: DPoP error=\"invalid_token\""),
            (
                SENT,
                "401\nWWW-Authenticate: Bearer error=\"insufficient_scope\"",
            ),
            (
                "GET /a",
                "401\nWWW-Authenticate: Bearer error=\"invalid_token\"",
            ),
            (
                SENT,
                "401\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"Authentication required\"",
            ),
        ] {
            assert_eq!(title(request, answer), None, "{answer}");
        }
    }
}
