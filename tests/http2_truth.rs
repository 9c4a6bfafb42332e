//! The HTTP/2 decoder between two peers that are not ours: what it tells of their bytes is what the
//! one has sent and the other has received.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that gets something else shall say so at once"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use why401::wire::http2::{Decoder, Event, Limits, Sender};

/// Table sizes that the client and the origin announce; `None` leaves the initial one.
const CONNECTIONS: [(Option<u32>, Option<u32>); 6] = [
    (None, None),
    (Some(0), Some(0)),
    (Some(256), Some(100)),
    (Some(65_536), Some(1024 * 1024)),
    (Some(100_000), Some(0)),
    (Some(0), Some(16_384)),
];

const REQUESTS: u64 = 400;

/// How many requests a client has under way.
const AT_ONCE: u64 = 8;

#[tokio::test]
async fn what_the_decoder_tells_is_what_was_sent_and_received() {
    let mut messages = 0;
    let mut marked = 0;
    let mut continued = 0;
    for (seed, sizes) in (1..).zip(CONNECTIONS) {
        let log = Arc::new(Log::default());
        let recorded = connection(seed, sizes, &log).await;
        let sent = log.sent.lock().unwrap();
        let received = log.received.lock().unwrap();
        assert_eq!(sent.len() as u64, 2 * REQUESTS);
        assert!(recorded.messages.keys().eq(sent.keys()));
        for (key, message) in &recorded.messages {
            marked += check_sent(message, &sent[key]);
            check_received(message, &received[key]);
        }
        messages += recorded.messages.len();
        continued += recorded.long_sections;
    }
    assert_eq!(messages as u64, 2 * REQUESTS * CONNECTIONS.len() as u64);
    assert!(
        marked > 1000,
        "only {marked} fields marked as never indexed"
    );
    assert!(
        continued > 50,
        "only {continued} sections needed CONTINUATION"
    );
}

/// Which message: a request or a response, and its stream.
type Key = (Side, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Client,
    Origin,
}

/// Name, value, and whether it shall never be indexed.
type Field = (Vec<u8>, Vec<u8>, bool);

#[derive(Default)]
struct Message {
    /// Heads, interim ones first, and trailers.
    sections: Vec<Vec<Field>>,
    content: Vec<u8>,
    /// How often its end was told.
    ends: usize,
}

