//! The content of a request, made of its items.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::arguments::{Arguments, Kind, Switch};
use super::headers::Headers;
use super::items::{Item, Separator};
use super::json::{self, Json};
use super::media_type;
use super::nested;
use super::url::{form_encoded, grouped};
use crate::import::shell::materials::Materials;
use crate::import::shell::standin::StandIns;
use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError};

/// What the items are made into.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) headers: Headers,
    pub(super) query: Vec<(String, String)>,
    members: Option<Json>,
    fields: Vec<(String, String)>,
    parts: Vec<(String, Part)>,
    files: usize,
    /// The content that an item `@file` names.
    file: Option<Vec<u8>>,
}

/// A part of a multipart form.
struct Part {
    file_name: Option<String>,
    content_type: Option<String>,
    content: Vec<u8>,
}

/// Reads what items name.
pub(super) struct Reader<'r, 'm> {
    pub(super) kind: Kind,
    pub(super) materials: &'r mut Materials<'m>,
    pub(super) stand_ins: &'r StandIns,
}

impl Reader<'_, '_> {
    /// Sorts items into headers, parameters and content; each problem is noted.
    pub(super) fn sort(&mut self, items: &[Item], problems: &mut Vec<ImportError>) -> Sorted {
        let mut sorted = Sorted::default();
        for item in items {
            problems.extend(self.item(item, &mut sorted).err());
        }
        sorted
    }

    fn is_form(&self) -> bool {
        matches!(self.kind, Kind::Form | Kind::Multipart)
    }

    fn item(&mut self, item: &Item, sorted: &mut Sorted) -> Result<(), ImportError> {
        let value = item.value.text();
        let key = item.key.as_str();
        match item.separator {
            Separator::Header => {
                let value = Some(value.as_str()).filter(|value| !value.is_empty());
                add_header(item, value, sorted)
            }
            Separator::EmptyHeader if value.is_empty() => add_header(item, Some(""), sorted),
            Separator::EmptyHeader => {
                Err(wrong(item, "nothing may follow the ; of an empty header"))
            }
            Separator::HeaderFile => {
                let text = self.text(item)?;
                add_header(item, Some(text.trim_end_matches('\n')), sorted)
            }
            Separator::Query => {
                sorted.query.push((key.to_owned(), value));
                Ok(())
            }
            Separator::QueryFile => {
                let text = self.text(item)?;
                let text = text.trim_end_matches('\n').to_owned();
                sorted.query.push((key.to_owned(), text));
                Ok(())
            }
            Separator::File if self.is_form() => self.upload(item, &value, sorted),
            Separator::File => self.whole_file(item, &value, sorted),
            Separator::Text => self.data(item, Json::Text(value), sorted),
            Separator::TextFile => {
                let text = self.text(item)?;
                self.data(item, Json::Text(text), sorted)
            }
            Separator::Json => {
                let value = read_json(item, &value)?;
                self.data(item, value, sorted)
            }
            Separator::JsonFile => {
                let text = self.text(item)?;
                let value = read_json(item, &text)?;
                self.data(item, value, sorted)
            }
        }
    }

    fn data(&mut self, item: &Item, value: Json, sorted: &mut Sorted) -> Result<(), ImportError> {
        if !self.is_form() {
            return nested::set(&mut sorted.members, &item.key, value)
                .map_err(|reason| wrong(item, reason));
        }
        let text = match value {
            Json::Text(text) | Json::Integer(text) | Json::Bare(text) => text,
            Json::Float(float) if float.is_finite() => json::float_text(float),
            Json::Bool(true) => "True".to_owned(),
            Json::Bool(false) => "False".to_owned(),
            Json::Float(_) | Json::Null | Json::List(_) | Json::Object(_) | Json::Fixed(_) => {
                return Err(wrong(item, "a form has no place for this JSON"));
            }
        };
        if matches!(item.separator, Separator::Text | Separator::TextFile) {
            let part = Part {
                file_name: None,
                content_type: None,
                content: text.clone().into_bytes(),
            };
            sorted.parts.push((item.key.clone(), part));
        }
        sorted.fields.push((item.key.clone(), text));
        Ok(())
    }

