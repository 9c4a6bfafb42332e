//! `placeholder-unresolved`: a template that nothing filled in.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::auth::credentials::{Carrier, placeholder};
use crate::diagnosis::facts::{Facts, user_and_password};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    in_credential(facts)
        .or_else(|| in_url(facts))
        .or_else(|| in_field(facts))
}

fn in_credential(facts: &Facts<'_>) -> Option<Suspicion> {
    let (carrier, text) = facts
        .sent
        .credentials()
        .filter(|carrier| !facts.sent.is_unresolved(&carrier.raw))
        .find_map(|carrier| Some((carrier, of_carrier(carrier)?)))?;
    Some(Suspicion {
        strength: Strength::Full,
        place: Some(carrier.place.clone()),
        title: "a placeholder was sent as the credential".into(),
        evidence: vec![
            words::place(&carrier.place)
                .words(" holds the placeholder ")
                .captured(text.as_bytes()),
        ],
        fix: vec![Phrase::new(fix(facts.client(), &text))],
        about: facts.sent.about(&carrier.place),
        ..Suspicion::default()
    })
}

fn of_carrier(carrier: &Carrier) -> Option<String> {
    if let Some((user, password)) = user_and_password(carrier) {
        // An ordinary user may be called `secret` or `example`: only what no name looks like counts.
        return [user, password]
            .iter()
            .find_map(|part| placeholder(part).filter(|text| TEMPLATE.is_match(text.as_bytes())));
    }
    // JSON in a cookie is full of braces; only the unmistakable forms count there.
    if matches!(carrier.place, Place::Cookie(_)) {
        return placeholder(&carrier.secret).filter(|text| TEMPLATE.is_match(text.as_bytes()));
    }
    placeholder(&carrier.secret)
}

/// `{{name}}` and `${NAME}`, raw or percent-encoded: never part of a value by design.
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(\{\{|%7b%7b) ?[\w.$-]{1,60} ?(\}\}|%7d%7d)|(\$|%24)(\{|%7b)[\w.-]{1,60}(\}|%7d)",
    )
    .expect("a constant pattern, which every test of this file compiles")
});

fn in_url(facts: &Facts<'_>) -> Option<Suspicion> {
    let url = &facts.sent.request.url;
    let host = facts.sent.request.fields.first("host").unwrap_or_default();
    let query = url.query.as_deref().unwrap_or_default();
    let (name, about, text) = [
        ("the path", Some("path"), url.path.as_slice()),
        ("the query", None, query),
        ("Host", Some("host"), host),
    ]
    .into_iter()
    .filter(|(.., value)| !facts.sent.is_unresolved(value))
    .find_map(|(name, about, value)| Some((name, about, TEMPLATE.find(value)?)))?;
    Some(Suspicion {
        strength: Strength::Partial,
        title: "a placeholder was sent in the URL".into(),
        evidence: vec![
            Phrase::new(format!("{name} holds the placeholder ")).captured(text.as_bytes()),
        ],
        fix: vec![Phrase::new(fix(facts.client(), "{{"))],
        about: about.map(|part| (Where::Url, part.to_owned())),
        ..Suspicion::default()
    })
}

fn in_field(facts: &Facts<'_>) -> Option<Suspicion> {
    let (line, text) = facts
        .sent
        .request
        .fields
        .lines()
        .iter()
        .filter(|line| !line.is("cookie") && !line.is("postman-token"))
        .filter(|line| !facts.sent.is_unresolved(line.value()))
        .find_map(|line| Some((line, TEMPLATE.find(line.value())?)))?;
    Some(Suspicion {
        strength: Strength::Slight,
        place: Some(Place::Header(line.name_text().to_lowercase())),
        title: "a placeholder was sent in a field".into(),
        evidence: vec![
            Phrase::default()
                .captured(line.name())
                .words(" holds the placeholder ")
                .captured(text.as_bytes()),
        ],
        fix: vec![Phrase::new(fix(facts.client(), "{{"))],
        about: Some((Where::Header, line.name_text().into_owned())),
        ..Suspicion::default()
    })
}

fn fix(client: ClientKind, text: &str) -> &'static str {
    let is_template = text.contains("{{");
    match client {
        ClientKind::Postman | ClientKind::Insomnia => {
            "choose the environment that defines this variable, and check its spelling"
        }
        ClientKind::Curl | ClientKind::HTTPie if text.starts_with('$') => {
            "single quotes keep the shell from filling in $NAME: use double quotes, and export the variable"
        }
        _ if is_template => "nothing replaced this template: fill it in before sending",
        ClientKind::Browser | ClientKind::Axios | ClientKind::Node => {
            "the variable was not set when this was built or started: check .env and its prefix rules (VITE_, NEXT_PUBLIC_)"
        }
        _ => "put the real value in its place; check that .env or the CI secret is loaded",
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    fn strength(request: &str) -> Option<Strength> {
        let found = Sample::new(request).answer("401").check(check)?;
        Some(found.strength)
    }

    #[test]
    fn placeholders_in_credentials_are_recognised() {
        for value in [
            "Bearer {{token}}",
            "Bearer ${TOKEN}",
            "Bearer $TOKEN",
            "Bearer YOUR_API_KEY",
            "Bearer <token>",
            "Token %API_TOKEN%",
            "Basic e3t1c2VyfX06e3twYXNzfX0=",
        ] {
            let request = format!("GET /a\nAuthorization: {value}");
            assert_eq!(strength(&request), Some(Strength::Full), "{value}");
        }
        assert_eq!(
            strength("GET /a\nX-Api-Key: {{apiKey}}"),
            Some(Strength::Full)
        );
    }

    #[test]
    fn templates_in_the_url_count_raw_and_encoded() {
        for target in ["/v1/{{id}}", "/v1/%7B%7Bid%7D%7D", "/a?tenant=${TENANT}"] {
            assert_eq!(
                strength(&format!(
                    "GET {target}\nAuthorization: Bearer abcdefghijklmnop1"
                )),
                Some(Strength::Partial),
                "{target}"
            );
        }
        assert_eq!(
            strength("GET /a\nX-Tenant: {{tenant}}"),
            Some(Strength::Slight)
        );
    }

    #[test]
    fn braces_and_dollars_inside_real_values_are_left_alone() {
        for lines in [
            "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
            "Cookie: sessionid=s%3A{\"user\":1}$abcdef",
            "Authorization: Basic c2VjcmV0OnB3JDEyMw==",
            "X-Filter: {\"a\":{\"b\":1}}",
        ] {
            assert_eq!(strength(&format!("GET /a\n{lines}")), None, "{lines}");
        }
    }

    #[test]
    fn a_variable_of_a_file_is_unknown_and_not_wrong() {
        for value in ["$TOKEN", "{{token}}"] {
            let sample = Sample::new(&format!("GET /a\nAuthorization: Bearer {value}"));
            assert!(sample.check(check).is_some(), "single quotes: {value}");
            assert!(sample.failing_unresolved(value).check(check).is_none());
        }
    }
}
