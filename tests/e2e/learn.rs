//! Without naming any known-good request: the one that passed before is what a 401 is compared with.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::common::binary::{Running, Why401};
use crate::common::clients::{Ask, Client};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::{tokens, tunnel, wait};

/// The tests of this file; the first needs curl.
pub fn tests() -> Vec<Trial> {
    let mut trials = without_a_client();
    for transport in Transport::BOTH {
        let name = format!("learn::curl_forgets_its_token::{}", transport.scheme());
        let trial = Trial::test(name, move || {
            curl_forgets_its_token(transport);
            Ok(())
        });
        let missing = !Client::Curl.is_there();
        trials.push(trial.with_ignored_flag(missing));
    }
    trials
}

fn without_a_client() -> Vec<Trial> {
    let cases: &[(&str, fn())] = &[
        (
            "an_expired_token_is_told_from_the_one_that_passed",
            an_expired_token_is_told_from_the_one_that_passed,
        ),
        (
            "a_token_that_changed_is_compared_with_the_newest_that_passed",
            a_token_that_changed_is_compared_with_the_newest_that_passed,
        ),
        (
            "another_client_that_passed_is_better_than_none",
            another_client_that_passed_is_better_than_none,
        ),
        (
            "what_passed_is_remembered_after_a_restart",
            what_passed_is_remembered_after_a_restart,
        ),
        (
            "what_a_failure_was_compared_with_survives_kill_9",
            what_a_failure_was_compared_with_survives_kill_9,
        ),
        (
            "what_varies_between_good_requests_is_no_reason",
            what_varies_between_good_requests_is_no_reason,
        ),
        (
            "a_later_retry_explains_a_failure_that_had_nothing_to_be_compared_with",
            a_later_retry_explains_a_failure_that_had_nothing_to_be_compared_with,
        ),
        (
            "named_ones_come_first_and_learned_ones_are_listed_apart",
            named_ones_come_first_and_learned_ones_are_listed_apart,
        ),
        (
            "preflights_and_public_answers_are_not_taken_for_proof",
            preflights_and_public_answers_are_not_taken_for_proof,
        ),
    ];
    let trial = |(name, run): &(&str, fn())| {
        let run = *run;
        Trial::test(format!("learn::{name}"), move || {
            run();
            Ok(())
        })
    };
    cases.iter().map(trial).collect()
}

const APP: &str = "User-Agent: app/1\r\n";

