//! Edges between messages: what comes right behind an upgrade, and resets that come in the midst of an
//! upload or behind requests that were sent ahead.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::common::binary::{Running, Why401};
use crate::common::{tunnel, wait};

crate::tests![
    what_follows_an_upgrade_is_not_lost,
    a_reset_during_an_upload_is_no_proper_end,
    a_client_that_sent_ahead_and_reset_is_noticed,
    a_client_that_sent_ahead_and_ended_is_answered,
];

/// As much as a relay may read at a time: then the rest of a write waits in the socket.
const A_READ: usize = 16 * 1024;

fn what_follows_an_upgrade_is_not_lost() {
    let proxy = Why401::new().run(&[]);
    let said: Vec<u8> = (b'A'..=b'Z').cycle().take(200).collect();
    let start = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\nX: ";
    let head = format!("{start}{}\r\n\r\n", "p".repeat(A_READ - start.len() - 4));
    let response = [head.as_bytes(), &said].concat();
    wait::block_on(async {
        for _ in 0..20 {
            let (port, origin) = accept_one().await;
            let mut client =
                ask(&proxy, port, "GET", "Connection: Upgrade\r\nUpgrade: x\r\n").await;
            let mut origin = origin.await.unwrap();
            read_head(&mut origin).await;
            origin.write_all(&response).await.unwrap();
            drop(origin);
            let mut seen = Vec::new();
            client.read_to_end(&mut seen).await.unwrap();
            assert_eq!(seen.len(), response.len(), "something is missing");
            assert!(seen == response);
        }
    });
}

fn a_reset_during_an_upload_is_no_proper_end() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    wait::block_on(async {
        for through_a_tunnel in [false, true] {
            for _ in 0..6 {
                let (port, origin) = accept_one().await;
                let fields = "Content-Length: 100000000000\r\n";
                let client = match through_a_tunnel {
                    false => ask(&proxy, port, "POST", fields).await,
                    true => ask_through_a_tunnel(&proxy, port, fields).await,
                };
                let mut origin = origin.await.unwrap();
                let (mut reading, mut writing) = client.into_split();
                let upload = wait::spawn(async move {
                    loop {
                        if let Err(error) = writing.write_all(&[b'x'; 65_536]).await {
                            return error.kind();
                        }
                    }
                });
                read_head(&mut origin).await;
                let response = b"HTTP/1.1 401 Unauthorized\r\n\r\npartial";
                origin.write_all(response).await.unwrap();
                origin.set_zero_linger().unwrap();
                let mut seen = [0; 34];
                reading.read_exact(&mut seen).await.unwrap();
                drop(origin);
                let end = reading.read_to_end(&mut Vec::new()).await;
                // The system tells of a reset once: who asks first hears of it.
                let was_reset = end.is_err() || upload.await.unwrap() == ErrorKind::ConnectionReset;
                assert!(was_reset, "the client took it for a proper end");
            }
        }
    });
    for row in why401.list_of(12) {
        let shown = why401.json(&["show", row["id"].as_str().unwrap(), "--json"]);
        assert_ne!(shown["response_content"]["end"], "complete", "{shown:#}");
    }
}

fn a_client_that_sent_ahead_and_reset_is_noticed() {
    let proxy = Why401::new().run(&[]);
    wait::block_on(async {
        let (port, origin) = accept_one().await;
        let mut client = ask(&proxy, port, "GET", "").await;
        let again = request(port, "GET", "");
        client.write_all(again.as_bytes()).await.unwrap();
        let mut origin = origin.await.unwrap();
        read_head(&mut origin).await;
        client.set_zero_linger().unwrap();
        drop(client);
        let ended = tokio::time::timeout(wait::PATIENCE, origin.read(&mut [0; 1])).await;
        assert!(
            matches!(ended, Ok(Ok(0) | Err(_))),
            "the origin was not told"
        );
    });
}

fn a_client_that_sent_ahead_and_ended_is_answered() {
    let proxy = Why401::new().run(&[]);
    wait::block_on(async {
        let (port, origin) = accept_one().await;
        let mut client = ask(&proxy, port, "GET", "").await;
        let again = request(port, "GET", "");
        client.write_all(again.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let mut origin = origin.await.unwrap();
        for _ in 0..2 {
            read_head(&mut origin).await;
            let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            origin.write_all(response).await.unwrap();
        }
        let mut seen = String::new();
        client.read_to_string(&mut seen).await.unwrap();
        assert_eq!(seen.matches("\r\n\r\nok").count(), 2, "{seen}");
    });
}

/// A port, and the first connection to it.
async fn accept_one() -> (u16, tokio::task::JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let first = wait::spawn(async move { listener.accept().await.unwrap().0 });
    (port, first)
}

async fn ask(proxy: &Running, port: u16, method: &str, fields: &str) -> TcpStream {
    let mut client = tunnel::dial(proxy.address()).await;
    let request = request(port, method, fields);
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

fn request(port: u16, method: &str, fields: &str) -> String {
    format!("{method} http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}\r\n")
}

async fn ask_through_a_tunnel(proxy: &Running, port: u16, fields: &str) -> TcpStream {
    let authority = format!("127.0.0.1:{port}");
    let (mut client, _) = tunnel::connect(proxy.address(), &authority).await;
    let request = format!("POST / HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}
