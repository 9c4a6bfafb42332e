//! The data folder: owner-only from the start, or refused.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::StoreError;
use crate::capture::seal::{KEY_BYTES, StoreKey};

/// The data folder of one store, checked.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder, if there is one; checked.
    pub(super) fn existing(path: &Path) -> Result<Option<Self>, StoreError> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("read", path)(error)),
        };
        if !metadata.is_dir() {
            return Err(StoreError::NotAFolder { path: path.into() });
        }
        check_owner_only(path, &metadata)?;
        let folder = Self { path: path.into() };
        for file in [folder.database(), folder.wal(), folder.shm(), folder.key()] {
            if let Ok(metadata) = fs::metadata(&file) {
                check_owner_only(&file, &metadata)?;
            }
        }
        Ok(Some(folder))
    }

    /// The folder, made if there is none; checked.
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = Self::existing(path)? {
            return Ok(folder);
        }
        create_folder(path).map_err(StoreError::io("create", path))?;
        Self::existing(path)?.ok_or_else(|| StoreError::NotAFolder { path: path.into() })
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
        let file = open_owner_only(&path, OpenOptions::new().create(true).truncate(false))?;
        file.lock().map_err(StoreError::io("lock", &path))?;
        Ok(file)
    }

    /// Takes the right to record into this folder; given back when the file is dropped.
    pub(super) fn lock_recording(&self) -> Result<File, StoreError> {
        let path = self.path.join("run.lock");
        let file = open_owner_only(&path, OpenOptions::new().create(true).truncate(false))?;
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
        let path = self.database();
        open_owner_only(&path, OpenOptions::new().create(true).truncate(false)).map(drop)
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
        let mut file = open_owner_only(&path, OpenOptions::new().create_new(true))?;
        file.write_all(key.bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(&self.path)?.sync_all())
            .map_err(StoreError::io("write", &path))?;
        Ok(key)
    }

    /// The store's key.
    pub(super) fn read_key(&self) -> Result<StoreKey, StoreError> {
        let path = self.key();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::KeyMissing { path });
            }
            Err(error) => return Err(StoreError::io("read", &path)(error)),
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
        file.take(KEY_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(StoreError::io("read", &path))?;
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

fn open_owner_only(path: &Path, options: &mut OpenOptions) -> Result<File, StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options
        .read(true)
        .write(true)
        .open(path)
        .map_err(StoreError::io("open", path))?;
    let metadata = file.metadata().map_err(StoreError::io("read", path))?;
    check_owner_only(path, &metadata)?;
    Ok(file)
}

#[cfg(unix)]
fn create_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn create_folder(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn check_owner_only(path: &Path, metadata: &fs::Metadata) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::ForeignOwner { path: path.into() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StoreError::TooOpen {
            path: path.into(),
            mode,
            folder: metadata.is_dir(),
        });
    }
    Ok(())
}

/// Elsewhere the user's own folder is guarded by the access lists it inherits.
#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
fn check_owner_only(_path: &Path, _metadata: &fs::Metadata) -> Result<(), StoreError> {
    Ok(())
}
