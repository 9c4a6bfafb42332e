//! The configuration files that count, and in which order.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::fault::Located;
use super::file::{self, Trust, Written};
use super::load::{ConfigError, Flags};
use super::places::Places;
use super::settings::{Setting, Source};

/// The name that is looked for in the working directory.
const FOUND_NAME: &str = "why401.toml";
/// The name that is looked for in the user's folder.
const USER_NAME: &str = "config.toml";

/// A file that was read; the first layer that says something counts.
pub(super) struct Layer {
    pub(super) path: PathBuf,
    pub(super) written: Written,
    trust: Trust,
}

impl Layer {
    pub(super) fn read(path: &Path, trust: Trust) -> Result<Self, ConfigError> {
        let text = read_text(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let written = file::read(&text, trust).map_err(|faults| ConfigError::Faults {
            path: path.to_owned(),
            trust,
            faults,
        })?;
        Ok(Self {
            path: path.to_owned(),
            written,
            trust,
        })
    }

    fn read_if_there(path: &Path, trust: Trust) -> Result<Option<Self>, ConfigError> {
        match Self::read(path, trust) {
            Err(ConfigError::Read { source, .. }) if is_absent(&source) => Ok(None),
            layer => layer.map(Some),
        }
    }

    /// A value of this file.
    pub(super) fn setting<T>(&self, located: Located<T>) -> Setting<T> {
        Setting {
            value: located.value,
            source: Source::File(self.path.clone(), located.position),
        }
    }

    /// The folder that nothing may be read beyond, unless somebody named this file.
    pub(super) fn bounds(&self) -> Option<PathBuf> {
        match self.trust {
            Trust::Named => None,
            Trust::Found | Trust::FoundInPassing => {
                Some(self.path.parent().unwrap_or(Path::new("")).to_owned())
            }
        }
    }

    /// A path of this file: `~/` is the home, others are relative to the file.
    pub(super) fn path(&self, path: &Path, places: &Places) -> PathBuf {
        match (path.strip_prefix("~"), &places.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self.path.parent().unwrap_or(Path::new("")).join(path),
        }
    }
}

/// The files that nobody named, as far as they are there.
///
/// # Errors
/// When one cannot be read or has faults.
pub(super) fn found(flags: &Flags, places: &Places) -> Result<Vec<Layer>, ConfigError> {
    let trust = if flags.no_config {
        Trust::FoundInPassing
    } else {
        Trust::Found
    };
    let found = Layer::read_if_there(&places.working.join(FOUND_NAME), trust)?;
    let own = match &places.user_config {
        Some(folder) => Layer::read_if_there(&folder.join(USER_NAME), Trust::Named)?,
        None => None,
    };
    Ok(found.into_iter().chain(own).collect())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(LARGEST_FILE + 1)
        .read_to_string(&mut text)?;
    if read as u64 > LARGEST_FILE {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

/// A configuration is written by hand; what is larger was named by mistake.
const LARGEST_FILE: u64 = 1 << 20;
