//! Messages that two parties could read differently are refused, and those that only look so pass.
//!
//! Each row of `tests/fixtures/refusals/` is played over sockets, whole and byte by byte.

use crate::common::binary::Why401;
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::{End, Played, Turn};
use crate::common::tunnel::play_on;

crate::tests![
    each_request_of_the_list,
    each_response_of_the_list,
    a_refused_request_after_a_good_one_reaches_nobody,
];

fn each_request_of_the_list() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    for row in rows(include_str!("../fixtures/refusals/requests.txt")) {
        for piece in row.pieces() {
            let origin = match row.expected {
                "passes" => Origin::answering(Transport::Plain, |_| Reply::ok()),
                _ => Origin::playing(Transport::Plain, vec![Turn::AwaitEnd, Turn::Finish]),
            };
            origin.expects_no_call();
            let message = row.message(&origin);
            let place = format!("{} in pieces of {piece}", row.name);
            let send = Turn::Send(message.bytes.clone(), piece);
            let turns = match row.expected {
                "passes" => vec![send, Turn::Saw(Reply::ok().bytes().to_vec())],
                _ => vec![send, Turn::AwaitEnd],
            };
            let client = play_on(proxy.address(), &turns);
            let as_forwarded = |bytes: &[u8]| {
                let url = origin.url("/");
                replace(bytes, &format!(" {url}"), " /")
            };
            if row.expected == "passes" {
                let requests = origin.requests();
                assert_eq!(requests.len(), 1, "{place}");
                let seen = [&requests[0].head[..], &requests[0].body].concat();
                assert!(seen == as_forwarded(&message.bytes), "{place}: changed");
            } else {
                is_our_last_word(&client, row.expected, "refused-message", &place);
                let may_see = message.visible.as_deref().map(as_forwarded);
                for seen in origin.connections() {
                    let may_see = may_see.as_ref().unwrap_or_else(|| {
                        panic!("{place}: the origin got a connection: {seen:?}");
                    });
                    assert!(may_see.starts_with(&seen.received), "{place}: {seen:?}");
                }
            }
        }
    }
}

fn each_response_of_the_list() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    for row in rows(include_str!("../fixtures/refusals/responses.txt")) {
        for piece in row.pieces() {
            let message = row.text_to_bytes("");
            let turns = vec![
                Turn::Saw(b"\r\n\r\n".to_vec()),
                Turn::Send(message.bytes.clone(), piece),
                Turn::Finish,
                Turn::AwaitEnd,
            ];
            let origin = Origin::playing(Transport::Plain, turns);
            let (url, authority) = (origin.url("/"), origin.authority());
            let fields = format!("Host: {authority}\r\nConnection: close");
            let request = format!("GET {url} HTTP/1.1\r\n{fields}\r\n\r\n");
            let client = play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
            let place = format!("{} in pieces of {piece}", row.name);
            assert_eq!(client.end, End::Finished, "{place}");
            let seen = &client.received;
            match (row.expected, &message.visible) {
                ("passes", _) => assert!(*seen == message.bytes, "{place}: {client:?}"),
                (_, Some(may_see)) if may_see.starts_with(seen) => {}
                (_, Some(may_see)) => {
                    // An interim response may have gone on before our answer.
                    let ours = seen.strip_prefix(&may_see[..]).unwrap_or(seen);
                    let client = Played {
                        received: ours.to_vec(),
                        ..client
                    };
                    is_our_last_word(&client, row.expected, "bad-message", &place);
                }
                (_, None) => is_our_last_word(&client, row.expected, "bad-message", &place),
            }
        }
    }
}

fn a_refused_request_after_a_good_one_reaches_nobody() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::ok());
    let (url, authority) = (origin.url("/"), origin.authority());
    let good = format!("GET {url} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    let bad = format!("GET {url}bad HTTP/1.1\r\nHost: {authority}\r\nX : 1\r\n\r\n");
    let sent = [good.as_str(), &bad, &good].concat();
    let client = play_on(proxy.address(), &[Turn::send(sent), Turn::AwaitEnd]);
    let rest = client.received.strip_prefix(Reply::ok().bytes());
    let client = Played {
        received: rest.expect("the first is answered").to_vec(),
        ..client
    };
    is_our_last_word(&client, "400", "refused-message", "after a good one");
    assert_eq!(origin.requests().len(), 1);
}

/// One answer of ours with that status, and then the end of the connection.
fn is_our_last_word(client: &Played, status: &str, word: &str, place: &str) {
    let text = String::from_utf8_lossy(&client.received);
    let head = text.split("\r\n\r\n").next().unwrap();
    assert!(
        head.starts_with(&format!("HTTP/1.1 {status} ")),
        "{place}: {client:?}"
    );
    assert!(head.contains(&format!("why401-failure: {word}")), "{place}");
    assert!(head.ends_with("Connection: close"), "{place}: {head}");
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{place}: {text}");
    assert_eq!(client.end, End::Finished, "{place}");
}

struct Row<'a> {
    name: &'a str,
    expected: &'a str,
    text: &'a str,
}

/// A message, and as much of it as may be seen on the other side when it is refused.
struct Message {
    bytes: Vec<u8>,
    visible: Option<Vec<u8>>,
}

fn rows(file: &str) -> Vec<Row<'_>> {
    let rows: Vec<Row<'_>> = file
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.splitn(3, " | ").collect();
            let [name, expected, text] = columns[..] else {
                panic!("not a row: {line}");
            };
            Row {
                name,
                expected,
                text,
            }
        })
        .collect();
    assert!(rows.len() > 40, "the list is there");
    rows
}

impl Row<'_> {
    /// Whole, and in pieces as small as time allows.
    fn pieces(&self) -> [usize; 2] {
        let is_long = self.text_to_bytes("").bytes.len() > 2000;
        [usize::MAX, if is_long { 997 } else { 1 }]
    }

    fn message(&self, origin: &Origin) -> Message {
        self.text_to_bytes(&origin.authority())
    }

    fn text_to_bytes(&self, authority: &str) -> Message {
        let text = self.text.replace("{A}", authority);
        let parts: Vec<Vec<u8>> = text.split("{|}").map(|part| bytes(&repeat(part))).collect();
        Message {
            visible: (parts.len() > 1).then(|| parts[0].clone()),
            bytes: parts.concat(),
        }
    }
}

/// Writes `{3*x}` out as `xxx`.
fn repeat(text: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inner, after) = after.split_once('}').expect("a closing brace");
        let (count, unit) = inner.split_once('*').expect("{N*text}");
        whole.push_str(before);
        whole.push_str(&unit.repeat(count.parse().expect("a number")));
        rest = after;
    }
    whole + rest
}

fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chars = text.bytes();
    while let Some(byte) = chars.next() {
        bytes.push(match byte {
            b'\\' => match chars.next() {
                Some(b'r') => b'\r',
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(b'\\') => b'\\',
                Some(b'x') => {
                    let digits = [chars.next().unwrap(), chars.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => panic!("no such escape: {other:?} in {text}"),
            },
            byte => byte,
        });
    }
    bytes
}

fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    match memchr::memmem::find(bytes, from.as_bytes()) {
        Some(at) => [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat(),
        None => bytes.to_vec(),
    }
}
