//! The ways in: one port, and whatever a client speaks to it.

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::{End, Inbox, Turn, play};
use crate::common::ways::{SOCKS5_GRANTED, Way, socks5, to_proxy};
use crate::common::{pki, tunnel, wait};

crate::tests![
    every_byte_passes_each_way_in,
    a_large_body_passes_each_way_in_both_ways_at_once,
    socks_replies_with_what_became_of_the_origin,
    a_client_that_speaks_after_its_origin,
    socks_garbage_harms_nobody,
    the_proxy_protocol_is_refused,
    absolute_form_over_tls_with_the_proxy,
    tls_without_a_name_is_with_the_proxy,
    tls_that_was_led_here_and_whose_origin_cannot_be_reached,
    a_handshake_that_is_none_harms_nobody,
];

/// Odd but legal bytes in both directions, in pieces.
fn every_byte_passes_each_way_in() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let sent = b"pOST /a HTTP/1.1\r\nhOST:  x\r\nX:1\r\nx: 2\r\nContent-Length: 3\r\n\r\n\0\xff\n"
        .to_vec();
    let answered =
        b"HTTP/1.1 401 Nein \r\nwww-Authenticate:Bearer\r\nContent-Length: 2\r\n\r\nno".to_vec();
    let mut passed = 0;
    for way in Way::ALL {
        for transport in [Transport::Plain, Transport::Tls] {
            for piece in [1, 7, usize::MAX] {
                let place = format!("{way:?}, {transport:?}, pieces of {piece}");
                let turns = vec![
                    Turn::Received(sent.len()),
                    Turn::Send(answered.clone(), piece),
                    Turn::AwaitEnd,
                    Turn::Finish,
                ];
                let origin = Origin::playing(transport, turns);
                let turns = [
                    Turn::Send(sent.clone(), piece),
                    Turn::Received(answered.len()),
                    Turn::Finish,
                    Turn::AwaitEnd,
                ];
                let inbox = Inbox::new();
                let client = wait::block_on(async {
                    let authority = origin.authority();
                    let stream = way.enter(proxy.address(), &proxy.ca(), &authority).await;
                    if transport == Transport::Plain {
                        return play(stream, &turns, &inbox).await;
                    }
                    let stream = tunnel::tls(stream, &proxy.ca(), &["http/1.1"]).await;
                    play(stream.unwrap(), &turns, &inbox).await
                });
                assert!(client.received == answered, "{place}: {client:?}");
                assert_eq!(client.end, End::Finished, "{place}");
                let heard = wait::until("the origin's connection to end", || {
                    let last = origin.connections().pop()?;
                    (last.end != End::Open).then_some(last)
                });
                assert!(heard.received == sent, "{place}: {heard:?}");
                passed += 1;
            }
        }
    }
    assert_eq!(why401.list_of(passed).len(), passed);
}

fn socks_replies_with_what_became_of_the_origin() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = free.local_addr().unwrap().port();
    drop(free);
    wait::block_on(async {
        let (_, reply) = socks5(proxy.address(), "localhost", refusing).await;
        assert_eq!(reply, [5, 5, 0, 1, 0, 0, 0, 0, 0, 0], "refused");
        let (_, reply) = socks5(proxy.address(), "localhost", proxy.address().port()).await;
        assert_eq!(reply, [5, 2, 0, 1, 0, 0, 0, 0, 0, 0], "our own listener");
        let mut stream = tunnel::dial(proxy.address()).await;
        let request = b"\x04\x01\x01\xbb\0\0\0\x01me\0nowhere.invalid\0";
        stream.write_all(request).await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        assert_eq!(reply, [0, 0x5B, 0, 0, 0, 0, 0, 0], "no such name");
    });
    let rows = why401.list_of(3);
    assert!(rows.iter().all(|row| row["status"] == 502), "{rows:#?}");
    let urls: Vec<_> = rows
        .iter()
        .map(|row| row["url"].as_str().unwrap())
        .collect();
    assert!(urls[0].starts_with("https://nowhere.invalid"), "{urls:?}");
    let shown = why401.command(&["show"]).stdout;
    assert!(shown.contains("through SOCKS"), "{shown}");
    assert!(shown.contains("before any HTTP request"), "{shown}");
}

fn a_client_that_speaks_after_its_origin() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let turns = vec![
        Turn::send("220 hello\r\n"),
        Turn::Saw(b"QUIT\r\n".to_vec()),
        Turn::Finish,
    ];
    let origin = Origin::playing(Transport::Plain, turns);
    let turns = [
        Turn::Saw(b"220 hello\r\n".to_vec()),
        Turn::send("QUIT\r\n"),
        Turn::AwaitEnd,
    ];
    let inbox = Inbox::new();
    let played = wait::block_on(async {
        let authority = origin.authority();
        let port = authority.rsplit_once(':').unwrap().1.parse().unwrap();
        let (stream, reply) = socks5(proxy.address(), "localhost", port).await;
        assert_eq!(reply, SOCKS5_GRANTED);
        play(stream, &turns, &inbox).await
    });
    assert_eq!(played.received, b"220 hello\r\n");
    assert_eq!(played.end, End::Finished);
}

