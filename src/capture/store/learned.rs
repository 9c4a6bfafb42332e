//! Requests that got a 2xx: the newest of each route and client, kept so that a later failure has
//! something to be compared with.

use rusqlite::types::Value;
use rusqlite::{Row, params, params_from_iter};

use super::cases::signed;
use super::error::{BaselineError, StoreError};
use super::open::Store;
use super::rows::conversion;
use crate::auth::fingerprint::Fingerprinter;
use crate::capture::kind::Text;
use crate::capture::seal::Slot;
use crate::model::{Baseline, ClientKey, Exchange, ExchangeId, Fingerprint, Learned, Request};

/// Which learned requests belong together, as fingerprints: nearest first, a route and its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Family {
    host: Fingerprint,
    path: Fingerprint,
    route: Fingerprint,
    client: Option<Fingerprint>,
}

impl Family {
    /// The family of a request; `template` is its route template.
    fn of(
        request: &Request,
        template: &str,
        client: Option<&ClientKey>,
        fingerprinter: &Fingerprinter,
    ) -> Self {
        let of = |parts: &[&[u8]]| {
            let mut text = Text::default();
            parts.iter().for_each(|part| text.add(part));
            fingerprinter.fingerprint(text.as_bytes())
        };
        let origin = &request.url.origin;
        let host = origin.host.as_bytes();
        let (method, template) = (request.method.as_bytes(), template.as_bytes());
        Self {
            host: of(&[b"learned host", host]),
            path: of(&[b"learned path", host, template]),
            route: of(&[
                b"learned route",
                method,
                origin.to_string().as_bytes(),
                template,
            ]),
            client: client.map(|client| {
                let address = client.address.to_string();
                of(&[b"learned client", address.as_bytes(), &client.user_agent])
            }),
        }
    }
}

/// A learned request as it is written; its number comes from the store.
#[derive(Debug)]
pub(crate) struct NewLearned {
    learned: Learned,
    family: Family,
    /// Whether it carries a credential: one that does not shall not push out one that does.
    carries: bool,
}

impl NewLearned {
    /// Makes a learned request ready; `route` makes a path into its route template.
    pub(in crate::capture) fn of(
        learned: Learned,
        route: fn(&[u8]) -> String,
        fingerprinter: &Fingerprinter,
    ) -> Self {
        let request = &learned.request;
        let template = route(&request.url.path);
        let client = Some(&learned.client);
        Self {
            family: Family::of(request, &template, client, fingerprinter),
            // By two fields only, which costs little; the choice among those found looks closer.
            carries: request.fields.contains("authorization") || request.fields.contains("cookie"),
            learned,
        }
    }
}

impl Store {
    /// Keeps a learned request, and of its family the newest only; writing it again changes nothing.
    pub(in crate::capture) fn write_learned(&self, new: &NewLearned) -> Result<(), StoreError> {
        let (learned, family) = (&new.learned, &new.family);
        let id = learned.id.to_string();
        let sealed = self.sealed(slot(&id), learned)?;
        let client = family.client.map(|client| client.0).unwrap_or_default();
        let run = || -> rusqlite::Result<()> {
            self.connection.prepare_cached(INSERT)?.execute(params![
                id,
                learned.at.micros(),
                family.host.0,
                family.path.0,
                family.route.0,
                client,
                new.carries,
                sealed
            ])?;
            self.connection
                .prepare_cached(KEEP_NEWEST)?
                .execute(params![
                    family.route.0,
                    client,
                    new.carries,
                    Learned::NEWEST
                ])?;
            Ok(())
        };
        run().map_err(StoreError::sqlite(&self.path))
    }