/// What one peer has received, as its library shows it.
#[derive(Default)]
struct Received {
    pseudo: Vec<(&'static str, String)>,
    head: HeaderMap,
    content: Vec<u8>,
    trailers: Option<HeaderMap>,
}

#[derive(Default)]
struct Log {
    sent: Mutex<BTreeMap<Key, Message>>,
    received: Mutex<BTreeMap<Key, Received>>,
}

/// All is told in the order in which it was sent; how many fields are marked as never indexed.
fn check_sent(message: &Message, sent: &Message) -> usize {
    assert_eq!(message.ends, sent.ends);
    assert!(message.content == sent.content);
    assert_eq!(message.sections.len(), sent.sections.len());
    let mut marked = 0;
    for (section, sent) in message.sections.iter().zip(&sent.sections) {
        assert_eq!(section.len(), sent.len());
        for (field, sent) in section.iter().zip(sent) {
            assert_eq!((&field.0, &field.1), (&sent.0, &sent.1));
            // One that is in the table already is sent as an index, without the mark.
            assert!(sent.2 || !field.2);
            marked += usize::from(field.2);
        }
    }
    marked
}

/// The library groups fields by name, so order is compared within each name.
fn check_received(message: &Message, received: &Received) {
    let interim = |section: &&Vec<Field>| section[0].1.starts_with(b"1");
    let mut sections = message.sections.iter().skip_while(interim);
    let head = sections.next().unwrap();
    let pseudo: Vec<_> = head.iter().take_while(|f| f.0.starts_with(b":")).collect();
    assert_eq!(pseudo.len(), received.pseudo.len());
    for (name, value) in &received.pseudo {
        let field = pseudo.iter().find(|f| f.0 == name.as_bytes()).unwrap();
        assert_eq!(field.1, value.as_bytes());
    }
    check_section(&head[pseudo.len()..], &received.head);
    match (sections.next(), &received.trailers) {
        (None, None) => {}
        (Some(trailers), Some(received)) => check_section(trailers, received),
        _ => panic!("trailers on one side only"),
    }
    assert!(message.content == received.content);
}

fn check_section(section: &[Field], received: &HeaderMap) {
    assert_eq!(section.len(), received.len());
    for name in received.keys() {
        let values = section.iter().filter(|f| f.0 == name.as_str().as_bytes());
        let values = values.map(|f| &f.1[..]);
        assert!(values.eq(received.get_all(name).iter().map(HeaderValue::as_bytes)));
    }
}

/// Sends all requests of one connection through a relay that decodes.
async fn connection(seed: u64, sizes: (Option<u32>, Option<u32>), log: &Arc<Log>) -> Recorded {
    let (client_end, client_side) = tokio::io::duplex(BUFFER);
    let (origin_side, origin_end) = tokio::io::duplex(BUFFER);
    let origin = tokio::spawn(origin(origin_end, seed, sizes.1, log.clone()));
    let relay = tokio::spawn(relay(client_side, origin_side, Random(seed)));
    client(client_end, seed, sizes.0, log).await;
    origin.await.unwrap();
    relay.await.unwrap()
}

/// More than the peers have under way, so that the relay never waits for one of them.
const BUFFER: usize = 8 * 1024 * 1024;

struct Recorded {
    decoder: Decoder,
    messages: BTreeMap<Key, Message>,
    long_sections: usize,
}

/// Passes bytes on in pieces of random length, each decoded before it is passed on.
async fn relay(mut client: DuplexStream, mut origin: DuplexStream, mut random: Random) -> Recorded {
    let mut recorded = Recorded {
        decoder: Decoder::new(Limits {
            block: 256 * 1024,
            table: 1024 * 1024,
        }),
        messages: BTreeMap::new(),
        long_sections: 0,
    };
    let mut from_client = vec![0; 20_000];
    let mut from_origin = vec![0; 20_000];
    let (mut client_open, mut origin_open) = (true, true);
    while client_open || origin_open {
        let limit = if random.one_in(2) { 20 } else { 20_000 };
        let most = 1 + random.below(limit);
        tokio::select! {
            length = client.read(&mut from_client[..most]), if client_open => {
                let piece = &from_client[..length.unwrap()];
                client_open = !piece.is_empty();
                recorded.take(Side::Client, piece);
                // What comes after the peer's end is lost between any two peers.
                drop(origin.write_all(piece).await);
                if piece.is_empty() {
                    drop(origin.shutdown().await);
                }
            }
            length = origin.read(&mut from_origin[..most]), if origin_open => {
                let piece = &from_origin[..length.unwrap()];
                origin_open = !piece.is_empty();
                recorded.take(Side::Origin, piece);
                drop(client.write_all(piece).await);
                if piece.is_empty() {
                    drop(client.shutdown().await);
                }
            }
        }
    }
    assert!(recorded.decoder.is_following());
    recorded
}

impl Recorded {
    fn take(&mut self, side: Side, piece: &[u8]) {
        let sender = match side {
            Side::Client => Sender::Client,
            Side::Origin => Sender::Origin,
        };
        let mut rest = piece;
        loop {
            let (taken, event) = self.decoder.decode(sender, rest);
            rest = &rest[taken..];
            match event {
                Some(event) => self.event(side, event),
                None if rest.is_empty() => return,
                None => {}
            }
        }
    }

    fn event(&mut self, side: Side, event: Event<'_>) {
        match event {
            Event::Fields {
                stream,
                fields,
                end_stream,
            } => {
                let message = self.messages.entry((side, stream)).or_default();
                let field = |f: why401::wire::field_block::BlockField<'_>| {
                    (f.name.to_vec(), f.value.to_vec(), f.never_indexed)
                };
                message.sections.push(fields.fields().map(field).collect());
                message.ends += usize::from(end_stream);
                self.long_sections += usize::from(fields.size() > 24_000);
            }
            Event::Content {
                stream,
                piece,
                end_stream,
            } => {
                let message = self.messages.entry((side, stream)).or_default();
                assert_eq!(message.ends, 0);
                message.content.extend_from_slice(piece);
                message.ends += usize::from(end_stream);
            }
            Event::GoAway { code, .. } => assert_eq!(code, 0),
            other => panic!("{other:?}"),
        }
    }
}

