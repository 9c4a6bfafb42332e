//! Reading the plain columns: lists, and which record a reference names.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};

use super::cases::state_at;
use super::error::{ResolveError, StoreError};
use super::open::Store;
use crate::model::{ExchangeId, State, Timestamp};

/// What a recorded failure is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The store's running number, `#n`.
    pub number: u64,
    /// The global id.
    pub id: ExchangeId,
}

/// A recorded failure in one line. Every text is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is called.
    pub reference: Ref,
    /// When its request head was complete.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The host and, where it is not the scheme's own, the port.
    pub authority: String,
    /// The URL.
    pub url: String,
    /// The route template of its path.
    pub route: String,
    /// The status that the client saw.
    pub status: u16,
    /// Where it stands.
    pub state: State,
    /// The cause's id; `None` when nothing is known, or not yet.
    pub cause: Option<String>,
    /// Where the fault lies; `None` before there is a verdict.
    pub side: Option<String>,
    /// How sure the verdict is; `None` before there is one.
    pub confidence: Option<String>,
    /// The name of the baseline it was compared with.
    pub baseline: Option<String>,
    /// The number of an earlier failure that it repeats.
    pub same_as: Option<u64>,
    /// The kind of client.
    pub client: String,
    /// Its `User-Agent`.
    pub agent: String,
}

/// Which rows are wanted; the default is all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The host, a domain above it, or host and port.
    pub host: Option<String>,
    /// The route template.
    pub route: Option<String>,
    /// The cause's id.
    pub cause: Option<String>,
    /// Part of the client's kind or `User-Agent`, in any case.
    pub client: Option<String>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Part of the method, URL, cause, client or baseline, in any case.
    pub search: Option<String>,
    /// At most that many.
    pub limit: Option<usize>,
}

impl Store {
    /// The recorded failures that the filter wants, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self, filter: &Filter, now: Timestamp) -> Result<Vec<Row>, StoreError> {
        let (condition, mut values) = filter.condition();
        let limit = filter
            .limit
            .map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        values.push(Value::Integer(limit));
        self.rows(
            &format!("{condition} ORDER BY n DESC LIMIT ?{}", values.len()),
            values,
            now,
        )
    }

    /// The newest recorded failure.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn newest(&self) -> Result<Option<Ref>, StoreError> {
        self.reference("1 ORDER BY n DESC LIMIT 1", vec![])
    }

    /// The record that a text names: an id, the unique start of one, or a number with or without `#`.
    ///
    /// # Errors
    /// When none or several are meant, or the store cannot be read.
    pub fn resolve(&self, text: &str, now: Timestamp) -> Result<Ref, ResolveError> {
        let text = text.trim();
        let digits = text.strip_prefix('#').unwrap_or(text);
        // Ids begin with a zero, running numbers are written without.
        let found = match digits.parse::<i64>() {
            Ok(number) if text.starts_with('#') || !digits.starts_with('0') => {
                self.reference("n = ?1", vec![number.into()])?
            }
            _ => self.by_id(text, now)?,
        };
        match found {
            Some(reference) => Ok(reference),
            None if self.newest()?.is_none() => Err(ResolveError::Empty),
            None => Err(ResolveError::NotFound(text.to_owned())),
        }
    }

    fn by_id(&self, text: &str, now: Timestamp) -> Result<Option<Ref>, ResolveError> {
        let prefix = text.to_ascii_uppercase();
        let is_ulid = !prefix.is_empty()
            && prefix.len() <= ULID_LENGTH
            && prefix.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_ulid {
            return Ok(None);
        }
        // `~` sorts after every character of an id.
        let range: Vec<Value> = vec![prefix.clone().into(), format!("{prefix}~").into()];
        let condition = format!("id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT {CANDIDATES}");
        let mut candidates = self.rows(&condition, range, now)?;
        match candidates.len() {
            0 => Ok(None),
            1 => Ok(candidates.pop().map(|row| row.reference)),
            _ => Err(ResolveError::Ambiguous {
                prefix: text.to_owned(),
                candidates,
            }),
        }
    }

    fn reference(&self, condition: &str, values: Vec<Value>) -> Result<Option<Ref>, StoreError> {
        self.connection
            .prepare_cached(&format!("SELECT n, id FROM failures WHERE {condition}"))
            .and_then(|mut statement| {
                statement
                    .query_row(params_from_iter(values), read_reference)
                    .optional()
            })
            .map_err(StoreError::sqlite(&self.path))
    }

    fn rows(
        &self,
        condition: &str,
        values: Vec<Value>,
        now: Timestamp,
    ) -> Result<Vec<Row>, StoreError> {
        self.connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM failures WHERE {condition}"))
            .and_then(|mut statement| {
                statement
                    .query_map(params_from_iter(values), |row| read_row(row, now))?
                    .collect()
            })
            .map_err(StoreError::sqlite(&self.path))
    }
}

