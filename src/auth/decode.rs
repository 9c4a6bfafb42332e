//! Content made readable: content codings undone, within bounds (RFC 9110 section 8.4).

use std::borrow::Cow;
use std::io::Read;

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use crate::model::{Content, FieldSection};

/// Content without its codings.
#[derive(Clone, PartialEq, Eq)]
pub struct Readable {
    /// The first bytes, at most 64 KiB.
    pub bytes: Vec<u8>,
    /// Whether these are all bytes that were sent.
    pub whole: bool,
}

impl std::fmt::Debug for Readable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Readable({} bytes)", self.bytes.len())
    }
}

/// Undoes the codings of content; `None` for a coding that is not known, or data that does not
/// decode.
pub fn readable(fields: &FieldSection, content: &Content) -> Option<Readable> {
    let codings: Vec<String> = fields
        .all("content-encoding")
        .flat_map(|line| line.value().split(|b| *b == b','))
        .map(|coding| String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .take(MOST_CODINGS + 1)
        .collect();
    if codings.len() > MOST_CODINGS {
        return None;
    }
    let mut bytes = Cow::Borrowed(content.bytes.as_slice());
    let mut whole = content.is_whole();
    for coding in codings.iter().rev() {
        let undone = undo(coding, &bytes)?;
        whole &= undone.whole;
        bytes = Cow::Owned(undone.bytes);
    }
    let kept = bytes.get(..LIMIT).unwrap_or(&bytes);
    Some(Readable {
        whole: whole && kept.len() == bytes.len(),
        bytes: kept.to_vec(),
    })
}

/// What is looked at of a body: what the server says about the failure stands near its start.
const LIMIT: usize = 64 * 1024;

/// Nobody applies more; each costs a pass.
const MOST_CODINGS: usize = 3;

/// How much larger decoded bytes may be than coded ones, above a floor: text that people read comes
/// nowhere near it.
const MOST_GROWTH: usize = 200;
const GROWTH_FLOOR: usize = 4 * 1024;

fn undo(coding: &str, bytes: &[u8]) -> Option<Readable> {
    let limit = bytes
        .len()
        .saturating_mul(MOST_GROWTH)
        .clamp(GROWTH_FLOOR, LIMIT);
    match coding {
        "gzip" | "x-gzip" => read_some(MultiGzDecoder::new(bytes), limit),
        // "deflate" means zlib, and is sent raw often enough.
        "deflate" => read_some(ZlibDecoder::new(bytes), limit)
            .or_else(|| read_some(DeflateDecoder::new(bytes), limit)),
        "br" => read_some(brotli(bytes)?, limit),
        "zstd" => read_some(zstd(bytes)?, limit),
        _ => None,
    }
}

/// Windows beyond those of RFC 7932 are no part of the coding, and would ask for up to 1 GiB.
fn brotli(bytes: &[u8]) -> Option<Decompressor<&[u8]>> {
    let mut decoder = Decompressor::new(bytes, 4096);
    decoder
        .set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0)
        .then_some(decoder)
}

/// Larger windows are no part of the coding (RFC 9659 section 3).
fn zstd(bytes: &[u8]) -> Option<StreamingDecoder<&[u8], FrameDecoder>> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(8 << 20);
    StreamingDecoder::new_with_decoder(bytes, decoder).ok()
}