async fn client(io: DuplexStream, seed: u64, table_size: Option<u32>, log: &Arc<Log>) {
    let mut builder = h2::client::Builder::new();
    builder.max_header_list_size(HEAD_LIMIT);
    if let Some(size) = table_size {
        builder.header_table_size(size);
    }
    let (requests, mut connection) = builder.handshake::<_, Bytes>(io).await.unwrap();
    let mut random = Random(seed ^ 0xc11e);
    let mut tasks = tokio::task::JoinSet::new();
    let mut started = 0;
    let mut window = 65_535;
    loop {
        while started < REQUESTS && (tasks.len() as u64) < AT_ONCE {
            let own = Random(seed << 32 | started << 1);
            tasks.spawn(exchange(requests.clone(), own, log.clone()));
            started += 1;
            // Settings without a table size have to be acknowledged like others.
            if random.one_in(20) {
                window += 1;
                // Refused while earlier ones are under way.
                connection
                    .set_initial_window_size(window)
                    .unwrap_or_default();
            }
        }
        tokio::select! {
            done = tasks.join_next() => match done {
                Some(done) => done.unwrap(),
                None => break,
            },
            ended = &mut connection => panic!("the connection ended: {ended:?}"),
        }
    }
    drop(requests);
    connection.await.unwrap();
}

async fn exchange(requests: h2::client::SendRequest<Bytes>, mut random: Random, log: Arc<Log>) {
    let mut request = Request::builder()
        .method(random.pick(&["GET", "POST", "DELETE", "PROPFIND"]))
        .uri(format!(
            "https://{}/{}",
            random.pick(&["api.acme.test", "api.acme.test:8443", "b.test"]),
            random.pick(&["", "index.html", "a?b=c", "v1/items/1", "v1/items/2?x=%20"]),
        ))
        .body(())
        .unwrap();
    *request.headers_mut() = random.fields();
    let uri = request.uri();
    let mut head = vec![
        field(":method", request.method().as_str()),
        field(":scheme", "https"),
        field(":authority", uri.authority().unwrap().as_str()),
        field(":path", uri.path_and_query().unwrap().as_str()),
    ];
    head.extend(section(request.headers()));
    let rest = Rest::new(&mut random);
    let mut requests = requests.ready().await.unwrap();
    let (response, stream) = requests.send_request(request, rest.is_empty()).unwrap();
    let id = response.stream_id().as_u32();
    rest.send(stream, (Side::Client, id), vec![head], &log);

    let (head, body) = response.await.unwrap().into_parts();
    let mut received = Received {
        pseudo: vec![(":status", head.status.as_str().to_owned())],
        head: head.headers,
        ..Received::default()
    };
    received.rest(body).await;
    log.received
        .lock()
        .unwrap()
        .insert((Side::Origin, id), received);
}

