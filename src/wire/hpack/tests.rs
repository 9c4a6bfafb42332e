//! What the decoder makes of the standard's examples, of an encoder that takes every liberty, and
//! of hostile blocks.

use proptest::prelude::*;

use super::test_encoder::{Choice, Encoder, choice, integer};
use super::{Decoded, Decoder, INITIAL_CAPACITY, Malformed};
use crate::wire::field_block::FieldBlock;

const LIMIT: usize = 256 * 1024;
const TABLE_LIMIT: usize = 1024 * 1024;

/// A field, and whether it shall never be indexed.
type Field = (Vec<u8>, Vec<u8>, bool);

fn decoder() -> Decoder {
    Decoder::new(LIMIT, TABLE_LIMIT)
}

fn read(block: &FieldBlock) -> Vec<Field> {
    block
        .fields()
        .map(|f| (f.name.to_vec(), f.value.to_vec(), f.never_indexed))
        .collect()
}

#[track_caller]
fn fields(decoder: &mut Decoder, block: &[u8]) -> Vec<Field> {
    match decoder.decode(block, INITIAL_CAPACITY) {
        Ok(Decoded::Fields(block)) => read(&block),
        other => panic!("{other:?}"),
    }
}

/// RFC 7541 appendix C.2: representations.
#[test]
fn the_examples_of_representations() {
    for (block, name, value, never_indexed) in [
        (
            "400a637573746f6d2d6b65790d637573746f6d2d686561646572",
            "custom-key",
            "custom-header",
            false,
        ),
        (
            "040c2f73616d706c652f70617468",
            ":path",
            "/sample/path",
            false,
        ),
        (
            "100870617373776f726406736563726574",
            "password",
            "secret",
            true,
        ),
        ("82", ":method", "GET", false),
    ] {
        let read = fields(&mut decoder(), &hex(block));
        assert_eq!(read, [(name.into(), value.into(), never_indexed)]);
    }
}

/// RFC 7541 appendix C.3 and, the same with the Huffman code, C.4.
#[test]
fn the_examples_of_requests() {
    let plain = [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
    ];
    let coded = [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    ];
    let expected = [
        ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n",
        ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n",
        ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n",
    ];
    for blocks in [plain, coded] {
        let mut decoder = decoder();
        for (block, expected) in blocks.iter().zip(expected) {
            assert_eq!(text(&fields(&mut decoder, &hex(block))), expected);
        }
    }
}

