//! A page in a real browser speaks WebSocket and streams: every message and piece gets through when it
//! is sent, and what fails is recorded.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::browser::{not_found, serve};
use crate::common::binary::Why401;
use crate::common::browser;
use crate::common::origin::Transport;
use crate::common::peers::{Peer, missing_in_node, missing_in_python};

/// The tests of this file.
pub fn tests() -> Vec<Trial> {
    let browser = browser::missing();
    let sockets = browser.or_else(|| missing_in_python(&["websockets"]));
    let streams = browser.or_else(|| missing_in_node(&[]));
    let mut trials = Vec::new();
    for transport in [Transport::Plain, Transport::Tls] {
        trials.push(trial("web_sockets", transport, sockets, web_sockets));
    }
    for transport in [Transport::Plain, Transport::Http2] {
        trials.push(trial("a_download", transport, streams, a_download));
    }
    // Chromium streams uploads over HTTP/2 only.
    trials.push(trial("an_upload", Transport::Http2, streams, an_upload));
    trials
}

fn trial(
    name: &str,
    transport: Transport,
    missing: Option<&'static str>,
    test: fn(Transport),
) -> Trial {
    let name = format!("browser_streams::{}::{name}", transport.name());
    let trial = Trial::test(name, move || {
        test(transport);
        Ok(())
    });
    let kind = missing.map_or_else(String::new, |program| format!("{program} missing"));
    trial.with_kind(kind).with_ignored_flag(missing.is_some())
}

fn web_sockets(transport: Transport) {
    let server = Peer::start("websocket_server.py", transport);
    let url = |path| server.url("ws", path);
    let script = format!(
        "const talk = (url, message) => new Promise(done => {{
             const socket = new WebSocket(url, 'acme.v1');
             socket.binaryType = 'arraybuffer';
             const heard = [];
             socket.onopen = () => socket.send(message);
             socket.onmessage = event => {{
                 const data = event.data;
                 heard.push(data.byteLength ?? data);
                 socket.close(1000, 'done');
             }};
             socket.onclose = event => done([...heard, event.code, event.reason]);
         }});
         seen.push(await talk('{}', 'grüße'));
         seen.push(await talk('{}', new Uint8Array(100000)));
         seen.push(await talk('{}', 'hello'));
         seen.push(await talk('{}', 'hello'))",
        url("/echo"),
        url("/echo"),
        url("/401"),
        url("/1008"),
    );
    let (seen, rows) = visit(transport, &script);
    let expected = json!([
        ["grüße", 1000, "done"],
        [100_000, 1000, "done"],
        // What a script sees of a handshake that failed, whatever its status.
        [1006, ""],
        [1008, "no token"],
    ]);
    assert_eq!(seen, expected);
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row["url"].as_str().unwrap(), &row["status"], &row["client"]))
        .collect();
    let in_http = |path| server.url("http", path);
    let (closed, refused) = (in_http("/1008"), in_http("/401"));
    let browser = json!("browser");
    let expected = [
        (closed.as_str(), &json!(101), &browser),
        (refused.as_str(), &json!(401), &browser),
    ];
    assert_eq!(told, expected, "the newest first: {rows:#?}");
    assert_eq!(rows[0]["cause"], json!("disguised-websocket-auth-close"));
}

fn a_download(transport: Transport) {
    let server = Peer::start("stream_server.mjs", transport);
    let url = |path| server.url("http", path);
    let script = format!(
        "const reader = (await fetch('{}')).body.pipeThrough(new TextDecoderStream()).getReader();
         seen.push((await reader.read()).value);
         await fetch('{}');
         seen.push((await reader.read()).value);
         seen.push((await reader.read()).done)",
        url("/download"),
        url("/read"),
    );
    let (seen, rows) = visit(transport, &script);
    assert_eq!(seen, json!(["first ", "second", true]));
    assert_eq!(rows, Vec::<Value>::new());
}

fn an_upload(transport: Transport) {
    let server = Peer::start("stream_server.mjs", transport);
    let url = |path| server.url("http", path);
    let script = format!(
        "let pieces = 0;
         const body = new ReadableStream({{
             async pull(controller) {{
                 pieces += 1;
                 if (pieces == 1) controller.enqueue('first ');
                 if (pieces == 2) {{
                     await fetch('{}');
                     controller.enqueue('second');
                     controller.close();
                 }}
             }},
         }}, {{highWaterMark: 0}}).pipeThrough(new TextEncoderStream());
         const response = await fetch('{}', {{method: 'POST', body, duplex: 'half'}});
         seen.push(await response.text())",
        url("/arrived"),
        url("/upload"),
    );
    let (seen, rows) = visit(transport, &script);
    assert_eq!(seen, json!(["first second"]));
    assert_eq!(rows, Vec::<Value>::new());
}

/// What the page's script saw, and what was recorded.
fn visit(transport: Transport, script: &str) -> (Value, Vec<Value>) {
    let site = serve(transport, script, not_found);
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let seen = browser::visit(&proxy, &site.url("/"), || {
        let requests = site.requests();
        let seen = requests
            .iter()
            .find(|request| request.target() == "/seen")?;
        Some(serde_json::from_slice(&seen.body).unwrap())
    });
    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:#?}");
    (seen, why401.list())
}