    fn upload(&mut self, item: &Item, value: &str, sorted: &mut Sorted) -> Result<(), ImportError> {
        let (path, kind) = path_and_type(value);
        let content = self.bytes(item, path)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let part = Part {
            file_name: Some(name.to_owned()),
            content_type: kind.or_else(|| media_type::guess(path)).map(str::to_owned),
            content,
        };
        sorted.parts.push((item.key.clone(), part));
        sorted.files += 1;
        Ok(())
    }

    fn whole_file(
        &mut self,
        item: &Item,
        value: &str,
        sorted: &mut Sorted,
    ) -> Result<(), ImportError> {
        if !item.key.is_empty() {
            return Err(wrong(
                item,
                "a field with a file needs --form or --multipart",
            ));
        }
        if sorted.file.is_some() {
            return Err(wrong(item, "the content comes from another file already"));
        }
        let (path, _) = path_and_type(value);
        sorted.file = Some(self.bytes(item, path)?);
        if let Some(kind) = media_type::guess(path)
            && !sorted.headers.has("Content-Type")
        {
            sorted.headers.set("Content-Type", kind);
        }
        Ok(())
    }

    fn text(&mut self, item: &Item) -> Result<String, ImportError> {
        let bytes = self.bytes(item, &item.value.text())?;
        String::from_utf8(bytes).map_err(|_utf8| wrong(item, "the file is not UTF-8 text"))
    }

    fn bytes(&mut self, item: &Item, path: &str) -> Result<Vec<u8>, ImportError> {
        let path = self.stand_ins.show(path.as_bytes());
        let path = match path.strip_prefix(b"~/") {
            Some(rest) => match (self.materials.surroundings.variable)("HOME") {
                Some(home) => [home.as_bytes(), b"/", rest].concat(),
                None => path,
            },
            None => path,
        };
        // HTTPie has no `-` for standard input here.
        let path = if path == b"-" { b"./-".to_vec() } else { path };
        self.materials
            .read(&Word::new(path, item.value.span))
            .map(|word| word.bytes)
    }
}

fn add_header(item: &Item, value: Option<&str>, sorted: &mut Sorted) -> Result<(), ImportError> {
    let is_name = |name: &str| {
        !name.starts_with(char::is_whitespace) && !name.contains(['\r', '\n']) && !name.is_empty()
    };
    if !is_name(&item.key) {
        return Err(wrong(item, "a header needs a name"));
    }
    if value.is_some_and(|value| value.trim().contains(['\r', '\n'])) {
        return Err(wrong(item, "a header value cannot have a line break"));
    }
    sorted.headers.add(&item.key, value);
    Ok(())
}

fn path_and_type(value: &str) -> (&str, Option<&str>) {
    let mut parts = value.split(";type=");
    let path = parts.next().unwrap_or_default();
    (path, parts.next().filter(|kind| !kind.is_empty()))
}

/// What a variable would make of the JSON is not known: it stays as it stands.
fn read_json(item: &Item, text: &str) -> Result<Json, ImportError> {
    match json::read(text) {
        Err(_reason) if StandIns::are_in(text) => Ok(Json::Bare(text.to_owned())),
        Err(reason) => Err(wrong(item, reason)),
        Ok(value) => Ok(value),
    }
}

fn wrong(item: &Item, reason: &'static str) -> ImportError {
    ImportError::new(item.value.span, ErrorKind::Syntax(reason))
}

/// Content, and what the headers say of it.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) headers: Headers,
    pub(super) is_compressed: bool,
}

