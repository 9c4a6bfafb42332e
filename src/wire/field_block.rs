//! A decoded field section, held in one allocation.

use std::cell::RefCell;
use std::fmt;

/// The fields of one HTTP/2 field section, pseudo-fields included, in the order they were sent.
///
/// Most sections are only kept for a while and then dropped, so all fields share one allocation and
/// nothing is parsed before somebody asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FieldBlock {
    /// Per field: a flag, length of the name, length of the value, name, value.
    bytes: Box<[u8]>,
}

/// One field of a [`FieldBlock`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BlockField<'a> {
    /// The name as sent: lower case, unless the sender broke the rule.
    pub name: &'a [u8],
    /// The value as sent.
    pub value: &'a [u8],
    /// Whether the sender asked that no intermediary ever puts the field in a compression table
    /// (RFC 7541 section 6.2.3). It belongs to this encoding of the field, not to the field.
    pub never_indexed: bool,
}

impl FieldBlock {
    /// The fields in order: name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields().map(|field| (field.name, field.value))
    }

    /// The fields in order, with how they were sent.
    pub fn fields(&self) -> impl Iterator<Item = BlockField<'_>> {
        Fields { rest: &self.bytes }
    }

    /// The value of the first field of exactly that name.
    pub fn first(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The bytes held.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl fmt::Debug for FieldBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldBlock({} bytes)", self.bytes.len())
    }
}

impl fmt::Debug for BlockField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.name.len() + self.value.len();
        write!(f, "BlockField({length} bytes)")
    }
}

struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = BlockField<'a>;

    fn next(&mut self) -> Option<BlockField<'a>> {
        let (flag, rest) = self.rest.split_first()?;
        let (name, rest) = read_length(rest)?;
        let (value, rest) = read_length(rest)?;
        let (name, rest) = rest.split_at_checked(name)?;
        let (value, rest) = rest.split_at_checked(value)?;
        self.rest = rest;
        Some(BlockField {
            name,
            value,
            never_indexed: *flag == NEVER_INDEXED,
        })
    }
}

/// Collects fields for a [`FieldBlock`]; it can be used again and keeps its memory for that.
#[derive(Default)]
pub struct FieldBlockBuilder {
    bytes: Vec<u8>,
}

impl FieldBlockBuilder {
    /// Adds a field after those before it.
    pub fn push(&mut self, name: &[u8], value: &[u8], never_indexed: bool) {
        self.make_room(name.len() + value.len() + LONGEST_PREFIX);
        let flag = if never_indexed { NEVER_INDEXED } else { PLAIN };
        match (u8::try_from(name.len()), u8::try_from(value.len())) {
            (Ok(name @ ..MORE), Ok(value @ ..MORE)) => {
                self.bytes.extend_from_slice(&[flag, name, value]);
            }
            _ => {
                self.bytes.push(flag);
                self.push_length(name.len());
                self.push_length(value.len());
            }
        }
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
    }

    /// The block of all fields added since the last one.
    pub fn finish(&mut self) -> FieldBlock {
        let bytes = Box::from(self.bytes.as_slice());
        self.clear();
        FieldBlock { bytes }
    }

    /// Forgets the fields added since the last block.
    pub fn clear(&mut self) {
        self.bytes.clear();
        if self.bytes.capacity() > RETAINED {
            LARGE.set(std::mem::take(&mut self.bytes));
        }
    }

    /// What is rarely needed, much memory, is lent by the thread: asking the system for it with every block would
    /// cost more than the block.
    fn make_room(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed <= self.bytes.capacity() || needed <= RETAINED {
            return;
        }
        let mut large = LARGE.take();
        if large.capacity() >= needed {
            large.extend_from_slice(&self.bytes);
            self.bytes = large;
        } else {
            LARGE.set(large);
        }
    }

    /// What the builder holds on to, in bytes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// Seven bits to a byte, the lowest first.
    fn push_length(&mut self, length: usize) {
        let mut left = length;
        loop {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            if left == 0 {
                return self.bytes.push(low);
            }
            self.bytes.push(low | MORE);
        }
    }
}

impl fmt::Debug for FieldBlockBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldBlockBuilder({} bytes)", self.bytes.len())
    }
}

fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0_usize;
    let mut shift = 0;
    for (at, byte) in bytes.iter().enumerate() {
        length |= usize::from(byte & !MORE).checked_shl(shift)?;
        if *byte < MORE {
            return Some((length, bytes.get(at + 1..)?));
        }
        shift += 7;
    }
    None
}

const PLAIN: u8 = 0;
const NEVER_INDEXED: u8 = 1;

/// Set in each byte of a length but its last.
const MORE: u8 = 0x80;

thread_local! {
    /// Empty, but for its capacity.
    static LARGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A flag and two lengths.
const LONGEST_PREFIX: usize = 21;

/// What a builder keeps between two blocks, in bytes; more than most blocks need.
const RETAINED: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_block_has_nothing() {
        let block = FieldBlockBuilder::default().finish();
        assert_eq!(block, FieldBlock::default());
        assert!(block.is_empty());
        assert_eq!((block.size(), block.iter().count()), (0, 0));
        assert_eq!(block.first(b"a"), None);
    }

    #[test]
    fn the_first_of_a_name_is_found_and_names_are_exact() {
        let mut builder = FieldBlockBuilder::default();
        builder.push(b"cookie", b"a=1", false);
        builder.push(b"cookie", b"b=2", true);
        let block = builder.finish();
        assert_eq!(block.first(b"cookie"), Some(&b"a=1"[..]));
        assert_eq!(block.first(b"Cookie"), None);
        let flags: Vec<_> = block.fields().map(|f| f.never_indexed).collect();
        assert_eq!(flags, [false, true]);
    }

    #[test]
    fn debug_shows_no_content() {
        let mut builder = FieldBlockBuilder::default();
        builder.push(b"authorization", b"Bearer s3cret", true);
        assert_eq!(format!("{builder:?}"), "FieldBlockBuilder(29 bytes)");
        let block = builder.finish();
        assert_eq!(format!("{block:?}"), "FieldBlock(29 bytes)");
        let field = block.fields().next().unwrap();
        assert_eq!(format!("{field:?}"), "BlockField(26 bytes)");
    }

    #[test]
    fn long_fields_are_read_back() {
        let mut builder = FieldBlockBuilder::default();
        for length in [127, 128, 16_383, 16_384, 3_000_000] {
            builder.push(b"v", &vec![1; length], false);
        }
        let lengths: Vec<_> = builder.finish().iter().map(|(_, v)| v.len()).collect();
        assert_eq!(lengths, [127, 128, 16_383, 16_384, 3_000_000]);
    }

    proptest! {
        #[test]
        fn what_was_pushed_is_read_back(
            fields in prop::collection::vec(
                (
                    prop::collection::vec(any::<u8>(), 0..200),
                    prop::collection::vec(any::<u8>(), 0..300),
                    any::<bool>(),
                ),
                0..8,
            ),
        ) {
            let mut builder = FieldBlockBuilder::default();
            builder.push(b"of another block", b"", true);
            builder.clear();
            for (name, value, never_indexed) in &fields {
                builder.push(name, value, *never_indexed);
            }
            let block = builder.finish();
            let read: Vec<_> = block
                .fields()
                .map(|f| (f.name.to_vec(), f.value.to_vec(), f.never_indexed))
                .collect();
            prop_assert_eq!(read, fields);
            prop_assert!(builder.finish().is_empty());
        }
    }
}
