//! Reads the values of `-F`: a name, content or files, types and lines of their own.

use crate::import::shell::materials::Materials;
use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError};

/// A part of a form.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) name: Vec<u8>,
    pub(super) files: Vec<Piece>,
    pub(super) unresolved: Vec<String>,
}

/// The content of a part, or of one of its files.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) content: Vec<u8>,
    pub(super) filename: Option<Vec<u8>>,
    pub(super) content_type: Option<Vec<u8>>,
    pub(super) encoder: Option<Encoder>,
    /// Whether the last encoder is none that curl knows.
    has_wrong_encoder: bool,
    pub(super) lines: Vec<Vec<u8>>,
}

/// A `Content-Transfer-Encoding` (RFC 2045 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoder {
    Base64,
    Binary,
    EightBit,
    QuotedPrintable,
    SevenBit,
}

impl Encoder {
    const ALL: [Self; 5] = [
        Self::Base64,
        Self::Binary,
        Self::EightBit,
        Self::QuotedPrintable,
        Self::SevenBit,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Binary => "binary",
            Self::EightBit => "8bit",
            Self::QuotedPrintable => "quoted-printable",
            Self::SevenBit => "7bit",
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|encoder| encoder.name().as_bytes().eq_ignore_ascii_case(name))
    }
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
            None => {
                piece.content = data;
                let guess = piece.filename.as_deref().and_then(guess_type);
                let guess = guess.map(|guess| guess.as_bytes().to_vec());
                piece.content_type = piece.content_type.or(guess);
            }
            Some(kind) => {
                let path = value.with_bytes(data);
                let read = materials.read(&path)?;
                piece.content = read.bytes;
                part.unresolved.extend(read.unresolved);
                piece.name_file(&path.bytes, kind == b'@', warnings);
            }
        }
        piece.check_encoder().map_err(refused)?;
        part.files.push(piece);
        if kind != Some(b'@') || !scan.next_file() {
            return Ok(part);
        }
    }
}

impl Piece {
    /// Whether curl can encode the content.
    fn check_encoder(&self) -> Result<(), &'static str> {
        if self.has_wrong_encoder {
            return Err(
                "the encoder of a form field is none of base64, quoted-printable, 7bit, 8bit and \
                 binary",
            );
        }
        if self.encoder == Some(Encoder::SevenBit) && !self.content.is_ascii() {
            return Err("the encoder 7bit takes nothing but ASCII");
        }
        Ok(())
    }

    /// What curl derives from the path: the file's name and a type by its extension.
    fn name_file(&mut self, path: &[u8], is_file: bool, warnings: &mut Vec<String>) {
        if !is_file && self.filename.take().is_some() {
            warnings.push("curl ignores filename= after <: write @ before the file".to_owned());
        }
        if is_file && self.filename.is_none() {
            let name = path.rsplit(|byte| *byte == b'/').next();
            self.filename = Some(name.unwrap_or(path).to_vec());
        }
        if self.content_type.is_some() {
            return;
        }
        let is_input = path == b"-";
        let guess = self.filename.as_deref().and_then(guess_type);
        let guess = guess.or_else(|| guess_type(path).filter(|_| !is_input));
        self.content_type = match guess {
            // Text is what a part without a type is.
            Some("text/plain") if !is_file => None,
            None if is_file && !is_input => Some(b"application/octet-stream".to_vec()),
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
            self.rest = rest.trim_ascii_start();
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
                piece.encoder = Encoder::named(&self.word());
                piece.has_wrong_encoder = piece.encoder.is_none();
            } else if self.eat("headers=") {
                in_type = false;
                self.lines(&mut piece, materials, at)?;
            } else if in_type {
                let parameter = self.until_separator();
                let blanks = rest.len() - rest.trim_ascii_start().len();
                if let Some(content_type) = &mut piece.content_type {
                    content_type.extend_from_slice(b";");
                    content_type.extend_from_slice(rest.get(..blanks).unwrap_or_default());
                    content_type.extend_from_slice(&parameter);
                }
            } else if !self.word().is_empty() {
                let sentence = "curl cuts the value of a form field at a `;`: quote it inside";
                warnings.push(sentence.to_owned());
            }
        }
        piece.content_type = piece.content_type.or_else(|| own_type(&piece.lines));
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
            piece.lines.extend(unfolded(&text.bytes));
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

/// The lines of a file; one that starts with a blank goes on with the line before it.
fn unfolded(text: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let plain = text.split(|byte| *byte == b'\n');
    let plain = plain.map(<[u8]>::trim_ascii_end);
    for line in plain.filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
        match lines.last_mut() {
            Some(last) if matches!(line.first(), Some(b' ' | b'\t')) => last.extend(line),
            _ => lines.push(line.trim_ascii_start().to_vec()),
        }
    }
    lines
}

/// The type among the lines of a part; `type=` goes before it.
fn own_type(lines: &[Vec<u8>]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"content-type:";
    let value = |line: &Vec<u8>| {
        let start = line.get(..NAME.len())?;
        let value = line.get(NAME.len()..)?.trim_ascii().to_vec();
        start.eq_ignore_ascii_case(NAME).then_some(value)
    };
    lines.iter().find_map(value)
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
