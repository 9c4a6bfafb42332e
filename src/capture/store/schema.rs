//! The tables, and how a store gets from an older version to this one.
//!
//! Plain columns hold only masked values, fingerprints, numbers and names; everything as received
//! is in a sealed column (`exchange`, `context`, `baseline_copy`, `sealed`).

use std::fs;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;

/// `w401` in ASCII, where SQLite keeps the kind of a file.
pub(super) const APPLICATION_ID: i32 = 0x7734_3031;

/// The steps from version to version; a store of version `n` has the first `n` behind it.
const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2];

pub(super) const VERSION_1: &str = "
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE failures (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  method TEXT NOT NULL,
  host TEXT NOT NULL,
  authority TEXT NOT NULL,
  url TEXT NOT NULL,
  route TEXT NOT NULL,
  client TEXT NOT NULL,
  agent TEXT NOT NULL,
  status INTEGER NOT NULL,
  state TEXT NOT NULL,
  complete INTEGER NOT NULL,
  explained INTEGER NOT NULL DEFAULT 0,
  cause TEXT,
  side TEXT,
  confidence TEXT,
  baseline TEXT,
  same_as INTEGER,
  exchange BLOB NOT NULL,
  context BLOB NOT NULL,
  baseline_copy BLOB
) STRICT;
CREATE INDEX failures_at ON failures (at);

CREATE TABLE seen (
  id TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE baselines (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  added INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
";

/// Requests that got a 2xx. `host`, `path`, `route` and `client` are fingerprints: equal ones belong
/// together, and none tells what it was made of.
const VERSION_2: &str = "
CREATE TABLE learned (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  host BLOB NOT NULL,
  path BLOB NOT NULL,
  route BLOB NOT NULL,
  client BLOB NOT NULL,
  carries INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE INDEX learned_route ON learned (route, client, carries, at);
CREATE INDEX learned_path ON learned (path, at);
CREATE INDEX learned_host ON learned (host, at);
CREATE INDEX learned_at ON learned (at);
";

/// Refuses a file that is no store, by its header alone: its own schema is not read.
///
/// SQLite is asked, and the file is not opened here: closing it again would drop the locks that this
/// process holds on it by other connections (POSIX advisory locks belong to process and file).
///
/// # Errors
/// When the file is not empty and another program's.
pub(super) fn check_kind(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let kind: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(StoreError::sqlite(path))?;
    let is_empty = fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0);
    if kind == APPLICATION_ID || is_empty {
        Ok(())
    } else {
        Err(StoreError::Foreign { path: path.into() })
    }
}

/// Brings the store to this version.
///
/// # Errors
/// When it is newer than this version, or SQLite fails.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let version = version(connection).map_err(StoreError::sqlite(path))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(StoreError::Newer {
            path: path.into(),
            found: version,
            known,
        });
    }
    if version < known {
        step_up(connection).map_err(StoreError::sqlite(path))?;
    }
    Ok(())
}

/// Another process may have done it in between: the version is read again inside the transaction.
fn step_up(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version(&transaction)?).unwrap_or(0);
    for step in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
