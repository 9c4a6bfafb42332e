//! `kill -9` under load: every 401 that was announced is still there, with the same verdict.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::common::binary::Why401;
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::{tunnel, wait};

crate::tests![every_announced_401_survives_kill_9];

/// How often it is killed; the long form is for machines with time.
fn kills() -> u32 {
    match std::env::var_os("WHY401_LONG_TESTS") {
        Some(_) => 200,
        None => 20,
    }
}

fn every_announced_401_survives_kill_9() {
    let why401 = Why401::new();
    let origin = Origin::answering(Transport::Plain, |request| {
        if request.field("authorization").is_some() {
            Reply::ok()
        } else {
            Reply::unauthorized("Bearer", r#"{"error":"no token"}"#)
        }
    });
    why401.add_baseline(
        "good",
        &format!("curl '{}' -H 'Authorization: Bearer abc'", origin.url("/r")),
    );
    let mut announced = HashMap::new();
    for round in 0..kills() {
        let started = Instant::now();
        let proxy = why401.run(&["--json"]);
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "starting after a kill takes {:?}",
            started.elapsed()
        );
        let stop = Arc::new(AtomicBool::new(false));
        let load = start_load(proxy.address(), &origin, &stop);
        // At least one announced, then any moment will do: each round picks another.
        let before = announced.len();
        wait::until("an announced 401", || {
            (!proxy.stdout().is_empty()).then_some(())
        });
        std::thread::sleep(Duration::from_millis(u64::from(round * 37 % 100)));
        let killed = proxy.kill();
        stop.store(true, Ordering::SeqCst);
        wait::block_on(load).unwrap();
        for line in killed.stdout.lines() {
            // The last line may have been cut by the kill: it was not announced then.
            let Ok(report) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            if report["schema"] == "why401.report/1" {
                let id = report["exchange"]["id"].as_str().unwrap().to_owned();
                announced.insert(id, report["verdict"]["cause"].clone());
            }
        }
        assert!(announced.len() > before, "round {round} announced nothing");
        check(&why401, &announced, round);
        check_file(&why401);
    }
}

/// SQLite finds nothing wrong with its file.
fn check_file(why401: &Why401) {
    let file = why401.sqlite_file();
    let database = rusqlite::Connection::open(file).unwrap();
    let said: String = database
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(said, "ok");
}

/// Every announced failure is listed with its verdict; a sample is diagnosed again.
fn check(why401: &Why401, announced: &HashMap<String, Value>, round: u32) {
    let rows = why401.json(&["list", "--json", "--limit", "1000000"]);
    let listed: HashMap<_, _> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap(), &row["cause"]))
        .collect();
    for (id, cause) in announced {
        assert_eq!(
            listed.get(id.as_str()),
            Some(&cause),
            "{id} after kill {round}"
        );
    }
    for (id, cause) in announced.iter().take(2) {
        let report = why401.json(&["why", id, "--json"]);
        assert_eq!(&report["verdict"]["cause"], cause, "{report:#}");
    }
}

/// Sends requests through the proxy on a few connections until told to stop, or it is gone.
fn start_load(
    proxy: std::net::SocketAddr,
    origin: &Origin,
    stop: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<()> {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: load/1\r\n\r\n",
        origin.url("/r"),
        origin.authority()
    );
    let stop = Arc::clone(stop);
    wait::spawn(async move {
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (request, stop) = (request.clone(), Arc::clone(&stop));
            clients.spawn(async move {
                let mut stream = tunnel::dial(proxy).await;
                let mut buffer = vec![0; 4096];
                while !stop.load(Ordering::SeqCst) {
                    let sent = stream.write_all(request.as_bytes()).await;
                    let gone = !matches!(stream.read(&mut buffer).await, Ok(count) if count > 0);
                    if sent.is_err() || gone {
                        return;
                    }
                    // Four of these make about 500 requests per second.
                    tokio::time::sleep(Duration::from_millis(8)).await;
                }
            });
        }
        clients.join_all().await;
    })
}
