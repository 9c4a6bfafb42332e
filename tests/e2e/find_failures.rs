//! `list` and its filters.

use serde_json::json;

use crate::common::binary::Why401;
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::tunnel;

crate::tests![list_finds_by_every_filter, list_shows_the_newest_first];

fn list_finds_by_every_filter() {
    let why401 = recorded();
    let count = |arguments: &[&str]| {
        let all = [&["list", "--json"], arguments].concat();
        why401.json(&all).as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&["--limit", "3"]), 3);
    assert_eq!(count(&["--host", "localhost"]), 4);
    assert_eq!(count(&["--host", "elsewhere.test"]), 0);
    assert_eq!(count(&["--cause", "bearer-literal-undefined"]), 2);
    assert_eq!(count(&["--cause", "jwt-expired"]), 0);
    for (route, found) in [
        ("/orders/*", 2),
        ("/*", 2),
        ("/*/*", 2),
        ("/me", 2),
        ("/orders", 0),
    ] {
        assert_eq!(count(&["--route", route]), found, "{route}");
    }
    assert_eq!(count(&["--client", "curl"]), 2);
    assert_eq!(count(&["--search", "/me"]), 2);
    assert_eq!(count(&["--since", "10m"]), 4);
    assert_eq!(count(&["--since", "2040-01-01T00:00:00Z"]), 0);
    assert_eq!(count(&["--client", "curl", "--search", "/me"]), 1);
}

fn list_shows_the_newest_first() {
    let why401 = recorded();
    let rows = why401.list();
    let numbers: Vec<_> = rows.iter().map(|row| row["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    let members: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    for member in [
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
    ] {
        assert!(
            members.iter().any(|name| name == member),
            "{member} in {members:?}"
        );
    }
    assert_eq!(rows[0]["status"], json!(401));
    let text = why401.command(&["list"]).stdout;
    assert_eq!(text.matches("/orders/").count(), 2, "{text}");
}

/// Four 401s: two clients, two routes, two causes.
fn recorded() -> Why401 {
    let why401 = Why401::new();
    let proxy = why401.run(&["--json"]);
    let origin = Origin::answering(Transport::Plain, |_| {
        Reply::unauthorized(r#"Bearer error="invalid_token""#, "{}")
    });
    for agent in ["curl/8.0", "okhttp/4.12"] {
        for (target, token) in [
            ("/orders/17", "Bearer undefined"),
            ("/me", "Bearer 0123456789abcdefXYZ"),
        ] {
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {agent}\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n",
                origin.url(target),
                origin.authority()
            );
            tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
        }
    }
    crate::common::wait::until("four announced 401s", || {
        (proxy.announced().len() >= 4).then_some(())
    });
    assert!(proxy.stop().status.success());
    why401
}
