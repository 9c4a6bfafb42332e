//! The arguments of HTTPie: its options, and what else stands between them.

use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError};

/// What a command line asks for.
#[derive(Default)]
pub(super) struct Arguments {
    /// Method, URL and items, in order.
    pub(super) plain: Vec<Word>,
    pub(super) kind: Kind,
    pub(super) auth: Option<Word>,
    pub(super) auth_type: Option<Word>,
    pub(super) boundary: Option<Word>,
    switches: Vec<Switch>,
    pub(super) default_scheme: Option<Word>,
    pub(super) raw: Option<Word>,
}

/// An option without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    Chunked,
    Compress,
    Download,
    IgnoreStdin,
    Offline,
    PathAsIs,
    /// Takes a value, which does not matter.
    Session,
}

/// What the items are made into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// JSON if there is any data.
    #[default]
    Auto,
    /// `--json`
    Json,
    /// `--form`
    Form,
    /// `--multipart`
    Multipart,
}

/// An option: its name, its letter, whether it takes a value, what it does.
struct Known {
    name: &'static str,
    letter: char,
    takes_value: bool,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Auth,
    AuthType,
    Boundary,
    DefaultScheme,
    /// It is about the connection or the output.
    Ignored,
    Kind(Kind),
    Raw,
    /// HTTPie prints something and ends.
    SendsNothing,
    Switch(Switch),
}

/// Reads the words after the name of the program. Every problem is noted.
pub(super) fn read(words: Vec<Word>, problems: &mut Vec<ImportError>) -> Arguments {
    let mut arguments = Arguments::default();
    let mut words = words.into_iter();
    let mut options_end = false;
    while let Some(word) = words.next() {
        let result = match word.bytes.as_slice() {
            _ if options_end => {
                arguments.plain.push(word);
                Ok(())
            }
            b"--" => {
                options_end = true;
                Ok(())
            }
            [b'-', b'-', ..] => arguments.long(&word, &mut words),
            [b'-', _, ..] => arguments.short(&word, &mut words),
            _ => {
                arguments.plain.push(word);
                Ok(())
            }
        };
        problems.extend(result.err());
    }
    arguments
}

impl Arguments {
    /// How often a switch is given.
    pub(super) fn count(&self, switch: Switch) -> usize {
        self.switches
            .iter()
            .filter(|given| **given == switch)
            .count()
    }

    pub(super) fn is(&self, switch: Switch) -> bool {
        self.count(switch) > 0
    }

    /// `--name`, `--name value`, `--name=value`, `--no-name`; a name may be cut short.
    fn long(
        &mut self,
        word: &Word,
        words: &mut impl Iterator<Item = Word>,
    ) -> Result<(), ImportError> {
        let text = word.shown();
        let (name, glued) = match text.split_once('=') {
            Some((name, _)) => (name, word.bytes.get(name.len() + 1..)),
            None => (text.as_str(), None),
        };
        let name = name.trim_start_matches('-');
        let Some(known) = by_name(name) else {
            if let Some(undone) = name.strip_prefix("no-").and_then(by_name) {
                self.reset(undone.role);
                return Ok(());
            }
            return Err(unknown(word, format!("--{name}")));
        };
        if !known.takes_value {
            return self.switch(known, word);
        }
        let value = glued.map(|value| word.with_bytes(value));
        self.value(known, value.or_else(|| words.next()), word)
    }

    /// `-v`, `-fv`, `-a value`, `-avalue`, `-a=value`.
    fn short(
        &mut self,
        word: &Word,
        words: &mut impl Iterator<Item = Word>,
    ) -> Result<(), ImportError> {
        let mut letters = word.bytes.get(1..).unwrap_or_default();
        while let Some((letter, rest)) = letters.split_first() {
            let letter = char::from(*letter);
            let known = OPTIONS.iter().find(|known| known.letter == letter);
            let Some(known) = known.filter(|known| known.letter != ' ') else {
                return Err(unknown(word, format!("-{}", letter.escape_debug())));
            };
            if known.takes_value {
                let rest = rest.strip_prefix(b"=").unwrap_or(rest);
                let glued = (!rest.is_empty()).then(|| word.with_bytes(rest));
                return self.value(known, glued.or_else(|| words.next()), word);
            }
            self.switch(known, word)?;
            letters = rest;
        }
        Ok(())
    }

