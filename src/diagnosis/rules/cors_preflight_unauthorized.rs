//! `cors-preflight-unauthorized`: the server asks a CORS preflight for credentials, which it never has.

use crate::diagnosis::Strength;
use crate::diagnosis::facts::{Answer, Facts};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    // With a credential it is no browser's: then the credential is what was refused.
    if !facts.sent.is_preflight() || facts.sent.credentials().next().is_some() {
        return None;
    }
    Some(Suspicion {
        strength: Strength::Full,
        title: "the server asks a CORS preflight for credentials".into(),
        evidence: evidence(facts, answer),
        fix: vec![
            Phrase::new(fix(answer)),
            Phrase::new(
                "until then: call the API through your page's own origin (the proxy of the dev server), which needs no preflight",
            ),
        ],
        ..Suspicion::default()
    })
}

fn evidence(facts: &Facts<'_>, answer: &Answer<'_>) -> Vec<Phrase> {
    let fields = &facts.sent.request.fields;
    let mut evidence = vec![Phrase::new(
        "OPTIONS with Origin and Access-Control-Request-Method: browsers send it without credentials, always",
    )];
    let announced = [
        (
            "Access-Control-Request-Method",
            "it asks whether ",
            " may be sent",
        ),
        (
            "Access-Control-Request-Headers",
            "it asks whether these may be sent: ",
            "",
        ),
    ];
    for (name, before, after) in announced {
        if let Some(value) = fields.first(name).filter(|value| !value.is_empty()) {
            evidence.push(Phrase::new(before).captured(value).words(after));
        }
    }
    evidence.push(Phrase::new(
        "any answer but 2xx forbids it: the browser does not send the request itself",
    ));
    evidence.extend(answer.asked());
    evidence
}

/// How the server lets it through, as far as the answer shows which one it is.
fn fix(answer: &Answer<'_>) -> String {
    let fields = &answer.response.fields;
    let how = SERVERS.iter().find_map(|(name, part, how)| {
        let value = fields.first_text(name)?.to_ascii_lowercase();
        value.contains(part).then_some(*how)
    });
    format!(
        "on the server, answer OPTIONS before authentication: {}",
        how.unwrap_or("let its CORS handling run first")
    )
}

/// Field, part of its value, what to do there. Gateways come first: they answer for what is behind them.
const SERVERS: &[(&str, &str, &str)] = &[
    (
        "x-amzn-requestid",
        "",
        "API Gateway: no authorizer on the OPTIONS method",
    ),
    (
        "apigw-requestid",
        "",
        "API Gateway: CORS turned on for the API, no authorizer on OPTIONS",
    ),
    (
        "server",
        "kong",
        "Kong: run_on_preflight=false in the auth plugin",
    ),
    (
        "via",
        "kong",
        "Kong: run_on_preflight=false in the auth plugin",
    ),
    (
        "www-authenticate",
        "kong",
        "Kong: run_on_preflight=false in the auth plugin",
    ),
    (
        "server",
        "envoy",
        "Envoy: bypass_cors_preflight: true in the JWT filter",
    ),
    (
        "server",
        "nginx",
        "nginx: auth_basic and auth_request not for OPTIONS",
    ),
    (
        "x-powered-by",
        "express",
        "Express: app.use(cors()) before the auth middleware",
    ),
    (
        "server",
        "kestrel",
        "ASP.NET Core: UseCors before UseAuthentication",
    ),
    (
        "x-powered-by",
        "asp.net",
        "ASP.NET: CORS before authentication",
    ),
    (
        "server",
        "uvicorn",
        "FastAPI: add CORSMiddleware, outside the one that checks credentials",
    ),
    (
        "www-authenticate",
        "error_uri=\"https://tools.ietf.org/html/rfc6750",
        "Spring Security: http.cors(), with a CorsConfigurationSource",
    ),
    (
        "set-cookie",
        "jsessionid",
        "Spring Security: http.cors(), with a CorsConfigurationSource",
    ),
];

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::sample::Sample;

    const PREFLIGHT: &str =
        "OPTIONS /a\nOrigin: https://app.acme.test\nAccess-Control-Request-Method: POST";

    #[test]
    fn a_refused_preflight_is_the_servers_fault() {
        let sample = Sample::new(PREFLIGHT).answer("401\nWWW-Authenticate: Bearer");
        let diagnosis = crate::diagnosis::diagnose(&sample.case);
        let verdict = diagnosis.verdict.unwrap();
        assert_eq!(
            (verdict.cause, verdict.score, verdict.side.as_str()),
            ("cors-preflight-unauthorized", 97, "server")
        );
        assert!(diagnosis.alternatives.is_empty());
    }

    #[test]
    fn names_in_lower_case_are_the_same() {
        let sample = Sample::new(&PREFLIGHT.to_lowercase().replace("options", "OPTIONS"));
        assert!(sample.answer("401").check(check).is_some());
    }

    #[test]
    fn what_the_server_runs_decides_the_fix() {
        let sample = Sample::new(PREFLIGHT).answer("401\nX-Powered-By: Express");
        let fix = sample.check(check).unwrap().fix.remove(0);
        assert!(format!("{fix:?}").contains("app.use(cors())"), "{fix:?}");
    }

    #[test]
    fn what_is_no_preflight_of_a_browser_is_left_alone() {
        for request in [
            "OPTIONS /a\nOrigin: https://app.acme.test",
            "OPTIONS /a\nAccess-Control-Request-Method: POST",
            "GET /a\nOrigin: https://app.acme.test\nAccess-Control-Request-Method: POST",
            &format!("{PREFLIGHT}\nAuthorization: Bearer abcdefghijklmnop1"),
        ] {
            assert!(Sample::new(request).answer("401").check(check).is_none());
        }
        assert!(Sample::new(PREFLIGHT).check(check).is_none(), "no answer");
    }
}
