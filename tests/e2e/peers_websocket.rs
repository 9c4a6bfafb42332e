//! Speak WebSocket through the proxy: real clients, a real server, every message as it was sent.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::common::binary::Why401;
use crate::common::origin::Transport;
use crate::common::peers::{Peer, ask, missing_in_node, missing_in_python};

const SERVER: &str = "websocket_server.py";

/// The tests of this file: every client × transport.
pub fn tests() -> Vec<Trial> {
    let server = missing_in_python(&["websockets"]);
    let node = server.or_else(|| missing_in_node(&["ws", "https-proxy-agent"]));
    let clients = [
        ("websockets", "websockets_client.py", server),
        ("ws", "ws_client.mjs", node),
    ];
    let mut trials = Vec::new();
    for (client, program, missing) in clients {
        for transport in [Transport::Plain, Transport::Tls] {
            let cases: [(&str, Visit); 3] = [
                ("echoes_every_message", echoes_every_message),
                ("records_a_refused_handshake", records_a_refused_handshake),
                ("sees_the_close_code", sees_the_close_code),
            ];
            for (case, run) in cases {
                let name = format!("peers_websocket::{client}::{}::{case}", transport.name());
                let trial = Trial::test(name, move || {
                    run(program, transport);
                    Ok(())
                });
                let kind = missing.map_or_else(String::new, |package| format!("{package} missing"));
                let trial = trial.with_kind(kind);
                trials.push(trial.with_ignored_flag(missing.is_some()));
            }
        }
    }
    trials
}

/// What a client program does to a server.
type Visit = fn(&str, Transport);

fn echoes_every_message(program: &str, transport: Transport) {
    let (seen, rows) = visit(program, transport, "/echo");
    let all = json!({
        "subprotocol": "acme.v1",
        "extensions": ["permessage-deflate"],
        "text": true,
        "binary": true,
        "pong": true,
    });
    assert_eq!(seen, all);
    assert_eq!(rows, Vec::<Value>::new());
}

fn records_a_refused_handshake(program: &str, transport: Transport) {
    let (seen, rows) = visit(program, transport, "/401");
    assert_eq!(seen, json!({"status": 401, "body": "no token\n"}));
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["status"], json!(401), "{rows:#?}");
    let url = rows[0]["url"].as_str().unwrap();
    assert!(url.ends_with("/401"), "{url}");
}

fn sees_the_close_code(program: &str, transport: Transport) {
    let (seen, rows) = visit(program, transport, "/1008");
    assert_eq!(seen, json!({"code": 1008, "reason": "no token"}));
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(
        rows[0]["cause"], "disguised-websocket-auth-close",
        "{rows:#?}"
    );
}

/// What the client saw, and what was recorded.
fn visit(program: &str, transport: Transport, path: &str) -> (Value, Vec<Value>) {
    let server = Peer::start(SERVER, transport);
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let seen = ask(&proxy, program, &[&server.url("ws", path)]);
    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:#?}");
    (seen, why401.list())
}
