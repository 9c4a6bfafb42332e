//! `why`, `show` and `list` in another process while `run` is up: the same answers, byte for byte.

use serde_json::{Value, json};

use crate::common::binary::Why401;
use crate::common::normalise::normalise;
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::{tunnel, wait};

crate::tests![
    what_was_announced_is_what_why_says,
    the_story_tells_what_happened_before,
    a_challenge_that_is_answered_is_no_failure,
    the_same_cause_again_becomes_one_line,
    the_printed_block_is_what_why_prints,
    ctrl_c_ends_it_in_order,
];

fn what_was_announced_is_what_why_says() {
    let why401 = Why401::new();
    let proxy = why401.run(&["--json"]);
    let origin = refusing();
    for n in 0..5 {
        get(
            proxy.address(),
            &origin,
            &format!("/r{n}"),
            "Authorization: Bearer undefined\r\n",
        );
    }
    let announced = wait::until("five announced 401s", || {
        let announced = reports(&proxy.announced());
        (announced.len() >= 5).then_some(announced)
    });
    let before: Vec<String> = announced
        .iter()
        .map(|report| why(&why401, report))
        .collect();
    for (report, told) in announced.iter().zip(&before) {
        assert_eq!(
            report["verdict"]["cause"],
            json!("bearer-literal-undefined")
        );
        assert_eq!(
            &report.to_string(),
            told,
            "announced, and told by another process"
        );
    }
    assert!(proxy.stop().status.success());
    let after: Vec<String> = announced
        .iter()
        .map(|report| why(&why401, report))
        .collect();
    for (told, later) in before.iter().zip(&after) {
        // Whether it stayed a failure is known only later; all else must not change.
        let later = later.replace(r#""state":"failed""#, r#""state":"open""#);
        assert_eq!(
            *told.replace(r#""state":"failed""#, r#""state":"open""#),
            later
        );
    }
}

fn the_story_tells_what_happened_before() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |request| {
        match request.target().as_str() {
            "/login" => Reply::json(
                "200 OK",
                "Set-Cookie: sid=abcdef0123456789; Path=/\r\n",
                "{}",
            ),
            _ => Reply::unauthorized("", r#"{"message":"please log in"}"#),
        }
    });
    get(proxy.address(), &origin, "/login", "");
    get(proxy.address(), &origin, "/me", "");
    let report = why401.report_on("/me");
    let story = report["story"].as_array().unwrap();
    assert!(
        story
            .iter()
            .any(|step| step["role"] == "login" || step["role"] == "set-cookie"),
        "{report:#}"
    );
    assert!(
        !report.to_string().contains("abcdef0123456789"),
        "{report:#}"
    );
}

fn a_challenge_that_is_answered_is_no_failure() {
    let why401 = Why401::new();
    let proxy = why401.run(&["--json"]);
    let origin = Origin::answering(Transport::Plain, |request| {
        match request.field("authorization") {
            Some(value) if value.starts_with("Basic ") => Reply::ok(),
            _ => Reply::unauthorized(r#"Basic realm="x""#, ""),
        }
    });
    get(proxy.address(), &origin, "/b", "");
    get(
        proxy.address(),
        &origin,
        "/b",
        "Authorization: Basic YTpi\r\n",
    );
    let row = wait::until("the recovery", || {
        let row = why401.list().into_iter().next()?;
        (row["state"] == "recovered").then_some(row)
    });
    assert_eq!(row["cause"], json!("challenge-round-trip"), "{row:#}");
}

fn the_same_cause_again_becomes_one_line() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = refusing();
    for n in 0..12 {
        get(
            proxy.address(),
            &origin,
            &format!("/r{}", n % 2),
            "Authorization: Bearer null\r\n",
        );
    }
    why401.list_of(12);
    proxy.prints("same");
    let ended = proxy.stop();
    let blocks = ended.stdout.matches("fix  ").count();
    assert!(
        blocks <= 2,
        "at most one block per route:\n{}",
        ended.stdout
    );
}

fn the_printed_block_is_what_why_prints() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = refusing();
    get(
        proxy.address(),
        &origin,
        "/once",
        "Authorization: Bearer undefined\r\n",
    );
    why401.list_of(1);
    proxy.prints("fix  ");
    let told = why401.command(&["why"]);
    let printed = proxy.stop().stdout;
    let identity = normalise(
        printed.lines().find(|line| line.contains(" 401 ")).unwrap(),
        &[],
    );
    assert!(identity.contains("GET "), "{identity}");
    for label in ["why  ", "fix  ", "UNDEFINED"] {
        let labelled = |text: &str| text.to_uppercase().contains(&label.to_uppercase());
        assert!(labelled(&printed), "{label:?} in {printed}");
        assert!(labelled(&told.stdout), "{label:?} in {told:#?}");
    }
    assert!(printed.lines().count() <= 15, "{printed}");
    assert!(
        printed.lines().all(|line| line.chars().count() <= 100),
        "nothing is wider than 100 columns: {printed}"
    );
    assert!(!printed.contains('\x1b'), "no colour on a pipe: {printed}");
}

fn ctrl_c_ends_it_in_order() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = refusing();
    // A tunnel that is still open must not hold it up.
    let (_open, head) = wait::block_on(tunnel::connect(proxy.address(), &origin.authority()));
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    get(proxy.address(), &origin, "/late", "");
    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:#?}");
    assert_eq!(why401.list().len(), 1, "what came last is kept");
}

/// An origin that lets nobody in.
fn refusing() -> Origin {
    Origin::answering(Transport::Plain, |_| {
        Reply::unauthorized(r#"Bearer realm="x", error="invalid_token""#, "{}")
    })
}

/// One request in absolute form on a connection of its own.
fn get(proxy: std::net::SocketAddr, origin: &Origin, target: &str, fields: &str) {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\n{fields}Connection: close\r\n\r\n",
        origin.url(target),
        origin.authority()
    );
    let turns = [Turn::send(request), Turn::Saw(b"\r\n\r\n".to_vec())];
    tunnel::play_on(proxy, &turns);
}

/// The reports among what was announced; updates are left out.
fn reports(announced: &[Value]) -> Vec<Value> {
    announced
        .iter()
        .filter(|object| object["schema"] == "why401.report/1")
        .cloned()
        .collect()
}

fn why(why401: &Why401, report: &Value) -> String {
    let id = report["exchange"]["id"].as_str().unwrap();
    why401.json(&["why", id, "--json"]).to_string()
}
