//! The Huffman code of RFC 7541 section 5.2.
//!
//! The code is canonical: ordered by length and then by symbol, codes count upwards. So the
//! lengths say all, and the rest is worked out from them at compile time.

use super::Malformed;

/// Appends to `out` what `input` stands for.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    let start = out.len();
    // Enough, since no code is shorter than five bits and a step always writes two symbols.
    out.resize(start + input.len() * 2 + 2, 0);
    let mut free = out.get_mut(start..).unwrap_or_default();
    let mut bits = Bits::new(input);
    loop {
        bits.refill();
        let mut step = bits.lookup();
        if u32::from(step.bits) > bits.available {
            let (length, symbol) = CODE.first_of(bits.top());
            if length > bits.available {
                break;
            }
            step = Step::one(length, symbol)?;
        }
        if let Some(place) = free.first_chunk_mut() {
            *place = step.symbols;
        }
        free = free.get_mut(usize::from(step.count)..).unwrap_or_default();
        bits.skip(u32::from(step.bits));
    }
    let unused = free.len();
    out.truncate(out.len() - unused);
    bits.end()
}

/// What a lookup finds: one or two symbols, and the bits they take.
#[derive(Clone, Copy)]
struct Step {
    symbols: [u8; 2],
    count: u8,
    bits: u8,
}

impl Step {
    /// More bits than there ever are: the code is longer than the lookup.
    const LONGER: Self = Self {
        symbols: [0; 2],
        count: 0,
        bits: u8::MAX,
    };

    fn one(length: u32, symbol: u16) -> Result<Self, Malformed> {
        match (u8::try_from(symbol), u8::try_from(length)) {
            (Ok(symbol), Ok(bits)) => Ok(Self {
                symbols: [symbol, 0],
                count: 1,
                bits,
            }),
            _ => Err(Malformed("a Huffman code for the end of the string")),
        }
    }
}

/// A string's bits, the next one on top; what is not there reads as ones, which pad it.
struct Bits<'a> {
    rest: &'a [u8],
    /// Zero below the available bits.
    buffer: u64,
    available: u32,
}

impl<'a> Bits<'a> {
    fn new(input: &'a [u8]) -> Self {
        Self {
            rest: input,
            buffer: 0,
            available: 0,
        }
    }

    /// Makes 32 bits available, or all that are left; never all 64.
    fn refill(&mut self) {
        if self.available >= 32 {
            return;
        }
        if let Some((word, rest)) = self.rest.split_first_chunk() {
            self.rest = rest;
            self.buffer |= u64::from(u32::from_be_bytes(*word)) << (32 - self.available);
            self.available += 32;
            return;
        }
        while let Some((byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            self.buffer |= u64::from(*byte) << (56 - self.available);
            self.available += 8;
        }
    }

    fn padded(&self) -> u64 {
        self.buffer | (u64::MAX >> self.available)
    }

    /// The next bits, as many as the longest code has at least.
    fn top(&self) -> u32 {
        (self.padded() >> 32) as u32
    }

    fn lookup(&self) -> Step {
        let index = (self.padded() >> (64 - LOOKUP_BITS)) as usize;
        LOOKUP.get(index).copied().unwrap_or(Step::LONGER)
    }

    fn skip(&mut self, bits: u32) {
        self.buffer <<= bits;
        self.available -= bits;
    }

    /// RFC 7541 section 5.2: the rest is padding, shorter than a byte and all ones.
    fn end(&self) -> Result<(), Malformed> {
        if self.available < 8 && self.padded() == u64::MAX {
            Ok(())
        } else {
            Err(Malformed("a Huffman string with wrong padding"))
        }
    }
}

/// The canonical code.
struct Code {
    /// Per length: the first code that is at least so long, moved to the top of 32 bits.
    first: [u32; MAX_LENGTH + 1],
    /// Per length: where the symbols with codes that long begin in `symbols`.
    offset: [usize; MAX_LENGTH + 1],
    /// All symbols in the order of their codes; the last one is the end of the string.
    symbols: [u16; LENGTHS.len()],
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "lengths and symbols are small; the code is complete, so any bits begin with a code"
)]
impl Code {
    const fn new() -> Self {
        let mut code = Self {
            first: [0; MAX_LENGTH + 1],
            offset: [0; MAX_LENGTH + 1],
            symbols: [0; LENGTHS.len()],
        };
        let mut next: u64 = 0;
        let mut count = 0;
        let mut length = MIN_LENGTH;
        while length <= MAX_LENGTH {
            code.first[length] = next as u32;
            code.offset[length] = count;
            let mut symbol = 0;
            while symbol < LENGTHS.len() {
                if LENGTHS[symbol] as usize == length {
                    code.symbols[count] = symbol as u16;
                    count += 1;
                    next += 1 << (32 - length);
                }
                symbol += 1;
            }
            length += 1;
        }
        assert!(next == 1 << 32, "the lengths make a complete code");
        code
    }

