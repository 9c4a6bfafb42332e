//! What can be wrong with an import.

use thiserror::Error;

use super::{FileError, Position, Source, Span};

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct ImportError {
    /// Where, in bytes of the whole text.
    pub span: Span,
    /// What.
    pub kind: ErrorKind,
}

impl ImportError {
    /// A problem at that place.
    pub fn new(span: Span, kind: ErrorKind) -> Self {
        Self { span, kind }
    }

    /// The line and column where it starts.
    pub fn position(&self, source: &Source<'_>) -> Position {
        source.position(self.span.start)
    }
}

/// What is wrong. Texts name options and reasons, never values: those may be secrets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ErrorKind {
    /// An abbreviation that fits several options.
    #[error("the option {name} is ambiguous: {}", candidates.join(", "))]
    AmbiguousOption {
        /// As written.
        name: String,
        /// What it could be.
        candidates: Vec<String>,
    },
    /// An option that takes a value has an empty one.
    #[error("{0} has an empty value")]
    BlankValue(String),
    /// Two options ask for different methods.
    #[error("{first} and {second} exclude each other: curl sends one method")]
    Conflict {
        /// The option that came first.
        first: &'static str,
        /// The option that does not go with it.
        second: &'static str,
    },
    /// A configuration file that is nested too deep.
    #[error("configuration files are nested too deep")]
    ConfigDepth,
    /// Folders of a collection that are nested too deep.
    #[error("folders are nested too deep")]
    DeepFolders,
    /// An environment that cannot be used; its place is not in the text.
    #[error("the environment cannot be used: {reason}")]
    Environment {
        /// Its file, with line and column where they are known.
        place: String,
        /// Why not.
        reason: String,
    },
    /// A file that the command names cannot be read.
    #[error("cannot read {path}: {error}")]
    File {
        /// As the command names it.
        path: String,
        /// Why not.
        error: FileError,
    },
    /// A value of `-F` that curl refuses, or that is not supported here.
    #[error("{0}")]
    Form(&'static str),
    /// A pattern in a URL that curl cannot expand.
    #[error("{0}")]
    Glob(&'static str),
    /// A problem in a file that the text names.
    #[error("{kind}")]
    Inside {
        /// Its file, line and column.
        place: String,
        /// What is wrong there.
        kind: Box<Self>,
    },
    /// A request of a collection or an archive that cannot be sent.
    #[error("{name}: {reason}")]
    Item {
        /// Which.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// Text that is not JSON.
    #[error("this is not JSON: {0}")]
    Json(String),
    /// The text is larger than an import reads.
    #[error("the text is larger than {} MiB", limit_bytes / (1024 * 1024))]
    Large {
        /// The most that is read.
        limit_bytes: usize,
    },
    /// An option without its value.
    #[error("{0} needs a value")]
    MissingValue(String),
    /// There is no curl command.
    #[error("there is no curl command in this text")]
    NoCommand,
    /// There is no command of that program.
    #[error("there is no {0} command in this text")]
    NoCommandOf(&'static str),
    /// No request of a collection or an archive has that name or number.
    #[error("there is no request {wanted}; there is {}", named(known))]
    NoItem {
        /// As the user named it.
        wanted: String,
        /// Some that there are.
        known: Vec<String>,
    },
    /// No option of that program.
    #[error("{program} has no option {name}")]
    NoOption {
        /// Which program.
        program: &'static str,
        /// As written.
        name: String,
    },
    /// A command without a URL.
    #[error("no URL is given")]
    NoUrl,
    /// A name that the format does not allow. Names are no secrets.
    #[error("{reason}: {name}")]
    Name {
        /// Why not.
        reason: &'static str,
        /// As written.
        name: String,
    },
    /// `--no-` before an option that cannot be switched off.
    #[error("{0} cannot be switched off")]
    NotSwitch(String),
    /// A request for PowerShell.
    #[error("this is a PowerShell command, not curl")]
    PowerShell,
    /// The text cannot be read any further.
    #[error("the file cannot be read any further: {0}")]
    Read(String),
    /// Several requests have that name, or there are several and none is named.
    #[error("one request is needed, and there are several: {}", known.join(", "))]
    SeveralItems {
        /// How to name each.
        known: Vec<String>,
    },
    /// JSON of another shape than the format has.
    #[error("{0}")]
    Shape(&'static str),
    /// A command that sends no request.
    #[error("with {0} curl sends no request")]
    SendsNothing(String),
    /// Text that the format does not allow.
    #[error("{0}")]
    Syntax(&'static str),
    /// Patterns, variables or files that expand to more than an import holds.
    #[error("this expands to more than an import holds")]
    TooMuch,
    /// A here-document that does not end.
    #[error("the here-document does not end: there is no line {0}")]
    UnclosedHereDocument(String),
    /// A quote that does not end.
    #[error("the quote {0} is not closed")]
    UnclosedQuote(&'static str),
    /// A substitution that does not end.
    #[error("the substitution {0} is not closed")]
    UnclosedSubstitution(&'static str),
    /// No option of curl.
    #[error("curl has no option {name}{}", did_you_mean(*similar))]
    UnknownOption {
        /// As written.
        name: String,
        /// The nearest that there is.
        similar: Option<&'static str>,
    },
    /// A URL that curl refuses.
    #[error("{0}")]
    Url(&'static str),
    /// An argument that curl refuses.
    #[error("{option}: {reason}")]
    Value {
        /// The option.
        option: &'static str,
        /// What is wrong with its value.
        reason: &'static str,
    },
    /// Text that is not YAML.
    #[error("this is not YAML: {0}")]
    Yaml(String),
}

impl ErrorKind {
    /// A name that the format does not allow; of a long one only its beginning is told.
    pub(super) fn name(reason: &'static str, name: &str) -> Self {
        let line = name.lines().next().unwrap_or_default();
        let mut told: String = line.chars().take(LONGEST_NAME).collect();
        if told.len() < name.len() {
            told.push('…');
        }
        let name = told;
        Self::Name { reason, name }
    }

    /// The problem itself, wherever it is.
    pub(super) fn innermost(&self) -> &Self {
        match self {
            Self::Inside { kind, .. } => kind.innermost(),
            kind => kind,
        }
    }
}

/// In characters; nobody reads further.
const LONGEST_NAME: usize = 60;

fn named(known: &[String]) -> String {
    if known.is_empty() {
        return "none at all".to_owned();
    }
    known.join(", ")
}

fn did_you_mean(similar: Option<&'static str>) -> String {
    similar.map_or_else(String::new, |name| format!("; did you mean --{name}?"))
}