/// The content, and the headers of the command line with those that HTTPie adds to them.
///
/// # Errors
/// When content comes from two places, or is to be sent in two ways.
pub(super) fn content(
    arguments: &Arguments,
    mut sorted: Sorted,
    given: Option<(Vec<u8>, bool)>,
    stand_ins: &StandIns,
) -> Result<Content, &'static str> {
    let is_form = matches!(arguments.kind, Kind::Form | Kind::Multipart);
    let has_fields = sorted.members.is_some() || !sorted.fields.is_empty();
    let sources = [
        sorted.file.is_some(),
        given.is_some(),
        has_fields || sorted.files > 0,
    ];
    if sources.iter().filter(|is_there| **is_there).count() > 1 {
        return Err("the content comes from two places: items, a file, --raw or standard input");
    }
    if arguments.is(Switch::Compress)
        && (arguments.is(Switch::Chunked) || arguments.kind == Kind::Multipart)
    {
        return Err("--compress goes with neither --chunked nor --multipart");
    }
    // A file counts as data even when it is empty; `--raw` does not.
    let has_data = has_fields
        || sorted.file.is_some()
        || given
            .as_ref()
            .is_some_and(|(bytes, is_file)| *is_file || !bytes.is_empty());
    let data = match (sorted.files, has_data) {
        (0, false) => Data::Absent,
        (0, true) => Data::Given,
        _ => Data::Files,
    };
    let mut headers = defaults(arguments.kind, data);
    if arguments.is(Switch::Download) && !arguments.is(Switch::Offline) {
        sorted.headers.set("Accept-Encoding", "identity");
    }
    headers = headers.updated(&sorted.headers);
    let bytes = if arguments.kind == Kind::Multipart || is_form && sorted.files > 0 {
        let boundary = arguments.boundary.as_ref().map(Word::text);
        let boundary = boundary.filter(|boundary| !boundary.is_empty());
        let boundary = boundary.unwrap_or_else(|| BOUNDARY.to_owned());
        let kind = multipart_type(sorted.headers.first("Content-Type"), &boundary);
        headers.set("Content-Type", &kind);
        multipart(&sorted.parts, &boundary)
    } else if let Some(bytes) = sorted.file.or(given.map(|(bytes, _)| bytes)) {
        bytes
    } else if is_form {
        form_encoded(&sorted.fields).into_bytes()
    } else {
        sorted
            .members
            .map(|members| json::write(&members))
            .unwrap_or_default()
            .into_bytes()
    };
    let bytes = stand_ins.show(&bytes);
    let packed = (arguments.is(Switch::Compress) && !bytes.is_empty()).then(|| deflated(&bytes));
    let packed =
        packed.filter(|packed| arguments.count(Switch::Compress) > 1 || packed.len() < bytes.len());
    Ok(Content {
        is_compressed: packed.is_some(),
        bytes: packed.unwrap_or(bytes),
        headers,
    })
}

/// What a request has for content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    Absent,
    Given,
    Files,
}

/// What HTTPie sends if the command line says nothing else.
fn defaults(kind: Kind, data: Data) -> Headers {
    let mut headers = Headers::default();
    headers.set("User-Agent", USER_AGENT);
    match kind {
        Kind::Auto if data == Data::Absent => {}
        Kind::Auto | Kind::Json => {
            headers.set("Accept", "application/json, */*;q=0.5");
            headers.set("Content-Type", "application/json");
        }
        Kind::Form | Kind::Multipart if data != Data::Files => {
            headers.set(
                "Content-Type",
                "application/x-www-form-urlencoded; charset=utf-8",
            );
        }
        Kind::Form | Kind::Multipart => {}
    }
    headers
}

/// The version that the samples of this importer were recorded with.
const USER_AGENT: &str = "HTTPie/3.2.4";

/// HTTPie makes up the digits anew for each request.
const BOUNDARY: &str = "00000000000000000000000000000000";

fn multipart_type(given: Option<&str>, boundary: &str) -> String {
    match given.map(str::trim).filter(|given| !given.is_empty()) {
        Some(given) if given.contains("boundary=") => given.to_owned(),
        Some(given) => format!("{given}; boundary={boundary}"),
        None => format!("multipart/form-data; boundary={boundary}"),
    }
}

fn multipart(parts: &[(String, Part)], boundary: &str) -> Vec<u8> {
    let mut content = format!("--{boundary}\r\n").into_bytes();
    let rows = grouped(parts, |(name, _)| name);
    for (at, (name, part)) in rows.iter().enumerate() {
        if at > 0 {
            content.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        }
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", escaped(name));
        if let Some(file) = &part.file_name {
            head.extend(["; filename=\"", &escaped(file), "\""]);
        }
        head.push_str("\r\n");
        if let Some(kind) = &part.content_type {
            head.extend(["Content-Type: ", kind, "\r\n"]);
        }
        head.push_str("\r\n");
        content.extend_from_slice(head.as_bytes());
        content.extend_from_slice(&part.content);
        content.extend_from_slice(b"\r\n");
    }
    if rows.is_empty() {
        content.clear();
    }
    content.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    content
}

fn escaped(name: &str) -> String {
    name.replace('\n', "%0A")
        .replace('\r', "%0D")
        .replace('"', "%22")
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec cannot fail.
    encoder.write_all(bytes).unwrap_or_default();
    encoder.finish().unwrap_or_default()
}
