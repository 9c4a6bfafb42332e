//! Random connections, written by the tests' own encoder and cut anywhere.

use proptest::prelude::*;

use super::tests::{LIMITS, Told, acknowledgement, feed, frame, opening, push, table_size, told};
use super::{Decoder, Sender};
use crate::wire::hpack::test_encoder::{Choice, Encoder, choice};

/// Something that one side does.
#[derive(Clone, Debug)]
enum Action {
    Fields(Section),
    Content(Data),
    /// A new table size, and whether all settings so far are acknowledged then.
    Settings(u32, bool),
    Reset(u32),
    GoAway(u32),
    /// A frame of no interest: its type, its flags, and how long it is.
    Noise(u8, u8, usize),
}

#[derive(Clone, Debug)]
struct Section {
    fields: Vec<(Vec<u8>, Vec<u8>, Choice)>,
    /// How long the fragments are; the last one takes the rest.
    fragments: Vec<usize>,
    padding: Option<u8>,
    priority: bool,
    promise: bool,
    end_stream: bool,
}

#[derive(Clone, Debug)]
struct Data {
    content: Vec<u8>,
    padding: Option<u8>,
    end_stream: bool,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => section().prop_map(Action::Fields),
        4 => data().prop_map(Action::Content),
        2 => (0..6000_u32, any::<bool>()).prop_map(|(size, acked)| Action::Settings(size, acked)),
        1 => any::<u32>().prop_map(Action::Reset),
        1 => any::<u32>().prop_map(Action::GoAway),
        1 => (prop_oneof![Just(2_u8), Just(6), Just(8), 10..=255_u8], any::<u8>(), 0..30_usize)
            .prop_map(|(kind, flags, length)| Action::Noise(kind, flags, length)),
    ]
}

