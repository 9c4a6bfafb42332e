//! Known-good requests that a team keeps with its code: `[[baseline]]` in a configuration.

use serde_json::json;

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::tunnel;

crate::tests![
    a_committed_request_explains_a_401_in_every_process,
    one_added_later_is_used_by_those_who_read,
    a_found_configuration_reads_nothing_beyond_its_folder,
    environments_and_items_are_named_as_on_the_command_line,
    what_cannot_be_read_is_told_and_the_rest_counts,
];

const CONFIG: &str = "[[baseline]]\nfile = 'good/orders.sh'\nname = 'orders'\n";

fn a_committed_request_explains_a_401_in_every_process() {
    let (why401, origin) = (Why401::new(), refusing());
    why401.write("why401.toml", CONFIG);
    commit(&why401, &origin);
    let proxy = why401.run(&[]);
    fail(&proxy, &origin);
    let report = why401.report_on("/v2/orders");
    assert_eq!(report["verdict"]["cause"], json!("authorization-missing"));
    assert_eq!(report["baseline"]["name"], json!("orders"), "{report:#}");
    let row = why401.list_of(1).remove(0);
    assert_eq!(row["baseline"], json!("orders"), "{row:#}");
    let pinned = why401.json(&["why", "--baseline", "orders", "--json"]);
    assert_eq!(pinned["baseline"]["name"], json!("orders"));

    let listed = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(listed[0]["name"], json!("orders"), "{listed:#}");
    let shown = why401.command(&["baseline", "show", "orders"]);
    assert!(shown.stdout.contains("/v2/orders"), "{shown:#?}");
    let removed = why401.command(&["baseline", "remove", "orders"]);
    assert_eq!(removed.code(), 1, "{removed:#?}");
    assert!(removed.stderr.contains("why401.toml:1:1"), "{removed:#?}");
}

fn one_added_later_is_used_by_those_who_read() {
    let (why401, origin) = (Why401::new(), refusing());
    let proxy = why401.run(&[]);
    fail(&proxy, &origin);
    assert_eq!(why401.list_of(1)[0]["baseline"], json!(null));
    why401.write("why401.toml", CONFIG);
    commit(&why401, &origin);
    let report = why401.json(&["why", "--json"]);
    assert_eq!(report["baseline"]["name"], json!("orders"), "{report:#}");
    // A command that curl would refuse takes none of the others away.
    let good = std::fs::read_to_string(why401.work().join("good/orders.sh")).unwrap();
    why401.write("good/orders.sh", format!("curl --nosuch a.test\n{good}"));
    let told = why401.command(&["why", "--json"]);
    assert_eq!(
        told.json()["baseline"]["name"],
        json!("orders"),
        "{told:#?}"
    );
    assert!(told.stderr.contains("orders.sh:1:6"), "{told:#?}");
}

fn a_found_configuration_reads_nothing_beyond_its_folder() {
    let why401 = Why401::new();
    let outside = why401.home().join("outside.sh");
    std::fs::write(&outside, "curl https://a.test/secret").unwrap();
    std::fs::create_dir(why401.work().join("good")).unwrap();
    why401.write(
        "good/reads.sh",
        "curl https://a.test/ -d @../../outside.sh -H \"X-Home: $HOME\"",
    );
    std::os::unix::fs::symlink(&outside, why401.work().join("link.sh")).unwrap();
    for file in [
        "../outside.sh",
        outside.to_str().unwrap(),
        "link.sh",
        "good/reads.sh",
    ] {
        let config = format!("[[baseline]]\nfile = '{file}'\n");
        let path = why401.write("why401.toml", config);
        let found = why401.command(&["baseline", "list"]);
        assert!(found.status.success(), "{found:#?}");
        assert!(
            found.stderr.contains("outside the folder"),
            "{file}: {found:#?}"
        );
        assert!(!found.stdout.contains("secret"), "{file}: {found:#?}");
        // Who names the file has read it.
        let proxy = why401.run(&["--config", path.to_str().unwrap()]);
        let told = proxy.stop().stderr;
        assert!(!told.contains("warning"), "{file}: {told}");
    }
}

fn environments_and_items_are_named_as_on_the_command_line() {
    let why401 = Why401::new();
    why401.write(
        "a.http",
        "GET http://{{host}}/1\n\n###\nGET http://{{host}}/2\n",
    );
    why401.write(
        "http-client.env.json",
        r#"{"dev": {"host": "d.test"}, "prod": {"host": "p.test"}}"#,
    );
    why401.write(
        "a.yml",
        "opencollection: 1.0.0\nitems:\n- {info: {name: x}, http: {method: GET, url: 'http://{{host}}/3'}}\n\
         config:\n  environments:\n  - name: dev\n    variables:\n    - {name: host, value: b.test}\n",
    );
    why401.write(
        "why401.toml",
        "[[baseline]]\nname = \"http\"\nfile = \"a.http#2\"\nenvironment = \"http-client.env.json#prod\"\n\
         [[baseline]]\nname = \"bruno\"\nfile = \"a.yml\"\nenvironment = \"dev\"\n",
    );
    let output = why401.command(&["baseline", "list", "--json"]);
    let listed = output.json();
    let urls: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["url"].clone())
        .collect();
    assert_eq!(
        urls,
        [json!("http://p.test/2"), json!("http://b.test/3")],
        "{output:#?}"
    );
}

fn what_cannot_be_read_is_told_and_the_rest_counts() {
    let (why401, origin) = (Why401::new(), refusing());
    commit(&why401, &origin);
    why401.write("bad.sh", "curl https://a.test/ --hedaer x");
    let config =
        format!("[[baseline]]\nfile = 'bad.sh'\n[[baseline]]\nfile = 'none.har'\n{CONFIG}");
    why401.write("why401.toml", config);
    let listed = why401.command(&["baseline", "list"]);
    assert!(listed.stdout.contains("orders"), "{listed:#?}");
    for told in ["why401.toml:1:1", "--hedaer", "why401.toml:3:1", "none.har"] {
        assert!(listed.stderr.contains(told), "{told}: {listed:#?}");
    }
    let proxy = why401.run(&[]);
    fail(&proxy, &origin);
    let report = why401.report_on("/v2/orders");
    assert_eq!(report["baseline"]["name"], json!("orders"));
}

/// A file with a request that would work: its token is each reader's own.
fn commit(why401: &Why401, origin: &Origin) {
    std::fs::create_dir_all(why401.work().join("good")).unwrap();
    let url = origin.url("/v2/orders");
    let command = format!("curl '{url}' -H \"Authorization: Bearer $TOKEN\"");
    why401.write("good/orders.sh", command);
}

fn refusing() -> Origin {
    Origin::answering(Transport::Plain, |_| Reply::unauthorized("Bearer", "{}"))
}

fn fail(proxy: &Running, origin: &Origin) {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        origin.url("/v2/orders"),
        origin.authority()
    );
    tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
}