/// RFC 7541 appendix C.5 and, the same with the Huffman code, C.6: a table that evicts.
#[test]
fn the_examples_of_responses() {
    let plain = [
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
    ];
    let coded = [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ];
    let expected = [
        ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n",
        ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n",
        ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\ncontent-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n",
    ];
    for blocks in [plain, coded] {
        let mut decoder = decoder();
        assert_eq!(
            fields(&mut decoder, &hex("3fe101")),
            [],
            "a table of 256 bytes"
        );
        for (block, expected) in blocks.iter().zip(expected) {
            assert_eq!(text(&fields(&mut decoder, &hex(block))), expected);
        }
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap();
    let byte = |pair: &[u8]| u8::try_from(digit(&pair[0]) * 16 + digit(&pair[1])).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

fn text(fields: &[Field]) -> String {
    let line = |(name, value, _): &Field| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        format!("{}: {}\n", text(name), text(value))
    };
    fields.iter().map(line).collect()
}

#[test]
fn integers_are_bounded() {
    let mut decoder = decoder();
    let mut refused = |block: &[u8]| decoder.decode(block, usize::MAX).unwrap_err().0;
    let too_large = "a number in a field block that is too large";
    let truncated = "a field block that ends within a field";
    assert_eq!(refused(&[0xff, 0x80, 0x80, 0x80, 0x80, 0x80]), too_large);
    assert_eq!(refused(&[&[0xff][..], &[0xff; 40]].concat()), too_large);
    assert_eq!(refused(&[0xff, 0x80, 0x80, 0x80, 0x80]), truncated);
    assert_eq!(
        refused(&[0x40, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        truncated
    );
    assert_eq!(
        refused(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        "a compression index that nothing is at"
    );
    assert_eq!(refused(&[0x80]), "a compression index that nothing is at");
    assert_eq!(refused(&[0xbe]), "a compression index that nothing is at");
    assert_eq!(
        refused(&[0x7f, 0x00, 0x00]),
        "a compression index that nothing is at"
    );
}

#[test]
fn an_integer_with_leading_zeros_is_read() {
    let read = fields(&mut decoder(), &[0x1f, 0x80, 0x80, 0x00, 0x01, b'x']);
    assert_eq!(read, [(b"accept-charset".to_vec(), b"x".to_vec(), true)]);
}

#[test]
fn a_block_that_ends_early_is_refused_wherever_it_ends() {
    let mut block = Vec::new();
    let choice = Choice {
        refer: false,
        literal: 0,
        huffman: true,
    };
    Encoder::new().field(b"authorization", &[b'x'; 300], choice, &mut block);
    for end in 1..block.len() {
        assert!(decoder().decode(&block[..end], 4096).is_err(), "{end}");
    }
    assert!(decoder().decode(&block, 4096).is_ok());
}

#[test]
fn size_updates_stay_within_limits_and_before_fields() {
    let update = |capacity| {
        let mut out = Vec::new();
        integer(0x20, 5, capacity, &mut out);
        out
    };
    let decode = |capacity, announced| decoder().decode(&update(capacity), announced);
    assert!(decode(4096, 4096).is_ok());
    assert_eq!(
        decode(4097, 4096),
        Err(Malformed("a compression table larger than was announced"))
    );
    assert!(decode(TABLE_LIMIT, usize::MAX).is_ok());
    assert_eq!(
        decode(TABLE_LIMIT + 1, usize::MAX),
        Err(Malformed("a compression table larger than is followed"))
    );
    let behind = [&[0x82], &update(0)[..]].concat();
    assert_eq!(
        decoder().decode(&behind, 4096),
        Err(Malformed("a table size update behind a field"))
    );
    let thousands = update(0).repeat(60_000);
    assert!(decoder().decode(&thousands, 4096).is_ok());
}

#[test]
fn a_bomb_costs_no_memory_and_leaves_the_table_right() {
    let mut decoder = decoder();
    let entry = Choice {
        refer: false,
        literal: 0,
        huffman: false,
    };
    let mut encoder = Encoder::new();
    let mut block = Vec::new();
    encoder.field(b"bomb", &[b'x'; 4000], entry, &mut block);
    block.extend([0xbe; 60_000]);
    assert_eq!(decoder.decode(&block, 4096), Ok(Decoded::Oversized));
    assert!(decoder.memory() < 64 * 1024, "{}", decoder.memory());
    assert_eq!(
        fields(&mut decoder, &[0xbe]),
        [(b"bomb".to_vec(), vec![b'x'; 4000], false)]
    );
}

#[test]
fn names_copied_without_end_are_given_up() {
    let mut decoder = decoder();
    let entry = Choice {
        refer: false,
        literal: 0,
        huffman: false,
    };
    let mut encoder = Encoder::new();
    let mut block = Vec::new();
    encoder.resize(100_000, &mut block);
    encoder.field(&[b'n'; 90_000], b"", entry, &mut block);
    block.extend([0x7e, 0x00].repeat(60_000));
    assert_eq!(
        decoder.decode(&block, 100_000),
        Err(Malformed(
            "a field block that repeats long names without end"
        ))
    );
    assert!(decoder.memory() < 1024 * 1024, "{}", decoder.memory());
}

#[test]
fn memory_shrinks_with_the_table_and_after_large_literals() {
    let mut decoder = decoder();
    let mut encoder = Encoder::new();
    let mut block = Vec::new();
    encoder.resize(TABLE_LIMIT, &mut block);
    let mut announced = |block: &[u8]| decoder.decode(block, TABLE_LIMIT).map(|_| decoder.memory());
    for _ in 0..40_000 {
        block.extend([0x40, 0x00, 0x00]);
    }
    let full = announced(&block).unwrap();
    assert!((TABLE_LIMIT / 2..3 * TABLE_LIMIT).contains(&full), "{full}");
    let mut block = Vec::new();
    encoder.resize(0, &mut block);
    let choice = Choice {
        refer: false,
        literal: 1,
        huffman: true,
    };
    encoder.field(b"long", &[b'0'; 100_000], choice, &mut block);
    let empty = announced(&block).unwrap();
    assert!(empty < 32 * 1024, "{empty}");
}

#[test]
fn debug_shows_no_content() {
    let mut decoder = decoder();
    let mut block = Vec::new();
    let choice = Choice {
        refer: true,
        literal: 0,
        huffman: true,
    };
    Encoder::new().field(b"authorization", b"Bearer s3cret", choice, &mut block);
    fields(&mut decoder, &block);
    assert_eq!(format!("{decoder:?}"), "Decoder { limit: 262144, .. }");
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b":path".to_vec()),
        Just(b"cookie".to_vec()),
        Just(b"authorization".to_vec()),
        prop::collection::vec(b'a'..b'd', 0..3),
        prop::collection::vec(any::<u8>(), 0..20),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"/".to_vec()),
        prop::collection::vec(b'0'..b'3', 0..2),
        prop::collection::vec(any::<u8>(), 0..50),
    ]
}

proptest! {
    #[test]
    fn blocks_of_any_encoder_are_read(
        blocks in prop::collection::vec(
            (
                prop::collection::vec(0..600_usize, 0..3),
                prop::collection::vec((name(), value(), choice()), 0..8),
            ),
            1..12,
        ),
    ) {
        let mut encoder = Encoder::new();
        let mut decoder = decoder();
        for (sizes, sent) in blocks {
            let mut block = Vec::new();
            for size in sizes {
                encoder.resize(size, &mut block);
            }
            let mut expected = Vec::new();
            for (name, value, choice) in sent {
                let never_indexed = encoder.field(&name, &value, choice, &mut block);
                expected.push((name, value, never_indexed));
            }
            prop_assert_eq!(fields(&mut decoder, &block), expected);
        }
    }

    #[test]
    fn any_bytes_are_survived(
        blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..10),
    ) {
        let mut decoder = Decoder::new(1000, 8192);
        for block in blocks {
            if let Ok(Decoded::Fields(fields)) = decoder.decode(&block, 10_000) {
                prop_assert!(fields.size() <= 1000);
            }
            prop_assert!(decoder.memory() < 128 * 1024);
        }
    }
}