/// Reads up to the limit. What comes before a fault or the end of cut-off data counts.
fn read_some(decoder: impl Read, limit: usize) -> Option<Readable> {
    let mut bytes = Vec::new();
    // One byte more than may be kept tells a body that ends at the limit from one that goes on.
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut bytes);
    let whole = read.is_ok() && bytes.len() <= limit;
    bytes.truncate(limit);
    (whole || !bytes.is_empty()).then_some(Readable { bytes, whole })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;
    use crate::model::{FieldLine, Provenance};

    fn with_coding(coding: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
        readable_with(coding, bytes).map(|readable| readable.bytes)
    }

    fn readable_with(coding: &str, bytes: Vec<u8>) -> Option<Readable> {
        let line = FieldLine::new("Content-Encoding", coding);
        let fields = FieldSection::from_lines(vec![line], Provenance::Wire);
        readable(&fields, &Content::complete(bytes))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_common_coding_is_undone() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"why").unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(b"why").unwrap();
        assert_eq!(with_coding("gzip", gzip(b"why")).unwrap(), b"why");
        assert_eq!(
            with_coding("deflate", zlib.finish().unwrap()).unwrap(),
            b"why"
        );
        assert_eq!(
            with_coding("DEFLATE", raw.finish().unwrap()).unwrap(),
            b"why"
        );
        assert_eq!(
            with_coding("br", b"\x0b\x01\x80why\x03".to_vec()).unwrap(),
            b"why"
        );
        // As the zstd program writes it, with its checksum.
        let zstd =
            b"\x28\xb5\x2f\xfd\x04\x58\x6d\x00\x00\x38why401 \x01\x00\x0a\x8b\x11\xc6\x76\x13\xa8";
        assert_eq!(
            with_coding("zstd", zstd.to_vec()).unwrap(),
            b"why401 why401 why401 why401 why401"
        );
        assert_eq!(with_coding("identity", b"why".to_vec()).unwrap(), b"why");
        assert_eq!(
            with_coding("gzip, gzip", gzip(&gzip(b"why"))).unwrap(),
            b"why"
        );
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        assert_eq!(with_coding("zstd", b"x".to_vec()), None);
        assert_eq!(with_coding("gzip", b"no gzip".to_vec()), None);
        assert_eq!(with_coding("br", vec![0xff; 40]), None);
        assert_eq!(with_coding("gzip, gzip, gzip, gzip", gzip(b"why")), None);
    }

    #[test]
    fn a_zstd_window_is_not_larger_than_may_be_asked_for() {
        // 16 MiB and 8 MiB, then a block of three bytes.
        let frame = |window| [b"\x28\xb5\x2f\xfd\x00", &[window][..], b"\x19\0\0why"].concat();
        assert_eq!(with_coding("zstd", frame(14 << 3)), None);
        assert_eq!(with_coding("zstd", frame(13 << 3)).unwrap(), b"why");
    }

    #[test]
    fn a_bomb_stays_small() {
        let bomb = gzip(&vec![0; 10_000_000]);
        let read = readable_with("gzip", bomb.clone()).unwrap();
        assert_eq!((read.bytes.len(), read.whole), (LIMIT, false));
        let read = readable_with("gzip, gzip", gzip(&bomb)).unwrap();
        assert!(read.bytes.len() <= LIMIT && !read.whole);
        let bomb = compress_to_vec(&vec![0; 10_000_000][..], CompressionLevel::Fastest);
        let read = readable_with("zstd", bomb).unwrap();
        assert!(read.bytes.len() <= LIMIT && !read.whole);
    }

    #[test]
    fn what_came_before_the_end_of_cut_off_data_counts() {
        let mut cut = gzip(&[b'a'; 3000]);
        cut.truncate(cut.len() - 9);
        let read = readable_with("gzip", cut).unwrap();
        assert!(read.bytes.starts_with(b"aaa") && !read.whole);
    }

    #[test]
    fn content_up_to_the_limit_is_whole_and_beyond_it_is_not() {
        let read = |length| readable_with("identity", vec![b'a'; length]).unwrap();
        assert_eq!((read(LIMIT).bytes.len(), read(LIMIT).whole), (LIMIT, true));
        let more = read(LIMIT + 1);
        assert_eq!((more.bytes.len(), more.whole), (LIMIT, false));
        let part = Content {
            length: 9,
            ..Content::complete("why")
        };
        assert!(!readable(&FieldSection::default(), &part).unwrap().whole);
    }

    proptest! {
        #[test]
        fn any_bytes_stay_within_the_limit(
            coding in "(gzip|deflate|br|identity|zstd)(, ?(gzip|deflate|br|zstd))?",
            bytes: Vec<u8>,
        ) {
            if let Some(read) = readable_with(&coding, bytes) {
                prop_assert!(read.bytes.len() <= LIMIT);
            }
        }
    }
}