/// An origin that lets in whoever sends that field.
fn origin(field: &'static str, opens: impl Into<String>) -> Origin {
    let opens = opens.into();
    Origin::answering(Transport::Plain, move |request| {
        match request.field(field).as_ref() == Some(&opens) {
            true => Reply::ok(),
            false => Reply::unauthorized("Bearer", r#"{"error":"invalid_token"}"#),
        }
    })
}

/// Lets every token in that it holds now.
fn origin_of_any(accepts: fn(&str) -> bool) -> Origin {
    Origin::answering(Transport::Plain, move |request| {
        let sent = request.field("authorization").unwrap_or_default();
        match accepts(&sent) {
            true => Reply::ok(),
            false => Reply::unauthorized("Bearer", r#"{"error":"invalid_token"}"#),
        }
    })
}

/// Sends a request through the proxy, on a connection of its own.
fn send(proxy: &Running, origin: &Origin, method: &str, target: &str, fields: &str) {
    let request = format!(
        "{method} {} HTTP/1.1\r\nHost: {}\r\n{fields}Connection: close\r\n\r\n",
        origin.url(target),
        origin.authority()
    );
    tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
}

fn get(proxy: &Running, origin: &Origin, target: &str, fields: &str) {
    send(proxy, origin, "GET", target, fields);
}

fn bearer(token: &str) -> String {
    format!("{APP}Authorization: Bearer {token}\r\n")
}

/// The report on the newest failure of that path, once it has been judged.
fn report(why401: &Why401, path: &str) -> Value {
    why401.report_on(path)
}

/// The differences that matter: where, name, kind.
fn blamed(report: &Value) -> Vec<String> {
    let fields = report["diff"]["fields"].as_array().unwrap();
    fields
        .iter()
        .filter(|field| field["kind"] != "same" && field["noise"] == json!(false))
        .map(|field| {
            let word = |key: &str| field[key].as_str().unwrap().to_lowercase();
            format!("{} {} {}", word("where"), word("name"), word("kind"))
        })
        .collect()
}

fn check_learned(report: &Value, found: &str, ends: &str) {
    let baseline = &report["baseline"];
    assert_eq!(baseline["learned"], json!(true), "{report:#}");
    assert_eq!(baseline["source"], json!("learned"), "{report:#}");
    assert_eq!(baseline["match"], json!(found), "{report:#}");
    let reason = baseline["reason"].as_str().unwrap();
    assert!(reason.starts_with("same route, 2xx "), "{reason}");
    assert!(reason.ends_with(ends), "{reason}");
}

fn curl_forgets_its_token(transport: Transport) {
    let why401 = Why401::new();
    let token = tokens::random("at_");
    let opens = format!("Bearer {token}");
    let door = opens.clone();
    let origin = Origin::answering(transport, move |request| {
        match request.field("authorization").as_ref() == Some(&door) {
            true => Reply::ok(),
            false => Reply::unauthorized("Bearer", "{}"),
        }
    });
    let proxy = why401.run(&[]);
    let good = Ask::post(origin.url("/v2/users/1"), r#"{"q":"x"}"#);
    let failing = Ask::post(origin.url("/v2/users/2"), r#"{"q":"y"}"#);
    let statuses = Client::Curl.send(&proxy, &[good.with("Authorization", opens), failing]);
    assert_eq!(statuses, [200, 401]);
    let printed = proxy.prints("same client");
    assert!(printed.contains("good learned-"), "{printed}");
    assert!(printed.contains("same route, 2xx "), "{printed}");
    let report = report(&why401, "/v2/users/2");
    check_learned(&report, "learned-same-client", " before, same client");
    assert_eq!(report["verdict"]["cause"], json!("authorization-missing"));
    assert_eq!(blamed(&report), ["header authorization missing"]);
    let printed = why401.command(&["why"]).stdout;
    let words: Vec<_> = printed.split_whitespace().collect();
    let text = words.join(" ");
    assert!(text.contains(" before, same client)"), "{printed}");
    assert!(!printed.contains(&token), "{printed}");
}

fn an_expired_token_is_told_from_the_one_that_passed() {
    let why401 = Why401::new();
    let good = tokens::jwt_valid_for(Duration::from_secs(3000));
    let origin = origin("authorization", format!("Bearer {good}"));
    let proxy = why401.run(&[]);
    get(&proxy, &origin, "/a", &bearer(&good));
    let old = tokens::jwt_expired_since(Duration::from_secs(5000));
    get(&proxy, &origin, "/a", &bearer(&old));
    let report = report(&why401, "/a");
    check_learned(&report, "learned-same-client", " before, same client");
    assert_eq!(report["verdict"]["cause"], json!("jwt-expired"));
    assert_eq!(blamed(&report), ["header authorization changed"]);
}

fn a_token_that_changed_is_compared_with_the_newest_that_passed() {
    let why401 = Why401::new();
    let origin = origin_of_any(|sent| sent.ends_with("-valid"));
    let proxy = why401.run(&[]);
    for token in ["first-0123456789-valid", "second-0123456789-valid"] {
        get(&proxy, &origin, "/a", &bearer(token));
        // Ids and times of requests within one tick must differ.
        std::thread::sleep(Duration::from_millis(5));
    }
    get(&proxy, &origin, "/a", &bearer("second-0123456789-valid-x"));
    let report = report(&why401, "/a");
    let compared = why401.command(&["why", "--reveal", "--json"]).json();
    let fields = compared["diff"]["fields"].as_array().unwrap();
    let field = |field: &&Value| field["name"] == "Authorization";
    let authorization = fields.iter().find(field).unwrap();
    let good = authorization["good"].as_str().unwrap();
    assert_eq!(good.trim(), "Bearer second-0123456789-valid");
    // Two that passed with other tokens excuse nothing: one may be the old one.
    assert_eq!(blamed(&report), ["header authorization changed"]);
}

fn another_client_that_passed_is_better_than_none() {
    let why401 = Why401::new();
    let token = tokens::random("at_");
    let origin = origin("authorization", format!("Bearer {token}"));
    let proxy = why401.run(&[]);
    let other = format!("User-Agent: curl/8\r\nAuthorization: Bearer {token}\r\n");
    get(&proxy, &origin, "/users/1", &other);
    get(&proxy, &origin, "/users/2", APP);
    let report = report(&why401, "/users/2");
    check_learned(&report, "learned-other-client", " before, another client");
    assert_eq!(blamed(&report), ["header authorization missing"]);
}

fn what_passed_is_remembered_after_a_restart() {
    let why401 = Why401::new();
    let token = tokens::random("at_");
    let origin = origin("authorization", format!("Bearer {token}"));
    let proxy = why401.run(&[]);
    get(&proxy, &origin, "/a", &bearer(&token));
    assert!(proxy.stop().status.success());
    let proxy = why401.run(&[]);
    get(&proxy, &origin, "/a", APP);
    let report = report(&why401, "/a");
    check_learned(&report, "learned-same-client", " before, same client");
    assert!(proxy.stop().status.success());
    let later = why401.report_on("/a");
    for part in ["baseline", "verdict", "diff"] {
        assert_eq!(later[part], report[part], "the same in every process");
    }
}

fn what_a_failure_was_compared_with_survives_kill_9() {
    let why401 = Why401::new();
    let token = tokens::random("at_");
    let origin = origin("authorization", format!("Bearer {token}"));
    let proxy = why401.run(&["--json"]);
    // Within the minute in which a busy route is not stored again.
    for _ in 0..3 {
        get(&proxy, &origin, "/a", &bearer(&token));
    }
    get(&proxy, &origin, "/a", APP);
    let announced: Value = serde_json::from_str(&proxy.prints("why401.report/1")).unwrap();
    proxy.kill();
    check_learned(&announced, "learned-same-client", " before, same client");
    let report = report(&why401, "/a");
    assert_eq!(report["baseline"], announced["baseline"]);
    assert_eq!(report["diff"], announced["diff"]);
    // And what was compared with is there for the next failure, too.
    let proxy = why401.run(&[]);
    get(&proxy, &origin, "/a", &bearer("another"));
    why401.list_of(2);
    let again = why401.report_on("/a");
    check_learned(&again, "learned-same-client", " before, same client");
    drop(proxy);
}

fn what_varies_between_good_requests_is_no_reason() {
    let why401 = Why401::new();
    let token = tokens::random("at_");
    let origin = origin("authorization", format!("Bearer {token}"));
    let proxy = why401.run(&[]);
    let fields = |n: u32| format!("X-Shard: {n}\r\nCookie: ab={n}; lang=de\r\nX-Mode: m\r\n");
    for n in 1..=2 {
        let fields = bearer(&token) + &fields(n);
        get(&proxy, &origin, &format!("/a?q={n}&page=1"), &fields);
    }
    get(
        &proxy,
        &origin,
        "/a?q=3&page=2",
        &(APP.to_owned() + &fields(3)),
    );
    let report = report(&why401, "/a?q=3&page=2");
    assert_eq!(
        blamed(&report),
        ["header authorization missing", "query page changed"]
    );
    let fields = report["diff"]["fields"].as_array().unwrap();
    for name in ["X-Shard", "ab", "q"] {
        let field = fields.iter().find(|field| field["name"] == name).unwrap();
        assert_eq!(field["noise"], json!(true), "{field:#}");
        assert_eq!(field["note"], json!("varies between good requests too"));
    }
}

fn a_later_retry_explains_a_failure_that_had_nothing_to_be_compared_with() {
    let why401 = Why401::new();
    let token = tokens::random("at_");
    let origin = origin("authorization", format!("Bearer {token}"));
    let proxy = why401.run(&[]);
    get(&proxy, &origin, "/a", APP);
    assert_eq!(report(&why401, "/a")["baseline"], Value::Null);
    get(&proxy, &origin, "/a", &bearer(&token));
    let report = wait::until("the retry that passed", || {
        let report = why401.report_on("/a");
        (report["baseline"] != Value::Null).then_some(report)
    });
    check_learned(&report, "learned-same-client", " later, same client");
    assert_eq!(report["state"], json!("recovered"));
}

fn named_ones_come_first_and_learned_ones_are_listed_apart() {
    let why401 = Why401::new();
    let token = tokens::random("at_");
    let origin = origin("authorization", format!("Bearer {token}"));
    let proxy = why401.run(&[]);
    get(&proxy, &origin, "/a", &bearer(&token));
    get(&proxy, &origin, "/a", APP);
    check_learned(
        &report(&why401, "/a"),
        "learned-same-client",
        " before, same client",
    );
    let listed = why401.json(&["baseline", "list", "--learned", "--json"]);
    let [learned] = &listed.as_array().unwrap()[..] else {
        panic!("{listed:#}");
    };
    assert_eq!(learned["learned"], json!(true));
    let name = learned["name"].as_str().unwrap().to_owned();
    assert_eq!(why401.json(&["baseline", "list", "--json"]), json!([]));
    let said = why401.command(&["baseline", "list"]);
    assert!(said.stderr.contains("1 learned"), "{said:#?}");
    for command in [
        &["baseline", "show", &name][..],
        &["why", "--baseline", &name],
    ] {
        let shown = why401.command(command);
        assert!(shown.status.success(), "{shown:#?}");
        assert!(shown.stdout.contains(&name), "{shown:#?}");
        assert!(!shown.stdout.contains(&token), "{shown:#?}");
    }
    let curl = format!(
        "curl {} -H 'Authorization: Bearer {token}'",
        origin.url("/a")
    );
    why401.add_baseline("mine", &curl);
    assert_eq!(report(&why401, "/a")["baseline"]["name"], json!("mine"));
    let removed = why401.command(&["baseline", "remove", &name]);
    assert!(removed.status.success(), "{removed:#?}");
    let left = why401.json(&["baseline", "list", "--learned", "--json"]);
    assert_eq!(left, json!([]));
    assert_eq!(why401.command(&["baseline", "remove", &name]).code(), 1);
    drop(proxy);
}

fn preflights_and_public_answers_are_not_taken_for_proof() {
    let why401 = Why401::new();
    let origin = Origin::answering(Transport::Plain, |request| {
        let target = request.target();
        if target.starts_with("/oauth/token") {
            return Reply::json("200 OK", "", r#"{"access_token":"x"}"#);
        }
        match target.contains("public") || request.field("x-preflight").is_some() {
            true => Reply::ok(),
            false => Reply::unauthorized("Bearer", "{}"),
        }
    });
    let proxy = why401.run(&[]);
    send(&proxy, &origin, "OPTIONS", "/a", "X-Preflight: 1\r\n");
    get(&proxy, &origin, "/public", APP);
    get(&proxy, &origin, "/a", APP);
    assert_eq!(report(&why401, "/a")["baseline"], Value::Null);
    // A request for tokens is learned without what it holds.
    let form = "grant_type=password&password=s3cr3t-s3cr3t";
    let fields = format!("{APP}Content-Length: {}\r\n", form.len());
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\n{fields}Connection: close\r\n\r\n{form}",
        origin.url("/oauth/token"),
        origin.authority()
    );
    tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
    assert!(proxy.stop().status.success());
    let listed = why401.json(&["baseline", "list", "--learned", "--json"]);
    let urls: Vec<_> = listed.as_array().unwrap().iter().collect();
    assert_eq!(urls.len(), 2, "{listed:#}");
    let token = urls
        .iter()
        .find(|one| one["method"] == "POST")
        .expect("the request for tokens");
    assert_eq!(token["content"]["length"], json!(form.len()), "{token:#}");
    assert!(!token.to_string().contains("password"), "{token:#}");
}
