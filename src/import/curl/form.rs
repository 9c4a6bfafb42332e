//! `-F`: the parts of `multipart/form-data` as curl writes them (RFC 7578).

use super::materials::Materials;
use super::word::Word;
use crate::import::{ErrorKind, ImportError};

/// A part of a form.
#[derive(Debug, Default)]
pub(super) struct Part {
    name: Vec<u8>,
    files: Vec<Piece>,
    pub(super) unresolved: Vec<String>,
}

/// The content of a part, or of one of its files.
#[derive(Debug, Default)]
struct Piece {
    content: Vec<u8>,
    filename: Option<Vec<u8>>,
    content_type: Option<Vec<u8>>,
    encoder: Option<Vec<u8>>,
    lines: Vec<Vec<u8>>,
}

/// Reads a value of `-F`, or of `--form-string` if `literal`.
///
/// # Errors
/// When curl refuses it, a file cannot be read, or it is one of the nested forms.
pub(super) fn part(
    value: &Word,
    literal: bool,
    materials: &mut Materials<'_>,
    warnings: &mut Vec<String>,
) -> Result<Part, ImportError> {
    let refused = |reason| ImportError::new(value.span, ErrorKind::Form(reason));
    let at = value.bytes.iter().position(|byte| *byte == b'=');
    let at = at.ok_or_else(|| refused("a form field needs a = between name and content"))?;
    let (name, rest) = value.bytes.split_at(at);
    let rest = rest.get(1..).unwrap_or_default();
    let mut part = Part {
        name: name.to_vec(),
        files: Vec::new(),
        unresolved: value.unresolved.clone(),
    };
    if literal {
        let content = rest.to_vec();
        part.files.push(Piece {
            content,
            ..Piece::default()
        });
        return Ok(part);
    }
    if rest.starts_with(b"(") || (name.is_empty() && rest.starts_with(b")")) {
        return Err(refused("nested form parts are not supported"));
    }
    let mut scan = Scan {
        rest,
        end: if rest.starts_with(b"@") { b',' } else { 0 },
    };
    let kind = scan
        .rest
        .first()
        .copied()
        .filter(|b| matches!(b, b'@' | b'<'));
    if kind.is_some() {
        scan.rest = rest.get(1..).unwrap_or_default();
    }
    loop {
        let (data, mut piece) = scan.piece(materials, value, warnings)?;
        match kind {
            None => piece.content = data,
            Some(kind) => {
                let path = value.with_bytes(data);
                let read = materials.read(&path)?;
                piece.content = read.bytes;
                part.unresolved.extend(read.unresolved);
                piece.name_file(&path.bytes, kind == b'@');
            }
        }
        part.files.push(piece);
        if kind != Some(b'@') || !scan.next_file() {
            return Ok(part);
        }
    }
}

impl Piece {
    /// What curl derives from the path: the file's name and a type by its extension.
    fn name_file(&mut self, path: &[u8], is_file: bool) {
        if is_file && self.filename.is_none() {
            let name = path.rsplit(|byte| *byte == b'/').next();
            self.filename = Some(name.unwrap_or(path).to_vec());
        }
        if self.content_type.is_some() || path == b"-" {
            return;
        }
        let guess = self.filename.as_deref().and_then(guess_type);
        let guess = guess.or_else(|| guess_type(path));
        self.content_type = match guess {
            // Text is what a part without a type is.
            Some("text/plain") if !is_file => None,
            None if is_file => Some(b"application/octet-stream".to_vec()),
            guess => guess.map(|guess| guess.as_bytes().to_vec()),
        };
    }
}

/// Reads `content;type=...;filename=...` up to the end of one file.
struct Scan<'a> {
    rest: &'a [u8],
    /// What ends a file: a comma, or NUL, which never comes.
    end: u8,
}

impl<'a> Scan<'a> {
    fn next_file(&mut self) -> bool {
        let more = self.rest.strip_prefix(b",");
        self.rest = more.unwrap_or(self.rest);
        more.is_some()
    }

    fn piece(
        &mut self,
        materials: &mut Materials<'_>,
        at: &Word,
        warnings: &mut Vec<String>,
    ) -> Result<(Vec<u8>, Piece), ImportError> {
        let mut piece = Piece::default();
        let data = self.word();
        let mut in_type = false;
        while let Some(rest) = self.rest.strip_prefix(b";") {
            self.rest = rest;
            self.blanks();
            if !in_type && self.eat("type=") {
                self.blanks();
                let text = self.until_separator();
                let is_type = text
                    .iter()
                    .position(|b| *b == b'/')
                    .is_some_and(|at| at > 0);
                if !is_type || text.ends_with(b"/") {
                    let kind = ErrorKind::Form("the type of a form field is not a media type");
                    return Err(ImportError::new(at.span, kind));
                }
                piece.content_type = Some(text);
                in_type = true;
            } else if self.eat("filename=") {
                in_type = false;
                piece.filename = Some(self.word());
            } else if self.eat("encoder=") {
                in_type = false;
                piece.encoder = Some(self.word());
            } else if self.eat("headers=") {
                in_type = false;
                self.lines(&mut piece, materials, at)?;
            } else if in_type {
                let parameter = self.until_separator();
                if let Some(content_type) = &mut piece.content_type {
                    content_type.extend_from_slice(b";");
                    content_type.extend_from_slice(&parameter);
                }
            } else if !self.word().is_empty() {
                let sentence = "curl cuts the value of a form field at a `;`: quote it inside";
                warnings.push(sentence.to_owned());
            }
        }
        if piece.content_type.is_none() {
            let guess = piece.filename.as_deref().and_then(guess_type);
            piece.content_type = guess.map(|guess| guess.as_bytes().to_vec());
        }
        Ok((data, piece))
    }

