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
    let refused = json!({"code": "UNAUTHENTICATED", "details": "no token"});
    let methods: [(&str, Value); 5] = [
        ("Unary", json!({"answer": "hello Bearer t1"})),
        (
            "ServerStream",
            json!({"answer": ["n0", "n1", "n2", "n3", "n4"]}),
        ),
        ("ClientStream", json!({"answer": "a,b,c"})),
        ("Both", json!({"answer": ["A", "B", "C"]})),
        ("Refused", refused),
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
    if method == "Refused" {
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!(
            rows[0]["cause"], "disguised-grpc-unauthenticated",
            "{rows:#?}"
        );
        return;
    }
    assert_eq!(rows, Vec::<Value>::new());
    let learned = why401.json(&["baseline", "list", "--learned", "--json"]);
    assert!(learned.to_string().contains(method), "{learned}");
}
