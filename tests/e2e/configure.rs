//! Configuration: none is needed, the example loads, flags beat files.

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

/// The CA that was named is the one that signs.
fn relays_tls(proxy: &crate::common::binary::Running, ca: &Path) {
    let origin = Origin::answering(Transport::Tls, |_| Reply::ok());
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let turns = [Turn::send(request), Turn::Saw(b"\"ok\"".to_vec())];
    tunnel::play_through(proxy.address(), ca, &origin, Transport::Tls, &turns);
    assert_eq!(origin.requests().len(), 1);
}
