//! What cannot work is refused with what, where and what to do; nothing is lost.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::common::binary::{Output, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::tunnel;

crate::tests![
    a_port_that_is_taken,
    a_data_folder_that_cannot_be_made,
    a_data_folder_of_another_user,
    a_data_folder_in_use,
    a_store_of_a_newer_version,
    a_config_with_a_misspelt_key,
    a_config_that_is_no_toml,
    a_config_that_is_not_there,
    a_found_config_with_a_key_that_a_repository_may_not_set,
    a_curl_file_that_is_not_there,
    a_curl_file_with_an_open_quote,
    an_id_that_does_not_exist,
    an_id_that_is_ambiguous,
    a_flag_that_does_not_exist,
    an_empty_store,
    a_client_that_speaks_no_http,
    a_request_that_two_parties_could_read_differently,
    an_interface_that_is_not_there_yet,
    an_address_that_others_can_reach,
];

fn a_port_that_is_taken() {
    let why401 = Why401::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = why401.run_in_vain(&address, &[]);
    refused(&output, 1, &[&address, "--listen"]);
}

fn a_data_folder_that_cannot_be_made() {
    let why401 = Why401::new();
    let folder = why401.write("file", "in the way").join("data");
    let why401 = why401.with_data(folder.clone());
    let output = why401.run_in_vain("127.0.0.1:0", &[]);
    refused(&output, 1, &[text(folder.parent().unwrap()), "--data"]);
}

fn a_data_folder_of_another_user() {
    let why401 = Why401::new();
    let folder = folder_of_another_user(&why401);
    let why401 = why401.with_data(folder.clone());
    let output = why401.run_in_vain("127.0.0.1:0", &[]);
    refused(&output, 1, &[text(&folder)]);
    assert!(
        std::fs::read_dir(&folder).unwrap().all(|entry| {
            let name = entry.unwrap().file_name();
            !name.to_string_lossy().contains("key")
        }),
        "nothing is written there"
    );
}

/// Root can give a folder away; others find one that is not theirs.
fn folder_of_another_user(why401: &Why401) -> PathBuf {
    if rustix::process::geteuid().is_root() {
        let folder = why401.home().join("foreign");
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::chown(&folder, Some(65534), Some(65534)).unwrap();
        folder
    } else {
        PathBuf::from("/usr")
    }
}

fn a_data_folder_in_use() {
    let why401 = Why401::new();
    let mut first = why401.run(&[]);
    let output = why401.run_in_vain("127.0.0.1:0", &[]);
    refused(&output, 1, &[text(why401.data())]);
    assert!(first.is_alive());
    assert!(why401.list().is_empty(), "reading is allowed meanwhile");
}

fn a_store_of_a_newer_version() {
    let why401 = Why401::new();
    drop(why401.run(&[]).stop());
    let store = why401.sqlite_file();
    let database = rusqlite::Connection::open(&store).unwrap();
    database
        .pragma_update(None, "user_version", 30_000)
        .unwrap();
    drop(database);
    refused(&why401.command(&["list"]), 1, &["newer", "why401"]);
    refused(&why401.run_in_vain("127.0.0.1:0", &[]), 1, &["newer"]);
    let database = rusqlite::Connection::open(&store).unwrap();
    let version: i64 = database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 30_000, "the store is left as it was");
}

fn a_config_with_a_misspelt_key() {
    let why401 = Why401::new();
    let file = why401.write("my.toml", "# mine\nlisen = \"127.0.0.1:0\"\n");
    let output = why401.run_in_vain("127.0.0.1:0", &["--config", text(&file)]);
    refused(&output, 2, &["my.toml:2:1", "lisen", "listen"]);
}

fn a_config_that_is_no_toml() {
    let why401 = Why401::new();
    let file = why401.write("my.toml", "listen = \n");
    let output = why401.run_in_vain("127.0.0.1:0", &["--config", text(&file)]);
    refused(&output, 2, &["my.toml:1:"]);
}

fn a_config_that_is_not_there() {
    let why401 = Why401::new();
    let output = why401.run_in_vain("127.0.0.1:0", &["--config", "absent.toml"]);
    refused(&output, 2, &["absent.toml"]);
}

fn a_found_config_with_a_key_that_a_repository_may_not_set() {
    let why401 = Why401::new();
    why401.write("why401.toml", "listen = \"0.0.0.0:4010\"\n");
    let output = why401.run_in_vain("127.0.0.1:0", &[]);
    refused(&output, 2, &["why401.toml", "listen", "--config"]);
}

fn a_curl_file_that_is_not_there() {
    let why401 = Why401::new();
    let output = why401.command(&["baseline", "add", "x", "--curl", "absent.sh"]);
    refused(&output, 1, &["absent.sh"]);
    let output = why401.command(&["import", "curl", "absent.sh", "--json"]);
    refused(&output, 1, &["absent.sh"]);
}

