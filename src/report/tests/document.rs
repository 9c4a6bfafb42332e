//! The contract of the JSON: names, words, and what is `null`.

use serde_json::{Value, json};

use super::*;
use crate::diff::{Kind, Where};
use crate::model::{CredentialFact, Fingerprint, Place, Shape, State};
use crate::report::{REPORT_SCHEMA, Role, Update};

fn report(sample: (Case, Diagnosis)) -> Value {
    let (case, diagnosis) = sample;
    serde_json::to_value(build(&case, &diagnosis, &mut Masker::new())).unwrap()
}

#[test]
fn the_report_has_the_fields_that_scripts_rely_on() {
    let report = report(sample::expired());
    assert_eq!(report["schema"], REPORT_SCHEMA);
    assert_eq!(report["state"], "failed");
    let exchange = &report["exchange"];
    assert_eq!(exchange["n"], 31);
    assert_eq!(exchange["at"], "2026-07-31T14:22:07.084Z");
    assert_eq!(exchange["method"], "POST");
    assert_eq!(exchange["status"], 401);
    assert_eq!(exchange["http_version"], "HTTP/1.1");
    assert_eq!(
        exchange["request_headers"][0],
        json!(["Host", "api.acme.test"])
    );
    assert_eq!(
        exchange["response_headers"][1],
        json!(["Content-Type", "application/json"])
    );
    assert_eq!(report["baseline"]["name"], "orders search");
    assert_eq!(report["baseline"]["source"], "curl");
    assert_eq!(report["baseline"]["learned"], false);
    assert_eq!(report["verdict"]["cause"], "jwt-expired");
    assert_eq!(report["verdict"]["side"], "client");
    assert_eq!(report["verdict"]["confidence"], "certain");
    assert_eq!(report["alternatives"][0]["confidence"], "hint");
}

#[test]
fn a_report_without_a_verdict_says_so_in_an_object() {
    let report = report(sample::bare());
    assert_eq!(report["baseline"], Value::Null);
    assert_eq!(report["verdict"]["cause"], Value::Null);
    assert_eq!(report["verdict"]["side"], "undecided");
    assert_eq!(report["verdict"]["confidence"], "none");
    assert_eq!(report["verdict"]["evidence"], json!([]));
    assert_eq!(report["diff"]["fields"], json!([]));
}

#[test]
fn an_unobserved_status_is_null_and_a_failure_is_a_502_with_its_reason() {
    let from_files = report(sample::from_files());
    assert_eq!(from_files["exchange"]["status"], Value::Null);
    assert_eq!(from_files["exchange"]["n"], Value::Null);
    let failed = report(sample::unreachable());
    assert_eq!(failed["exchange"]["status"], 502);
    assert_eq!(failed["exchange"]["failure"]["cause"], "refused");
    assert_eq!(failed["exchange"]["failure"]["side"], "upstream");
}

#[test]
fn the_same_case_gives_the_same_bytes() {
    for (_, case, diagnosis) in sample::all() {
        let [one, two] = [(), ()].map(|()| {
            serde_json::to_string(&build(&case, &diagnosis, &mut Masker::new())).unwrap()
        });
        assert_eq!(one, two);
    }
}

#[test]
fn differences_are_told_from_the_failing_request() {
    let report = report(sample::expired());
    let fields = report["diff"]["fields"].as_array().unwrap();
    let cookie = &fields[1];
    assert_eq!(cookie["where"], "cookie");
    assert_eq!(cookie["kind"], "missing");
    assert_eq!(cookie["failing"], Value::Null);
    let length = cookie["good"].as_str().unwrap().chars().count();
    assert_eq!(
        cookie["segments"],
        json!([{"good": [0, length], "failing": null, "same": false}])
    );
    assert_eq!(fields[3]["kind"], "extra");
    assert_eq!(fields[4]["noise"], true);
    assert_eq!(fields[6]["kind"], "same");
    assert_eq!(
        fields[6]["segments"],
        json!([{"good": [0, 4], "failing": [0, 4], "same": true}])
    );
}

#[test]
fn segments_cut_the_masked_texts_without_gaps() {
    let (case, diagnosis) = sample::expired();
    let report = build(&case, &diagnosis, &mut Masker::new());
    for field in &report.diff.fields {
        for (text, side) in [(&field.good, 0), (&field.failing, 1)] {
            let Some(text) = text else { continue };
            let mut end = 0;
            for segment in &field.segments {
                let range = [segment.good, segment.failing][side];
                if let Some((from, to)) = range {
                    assert_eq!(from, end);
                    end = to;
                }
            }
            assert_eq!(end, text.as_str().chars().count());
        }
    }
}