fn socks_garbage_harms_nobody() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&[]);
    let long = [&b"\x04\x01\0\x50\0\0\0\x01\0"[..], &[b'a'; 100_000]].concat();
    let general = [5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0];
    let cases: [(&[u8], &[u8]); 7] = [
        (b"\x05\x00", &[5, 0xFF]),
        (b"\x05\x01\x02", &[5, 0xFF]),
        (b"\x05\x01\0GET / HTTP/1.1\r\n\r\n", &general),
        (
            b"\x05\x01\0\x05\x03\0\x01\0\0\0\0\0\0",
            &[5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0],
        ),
        (
            b"\x05\x01\0\x05\x01\0\x07",
            &[5, 0, 5, 8, 0, 1, 0, 0, 0, 0, 0, 0],
        ),
        (b"\x05\x01\0\x05\x01\0\x03\x03a\0b\0\x50", &general),
        (&long, &[0, 0x5B, 0, 0, 0, 0, 0, 0]),
    ];
    for (sent, answer) in cases {
        let turns = [Turn::send(sent), Turn::AwaitEnd];
        let played = tunnel::play_on(proxy.address(), &turns);
        assert_eq!(played.received, answer, "{}", sent.escape_ascii());
    }
    assert!(proxy.is_alive());
}

fn the_proxy_protocol_is_refused() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    for begin in [
        &b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n"[..],
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
    ] {
        let turns = [Turn::dribble(begin), Turn::AwaitEnd];
        let played = tunnel::play_on(proxy.address(), &turns);
        let page = String::from_utf8(played.received).unwrap();
        assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
        assert!(page.contains("PROXY protocol"), "{page}");
    }
}

fn a_large_body_passes_each_way_in_both_ways_at_once() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    for way in Way::ALL {
        let turns = vec![Turn::send(body.clone()), Turn::AwaitEnd, Turn::Finish];
        let origin = Origin::playing(Transport::Plain, turns);
        let turns = [
            Turn::send(body.clone()),
            Turn::Received(body.len()),
            Turn::Finish,
            Turn::AwaitEnd,
        ];
        let inbox = Inbox::new();
        let client = wait::block_on(async {
            let authority = origin.authority();
            let stream = way.enter(proxy.address(), &proxy.ca(), &authority).await;
            play(stream, &turns, &inbox).await
        });
        assert!(client.received == body, "{way:?}: {client:?}");
        let heard = wait::until("the origin's connection to end", || {
            let last = origin.connections().pop()?;
            (last.end != End::Open).then_some(last)
        });
        assert!(heard.received == body, "{way:?}: {heard:?}");
    }
}

fn absolute_form_over_tls_with_the_proxy() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::unauthorized("Bearer", "{}"));
    let url = origin.url("/inside");
    let authority = origin.authority();
    let request = format!("GET {url} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let inbox = Inbox::new();
    let played = wait::block_on(async {
        let stream = to_proxy(proxy.address(), &proxy.ca(), "http/1.1").await;
        play(stream, &[Turn::dribble(request), Turn::AwaitEnd], &inbox).await
    });
    assert!(played.received.starts_with(b"HTTP/1.1 401 "), "{played:?}");
    assert_eq!(played.end, End::Finished, "with close_notify");
    let hop = &why401.report_on("/inside")["exchange"]["hop"];
    assert_eq!(hop["entry"], "absolute-form");
    assert_eq!(hop["client_tls"]["version"], "TLSv1.3");
}

/// What a client gets that opens TLS with that name to the port, and sends these bytes.
fn over_tls(proxy: &Running, name: &str, sent: &str) -> String {
    let pem = std::fs::read(proxy.ca()).unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connector = TlsConnector::from(pki::client_config(&pem, &["http/1.1"]));
    let inbox = Inbox::new();
    let played = wait::block_on(async {
        let stream = tunnel::dial(proxy.address()).await;
        let stream = connector.connect(name, stream).await.unwrap();
        play(stream, &[Turn::send(sent), Turn::AwaitEnd], &inbox).await
    });
    String::from_utf8_lossy(&played.received).into_owned()
}

fn tls_without_a_name_is_with_the_proxy() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    // An address is never sent as a name (RFC 6066 section 3).
    for name in ["127.0.0.1", "why401.local"] {
        let page = over_tls(&proxy, name, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(page.contains("why401-failure: "), "{name}: {page}");
        assert!(page.starts_with("HTTP/1.1 421 "), "{name}: {page}");
    }
}

fn tls_that_was_led_here_and_whose_origin_cannot_be_reached() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let request = "GET /led HTTP/1.1\r\nHost: nowhere.invalid\r\n\r\n";
    let page = over_tls(&proxy, "nowhere.invalid", request);
    assert!(page.starts_with("HTTP/1.1 502 "), "{page}");
    assert!(page.contains("why401-failure: name-not-found"), "{page}");
    let report = why401.report_on("/led");
    let exchange = &report["exchange"];
    assert_eq!(exchange["url"], "https://nowhere.invalid/led");
    assert_eq!(exchange["hop"]["entry"], "transparent");
}

fn a_handshake_that_is_none_harms_nobody() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&[]);
    for begin in [
        &b"\x16 hello\r\n"[..],
        b"\x16\x03\x01\x00\x05\x01\0\0\x01\0",
        &[0x16; 70_000],
    ] {
        let turns = [Turn::send(begin), Turn::AwaitEnd];
        let played = tunnel::play_on(proxy.address(), &turns);
        assert!(!played.received.starts_with(b"HTTP"), "{played:?}");
    }
    assert!(proxy.is_alive());
}
