//! The statements of a script: assignments, changes of objects, and the commands that send.

use std::collections::HashMap;

use super::value::{Lookup, MAX_UNRESOLVED, Reader, Value, size};
use crate::import::{ErrorKind, ImportError, Source, Span};

/// A command that sends a request.
pub(super) struct Command {
    pub(super) span: Span,
    /// Names in lower case, with where their values stand.
    pub(super) parameters: Vec<(String, (Value, Span))>,
    /// The cookies and the user agent of its session.
    pub(super) session: Session,
    pub(super) unresolved: Vec<String>,
}

/// What a `WebRequestSession` was given.
#[derive(Clone, Default)]
pub(super) struct Session {
    pub(super) user_agent: Option<String>,
    /// Name, value, path and domain of each.
    pub(super) cookies: Vec<Vec<String>>,
}

/// Reads statements from left to right.
pub(super) struct Script<'s> {
    reader: Reader<'s>,
    sessions: HashMap<String, Session>,
}

impl<'s> Script<'s> {
    pub(super) fn new(source: &Source<'s>, lookup: Lookup<'s>) -> Self {
        Self {
            reader: Reader::new(source.bytes(), source.span().start, lookup),
            sessions: HashMap::new(),
        }
    }

    /// Where the script is read on.
    pub(super) fn at(&self) -> Span {
        Span::new(self.reader.at(), self.reader.at())
    }

    /// Whether the values together grew larger than an import holds.
    pub(super) fn is_spent(&self) -> bool {
        self.reader.is_spent()
    }

    /// The next command, or what is wrong with it. Statements that are not understood are skipped:
    /// what they set stays unresolved.
    pub(super) fn next_command(&mut self) -> Option<Result<Command, ImportError>> {
        loop {
            self.reader.skip_lines();
            let before = self.reader.cursor.at();
            if self.reader.cursor.is_done() {
                return None;
            }
            if self.reader.is_spent() {
                let at = Span::new(self.reader.at(), self.reader.at());
                self.reader.cursor.seek(usize::MAX);
                return Some(Err(ImportError::new(at, ErrorKind::TooMuch)));
            }
            self.reader.unresolved.clear();
            if self.reader.cursor.peek() == Some(b'$') && self.assignment() {
                continue;
            }
            if let Some(start) = self.sends() {
                let command = self.command(start);
                if command.is_err() {
                    self.skip_statement();
                }
                return Some(command);
            }
            self.skip_statement();
            if self.reader.cursor.at() == before {
                self.reader.cursor.bump();
            }
        }
    }

    /// Goes on behind the name of a command that sends; where it starts.
    fn sends(&mut self) -> Option<usize> {
        self.reader.skip_blank();
        let start = self.reader.cursor.clone();
        let at = self.reader.at();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let word = self.reader.cursor.take_while(is_part);
        if COMMANDS
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
        {
            return Some(at);
        }
        self.reader.cursor = start;
        None
    }

    /// `$name = value`, `$name.Name = value`, `$name.Add(…)`, `$name["key"] = value`. `false`
    /// where a command follows the `=`, or nothing of this was read.
    fn assignment(&mut self) -> bool {
        let start = self.reader.cursor.clone();
        self.reader.cursor.bump();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let name = self.reader.cursor.take_while(is_part);
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let path = self
            .reader
            .cursor
            .take_while(|byte| is_part(byte) || byte == b'.');
        let path = String::from_utf8_lossy(path).to_ascii_lowercase();
        let is_read = match path.as_str() {
            "" if self.reader.cursor.eat(b"[") => self.set_row(&name),
            "" => self.set(&name),
            ".useragent" => self.set_user_agent(&name),
            ".cookies.add" => self.add_cookie(&name),
            ".add" | ".headers.add" => self.add_row(&name),
            _ => Some(false),
        };
        match is_read {
            Some(true) => true,
            Some(false) => {
                self.reader.cursor = start;
                self.skip_past_equals();
                false
            }
            None => {
                // A value that is not known: the name stays unresolved.
                self.reader.variables.remove(&name);
                self.reader.cursor = start;
                self.skip_past_equals();
                self.skip_statement();
                true
            }
        }
    }

    /// Before a command whose result is kept: `$r = irm …`.
    fn skip_past_equals(&mut self) {
        let start = self.reader.cursor.clone();
        self.reader
            .cursor
            .take_while(|byte| !b"=\n;\"'".contains(&byte));
        if !self.reader.cursor.eat(b"=") {
            self.reader.cursor = start;
        }
    }

