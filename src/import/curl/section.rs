//! The header section that curl sends: its own fields and those of `-H`, in its order.

use super::operation::Operation;
use super::options::Role;
use super::url::Target;
use crate::import::shell::word::Word;
use crate::model::{FieldLine, FieldSection, Provenance, Scheme};

/// The curl that is imitated.
const USER_AGENT: &str = "curl/8.14.1";

/// The codings that a curl with all of its libraries asks for.
const CODINGS: &str = "deflate, gzip, br, zstd";

/// From how many bytes on curl asks first whether the server wants the content.
const EXPECT_ABOVE_BYTES: usize = 1024 * 1024;

/// The settings of HTTP/2 that curl offers in an upgrade from HTTP/1.1.
const HTTP2_SETTINGS: &str = "AAMAAABkAAQAoAAAAAIAAAAA";

/// The content of a request and where it came from.
#[derive(Debug)]
pub(super) enum Body {
    Absent,
    Data(Vec<u8>),
    Form {
        content: Vec<u8>,
        boundary: String,
        is_stream: bool,
    },
    Upload {
        content: Vec<u8>,
        is_stream: bool,
        /// What `--continue-at` leaves out before it.
        skipped: usize,
    },
}

impl Body {
    /// Whether curl cannot tell before how long it is.
    pub(super) fn is_stream(&self) -> bool {
        match self {
            Self::Upload { is_stream, .. } | Self::Form { is_stream, .. } => *is_stream,
            Self::Absent | Self::Data(_) => false,
        }
    }

    /// Standard input can be read once.
    pub(super) fn is_read(&mut self) {
        if let Self::Upload {
            content,
            is_stream: true,
            ..
        } = self
        {
            content.clear();
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Absent => &[],
            Self::Data(content) | Self::Form { content, .. } | Self::Upload { content, .. } => {
                content
            }
        }
    }
}

/// What the fields depend on.
pub(super) struct Sending<'a> {
    pub(super) operation: &'a Operation,
    pub(super) target: &'a Target,
    pub(super) body: &'a Body,
    /// The value of `Authorization` that curl makes.
    pub(super) authorization: Option<Vec<u8>>,
    /// The cookies of files.
    pub(super) jar: Vec<u8>,
    /// Whether the method is HEAD or GET by curl's own choice.
    pub(super) has_content: bool,
}

/// The header section.
pub(super) fn section(sending: &Sending<'_>) -> FieldSection {
    let mut writer = Writer {
        sending,
        given: given(sending.operation),
        lines: Vec::new(),
    };
    writer.host();
    if let Some(authorization) = &sending.authorization {
        writer.unless_given("Authorization", authorization);
    }
    writer.range();
    writer.client();
    writer.connection();
    writer.cookies();
    writer.time_condition();
    writer.custom();
    writer.content();
    FieldSection::from_lines(writer.lines, Provenance::Import)
}

/// Whether a form of this operation is `multipart/form-data`: unless `-H` says otherwise.
pub(super) fn is_form_data(operation: &Operation) -> bool {
    const FORM_DATA: &[u8] = b"multipart/form-data";
    let lines = given(operation);
    let is_type = |line: &&Given| line.name.eq_ignore_ascii_case(b"content-type");
    lines.iter().find(is_type).is_none_or(|line| {
        let value = line.raw_value.trim_ascii_start();
        let start = value.get(..FORM_DATA.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(FORM_DATA))
    })
}

