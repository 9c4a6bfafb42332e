//! `jwt-issuer-mismatch`: the token comes from an issuer that the server does not trust.

use crate::diagnosis::Strength;
use crate::diagnosis::claims::Claim;
use crate::diagnosis::facts::{Facts, Said};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let claim = Claim::of(facts, "iss", Said::Issuer)?;
    let ours = claim.ours.as_deref().and_then(<[String]>::first);
    let entra = ours
        .zip(claim.good.first())
        .filter(|(ours, good)| is_v1(ours) != is_v1(good) && is_entra(ours) && is_entra(good));
    let mut evidence = claim.evidence(facts, "iss", Said::Issuer);
    if entra.is_some() {
        evidence.push(Phrase::new(
            "one is a token of Entra ID version 1.0, the other of 2.0",
        ));
    }
    Some(Suspicion {
        strength: claim.strength,
        place: Some(claim.carrier.place.clone()),
        by_difference: !claim.is_said,
        by_words: claim.is_said,
        title: match claim.ours.as_deref() {
            Some([]) => "the token names no issuer, the server wants one".into(),
            _ => "the token is from another issuer".into(),
        },
        evidence,
        fix: vec![Phrase::new(fix(
            ours.map_or("", String::as_str),
            entra.is_some(),
        ))],
        // Tokens differ in much; that nothing else does proves nothing of one claim.
        about: facts
            .sent
            .about(&claim.carrier.place)
            .filter(|_| claim.strength == Strength::Full),
    })
}

fn is_v1(issuer: &str) -> bool {
    issuer.starts_with("https://sts.windows.net/")
}

fn is_entra(issuer: &str) -> bool {
    is_v1(issuer) || issuer.starts_with("https://login.microsoftonline.com/")
}

fn fix(issuer: &str, other_version: bool) -> &'static str {
    if other_version {
        return "let the API's app registration give the version that the server expects: requestedAccessTokenVersion";
    }
    if issuer.contains("/realms/") {
        return "fetch the token under the host name that the server knows: Keycloak writes it into iss";
    }
    if issuer.contains(".auth0.com") {
        return "fetch the token from the domain that the server expects: custom or tenant domain, not both";
    }
    if is_entra(issuer) {
        return "fetch the token from the tenant that the API trusts, not from common or another one";
    }
    "fetch the token from the issuer that this API trusts, under exactly its URL"
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn request(claims: &str) -> String {
        format!("GET /a\nAuthorization: Bearer {}", jwt(claims))
    }

    fn found(ours: &str, answer: &str, good: Option<&str>) -> Option<(Strength, String, String)> {
        let mut sample = Sample::new(&request(ours)).answer(answer);
        if let Some(good) = good {
            sample = sample.good(&request(good));
        }
        let found = sample.check(check)?;
        let (evidence, fix) = (format!("{:?}", found.evidence), format!("{:?}", found.fix));
        Some((found.strength, evidence, fix))
    }

    const SAID: &str = "401\n\nJwt issuer is not configured";

    #[test]
    fn the_servers_word_is_taken() {
        let said = found("{\"iss\":\"https://a.test\"}", SAID, None).unwrap();
        assert_eq!(said.0, Strength::Full);
        let unnamed = found("{}", SAID, None).unwrap();
        assert!(unnamed.1.contains("the token has no iss"), "{}", unnamed.1);
    }

    #[test]
    fn another_issuer_than_the_known_good_one_is_likely() {
        let keycloak = "{\"iss\":\"http://keycloak:8080/realms/acme\"}";
        let public = "{\"iss\":\"https://id.acme.test/realms/acme\"}";
        let (strength, evidence, fix) = found(keycloak, "401", Some(public)).unwrap();
        assert_eq!(strength, Strength::Partial);
        assert!(evidence.contains("differ in the host only"), "{evidence}");
        assert!(fix.contains("Keycloak"), "{fix}");
        assert!(found(public, "401", Some(public)).is_none());
        assert!(found(keycloak, "401\nWWW-Authenticate: Bearer", Some(public)).is_none());
    }

    #[test]
    fn the_two_versions_of_entra_are_told_apart() {
        let v1 = "{\"iss\":\"https://sts.windows.net/8a1/\"}";
        let v2 = "{\"iss\":\"https://login.microsoftonline.com/8a1/v2.0\"}";
        let (_, evidence, fix) = found(v1, "401", Some(v2)).unwrap();
        assert!(evidence.contains("version 1.0"), "{evidence}");
        assert!(fix.contains("requestedAccessTokenVersion"), "{fix}");
    }
}
