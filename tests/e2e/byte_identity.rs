//! What the client sent is what the origin received, and the other way round: every byte.

use std::time::Duration;

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Transport};
use crate::common::script::{End, Played, Turn};
use crate::common::{tunnel, wait};

crate::tests![
    every_framing_passes_a_tunnel_unchanged,
    one_byte_pieces_pass_a_tunnel_unchanged,
    pipelined_requests_pass_unchanged_and_in_order,
    a_close_delimited_response_ends_as_the_origin_ended_it,
    a_half_closed_client_still_gets_its_response,
    an_upgraded_connection_becomes_a_plain_byte_stream,
    a_server_that_speaks_first_is_heard,
    binary_that_is_no_http_passes_untouched,
    http_that_cannot_be_read_flows_on,
    a_large_body_passes_both_ways_at_once,
    an_absolute_form_request_keeps_all_but_its_target,
    an_absolute_form_https_request_reaches_the_origin_over_tls,
    one_byte_pieces_of_an_absolute_form_request_keep_their_body,
    a_request_of_length_zero_is_over_at_its_head,
    a_response_that_nobody_asked_for_answers_nobody,
];

/// What a client sends on one connection, and what the origin answers to each message.
struct Dialogue {
    name: &'static str,
    exchanges: &'static [(&'static str, &'static str)],
}

