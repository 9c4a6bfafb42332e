//! The HTTP/2 decoder beside a library in another language: table sizes change in mid-connection, tunnels
//! go on in both directions, and all is told as the other end understood it, however the bytes are cut.

use std::collections::BTreeMap;
use std::process::Stdio;

use libtest_mimic::Trial;
use serde::Deserialize;
use why401::wire::http2::{Decoder, Event, Limits, Sender};

use crate::common::clients::{bare, folder, python};
use crate::common::peers::missing_in_python;
use crate::common::random::Random;

/// The tests of this file.
pub fn tests() -> Vec<Trial> {
    let missing = missing_in_python(&["h2"]);
    let name = "peers_http2_library::what_one_end_understood_is_told";
    let trial = Trial::test(name, || {
        what_one_end_understood_is_told();
        Ok(())
    });
    let kind = missing.map_or_else(String::new, |package| format!("{package} missing"));
    vec![trial.with_kind(kind).with_ignored_flag(missing.is_some())]
}

fn what_one_end_understood_is_told() {
    let (mut messages, mut changes, mut tunnels) = (0, 0, 0);
    for (seed, talk) in (1..).zip(talks()) {
        let mut random = Random(seed);
        for longest in [1, 7, 100, 20_000] {
            let told = told(&talk, longest, &mut random);
            assert!(told.keys().eq(talk.messages.keys()), "cut at {longest}");
            for (key, message) in &told {
                assert_eq!(message, &talk.messages[key], "{key}, cut at {longest}");
            }
        }
        messages += talk.messages.len();
        changes += talk.changes;
        let protocol = hex(":protocol");
        let is_tunnel = |message: &&Message| {
            let mut fields = message.sections.iter().flatten();
            fields.any(|(name, _)| *name == protocol)
        };
        tunnels += talk.messages.values().filter(is_tunnel).count();
    }
    assert!(messages > 1000, "only {messages} messages");
    assert!(changes > 300, "only {changes} changes of a table's size");
    assert!(tunnels > 100, "only {tunnels} tunnels");
}

/// One connection: who sent what, in order, and what the other end made of it.
#[derive(Deserialize)]
struct Talk {
    sent: Vec<(String, String)>,
    messages: BTreeMap<String, Message>,
    changes: usize,
}

/// Bytes are hexadecimal.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Message {
    sections: Vec<Vec<(String, String)>>,
    content: String,
    ended: bool,
}

fn talks() -> Vec<Talk> {
    let output = bare(&python())
        .arg(folder().join("http2_library.py"))
        .arg("10")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What the decoder tells, in pieces of at most that length.
fn told(talk: &Talk, longest: usize, random: &mut Random) -> BTreeMap<String, Message> {
    let mut decoder = Decoder::new(Limits {
        block: 256 * 1024,
        table: 1024 * 1024,
    });
    let mut told = BTreeMap::new();
    for (by, bytes) in &talk.sent {
        let sender = match by.as_str() {
            "client" => Sender::Client,
            _ => Sender::Origin,
        };
        let bytes = unhex(bytes);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let length = 1 + random.below(longest.min(rest.len()));
            let (mut piece, later) = rest.split_at(length);
            rest = later;
            loop {
                let (taken, event) = decoder.decode(sender, piece);
                piece = &piece[taken..];
                match event {
                    Some(event) => note(&mut told, by, &event),
                    None if piece.is_empty() => break,
                    None => {}
                }
            }
        }
    }
    assert!(decoder.is_following());
    told
}

fn note(told: &mut BTreeMap<String, Message>, by: &str, event: &Event<'_>) {
    let (stream, end_stream) = match event {
        Event::Fields {
            stream, end_stream, ..
        }
        | Event::Content {
            stream, end_stream, ..
        } => (stream, end_stream),
        other => panic!("{other:?}"),
    };
    let message = told.entry(format!("{by} {stream}")).or_default();
    message.ended |= end_stream;
    match event {
        Event::Fields { fields, .. } => {
            let fields = fields.fields().map(|f| (hex(f.name), hex(f.value)));
            message.sections.push(fields.collect());
        }
        Event::Content { piece, .. } => message.content.push_str(&hex(piece)),
        _ => {}
    }
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digits = bytes.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}
