//! Opening a store.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::error::StoreError;
use super::folder::Folder;
use super::schema;
use crate::auth::fingerprint::Fingerprinter;
use crate::capture::seal::{Purpose, Sealer, Slot};

/// One connection to the store of a data folder.
///
/// Any number of processes may have one; only one at a time may record ([`Store::open_for_run`]).
pub struct Store {
    pub(super) connection: Connection,
    pub(super) sealer: Sealer,
    pub(super) path: PathBuf,
    fingerprinter: Fingerprinter,
    folder: Folder,
    /// Held for as long as this process records.
    recording: Option<File>,
}

impl Store {
    /// Opens the store of that folder; folder and store are made if there are none.
    ///
    /// # Errors
    /// Folder or files that are not this user's alone, a file that is no store or is from a newer
    /// version, a missing key, and what the system refuses.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        Self::set_up(Folder::create(data)?)
    }

    /// Opens the store of that folder; `None` when nothing was ever stored there.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_existing(data: &Path) -> Result<Option<Self>, StoreError> {
        match Folder::existing(data)? {
            Some(folder) if folder.has_database() => Self::set_up(folder).map(Some),
            _ => Ok(None),
        }
    }

    /// Opens the store for the one process that records into it.
    ///
    /// # Errors
    /// As [`Store::open`]; [`StoreError::InUse`] when another process records there.
    pub fn open_for_run(data: &Path) -> Result<Self, StoreError> {
        let folder = Folder::create(data)?;
        let recording = folder.lock_recording()?;
        let mut store = Self::set_up(folder)?;
        store.recording = Some(recording);
        Ok(store)
    }

    /// Another connection to the same store, for another thread; it does not hold the right to record.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn another(&self) -> Result<Self, StoreError> {
        Self::set_up(self.folder.clone())
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Makes fingerprints with this store's key.
    pub fn fingerprinter(&self) -> &Fingerprinter {
        &self.fingerprinter
    }

    fn set_up(folder: Folder) -> Result<Self, StoreError> {
        let guard = folder.lock_set_up()?;
        let path = folder.database();
        folder.create_database()?;
        let mut connection = connect(&path).map_err(StoreError::sqlite(&path))?;
        schema::check_kind(&connection, &path)?;
        let key = folder.key_or_new()?;
        configure(&connection).map_err(StoreError::sqlite(&path))?;
        schema::migrate(&mut connection, &path)?;
        connection
            .pragma_update(None, "journal_mode", "wal")
            .map_err(StoreError::sqlite(&path))?;
        let store = Self {
            connection,
            sealer: Sealer::new(&key),
            fingerprinter: Fingerprinter::new(&key.derive(Purpose::Fingerprint)),
            path,
            folder,
            recording: None,
        };
        store.check_key()?;
        drop(guard);
        Ok(store)
    }

    /// Keeps one sealed value, to tell at once when the key beside the store is another one's.
    fn check_key(&self) -> Result<(), StoreError> {
        let found: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT value FROM meta WHERE name = 'key'", [], |row| {
                row.get(0)
            })
            .optional()
            .map_err(StoreError::sqlite(&self.path))?;
        match found {
            Some(sealed) => self
                .sealer
                .open::<()>(KEY_CHECK, &sealed)
                .map_err(|_seal| self.folder.wrong_key()),
            None => {
                let sealed = self
                    .sealer
                    .seal(KEY_CHECK, &())
                    .map_err(StoreError::sealed(&self.path))?;
                self.connection
                    .execute(
                        "INSERT INTO meta (name, value) VALUES ('key', ?1)",
                        [sealed],
                    )
                    .map_err(StoreError::sqlite(&self.path))?;
                Ok(())
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.recording.is_some() {
            // Only statistics for the query planner: losing them costs nothing.
            drop(self.connection.execute_batch("PRAGMA optimize"));
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .field("recording", &self.recording.is_some())
            .finish_non_exhaustive()
    }
}

const KEY_CHECK: Slot<'static> = Slot {
    table: "meta",
    column: "value",
    row: "key",
};

/// How long a statement waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(5);

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "memory")
}