    fn switch(&mut self, known: &Known, word: &Word) -> Result<(), ImportError> {
        match known.role {
            Role::Kind(kind) => self.kind = kind,
            Role::Switch(switch) => self.switches.push(switch),
            Role::SendsNothing => {
                let kind = ErrorKind::name(SENDS_NOTHING, &format!("--{}", known.name));
                return Err(ImportError::new(word.span, kind));
            }
            Role::Auth
            | Role::AuthType
            | Role::Boundary
            | Role::DefaultScheme
            | Role::Ignored
            | Role::Raw => {}
        }
        Ok(())
    }

    fn value(
        &mut self,
        known: &Known,
        value: Option<Word>,
        word: &Word,
    ) -> Result<(), ImportError> {
        let Some(value) = value else {
            let kind = ErrorKind::MissingValue(format!("--{}", known.name));
            return Err(ImportError::new(word.span, kind));
        };
        match known.role {
            Role::Auth => self.auth = Some(value),
            Role::AuthType => self.auth_type = Some(value),
            Role::Boundary => self.boundary = Some(value),
            Role::DefaultScheme => self.default_scheme = Some(value),
            Role::Raw => self.raw = Some(value),
            Role::Switch(switch) => self.switches.push(switch),
            Role::Ignored | Role::Kind(_) | Role::SendsNothing => {}
        }
        Ok(())
    }

    /// `--no-name`: as if the option had not been given.
    fn reset(&mut self, role: Role) {
        match role {
            Role::Auth => self.auth = None,
            Role::AuthType => self.auth_type = None,
            Role::Boundary => self.boundary = None,
            Role::DefaultScheme => self.default_scheme = None,
            Role::Kind(_) => self.kind = Kind::Auto,
            Role::Raw => self.raw = None,
            Role::Switch(switch) => self.switches.retain(|given| *given != switch),
            Role::Ignored | Role::SendsNothing => {}
        }
    }
}

fn unknown(word: &Word, name: String) -> ImportError {
    let program = "HTTPie";
    ImportError::new(word.span, ErrorKind::NoOption { program, name })
}

const SENDS_NOTHING: &str = "with this option HTTPie sends no request";

/// An argument that HTTPie refuses.
pub(super) fn refused(word: &Word, option: &'static str, reason: &'static str) -> ImportError {
    ImportError::new(word.span, ErrorKind::Value { option, reason })
}

/// The option of that name, or the only one that starts like that.
fn by_name(name: &str) -> Option<&'static Known> {
    if let Some(known) = OPTIONS.iter().find(|known| known.name == name) {
        return Some(known);
    }
    let mut fitting = OPTIONS
        .iter()
        .filter(|known| !name.is_empty() && known.name.starts_with(name));
    fitting.next().filter(|_| fitting.next().is_none())
}

const fn switch(name: &'static str, letter: char, role: Role) -> Known {
    Known {
        name,
        letter,
        takes_value: false,
        role,
    }
}

const fn value(name: &'static str, letter: char, role: Role) -> Known {
    Known {
        name,
        letter,
        takes_value: true,
        role,
    }
}

