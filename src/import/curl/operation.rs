//! What a curl command asks for, option by option: one operation between two `--next`.

use super::data;
use super::date;
use super::form::{self, Part};
use super::options::{CurlOption, Role};
use crate::import::shell::materials::Materials;
use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError, Span};

/// The requests that share one set of options.
#[derive(Debug, Default)]
pub(super) struct Operation {
    pub(super) urls: Vec<Word>,
    /// The files of `-T`: the first goes to the first URL, and so on.
    pub(super) uploads: Vec<Word>,
    pub(super) method: Option<Word>,
    /// The lines of `--etag-compare`: curl adds one more before each request.
    pub(super) etags: Vec<Word>,
    etag: Option<Word>,
    /// The lines of `-H`, as given.
    pub(super) lines: Vec<Word>,
    /// `-b name=value`.
    pub(super) cookies: Vec<Word>,
    /// `-b file`.
    pub(super) cookie_files: Vec<Word>,
    /// `-u user:password`.
    pub(super) user: Option<Word>,
    pub(super) bearer: Option<Word>,
    /// The content of `-d` and its kin, put together.
    pub(super) data: Option<Word>,
    pub(super) parts: Vec<Part>,
    pub(super) query: Option<Word>,
    pub(super) user_agent: Option<Word>,
    pub(super) referer: Option<Word>,
    pub(super) range: Option<Word>,
    pub(super) resume: Option<Word>,
    /// The field of `--time-cond`: its name and a date.
    pub(super) time_condition: Option<(&'static str, String)>,
    /// Whether the value of `--aws-sigv4` names nobody.
    pub(super) blank_sigv4: Option<Span>,
    pub(super) target: Option<Word>,
    pub(super) default_scheme: Option<Word>,
    pub(super) netrc_file: Option<Word>,
    pub(super) warnings: Vec<String>,
    switches: Vec<Role>,
}

impl Operation {
    /// Whether that switch is on.
    pub(super) fn is(&self, role: Role) -> bool {
        self.switches.contains(&role)
    }

    /// Turns a switch on or off.
    pub(super) fn switch(&mut self, role: Role, on: bool) {
        self.switches.retain(|known| *known != role);
        if on {
            self.switches.push(role);
        }
    }

    /// The last of these switches that was turned on.
    pub(super) fn last_of(&self, roles: &[Role]) -> Option<Role> {
        let given = self.switches.iter().rev();
        given.copied().find(|role| roles.contains(role))
    }

    /// Takes an option with a value.
    ///
    /// # Errors
    /// When curl refuses the value, or a file that it names cannot be read.
    pub(super) fn value(
        &mut self,
        option: &'static CurlOption,
        value: Word,
        materials: &mut Materials<'_>,
    ) -> Result<(), ImportError> {
        match option.role {
            Role::Data | Role::DataBinary | Role::DataRaw | Role::DataUrlencode | Role::Json => {
                return self.data(option.role, &value, materials);
            }
            Role::Header => return self.header(value, materials),
            Role::Url => return self.url(value, materials),
            Role::UrlQuery => return self.url_query(&value, materials),
            Role::Form | Role::FormString => {
                let literal = option.role == Role::FormString;
                let part = form::part(&value, literal, materials, &mut self.warnings)?;
                self.parts.push(part);
            }
            Role::EtagCompare => return self.etag(&value, materials),
            Role::Cookie => self.cookie(value),
            Role::CookieJar => self.switch(Role::CookieJar, true),
            Role::Referer => self.referer(&value),
            Role::Upload => self.uploads.push(value),
            Role::Bearer => self.bearer = Some(not_blank(option, value)?),
            Role::Method => self.method = Some(one_word(not_blank(option, value)?)?),
            Role::Target => self.target = Some(not_blank(option, value)?),
            Role::DefaultScheme => self.default_scheme = Some(protocol(not_blank(option, value)?)?),
            Role::Range => self.range = Some(not_blank(option, value)?),
            Role::NetrcFile => self.netrc_file = Some(not_blank(option, value)?),
            Role::Resume => self.resume = Some(offset(value)?),
            Role::User => self.user = Some(value),
            Role::UserAgent => self.user_agent = Some(value),
            Role::Sigv4 => {
                self.blank_sigv4 = value.bytes.is_empty().then_some(value.span);
                self.switch(Role::Sigv4, true);
            }
            Role::TimeCondition => self.condition(&value),
            _ => {}
        }
        Ok(())
    }

    /// Adds what stands before another request.
    pub(super) fn before_request(&mut self) {
        self.etags.extend(self.etag.clone());
    }

    /// Where `--continue-at` goes on, if it names a place.
    pub(super) fn resumes_at(&self) -> Option<usize> {
        self.resume.as_ref()?.text().parse().ok()
    }

    /// A date with `-` or `=` before it for other fields, or a file whose date is not known here.
    fn condition(&mut self, value: &Word) {
        let text = value.text();
        let (name, date) = match text.split_at_checked(1) {
            Some(("-", date)) => ("If-Unmodified-Since", date),
            Some(("=", date)) => ("Last-Modified", date),
            Some(("+", date)) => ("If-Modified-Since", date),
            _ => ("If-Modified-Since", text.as_str()),
        };
        let date = date::seconds(date).and_then(date::http);
        if date.is_none() {
            self.warn("the condition of --time-cond is left out: it is no date");
        }
        self.time_condition = date.map(|date| (name, date));
    }

    /// Notes what the user must know, once.
    pub(super) fn warn(&mut self, sentence: &str) {
        if !self.warnings.iter().any(|known| known == sentence) {
            self.warnings.push(sentence.to_owned());
        }
    }