/// The host that a line of `-H` names, in lower case and without its port.
pub(super) fn given_host(operation: &Operation) -> Option<String> {
    let lines = given(operation);
    let line = lines
        .iter()
        .find(|line| line.name.eq_ignore_ascii_case(b"host"))?;
    let value = String::from_utf8_lossy(line.raw_value.trim_ascii()).to_lowercase();
    let end = match value.find(']') {
        Some(end) if value.starts_with('[') => return Some(value.get(1..end)?.to_owned()),
        _ => value.find(':').unwrap_or(value.len()),
    };
    let name = value.get(..end)?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// A line of `-H` as curl understands it.
struct Given {
    name: Vec<u8>,
    raw_value: Vec<u8>,
    /// Whether it is sent; an empty value only takes curl's own field away.
    is_sent: bool,
}

/// The lines of `-H`, with those that `--json` adds.
fn given(operation: &Operation) -> Vec<Given> {
    let mut given: Vec<Given> = operation.lines.iter().filter_map(read).collect();
    let is_given = |given: &[Given], name: &str| {
        let name = name.as_bytes();
        given
            .iter()
            .any(|line| line.name.eq_ignore_ascii_case(name))
    };
    if operation.is(Role::Json) {
        for name in ["Content-Type", "Accept"] {
            if !is_given(&given, name) {
                given.push(Given {
                    name: name.as_bytes().to_vec(),
                    raw_value: b" application/json".to_vec(),
                    is_sent: true,
                });
            }
        }
    }
    given.extend(operation.etags.iter().filter_map(read));
    given
}

/// `Name: value` is sent as it stands, `Name:` removes, `Name;` sends an empty value.
fn read(line: &Word) -> Option<Given> {
    let line = &line.bytes;
    let position = |wanted: u8| line.iter().position(|byte| *byte == wanted);
    if let Some(at) = position(b':') {
        let (name, raw_value) = line.split_at(at);
        let raw_value = raw_value.get(1..)?;
        return (!name.is_empty()).then(|| Given {
            name: name.to_vec(),
            raw_value: raw_value.to_vec(),
            is_sent: raw_value.iter().any(|byte| !is_blank(*byte)),
        });
    }
    let at = position(b';')?;
    let (name, after) = line.split_at(at);
    (!name.is_empty() && after == b";").then(|| Given {
        name: name.to_vec(),
        raw_value: Vec::new(),
        is_sent: true,
    })
}

/// `7-`, of a number that may have zeros before it and other things after it.
fn from_number(text: &[u8]) -> Vec<u8> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let digits = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    let digits = match digits {
        // A variable that nothing defines, or what curl passes on as it stands.
        [] => text,
        digits => digits
            .iter()
            .position(|digit| *digit != b'0')
            .and_then(|at| digits.get(at..))
            .unwrap_or(b"0"),
    };
    if digits.starts_with(b"-") || !digits.first().is_some_and(u8::is_ascii_digit) {
        return digits.to_vec();
    }
    [digits, b"-"].concat()
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

struct Writer<'a> {
    sending: &'a Sending<'a>,
    given: Vec<Given>,
    lines: Vec<FieldLine>,
}