#[test]
fn a_value_that_is_no_utf8_is_given_as_latin_1() {
    let (case, mut diagnosis) = sample::expired();
    let mut difference = sample::difference(Where::Header, "x-name", Some("Rene B"), Some(""));
    difference.failing = vec![b"Ren\xe9 B".to_vec()];
    difference.kind = Kind::Changed;
    diagnosis.differences = vec![difference];
    let report = report((case, diagnosis));
    let field = &report["diff"]["fields"][0];
    assert_eq!(field["failing"], "René B");
    assert_eq!(field["encoding"], "latin-1");
}

#[test]
fn lines_of_one_name_stay_apart() {
    let (case, mut diagnosis) = sample::expired();
    let mut difference = sample::difference(Where::Header, "x-a", Some("1"), Some("1"));
    difference.failing.push(b"2".to_vec());
    difference.kind = Kind::Changed;
    diagnosis.differences = vec![difference];
    let report = report((case, diagnosis));
    assert_eq!(report["diff"]["fields"][0]["failing"], "1\n2");
}

#[test]
fn claims_are_compared_where_both_sides_are_a_token() {
    let report = report(sample::expired());
    let claims = report["diff"]["fields"][0]["claims"].as_array().unwrap();
    let names: Vec<&str> = claims
        .iter()
        .filter_map(|claim| claim["name"].as_str())
        .collect();
    assert_eq!(names, ["exp", "jti"]);
    assert!(!claims[1].to_string().contains("at_7c20"));
}

#[test]
fn the_story_goes_from_the_oldest_to_the_newest() {
    let (case, diagnosis) = sample::expired();
    let report = build(&case, &diagnosis, &mut Masker::new());
    let roles: Vec<Role> = report.story.iter().map(|entry| entry.role).collect();
    assert_eq!(roles, [Role::Login, Role::SameRoute, Role::Refresh]);
}

#[test]
fn the_story_says_whether_the_same_credentials_passed_before() {
    let (mut case, diagnosis) = sample::expired();
    let fact = CredentialFact {
        place: Place::Header("authorization".to_owned()),
        scheme: Some("bearer".to_owned()),
        raw: Fingerprint([3; 10]),
        normalised: Fingerprint([3; 10]),
        shape: Shape::JwtJws,
    };
    case.context.credentials = vec![fact.clone()];
    case.context.before[1].credentials = vec![fact];
    let report = build(&case, &diagnosis, &mut Masker::new());
    let summary = report.story[1].summary.as_str();
    assert!(summary.ends_with("; the same credentials"), "{summary}");
}

#[test]
fn a_row_of_the_list_has_exactly_the_fields_of_the_contract() {
    let (case, diagnosis) = sample::expired();
    let mut masker = Masker::new();
    let report = build(&case, &diagnosis, &mut masker);
    let row = serde_json::to_value(&rows(&report, &mut masker)[0]).unwrap();
    let names: Vec<&String> = row.as_object().unwrap().keys().collect();
    let contract = [
        "id",
        "n",
        "at",
        "method",
        "url",
        "status",
        "state",
        "cause",
        "side",
        "confidence",
        "baseline",
        "client",
    ];
    assert_eq!(names, contract);
}

#[test]
fn an_update_is_one_flat_object() {
    let (case, _) = sample::expired();
    let update = Update::new(case.failing.id, State::Recovered);
    assert_eq!(
        serde_json::to_string(&update).unwrap(),
        r#"{"schema":"why401.update/1","id":"01KYW8VHQC000000000000000Z","state":"recovered"}"#
    );
}

#[test]
fn raw_heads_keep_case_order_and_line_ends() {
    let (case, _) = sample::expired();
    let raw = terminal::raw(&exchange(&case, &mut Masker::new()));
    assert!(raw.starts_with("POST /v2/orders/search?page=2 HTTP/1.1\r\nHost: api.acme.test\r\n"));
    assert!(raw.contains("\r\nauthorization: Bearer "));
    assert!(raw.contains("\r\n\r\nHTTP/1.1 401 Unauthorized\r\n"));
}
