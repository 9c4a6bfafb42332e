//! Cases: read whole, and completed with what the analysis finds.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::error::{ResolveError, StoreError};
use super::open::Store;
use super::rows::Ref;
use crate::capture::seal::Slot;
use crate::model::{
    Case, ChosenBaseline, Context, CredentialFact, Exchange, ExchangeId, Seen, State, Timestamp,
};

/// How long a client has to get through with the same request before a failure stays one.
pub const RECOVERY_WINDOW: Duration = Duration::from_secs(30);

/// Where a failure stands at `now`: one that is still open when its time is over has failed, whether
/// or not the process that recorded it lived to write that down.
pub fn state_at(written: &str, at: Timestamp, now: Timestamp) -> State {
    match written {
        "recovered" => State::Recovered,
        "open" if now < at.plus(RECOVERY_WINDOW) => State::Open,
        _ => State::Failed,
    }
}

/// The plain columns of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The cause's id.
    pub cause: Option<String>,
    /// The word for where the fault lies.
    pub side: String,
    /// The word for how sure it is.
    pub confidence: String,
    /// The number of an earlier failure whose verdict this is.
    pub same_as: Option<u64>,
}

/// What of the context stands in the failure's own row; the exchanges before it have rows of their
/// own, because many failures share them.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredContext {
    pub(super) before: Vec<ExchangeId>,
    pub(super) after: Vec<Seen>,
    pub(super) credentials: Vec<CredentialFact>,
    pub(super) lost: u64,
}

impl Store {
    /// Everything that is known of a recorded failure. One that repeats an earlier failure is compared
    /// with the same baseline, unless it has its own.
    ///
    /// # Errors
    /// When there is no such record, or the store cannot be read.
    pub fn case(&self, reference: Ref, now: Timestamp) -> Result<Case, ResolveError> {
        let columns = self
            .case_columns(reference)?
            .ok_or_else(|| ResolveError::NotFound(format!("#{}", reference.number)))?;
        let row = reference.id.to_string();
        let failing: Exchange =
            self.open_sealed(failure_slot("exchange", &row), &columns.exchange)?;
        let context = self.open_sealed(failure_slot("context", &row), &columns.context)?;
        let baseline = match (&columns.baseline, columns.same_as) {
            (Some(sealed), _) => {
                Some(self.open_sealed(failure_slot("baseline_copy", &row), sealed)?)
            }
            (None, Some(same_as)) => self.baseline_of(same_as)?,
            (None, None) => None,
        };
        Ok(Case {
            number: reference.number,
            unresolved: Vec::new(),
            state: state_at(&columns.state, failing.at, now),
            failing,
            baseline,
            context: self.whole_context(context)?,
        })
    }