const DIALOGUES: &[Dialogue] = &[
    Dialogue {
        name: "case, order, whitespace and duplicates of fields",
        exchanges: &[(
            "GET /a?b=c%20d&&e HTTP/1.1\r\nhOsT:   localhost\r\nX-A: 1\r\nx-b:\t2 \t\r\nX-a:3\r\nX-Empty:\r\nAUTHORIZATION: Bearer t\r\n\r\n",
            "HTTP/1.1 200 Very  Well \r\nSet-Cookie: a=1\r\nX-Mid:  x\r\nset-cookie: b=2\r\nCONTENT-length: 2\r\n\r\nok",
        )],
    },
    Dialogue {
        name: "chunked both ways, with extensions and trailers",
        exchanges: &[(
            "POST /up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=\"b c\"\r\nhello\r\n00A ; x\r\n0123456789\r\n0;last\r\nX-Sum: 9f\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding:  Chunked\r\n\r\n1\r\na\r\n1;e\r\nb\r\n0\r\nx-t: 1\r\nX-T: 2\r\n\r\n",
        )],
    },
    Dialogue {
        name: "HEAD, 204 and 304 have no content whatever their fields say",
        exchanges: &[
            (
                "HEAD /h HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
            ),
            (
                "DELETE /d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
            ),
            (
                "GET /n HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"1\"\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: \"1\"\r\n\r\n",
            ),
            (
                "GET /last HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 2\r\n\r\nno",
            ),
        ],
    },
    Dialogue {
        name: "informational responses before the final one",
        exchanges: &[(
            "GET /hints HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        )],
    },
    Dialogue {
        name: "content that waits for 100 (Continue)",
        exchanges: &[
            (
                "PUT /e HTTP/1.1\r\nHost: localhost\r\nexpect: 100-Continue\r\nContent-Length: 2\r\n\r\n",
                "HTTP/1.1 100 Continue\r\nX-Info: 1\r\n\r\n",
            ),
            (
                "hi",
                "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
            ),
        ],
    },
    Dialogue {
        name: "a response is passed on while it is still being made",
        exchanges: &[
            (
                "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
            ),
            (
                "GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "6\r\nsecond\r\n0\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
            ),
        ],
    },
    Dialogue {
        name: "a request is passed on while it is still being made",
        exchanges: &[
            (
                "POST /s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n",
                "HTTP/1.1 103 Early Hints\r\n\r\n",
            ),
            (
                "3\r\ntwo\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            ),
        ],
    },
    Dialogue {
        name: "a keep-alive connection of HTTP/1.0",
        exchanges: &[(
            "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\nold",
        )],
    },
    Dialogue {
        name: "values beyond ASCII and a folded line",
        exchanges: &[(
            "GET /\u{e9} HTTP/1.1\r\nHost: localhost\r\nX-Name: J\u{fc}rgen \u{202e}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-Folded: a\r\n  b\r\nContent-Length: 0\r\n\r\n",
        )],
    },
];

fn every_framing_passes_a_tunnel_unchanged() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    for dialogue in DIALOGUES {
        for transport in Transport::BOTH {
            hold(&proxy, dialogue, transport, usize::MAX);
        }
    }
}

fn one_byte_pieces_pass_a_tunnel_unchanged() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    for dialogue in DIALOGUES {
        for transport in Transport::BOTH {
            hold(&proxy, dialogue, transport, 1);
        }
    }
}

/// Holds a dialogue through a tunnel and compares both streams.
fn hold(proxy: &Running, dialogue: &Dialogue, transport: Transport, piece: usize) {
    let mut client_turns = Vec::new();
    let mut origin_turns = Vec::new();
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    for (request, response) in dialogue.exchanges {
        sent.extend_from_slice(request.as_bytes());
        answered.extend_from_slice(response.as_bytes());
        client_turns.push(Turn::Send(request.as_bytes().to_vec(), piece));
        origin_turns.push(Turn::Received(sent.len()));
        origin_turns.push(Turn::Send(response.as_bytes().to_vec(), piece));
        client_turns.push(Turn::Received(answered.len()));
    }
    client_turns.push(Turn::Finish);
    client_turns.push(Turn::AwaitEnd);
    origin_turns.push(Turn::AwaitEnd);
    origin_turns.push(Turn::Finish);
    let origin = Origin::playing(transport, origin_turns);
    let client = tunnel::play_through(
        proxy.address(),
        &proxy.ca(),
        &origin,
        transport,
        &client_turns,
    );
    let place = format!("{} ({transport:?}, pieces of {piece})", dialogue.name);
    same(&client.received, &answered, &format!("{place}: response"));
    same(
        &heard(&origin).received,
        &sent,
        &format!("{place}: request"),
    );
    assert_eq!(client.end, End::Finished, "{place}");
    assert_eq!(heard(&origin).end, End::Finished, "{place}");
}

fn pipelined_requests_pass_unchanged_and_in_order() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let requests: String = (0..20)
        .map(|n| {
            format!("POST /{n} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{n:03}")
        })
        .collect();
    let responses: String = (0..20)
        .map(|n| {
            format!("HTTP/1.1 401 Unauthorized\r\nX-N: {n}\r\nContent-Length: 3\r\n\r\n{n:03}")
        })
        .collect();
    for transport in Transport::BOTH {
        let origin = Origin::playing(
            transport,
            vec![
                Turn::Received(requests.len()),
                Turn::Send(responses.clone().into(), 7),
                Turn::AwaitEnd,
            ],
        );
        let client = tunnel::play_through(
            proxy.address(),
            &proxy.ca(),
            &origin,
            transport,
            &[
                Turn::Send(requests.clone().into(), 11),
                Turn::Received(responses.len()),
            ],
        );
        same(&client.received, responses.as_bytes(), "responses");
        same(&heard(&origin).received, requests.as_bytes(), "requests");
    }
    let rows = why401.list_of(40);
    assert_eq!(rows.len(), 40, "each 401 is recorded once");
    let newest: Vec<_> = rows.iter().take(3).map(|row| &row["url"]).collect();
    assert!(
        newest[0].as_str().unwrap().ends_with("/19")
            && newest[2].as_str().unwrap().ends_with("/17"),
        "each response belongs to its request: {newest:?}"
    );
}

fn a_close_delimited_response_ends_as_the_origin_ended_it() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let request = b"GET /until-close HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let response = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\n\r\nuntil the end";
    for transport in Transport::BOTH {
        let origin = Origin::playing(
            transport,
            vec![
                Turn::Received(request.len()),
                Turn::dribble(response),
                Turn::Finish,
                Turn::AwaitEnd,
            ],
        );
        let client = tunnel::play_through(
            proxy.address(),
            &proxy.ca(),
            &origin,
            transport,
            &[Turn::send(request), Turn::AwaitEnd],
        );
        same(&client.received, response, "response");
        assert_eq!(client.end, End::Finished, "{transport:?}");
    }
    let rows = why401.list_of(2);
    let report = why401.json(&["why", rows[0]["id"].as_str().unwrap(), "--json"]);
    assert!(
        report.to_string().contains("/until-close"),
        "the 401 is recorded although only the close ended it: {report:#}"
    );
}

