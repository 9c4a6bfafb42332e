//! The files that an import may name: a request's content, cookies, configuration.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

/// The largest file that an import reads. A request that is to be compared is far smaller.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file that an import names cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// There is none of that name.
    #[error("there is no such file")]
    Missing,
    /// This user may not read it.
    #[error("this user may not read it")]
    Forbidden,
    /// It is a folder, a device or a pipe.
    #[error("it is not a regular file")]
    NotRegular,
    /// It is outside the only folder that may be read.
    #[error(
        "it is outside the folder of a configuration that was found, not named: pass --config FILE"
    )]
    Outside,
    /// It is larger than an import reads.
    #[error("it is larger than {} MiB", MAX_FILE_BYTES / (1024 * 1024))]
    TooLarge,
    /// Another fault, in the system's words.
    #[error("{0}")]
    Other(String),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Forbidden,
            _ => Self::Other(error.to_string()),
        }
    }
}

/// Reads a regular file of at most [`MAX_FILE_BYTES`].
///
/// Devices and pipes are refused before they are opened: reading one could last for ever.
///
/// # Errors
/// When it is missing, forbidden, too large, or no regular file.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let facts = std::fs::metadata(path)?;
    if !facts.is_file() {
        return Err(FileError::NotRegular);
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    within_limit(bytes)
}

/// Passes on what is not larger than [`MAX_FILE_BYTES`].
pub(super) fn within_limit(bytes: Vec<u8>) -> Result<Vec<u8>, FileError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(FileError::TooLarge);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("body.json");
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(read(&path).unwrap(), b"{}");
    }

    #[test]
    fn what_is_no_file_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Err(FileError::NotRegular));
        assert_eq!(read(&folder.path().join("x")), Err(FileError::Missing));
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let file = File::create(&path).unwrap();
        file.set_len(MAX_FILE_BYTES + 1).unwrap();
        assert_eq!(read(&path), Err(FileError::TooLarge));
    }
}
