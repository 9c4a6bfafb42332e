//! Call gRPC methods through the proxy: all four kinds, a token, and a call that is refused.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::common::binary::Why401;
use crate::common::origin::Transport;
use crate::common::peers::{Peer, ask, missing_in_python};

/// The tests of this file: every transport × method.
pub fn tests() -> Vec<Trial> {
    let missing = missing_in_python(&["grpc"]);
    let kind = missing.map_or_else(String::new, |package| format!("{package} missing"));
    let refused = |pieces: &[&str]| {
        json!({
            "code": "16 UNAUTHENTICATED",
            "details": "kein Schlüssel: 100% \"leer\"\nZeile 2",
            "metadata": [["x-reason", "no scope"], ["x-reason", "expired"], ["x-id-bin", "00ff31"]],
            "pieces": pieces,
        })
    };
    let methods: [(&str, Value); 6] = [
        ("Unary", json!({"answer": "hello Bearer t1"})),
        (
            "ServerStream",
            json!({"answer": ["n0", "n1", "n2", "n3", "n4"]}),
        ),
        ("ClientStream", json!({"answer": "a,b,c"})),
        ("Both", json!({"answer": ["A", "B", "C"]})),
        ("Refused", refused(&[])),
        ("RefusedLate", refused(&["one", "two"])),
    ];
    let mut trials = Vec::new();
    for transport in Transport::BOTH {
        for (method, expected) in methods.clone() {
            let name = format!("peers_grpc::{}::{method}", transport.name());
            let trial = Trial::test(name, move || {
                calls(transport, method, &expected);
                Ok(())
            });
            let trial = trial.with_kind(kind.clone());
            trials.push(trial.with_ignored_flag(missing.is_some()));
        }
    }
    trials
}

fn calls(transport: Transport, method: &str, expected: &Value) {
    let server = Peer::start("grpc_server.py", transport);
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let how = [&*server.authority(), transport.name(), method];
    assert_eq!(ask(&proxy, "grpc_client.py", &how), *expected);
    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:#?}");
    // That the call came by the proxy and not around it: it was learned, or recorded.
    let rows = why401.list();
    if method.starts_with("Refused") {
        assert_eq!(rows.len(), 1, "{rows:#?}");
        let cause = &rows[0]["cause"];
        assert_eq!(cause, "disguised-grpc-unauthenticated", "{rows:#?}");
        recorded_as_seen(&why401, expected);
        return;
    }
    assert_eq!(rows, Vec::<Value>::new());
    let learned = why401.json(&["baseline", "list", "--learned", "--json"]);
    assert!(learned.to_string().contains(method), "{learned}");
}

/// What is recorded of the refusal is what the client's library made of it.
fn recorded_as_seen(why401: &Why401, seen: &Value) {
    let recorded = why401.json(&["show", "--json", "--reveal"]);
    let (code, name) = seen["code"].as_str().unwrap().split_once(' ').unwrap();
    assert_eq!(recorded["grpc_status"], json!(format!("{code} ({name})")));
    let details = seen["details"].as_str().unwrap();
    // Control characters are shown as escapes.
    let shown = details.replace('\n', "\\n");
    assert_eq!(recorded["grpc_message"], json!(shown), "{recorded:#}");

    // Without a message before, the trailers are the head.
    let section = match seen["pieces"].as_array().unwrap().len() {
        0 => &recorded["response_headers"],
        _ => &recorded["response_trailers"],
    };
    let field = |name: &str| {
        let lines = section.as_array().unwrap().iter();
        lines
            .filter(|line| line[0] == json!(name))
            .map(|line| line[1].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(field("x-reason"), ["no scope", "expired"], "{recorded:#}");
    assert_eq!(field("x-id-bin").len(), 1, "{recorded:#}");
}
