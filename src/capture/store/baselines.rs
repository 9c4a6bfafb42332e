//! The known-good requests that the user added.

use rusqlite::{OptionalExtension, params};

use super::error::{BaselineError, StoreError};
use super::open::Store;
use crate::capture::seal::Slot;
use crate::model::Baseline;

/// Changes whenever a baseline is added or removed, by whatever process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BaselineMark {
    newest: Option<i64>,
    count: i64,
}

impl Store {
    /// Adds a baseline under its name.
    ///
    /// # Errors
    /// When the name is taken, or the store cannot be written.
    pub fn add_baseline(&self, baseline: &Baseline) -> Result<(), BaselineError> {
        let sealed = self.sealed(slot(&baseline.name), baseline)?;
        let added = self
            .connection
            .execute(
                "INSERT INTO baselines (name, added, sealed) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO NOTHING",
                params![baseline.name, baseline.added.micros(), sealed],
            )
            .map_err(StoreError::sqlite(&self.path))?;
        match added {
            0 => Err(BaselineError::Exists(baseline.name.clone())),
            _ => Ok(()),
        }
    }

    /// Removes the baseline of that name. Cases that were compared with it keep their copy.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be written.
    pub fn remove_baseline(&self, name: &str) -> Result<(), BaselineError> {
        let removed = self
            .connection
            .execute("DELETE FROM baselines WHERE name = ?1", [name])
            .map_err(StoreError::sqlite(&self.path))?;
        match removed {
            0 => Err(self.unknown(name)?),
            _ => Ok(()),
        }
    }

    /// All baselines, in the order in which they were added.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn baselines(&self) -> Result<Vec<Baseline>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT name, sealed FROM baselines ORDER BY n")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .map_err(StoreError::sqlite(&self.path))?;
        rows.iter()
            .map(|(name, sealed)| self.open_sealed(slot(name), sealed))
            .collect()
    }

    /// The baseline of that name.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be read.
    pub fn baseline(&self, name: &str) -> Result<Baseline, BaselineError> {
        let sealed: Option<Vec<u8>> = self
            .connection
            .query_row(
                "SELECT sealed FROM baselines WHERE name = ?1",
                [name],
                |row| row.get(0),
            )
            .optional()
            .map_err(StoreError::sqlite(&self.path))?;
        match sealed {
            Some(sealed) => Ok(self.open_sealed(slot(name), &sealed)?),
            None => Err(self.unknown(name)?),
        }
    }

    /// Which baselines there are, as a mark to compare with an earlier one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn baseline_mark(&self) -> Result<BaselineMark, StoreError> {
        self.connection
            .prepare_cached("SELECT max(n), count(*) FROM baselines")
            .and_then(|mut statement| {
                statement.query_row([], |row| {
                    Ok(BaselineMark {
                        newest: row.get(0)?,
                        count: row.get(1)?,
                    })
                })
            })
            .map_err(StoreError::sqlite(&self.path))
    }

    fn unknown(&self, name: &str) -> Result<BaselineError, StoreError> {
        let known = self
            .connection
            .prepare_cached("SELECT name FROM baselines ORDER BY name")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .map_err(StoreError::sqlite(&self.path))?;
        Ok(BaselineError::NotFound {
            name: name.to_owned(),
            known,
        })
    }
}

fn slot(name: &str) -> Slot<'_> {
    Slot {
        table: "baselines",
        column: "sealed",
        row: name,
    }
}