impl Filter {
    /// The condition and the values of its parameters.
    fn condition(&self) -> (String, Vec<Value>) {
        let mut terms = vec!["1".to_owned()];
        let mut values: Vec<Value> = Vec::new();
        let mut add = |term: &str, value: Value| {
            values.push(value);
            terms.push(term.replace('?', &format!("?{}", values.len())));
        };
        if let Some(host) = &self.host {
            let host = host.to_lowercase();
            add(
                "(host = ? OR authority = ? OR substr(host, -length(?) - 1) = '.' || ?)",
                host.into(),
            );
        }
        if let Some(route) = &self.route {
            // A star of GLOB runs over slashes too: both must have as many.
            add(
                "(route GLOB ? AND length(route) - length(replace(route, '/', ''))
                  = length(?) - length(replace(?, '/', '')))",
                route.replace('[', "[[]").replace('?', "[?]").into(),
            );
        }
        if let Some(cause) = &self.cause {
            add("cause = ?", cause.clone().into());
        }
        if let Some(client) = &self.client {
            add(
                "(instr(lower(client), ?) OR instr(lower(agent), ?))",
                client.to_ascii_lowercase().into(),
            );
        }
        if let Some(since) = self.since {
            add("at >= ?", since.micros().into());
        }
        if let Some(search) = &self.search {
            add(
                "instr(lower(concat_ws(' ', method, url, cause, client, agent, baseline)), ?)",
                search.to_ascii_lowercase().into(),
            );
        }
        (terms.join(" AND "), values)
    }
}

/// The length of an id in text.
const ULID_LENGTH: usize = 26;

/// So many candidates of an ambiguous id are named.
const CANDIDATES: usize = 10;

const COLUMNS: &str = "n, id, at, method, authority, url, route, status, state, cause, side, \
                       confidence, baseline, same_as, client, agent";

pub(super) fn read_reference(row: &rusqlite::Row<'_>) -> rusqlite::Result<Ref> {
    Ok(Ref {
        number: row.get::<_, i64>(0)?.try_into().unwrap_or(0),
        id: row
            .get_ref(1)?
            .as_str()?
            .parse()
            .map_err(|error| conversion(1, error))?,
    })
}

fn read_row(row: &rusqlite::Row<'_>, now: Timestamp) -> rusqlite::Result<Row> {
    let at = Timestamp::from_micros(row.get(2)?);
    Ok(Row {
        reference: read_reference(row)?,
        at,
        method: row.get(3)?,
        authority: row.get(4)?,
        url: row.get(5)?,
        route: row.get(6)?,
        status: row.get(7)?,
        state: state_at(row.get_ref(8)?.as_str()?, at, now),
        cause: row.get(9)?,
        side: row.get(10)?,
        confidence: row.get(11)?,
        baseline: row.get(12)?,
        same_as: row
            .get::<_, Option<i64>>(13)?
            .and_then(|number| number.try_into().ok()),
        client: row.get(14)?,
        agent: row.get(15)?,
    })
}

/// A value of a row that this program never writes.
pub(super) fn conversion(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}