    /// Removes the oldest learned requests beyond `most`.
    pub(in crate::capture) fn trim_learned(&self, most: u32) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "DELETE FROM learned WHERE n IN (SELECT n FROM learned ORDER BY at
                 LIMIT max(0, (SELECT count(*) FROM learned) - ?1))",
            )
            .and_then(|mut statement| statement.execute([most]))
            .map(drop)
            .map_err(StoreError::sqlite(&self.path))
    }

    /// The learned requests that a failing one may be compared with: those of the nearest kind of
    /// which there are any. `template` is its route template.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn learned_like(
        &self,
        failing: &Exchange,
        template: &str,
    ) -> Result<Vec<Learned>, StoreError> {
        let client = failing.client_key();
        let fingerprinter = self.fingerprinter();
        let family = Family::of(&failing.request, template, client.as_ref(), fingerprinter);
        let blob = |fingerprint: Fingerprint| Value::from(fingerprint.0.to_vec());
        if let Some(client) = family.client {
            let own = vec![blob(family.route), blob(client)];
            let found = self.learned_where("route = ?1 AND client = ?2", own, MOST_OWN)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        for (condition, value, most) in [
            ("route = ?1", family.route, MOST_OF_ROUTE),
            ("path = ?1", family.path, MOST_OF_ROUTE),
            ("host = ?1", family.host, MOST_OF_HOST),
        ] {
            let found = self.learned_where(condition, vec![blob(value)], most)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// All learned requests, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn learned(&self, most: u32) -> Result<Vec<Learned>, StoreError> {
        self.learned_where("1", Vec::new(), most)
    }

    /// How many learned requests there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn learned_count(&self) -> Result<u64, StoreError> {
        self.learned_number("SELECT count(*) FROM learned")
    }

    /// Changes whenever a request was learned, by whatever process.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn learned_mark(&self) -> Result<u64, StoreError> {
        self.learned_number("SELECT coalesce(max(n), 0) FROM learned")
    }

    /// The baseline of that name, or the learned request that is called so.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be read.
    pub fn known_good(&self, name: &str) -> Result<Baseline, BaselineError> {
        let learned = || -> Result<Option<Learned>, StoreError> {
            let Some(number) = Learned::number_in(name) else {
                return Ok(None);
            };
            let number = Value::from(signed(number));
            Ok(self.learned_where("n = ?1", vec![number], 1)?.pop())
        };
        match self.baseline(name) {
            Err(unknown @ BaselineError::NotFound { .. }) => match learned()? {
                Some(learned) => Ok(learned.baseline()),
                None => Err(unknown),
            },
            found => found,
        }
    }

    /// Removes the baseline of that name, or the learned request that is called so.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be written.
    pub fn remove_known_good(&self, name: &str) -> Result<(), BaselineError> {
        match (self.remove_baseline(name), Learned::number_in(name)) {
            (Err(BaselineError::NotFound { .. }), Some(number))
                if self.remove_learned(number)? =>
            {
                Ok(())
            }
            (removed, _) => removed,
        }
    }

    fn remove_learned(&self, number: u64) -> Result<bool, StoreError> {
        self.connection
            .execute("DELETE FROM learned WHERE n = ?1", [signed(number)])
            .map(|removed| removed > 0)
            .map_err(StoreError::sqlite(&self.path))
    }

    fn learned_number(&self, sql: &str) -> Result<u64, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
            .map(i64::unsigned_abs)
            .map_err(StoreError::sqlite(&self.path))
    }

    fn learned_where(
        &self,
        condition: &str,
        values: Vec<Value>,
        most: u32,
    ) -> Result<Vec<Learned>, StoreError> {
        let sql = format!(
            "SELECT n, id, sealed FROM learned WHERE {condition} ORDER BY at DESC, n DESC LIMIT {most}"
        );
        let rows: Vec<(u64, ExchangeId, Vec<u8>)> = self
            .connection
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement
                    .query_map(params_from_iter(values), read)?
                    .collect()
            })
            .map_err(StoreError::sqlite(&self.path))?;
        let open = |(number, id, sealed): (u64, ExchangeId, Vec<u8>)| {
            let learned: Learned = self.open_sealed(slot(&id.to_string()), &sealed)?;
            Ok(Learned { number, ..learned })
        };
        rows.into_iter().map(open).collect()
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(u64, ExchangeId, Vec<u8>)> {
    let id = row.get_ref(1)?.as_str()?.parse();
    Ok((
        row.get::<_, i64>(0)?.unsigned_abs(),
        id.map_err(|error| conversion(1, error))?,
        row.get(2)?,
    ))
}

fn slot(row: &str) -> Slot<'_> {
    Slot {
        table: "learned",
        column: "sealed",
        row,
    }
}

const INSERT: &str = "
INSERT OR IGNORE INTO learned (id, at, host, path, route, client, carries, sealed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const KEEP_NEWEST: &str = "
DELETE FROM learned WHERE route = ?1 AND client = ?2 AND carries = ?3 AND n NOT IN (
  SELECT n FROM learned WHERE route = ?1 AND client = ?2 AND carries = ?3
  ORDER BY at DESC, n DESC LIMIT ?4)";

/// So many are looked at: with credentials and without, of one client.
const MOST_OWN: u32 = 6;

/// So many are looked at of all clients of a route.
const MOST_OF_ROUTE: u32 = 24;

/// So many are looked at of all routes of a host.
const MOST_OF_HOST: u32 = 32;
