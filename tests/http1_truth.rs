//! The HTTP/1 decoder beside a peer that is not ours: what it tells of the bytes is what hyper reads out
//! of them, request by request and response by response.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that gets something else shall say so at once"
)]

#[expect(
    dead_code,
    unreachable_pub,
    reason = "other tests need more of it, and share it"
)]
#[path = "common/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use random::Random;
use why401::model::{Origin, Scheme};
use why401::wire::head::{Head, trailer_section};
use why401::wire::http1::{Answers, Decoder, Event, Role};

const CONNECTIONS: u64 = 40;
const MESSAGES: usize = 50;

/// More than is under way at any time.
const BUFFER: usize = 8 * 1024 * 1024;

/// A message as somebody reads it; field names in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
struct Message {
    /// Method and target, or status and reason.
    start: (String, String),
    fields: BTreeMap<String, Vec<Vec<u8>>>,
    content: Vec<u8>,
    trailers: BTreeMap<String, Vec<Vec<u8>>>,
}

#[tokio::test]
async fn requests_are_what_hyper_reads() {
    let mut seen = Tally::default();
    for seed in 0..CONNECTIONS {
        let mut random = Random(seed);
        let sent: Vec<_> = (0..MESSAGES).map(|_| request(&mut random)).collect();
        let (client, server) = tokio::io::duplex(BUFFER);
        let received = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn(serve(server, Arc::clone(&received)));
        let told = send(client, &sent.concat(), &mut random).await;
        serving.await.unwrap();
        let received = std::mem::take(&mut *received.lock().unwrap());
        assert_eq!(received.len(), MESSAGES);
        same(seed, &told, &received, &mut seen);
    }
    seen.check();
}

#[tokio::test]
async fn responses_are_what_hyper_reads() {
    let mut seen = Tally::default();
    for seed in 0..CONNECTIONS {
        let mut random = Random(seed ^ 0x0401);
        let plan: Vec<_> = (0..MESSAGES)
            .map(|_| {
                let method = random.pick(&["GET", "GET", "POST", "HEAD"]);
                (method, response(method, &mut random))
            })
            .collect();
        let (client, server) = tokio::io::duplex(BUFFER);
        let asking = tokio::spawn(ask(
            client,
            plan.iter().map(|(method, _)| *method).collect(),
        ));
        let told = answer(server, &plan, &mut random).await;
        let received = asking.await.unwrap();
        same(seed, &told, &received, &mut seen);
    }
    seen.check();
}

fn same(seed: u64, told: &[Message], received: &[Message], seen: &mut Tally) {
    assert_eq!(told.len(), received.len(), "connection {seed}");
    for (number, (told, received)) in told.iter().zip(received).enumerate() {
        assert!(
            told == received,
            "connection {seed}, message {number}: told {told:#?}, read {received:#?}"
        );
        seen.messages += 1;
        seen.fields += told.fields.values().map(Vec::len).sum::<usize>();
        seen.with_content += usize::from(!told.content.is_empty());
        seen.with_trailers += usize::from(!told.trailers.is_empty());
    }
}

/// How much was compared: a generator that makes nothing shows nothing.
#[derive(Debug, Default)]
struct Tally {
    messages: usize,
    fields: usize,
    with_content: usize,
    with_trailers: usize,
}

impl Tally {
    fn check(&self) {
        let enough = self.messages == MESSAGES * usize::try_from(CONNECTIONS).unwrap()
            && self.fields > 5000
            && self.with_content > 500
            && self.with_trailers > 100;
        assert!(enough, "{self:?}");
    }
}

/// Sends bytes in pieces, decodes them on the way, and reads what comes back.
async fn send(client: DuplexStream, bytes: &[u8], random: &mut Random) -> Vec<Message> {
    let (mut reader, mut writer) = tokio::io::split(client);
    let back =
        tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let mut told = Follower::new(Role::Requests);
    for piece in cut(bytes, random) {
        told.take(piece, |_| unreachable!("requests answer nothing"));
        writer.write_all(piece).await.unwrap();
    }
    writer.shutdown().await.unwrap();
    back.await.unwrap().unwrap();
    told.messages
}