    fn set(&mut self, name: &str) -> Option<bool> {
        if !self.reader.eat(b"=") {
            return Some(false);
        }
        self.reader.skip_lines();
        let before = self.reader.cursor.clone();
        if self.sends().is_some() {
            self.reader.cursor = before;
            self.reader.variables.remove(name);
            return Some(false);
        }
        let value = self.reader.sum(0).ok()?;
        // Behind a pipe or a call the value is another.
        self.reader.skip_blank();
        let ends = matches!(
            self.reader.cursor.peek(),
            None | Some(b'\n' | b'\r' | b';' | b'#')
        );
        if !ends {
            return None;
        }
        if value == Value::Object {
            self.sessions.insert(name.to_owned(), Session::default());
        }
        let unresolved = std::mem::take(&mut self.reader.unresolved);
        let known = (value, unresolved);
        self.reader.variables.insert(name.to_owned(), known);
        Some(true)
    }

    fn set_user_agent(&mut self, name: &str) -> Option<bool> {
        if !self.reader.eat(b"=") {
            return Some(false);
        }
        let value = self.reader.sum(0).ok()?.into_text();
        self.sessions.get_mut(name)?.user_agent = Some(value);
        Some(true)
    }

    fn add_cookie(&mut self, name: &str) -> Option<bool> {
        let Value::Cookie(cookie) = self.reader.value(0).ok()? else {
            return None;
        };
        let cookies = &mut self.sessions.get_mut(name)?.cookies;
        if cookies.len() < MAX_COOKIES {
            cookies.push(cookie);
        }
        Some(true)
    }

    /// `("name", "value")`
    fn add_row(&mut self, name: &str) -> Option<bool> {
        if !self.reader.eat(b"(") {
            return Some(false);
        }
        let key = self.reader.sum(0).ok()?.into_text();
        self.reader.eat(b",").then_some(())?;
        let value = self.reader.sum(0).ok()?;
        self.reader.eat(b")").then_some(())?;
        self.row(name, key, value)
    }

    /// `"name"] = "value"`
    fn set_row(&mut self, name: &str) -> Option<bool> {
        let key = self.reader.sum(0).ok()?.into_text();
        self.reader.eat(b"]").then_some(())?;
        self.reader.eat(b"=").then_some(())?;
        let value = self.reader.sum(0).ok()?;
        self.row(name, key, value)
    }

    fn row(&mut self, name: &str, key: String, value: Value) -> Option<bool> {
        let (table, unresolved) = self.reader.variables.get_mut(name)?;
        let Value::Table(rows) = table else {
            return None;
        };
        rows.push((key, value));
        unresolved.append(&mut self.reader.unresolved);
        unresolved.truncate(MAX_UNRESOLVED);
        Some(true)
    }

    fn command(&mut self, start: usize) -> Result<Command, ImportError> {
        let mut command = Command {
            span: Span::new(start, self.reader.at()),
            parameters: Vec::new(),
            session: Session::default(),
            unresolved: Vec::new(),
        };
        loop {
            self.reader.skip_blank();
            let at = self.reader.at();
            match self.reader.cursor.peek() {
                None | Some(b'\n' | b'\r' | b';' | b'|' | b')' | b'}' | b'#') => break,
                Some(b'-') => self.parameter(&mut command)?,
                Some(b'@')
                    if !matches!(self.reader.cursor.peek_at(1), Some(b'{' | b'"' | b'\'')) =>
                {
                    self.splat(&mut command)?;
                }
                Some(_) => {
                    let value = self.reader.value(0)?;
                    let span = Span::new(at, self.reader.at());
                    command.parameters.push(("uri".to_owned(), (value, span)));
                }
            }
            command.span.end = self.reader.at();
        }
        command.unresolved = std::mem::take(&mut self.reader.unresolved);
        Ok(command)
    }

    /// `-Name value`, `-Name:value`, or a switch.
    fn parameter(&mut self, command: &mut Command) -> Result<(), ImportError> {
        self.reader.cursor.bump();
        let at = self.reader.at();
        let word = self
            .reader
            .cursor
            .take_while(|byte| byte.is_ascii_alphanumeric());
        let name = full_name(&String::from_utf8_lossy(word).to_ascii_lowercase());
        if name.is_empty() {
            return Err(self.reader.problem("the name of a parameter is needed"));
        }
        if !is_known(&name) {
            let kind =
                ErrorKind::Shape("PowerShell has no parameter of this name here, or several");
            return Err(ImportError::new(Span::new(at, self.reader.at()), kind));
        }
        self.reader.cursor.eat(b":");
        self.reader.skip_blank();
        let is_switch = match self.reader.cursor.peek() {
            None | Some(b'\n' | b'\r' | b';' | b'|' | b')' | b'}') => true,
            Some(b'-') => self
                .reader
                .cursor
                .peek_at(1)
                .is_some_and(|b| b.is_ascii_alphabetic()),
            Some(_) => SWITCHES.contains(&name.as_str()),
        };
        if is_switch {
            let span = Span::new(at, self.reader.at());
            let value = Value::Text(String::new());
            command.parameters.push((name, (value, span)));
            return Ok(());
        }
        if name == "websession" {
            let rest = self.reader.cursor.rest();
            let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
            let session: Vec<u8> = rest.iter().skip(1).take_while(is_part).copied().collect();
            let session = String::from_utf8_lossy(&session).to_ascii_lowercase();
            if let Some(session) = self.sessions.get(&session) {
                command.session = session.clone();
                let cookies = command.session.cookies.iter().flatten();
                self.reader.spend(cookies.map(String::len).sum());
            }
        }
        let at = self.reader.at();
        let value = self.reader.value(0)?;
        let span = Span::new(at, self.reader.at());
        command.parameters.push((name, (value, span)));
        Ok(())
    }

