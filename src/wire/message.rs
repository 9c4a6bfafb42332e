//! Heads and trailers of either version, read into model values only when somebody asks.

use super::field_block::FieldBlock;
use super::head::{Head, RequestLine, StatusLine, trailer_section};
use crate::model::{
    Content, FieldLine, FieldSection, HttpVersion, Origin, Provenance, Request, Response, Url,
};

/// A message head as it passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageHead {
    /// HTTP/1: its bytes.
    Lines(Head),
    /// HTTP/2: its decoded fields, pseudo-header fields among them.
    Fields(FieldBlock),
}

impl From<Head> for MessageHead {
    fn from(head: Head) -> Self {
        Self::Lines(head)
    }
}

impl MessageHead {
    /// How many bytes it holds.
    pub fn size(&self) -> usize {
        match self {
            Self::Lines(head) => head.bytes().len(),
            Self::Fields(fields) => fields.size(),
        }
    }

    /// About the bytes that it takes up once its fields are taken apart.
    pub fn weight(&self) -> usize {
        match self {
            Self::Lines(head) => weight_of_lines(head.bytes()),
            Self::Fields(fields) => weight_of_fields(fields),
        }
    }

    /// The method of a request; empty if it has none.
    pub fn method(&self) -> &[u8] {
        match self {
            Self::Lines(head) => head
                .start_line()
                .split(|b| *b == b' ')
                .next()
                .unwrap_or_default(),
            Self::Fields(fields) => fields.first(b":method").unwrap_or_default(),
        }
    }

    /// The target of a request (HTTP/2: its path, or for CONNECT its authority); empty if it has none.
    pub fn target(&self) -> &[u8] {
        match self {
            Self::Lines(head) => {
                RequestLine::parse(head.start_line()).map_or(b"", |line| line.target)
            }
            Self::Fields(fields) => target(fields),
        }
    }

    /// The status of a response, if it has one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Lines(head) => StatusLine::parse(head.start_line()).map(|line| line.status),
            Self::Fields(fields) => status(fields),
        }
    }

    /// The value of the first field of that name, without parsing the rest.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        match self {
            Self::Lines(head) => head.field(name),
            Self::Fields(fields) => fields
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
                .map(|(_, value)| value.trim_ascii()),
        }
    }

    /// Where a request goes that names another origin than that of its connection.
    pub fn other_origin(&self, origin: &Origin) -> Option<Origin> {
        match self {
            Self::Lines(_) => None,
            Self::Fields(fields) => other_origin(fields, origin),
        }
    }

    /// The request; `origin` is where it went, should the head not say. Content is left empty. `None`
    /// when this is no head of a request.
    pub fn request(&self, origin: &Origin) -> Option<Request> {
        match self {
            Self::Lines(head) => head.request(origin),
            Self::Fields(fields) => request(fields, origin),
        }
    }

    /// The response; its content is left empty. `None` when this is no head of a response.
    pub fn response(&self) -> Option<Response> {
        match self {
            Self::Lines(head) => head.response(),
            Self::Fields(fields) => Some(Response {
                status: status(fields)?,
                reason: Vec::new(),
                version: HttpVersion::Http2,
                fields: section(fields, Part::Fields),
                content: Content::default(),
                trailers: FieldSection::default(),
            }),
        }
    }
}

/// What a field line costs besides its text: two vectors, and what the allocator rounds up.
pub const LINE_WEIGHT: usize = 112;

fn weight_of_lines(bytes: &[u8]) -> usize {
    bytes.len() + memchr::memchr_iter(b'\n', bytes).count() * LINE_WEIGHT
}

fn weight_of_fields(fields: &FieldBlock) -> usize {
    fields.size() + fields.fields().count() * LINE_WEIGHT
}

/// A trailer section as it passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trailers {
    /// HTTP/1: field lines, then an empty line.
    Lines(Box<[u8]>),
    /// HTTP/2: its decoded fields.
    Fields(FieldBlock),
}

impl Trailers {
    /// About the bytes that it takes up once its fields are taken apart.
    pub fn weight(&self) -> usize {
        match self {
            Self::Lines(bytes) => weight_of_lines(bytes),
            Self::Fields(fields) => weight_of_fields(fields),
        }
    }

    /// Its fields.
    pub fn section(&self) -> FieldSection {
        match self {
            Self::Lines(bytes) => trailer_section(bytes),
            Self::Fields(fields) => section(fields, Part::Fields),
        }
    }
}

/// A request by its pseudo-header fields (RFC 9113 section 8.3.1).
fn request(fields: &FieldBlock, origin: &Origin) -> Option<Request> {
    let method = fields.first(b":method")?;
    let target = target(fields);
    Some(Request {
        method: String::from_utf8(method.to_vec()).ok()?,
        target: target.to_vec(),
        url: url(fields, target, origin),
        version: HttpVersion::Http2,
        pseudo: section(fields, Part::Pseudo),
        fields: section(fields, Part::Fields),
        content: Content::default(),
        trailers: FieldSection::default(),
    })
}

fn target(fields: &FieldBlock) -> &[u8] {
    fields
        .first(b":path")
        .or_else(|| fields.first(b":authority"))
        .unwrap_or_default()
}

fn url(fields: &FieldBlock, target: &[u8], origin: &Origin) -> Url {
    let path: &[u8] = if target.starts_with(b"/") || target == b"*" {
        target
    } else {
        b"/"
    };
    let named = other_origin(fields, origin);
    Url::from_parts(named.unwrap_or_else(|| origin.clone()), path)
}

/// One connection may carry several origins (RFC 9113 section 9.1.1): the authority decides. The scheme
/// is that of the connection, whatever `:scheme` says.
fn other_origin(fields: &FieldBlock, origin: &Origin) -> Option<Origin> {
    let authority = fields.first(b":authority")?;
    if is_authority_of(authority, origin) {
        return None;
    }
    Origin::parse(origin.scheme, authority).ok()
}

/// Told without building anything: nearly every request names the origin of its connection.
fn is_authority_of(authority: &[u8], origin: &Origin) -> bool {
    let host = origin.host.as_bytes();
    let Some((name, rest)) = authority.split_at_checked(host.len()) else {
        return false;
    };
    rest.is_empty()
        && name.eq_ignore_ascii_case(host)
        && origin.port == origin.scheme.default_port()
}

fn status(fields: &FieldBlock) -> Option<u16> {
    std::str::from_utf8(fields.first(b":status")?)
        .ok()?
        .parse()
        .ok()
        .filter(|status| (100..=999).contains(status))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Pseudo,
    Fields,
}

fn section(fields: &FieldBlock, part: Part) -> FieldSection {
    let lines = fields
        .iter()
        .filter(|(name, _)| name.starts_with(b":") == (part == Part::Pseudo))
        .map(|(name, value)| FieldLine::new(name, value))
        .collect();
    FieldSection::from_lines(lines, Provenance::Wire)
}
