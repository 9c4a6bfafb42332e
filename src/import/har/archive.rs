//! The entries of an archive, one after the other.

use std::io::Read;

use serde_json::{Map, Value};

use super::scan::{Fault, Kept, Place, Scanner};
use crate::import::{ErrorKind, json_text};

/// What is known of an entry.
pub(super) struct Entry {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) place: Place,
    /// One past its last byte.
    pub(super) end: usize,
    pub(super) status: u64,
    /// The browser answered from its cache: nothing was sent.
    pub(super) from_cache: bool,
    /// The members of its request that matter here.
    pub(super) request: Map<String, Value>,
    /// The request's content, whose text need not be UTF-8.
    pub(super) content: Option<Kept>,
    /// What is wrong with it, if anything is.
    pub(super) fault: Option<Fault>,
}

impl Entry {
    fn new(number: usize, place: Place) -> Self {
        Self {
            number,
            place,
            end: place.offset,
            status: 0,
            from_cache: false,
            request: Map::new(),
            content: None,
            fault: None,
        }
    }
}

/// What an archive says of itself.
#[derive(Default)]
pub(super) struct Log {
    /// The name of the program that wrote it.
    pub(super) creator: String,
    /// How many entries there are.
    pub(super) entries: usize,
}

/// Who takes the entries, and what the archive has said of itself up to there.
type Take<'a> = &'a mut dyn FnMut(Entry, &Log) -> Result<(), Fault>;

/// Hands over each entry. What stands before a fault was handed over when it is met.
///
/// # Errors
/// Where the text stops being an archive, or `take` wants no more.
pub(super) fn entries<R: Read>(
    scanner: &mut Scanner<R>,
    log: &mut Log,
    take: Take<'_>,
) -> Result<(), Fault> {
    begin(scanner)?;
    let start = scanner.place();
    let (mut found, mut is_request) = (false, false);
    scanner.object(&mut |scanner, name| {
        is_request |= name == "method";
        match name {
            "log" if scanner.peek()? == Some(b'{') => {
                found |= log_object(scanner, log, take)?;
                Ok(())
            }
            _ => scanner.skip(),
        }
    })?;
    if !found {
        let reason = if is_request { ALONE } else { NO_HAR };
        return Err(start.fault(ErrorKind::Shape(reason)));
    }
    scanner.end()
}

