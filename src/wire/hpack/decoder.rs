//! Field blocks into fields (RFC 7541 section 6).

use std::fmt;

use super::huffman;
use super::table::{OVERHEAD, Table};
use super::{Decoded, Malformed};
use crate::wire::field_block::FieldBlockBuilder;

/// Follows the encoder of one sender, block by block in the order in which they were sent.
pub(in crate::wire) struct Decoder {
    table: Table,
    /// The fields of the block being read.
    fields: FieldBlockBuilder,
    /// What those are counted as, kept or not.
    size: usize,
    /// How many bytes of indexed names the block has had copied.
    copied: usize,
    limit: usize,
    table_limit: usize,
}

impl Decoder {
    /// A decoder at the start of a connection: it keeps `limit` bytes of a block's fields, and
    /// follows a table of `table_limit` bytes.
    pub(in crate::wire) fn new(limit: usize, table_limit: usize) -> Self {
        Self {
            table: Table::new(),
            fields: FieldBlockBuilder::default(),
            size: 0,
            copied: 0,
            limit,
            table_limit,
        }
    }

    /// Reads a whole block; the encoder was allowed a table of `announced` bytes.
    pub(in crate::wire) fn decode(
        &mut self,
        block: &[u8],
        announced: usize,
    ) -> Result<Decoded, Malformed> {
        self.size = 0;
        self.copied = 0;
        let mut rest = self.size_updates(block, announced)?;
        while let Some((first, behind)) = rest.split_first() {
            rest = match first {
                0x80.. => self.indexed(*first, behind)?,
                0x40..0x80 => self.literal(Literal::Indexed, *first, behind)?,
                0x20..0x40 => return Err(Malformed("a table size update behind a field")),
                0x10..0x20 => self.literal(Literal::NeverIndexed, *first, behind)?,
                ..0x10 => self.literal(Literal::NotIndexed, *first, behind)?,
            };
        }
        if self.size > self.limit {
            self.fields.clear();
            return Ok(Decoded::Oversized);
        }
        Ok(Decoded::Fields(self.fields.finish()))
    }

    /// RFC 7541 section 6.3; several may come, the smallest of an interval and the last.
    fn size_updates<'a>(
        &mut self,
        block: &'a [u8],
        announced: usize,
    ) -> Result<&'a [u8], Malformed> {
        let mut rest = block;
        while let Some((first @ 0x20..0x40, behind)) = rest.split_first() {
            let capacity;
            (capacity, rest) = integer(*first, 5, behind)?;
            if capacity > announced {
                return Err(Malformed("a compression table larger than was announced"));
            }
            if capacity > self.table_limit {
                return Err(Malformed("a compression table larger than is followed"));
            }
            self.table.resize(capacity);
        }
        Ok(rest)
    }

    /// RFC 7541 section 6.1.
    fn indexed<'a>(&mut self, first: u8, behind: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let (index, rest) = integer(first, 7, behind)?;
        let (name, value) = self.table.field(index)?;
        self.size = self
            .size
            .saturating_add(name.len() + value.len() + OVERHEAD);
        if self.size <= self.limit {
            self.fields.push(name, value, false);
        }
        Ok(rest)
    }

    /// RFC 7541 section 6.2.
    fn literal<'a>(
        &mut self,
        kind: Literal,
        first: u8,
        behind: &'a [u8],
    ) -> Result<&'a [u8], Malformed> {
        let prefix = if kind == Literal::Indexed { 6 } else { 4 };
        let (index, rest) = integer(first, prefix, behind)?;
        let start = self.table.arena().len();
        let (name, rest) = if index == 0 {
            string(rest, self.table.arena())?
        } else {
            (self.copy_name(index)?, rest)
        };
        let (value, rest) = string(rest, self.table.arena())?;
        self.size = self.size.saturating_add(name + value + OVERHEAD);
        if self.size <= self.limit {
            let (name, value) = self.table.literal(start, name, value);
            self.fields.push(name, value, kind == Literal::NeverIndexed);
        }
        if kind == Literal::Indexed {
            self.table.keep(start, name);
        } else {
            self.table.drop_literal(start);
        }
        Ok(rest)
    }

    /// Two bytes can have a name as long as the table copied, so that is bounded per block.
    fn copy_name(&mut self, index: usize) -> Result<usize, Malformed> {
        let length = self.table.copy_name(index)?;
        self.copied += length;
        if self.copied > COPY_LIMIT {
            return Err(Malformed(
                "a field block that repeats long names without end",
            ));
        }
        Ok(length)
    }

    /// What the decoder holds on to, in bytes.
    #[cfg(test)]
    pub(in crate::wire) fn memory(&self) -> usize {
        self.table.memory() + self.fields.memory()
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Literal {
    Indexed,
    NotIndexed,
    NeverIndexed,
}

/// Appends a string (RFC 7541 section 5.2) to `out`: how long it is there, and what is behind it.
fn string<'a>(input: &'a [u8], out: &mut Vec<u8>) -> Result<(usize, &'a [u8]), Malformed> {
    let (first, behind) = input.split_first().ok_or(TRUNCATED)?;
    let (length, rest) = integer(*first, 7, behind)?;
    let (text, rest) = rest.split_at_checked(length).ok_or(TRUNCATED)?;
    let start = out.len();
    if *first < 0x80 {
        out.extend_from_slice(text);
    } else {
        huffman::decode(text, out)?;
    }
    Ok((out.len() - start, rest))
}

/// An integer that begins in the low `prefix` bits of `first` (RFC 7541 section 5.1).
fn integer(first: u8, prefix: u32, behind: &[u8]) -> Result<(usize, &[u8]), Malformed> {
    let full = (1 << prefix) - 1;
    let low = first & full;
    if low < full {
        return Ok((usize::from(low), behind));
    }
    let mut value = u64::from(full);
    for (at, byte) in (0_u32..INTEGER_LENGTH).zip(behind) {
        value += u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            let rest = behind.get(at as usize + 1..).ok_or(TRUNCATED)?;
            let value = usize::try_from(value).map_err(|_too_large| TOO_LARGE)?;
            return Ok((value, rest));
        }
    }
    Err(if behind.len() < INTEGER_LENGTH as usize {
        TRUNCATED
    } else {
        TOO_LARGE
    })
}

const TRUNCATED: Malformed = Malformed("a field block that ends within a field");
const TOO_LARGE: Malformed = Malformed("a number in a field block that is too large");

/// Bytes behind the prefix of an integer: enough for all of 32 bits.
const INTEGER_LENGTH: u32 = 5;

/// More than an honest block comes to, and copied in a few milliseconds.
const COPY_LIMIT: usize = 16 * 1024 * 1024;
