//! What every command is handed: settings, streams, and the way to the data.

use std::path::{Path, PathBuf};

use serde::Serialize;
use time::UtcOffset;

use super::advice;
use super::output::Output;
use super::problem::Problem;
use crate::capture::store::{Ref, ResolveError, Store};
use crate::config::load::Flags;
use crate::config::settings::{Setting, Settings, Source};
use crate::model::{Case, Timestamp};
use crate::redact::Masker;
use crate::report::terminal::Style;

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

    /// The store; made if there is none.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn store(&self) -> Result<Store, Problem> {
        Store::open(&self.data()?).map_err(|error| advice::store(&error))
    }

    /// The store, if anything was ever stored.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn store_if_any(&self) -> Result<Option<Store>, Problem> {
        Store::open_existing(&self.data()?).map_err(|error| advice::store(&error))
    }

    /// What the text names, or the newest recorded failure.
    ///
    /// # Errors
    /// When there is none, several are meant, or the store cannot be read.
    pub(crate) fn record(
        &self,
        reference: Option<&str>,
        now: Timestamp,
    ) -> Result<(Store, Ref), Problem> {
        let problem = |error: ResolveError| advice::resolve(&error, self);
        let Some(store) = self.store_if_any()? else {
            return Err(problem(ResolveError::Empty));
        };
        let found = match reference {
            Some(text) => store.resolve(text, now).map_err(problem)?,
            None => store
                .newest()
                .map_err(|error| advice::store(&error))?
                .ok_or_else(|| problem(ResolveError::Empty))?,
        };
        Ok((store, found))
    }

    /// The Case of a recorded failure.
    ///
    /// # Errors
    /// As [`Context::record`].
    pub(crate) fn case(&self, reference: Option<&str>, now: Timestamp) -> Result<Case, Problem> {
        let (store, found) = self.record(reference, now)?;
        store
            .case(found, now)
            .map_err(|error| advice::resolve(&error, self))
    }

    /// What masks what is shown. Real values are shown on request only; on a pipe or in a file they
    /// may end up anywhere, so that is said.
    pub(crate) fn masker(&mut self, reveal: bool) -> Masker {
        if !reveal {
            return Masker::new();
        }
        if !self.output.result.terminal {
            self.output.say(
                "warning: --reveal writes secrets where they may be kept: take care of that file\n",
            );
        }
        Masker::revealing()
    }

    /// How results are drawn.
    pub(crate) fn style(&self) -> Style {
        let look = self.output.result;
        Style {
            width: look.width,
            colour: look.color,
            unicode: look.unicode,
            offset: self.offset,
        }
    }

    /// Prints a value as one line of JSON.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn print_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        let written = self.output.print_with(|out| {
            serde_json::to_writer(&mut *out, value)?;
            out.write_all(b"\n")
        });
        Ok(written?)
    }

    /// A command for the user to run, on the same data as this one.
    pub(crate) fn command(&self, rest: &str) -> String {
        match &self.settings.data {
            Some(Setting { value, source }) if !self.is_usual(source) => {
                // Another terminal may stand in another folder.
                let folder = std::path::absolute(value).unwrap_or_else(|_unknown| value.clone());
                format!("why401 {rest} --data {}", shell_word(&folder))
            }
            _ => format!("why401 {rest}"),
        }
    }

    /// Whether later commands need `--data` to find what this one stores.
    pub(crate) fn needs_data_flag(&self) -> bool {
        let data = self.settings.data.as_ref();
        data.is_some_and(|data| !self.is_usual(&data.source))
    }

    /// Whether a later command, without flags, will find the same value.
    fn is_usual(&self, source: &Source) -> bool {
        match source {
            Source::Default => true,
            Source::File(..) => self.flags.config.is_none(),
            Source::Environment(_) | Source::Flag(_) => false,
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
