//! Where requests go: never back to the proxy itself.

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::{Inbox, Turn, play};
use crate::common::{tunnel, wait};

crate::tests![
    our_own_listener_is_refused_however_it_is_spelled,
    another_port_of_this_machine_is_reached_however_it_is_spelled,
];

/// This machine, as URLs may write it.
const THIS_MACHINE: [&str; 10] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "app.localhost",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
];

/// Addresses that a client could mean it by besides.
const MORE_OF_IT: [&str; 8] = [
    "127.0.0.9",
    "0",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
];

fn our_own_listener_is_refused_however_it_is_spelled() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&[]);
    let port = proxy.address().port();
    let mut asked = 0;
    for host in THIS_MACHINE.iter().chain(&MORE_OF_IT) {
        let authority = format!("{host}:{port}");
        for (form, target) in [
            ("CONNECT", authority.clone()),
            ("GET", format!("http://{authority}/")),
            ("GET", format!("https://{authority}/")),
        ] {
            let page = ask(&proxy, form, &target, &authority);
            let is_refused = page.starts_with("HTTP/1.1 403 ")
                && page.contains("why401-failure: own-listener\r\n");
            assert!(is_refused, "{form} {target}: {page}");
            asked += 1;
        }
    }
    let rows = why401.list_of(asked);
    assert_eq!(rows.len(), asked, "one record each: nothing came round");
    assert!(proxy.is_alive());
}

fn another_port_of_this_machine_is_reached_however_it_is_spelled() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::ok());
    let port = origin.authority().replace("localhost:", "");
    for host in THIS_MACHINE {
        let authority = format!("{host}:{port}");
        let answer = ask(&proxy, "GET", &format!("http://{authority}/"), &authority);
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{host}: {answer}");
    }
    assert_eq!(origin.requests().len(), THIS_MACHINE.len());
}

/// Sends the proxy a request and returns what came back.
fn ask(proxy: &Running, method: &str, target: &str, authority: &str) -> String {
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let inbox = Inbox::new();
    let played = wait::block_on(async {
        let stream = tunnel::dial(proxy.address()).await;
        play(stream, &[Turn::send(request), Turn::AwaitEnd], &inbox).await
    });
    String::from_utf8_lossy(&played.received).into_owned()
}