fn section() -> impl Strategy<Value = Section> {
    let text = prop_oneof![
        Just(b":path".to_vec()),
        Just(b"cookie".to_vec()),
        prop::collection::vec(b'a'..b'c', 0..3),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    (
        prop::collection::vec((text.clone(), text, choice()), 0..6),
        prop::collection::vec(0..20_usize, 0..4),
        any::<Option<u8>>(),
        any::<bool>(),
        prop::bool::weighted(0.1),
        any::<bool>(),
    )
        .prop_map(
            |(fields, fragments, padding, priority, promise, end_stream)| Section {
                fields,
                fragments,
                padding,
                priority,
                promise,
                end_stream,
            },
        )
}

fn data() -> impl Strategy<Value = Data> {
    (
        prop::collection::vec(any::<u8>(), 0..60),
        any::<Option<u8>>(),
        any::<bool>(),
    )
        .prop_map(|(content, padding, end_stream)| Data {
            content,
            padding,
            end_stream,
        })
}

/// Two peers, what they send, and what a reader has to find in it.
struct Session {
    script: Vec<(Sender, Vec<u8>)>,
    expected: Vec<Told>,
    client: Peer,
    origin: Peer,
}

struct Peer {
    encoder: Encoder,
    /// The settings that it has not acknowledged, the oldest first.
    unacknowledged: Vec<Option<u32>>,
    /// The size that its next block begins with.
    resize: Option<u32>,
}

impl Peer {
    fn new() -> Self {
        Self {
            encoder: Encoder::new(),
            unacknowledged: vec![None],
            resize: None,
        }
    }
}

impl Session {
    fn new() -> Self {
        Self {
            script: opening(),
            expected: Vec::new(),
            client: Peer::new(),
            origin: Peer::new(),
        }
    }

    fn peer(&mut self, sender: Sender) -> &mut Peer {
        match sender {
            Sender::Client => &mut self.client,
            Sender::Origin => &mut self.origin,
        }
    }

    fn act(&mut self, sender: Sender, stream: u32, action: Action) {
        let bytes = match action {
            Action::Fields(section) => self.fields(sender, stream, section),
            Action::Content(data) => {
                if data.end_stream || !data.content.is_empty() {
                    let told = Told::Content(stream, data.content.clone(), data.end_stream);
                    push(&mut self.expected, told);
                }
                let (flag, payload) = padded(data.padding, &[], &data.content);
                frame(0, flag | u8::from(data.end_stream), stream, &payload)
            }
            Action::Settings(size, acknowledged) => {
                return self.settings(sender, size, acknowledged);
            }
            Action::Reset(code) => {
                self.expected.push(Told::Reset(stream, code));
                frame(3, 0, stream, &code.to_be_bytes())
            }
            Action::GoAway(code) => {
                self.expected.push(Told::GoAway(stream, code));
                let payload = [stream.to_be_bytes(), code.to_be_bytes(), *b"why?"];
                frame(7, 0, 0, payload.as_flattened())
            }
            Action::Noise(kind, flags, length) => frame(kind, flags, stream, &vec![0; length]),
        };
        self.script.push((sender, bytes));
    }

    fn fields(&mut self, sender: Sender, stream: u32, section: Section) -> Vec<u8> {
        let mut block = Vec::new();
        let peer = self.peer(sender);
        if let Some(size) = peer.resize.take() {
            peer.encoder.resize(size as usize, &mut block);
        }
        for (name, value, choice) in &section.fields {
            peer.encoder.field(name, value, *choice, &mut block);
        }
        let mut fragments = Vec::new();
        let mut rest = &block[..];
        for length in section.fragments {
            let (fragment, behind) = rest.split_at(length.min(rest.len()));
            fragments.push(fragment);
            rest = behind;
        }
        fragments.push(rest);
        if !section.promise {
            let fields = section.fields.into_iter().map(|(n, v, _)| (n, v)).collect();
            self.expected
                .push(Told::Fields(stream, fields, section.end_stream));
        }
        let (kind, flags, fixed): (_, _, &[u8]) = match (section.promise, section.priority) {
            (true, _) => (5, 0, &[0, 0, 0, 2]),
            (false, true) => (1, 0x20 | u8::from(section.end_stream), &[0; 5]),
            (false, false) => (1, u8::from(section.end_stream), &[]),
        };
        let last = fragments.len() - 1;
        let mut bytes = Vec::new();
        for (at, fragment) in fragments.into_iter().enumerate() {
            let ends = if at == last { 0x4 } else { 0 };
            bytes.extend(if at == 0 {
                let (flag, payload) = padded(section.padding, fixed, fragment);
                frame(kind, flags | flag | ends, stream, &payload)
            } else {
                frame(9, ends, stream, fragment)
            });
        }
        bytes
    }

    fn settings(&mut self, sender: Sender, size: u32, acknowledged: bool) {
        self.script.push((sender, table_size(size)));
        let other = match sender {
            Sender::Client => Sender::Origin,
            Sender::Origin => Sender::Client,
        };
        let peer = self.peer(other);
        peer.unacknowledged.push(Some(size));
        if acknowledged {
            let count = peer.unacknowledged.len();
            peer.unacknowledged.clear();
            peer.resize = Some(size);
            self.script.push((other, acknowledgement().repeat(count)));
        }
    }
}

/// The flag, and the payload with its padding around it.
fn padded(padding: Option<u8>, fixed: &[u8], rest: &[u8]) -> (u8, Vec<u8>) {
    match padding {
        None => (0, [fixed, rest].concat()),
        Some(padding) => (
            0x8,
            [&[padding], fixed, rest, &vec![0; padding.into()]].concat(),
        ),
    }
}

fn sender() -> impl Strategy<Value = Sender> {
    prop_oneof![Just(Sender::Client), Just(Sender::Origin)]
}

proptest! {
    #[test]
    fn what_was_sent_is_told_however_it_is_cut(
        actions in prop::collection::vec((sender(), 1..6_u32, action()), 0..40),
        cuts in prop::collection::vec(1..50_usize, 1..10),
    ) {
        let mut session = Session::new();
        for (sender, stream, action) in actions {
            session.act(sender, stream, action);
        }
        prop_assert_eq!(&told(&session.script, usize::MAX), &session.expected);
        prop_assert_eq!(&told(&session.script, 1), &session.expected);

        let mut decoder = Decoder::new(LIMITS);
        let mut random = Vec::new();
        let mut cuts = cuts.iter().cycle();
        for (sender, bytes) in &session.script {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                feed(&mut decoder, *sender, piece, &mut random);
                rest = behind;
            }
        }
        prop_assert_eq!(&random, &session.expected);
    }

    #[test]
    fn damaged_connections_are_survived_and_do_not_depend_on_the_cut(
        actions in prop::collection::vec((sender(), 1..6_u32, action()), 0..20),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut session = Session::new();
        for (sender, stream, action) in actions {
            session.act(sender, stream, action);
        }
        for (at, byte) in damage {
            let part = at.index(session.script.len());
            let (_, bytes) = &mut session.script[part];
            let length = bytes.len();
            bytes[at.index(length)] = byte;
        }
        prop_assert_eq!(told(&session.script, 1), told(&session.script, usize::MAX));
    }

    #[test]
    fn any_bytes_are_survived_and_memory_stays_bounded(
        bytes in prop::collection::vec((sender(), prop::collection::vec(any::<u8>(), 0..100)), 0..40),
    ) {
        let mut decoder = Decoder::new(LIMITS);
        let mut events = Vec::new();
        for (sender, bytes) in [&opening()[..], &bytes].concat() {
            feed(&mut decoder, sender, &bytes, &mut events);
            prop_assert!(decoder.memory() < 64 * 1024);
        }
    }
}