fn a_half_closed_client_still_gets_its_response() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let request = b"GET /half HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf";
    for transport in Transport::BOTH {
        let origin = Origin::playing(
            transport,
            vec![
                Turn::AwaitEnd,
                Turn::Pause(Duration::from_millis(100)),
                Turn::send(response),
                Turn::Finish,
            ],
        );
        let client = tunnel::play_through(
            proxy.address(),
            &proxy.ca(),
            &origin,
            transport,
            &[Turn::send(request), Turn::Finish, Turn::AwaitEnd],
        );
        same(&client.received, response, "response");
        same(&heard(&origin).received, request, "request");
        assert_eq!(heard(&origin).end, End::Finished, "{transport:?}");
    }
}

fn an_upgraded_connection_becomes_a_plain_byte_stream() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let request =
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";
    let switch =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n";
    // Looks like HTTP and is none: nobody may read a 401 out of it.
    let ours = b"\x00\xffHTTP/1.1 401 no\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    for transport in Transport::BOTH {
        let origin = Origin::playing(
            transport,
            vec![
                Turn::Received(request.len()),
                Turn::send([&switch[..], ours].concat()),
                Turn::Received(request.len() + ours.len()),
                Turn::Finish,
            ],
        );
        let client = tunnel::play_through(
            proxy.address(),
            &proxy.ca(),
            &origin,
            transport,
            &[
                Turn::send(request),
                Turn::Received(switch.len() + ours.len()),
                Turn::dribble(ours),
                Turn::AwaitEnd,
            ],
        );
        same(&client.received, &[&switch[..], ours].concat(), "downwards");
        same(
            &heard(&origin).received,
            &[&request[..], ours].concat(),
            "upwards",
        );
    }
    assert!(why401.list().is_empty(), "nothing in there was a 401");
}

fn a_server_that_speaks_first_is_heard() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let banner = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
    let answer = b"SSH-2.0-test\r\n\x00\x01\x02";
    let origin = Origin::playing(
        Transport::Plain,
        vec![
            Turn::send(banner),
            Turn::Received(answer.len()),
            Turn::Finish,
        ],
    );
    let client = tunnel::play_through(
        proxy.address(),
        &proxy.ca(),
        &origin,
        Transport::Plain,
        &[
            Turn::Received(banner.len()),
            Turn::dribble(answer),
            Turn::AwaitEnd,
        ],
    );
    same(&client.received, banner, "banner");
    same(&heard(&origin).received, answer, "answer");
}

fn binary_that_is_no_http_passes_untouched() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let all: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let origin = Origin::playing(
        Transport::Plain,
        vec![
            Turn::Received(all.len()),
            Turn::Send(all.clone(), 333),
            Turn::AwaitEnd,
            Turn::Finish,
        ],
    );
    let client = tunnel::play_through(
        proxy.address(),
        &proxy.ca(),
        &origin,
        Transport::Plain,
        &[
            Turn::Send(all.clone(), 1),
            Turn::Received(all.len()),
            Turn::Finish,
            Turn::AwaitEnd,
        ],
    );
    same(&client.received, &all, "downwards");
    same(&heard(&origin).received, &all, "upwards");
    assert_eq!(client.end, End::Finished);
}

fn http_that_cannot_be_read_flows_on() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let request =
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz not a size\r\n";
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\nbad name : x\r\n\r\nabcd";
    for transport in Transport::BOTH {
        let origin = Origin::playing(
            transport,
            vec![
                Turn::Received(request.len()),
                Turn::dribble(response),
                Turn::Finish,
            ],
        );
        let client = tunnel::play_through(
            proxy.address(),
            &proxy.ca(),
            &origin,
            transport,
            &[Turn::dribble(request), Turn::AwaitEnd],
        );
        same(&client.received, response, "response");
        same(&heard(&origin).received, request, "request");
    }
}

fn a_large_body_passes_both_ways_at_once() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let body: Vec<u8> = (0..=250).cycle().take(3_000_000).collect();
    let head = format!(
        "POST /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer_head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let sent = [head.as_bytes(), &body].concat();
    let answered = [answer_head.as_bytes(), &body].concat();
    for transport in Transport::BOTH {
        // The origin answers as soon as it has the head, while the body is still coming.
        let origin = Origin::playing(
            transport,
            vec![
                Turn::Received(head.len()),
                Turn::send(answered.clone()),
                Turn::Received(sent.len()),
                Turn::AwaitEnd,
            ],
        );
        let client = tunnel::play_through(
            proxy.address(),
            &proxy.ca(),
            &origin,
            transport,
            &[
                Turn::send(sent.clone()),
                Turn::Received(answered.len()),
                Turn::Finish,
            ],
        );
        same(&client.received, &answered, "response");
        let heard = wait::until("the whole request", || {
            let heard = heard(&origin);
            (heard.received.len() >= sent.len()).then_some(heard)
        });
        same(&heard.received, &sent, "request");
    }
}

