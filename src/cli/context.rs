//! What every command is handed: settings, streams, and the way to the data.

use std::path::{Path, PathBuf};

use time::UtcOffset;

use super::output::Output;
use super::problem::Problem;
use crate::config::load::Flags;
use crate::config::settings::{Setting, Settings, Source};

/// What every command is handed.
#[derive(Debug)]
pub(crate) struct Context {
    /// What the flags said.
    pub(crate) flags: Flags,
    /// What came of flags and files.
    pub(crate) settings: Settings,
    /// The streams.
    pub(crate) output: Output,
    /// How far local time is from UTC.
    pub(crate) offset: UtcOffset,
}

impl Context {
    /// The folder of the store.
    ///
    /// # Errors
    /// When nobody said, and the user has no home.
    pub(crate) fn data(&self) -> Result<PathBuf, Problem> {
        absolute(self.settings.data.as_ref())
    }

    /// The folder of the CA.
    ///
    /// # Errors
    /// As [`Context::data`].
    pub(crate) fn ca_dir(&self) -> Result<PathBuf, Problem> {
        absolute(self.settings.ca_dir.as_ref())
    }

    /// A command for the user to run, on the same data as this one.
    pub(crate) fn command(&self, rest: &str) -> String {
        match &self.settings.data {
            Some(Setting { value, source }) if !self.is_usual(source) => {
                format!("why401 {rest} --data {}", shell_word(value))
            }
            _ => format!("why401 {rest}"),
        }
    }

    /// Whether a later command, without flags, will find the same value.
    fn is_usual(&self, source: &Source) -> bool {
        match source {
            Source::Default => true,
            Source::File(..) => self.flags.config.is_none(),
            Source::Flag(_) => false,
        }
    }
}

/// A path as one word of a POSIX shell.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn absolute(folder: Option<&Setting<PathBuf>>) -> Result<PathBuf, Problem> {
    let folder = folder.ok_or_else(|| {
        Problem::usage("no-home", "there is no home directory to keep the data in")
            .hint("choose a folder with --data DIR")
    })?;
    // Only fails for an empty path or without a working directory: then it is used as it stands.
    Ok(std::path::absolute(&folder.value).unwrap_or_else(|_unknown| folder.value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_when_a_shell_would_read_it_otherwise() {
        assert_eq!(shell_word(Path::new("/a/b-c.d")), "/a/b-c.d");
        assert_eq!(shell_word(Path::new("/a b/$c")), "'/a b/$c'");
        assert_eq!(shell_word(Path::new("it's")), r"'it'\''s'");
        assert_eq!(shell_word(Path::new("")), "''");
    }
}
