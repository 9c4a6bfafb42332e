//! Known secrets in every field of a Case: no format may show one, in any encoding.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::diagnosis::{Part, Phrase};
use crate::diff::Where;
use crate::model::{Content, FieldLine, FieldSection, Outcome, Place, Provenance, Request};

/// Makes secrets that can be told from any other text.
#[derive(Default)]
struct Canaries(Vec<String>);

impl Canaries {
    fn next(&mut self) -> String {
        let canary = format!("Zq7canary{:02}Xw4Lm9Vb2Nc6Rt", self.0.len());
        self.0.push(canary.clone());
        canary
    }

    /// The forms in which a secret would still be a secret.
    fn forms(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|canary| {
            let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
            // Cut to whole groups, so that the forms also match inside longer encoded texts.
            let base64 = STANDARD.encode(&canary.as_bytes()[..24]);
            [canary.clone(), hex, base64]
        })
    }
}

fn planted(canaries: &mut Canaries) -> Request {
    let basic = STANDARD.encode(format!("user:{}", canaries.next()));
    let url = format!(
        "https://admin:{}@api.acme.test/v2/orders?api_key={}&access_token={}&page=2",
        canaries.next(),
        canaries.next(),
        canaries.next()
    );
    let mut request = sample::request("POST", &url, &[]);
    let claims = format!(r#"{{"jti":"{}","exp":1785500000}}"#, canaries.next());
    let jwt = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
        URL_SAFE_NO_PAD.encode(claims),
        URL_SAFE_NO_PAD.encode(canaries.next())
    );
    canaries.0.push(jwt.clone());
    let lines = vec![
        FieldLine::new("Authorization", format!("Bearer {jwt}")),
        FieldLine::new("authorization", format!("Basic {basic}")),
        FieldLine::new("Authorization", canaries.next()),
        FieldLine::new("X-Api-Key", canaries.next()),
        FieldLine::new("Cookie", format!("sid={}; theme=dark", canaries.next())),
        FieldLine::new("X-Acme-Auth-Token", canaries.next()),
        FieldLine::new(
            "Referer",
            format!("https://a.test/?token={}", canaries.next()),
        ),
        FieldLine::new("Content-Type", "application/json"),
    ];
    request.fields = FieldSection::from_lines(lines, Provenance::Wire);
    let content = format!(r#"{{"user":"a","password":"{}"}}"#, canaries.next());
    request.content = Content::complete(content);
    request.trailers = FieldSection::from_lines(
        vec![FieldLine::new("X-Auth-Token", canaries.next())],
        Provenance::Wire,
    );
    canaries.0.push(basic);
    request
}

/// A Case whose every field that can hold a secret holds one.
fn poisoned() -> (Case, Diagnosis, Canaries) {
    let mut canaries = Canaries::default();
    let (mut case, mut diagnosis) = sample::expired();
    case.failing.request = planted(&mut canaries);
    let echoed = canaries.0[2].clone();
    if let Outcome::Response(response) = &mut case.failing.outcome {
        let body = format!(
            r#"{{"error":"bad key {echoed}","refresh_token":"{}"}}"#,
            canaries.next()
        );
        response.content = Content::complete(body);
        let lines = vec![
            FieldLine::new("Set-Cookie", format!("sid={}; HttpOnly", canaries.next())),
            FieldLine::new("Location", format!("/cb?code={}", canaries.next())),
            FieldLine::new("X-Error", format!("key {echoed} is not valid")),
            FieldLine::new("Content-Type", "application/json"),
        ];
        response.fields = FieldSection::from_lines(lines, Provenance::Wire);
    }
    if let Some(chosen) = &mut case.baseline {
        chosen.baseline.request = planted(&mut canaries);
    }
    for seen in &mut case.context.before {
        seen.request = planted(&mut canaries);
        let location = format!("https://admin:{}@api.acme.test/", canaries.next());
        seen.response_fields = FieldSection::from_lines(
            vec![
                FieldLine::new("Set-Cookie", format!("sid={}", canaries.next())),
                FieldLine::new("Location", location),
            ],
            Provenance::Wire,
        );
    }
    let verdict = diagnosis.verdict.as_mut().unwrap();
    let key = canaries.next();
    verdict.evidence = vec![Phrase(vec![
        Part::Words("sent ".to_owned()),
        Part::Credential(Place::Header("x-api-key".to_owned()), key.into_bytes()),
        Part::Captured(format!(" answered: {echoed}").into_bytes()),
    ])];
    let mut pair = |place, name: &str| {
        let (good, failing) = (canaries.next(), canaries.next());
        sample::difference(place, name, Some(&good), Some(&failing))
    };
    diagnosis.differences = vec![
        pair(Where::Header, "authorization"),
        pair(Where::Header, "x-api-key"),
        pair(Where::Cookie, "sid"),
        pair(Where::Query, "access_token"),
    ];
    let body = format!(r#"{{"password":"{}"}}"#, canaries.next());
    diagnosis
        .differences
        .push(sample::difference(Where::Body, "body", None, Some(&body)));
    (case, diagnosis, canaries)
}

#[test]
fn no_format_shows_a_secret() {
    let (case, diagnosis, canaries) = poisoned();
    for (name, format) in FORMATS.iter().chain(RAW_FORMATS) {
        for width in [60, 80, 100] {
            let text = format(&case, &diagnosis, &mut Masker::new(), &style(width));
            // Wrapping must not hide a leak from this search.
            let joined: String = text.split_whitespace().collect();
            for form in canaries.forms() {
                assert!(!joined.contains(&form), "{name} shows {form}:\n{text}");
            }
        }
    }
}

#[test]
fn compressed_content_is_shown_as_text_and_masked() {
    let (mut case, _) = sample::expired();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(br#"{"why":"expired","refresh_token":"Zq7canaryXw4Lm9Vb2Nc6Rt"}"#)
        .unwrap();
    if let Outcome::Response(response) = &mut case.failing.outcome {
        response.content = Content::complete(encoder.finish().unwrap());
        let lines = [
            ("Content-Type", "application/json"),
            ("Content-Encoding", "gzip"),
        ];
        response.fields = FieldSection::from_lines(
            lines
                .map(|(name, value)| FieldLine::new(name, value))
                .into(),
            Provenance::Wire,
        );
    }
    let text = terminal::show(&exchange(&case, &mut Masker::new()), &style(100));
    assert!(text.contains(r#"{"why":"expired""#), "{text}");
    assert!(!text.contains("Zq7canary"), "{text}");
}

#[test]
fn revealing_shows_the_value_that_masking_hides() {
    let (case, diagnosis, canaries) = poisoned();
    let key = &canaries.0[7];
    let shown =
        |masker: &mut Masker| serde_json::to_string(&build(&case, &diagnosis, masker)).unwrap();
    assert!(shown(&mut Masker::revealing()).contains(key));
    assert!(!shown(&mut Masker::new()).contains(key));
}

#[test]
fn no_debug_output_shows_a_secret() {
    let (case, diagnosis, canaries) = poisoned();
    let report = build(&case, &diagnosis, &mut Masker::new());
    let text = format!("{report:?}");
    assert!(canaries.forms().all(|form| !text.contains(&form)));
}
