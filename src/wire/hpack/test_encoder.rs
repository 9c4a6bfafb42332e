//! An encoder for the tests: plain, slow, and it takes every liberty that the standard gives.

use proptest::prelude::*;

use super::huffman::tests::encode as huffman;
use super::table::Table;

/// How an encoder may write a field.
#[derive(Clone, Copy, Debug)]
pub(in crate::wire) struct Choice {
    /// Refer to the table where possible: to the whole field, or to its name.
    pub(in crate::wire) refer: bool,
    /// Literals: put into the table, not put, or never to be put.
    pub(in crate::wire) literal: u8,
    pub(in crate::wire) huffman: bool,
}

pub(in crate::wire) fn choice() -> impl Strategy<Value = Choice> {
    (any::<bool>(), 0..3_u8, any::<bool>()).prop_map(|(refer, literal, huffman)| Choice {
        refer,
        literal,
        huffman,
    })
}

/// A plain encoder: a list that is searched and cut, nothing shared with the decoder but the static
/// table.
pub(in crate::wire) struct Encoder {
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    capacity: usize,
}

impl Encoder {
    pub(in crate::wire) fn new() -> Self {
        Self {
            entries: Vec::new(),
            capacity: 4096,
        }
    }

    pub(in crate::wire) fn resize(&mut self, capacity: usize, out: &mut Vec<u8>) {
        self.capacity = capacity;
        self.evict();
        integer(0x20, 5, capacity, out);
    }

    /// Writes a field; whether it was marked as never to be indexed.
    pub(in crate::wire) fn field(
        &mut self,
        name: &[u8],
        value: &[u8],
        choice: Choice,
        out: &mut Vec<u8>,
    ) -> bool {
        let whole = self.find(|n, v| (n, v) == (name, value));
        if let Some(index) = whole.filter(|_| choice.refer) {
            integer(0x80, 7, index, out);
            return false;
        }
        let index = self.find(|n, _| n == name).filter(|_| choice.refer);
        match choice.literal {
            0 => integer(0x40, 6, index.unwrap_or(0), out),
            1 => integer(0x00, 4, index.unwrap_or(0), out),
            _ => integer(0x10, 4, index.unwrap_or(0), out),
        }
        if index.is_none() {
            string(name, choice.huffman, out);
        }
        string(value, choice.huffman, out);
        if choice.literal == 0 {
            self.entries.insert(0, (name.to_vec(), value.to_vec()));
            self.evict();
        }
        choice.literal == 2
    }

    fn find(&self, wanted: impl Fn(&[u8], &[u8]) -> bool) -> Option<usize> {
        let fixed = Table::new();
        (1..62)
            .find(|index| {
                let (name, value) = fixed.field(*index).unwrap();
                wanted(name, value)
            })
            .or_else(|| Some(62 + self.entries.iter().position(|(n, v)| wanted(n, v))?))
    }

    fn evict(&mut self) {
        let size = |e: &[(Vec<u8>, Vec<u8>)]| -> usize {
            e.iter().map(|(n, v)| n.len() + v.len() + 32).sum()
        };
        while size(&self.entries) > self.capacity {
            self.entries.pop();
        }
    }
}

pub(in crate::wire) fn integer(pattern: u8, prefix: u32, value: usize, out: &mut Vec<u8>) {
    let full = u8::MAX >> (8 - prefix);
    let Some(mut left) = value.checked_sub(full.into()) else {
        return out.push(pattern | value.to_le_bytes()[0]);
    };
    out.push(pattern | full);
    while left >= 128 {
        out.push(left.to_le_bytes()[0] | 128);
        left /= 128;
    }
    out.push(left.to_le_bytes()[0]);
}

fn string(text: &[u8], coded: bool, out: &mut Vec<u8>) {
    let (pattern, text) = if coded {
        (0x80, huffman(text))
    } else {
        (0, text.to_vec())
    };
    integer(pattern, 7, text.len(), out);
    out.extend(text);
}