    fn data(
        &mut self,
        role: Role,
        value: &Word,
        materials: &mut Materials<'_>,
    ) -> Result<(), ImportError> {
        let more = data::value(role, value, materials)?;
        if role == Role::Json {
            self.switch(Role::Json, true);
        }
        let Some(data) = &mut self.data else {
            self.data = Some(more);
            return Ok(());
        };
        materials.charge(more.bytes.len(), value)?;
        if !data.bytes.is_empty() && role != Role::Json {
            data.bytes.push(b'&');
        }
        data.bytes.extend_from_slice(&more.bytes);
        data.unresolved.extend(more.unresolved);
        Ok(())
    }

    fn header(&mut self, value: Word, materials: &mut Materials<'_>) -> Result<(), ImportError> {
        let Some(path) = value.bytes.strip_prefix(b"@") else {
            self.lines.push(value);
            return Ok(());
        };
        let text = materials.read(&value.with_bytes(path))?;
        self.lines.extend(lines(&text));
        Ok(())
    }

    fn url(&mut self, value: Word, materials: &mut Materials<'_>) -> Result<(), ImportError> {
        if let Some(path) = value.bytes.strip_prefix(b"@") {
            let text = materials.read(&value.with_bytes(path))?;
            self.urls.extend(lines(&text));
            return Ok(());
        }
        if value.bytes.is_empty() {
            let kind = ErrorKind::BlankValue("--url".to_owned());
            return Err(ImportError::new(value.span, kind));
        }
        self.urls.push(value);
        Ok(())
    }

    fn url_query(
        &mut self,
        value: &Word,
        materials: &mut Materials<'_>,
    ) -> Result<(), ImportError> {
        let more = match value.bytes.strip_prefix(b"+") {
            Some(verbatim) => value.with_bytes(verbatim),
            None => data::value(Role::DataUrlencode, value, materials)?,
        };
        match &mut self.query {
            None => self.query = Some(more),
            Some(query) => {
                query.bytes.push(b'&');
                query.bytes.extend_from_slice(&more.bytes);
                query.unresolved.extend(more.unresolved);
            }
        }
        Ok(())
    }

    /// Without a `=` it names a file.
    fn cookie(&mut self, value: Word) {
        if value.bytes.contains(&b'=') {
            self.cookies.push(value);
        } else if value.unresolved.is_empty() {
            self.cookie_files.push(value);
        } else {
            // A variable that nothing defines: more likely a cookie than the name of a file.
            self.cookies.push(value);
        }
    }

    /// `;auto` asks for a field on redirects only.
    fn referer(&mut self, value: &Word) {
        let bytes = value.bytes.strip_suffix(b";auto").unwrap_or(&value.bytes);
        self.referer = (!bytes.is_empty()).then(|| value.with_bytes(bytes));
    }

    fn etag(&mut self, file: &Word, materials: &mut Materials<'_>) -> Result<(), ImportError> {
        let text = materials.read_if_there(file)?;
        let tag = text.and_then(|text| lines(&text).into_iter().next());
        let tag = tag.map_or(b"\"\"".to_vec(), |line| line.bytes);
        let line = [b"If-None-Match: ".as_slice(), &tag].concat();
        self.etag = Some(file.with_bytes(line));
        Ok(())
    }
}

fn not_blank(option: &CurlOption, value: Word) -> Result<Word, ImportError> {
    if value.bytes.is_empty() {
        let kind = ErrorKind::BlankValue(format!("--{}", option.name));
        return Err(ImportError::new(value.span, kind));
    }
    Ok(value)
}

/// The protocols that `--proto-default` knows.
const PROTOCOLS: &[&str] = &[
    "dict", "file", "ftp", "ftps", "gopher", "gophers", "http", "https", "imap", "imaps", "ldap",
    "ldaps", "mqtt", "pop3", "pop3s", "rtmp", "rtsp", "scp", "sftp", "smb", "smbs", "smtp",
    "smtps", "telnet", "tftp", "ws", "wss",
];

fn protocol(name: Word) -> Result<Word, ImportError> {
    let text = name.text().to_ascii_lowercase();
    if name.unresolved.is_empty() && !PROTOCOLS.contains(&text.as_str()) {
        let option = "--proto-default";
        let reason = "curl knows no protocol of this name";
        let kind = ErrorKind::Value { option, reason };
        return Err(ImportError::new(name.span, kind));
    }
    Ok(name)
}

/// A number of bytes, or `-` for as many as there are.
fn offset(value: Word) -> Result<Word, ImportError> {
    let is_number = !value.bytes.is_empty() && value.bytes.iter().all(u8::is_ascii_digit);
    if value.bytes != b"-" && value.unresolved.is_empty() && !is_number {
        let option = "--continue-at";
        let reason = "this is neither a number of bytes nor a -";
        let kind = ErrorKind::Value { option, reason };
        return Err(ImportError::new(value.span, kind));
    }
    Ok(value)
}

/// A method with a space in it would end the request line early: servers drop such a request.
fn one_word(method: Word) -> Result<Word, ImportError> {
    if method
        .bytes
        .iter()
        .any(|byte| *byte <= b' ' || *byte == 0x7f)
    {
        let option = "--request";
        let reason = "a method has no spaces";
        return Err(ImportError::new(
            method.span,
            ErrorKind::Value { option, reason },
        ));
    }
    Ok(method)
}

/// The lines of a file, without empty ones and comments.
fn lines(text: &Word) -> Vec<Word> {
    let lines = text.bytes.split(|byte| *byte == b'\n');
    lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(|line| text.with_bytes(line))
        .collect()
}
