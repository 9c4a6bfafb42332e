//! Content made readable: content codings undone, within bounds (RFC 9110 section 8.4).

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::model::{Content, FieldSection, Response};

/// The content of a response as text, codings undone; `None` when it cannot be read.
pub(crate) fn content_text(response: &Response) -> Option<String> {
    let bytes = decoded(&response.fields, &response.content)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Content with its codings undone, at most 64 KiB of it; `None` for a coding that is not known, or
/// data that does not decode.
pub fn decoded(fields: &FieldSection, content: &Content) -> Option<Vec<u8>> {
    let codings: Vec<String> = fields
        .all("content-encoding")
        .flat_map(|line| line.value().split(|b| *b == b','))
        .map(|coding| String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    if codings.len() > MOST_CODINGS {
        return None;
    }
    let mut bytes = content.bytes.clone();
    for coding in codings.iter().rev() {
        bytes = undo(coding, &bytes)?;
    }
    bytes.truncate(LIMIT);
    Some(bytes)
}

/// What is looked at of a body (`causes.md` 1.7).
const LIMIT: usize = 64 * 1024;

/// Nobody applies more; each costs a pass.
const MOST_CODINGS: usize = 3;

fn undo(coding: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match coding {
        "gzip" | "x-gzip" => read_some(MultiGzDecoder::new(bytes)),
        // "deflate" means zlib, and is sent raw often enough.
        "deflate" => {
            read_some(ZlibDecoder::new(bytes)).or_else(|| read_some(DeflateDecoder::new(bytes)))
        }
        "br" => read_some(brotli_decompressor::Decompressor::new(bytes, 4096)),
        _ => None,
    }
}

/// Reads up to the limit. What comes before a fault or the end of cut-off data counts.
fn read_some(decoder: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let result: io::Result<usize> = decoder.take(LIMIT as u64).read_to_end(&mut bytes);
    match result {
        Err(_) if bytes.is_empty() => None,
        Ok(_) | Err(_) => Some(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;
    use crate::model::{FieldLine, Provenance};

    fn with_coding(coding: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let line = FieldLine::new("Content-Encoding", coding);
        let fields = FieldSection::from_lines(vec![line], Provenance::Wire);
        decoded(&fields, &Content::complete(bytes))
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
        assert_eq!(with_coding("identity", b"why".to_vec()).unwrap(), b"why");
        assert_eq!(
            with_coding("gzip, gzip", gzip(&gzip(b"why"))).unwrap(),
            b"why"
        );
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_a_bomb_stays_small() {
        assert_eq!(with_coding("zstd", b"x".to_vec()), None);
        assert_eq!(with_coding("gzip", b"no gzip".to_vec()), None);
        let bomb = gzip(&vec![0; 10_000_000]);
        assert_eq!(with_coding("gzip", bomb).unwrap().len(), LIMIT);
        let mut cut = gzip(&[b'a'; 5000]);
        cut.truncate(cut.len() - 9);
        assert!(with_coding("gzip", cut).unwrap().starts_with(b"aaa"));
    }
}