/// Goes to the object that an archive is, or says what the text is instead.
fn begin<R: Read>(scanner: &mut Scanner<R>) -> Result<(), Fault> {
    let ahead = scanner.first(4)?;
    let is_marked = ahead.starts_with(b"\xef\xbb\xbf");
    let is_utf_16 = [b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{"]
        .iter()
        .any(|start| ahead.starts_with(*start));
    let is_compressed = [b"\x1f\x8b", b"\x78\x9c", b"\x78\xda", b"PK"]
        .iter()
        .any(|start| ahead.starts_with(*start));
    if is_marked {
        scanner.skip_mark(3);
    }
    let otherwise = match scanner.peek()? {
        Some(b'{') => return Ok(()),
        _ if is_utf_16 => UTF_16,
        _ if is_compressed => COMPRESSED,
        Some(byte) if byte.is_ascii_alphabetic() || byte == b'/' => SCRIPT,
        _ => NO_HAR,
    };
    Err(scanner.fault(ErrorKind::Shape(otherwise)))
}

/// Whether it has entries.
fn log_object<R: Read>(
    scanner: &mut Scanner<R>,
    log: &mut Log,
    take: Take<'_>,
) -> Result<bool, Fault> {
    let mut found = false;
    scanner.object(&mut |scanner, name| match (name, scanner.peek()?) {
        ("creator", _) => {
            let kept = scanner.keep(MAX_SMALL)?;
            let name = value(&kept).ok().and_then(|creator| {
                let name = creator.get("name")?.as_str()?;
                Some(name.to_owned())
            });
            log.creator = name.unwrap_or_default();
            Ok(())
        }
        ("entries", Some(b'[')) => {
            found = true;
            scanner.list(&mut |scanner| {
                log.entries += 1;
                let entry = entry(scanner, log.entries)?;
                take(entry, log)
            })
        }
        _ => scanner.skip(),
    })?;
    Ok(found)
}

fn entry<R: Read>(scanner: &mut Scanner<R>, number: usize) -> Result<Entry, Fault> {
    let next = scanner.peek()?;
    let mut entry = Entry::new(number, scanner.place());
    if next != Some(b'{') {
        scanner.skip()?;
        entry.fault = Some(entry.place.fault(ErrorKind::Shape(NO_ENTRY)));
        return Ok(entry);
    }
    scanner.object(&mut |scanner, name| match (name, scanner.peek()?) {
        ("request", Some(b'{')) => request(scanner, &mut entry),
        ("response", Some(b'{')) => response(scanner, &mut entry),
        ("_fromCache" | "_fetchType", Some(b'"')) => {
            let kept = scanner.keep(MAX_SMALL)?;
            let how = value(&kept).ok();
            let how = how.as_ref().and_then(Value::as_str).unwrap_or_default();
            // Chrome says `memory` or `disk`, Safari `Memory Cache` or `Disk Cache`.
            entry.from_cache |= matches!(how, "memory" | "disk" | "Memory Cache" | "Disk Cache");
            Ok(())
        }
        _ => scanner.skip(),
    })?;
    entry.end = scanner.place().offset;
    Ok(entry)
}

fn response<R: Read>(scanner: &mut Scanner<R>, entry: &mut Entry) -> Result<(), Fault> {
    scanner.object(&mut |scanner, name| match name {
        "status" => {
            let kept = scanner.keep(MAX_SMALL)?;
            let status = value(&kept).ok().and_then(|status| status.as_u64());
            entry.status = status.unwrap_or_default();
            Ok(())
        }
        _ => scanner.skip(),
    })
}

fn request<R: Read>(scanner: &mut Scanner<R>, entry: &mut Entry) -> Result<(), Fault> {
    scanner.object(&mut |scanner, name| match name {
        "method" | "url" | "httpVersion" | "headers" | "cookies" | "queryString" | "bodySize" => {
            let kept = scanner.keep(MAX_MEMBER)?;
            match value(&kept) {
                Ok(value) => {
                    entry.request.insert(name.to_owned(), value);
                }
                Err(fault) => entry.fault = Some(fault),
            }
            Ok(())
        }
        "postData" => {
            entry.content = Some(scanner.keep(MAX_CONTENT)?);
            Ok(())
        }
        _ => scanner.skip(),
    })
}

fn value(kept: &Kept) -> Result<Value, Fault> {
    read(kept, NO_ENTRY)
}

/// Reads what was kept; `otherwise` says what it should be when it is JSON of another shape.
pub(super) fn read<T: serde::de::DeserializeOwned>(
    kept: &Kept,
    otherwise: &'static str,
) -> Result<T, Fault> {
    let Some(text) = &kept.text else {
        return Err(kept.place.fault(ErrorKind::Shape(TOO_LONG)));
    };
    serde_json::from_slice(text).map_err(|error| {
        let at = json_text::offset(text, error.line(), error.column());
        let place = kept.place.past(text.get(..at).unwrap_or_default());
        place.fault(json_text::kind(&error, otherwise))
    })
}

/// The longest that a status, a name or a version is.
const MAX_SMALL: usize = 64 * 1024;

/// The longest URL, or list of header fields or cookies.
const MAX_MEMBER: usize = 4 * 1024 * 1024;

/// The longest content of a request, as it is written in JSON.
const MAX_CONTENT: usize = 24 * 1024 * 1024;

pub(super) const NO_HAR: &str = "this is no HAR file: it has no \"log\" with a list \"entries\"";
const NO_ENTRY: &str = "this is no entry of a HAR file: it needs a \"request\"";
const TOO_LONG: &str = "this value is larger than an import reads";
const ALONE: &str = "this is a single request, not a HAR file: an entry of \"log\" and \"entries\" \
                     holds one";
const UTF_16: &str = "this is UTF-16 text: save it as UTF-8";
const COMPRESSED: &str = "this is compressed: unpack it first";
const SCRIPT: &str = "this is no HAR file but text or a script; of JSONP, keep what stands between \
                      the parentheses";