    /// The verdict of a recorded failure, once it has one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verdict(&self, reference: Ref) -> Result<Option<Verdict>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT cause, side, confidence, same_as FROM failures WHERE n = ?1 AND explained",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([signed(reference.number)], |row| {
                        Ok(Verdict {
                            cause: row.get(0)?,
                            side: row.get(1)?,
                            confidence: row.get(2)?,
                            same_as: row.get::<_, Option<i64>>(3)?.map(i64::unsigned_abs),
                        })
                    })
                    .optional()
            })
            .map_err(StoreError::sqlite(&self.path))
    }

    /// Whether a recorded failure has ended: before that, a verdict on it may still change.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_complete(&self, reference: Ref) -> Result<bool, StoreError> {
        self.connection
            .prepare_cached("SELECT complete FROM failures WHERE n = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([signed(reference.number)], |row| row.get(0))
                    .optional()
            })
            .map(Option::unwrap_or_default)
            .map_err(StoreError::sqlite(&self.path))
    }

    /// Keeps a verdict and the baseline it was drawn with. A verdict that is an earlier failure's keeps
    /// no baseline of its own.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn save_verdict(&self, case: &Case, verdict: &Verdict) -> Result<(), StoreError> {
        let row = case.failing.id.to_string();
        let copy = match (&case.baseline, verdict.same_as) {
            (Some(baseline), None) => {
                Some(self.sealed(failure_slot("baseline_copy", &row), baseline)?)
            }
            _ => None,
        };
        let baseline = case.baseline.as_ref().map(|chosen| &chosen.baseline.name);
        self.connection
            .prepare_cached(SAVE_VERDICT)
            .and_then(|mut statement| {
                statement.execute(params![
                    signed(case.number),
                    verdict.cause,
                    verdict.side,
                    verdict.confidence,
                    baseline,
                    verdict.same_as.map(signed),
                    copy,
                ])
            })
            .map(drop)
            .map_err(StoreError::sqlite(&self.path))
    }

    /// Keeps a verdict, and what the recording process learned of the Case since it was written: the
    /// exchanges after it, and where it stands.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn save_case(&self, case: &Case, verdict: &Verdict) -> Result<(), StoreError> {
        self.save_verdict(case, verdict)?;
        if !case.context.after.is_empty() {
            let row = case.failing.id.to_string();
            let context = StoredContext::of(&case.context);
            let context = self.sealed(failure_slot("context", &row), &context)?;
            self.connection
                .prepare_cached("UPDATE failures SET context = ?2 WHERE n = ?1")
                .and_then(|mut statement| statement.execute(params![signed(case.number), context]))
                .map_err(StoreError::sqlite(&self.path))?;
        }
        match case.state {
            State::Open => Ok(()),
            state => self.set_state(
                Ref {
                    number: case.number,
                    id: case.failing.id,
                },
                state,
            ),
        }
    }

    /// Writes down where a failure stands.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_state(&self, reference: Ref, state: State) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE failures SET state = ?2 WHERE n = ?1")
            .and_then(|mut statement| {
                statement.execute(params![signed(reference.number), state.as_str()])
            })
            .map(drop)
            .map_err(StoreError::sqlite(&self.path))
    }

    /// Ends a run: whatever is still open has failed. Returns how many that were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn close_open(&self) -> Result<usize, StoreError> {
        self.connection
            .execute(
                "UPDATE failures SET state = 'failed' WHERE state = 'open'",
                [],
            )
            .map_err(StoreError::sqlite(&self.path))
    }

    /// Runs several writes as one transaction.
    ///
    /// # Errors
    /// Those of `writes` (nothing is kept then), and when the transaction fails.
    pub fn together<T>(
        &self,
        writes: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let run = |sql| {
            self.connection
                .execute_batch(sql)
                .map_err(StoreError::sqlite(&self.path))
        };
        run("BEGIN IMMEDIATE")?;
        let result = writes(self).and_then(|value| run("COMMIT").map(|()| value));
        if result.is_err() && !self.connection.is_autocommit() {
            // The first error is the one to tell; a rollback that fails leaves nothing to undo.
            drop(self.connection.execute_batch("ROLLBACK"));
        }
        result
    }

    fn case_columns(&self, reference: Ref) -> Result<Option<CaseColumns>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT exchange, context, baseline_copy, same_as, state FROM failures
                 WHERE n = ?1 AND id = ?2",
            )
            .and_then(|mut statement| {
                let key = params![signed(reference.number), reference.id.to_string()];
                statement
                    .query_row(key, |row| {
                        Ok(CaseColumns {
                            exchange: row.get(0)?,
                            context: row.get(1)?,
                            baseline: row.get(2)?,
                            same_as: row.get(3)?,
                            state: row.get(4)?,
                        })
                    })
                    .optional()
            })
            .map_err(StoreError::sqlite(&self.path))
    }

    /// The baseline that another failure was compared with; `None` when that one is gone.
    fn baseline_of(&self, number: i64) -> Result<Option<ChosenBaseline>, StoreError> {
        let found: Option<(String, Option<Vec<u8>>)> = self
            .connection
            .prepare_cached("SELECT id, baseline_copy FROM failures WHERE n = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .map_err(StoreError::sqlite(&self.path))?;
        match found {
            Some((row, Some(sealed))) => self
                .open_sealed(failure_slot("baseline_copy", &row), &sealed)
                .map(Some),
            _ => Ok(None),
        }
    }

    /// Joins the exchanges before; one that is gone counts as not remembered.
    fn whole_context(&self, stored: StoredContext) -> Result<Context, StoreError> {
        let mut context = Context {
            before: Vec::with_capacity(stored.before.len().min(MOST_BEFORE)),
            after: stored.after,
            credentials: stored.credentials,
            lost: stored.lost,
        };
        for id in stored.before {
            match self.seen(id)? {
                Some(seen) => context.before.push(seen),
                None => context.lost = context.lost.saturating_add(1),
            }
        }
        Ok(context)
    }

    fn seen(&self, id: ExchangeId) -> Result<Option<Seen>, StoreError> {
        let row = id.to_string();
        let sealed: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT sealed FROM seen WHERE id = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([&row], |columns| columns.get(0))
                    .optional()
            })
            .map_err(StoreError::sqlite(&self.path))?;
        sealed
            .map(|sealed| self.open_sealed(seen_slot(&row), &sealed))
            .transpose()
    }

    pub(super) fn sealed<T: Serialize>(
        &self,
        slot: Slot<'_>,
        value: &T,
    ) -> Result<Vec<u8>, StoreError> {
        self.sealer
            .seal(slot, value)
            .map_err(StoreError::sealed(&self.path))
    }

    pub(super) fn open_sealed<T: serde::de::DeserializeOwned>(
        &self,
        slot: Slot<'_>,
        sealed: &[u8],
    ) -> Result<T, StoreError> {
        self.sealer
            .open(slot, sealed)
            .map_err(StoreError::sealed(&self.path))
    }
}

impl StoredContext {
    pub(super) fn of(context: &Context) -> Self {
        Self {
            before: context.before.iter().map(|seen| seen.id).collect(),
            after: context.after.clone(),
            credentials: context.credentials.clone(),
            lost: context.lost,
        }
    }
}

struct CaseColumns {
    exchange: Vec<u8>,
    context: Vec<u8>,
    baseline: Option<Vec<u8>>,
    same_as: Option<i64>,
    state: String,
}

const SAVE_VERDICT: &str = "
UPDATE failures SET explained = 1, cause = ?2, side = ?3, confidence = ?4, baseline = ?5,
  same_as = ?6, baseline_copy = ?7
WHERE n = ?1";

/// No Case has more exchanges before it; only used to size a buffer.
const MOST_BEFORE: usize = 64;

/// A column of a failure.
pub(super) fn failure_slot<'a>(column: &'static str, row: &'a str) -> Slot<'a> {
    Slot {
        table: "failures",
        column,
        row,
    }
}

/// An exchange before a failure.
pub(super) fn seen_slot(row: &str) -> Slot<'_> {
    Slot {
        table: "seen",
        column: "sealed",
        row,
    }
}

/// Running numbers come from SQLite, so they fit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