const OPTIONS: &[Known] = &[
    switch("all", ' ', Role::Ignored),
    value("auth", 'a', Role::Auth),
    value("auth-type", 'A', Role::AuthType),
    switch("body", 'b', Role::Ignored),
    value("boundary", ' ', Role::Boundary),
    value("cert", ' ', Role::Ignored),
    value("cert-key", ' ', Role::Ignored),
    value("cert-key-pass", ' ', Role::Ignored),
    switch("check-status", ' ', Role::Ignored),
    switch("chunked", ' ', Role::Switch(Switch::Chunked)),
    value("ciphers", ' ', Role::Ignored),
    switch("compress", 'x', Role::Switch(Switch::Compress)),
    switch("continue", 'c', Role::Ignored),
    switch("debug", ' ', Role::Ignored),
    value("default-scheme", ' ', Role::DefaultScheme),
    switch("download", 'd', Role::Switch(Switch::Download)),
    switch("follow", 'F', Role::Ignored),
    switch("form", 'f', Role::Kind(Kind::Form)),
    value("format-options", ' ', Role::Ignored),
    switch("headers", 'h', Role::Ignored),
    switch("help", ' ', Role::SendsNothing),
    value("history-print", 'P', Role::Ignored),
    switch("ignore-netrc", ' ', Role::Ignored),
    switch("ignore-stdin", 'I', Role::Switch(Switch::IgnoreStdin)),
    switch("json", 'j', Role::Kind(Kind::Json)),
    switch("manual", ' ', Role::SendsNothing),
    value("max-headers", ' ', Role::Ignored),
    value("max-redirects", ' ', Role::Ignored),
    switch("meta", 'm', Role::Ignored),
    switch("multipart", ' ', Role::Kind(Kind::Multipart)),
    switch("offline", ' ', Role::Switch(Switch::Offline)),
    value("output", 'o', Role::Ignored),
    switch("path-as-is", ' ', Role::Switch(Switch::PathAsIs)),
    value("pretty", ' ', Role::Ignored),
    value("print", 'p', Role::Ignored),
    value("proxy", ' ', Role::Ignored),
    switch("quiet", 'q', Role::Ignored),
    value("raw", ' ', Role::Raw),
    value("response-charset", ' ', Role::Ignored),
    value("response-mime", ' ', Role::Ignored),
    value("session", ' ', Role::Switch(Switch::Session)),
    value("session-read-only", ' ', Role::Switch(Switch::Session)),
    switch("sorted", ' ', Role::Ignored),
    value("ssl", ' ', Role::Ignored),
    switch("stream", 'S', Role::Ignored),
    value("style", 's', Role::Ignored),
    value("timeout", ' ', Role::Ignored),
    switch("traceback", ' ', Role::Ignored),
    switch("unsorted", ' ', Role::Ignored),
    switch("verbose", 'v', Role::Ignored),
    value("verify", ' ', Role::Ignored),
    switch("version", ' ', Role::SendsNothing),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Span;

    fn arguments(text: &str) -> (Arguments, Vec<String>) {
        let words = text.split(' ').map(|word| Word::new(word, Span::default()));
        let mut problems = Vec::new();
        let arguments = read(words.collect(), &mut problems);
        (
            arguments,
            problems.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn options_are_read_in_every_form() {
        for text in [
            "-a u:p x",
            "-au:p x",
            "-a=u:p x",
            "--auth=u:p x",
            "x --auth u:p",
            "-fva u:p x",
        ] {
            let (read, problems) = arguments(text);
            assert_eq!(problems, [""; 0], "{text}");
            assert_eq!(
                read.auth.map(|auth| auth.text()).as_deref(),
                Some("u:p"),
                "{text}"
            );
            assert_eq!(read.plain.len(), 1, "{text}");
        }
        let (read, _) = arguments("--mult --no-multipart -xx --offl -- -a");
        assert_eq!(
            (
                read.kind,
                read.count(Switch::Compress),
                read.is(Switch::Offline)
            ),
            (Kind::Auto, 2, true)
        );
        assert_eq!(read.plain.len(), 1);
    }

    #[test]
    fn what_is_no_option_is_told() {
        assert_eq!(
            arguments("--wibble -Z").1,
            ["HTTPie has no option --wibble", "HTTPie has no option -Z"]
        );
        assert_eq!(arguments("--auth").1, ["--auth needs a value"]);
        assert_eq!(
            arguments("--version").1,
            ["with this option HTTPie sends no request: --version"]
        );
    }
}
