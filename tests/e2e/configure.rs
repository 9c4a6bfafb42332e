//! Configuration: none is needed, the example loads, flags beat files.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use crate::common::binary::Why401;
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::tunnel;

crate::tests![
    the_example_loads_as_it_stands,
    a_project_keeps_its_ca_in_certs,
    two_homes_make_two_keys,
    a_second_start_keeps_the_ca,
    a_limit_for_content_counts,
    the_network_is_let_in_only_when_that_is_said,
    a_password_does_not_stand_in_a_flag,
    a_proxy_variable_that_cannot_be_used_is_told,
];

fn the_example_loads_as_it_stands() {
    let why401 = Why401::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let file = why401.write("config.example.toml", std::fs::read(example).unwrap());
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    assert!(proxy.stop().status.success());
}

fn a_project_keeps_its_ca_in_certs() {
    let why401 = Why401::new();
    let file = why401.write("mine.toml", "[ca]\ndir = \"certs\"\n");
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let ca = proxy.ca();
    assert_eq!(ca, why401.work().join("certs/ca.pem"));
    assert!(
        !why401.data().join("ca.pem").exists(),
        "there is one CA only"
    );
    relays_tls(&proxy, &ca);
}

fn two_homes_make_two_keys() {
    let cas = [Why401::new(), Why401::new()].map(|why401| {
        let proxy = why401.run(&[]);
        std::fs::read(proxy.ca()).unwrap()
    });
    assert_ne!(cas[0], cas[1]);
}

fn a_second_start_keeps_the_ca() {
    let why401 = Why401::new();
    let cas = [(), ()].map(|()| {
        let proxy = why401.run(&[]);
        let ca = std::fs::read(proxy.ca()).unwrap();
        assert!(proxy.stop().status.success());
        ca
    });
    assert_eq!(cas[0], cas[1]);
}

fn a_limit_for_content_counts() {
    let why401 = Why401::new();
    let file = why401.write("mine.toml", "[capture]\nbody_limit = \"10 B\"\n");
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let origin = Origin::answering(Transport::Plain, |_| {
        Reply::unauthorized("Bearer", r#"{"message":"0123456789 end"}"#)
    });
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        origin.url("/x"),
        origin.authority()
    );
    let played = tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
    assert!(
        played.received.ends_with(b"end\"}"),
        "the client gets all of it"
    );
    why401.list_of(1);
    let shown = why401.command(&["show"]).stdout;
    assert!(
        shown.contains("mess") && !shown.contains("end\"}"),
        "{shown}"
    );
}

fn the_network_is_let_in_only_when_that_is_said() {
    let why401 = Why401::new();
    let refused = why401.run_in_vain("0.0.0.0:0", &[]);
    assert_eq!(refused.code(), 2);
    for told in ["other machines could reach", "read the answers", "--lan"] {
        assert!(refused.stderr.contains(told), "{refused:?}");
    }
    let closed = why401.run(&["--lan"]);
    closed.says("no other machine reaches this");
    // All of 127.0.0.0/8 is this machine: one that nobody listens on stands for the others.
    let other = |port| SocketAddr::from(([127, 0, 0, 2], port));
    assert!(TcpStream::connect(other(closed.address().port())).is_err());
    drop(closed);

    let open = why401.run_on("0.0.0.0:0", &["--lan"]);
    open.says("caution  whoever is on the network");
    open.says("other devices use");
    assert!(open.address().ip().is_loopback(), "for this machine");
    let origin = Origin::answering(Transport::Plain, |_| Reply::ok());
    let (url, host) = (origin.url("/x"), origin.authority());
    let request = format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    // Other systems give loopback one address only.
    let second = cfg!(target_os = "linux").then(|| other(open.address().port()));
    for address in [open.address()].into_iter().chain(second) {
        let turns = [Turn::send(request.clone()), Turn::AwaitEnd];
        let played = tunnel::play_on(address, &turns);
        assert!(played.received.starts_with(b"HTTP/1.1 200 "), "{address}");
    }
    assert!(open.stop().status.success());
}

fn a_password_does_not_stand_in_a_flag() {
    let why401 = Why401::new();
    for (flag, url) in [
        ("--upstream-proxy", "http://me:s3cr3t@proxy.test:3128"),
        ("--upstream-proxy", "ftp://me:s3cr3t@proxy.test:3128"),
        ("--reverse", "https://me:s3cr3t@api.test"),
    ] {
        let refused = why401.run_in_vain("127.0.0.1:0", &[flag, url]);
        assert_eq!(refused.code(), 2, "{flag} {url}");
        assert!(refused.stderr.contains(flag), "{refused:?}");
        assert!(!refused.stderr.contains("s3cr3t"), "{refused:?}");
    }
}

fn a_proxy_variable_that_cannot_be_used_is_told() {
    let why401 = Why401::new().with_env("ALL_PROXY", "socks4://me:s3cr3t@proxy.test:1080");
    let proxy = why401.run(&[]);
    let told = proxy.says("ALL_PROXY is ignored");
    assert!(told.contains("socks5://"), "{told}");
    assert!(!proxy.stop().stderr.contains("s3cr3t"));
}

/// The CA that was named is the one that signs.
fn relays_tls(proxy: &crate::common::binary::Running, ca: &Path) {
    let origin = Origin::answering(Transport::Tls, |_| Reply::ok());
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let turns = [Turn::send(request), Turn::Saw(b"\"ok\"".to_vec())];
    tunnel::play_through(proxy.address(), ca, &origin, Transport::Tls, &turns);
    assert_eq!(origin.requests().len(), 1);
}
