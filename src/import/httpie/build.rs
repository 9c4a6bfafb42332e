//! Makes the request of a command, as HTTPie sends it over HTTP/1.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::arguments::{self, Arguments, Switch, refused};
use super::content::{self, Reader};
use super::headers::{Authorization, Sending, section};
use super::items::{self, Item};
use super::url::{self, Address, Reading};
use crate::import::shell::materials::Materials;
use crate::import::shell::script::{Command, Input};
use crate::import::shell::standin::StandIns;
use crate::import::shell::word::Word;
use crate::import::unresolved;
use crate::import::{ErrorKind, ImportError, ImportedRequest, Span};
use crate::model::{Content, FieldLine, FieldSection, HttpVersion, Provenance, Request, Url};

/// The most items of one command.
const MAX_ITEMS: usize = 2000;

/// The request of a command.
///
/// # Errors
/// When HTTPie refuses it: all that is wrong.
pub(super) fn request(
    command: Command,
    materials: &mut Materials<'_>,
) -> Result<ImportedRequest, Vec<ImportError>> {
    let span = command.span;
    let has_input = !matches!(command.input, Input::Empty);
    materials.begin(command.input);
    let mut names: Vec<String> = command
        .arguments
        .iter()
        .flat_map(|word| word.unresolved.clone())
        .collect();
    let stand_ins = StandIns::new(&names);
    let hidden = |word: &Word| word.with_bytes(stand_ins.hide(&word.bytes));
    let words = command.arguments.iter().map(hidden).collect();
    let mut problems = Vec::new();
    let arguments = arguments::read(words, &mut problems);
    let mut making = Making {
        span,
        program: command.program,
        arguments,
        materials,
        stand_ins: &stand_ins,
        names: &mut names,
        warnings: command.warnings,
        problems,
    };
    let made = making.request(has_input);
    if let Some(request) = made
        && making.problems.is_empty()
    {
        let mut warnings = making.warnings;
        warnings.append(&mut making.materials.warnings);
        return Ok(ImportedRequest {
            name: format!(
                "{} {}",
                request.method,
                String::from_utf8_lossy(&request.url.path)
            ),
            unresolved: unresolved::of(&request, names),
            request,
            warnings,
            span,
        });
    }
    Err(making.problems)
}

struct Making<'b, 'm> {
    span: Span,
    program: &'static str,
    arguments: Arguments,
    materials: &'b mut Materials<'m>,
    stand_ins: &'b StandIns,
    /// Of the variables that nothing defines.
    names: &'b mut Vec<String>,
    warnings: Vec<String>,
    problems: Vec<ImportError>,
}

