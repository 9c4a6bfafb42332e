//! Makes new inputs of known ones.

use crate::common::random::Random;

/// No input grows longer than this.
const LONGEST: usize = 64 * 1024;

/// What parsers stumble over, as text.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "+1",
    "007",
    "127",
    "255",
    "65535",
    "65536",
    "2147483648",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "ffffffffffffffff",
    "1e309",
];

/// And as bytes.
const BYTES: [u8; 16] = [
    0, 1, 9, 10, 13, 32, 34, 44, 58, 61, 92, 0x7f, 0x80, 0xc3, 0xfe, 0xff,
];

/// An input like those of the corpus, with some of these words.
pub fn mutated(corpus: &[Vec<u8>], words: &[&[u8]], random: &mut Random) -> Vec<u8> {
    let mut input = corpus[random.below(corpus.len())].clone();
    // One in 32 goes as it is, in cuts that it may not have had yet.
    if random.one_in(32) {
        return input;
    }
    for _ in 0..=random.below(6) {
        once(&mut input, corpus, words, random);
        input.truncate(LONGEST);
    }
    input
}

fn once(input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let (from, to) = range(input.len(), random);
    match random.below(12) {
        0 | 1 => flip(input, at, random),
        2 => put(input, at, random.pick(&BYTES)),
        3 => insert(input, at, &[random.pick(&BYTES)]),
        4 => insert(input, at, random.pick(&NUMBERS).as_bytes()),
        5 | 6 if !words.is_empty() => insert(input, at, random.pick(words)),
        7 => drop(input.drain(from..to)),
        8 => input.truncate(at),
        9 => {
            let part = input[from..to].to_vec();
            let times = if random.one_in(8) { 300 } else { 1 };
            insert(
                input,
                at,
                &part.repeat(times.min(LONGEST / part.len().max(1))),
            );
        }
        10 => {
            let other = &corpus[random.below(corpus.len())];
            let (from, to) = range(other.len(), random);
            insert(input, at, &other[from..to]);
        }
        11 => {
            let other = &corpus[random.below(corpus.len())];
            input.truncate(at);
            input.extend(&other[random.below(other.len() + 1)..]);
        }
        _ => {
            let noise: Vec<u8> = (0..=random.below(16)).map(|_| random.byte()).collect();
            insert(input, at, &noise);
        }
    }
}

/// Short ones more often than long ones.
fn range(length: usize, random: &mut Random) -> (usize, usize) {
    let from = random.below(length + 1);
    let most = if random.one_in(4) { length } else { 16 };
    (from, (from + random.below(most + 1)).min(length))
}

fn flip(input: &mut [u8], at: usize, random: &mut Random) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn put(input: &mut [u8], at: usize, byte: u8) {
    if let Some(old) = input.get_mut(at) {
        *old = byte;
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    drop(input.splice(at..at, bytes.iter().copied()));
}