/// hyper reads the requests of one connection.
async fn serve(server: DuplexStream, received: Arc<Mutex<Vec<Message>>>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let received = Arc::clone(&received);
        async move {
            let (head, body) = request.into_parts();
            let start = (head.method.to_string(), head.uri.to_string());
            let message = read(start, &head.headers, body).await;
            received.lock().unwrap().push(message);
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    // The client says all at once and ends before it has all answers.
    builder.half_close(true);
    let serving = builder.serve_connection(TokioIo::new(server), service);
    serving.await.unwrap();
}

/// Answers each request with the response that is planned, in pieces, decoded on the way.
async fn answer(
    mut server: DuplexStream,
    plan: &[(&'static str, Vec<u8>)],
    random: &mut Random,
) -> Vec<Message> {
    let mut told = Follower::new(Role::Responses);
    for (method, response) in plan {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(server.read_u8().await.unwrap());
        }
        assert!(request.starts_with(method.as_bytes()));
        for piece in cut(response, random) {
            told.take(piece, |decoder| {
                decoder.frame_response(Answers::method(method.as_bytes()));
            });
            server.write_all(piece).await.unwrap();
        }
    }
    told.messages
}

/// hyper asks, and reads what it gets.
async fn ask(client: DuplexStream, methods: Vec<&'static str>) -> Vec<Message> {
    let io = TokioIo::new(client);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut received = Vec::new();
    for method in methods {
        let request = Request::builder()
            .method(method)
            .uri("/")
            .header("host", "localhost")
            .body(Full::<Bytes>::default())
            .unwrap();
        sender.ready().await.unwrap();
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let reason = head.extensions.get::<hyper::ext::ReasonPhrase>();
        let reason = reason.map_or_else(
            || {
                head.status
                    .canonical_reason()
                    .unwrap_or_default()
                    .to_owned()
            },
            |reason| String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        );
        let start = (head.status.as_str().to_owned(), reason);
        received.push(read(start, &head.headers, body).await);
    }
    drop(sender);
    connection.await.unwrap().unwrap();
    received
}

async fn read(start: (String, String), fields: &HeaderMap, body: Incoming) -> Message {
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().map(by_name).unwrap_or_default();
    Message {
        start,
        fields: by_name(fields),
        content: collected.to_bytes().to_vec(),
        trailers,
    }
}

fn by_name(fields: &HeaderMap) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut named: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, value) in fields {
        let values = named.entry(name.as_str().to_owned()).or_default();
        values.push(value.as_bytes().to_vec());
    }
    named
}

/// Makes messages of what the decoder tells.
struct Follower {
    role: Role,
    decoder: Decoder,
    messages: Vec<Message>,
    open: Message,
}

impl Follower {
    fn new(role: Role) -> Self {
        Self {
            role,
            decoder: Decoder::new(role, 512 * 1024),
            messages: Vec::new(),
            open: Message::default(),
        }
    }

    fn take(&mut self, piece: &[u8], frame: impl Fn(&mut Decoder)) {
        let mut rest = piece;
        loop {
            let (taken, event) = self.decoder.decode(rest);
            rest = &rest[taken..];
            match event {
                Some(Event::Head(head)) => self.head(&head),
                Some(Event::Content(piece)) => self.open.content.extend(piece),
                Some(Event::End(trailers)) => {
                    let section = trailers.map(|bytes| trailer_section(&bytes));
                    for line in section.iter().flat_map(|section| section.lines()) {
                        let name = line.name_text().to_ascii_lowercase();
                        let values = self.open.trailers.entry(name).or_default();
                        values.push(line.value().to_vec());
                    }
                    self.messages.push(std::mem::take(&mut self.open));
                }
                Some(Event::GaveUp(reason)) => panic!("{reason}"),
                None if rest.is_empty() && !self.decoder.awaits_framing() => return,
                None => {}
            }
            if self.decoder.awaits_framing() {
                frame(&mut self.decoder);
            }
        }
    }

    /// The head of an interim response is replaced by what follows it.
    fn head(&mut self, head: &Head) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let start = match self.role {
            Role::Requests => {
                let request = head.request(&somewhere()).unwrap();
                (request.method, text(&request.target))
            }
            Role::Responses => {
                let response = head.response().unwrap();
                (response.status.to_string(), text(&response.reason))
            }
        };
        let mut fields: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        for (name, value) in head.field_lines() {
            let values = fields.entry(text(name).to_ascii_lowercase()).or_default();
            values.push(value.trim_ascii().to_vec());
        }
        self.open = Message {
            start,
            fields,
            ..Message::default()
        };
    }
}

fn somewhere() -> Origin {
    Origin {
        scheme: Scheme::Http,
        host: "localhost".to_owned(),
        port: 80,
    }
}

fn request(random: &mut Random) -> Vec<u8> {
    let method = random.pick(&[
        "GET",
        "POST",
        "PUT",
        "HEAD",
        "DELETE",
        "PROPFIND",
        "a!#$%&'*+-.^_`|~9",
    ]);
    let target = random.pick(&[
        "/",
        "/a/b?c=d&e",
        "/v1/items/1;p=q",
        "/%2F%zz?%",
        "/~u/(a)'*$!,@:",
        "*",
        "/?access_token=abc.def&x=%20+",
    ]);
    let mut bytes = if random.one_in(10) {
        b"\r\n".to_vec()
    } else {
        Vec::new()
    };
    bytes.extend(format!("{method} {target} HTTP/1.1\r\n").bytes());
    fields(&mut bytes, random);
    match random.below(3) {
        0 => bytes.extend(b"\r\n"),
        1 => with_length(&mut bytes, random),
        _ => chunked(&mut bytes, random),
    }
    bytes
}