    /// `@name`: a table of parameters.
    fn splat(&mut self, command: &mut Command) -> Result<(), ImportError> {
        let at = self.reader.at();
        let unknown = self
            .reader
            .problem("the text does not say which parameters these are");
        self.reader.cursor.bump();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let name = self.reader.cursor.take_while(is_part);
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let Some((value @ Value::Table(_), _)) = self.reader.variables.get(&name) else {
            return Err(unknown);
        };
        self.reader.spend(size(value));
        if self.reader.is_spent() {
            return Err(ImportError::new(unknown.span, ErrorKind::TooMuch));
        }
        let Some((Value::Table(rows), unresolved)) = self.reader.variables.get(&name).cloned()
        else {
            return Err(unknown);
        };
        unresolved
            .into_iter()
            .for_each(|name| self.reader.leave(name));
        let span = Span::new(at, self.reader.at());
        for (name, value) in rows {
            let name = full_name(&name.to_ascii_lowercase());
            command.parameters.push((name, (value, span)));
        }
        Ok(())
    }

    /// Goes on at the end of a statement. What stands in strings and brackets ends none.
    fn skip_statement(&mut self) {
        loop {
            self.reader.skip_blank();
            match self.reader.cursor.peek() {
                None | Some(b'\n' | b';') => return,
                Some(b'"' | b'\'') => {
                    if self.reader.string().is_err() {
                        self.reader.cursor.bump();
                    }
                }
                // A command inside others: `if (…) { irm … }`, `$x = (irm …).token`.
                Some(b'{' | b'(') => {
                    self.reader.cursor.bump();
                    return;
                }
                Some(_) => {
                    self.reader.cursor.bump();
                }
            }
        }
    }
}

fn is_known(name: &str) -> bool {
    [PARAMETERS, SWITCHES, ALIASES]
        .iter()
        .any(|names| names.contains(&name))
}

/// Parameters may be shortened.
fn full_name(name: &str) -> String {
    match name {
        "cm" => return "custommethod".to_owned(),
        "sv" => return "sessionvariable".to_owned(),
        known if is_known(known) => return known.to_owned(),
        _ => {}
    }
    let all = PARAMETERS.iter().chain(SWITCHES);
    let mut fitting = all.filter(|known| known.starts_with(name));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => (*only).to_owned(),
        _ => name.to_owned(),
    }
}

/// As many cookies as a browser keeps of one site.
const MAX_COOKIES: usize = 180;

const COMMANDS: &[&[u8]] = &[b"Invoke-WebRequest", b"Invoke-RestMethod", b"iwr", b"irm"];

/// Of PowerShell 7 and Windows PowerShell 5.1, with those that all commands have.
const PARAMETERS: &[&str] = &[
    "authentication",
    "body",
    "certificate",
    "certificatethumbprint",
    "connectiontimeoutseconds",
    "contenttype",
    "credential",
    "custommethod",
    "erroraction",
    "errorvariable",
    "form",
    "headers",
    "httpversion",
    "infile",
    "informationaction",
    "informationvariable",
    "maximumfollowrellink",
    "maximumredirection",
    "maximumretrycount",
    "method",
    "operationtimeoutseconds",
    "outbuffer",
    "outfile",
    "outvariable",
    "pipelinevariable",
    "progressaction",
    "proxy",
    "proxycredential",
    "responseheadersvariable",
    "retryintervalsec",
    "sessionvariable",
    "sslprotocol",
    "statuscodevariable",
    "timeoutsec",
    "token",
    "transferencoding",
    "unixsocket",
    "uri",
    "useragent",
    "warningaction",
    "warningvariable",
    "websession",
];

/// Those that take no value, so that what follows is the URL.
const SWITCHES: &[&str] = &[
    "allowinsecureredirect",
    "allowunencryptedauthentication",
    "debug",
    "disablekeepalive",
    "followrellink",
    "noproxy",
    "passthru",
    "preserveauthorizationonredirect",
    "preservehttpmethodonredirect",
    "proxyusedefaultcredentials",
    "resume",
    "skipcertificatecheck",
    "skipheadervalidation",
    "skiphttperrorcheck",
    "usebasicparsing",
    "usedefaultcredentials",
    "verbose",
];

/// Short names that are no beginnings; none of them shapes a request.
const ALIASES: &[&str] = &[
    "ea", "ev", "infa", "iv", "ml", "ob", "ov", "proga", "pv", "rhv", "wa", "wv",
];