impl Making<'_, '_> {
    fn request(&mut self, has_input: bool) -> Option<Request> {
        let plain = std::mem::take(&mut self.arguments.plain);
        let (method, url, rest) = split(&plain);
        let Some(url) = url else {
            // After an option that is not understood nobody knows which word is the URL.
            if self.problems.is_empty() {
                self.problem(self.span, ErrorKind::NoUrl);
            }
            return None;
        };
        let items = self.items(rest);
        let has_data = items.iter().any(|item| item.separator.is_data());
        let mut reader = Reader {
            kind: self.arguments.kind,
            materials: self.materials,
            stand_ins: self.stand_ins,
        };
        let sorted = reader.sort(&items, &mut self.problems);
        let given = self.given(has_input && !self.arguments.is(Switch::IgnoreStdin));
        let method = match method {
            Some(method) => method.text().to_uppercase(),
            None if has_data || given.is_some() => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        let address = self.address(url, &sorted.query);
        let authorization = self.authorization(address.as_ref());
        let content = match content::content(&self.arguments, sorted, given, self.stand_ins) {
            Ok(content) => content,
            Err(reason) => {
                self.problem(self.span, ErrorKind::Syntax(reason));
                return None;
            }
        };
        self.warn(content.is_compressed);
        let mut shown = address?.url;
        self.show(&mut shown);
        let host = shown.origin.authority();
        let length = content.bytes.len();
        let sending = Sending {
            method: &method,
            host: &host,
            length,
            chunked: self.arguments.is(Switch::Chunked) && length > 0,
            authorization,
        };
        let fields = section(
            &content.headers,
            &sending,
            content.is_compressed.then_some(length),
        );
        Some(Request {
            method: self.shown(method.as_bytes()),
            target: shown.path_and_query(),
            url: shown,
            version: HttpVersion::Http11,
            pseudo: FieldSection::default(),
            fields: self.shown_fields(&fields),
            content: Content::complete(content.bytes),
            trailers: FieldSection::new(Provenance::Import),
        })
    }

    fn problem(&mut self, span: Span, kind: ErrorKind) {
        self.problems.push(ImportError::new(span, kind));
    }

    fn items(&mut self, words: &[Word]) -> Vec<Item> {
        let mut read = Vec::new();
        for word in words {
            if read.len() >= MAX_ITEMS {
                self.problem(word.span, ErrorKind::TooMuch);
                break;
            }
            match items::read(word) {
                Some(item) => read.push(item),
                None => self.problem(word.span, ErrorKind::Syntax(NO_ITEM)),
            }
        }
        read
    }

    /// What `--raw` or standard input gives, and whether it is a file.
    fn given(&mut self, has_input: bool) -> Option<(Vec<u8>, bool)> {
        if let Some(raw) = self.arguments.raw.take() {
            if has_input {
                self.problem(self.span, ErrorKind::Syntax(TWO_INPUTS));
            }
            return Some((raw.bytes, false));
        }
        if !has_input {
            return None;
        }
        match self.materials.read(&Word::new("-", self.span)) {
            Ok(content) => {
                self.names.extend(content.unresolved);
                Some((content.bytes, true))
            }
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    fn address(&mut self, url: &Word, query: &[(String, String)]) -> Option<Address> {
        let default = self.arguments.default_scheme.as_ref().map(Word::text);
        let scheme = match self.program {
            "https" | "https.exe" => "https",
            _ => default.as_deref().unwrap_or("http"),
        };
        let reading = Reading {
            scheme,
            path_as_is: self.arguments.is(Switch::PathAsIs),
            query,
        };
        match url::read(&url.text(), &reading) {
            Ok(address) => {
                if !address.url.origin.host.is_ascii() {
                    let warning = "HTTPie writes the letters of the host beyond ASCII in Punycode";
                    self.warnings.push(warning.to_owned());
                }
                Some(address)
            }
            Err(reason) => {
                self.problem(url.span, ErrorKind::Url(reason));
                None
            }
        }
    }

    fn authorization(&mut self, address: Option<&Address>) -> Option<Authorization> {
        let Some(auth) = self.arguments.auth.clone() else {
            if let Some(kind) = &self.arguments.auth_type {
                let reason = "--auth is needed with it; .netrc is not read";
                let problem = refused(kind, "--auth-type", reason);
                self.problems.push(problem);
                return None;
            }
            let user = address?.user.as_ref()?;
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            return Some(basic(name, password));
        };
        let kind = self.arguments.auth_type.as_ref().map(Word::text);
        match kind.as_deref().unwrap_or("basic") {
            "basic" => {
                let (name, password) = credentials(&auth.text());
                if password.is_none() && !StandIns::are_in(&name) {
                    let warning = "HTTPie asks for the password of --auth; it is taken to be empty";
                    self.warnings.push(warning.to_owned());
                }
                let Some(password) = password else {
                    return Some(unfinished(&name));
                };
                Some(basic(&name, &password))
            }
            "bearer" => Some(Authorization::Bearer(format!("Bearer {}", auth.text()))),
            "digest" => {
                let warning = "HTTPie sends the credentials of Digest only after the server's \
                               challenge; this is its request without them";
                self.warnings.push(warning.to_owned());
                None
            }
            _ => {
                let warning = "the type of --auth-type is known to a plugin of HTTPie only: what it \
                               adds is left out";
                self.warnings.push(warning.to_owned());
                None
            }
        }
    }

    fn warn(&mut self, is_compressed: bool) {
        if self.arguments.is(Switch::Session) {
            let warning = "what the session holds is not known here: its headers, cookies and \
                           credentials are left out";
            self.warnings.push(warning.to_owned());
        }
        if is_compressed {
            let warning = "the content is compressed; HTTPie's bytes may differ, and mean the same";
            self.warnings.push(warning.to_owned());
        }
    }

    /// Puts the variables back that nothing defines.
    fn shown(&self, text: &[u8]) -> String {
        String::from_utf8_lossy(&self.stand_ins.show(text)).into_owned()
    }

    fn show(&self, url: &mut Url) {
        url.origin.host = self.shown(url.origin.host.as_bytes());
        url.path = self.stand_ins.show(&url.path);
        url.query = url.query.as_deref().map(|query| self.stand_ins.show(query));
    }

    fn shown_fields(&self, fields: &FieldSection) -> FieldSection {
        let show = |line: &FieldLine| {
            let name = self.stand_ins.show(line.name());
            FieldLine::from_wire(name, self.stand_ins.show(line.raw_value()))
        };
        let lines = fields.lines().iter().map(show).collect();
        FieldSection::from_lines(lines, Provenance::Import)
    }
}

const NO_ITEM: &str = "this is no item: it needs =, :=, ==, :, ; or @ between name and value";

const TWO_INPUTS: &str = "the content comes from --raw and from standard input";

/// Method, URL and items: one word is the URL, and letters before another are the method.
fn split(plain: &[Word]) -> (Option<&Word>, Option<&Word>, &[Word]) {
    match plain {
        [method, url, rest @ ..] if is_method(method, url) => (Some(method), Some(url), rest),
        [url, rest @ ..] => (None, Some(url), rest),
        [] => (None, None, &[]),
    }
}

fn is_method(word: &Word, next: &Word) -> bool {
    let is_letters = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_alphabetic);
    let is_variable = StandIns::starts(&word.text());
    is_letters(&word.bytes) || is_variable && next.text().contains("://")
}

/// User and password: the first colon counts, unless a backslash stands before it.
fn credentials(text: &str) -> (String, Option<String>) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(':')) {
        let at = from + at;
        let (user, password) = text.split_at(at);
        if !user.ends_with('\\') {
            let password = password.get(1..).unwrap_or_default();
            let plain = |text: &str| text.replace("\\:", ":");
            return (plain(user), Some(plain(password)));
        }
        from = at + 1;
    }
    (text.replace("\\:", ":"), None)
}

/// A variable that nothing defines stays readable: encoded, nobody could tell it from a password.
fn basic(user: &str, password: &str) -> Authorization {
    let pair = format!("{user}:{password}");
    let value = if StandIns::are_in(&pair) {
        pair
    } else {
        STANDARD.encode(pair)
    };
    Authorization::Basic(format!("Basic {value}"))
}

/// A variable may hold the password, too.
fn unfinished(user: &str) -> Authorization {
    if StandIns::are_in(user) {
        Authorization::Basic(format!("Basic {user}"))
    } else {
        basic(user, "")
    }
}