fn a_curl_file_with_an_open_quote() {
    let why401 = Why401::new();
    why401.write(
        "open.sh",
        "curl https://api.acme.test/ \\\n  -H 'Accept: */*\n",
    );
    let output = why401.command(&["import", "curl", "open.sh", "--json"]);
    refused(&output, 1, &["open.sh:2:6", "quot"]);
    assert_eq!(output.stdout, "", "nothing on stdout: {output:#?}");
    let output = why401.command(&["baseline", "add", "x", "--curl", "open.sh"]);
    refused(&output, 1, &["open.sh:2:6"]);
    assert_eq!(
        why401.json(&["baseline", "list", "--json"]),
        serde_json::json!([])
    );
}

fn an_id_that_does_not_exist() {
    let why401 = with_failures(1);
    for command in ["why", "show"] {
        for id in ["01BX5ZZKBKACTAV9WEVGEMMVS0", "7777", "#7777"] {
            refused(&why401.command(&[command, id]), 1, &[id, "list"]);
        }
    }
}

fn an_id_that_is_ambiguous() {
    let why401 = with_failures(2);
    let rows = why401.list();
    // The first characters tell the time: both begin alike.
    let prefix = &rows[0]["id"].as_str().unwrap()[..5];
    let output = why401.command(&["why", prefix]);
    refused(&output, 1, &[prefix]);
    for row in rows {
        let id = row["id"].as_str().unwrap();
        assert!(output.stderr.contains(id), "{id} is named: {output:#?}");
        assert_eq!(why401.json(&["why", id, "--json"])["exchange"]["id"], id);
        let number = format!("#{}", row["n"]);
        assert_eq!(
            why401.json(&["why", &number, "--json"])["exchange"]["id"],
            id
        );
    }
}

fn a_flag_that_does_not_exist() {
    let why401 = Why401::new();
    refused(
        &why401.run_in_vain("127.0.0.1:0", &["--lisen", "x"]),
        2,
        &["--lisen"],
    );
    refused(
        &why401.run_in_vain("nonsense", &[]),
        2,
        &["nonsense", "127.0.0.1:4010"],
    );
}

fn an_empty_store() {
    let why401 = Why401::new();
    assert_eq!(why401.json(&["list", "--json"]), serde_json::json!([]));
    refused(&why401.command(&["why"]), 1, &["why401"]);
    refused(&why401.command(&["show"]), 1, &["why401"]);
}

fn a_client_that_speaks_no_http() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&[]);
    for bytes in [
        &b"\x00\x01\x02\xff\xfe\r\n\r\n"[..],
        b"EHLO there\r\n",
        b"\r\n\r\n\r\n",
        b"GET",
    ] {
        let turns = [Turn::send(bytes), Turn::Finish, Turn::AwaitEnd];
        let played = tunnel::play_on(proxy.address(), &turns);
        let answer = String::from_utf8_lossy(&played.received);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
            "{answer}"
        );
    }
    assert!(proxy.is_alive());
}

fn a_request_that_two_parties_could_read_differently() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::ok());
    origin.expects_no_call();
    let authority = origin.authority();
    for fields in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3, 3\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "X-A : b\r\n",
        " X-A: b\r\n",
        "X-A: b\r\n folded\r\n",
        "X-A: b\rc\r\n",
        "X-A: b\nX-B: c\r\n",
        "X-A: b\0c\r\n",
        "X(A): b\r\n",
        ": b\r\n",
        "Host: other.test\r\n",
    ] {
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\nabc",
            origin.url("/x")
        );
        let played = tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
        let answer = String::from_utf8_lossy(&played.received);
        // An unknown transfer coding is 501 (RFC 9112 section 6.1).
        let refused = ["HTTP/1.1 400 ", "HTTP/1.1 501 "];
        assert!(
            refused.iter().any(|line| answer.starts_with(line)) && answer.contains("why401"),
            "{fields:?}: {answer:?}"
        );
    }
    assert!(proxy.is_alive());
}

fn an_interface_that_is_not_there_yet() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&["--ui", "127.0.0.1:4011"]);
    assert!(proxy.is_alive());
    let said = proxy.stop().stderr;
    assert!(said.contains("UI"), "{said}");
    assert!(
        !said.contains("http://127.0.0.1:4011"),
        "no link that leads nowhere: {said}"
    );
}

fn an_address_that_others_can_reach() {
    let why401 = Why401::new();
    let output = why401.run_in_vain("0.0.0.0:0", &[]);
    assert!(!output.status.success(), "{output:#?}");
    assert!(output.stderr.contains("0.0.0.0"), "{output:#?}");
}

/// A store with that many recorded failures.
fn with_failures(count: usize) -> Why401 {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::unauthorized("Bearer", ""));
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\n\r\n",
        origin.url("/x"),
        origin.authority()
    );
    for _ in 0..count {
        tunnel::play_on(
            proxy.address(),
            &[Turn::send(request.clone()), Turn::Saw(b"401".to_vec())],
        );
    }
    why401.list_of(count);
    drop(proxy.stop());
    why401
}

/// Ended with that code, and said those words on stderr, without a panic.
fn refused(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code(), code, "{output:#?}");
    for word in words {
        assert!(
            output.stderr.contains(word),
            "{word:?} is not said: {output:#?}"
        );
    }
    assert!(!output.stderr.contains("panicked"), "{output:#?}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
