//! What the user says beside the file: which request, which environment, which variables.

use std::fmt;

use super::har::Selection;
use super::{ErrorKind, ImportError, Source};

/// What to import of a file, and with which values.
#[derive(Default)]
pub struct Options {
    /// Only this request: its name, its path where a format has folders, or its number from 1.
    pub item: Option<String>,
    /// Which entries of an archive, when no item is named.
    pub entries: Selection,
    /// Values by name, from a file or a part of one.
    pub environment: Environment,
    /// Names and values from the command line: they override all others. Of two with one name the
    /// last counts.
    pub variables: Vec<(String, String)>,
}

impl Options {
    /// The value that the command line gives a name.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let mut found = self.variables.iter().rev();
        found
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Names and counts; values may be secrets.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("entries", &self.entries)
            .field("environment", &self.environment)
            .field("variables", &self.variables.len())
            .finish_non_exhaustive()
    }
}

/// The environment that the user names.
#[derive(Debug, Default)]
pub struct Environment {
    /// Which one of those in the files, or in the import itself.
    pub name: Option<String>,
    /// The files that hold it; the later override the earlier.
    pub files: Vec<EnvironmentFile>,
}

impl Environment {
    /// That file.
    pub fn of_file(name: &str, text: &[u8]) -> Self {
        let file = EnvironmentFile {
            name: name.to_owned(),
            text: text.to_vec(),
        };
        Self {
            name: None,
            files: vec![file],
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            files: Vec::new(),
        }
    }

    /// The files, for a tool whose environments are files of their own.
    pub(super) fn only_files(
        &self,
        tool: &str,
        source: &Source<'_>,
    ) -> Result<&[EnvironmentFile], ImportError> {
        let Some(place) = self.name.clone() else {
            return Ok(&self.files);
        };
        let reason = format!("an environment of {tool} is a file of its own");
        let kind = ErrorKind::Environment { place, reason };
        Err(ImportError::new(source.start(), kind))
    }
}

/// That none of the environments has the name that is asked for.
pub(super) fn no_environment(wanted: &str, known: &[String], source: &Source<'_>) -> ImportError {
    let known = match known {
        [] => "none that has a name".to_owned(),
        some => some.join(", "),
    };
    let place = wanted.to_owned();
    let reason = format!("there is none of that name; there is {known}");
    ImportError::new(source.start(), ErrorKind::Environment { place, reason })
}

impl EnvironmentFile {
    /// What `read` makes of it. What is wrong is told as a problem of the import, with its place here.
    pub(super) fn read<T>(
        &self,
        source: &Source<'_>,
        read: impl FnOnce(&Source<'_>) -> Result<T, ImportError>,
    ) -> Result<T, ImportError> {
        let text = Source::new(&self.name, &self.text);
        read(&text).map_err(|error| {
            let kind = ErrorKind::Environment {
                place: format!("{}:{}", self.name, error.position(&text)),
                reason: error.to_string(),
            };
            ImportError::new(source.start(), kind)
        })
    }
}

/// A file with environments.
pub struct EnvironmentFile {
    /// What the user calls it.
    pub name: String,
    /// Its content.
    pub text: Vec<u8>,
}

impl fmt::Debug for EnvironmentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EnvironmentFile({}, {} bytes)",
            self.name,
            self.text.len()
        )
    }
}