impl Writer<'_> {
    fn first_given(&self, name: &str) -> Option<&Given> {
        let name = name.as_bytes();
        self.given
            .iter()
            .find(|line| line.name.eq_ignore_ascii_case(name))
    }

    fn is_given(&self, name: &str) -> bool {
        self.first_given(name).is_some()
    }

    fn push(&mut self, name: &str, value: &[u8]) {
        self.lines.push(FieldLine::new(name, value));
    }

    fn unless_given(&mut self, name: &str, value: &[u8]) {
        if !self.is_given(name) {
            self.push(name, value);
        }
    }

    fn host(&mut self) {
        let host = self.sending.target.host();
        match self.first_given("Host") {
            None => self.push("Host", &host),
            // curl writes the name itself and takes the value as it stands.
            Some(given) if given.is_sent => {
                let line = FieldLine::from_wire("Host", given.raw_value.clone());
                self.lines.push(line);
            }
            Some(_) => {}
        }
    }

    fn range(&mut self) {
        let operation = self.sending.operation;
        let resume = operation
            .resume
            .as_ref()
            .filter(|from| from.bytes != b"-" && from.bytes != b"0");
        let (range, is_resumed) = match (&operation.range, resume) {
            (Some(range), _) if !range.bytes.contains(&b'-') => (from_number(&range.bytes), false),
            (Some(range), _) => (range.bytes.clone(), false),
            (None, Some(from)) => (from_number(&from.bytes), true),
            (None, None) => return,
        };
        if let Body::Upload {
            content, skipped, ..
        } = self.sending.body
            && is_resumed
        {
            let total = skipped + content.len();
            let value = format!("bytes {skipped}-{}/{total}", total.saturating_sub(1));
            self.unless_given("Content-Range", value.as_bytes());
        } else if !self.sending.has_content {
            self.unless_given("Range", &[b"bytes=".as_slice(), &range].concat());
        } else if !is_resumed && !matches!(self.sending.body, Body::Form { .. }) {
            let total = if self.is_stream() {
                "/-1".to_owned()
            } else {
                format!("/{}", self.sending.body.bytes().len())
            };
            let value = [b"bytes ".as_slice(), &range, total.as_bytes()].concat();
            self.unless_given("Content-Range", &value);
        }
    }

    fn client(&mut self) {
        let operation = self.sending.operation;
        match &operation.user_agent {
            None => self.unless_given("User-Agent", USER_AGENT.as_bytes()),
            Some(agent) if !agent.bytes.is_empty() => self.unless_given("User-Agent", &agent.bytes),
            Some(_) => {}
        }
        self.unless_given("Accept", b"*/*");
        if self.asks_transfer_coding() {
            let own = self.first_given("Connection").filter(|given| given.is_sent);
            let value = match own {
                Some(given) => [given.raw_value.trim_ascii(), b", TE"].concat(),
                None => b"TE".to_vec(),
            };
            self.push("Connection", &value);
            self.push("TE", b"gzip");
        }
        if operation.is(Role::Compressed) {
            self.unless_given("Accept-Encoding", CODINGS.as_bytes());
        }
        if let Some(referer) = &operation.referer {
            self.unless_given("Referer", &referer.bytes);
        }
    }

    fn asks_transfer_coding(&self) -> bool {
        self.sending.operation.is(Role::TransferCoding) && !self.is_given("TE")
    }

    fn connection(&mut self) {
        if self.is_stream() && !self.is_given("Transfer-Encoding") {
            self.push("Transfer-Encoding", b"chunked");
        }
        if self.offers_http2() {
            self.push("Connection", b"Upgrade, HTTP2-Settings");
            self.push("Upgrade", b"h2c");
            self.push("HTTP2-Settings", HTTP2_SETTINGS.as_bytes());
        }
    }

    /// Over TLS the version is agreed on in the handshake.
    fn offers_http2(&self) -> bool {
        const VERSIONS: &[Role] = &[Role::Http10, Role::Http11, Role::Http2];
        self.sending.operation.last_of(VERSIONS) == Some(Role::Http2)
            && self.sending.target.scheme() == Scheme::Http
    }

    fn is_stream(&self) -> bool {
        self.sending.body.is_stream() && !self.is_given("Content-Length")
    }

    fn is_chunked(&self) -> bool {
        let coding = self.first_given("Transfer-Encoding");
        let is_chunked = |given: &Given| {
            let value = given.raw_value.to_ascii_lowercase();
            memchr::memmem::find(&value, b"chunked").is_some()
        };
        self.is_stream() || coding.is_some_and(is_chunked)
    }

    fn cookies(&mut self) {
        let mut value = self.sending.jar.clone();
        if !self.is_given("Cookie") {
            let cookies = &self.sending.operation.cookies;
            let given: Vec<&[u8]> = cookies.iter().map(|word| word.bytes.as_slice()).collect();
            let given = given.join(&b';');
            if !value.is_empty() && !given.is_empty() {
                value.extend_from_slice(b"; ");
            }
            value.extend_from_slice(&given);
        }
        if !value.is_empty() {
            self.push("Cookie", &value);
        }
    }

    fn time_condition(&mut self) {
        if let Some((name, date)) = &self.sending.operation.time_condition {
            self.unless_given(name, date.as_bytes());
        }
    }

    /// What the user gave, but what was sent already or comes with the content.
    fn custom(&mut self) {
        let is_form = matches!(self.sending.body, Body::Form { .. });
        let merged = self.asks_transfer_coding();
        let host = self.lines.iter().any(|line| line.is("Host"));
        let lines = self.given.iter().filter(|given| {
            let is = |name: &str| given.name.eq_ignore_ascii_case(name.as_bytes());
            given.is_sent
                && !(host && is("Host"))
                && !(is_form && is("Content-Type"))
                && !(merged && is("Connection"))
        });
        let lines: Vec<FieldLine> = lines
            .map(|given| FieldLine::from_wire(given.name.clone(), given.raw_value.clone()))
            .collect();
        self.lines.extend(lines);
    }

    fn content(&mut self) {
        let body = self.sending.body;
        if matches!(body, Body::Absent) {
            return;
        }
        let length = body.bytes().len();
        if !self.is_chunked() {
            self.unless_given("Content-Length", length.to_string().as_bytes());
        }
        match body {
            Body::Data(_) => {
                self.unless_given("Content-Type", b"application/x-www-form-urlencoded");
            }
            Body::Form { boundary, .. } => {
                let given = self.first_given("Content-Type");
                let media_type = given.map_or(b"multipart/form-data".as_slice(), |given| {
                    given.raw_value.trim_ascii_start()
                });
                let boundary = format!("; boundary={boundary}");
                let value = [media_type, boundary.as_bytes()].concat();
                self.push("Content-Type", &value);
            }
            Body::Absent | Body::Upload { .. } => {}
        }
        let is_large = length > EXPECT_ABOVE_BYTES || self.is_stream();
        let is_http10 = self
            .sending
            .operation
            .last_of(&[Role::Http10, Role::Http11, Role::Http2])
            == Some(Role::Http10);
        if is_large && !is_http10 && !self.offers_http2() {
            self.unless_given("Expect", b"100-continue");
        }
    }
}
