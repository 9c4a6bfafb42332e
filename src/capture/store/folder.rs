//! The data folder: owner-only from the start, or refused.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::StoreError;
use crate::capture::seal::{KEY_BYTES, StoreKey};
use crate::files;

/// The data folder of one store, checked.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder, if there is one; checked.
    pub(super) fn existing(path: &Path) -> Result<Option<Self>, StoreError> {
        if path.exists() {
            Self::create(path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The folder, made if there is none; checked.
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        files::owner_only_folder(path)?;
        let folder = Self { path: path.into() };
        for file in [folder.database(), folder.wal(), folder.shm()] {
            if file.exists() {
                files::check_owner_only(&file)?;
            }
        }
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("why401.db")
    }

    fn wal(&self) -> PathBuf {
        self.path.join("why401.db-wal")
    }

    fn shm(&self) -> PathBuf {
        self.path.join("why401.db-shm")
    }

    fn key(&self) -> PathBuf {
        self.path.join("store.key")
    }

    /// Waits for the right to set the folder up; given back when the file is dropped.
    pub(super) fn lock_set_up(&self) -> Result<File, StoreError> {
        let path = self.path.join("set-up.lock");
        let file = open_or_create(&path)?;
        file.lock().map_err(StoreError::io("lock", &path))?;
        Ok(file)
    }

    /// Takes the right to record into this folder; given back when the file is dropped.
    pub(super) fn lock_recording(&self) -> Result<File, StoreError> {
        let path = self.path.join("run.lock");
        let file = open_or_create(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
                path: self.path.clone(),
            }),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error)),
        }
    }

    /// Creates the database file with its permissions: SQLite gives those to its side files.
    pub(super) fn create_database(&self) -> Result<(), StoreError> {
        files::create_owner_only(&self.database(), b"")?;
        Ok(())
    }

    /// Whether there is a database with something in it.
    pub(super) fn has_database(&self) -> bool {
        fs::metadata(self.database()).is_ok_and(|metadata| metadata.len() > 0)
    }

    /// The store's key; made when there is neither a key nor a store yet.
    ///
    /// Only to be called with [`Folder::lock_set_up`] held: a key half written is then one that a
    /// killed process left behind.
    pub(super) fn key_or_new(&self) -> Result<StoreKey, StoreError> {
        let path = self.key();
        match self.read_key() {
            Ok(key) => return Ok(key),
            Err(error) if self.has_database() => return Err(error),
            Err(StoreError::KeyMissing { .. }) => {}
            Err(StoreError::WrongKey { .. }) => {
                fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            }
            Err(error) => return Err(error),
        }
        let key = StoreKey::random().map_err(StoreError::sealed(&path))?;
        files::create_owner_only(&path, key.bytes())?;
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(StoreError::io("write", &path))?;
        Ok(key)
    }

    /// The store's key.
    pub(super) fn read_key(&self) -> Result<StoreKey, StoreError> {
        let path = self.key();
        if !path.exists() {
            return Err(StoreError::KeyMissing { path });
        }
        let bytes = match files::read_owner_only(&path, KEY_BYTES as u64) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(files::OwnerOnlyError::Io { source, .. })
                if source.kind() == io::ErrorKind::FileTooLarge =>
            {
                return Err(StoreError::WrongKey { path });
            }
            Err(error) => return Err(error.into()),
        };
        match <[u8; KEY_BYTES]>::try_from(bytes.as_slice()) {
            Ok(key) => Ok(StoreKey::new(key)),
            Err(_length) => Err(StoreError::WrongKey { path }),
        }
    }

    /// That the key file is not this store's.
    pub(super) fn wrong_key(&self) -> StoreError {
        StoreError::WrongKey { path: self.key() }
    }
}

fn open_or_create(path: &Path) -> Result<File, StoreError> {
    files::create_owner_only(path, b"")?;
    files::check_owner_only(path)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(StoreError::io("open", path))
}
