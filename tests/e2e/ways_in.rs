//! The ways in: one port, and whatever a client speaks to it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Transport};
use crate::common::script::{End, Inbox, Turn, play};
use crate::common::{tunnel, wait};

crate::tests![
    socks_carries_every_byte,
    socks_replies_with_what_became_of_the_origin,
    a_client_that_speaks_after_its_origin,
    socks_garbage_harms_nobody,
    the_proxy_protocol_is_refused,
];

/// SOCKS 5 to that origin; the reply is read.
async fn socks5(proxy: &Running, port: u16) -> (TcpStream, [u8; 10]) {
    let mut stream = tunnel::dial(proxy.address()).await;
    let mut request = b"\x05\x01\x00\x05\x01\x00\x03\x09localhost".to_vec();
    request.extend(port.to_be_bytes());
    // All at once: a client need not wait for each answer.
    stream.write_all(&request).await.unwrap();
    let mut method = [0; 2];
    stream.read_exact(&mut method).await.unwrap();
    assert_eq!(method, [5, 0]);
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await.unwrap();
    (stream, reply)
}

const GRANTED: [u8; 10] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

fn port(origin: &Origin) -> u16 {
    let authority = origin.authority();
    authority.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// Odd but legal bytes in both directions, in pieces.
fn socks_carries_every_byte() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let sent = b"pOST /a HTTP/1.1\r\nhOST:  x\r\nX:1\r\nx: 2\r\nContent-Length: 3\r\n\r\n\0\xff\n"
        .to_vec();
    let answered =
        b"HTTP/1.1 401 Nein \r\nwww-Authenticate:Bearer\r\nContent-Length: 2\r\n\r\nno".to_vec();
    for transport in [Transport::Plain, Transport::Tls] {
        for piece in [1, 7, usize::MAX] {
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
                let (stream, reply) = socks5(&proxy, port(&origin)).await;
                assert_eq!(reply, GRANTED);
                if transport == Transport::Plain {
                    return play(stream, &turns, &inbox).await;
                }
                let stream = tunnel::tls(stream, &proxy.ca(), &["http/1.1"]).await;
                play(stream.unwrap(), &turns, &inbox).await
            });
            assert_eq!(client.received, answered, "{transport:?} {piece}");
            assert_eq!(client.end, End::Finished);
            let heard = origin.connections().pop().unwrap();
            assert_eq!(heard.received, sent, "{transport:?} {piece}");
        }
    }
    assert_eq!(why401.list_of(6).len(), 6);
}

fn socks_replies_with_what_became_of_the_origin() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = free.local_addr().unwrap().port();
    drop(free);
    wait::block_on(async {
        let (_, reply) = socks5(&proxy, refusing).await;
        assert_eq!(reply, [5, 5, 0, 1, 0, 0, 0, 0, 0, 0], "refused");
        let (_, reply) = socks5(&proxy, proxy.address().port()).await;
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
        let (stream, reply) = socks5(&proxy, port(&origin)).await;
        assert_eq!(reply, GRANTED);
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
