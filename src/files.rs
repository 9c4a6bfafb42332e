//! Owner-only files and folders: where keys and captures may lie.
//!
//! They are made with their final mode, never narrowed afterwards, and refused when somebody else
//! could have written or read them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file or folder cannot hold secrets.
#[derive(Debug, Error)]
pub enum OwnerOnlyError {
    /// It belongs to another user.
    #[error("{} belongs to another user", .0.display())]
    Foreign(PathBuf),
    /// Others than its owner can read or write it.
    #[error("{} can be read or written by others (mode {mode:o})", path.display())]
    TooWide {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a file where a folder is needed, or the other way round.
    #[error("{} is not a {wanted}", path.display())]
    WrongKind {
        /// What stands there.
        path: PathBuf,
        /// `folder` or `file`.
        wanted: &'static str,
    },
    /// The system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Makes the folder (mode 0700, with its parents) or checks that only we can write to it.
///
/// A folder that stood there before may be readable by others (a checkout's `certs/` is): the files
/// in it are not, and a look at their names harms nobody.
///
/// # Errors
/// When it cannot be made, is no folder, is another user's, or others can write to it.
pub fn owner_only_folder(path: &Path) -> Result<(), OwnerOnlyError> {
    if !path.exists() {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| failed("create", parent, source))?;
        }
        let made = folder_builder().create(path);
        made.or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(failed("create", path, error)),
        })?;
    }
    let metadata = fs::metadata(path).map_err(|source| failed("read", path, source))?;
    if !metadata.is_dir() {
        return Err(OwnerOnlyError::WrongKind {
            path: path.to_owned(),
            wanted: "folder",
        });
    }
    check_mode(path, &metadata, 0o022)
}

/// Makes a new file (mode 0600) with this content, on disk before this returns; `false` when one
/// stood there already, which is left as it is.
///
/// # Errors
/// When it cannot be made or written.
pub fn create_owner_only(path: &Path, content: &[u8]) -> Result<bool, OwnerOnlyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only_mode(&mut options);
    let mut file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(failed("create", path, error)),
    };
    let written = io::Write::write_all(&mut file, content).and_then(|()| file.sync_all());
    written.map_err(|source| failed("write", path, source))?;
    Ok(true)
}

/// Writes a file (mode 0600) in place of the one that may stand there; who reads at the same time gets
/// the old content or the new.
///
/// # Errors
/// When it cannot be written.
pub fn replace_owner_only(path: &Path, content: &[u8]) -> Result<(), OwnerOnlyError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    // Left behind by a run that was cut off.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed("replace", &new, error));
        }
        Ok(()) | Err(_) => {}
    }
    create_owner_only(&new, content)?;
    fs::rename(&new, path).map_err(|source| failed("replace", path, source))
}

/// Reads a file of ours that holds a secret, up to `limit` bytes.
///
/// # Errors
/// When it cannot be read, is no plain file, is longer, is another user's, or is open to others.
pub fn read_owner_only(path: &Path, limit: u64) -> Result<Vec<u8>, OwnerOnlyError> {
    read_guarded(path, limit, 0o077)
}

/// Reads a file of ours that anybody may read and nobody else may write: a certificate.
///
/// # Errors
/// As [`read_owner_only`], but for a file that others can read.
pub fn read_owner_written(path: &Path, limit: u64) -> Result<Vec<u8>, OwnerOnlyError> {
    read_guarded(path, limit, 0o022)
}

fn read_guarded(path: &Path, limit: u64, forbidden: u32) -> Result<Vec<u8>, OwnerOnlyError> {
    let file = File::open(path).map_err(|source| failed("open", path, source))?;
    let metadata = file
        .metadata()
        .map_err(|source| failed("read", path, source))?;
    if !metadata.is_file() {
        return Err(OwnerOnlyError::WrongKind {
            path: path.to_owned(),
            wanted: "file",
        });
    }
    check_mode(path, &metadata, forbidden)?;
    let mut content = Vec::new();
    let read = io::Read::read_to_end(&mut io::Read::take(file, limit + 1), &mut content);
    read.map_err(|source| failed("read", path, source))?;
    if content.len() as u64 > limit {
        let source = io::Error::new(
            io::ErrorKind::FileTooLarge,
            "longer than such a file can be",
        );
        return Err(failed("read", path, source));
    }
    Ok(content)
}

/// Checks that an existing file is ours alone.
///
/// # Errors
/// When it is another user's or open to others, or cannot be looked at.
pub fn check_owner_only(path: &Path) -> Result<(), OwnerOnlyError> {
    let metadata = fs::metadata(path).map_err(|source| failed("read", path, source))?;
    check_mode(path, &metadata, 0o077)
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> OwnerOnlyError {
    OwnerOnlyError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata, forbidden: u32) -> Result<(), OwnerOnlyError> {
    use std::os::unix::fs::MetadataExt;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(OwnerOnlyError::Foreign(path.to_owned()));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & forbidden != 0 {
        return Err(OwnerOnlyError::TooWide {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// Elsewhere the user's profile folder keeps others out; there is no mode to check.
#[cfg(not(unix))]
fn check_mode(
    _path: &Path,
    _metadata: &fs::Metadata,
    _forbidden: u32,
) -> Result<(), OwnerOnlyError> {
    Ok(())
}

#[cfg(unix)]
fn folder_builder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn folder_builder() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(unix)]
fn owner_only_mode(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only_mode(_options: &mut OpenOptions) {}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folders_and_files_are_made_for_their_owner_alone() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a/b");
        owner_only_folder(&folder).unwrap();
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let key = folder.join("key");
        assert!(create_owner_only(&key, b"secret").unwrap());
        assert!(!create_owner_only(&key, b"other").unwrap());
        assert_eq!(
            fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(read_owner_only(&key, 6).unwrap(), b"secret");
        assert!(matches!(
            read_owner_only(&key, 5),
            Err(OwnerOnlyError::Io { .. })
        ));
    }

    #[test]
    fn a_file_is_replaced_whatever_an_earlier_run_left_behind() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("bundle");
        fs::write(temp.path().join("bundle.new"), b"cut o").unwrap();
        for content in [b"1", b"2"] {
            replace_owner_only(&path, content).unwrap();
            assert_eq!(read_owner_only(&path, 9).unwrap(), content);
        }
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_others_can_read_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let key = temp.path().join("key");
        create_owner_only(&key, b"x").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            read_owner_only(&key, 9),
            Err(OwnerOnlyError::TooWide { mode: 0o640, .. })
        ));
        assert!(matches!(read_owner_written(&key, 9), Ok(content) if content == b"x"));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o660)).unwrap();
        assert!(matches!(
            read_owner_written(&key, 9),
            Err(OwnerOnlyError::TooWide { .. })
        ));
        let folder = temp.path().join("open");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o775)).unwrap();
        assert!(matches!(
            owner_only_folder(&folder),
            Err(OwnerOnlyError::TooWide { .. })
        ));
        assert!(matches!(
            owner_only_folder(&key),
            Err(OwnerOnlyError::WrongKind { .. })
        ));
    }
}