    /// The length and the symbol of the code that `top` begins with.
    const fn first_of(&self, top: u32) -> (u32, u16) {
        let mut length = MIN_LENGTH;
        while length < MAX_LENGTH && self.first[length + 1] <= top {
            length += 1;
        }
        let nth = (top - self.first[length]) >> (32 - length);
        (
            length as u32,
            self.symbols[self.offset[length] + nth as usize],
        )
    }

    /// For each value of the next bits, the one or two whole codes that they begin with.
    const fn lookup(&self) -> [Step; 1 << LOOKUP_BITS] {
        let mut table = [Step::LONGER; 1 << LOOKUP_BITS];
        let mut index = 0;
        while index < table.len() {
            let top = (index as u32) << (32 - LOOKUP_BITS);
            let (first, symbol) = self.first_of(top);
            let (second, follower) = self.first_of(top << first);
            if first + second <= LOOKUP_BITS {
                table[index] = Step {
                    symbols: [symbol as u8, follower as u8],
                    count: 2,
                    bits: (first + second) as u8,
                };
            } else if first <= LOOKUP_BITS {
                table[index] = Step {
                    symbols: [symbol as u8, 0],
                    count: 1,
                    bits: first as u8,
                };
            }
            index += 1;
        }
        table
    }
}

static CODE: Code = Code::new();
static LOOKUP: [Step; 1 << LOOKUP_BITS] = Code::new().lookup();

const LOOKUP_BITS: u32 = 12;
const MIN_LENGTH: usize = 5;
const MAX_LENGTH: usize = 30;

/// The length of each symbol's code in bits (RFC 7541 appendix B); the last symbol is the end of
/// the string.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
     6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6,
     5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10,
    13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6,
    15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,
     6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

#[cfg(test)]
pub(in crate::wire) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Encodes symbol by symbol and bit by bit.
    pub(in crate::wire) fn encode(text: &[u8]) -> Vec<u8> {
        let mut bits: Vec<bool> = text.iter().flat_map(|b| code_of(u16::from(*b))).collect();
        while !bits.len().is_multiple_of(8) {
            bits.push(true);
        }
        bytes(&bits)
    }

    /// From the definition of a canonical code, without the decoder's tables.
    fn code_of(symbol: u16) -> Vec<bool> {
        let own = LENGTHS[usize::from(symbol)];
        let before = (0..)
            .zip(LENGTHS)
            .filter(|(other, length)| (*length, *other) < (own, symbol));
        let value: u32 = before.map(|(_, length)| 1 << (30 - length)).sum();
        (0..own).map(|bit| value >> (29 - bit) & 1 == 1).collect()
    }

    fn bytes(bits: &[bool]) -> Vec<u8> {
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        bits.chunks(8).map(byte).collect()
    }

    fn decoded(input: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut out = b"kept".to_vec();
        decode(input, &mut out)?;
        assert_eq!(out[..4], *b"kept");
        Ok(out[4..].to_vec())
    }

    #[test]
    fn codes_of_the_standard() {
        let written = |symbol| -> String {
            let bits = code_of(symbol);
            bits.iter()
                .map(|bit| if *bit { '1' } else { '0' })
                .collect()
        };
        assert_eq!(written(b'0'.into()), "00000");
        assert_eq!(written(b'z'.into()), "1111011");
        assert_eq!(written(b'\\'.into()), "1111111111111110000");
        assert_eq!(written(0), "1111111111000");
        assert_eq!(written(249), "1111111111111111111111111110");
        assert_eq!(written(22), "111111111111111111111111111110");
        assert_eq!(written(256), "1".repeat(30));
    }

    #[test]
    fn each_symbol_alone_and_beside_each_other() {
        assert_eq!(decoded(b""), Ok(vec![]));
        for a in 0..=255 {
            assert_eq!(decoded(&encode(&[a])), Ok(vec![a]));
            for b in 0..=255 {
                assert_eq!(decoded(&encode(&[a, b])), Ok(vec![a, b]));
            }
        }
    }

    #[test]
    fn padding_is_checked() {
        let mut bits = code_of(b'0'.into());
        bits.extend([true; 3]);
        assert_eq!(decoded(&bytes(&bits)), Ok(b"0".to_vec()));
        bits[7] = false;
        assert!(decoded(&bytes(&bits)).is_err(), "a zero in it");
        bits[7] = true;
        bits.extend([true; 8]);
        assert!(decoded(&bytes(&bits)).is_err(), "eleven bits");
        assert!(decoded(&[0xff]).is_err(), "eight bits");
        let mut end = code_of(256);
        end.extend([true; 2]);
        assert!(decoded(&bytes(&end)).is_err(), "the end of the string");
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(decoded(&encode(&text)), Ok(text));
        }

        #[test]
        fn what_is_accepted_is_the_only_encoding(
            input in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            if let Ok(text) = decoded(&input) {
                prop_assert_eq!(encode(&text), input);
            }
        }
    }
}
