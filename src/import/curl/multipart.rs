//! Writes the parts of a form as curl does: `multipart/form-data` (RFC 7578).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::form::{Encoder, Part, Piece};

/// How the parts of a form are written.
pub(super) struct Style {
    /// `--form-escape`: backslashes before quotes in names.
    pub(super) escape: bool,
    /// Whether the whole is `multipart/form-data`; a type that the user gave may be another.
    pub(super) is_form_data: bool,
}

/// The content of a form and its boundary.
///
/// curl makes the boundary up; this one is drawn from the content, so that the same command gives
/// the same request.
pub(super) fn content(parts: &[Part], style: &Style) -> (Vec<u8>, String) {
    let boundary = boundary(parts);
    let mut content = Vec::new();
    for part in parts {
        push_delimiter(&mut content, &boundary, false);
        let kind = if style.is_form_data {
            "form-data"
        } else {
            "attachment"
        };
        let mut disposition = format!("Content-Disposition: {kind}").into_bytes();
        if !part.name.is_empty() {
            push_parameter(&mut disposition, "name", &part.name, style.escape);
        }
        let has_filename = matches!(part.files.as_slice(), [only] if only.filename.is_some());
        if part.name.is_empty() && !has_filename && !style.is_form_data {
            // An attachment without a name needs no line to say so.
            disposition.clear();
        }
        match part.files.as_slice() {
            [only] => push_piece(&mut content, only, disposition, style.escape),
            several => push_files(&mut content, several, &disposition, &boundary, style.escape),
        }
    }
    push_delimiter(&mut content, &boundary, true);
    (content, boundary)
}

/// Several files of one name: a `multipart/mixed` inside (RFC 7578 section 4.3, deprecated).
fn push_files(
    content: &mut Vec<u8>,
    files: &[Piece],
    disposition: &[u8],
    outer: &str,
    escape: bool,
) {
    let boundary: String = outer.chars().rev().collect();
    let boundary = format!("{DASHES}{}", boundary.trim_end_matches('-'));
    if !disposition.is_empty() {
        content.extend_from_slice(disposition);
        content.extend_from_slice(b"\r\n");
    }
    let line = format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n");
    content.extend_from_slice(line.as_bytes());
    for file in files {
        push_delimiter(content, &boundary, false);
        push_piece(
            content,
            file,
            b"Content-Disposition: attachment".to_vec(),
            escape,
        );
    }
    push_delimiter(content, &boundary, true);
    content.extend_from_slice(b"\r\n");
}

fn push_piece(content: &mut Vec<u8>, piece: &Piece, mut disposition: Vec<u8>, escape: bool) {
    if let Some(filename) = &piece.filename {
        push_parameter(&mut disposition, "filename", filename, escape);
    }
    let mut lines = vec![disposition];
    lines.retain(|line| !line.is_empty());
    if let Some(content_type) = &piece.content_type {
        lines.push([b"Content-Type: ".as_slice(), content_type].concat());
    }
    if let Some(encoder) = &piece.encoder {
        lines.push(format!("Content-Transfer-Encoding: {}", encoder.name()).into_bytes());
    }
    let is_type = |line: &&Vec<u8>| {
        let start = line.get(..13);
        start.is_some_and(|start| start.eq_ignore_ascii_case(b"content-type:"))
    };
    lines.extend(piece.lines.iter().filter(|line| !is_type(line)).cloned());
    for line in lines {
        content.extend_from_slice(&line);
        content.extend_from_slice(b"\r\n");
    }
    content.extend_from_slice(b"\r\n");
    content.extend_from_slice(&encoded(piece));
    content.extend_from_slice(b"\r\n");
}

fn encoded(piece: &Piece) -> Vec<u8> {
    match piece.encoder {
        Some(Encoder::QuotedPrintable) => quoted_printable(&piece.content),
        Some(Encoder::Base64) => {
            let text = STANDARD.encode(&piece.content);
            // Lines of 76 characters (RFC 2045 section 6.8).
            let lines: Vec<&[u8]> = text.as_bytes().chunks(76).collect();
            lines.join(b"\r\n".as_slice())
        }
        _ => piece.content.clone(),
    }
}

/// RFC 2045 section 6.7; a line end of the content stays one.
fn quoted_printable(content: &[u8]) -> Vec<u8> {
    const MAX_LINE_BYTES: usize = 76;
    let mut encoded = Vec::with_capacity(content.len());
    let mut line_bytes = 0;
    let mut rest = content;
    while let Some((byte, after)) = rest.split_first() {
        let ends_line = after.is_empty() || after.starts_with(b"\r\n");
        if rest.starts_with(b"\r\n") {
            encoded.extend_from_slice(b"\r\n");
            line_bytes = 0;
            rest = rest.get(2..).unwrap_or_default();
            continue;
        }
        let is_plain = match byte {
            b' ' | b'\t' => !ends_line,
            byte => byte.is_ascii_graphic() && *byte != b'=',
        };
        let unit = if is_plain {
            vec![*byte]
        } else {
            format!("={byte:02X}").into_bytes()
        };
        // What ends a line needs no room for the `=` of a soft line end.
        let room = MAX_LINE_BYTES - usize::from(!ends_line);
        if line_bytes + unit.len() > room {
            encoded.extend_from_slice(b"=\r\n");
            line_bytes = 0;
        }
        line_bytes += unit.len();
        encoded.extend_from_slice(&unit);
        rest = after;
    }
    encoded
}

/// Whether curl cannot tell before how long the content is.
pub(super) fn has_unknown_length(parts: &[Part]) -> bool {
    let mut pieces = parts.iter().flat_map(|part| &part.files);
    pieces.any(|piece| piece.encoder == Some(Encoder::QuotedPrintable) && !piece.content.is_empty())
}

fn push_delimiter(content: &mut Vec<u8>, boundary: &str, last: bool) {
    let end = if last { "--" } else { "" };
    content.extend_from_slice(format!("--{boundary}{end}\r\n").as_bytes());
}

/// Escapes as browsers do (HTML, multipart/form-data encoding algorithm), or with backslashes.
fn push_parameter(line: &mut Vec<u8>, name: &str, value: &[u8], backslashes: bool) {
    line.extend_from_slice(format!("; {name}=\"").as_bytes());
    for byte in value {
        match byte {
            b'"' | b'\\' if backslashes => line.extend_from_slice(&[b'\\', *byte]),
            b'"' => line.extend_from_slice(b"%22"),
            b'\r' if !backslashes => line.extend_from_slice(b"%0D"),
            b'\n' if !backslashes => line.extend_from_slice(b"%0A"),
            byte => line.push(*byte),
        }
    }
    line.push(b'"');
}

/// What curl's boundaries start with.
const DASHES: &str = "------------------------";

/// 24 dashes and 22 letters and digits, as curl's boundaries are.
fn boundary(parts: &[Part]) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // FNV-1a: it only has to differ from what the content holds.
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |byte: u8| {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        state
    };
    for part in parts {
        let contents = part.files.iter().flat_map(|piece| &piece.content);
        for byte in part.name.iter().chain(contents) {
            mix(*byte);
        }
    }
    let mut text = DASHES.to_owned();
    for _ in 0..22 {
        let index = usize::try_from((mix(0) >> 32) % 62).unwrap_or(0);
        text.extend(LETTERS.get(index).map(|letter| char::from(*letter)));
    }
    text
}
