//! What the writer thread puts into the store.

use std::time::Duration;

use rusqlite::params;

use super::cases::{StoredContext, failure_slot, seen_slot};
use super::error::StoreError;
use super::open::Store;
use super::rows::Ref;
use crate::model::{CredentialFact, Exchange, ExchangeId, Seen, State, Timestamp};

/// The plain columns of a failure, masked.
#[derive(Clone, Debug)]
pub(in crate::capture) struct Plain {
    pub(in crate::capture) method: String,
    pub(in crate::capture) host: String,
    pub(in crate::capture) authority: String,
    pub(in crate::capture) url: String,
    pub(in crate::capture) route: String,
    pub(in crate::capture) client: String,
    pub(in crate::capture) agent: String,
}

/// A failure as it is written; its number comes from the store.
#[derive(Debug)]
pub(in crate::capture) struct NewFailure<'a> {
    pub(in crate::capture) exchange: &'a Exchange,
    pub(in crate::capture) complete: bool,
    pub(in crate::capture) before: Vec<ExchangeId>,
    pub(in crate::capture) credentials: &'a [CredentialFact],
    pub(in crate::capture) lost: u64,
    pub(in crate::capture) plain: &'a Plain,
}

impl Store {
    /// Writes a failure, or completes the one of that id. Returns what it is called.
    pub(in crate::capture) fn write_failure(&self, new: NewFailure<'_>) -> Result<Ref, StoreError> {
        let id = new.exchange.id.to_string();
        let exchange = self.sealed(failure_slot("exchange", &id), new.exchange)?;
        let context = StoredContext {
            before: new.before,
            after: Vec::new(),
            credentials: new.credentials.to_vec(),
            lost: new.lost,
        };
        let context = self.sealed(failure_slot("context", &id), &context)?;
        let plain = new.plain;
        let columns = params![
            id,
            new.exchange.at.micros(),
            plain.method,
            plain.host,
            plain.authority,
            plain.url,
            plain.route,
            plain.client,
            plain.agent,
            new.exchange.status().unwrap_or_default(),
            State::Open.as_str(),
            new.complete,
            exchange,
            context,
        ];
        // An update first: an upsert that ends as an update would still use up a running number.
        let number = self
            .connection
            .prepare_cached(COMPLETE_FAILURE)
            .and_then(|mut statement| {
                let mut rows = statement.query(params![id, new.complete, exchange, context])?;
                rows.next()?.map(|row| row.get::<_, i64>(0)).transpose()
            })
            .and_then(|found| match found {
                Some(number) => Ok(number),
                None => self
                    .connection
                    .prepare_cached(INSERT_FAILURE)?
                    .insert(columns),
            })
            .map_err(StoreError::sqlite(&self.path))?;
        Ok(Ref {
            number: number.unsigned_abs(),
            id: new.exchange.id,
        })
    }

    /// Keeps an exchange that Cases refer to; writing it again changes nothing.
    pub(in crate::capture) fn write_seen(&self, seen: &Seen) -> Result<(), StoreError> {
        let id = seen.id.to_string();
        let sealed = self.sealed(seen_slot(&id), seen)?;
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO seen (id, sealed) VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![id, sealed]))
            .map(drop)
            .map_err(StoreError::sqlite(&self.path))
    }

    /// Removes what is older than `cutoff`, at most `most` rows of each table; returns how many went.
    ///
    /// `window` is how far before a failure the exchanges of its context may lie.
    pub(in crate::capture) fn sweep(
        &self,
        cutoff: Timestamp,
        window: Duration,
        most: u32,
    ) -> Result<usize, StoreError> {
        let oldest_seen = ExchangeId::from_parts(cutoff.minus(window), 0).to_string();
        let failures = self
            .connection
            .prepare_cached(
                "DELETE FROM failures
                 WHERE n IN (SELECT n FROM failures WHERE at < ?1 ORDER BY at LIMIT ?2)",
            )
            .and_then(|mut statement| statement.execute(params![cutoff.micros(), most]))
            .map_err(StoreError::sqlite(&self.path))?;
        let seen = self
            .connection
            .prepare_cached(
                "DELETE FROM seen
                 WHERE id IN (SELECT id FROM seen WHERE id < ?1 ORDER BY id LIMIT ?2)",
            )
            .and_then(|mut statement| statement.execute(params![oldest_seen, most]))
            .map_err(StoreError::sqlite(&self.path))?;
        let learned = self
            .connection
            .prepare_cached(
                "DELETE FROM learned
                 WHERE n IN (SELECT n FROM learned WHERE at < ?1 ORDER BY at LIMIT ?2)",
            )
            .and_then(|mut statement| statement.execute(params![cutoff.micros(), most]))
            .map_err(StoreError::sqlite(&self.path))?;
        Ok(failures.saturating_add(seen).saturating_add(learned))
    }
}

const COMPLETE_FAILURE: &str = "
UPDATE failures SET complete = ?2, exchange = ?3, context = ?4 WHERE id = ?1 RETURNING n";

const INSERT_FAILURE: &str = "
INSERT INTO failures (id, at, method, host, authority, url, route, client, agent, status, state,
  complete, exchange, context)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
