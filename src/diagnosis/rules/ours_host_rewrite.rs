//! `ours-host-rewrite`: this proxy replaced `Host`, and the request is signed for the one before.

use crate::auth::credentials::Carrier;
use crate::auth::jwt;
use crate::diagnosis::Strength;
use crate::diagnosis::facts::Facts;
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::model::{Note, Origin, Url};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    facts.answer?;
    let failing = &facts.known.case.failing;
    if !failing.notes.contains(&Note::HostReplaced) {
        return None;
    }
    let (strength, signed) = signed_for_a_host(facts, &failing.request.url.origin)?;
    Some(Suspicion {
        strength,
        title: "this proxy replaced Host, and the request is signed".into(),
        evidence: vec![
            Phrase::new("this proxy replaced the Host that the client sent"),
            Phrase::new(signed),
        ],
        fix: vec![Phrase::new(
            "let the client use why401 as its proxy, or keep its Host: run --reverse-keep-host",
        )],
        ..Suspicion::default()
    })
}

/// What in the request depends on the host it was made for.
fn signed_for_a_host(facts: &Facts<'_>, origin: &Origin) -> Option<(Strength, &'static str)> {
    let fields = &facts.sent.request.fields;
    if let Some(proof) = fields.first("dpop") {
        let proof = jwt::decode(proof.trim_ascii())?;
        let made_for = Url::parse(proof.text("htu")?.as_bytes()).ok()?;
        let words =
            "DPoP: its htu names another host than the request was sent to (RFC 9449 section 4.3)";
        return (made_for.origin.host != origin.host).then_some((Strength::Full, words));
    }
    if let Some(input) = fields.first("signature-input") {
        let covers = [&b"\"@authority\""[..], b"\"host\"", b"\"@target-uri\""]
            .iter()
            .any(|part| has(input, part));
        let words = "Signature-Input: the signature covers the host (RFC 9421 section 2)";
        return covers.then_some((Strength::Partial, words));
    }
    let carrier = facts.sent.authorization()?;
    let words = match carrier.scheme.as_deref()?.to_ascii_lowercase().as_str() {
        "aws4-hmac-sha256" if covers_host(carrier, b"signedheaders=") => {
            "Authorization: its SignedHeaders name host (AWS Signature Version 4)"
        }
        "signature" if covers_host(carrier, b"headers=") => {
            "Authorization: the signature covers host"
        }
        "oauth" if has(&carrier.secret.to_ascii_lowercase(), b"oauth_signature=") => {
            "Authorization: the signature covers the URL with its host (RFC 5849 section 3.4.1)"
        }
        _ => return None,
    };
    Some((Strength::Partial, words))
}

/// Whether `host` is among the names that a parameter lists.
fn covers_host(carrier: &Carrier, parameter: &[u8]) -> bool {
    let secret = carrier.secret.to_ascii_lowercase();
    let Some(at) = secret
        .windows(parameter.len())
        .position(|window| window == parameter)
    else {
        return false;
    };
    let list = secret.get(at + parameter.len()..).unwrap_or_default();
    let list = list.split(|byte| *byte == b',').next().unwrap_or_default();
    list.split(|byte| matches!(byte, b';' | b' ' | b'"'))
        .any(|name| name == b"host")
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::sample::{Sample, jwt};

    fn replaced(fields: &str) -> Option<Strength> {
        let mut sample = Sample::new(&format!("GET /a\n{fields}")).answer("401");
        assert!(sample.check(check).is_none(), "Host was not replaced");
        sample.case.failing.notes.push(Note::HostReplaced);
        sample.check(check).map(|found| found.strength)
    }

    #[test]
    fn a_signature_over_the_host_is_broken_by_another_host() {
        for fields in [
            "Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;x-amz-date, Signature=00",
            "Authorization: OAuth oauth_consumer_key=\"a\", oauth_signature=\"b\"",
            "Authorization: Signature keyId=\"a\",headers=\"date host\",signature=\"b\"",
            "Signature-Input: sig1=(\"@method\" \"@authority\");created=1",
        ] {
            assert_eq!(replaced(fields), Some(Strength::Partial), "{fields}");
        }
    }

    #[test]
    fn a_proof_for_another_url_is_certain() {
        let proof = jwt(r#"{"htu": "http://127.0.0.1:4010/a", "htm": "GET"}"#);
        assert_eq!(replaced(&format!("DPoP: {proof}")), Some(Strength::Full));
        let proof = jwt(r#"{"htu": "https://api.acme.test/a", "htm": "GET"}"#);
        assert_eq!(replaced(&format!("DPoP: {proof}")), None);
    }

    #[test]
    fn what_does_not_depend_on_the_host_is_not_broken() {
        for fields in [
            "Authorization: Bearer abcdefghijklmnop1",
            "Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=x-amz-date, Signature=00",
            "Signature-Input: sig1=(\"@method\" \"@path\")",
        ] {
            assert_eq!(replaced(fields), None, "{fields}");
        }
    }
}
