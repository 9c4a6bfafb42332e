//! `jwt-audience-mismatch`: the token was made for another API.

use crate::diagnosis::Strength;
use crate::diagnosis::claims::Claim;
use crate::diagnosis::facts::{Facts, Said};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let Some(claim) = Claim::of(facts, "aud", Said::Audience) else {
        return of_another_service(facts);
    };
    let issuer = claim.token.as_ref().and_then(|token| token.text("iss"));
    Some(Suspicion {
        strength: claim.strength,
        place: Some(claim.carrier.place.clone()),
        by_difference: !claim.is_said,
        by_words: claim.is_said,
        title: match claim.ours.as_deref() {
            Some([]) => "the token names no audience, the server wants one".into(),
            _ => "the token is for another audience".into(),
        },
        evidence: claim.evidence(facts, "aud", Said::Audience),
        fix: vec![Phrase::new(fix(issuer.unwrap_or_default()))],
        // Tokens differ in much; that nothing else does proves nothing of one claim.
        about: facts
            .sent
            .about(&claim.carrier.place)
            .filter(|_| claim.strength == Strength::Full),
    })
}

/// A token whose only audience is a well-known API, sent to another host: what many tutorials fetch.
fn of_another_service(facts: &Facts<'_>) -> Option<Suspicion> {
    let (carrier, token) = facts.sent.tokens().next()?;
    let audience = token.text("aud")?;
    let host = facts.sent.request.url.origin.host.to_string();
    let (_, service) = SERVICES
        .iter()
        .find(|(mark, _)| audience == *mark || audience.trim_end_matches('/') == *mark)?;
    let is_theirs = SERVICE_HOSTS.iter().any(|end| host.ends_with(end));
    let not_seen = facts.answer.is_some_and(|answer| answer.saw_no_token());
    if is_theirs || not_seen || facts.worked(&carrier.place).next().is_some() {
        return None;
    }
    Some(Suspicion {
        strength: Strength::Slight,
        place: Some(carrier.place.clone()),
        title: "the token may be for another API".into(),
        evidence: vec![Phrase::new(format!("its aud is that of {service}"))],
        fix: vec![Phrase::new(fix(token.text("iss").unwrap_or_default()))],
        ..Suspicion::default()
    })
}

/// Audiences that are no API of one's own.
const SERVICES: &[(&str, &str)] = &[
    ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
    ("https://graph.microsoft.com", "Microsoft Graph"),
    ("https://graph.windows.net", "Azure AD Graph"),
    ("https://management.azure.com", "Azure Resource Manager"),
    (
        "https://management.core.windows.net",
        "Azure Resource Manager",
    ),
    ("https://vault.azure.net", "Azure Key Vault"),
    ("https://storage.azure.com", "Azure Storage"),
];

const SERVICE_HOSTS: &[&str] = &[".microsoft.com", ".azure.com", ".windows.net", ".azure.net"];

/// How each identity provider is asked for another audience.
fn fix(issuer: &str) -> &'static str {
    let by = |marks: &[&str]| marks.iter().any(|mark| issuer.contains(mark));
    if by(&[".auth0.com"]) {
        "ask for the token with audience=<the API's identifier>, the same to the letter"
    } else if by(&[
        "login.microsoftonline.com",
        "sts.windows.net",
        "b2clogin.com",
    ]) {
        "ask for the token with scope=api://<the API's app id>/.default, not with a scope of Graph"
    } else if by(&["/realms/"]) {
        "get a token that names this API: in Keycloak the client needs an audience mapper for it"
    } else if by(&["okta.com", "oktapreview.com"]) {
        "ask a custom authorization server of Okta (/oauth2/default), whose audience is this API's"
    } else if by(&["accounts.google.com"]) {
        "ask for the token with the service's URL as its audience (gcloud: --audiences=<URL>)"
    } else if by(&["cognito-idp."]) {
        "send the token of the app client that the API expects: Cognito's ID token has it as aud"
    } else {
        "get a token for this API: its audience has to be the one the API expects, to the letter"
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    const SAID: &str = "401\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The audience 'a' is invalid\"";
    const REFUSED: &str = "401\nWWW-Authenticate: Bearer error=\"invalid_token\"";

    fn request(claims: &str) -> String {
        format!("GET /a\nAuthorization: Bearer {}", jwt(claims))
    }

    fn strength(sample: &Sample) -> Option<Strength> {
        Some(sample.check(check)?.strength)
    }

    #[test]
    fn the_servers_word_counts_the_more_the_more_is_seen() {
        let sent = |request: &str| strength(&Sample::new(request).answer(SAID));
        assert_eq!(sent(&request("{\"aud\":\"a\"}")), Some(Strength::Full));
        assert_eq!(sent(&request("{}")), Some(Strength::Full));
        let opaque = "GET /a\nAuthorization: Bearer abcdefghijklmnop1";
        assert_eq!(sent(opaque), Some(Strength::Partial));
        assert_eq!(sent("GET /a"), None);
        let same = Sample::new(&request("{\"aud\":\"a\"}"))
            .answer(SAID)
            .good(&request("{\"aud\":\"a\",\"sub\":\"u2\"}"));
        assert_eq!(strength(&same), Some(Strength::Partial));
    }

    #[test]
    fn another_audience_than_the_known_good_one_is_likely() {
        let compared = |ours: &str, good: &str, answer: &str| {
            strength(
                &Sample::new(&request(ours))
                    .answer(answer)
                    .good(&request(good)),
            )
        };
        let (a, b) = ("{\"aud\":\"a\"}", "{\"aud\":[\"b\",\"c\"]}");
        assert_eq!(compared(a, b, REFUSED), Some(Strength::Partial));
        assert_eq!(compared(a, b, "401"), Some(Strength::Partial));
        assert_eq!(compared("{\"aud\":[\"a\",\"c\"]}", b, "401"), None);
        assert_eq!(compared(a, "{}", "401"), None);
        assert_eq!(compared(a, b, "401\nWWW-Authenticate: Bearer"), None);
        let expired = "{\"aud\":\"a\",\"exp\":\"T-60\"}";
        assert_eq!(compared(expired, b, "401"), Some(Strength::Slight));
    }

    #[test]
    fn an_audience_that_passed_here_is_not_to_blame() {
        let sample = || {
            Sample::new(&request("{\"aud\":\"a\"}"))
                .answer(REFUSED)
                .good(&request("{\"aud\":\"b\"}"))
        };
        let then = request("{\"aud\":\"a\",\"sub\":\"u2\"}");
        assert_eq!(strength(&sample().before(-60, &then, 200)), None);
        assert_eq!(
            strength(&sample().before(-60, &then, 401)),
            Some(Strength::Partial)
        );
    }

    #[test]
    fn a_token_for_a_well_known_api_is_a_guess() {
        let graph = request("{\"aud\":\"https://graph.microsoft.com/\"}");
        assert_eq!(
            strength(&Sample::new(&graph).answer("401")),
            Some(Strength::Slight)
        );
        let own = request("{\"aud\":\"https://orders.acme.test/\"}");
        assert_eq!(strength(&Sample::new(&own).answer("401")), None);
    }
}