async fn origin(io: DuplexStream, seed: u64, table_size: Option<u32>, log: Arc<Log>) {
    let mut builder = h2::server::Builder::new();
    builder.max_header_list_size(HEAD_LIMIT);
    if let Some(size) = table_size {
        builder.header_table_size(size);
    }
    let mut connection = builder.handshake(io).await.unwrap();
    let mut random = Random(seed ^ 0x0419);
    let mut tasks = tokio::task::JoinSet::new();
    let mut window = 65_535;
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted.unwrap();
        tasks.spawn(answer(request, respond, seed, log.clone()));
        if random.one_in(20) {
            window += 1;
            connection
                .set_initial_window_size(window)
                .unwrap_or_default();
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    seed: u64,
    log: Arc<Log>,
) {
    let id = respond.stream_id().as_u32();
    let (head, body) = request.into_parts();
    let mut received = Received {
        pseudo: vec![
            (":method", head.method.to_string()),
            (":scheme", head.uri.scheme_str().unwrap().to_owned()),
            (":authority", head.uri.authority().unwrap().to_string()),
            (":path", head.uri.path_and_query().unwrap().to_string()),
        ],
        head: head.headers,
        ..Received::default()
    };
    received.rest(body).await;
    log.received
        .lock()
        .unwrap()
        .insert((Side::Client, id), received);

    let mut random = Random(seed << 32 | u64::from(id) << 20);
    let mut sections = Vec::new();
    if random.one_in(5) {
        let mut hints = Response::builder().status(103).body(()).unwrap();
        *hints.headers_mut() = random.fields();
        sections.push(vec![field(":status", "103")]);
        sections[0].extend(section(hints.headers()));
        respond.send_informational(hints).unwrap();
    }
    let status = random.pick(&["200", "401", "404", "500", "418"]);
    let mut response = Response::builder().status(status).body(()).unwrap();
    *response.headers_mut() = random.fields();
    let mut head = vec![field(":status", status)];
    head.extend(section(response.headers()));
    sections.push(head);
    let rest = Rest::new(&mut random);
    let stream = respond.send_response(response, rest.is_empty()).unwrap();
    rest.send(stream, (Side::Origin, id), sections, &log);
}

impl Received {
    async fn rest(&mut self, mut body: RecvStream) {
        while let Some(piece) = body.data().await {
            let piece = piece.unwrap();
            body.flow_control().release_capacity(piece.len()).unwrap();
            self.content.extend_from_slice(&piece);
        }
        self.trailers = body.trailers().await.unwrap();
    }
}

/// What follows a head.
struct Rest {
    pieces: Vec<Vec<u8>>,
    trailers: Option<HeaderMap>,
}

impl Rest {
    fn new(random: &mut Random) -> Self {
        let count = if random.one_in(2) { 0 } else { random.below(4) };
        let mut piece = || {
            let limit = if random.one_in(40) { 30_000 } else { 300 };
            let length = random.below(limit);
            (0..length).map(|_| random.byte()).collect()
        };
        let pieces = (0..count).map(|_| piece()).collect();
        let trailers = random.one_in(4).then(|| random.fields());
        Self { pieces, trailers }
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.trailers.is_none()
    }

    /// Sends it, and logs the message.
    fn send(
        self,
        mut stream: SendStream<Bytes>,
        key: Key,
        mut sections: Vec<Vec<Field>>,
        log: &Log,
    ) {
        let content = self.pieces.concat();
        let last = self.pieces.len().wrapping_sub(1);
        for (at, piece) in self.pieces.into_iter().enumerate() {
            let ends = at == last && self.trailers.is_none();
            stream.send_data(piece.into(), ends).unwrap();
        }
        if let Some(trailers) = self.trailers {
            sections.push(section(&trailers));
            stream.send_trailers(trailers).unwrap();
        }
        let message = Message {
            sections,
            content,
            ends: 1,
        };
        log.sent.lock().unwrap().insert(key, message);
    }
}

fn field(name: &str, value: &str) -> Field {
    (name.into(), value.into(), false)
}

/// The fields in the order in which the library sends them.
fn section(fields: &HeaderMap) -> Vec<Field> {
    let field = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str().as_bytes().to_vec();
        (name, value.as_bytes().to_vec(), value.is_sensitive())
    };
    fields.iter().map(field).collect()
}

const HEAD_LIMIT: u32 = 1024 * 1024;

/// Repeats itself with its seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn fields(&mut self) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for _ in 0..self.below(12) {
            let name = match self.below(4) {
                0 => format!("x-{}", self.below(200)),
                _ => self.pick(&NAMES).to_owned(),
            };
            let mut value = self.value();
            value.set_sensitive(self.one_in(4));
            fields.append(name.parse::<HeaderName>().unwrap(), value);
        }
        fields
    }

    /// Often one of a few, so that it is found in the table; sometimes longer than a frame.
    fn value(&mut self) -> HeaderValue {
        if self.one_in(2) {
            return HeaderValue::from_static(self.pick(&VALUES));
        }
        let length = match self.below(100) {
            0 => 20_000 + self.below(20_000),
            1..10 => self.below(3000),
            _ => self.below(60),
        };
        let value: Vec<u8> = (0..length)
            .map(|_| match self.byte() {
                visible @ (b' '..=b'~' | 0x80..) if self.one_in(2) => visible,
                other => b'a' + other % 26,
            })
            .collect();
        HeaderValue::from_bytes(&value).unwrap()
    }
}

const NAMES: [&str; 10] = [
    "accept",
    "accept-language",
    "authorization",
    "cache-control",
    "cookie",
    "cookie",
    "cookie",
    "set-cookie",
    "user-agent",
    "www-authenticate",
];

const VALUES: [&str; 8] = [
    "",
    "0",
    "*/*",
    "gzip, deflate",
    "a=1",
    "session=0123456789abcdef",
    "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
];
