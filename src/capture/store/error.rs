//! What can be wrong with a store, as data.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::rows::Row;
use crate::capture::seal::SealError;
use crate::files::OwnerOnlyError;

/// Why the store cannot be opened, read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file or the folder belongs to another user.
    #[error("{} belongs to another user", .path.display())]
    ForeignOwner {
        /// The file or folder.
        path: PathBuf,
    },
    /// Others than the owner may read or write a file, or write to the folder.
    #[error("{} can be reached by others (mode {mode:04o})", .path.display())]
    TooOpen {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Whether it is the folder: 0700 suits it, and 0600 its files.
        folder: bool,
    },
    /// Where the folder should be is something else.
    #[error("{} is not a folder", .path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Another process records into this folder.
    #[error("another why401 is recording into {}", .path.display())]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
    /// The file is no store of why401.
    #[error("{} is not a why401 store", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of why401 wrote the store.
    #[error(
        "{} was written by a newer why401 (store version {found}, this one knows {known})",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The key file is missing, but there is a store that needs it.
    #[error("the key {} is missing, so the store beside it cannot be read", .path.display())]
    KeyMissing {
        /// The key file.
        path: PathBuf,
    },
    /// The key file is not a key, or the key of another store.
    #[error("{} is not the key of the store beside it", .path.display())]
    WrongKey {
        /// The key file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{} is damaged", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// A sealed value cannot be opened.
    #[error("a record in {} cannot be opened", .path.display())]
    Sealed {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        source: SealError,
    },
    /// The disk is full.
    #[error("no space is left for {}", .path.display())]
    Full {
        /// The store.
        path: PathBuf,
    },
    /// The operating system refused something.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried: `create`, `read`, ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// SQLite refused something else.
    #[error("cannot use {}", .path.display())]
    Sqlite {
        /// The store.
        path: PathBuf,
        /// The reason.
        #[source]
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// An operating system error while doing `action` on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Sorts an SQLite error by what a user can do about it.
    pub(super) fn sqlite(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| match source.sqlite_error_code() {
            _ if is_unexpected_value(&source) => Self::Damaged { path, source },
            Some(rusqlite::ErrorCode::NotADatabase) => Self::Foreign { path },
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source },
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full { path },
            _ => Self::Sqlite { path, source },
        }
    }

    /// A value that does not open.
    pub(super) fn sealed(path: &Path) -> impl FnOnce(SealError) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Sealed { path, source }
    }
}

impl From<OwnerOnlyError> for StoreError {
    fn from(error: OwnerOnlyError) -> Self {
        match error {
            OwnerOnlyError::Foreign(path) => Self::ForeignOwner { path },
            OwnerOnlyError::TooWide { path, mode } => Self::TooOpen {
                folder: path.is_dir(),
                path,
                mode,
            },
            OwnerOnlyError::WrongKind { path, .. } => Self::NotAFolder { path },
            OwnerOnlyError::Io {
                action,
                path,
                source,
            } => Self::Io {
                action,
                path,
                source,
            },
        }
    }
}

/// Whether a row holds what this program never writes.
fn is_unexpected_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// Why a reference names no recorded failure.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// Nothing has been recorded.
    #[error("nothing has been recorded yet")]
    Empty,
    /// No record has that number or id.
    #[error("there is no record `{0}`")]
    NotFound(String),
    /// Several ids start like that.
    #[error("several ids start with `{prefix}`")]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// The newest of them.
        candidates: Vec<Row>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a baseline was not added, found or removed.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// The name is taken.
    #[error("there is a baseline `{0}` already")]
    Exists(String),
    /// There is no baseline of that name.
    #[error("there is no baseline `{name}`")]
    NotFound {
        /// What was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
