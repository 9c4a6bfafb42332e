//! What the user says beside the file: which request, which environment, which variables.

use std::fmt;

use super::har::Selection;

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