const BODY: &str = "5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
const FIELDS: &str =
    "X-A: 1\r\nx-b:  2\r\nX-a: 3\r\nUser-Agent: old\r\nTransfer-Encoding: chunked\r\n";
const RESPONSE: &str = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n";

fn an_absolute_form_request_keeps_all_but_its_target() {
    absolute_form(Transport::Plain, usize::MAX);
}

fn an_absolute_form_https_request_reaches_the_origin_over_tls() {
    absolute_form(Transport::Tls, usize::MAX);
}

fn one_byte_pieces_of_an_absolute_form_request_keep_their_body() {
    absolute_form(Transport::Plain, 1);
    absolute_form(Transport::Tls, 1);
}

fn a_request_of_length_zero_is_over_at_its_head() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::playing(
        Transport::Plain,
        vec![
            Turn::Saw(b"\r\n\r\n".to_vec()),
            Turn::send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
            Turn::AwaitEnd,
        ],
    );
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        origin.url("/"),
        origin.authority()
    );
    // The client asked for the close and waits for it.
    let client = tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
    assert_eq!(client.end, End::Finished);
    assert_eq!(why401.list_of(1).len(), 1);
}

fn a_response_that_nobody_asked_for_answers_nobody() {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let stray = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";
    let origin = Origin::playing(
        Transport::Plain,
        vec![
            Turn::Saw(b"\r\n\r\n".to_vec()),
            Turn::send(format!("{OK}{stray}")),
            Turn::AwaitEnd,
        ],
    );
    let request = |path: &str| {
        let (url, authority) = (origin.url(path), origin.authority());
        Turn::send(format!("GET {url} HTTP/1.1\r\nHost: {authority}\r\n\r\n"))
    };
    let client = tunnel::play_on(
        proxy.address(),
        &[
            request("/first"),
            Turn::Received(OK.len()),
            request("/second"),
            Turn::Received(OK.len() * 2),
        ],
    );
    same(&client.received, [OK, OK].concat().as_bytes(), "responses");
    assert!(why401.list().is_empty(), "no request got a 401");
}

/// The proxy's own fields go, the target becomes origin form; all else stays as it is.
fn absolute_form(transport: Transport, piece: usize) {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::playing(
        transport,
        vec![
            Turn::Saw(BODY.as_bytes().to_vec()),
            Turn::Send(RESPONSE.as_bytes().to_vec(), piece),
            Turn::AwaitEnd,
        ],
    );
    let url = origin.url("/x?y=%2F");
    let authority = origin.authority();
    let request = format!(
        "POST {url} HTTP/1.1\r\nHost: {authority}\r\nProxy-Connection: keep-alive\r\n{FIELDS}Proxy-Authorization: Basic dTpw\r\n\r\n{BODY}"
    );
    let client = tunnel::play_on(
        proxy.address(),
        &[
            Turn::Send(request.into_bytes(), piece),
            Turn::Received(RESPONSE.len()),
        ],
    );
    same(&client.received, RESPONSE.as_bytes(), "response");
    let expected = format!("POST /x?y=%2F HTTP/1.1\r\nHost: {authority}\r\n{FIELDS}\r\n{BODY}");
    same(&heard(&origin).received, expected.as_bytes(), "request");
    assert_eq!(why401.list_of(1)[0]["url"].as_str(), Some(url.as_str()));
}

/// What the origin heard on its only connection.
fn heard(origin: &Origin) -> Played {
    let mut connections = origin.connections();
    assert_eq!(connections.len(), 1, "one connection to the origin");
    connections.remove(0)
}

fn same(got: &[u8], expected: &[u8], what: &str) {
    assert!(
        got == expected,
        "{what}: the bytes differ\n     got {:?}\nexpected {:?}",
        String::from_utf8_lossy(&got[..got.len().min(2000)]),
        String::from_utf8_lossy(&expected[..expected.len().min(2000)])
    );
}
