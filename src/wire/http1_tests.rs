//! What the HTTP/1 decoder makes of streams, whole and cut into pieces.

use proptest::prelude::*;

use super::http1::{Answers, Decoder, Event, Role};

/// Events with content pieces joined, so that they do not depend on how the stream was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Head(Vec<u8>),
    Content(Vec<u8>),
    End(Option<Vec<u8>>),
    GaveUp(&'static str),
}

fn run(role: Role, answers: &[Answers], pieces: &[&[u8]]) -> Vec<Told> {
    run_in(Decoder::new(role, 4096), answers, pieces)
}

fn run_in(mut decoder: Decoder, answers: &[Answers], pieces: &[&[u8]]) -> Vec<Told> {
    let mut answers = answers.iter().copied();
    let mut told = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let (taken, event) = decoder.decode(rest);
            rest = &rest[taken..];
            let done = event.is_none();
            if let Some(event) = event {
                tell(&mut told, event);
                if decoder.awaits_framing() {
                    decoder.frame_response(answers.next().unwrap_or(Answers::Other));
                }
            }
            if done && rest.is_empty() {
                break;
            }
        }
    }
    if let Some(event) = decoder.close() {
        tell(&mut told, event);
    }
    told
}

fn tell(told: &mut Vec<Told>, event: Event<'_>) {
    match event {
        Event::Head(head) => told.push(Told::Head(head.bytes().to_vec())),
        Event::Content(piece) => match told.last_mut() {
            Some(Told::Content(content)) => content.extend_from_slice(piece),
            _ => told.push(Told::Content(piece.to_vec())),
        },
        Event::End(trailers) => told.push(Told::End(trailers.map(Vec::from))),
        Event::GaveUp(reason) => told.push(Told::GaveUp(reason)),
    }
}

fn bytewise(stream: &[u8]) -> Vec<&[u8]> {
    stream.chunks(1).collect()
}

#[track_caller]
fn both_ways(role: Role, answers: &[Answers], stream: &[u8]) -> Vec<Told> {
    let whole = run(role, answers, &[stream]);
    assert_eq!(
        run(role, answers, &bytewise(stream)),
        whole,
        "cut into single bytes"
    );
    whole
}

#[test]
fn pipelined_requests_are_told_apart() {
    let told = both_ways(
        Role::Requests,
        &[],
        b"\r\nGET /a HTTP/1.1\r\nA: 1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyzHEAD / HTTP/1.0\n\n",
    );
    assert_eq!(
        told,
        [
            Told::Head(b"GET /a HTTP/1.1\r\nA: 1\r\n\r\n".to_vec()),
            Told::End(None),
            Told::Head(b"POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\n".to_vec()),
            Told::Content(b"xyz".to_vec()),
            Told::End(None),
            Told::Head(b"HEAD / HTTP/1.0\n\n".to_vec()),
            Told::End(None),
        ]
    );
}

#[test]
fn a_request_with_length_zero_is_over_at_its_head() {
    let head = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
    let mut decoder = Decoder::new(Role::Requests, 4096);
    let (taken, event) = decoder.decode(head);
    assert_eq!(taken, head.len());
    assert!(matches!(event, Some(Event::Head(_))));
    assert!(matches!(decoder.decode(b""), (0, Some(Event::End(None)))));
}

#[test]
fn chunked_content_with_extensions_and_trailers_is_joined() {
    let told = both_ways(
        Role::Responses,
        &[],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
    );
    assert_eq!(
        told[1..3],
        [
            Told::Content(b"abc0123456789".to_vec()),
            Told::End(Some(b"X-T: 1\r\n\r\n".to_vec()))
        ]
    );
    assert_eq!(
        told[3..],
        [
            Told::Head(b"HTTP/1.1 204 No\r\n\r\n".to_vec()),
            Told::End(None)
        ]
    );
}

#[test]
fn interim_responses_precede_the_final_one() {
    let told = both_ways(
        Role::Responses,
        &[],
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno",
    );
    assert_eq!(
        told.iter().filter(|t| matches!(t, Told::Head(_))).count(),
        3
    );
    assert_eq!(told[3..], [Told::Content(b"no".to_vec()), Told::End(None)]);
}

#[test]
fn head_204_and_304_have_no_content_whatever_the_fields_say() {
    let stream = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let told = both_ways(Role::Responses, &[Answers::Head], stream);
    assert_eq!(
        told.iter().filter(|t| matches!(t, Told::End(None))).count(),
        3
    );
    assert_eq!(
        told.iter()
            .filter(|t| matches!(t, Told::Content(_)))
            .count(),
        1
    );
}

#[test]
fn a_response_without_framing_lasts_until_the_close() {
    let told = both_ways(Role::Responses, &[], b"HTTP/1.0 401 No\r\n\r\nall of this");
    assert_eq!(
        told[1..],
        [Told::Content(b"all of this".to_vec()), Told::End(None)]
    );
}

#[test]
fn after_an_upgrade_nothing_is_decoded() {
    let told = both_ways(
        Role::Responses,
        &[],
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x81\x05hello",
    );
    assert_eq!(told.len(), 1);
}

#[test]
fn what_is_no_http_is_given_up_at_once() {
    assert_eq!(
        both_ways(Role::Requests, &[], b"\x16\x03\x01\x02"),
        [Told::GaveUp("not an HTTP/1 request")]
    );
    assert_eq!(
        both_ways(Role::Responses, &[], b"SSH-2.0-OpenSSH"),
        [Told::GaveUp("not an HTTP/1 response")]
    );
    let endless = vec![b'a'; 70];
    assert_eq!(
        both_ways(Role::Requests, &[], &endless),
        [Told::GaveUp("not an HTTP/1 request")]
    );
}