    fn lines(
        &mut self,
        piece: &mut Piece,
        materials: &mut Materials<'_>,
        at: &Word,
    ) -> Result<(), ImportError> {
        if self.eat("@") || self.eat("<") {
            self.blanks();
            let path = at.with_bytes(self.word());
            let text = materials.read(&path)?;
            let lines = text.bytes.split(|byte| *byte == b'\n');
            let lines = lines.map(|line| line.trim_ascii().to_vec());
            piece
                .lines
                .extend(lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")));
        } else {
            self.blanks();
            piece.lines.push(self.word());
        }
        Ok(())
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn eat(&mut self, name: &str) -> bool {
        let comes = self
            .rest
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
        if comes {
            self.rest = self.rest.get(name.len()..).unwrap_or_default();
        }
        comes
    }

    fn until_separator(&mut self) -> Vec<u8> {
        let end = self.separator(0);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text.trim_ascii_end().to_vec()
    }

    fn separator(&self, from: usize) -> usize {
        let after = self.rest.get(from..).unwrap_or_default();
        let end = after
            .iter()
            .position(|byte| *byte == b';' || *byte == self.end);
        end.map_or(self.rest.len(), |end| from + end)
    }

    /// A word, which may be in double quotes with backslashes before `"` and `\`.
    fn word(&mut self) -> Vec<u8> {
        self.blanks();
        let Some((text, after)) = quoted(self.rest) else {
            return self.until_separator();
        };
        // What stands between the quote and the separator is dropped.
        let end = self.separator(after);
        self.rest = self.rest.get(end..).unwrap_or_default();
        text
    }
}

/// A string in double quotes and where it ends; `None` if it is not in quotes, or they do not end.
fn quoted(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let inside = bytes.strip_prefix(b"\"")?;
    let mut text = Vec::new();
    let mut units = inside.iter().enumerate();
    while let Some((at, byte)) = units.next() {
        match byte {
            b'"' => return Some((text, at + 2)),
            b'\\' => match inside.get(at + 1) {
                Some(escaped @ (b'"' | b'\\')) => {
                    text.push(*escaped);
                    units.next();
                }
                _ => text.push(b'\\'),
            },
            byte => text.push(*byte),
        }
    }
    None
}

/// The types that curl knows by extension.
fn guess_type(name: &[u8]) -> Option<&'static str> {
    const TYPES: &[(&str, &str)] = &[
        (".gif", "image/gif"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".png", "image/png"),
        (".svg", "image/svg+xml"),
        (".txt", "text/plain"),
        (".htm", "text/html"),
        (".html", "text/html"),
        (".pdf", "application/pdf"),
        (".xml", "application/xml"),
    ];
    let ends = |extension: &str| {
        let start = name.len().checked_sub(extension.len());
        let end = start.and_then(|start| name.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(extension.as_bytes()))
    };
    let known = TYPES.iter().find(|(extension, _)| ends(extension));
    known.map(|(_, media_type)| *media_type)
}

/// The content of a form and its boundary.
///
/// curl makes the boundary up; this one is drawn from the content, so that the same command gives
/// the same request.
pub(super) fn content(parts: &[Part], escape: bool) -> (Vec<u8>, String) {
    let boundary = boundary(parts);
    let mut content = Vec::new();
    for part in parts {
        push_delimiter(&mut content, &boundary, false);
        let mut disposition = b"Content-Disposition: form-data".to_vec();
        push_parameter(&mut disposition, "name", &part.name, escape);
        match part.files.as_slice() {
            [only] => push_piece(&mut content, only, disposition, escape),
            several => push_files(&mut content, several, &disposition, &boundary, escape),
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
    content.extend_from_slice(disposition);
    let line = format!("\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n\r\n");
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
    let own_type = piece.lines.iter().any(|line| {
        line.get(..13)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"content-type:"))
    });
    if let (Some(content_type), false) = (&piece.content_type, own_type) {
        lines.push([b"Content-Type: ".as_slice(), content_type].concat());
    }
    if let Some(encoder) = &piece.encoder {
        lines.push([b"Content-Transfer-Encoding: ".as_slice(), encoder].concat());
    }
    lines.extend(piece.lines.iter().cloned());
    for line in lines {
        content.extend_from_slice(&line);
        content.extend_from_slice(b"\r\n");
    }
    content.extend_from_slice(b"\r\n");
    content.extend_from_slice(&encoded(piece));
    content.extend_from_slice(b"\r\n");
}

fn encoded(piece: &Piece) -> Vec<u8> {
    use base64::Engine;
    match piece.encoder.as_deref() {
        Some(b"base64") => {
            let text = base64::engine::general_purpose::STANDARD.encode(&piece.content);
            // Lines of 76 characters (RFC 2045 section 6.8).
            let lines: Vec<&[u8]> = text.as_bytes().chunks(76).collect();
            lines.join(b"\r\n".as_slice())
        }
        _ => piece.content.clone(),
    }
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