fn response(method: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(8).saturating_sub(5) {
        bytes.extend(b"HTTP/1.1 103 Early Hints\r\n");
        fields(&mut bytes, random);
        bytes.extend(b"\r\n");
    }
    let line = random.pick(&[
        "200 OK",
        "401 Unauthorized",
        "401 Go away, please",
        "404 Not Found",
        "500 ",
        "204 No Content",
        "304 Not Modified",
        "599 Odd",
    ]);
    bytes.extend(format!("HTTP/1.1 {line}\r\n").bytes());
    fields(&mut bytes, random);
    let has_content = method != "HEAD" && !line.starts_with("204") && !line.starts_with("304");
    match (has_content, random.below(2)) {
        (true, 0) => with_length(&mut bytes, random),
        (true, _) => chunked(&mut bytes, random),
        // What it would have been.
        (false, 0) if !line.starts_with("204") => bytes.extend(b"Content-Length: 1234\r\n\r\n"),
        (false, _) => bytes.extend(b"\r\n"),
    }
    bytes
}

/// Field lines in any case, with space around and bytes beyond ASCII in their values.
fn fields(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.below(12) {
        let name = random.pick(&[
            "Accept",
            "aCCEPT",
            "Authorization",
            "COOKIE",
            "cookie",
            "x-a",
            "X-A",
            "x_b",
            "WWW-Authenticate",
            "Set-Cookie",
            "!#$%&'*+-.^_`|~9z",
        ]);
        bytes.extend(name.bytes());
        bytes.push(b':');
        let space = |random: &mut Random| random.pick(&[&b""[..], b" ", b"  ", b"\t", b" \t "]);
        bytes.extend(space(random));
        bytes.extend(value(random));
        bytes.extend(space(random));
        bytes.extend(b"\r\n");
    }
}

/// Sometimes empty, without space at either end.
fn value(random: &mut Random) -> Vec<u8> {
    let length = match random.below(60) {
        0 => 20_000,
        1..10 => 0,
        _ => random.below(50),
    };
    let value: Vec<u8> = (0..length)
        .map(|_| match random.byte() {
            fine @ (b'\t' | b' '..=b'~' | 0x80..) if random.one_in(2) => fine,
            other => b'a' + other % 26,
        })
        .collect();
    value.trim_ascii().to_vec()
}

fn with_length(bytes: &mut Vec<u8>, random: &mut Random) {
    let content = content(random);
    bytes.extend(format!("Content-LENGTH:{}\r\n\r\n", content.len()).bytes());
    bytes.extend(content);
}

fn chunked(bytes: &mut Vec<u8>, random: &mut Random) {
    bytes.extend(
        random
            .pick(&[
                "Transfer-Encoding: chunked\r\n\r\n",
                "transfer-encoding:Chunked\r\n\r\n",
            ])
            .bytes(),
    );
    let content = content(random);
    for chunk in cut(&content, random) {
        let extension = random.pick(&["", "", ";a", ";a=b;c=\"d e\"", " ;x"]);
        let size = match random.below(3) {
            0 => format!("{:x}", chunk.len()),
            1 => format!("{:X}", chunk.len()),
            _ => format!("000{:x}", chunk.len()),
        };
        bytes.extend(format!("{size}{extension}\r\n").bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(random.pick(&["0\r\n", "0;last\r\n", "000\r\n"]).bytes());
    for _ in 0..random.below(6).saturating_sub(3) {
        bytes.extend(
            random
                .pick(&["X-Sum: 9f\r\n", "x-sum:  a \r\n", "Server-Timing:\r\n"])
                .bytes(),
        );
    }
    bytes.extend(b"\r\n");
}

/// All kinds of bytes, and what looks like the end of something.
fn content(random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => Vec::new(),
        1 => b"\r\n\r\nGET / HTTP/1.1\r\n\r\n0\r\n\r\n".to_vec(),
        2 => (0..=255).cycle().take(random.below(30_000)).collect(),
        _ => (0..random.below(200)).map(|_| random.byte()).collect(),
    }
}

/// Pieces of random length.
fn cut<'a>(bytes: &'a [u8], random: &mut Random) -> Vec<&'a [u8]> {
    let most = random.pick(&[3, 50, 5000]).max(bytes.len() / 2000);
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((1 + random.below(most)).min(rest.len()));
        pieces.push(piece);
        rest = later;
    }
    pieces
}