#[test]
fn ambiguous_or_broken_framing_is_given_up_with_the_reason() {
    for stream in [
        &b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"[..],
        b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nxx",
    ] {
        let told = both_ways(Role::Requests, &[], stream);
        assert!(
            matches!(&told[..], [Told::Head(_), Told::GaveUp(_)]),
            "{told:?}"
        );
    }
    for stream in [
        &b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"[..],
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na \r\n0\r\n\r\n",
        &long_chunk_line(),
    ] {
        let told = both_ways(Role::Requests, &[], stream);
        assert!(matches!(told.last(), Some(Told::GaveUp(_))), "{told:?}");
    }
}

fn long_chunk_line() -> Vec<u8> {
    let head = &b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;"[..];
    [head, &[b'x'; 17 * 1024], b"\r\na\r\n0\r\n\r\n"].concat()
}

#[test]
fn a_head_beyond_the_limit_is_given_up_in_bounded_memory() {
    let mut stream = b"GET / HTTP/1.1\r\nA: ".to_vec();
    stream.extend(std::iter::repeat_n(b'x', 5000));
    let told = run(Role::Requests, &[], &bytewise(&stream));
    assert_eq!(told, [Told::GaveUp("a head is longer than the limit")]);
}

proptest! {
    #[test]
    fn any_bytes_however_cut_are_taken_without_a_panic(
        stream in proptest::collection::vec(any::<u8>(), 0..400),
        prefix in proptest::sample::select(vec![
            &b""[..], b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        ]),
        cut in 1usize..9,
    ) {
        let bytes = [prefix, &stream[..]].concat();
        for role in [Role::Requests, Role::Responses] {
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            run(role, &[], &pieces);
        }
    }

    #[test]
    fn a_valid_stream_is_told_the_same_however_it_is_cut(
        bodies in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..40), any::<bool>()), 1..6),
        cuts in proptest::collection::vec(1usize..17, 1..40),
    ) {
        let mut stream = Vec::new();
        for (body, chunked) in &bodies {
            if *chunked {
                stream.extend_from_slice(b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
                for piece in body.chunks(7) {
                    stream.extend_from_slice(format!("{:x};x=y\r\n", piece.len()).as_bytes());
                    stream.extend_from_slice(piece);
                    stream.extend_from_slice(b"\r\n");
                }
                stream.extend_from_slice(b"0\r\n\r\n");
            } else {
                stream.extend_from_slice(format!("PUT /l HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes());
                stream.extend_from_slice(body);
            }
        }
        let whole = run(Role::Requests, &[], &[&stream]);
        let told: Vec<Vec<u8>> = bodies.iter().map(|(body, _)| body.clone()).filter(|b| !b.is_empty()).collect();
        let heard: Vec<Vec<u8>> = whole.iter().filter_map(|t| match t { Told::Content(c) => Some(c.clone()), _ => None }).collect();
        prop_assert_eq!(heard, told);
        let mut pieces = Vec::new();
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(run(Role::Requests, &[], &pieces), whole);
    }
}

#[test]
fn many_short_lines_weigh_more_than_their_bytes() {
    let limit = 64 * 1024;
    for (lines, fits) in [(1000, true), (10_000, false)] {
        let fields = "a:\r\n".repeat(lines);
        let head = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let (_, event) = Decoder::new(Role::Requests, limit).decode(head.as_bytes());
        assert_eq!(matches!(event, Some(Event::Head(_))), fits, "{lines} lines");
        let mut decoder = Decoder::new(Role::Requests, limit);
        let before = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(matches!(decoder.decode(before).1, Some(Event::Head(_))));
        assert_eq!(decoder.decode(b"0\r\n"), (3, None));
        let trailers = format!("{fields}\r\n");
        let (_, event) = decoder.decode(trailers.as_bytes());
        assert_eq!(
            matches!(event, Some(Event::End(_))),
            fits,
            "{lines} trailers"
        );
    }
}

#[test]
fn a_strict_decoder_gives_up_where_two_parties_could_differ() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let strict = || Decoder::strict(Role::Requests, 4096, 8);
    for (body, is_given_up) in [
        ("5\r\nhello\r\n0\r\n\r\n", false),
        ("1;abcd\r\nx\r\n1;a\r\nx\r\n0;\r\n\r\n", false),
        ("0\r\nX: 1\r\n\r\n", false),
        ("1;abcd\r\nx\r\n1;abcd\r\nx\r\n0\r\n\r\n", true),
        ("5\nhello\r\n0\r\n\r\n", true),
        ("5\r\nhello\n0\r\n\r\n", true),
        ("5\r\nhelloX\r\n0\r\n\r\n", true),
        ("5\r\nhello \r\n0\r\n\r\n", true),
        ("5\r\nhello\r\n0\r\n\n", true),
        ("+5\r\nhello\r\n0\r\n\r\n", true),
    ] {
        let stream = format!("{head}{body}");
        for pieces in [vec![stream.as_bytes()], bytewise(stream.as_bytes())] {
            let told = run_in(strict(), &[], &pieces);
            let gave_up = matches!(told.last(), Some(Told::GaveUp(_)));
            assert_eq!(gave_up, is_given_up, "{body:?}: {told:?}");
        }
    }
    let two = format!("{head}1;abcd\r\nx\r\n0\r\n\r\n").repeat(2);
    let told = run_in(strict(), &[], &[two.as_bytes()]);
    let ends = told.iter().filter(|told| matches!(told, Told::End(_)));
    assert_eq!(ends.count(), 2, "the limit is for each message");
    let stray = b"\r\nHTTP/1.1 200 OK\r\n\r\n";
    let told = run_in(Decoder::strict(Role::Responses, 4096, 8), &[], &[stray]);
    assert_eq!(told, [Told::GaveUp("not an HTTP/1 response")]);
}
