//! Why the origin said 401: pure functions from a [`Case`](crate::model::Case) to ranked findings.
//!
//! Knows no file, socket or clock: the time comes from the Case (the response's `Date`, or the moment of
//! the request), so that the same Case gives the same answer anywhere, byte for byte.
//!
//! The way of a Case: [`diagnose`] (engine.rs) builds the facts once (facts/), asks every rule (rules/),
//! drops what a request that passed has as well (the veto), corrects the scores (score.rs) and ranks
//! (rank.rs). What stays unknown is said by unknown.rs; a request without a response by transport/.
//!
//! # Adding a cause
//! 1. One file `rules/<the_id_in_snake_case>.rs` with `check`: it looks at `Facts` and returns a
//!    suspicion, or nothing. Prefer nothing: a made-up cause is worse than none.
//! 2. One row in causes/table.rs: id, class, side, scores, what the server may say about it. Then
//!    `WHY401_BLESS=1 cargo test --lib causes` writes docs/causes.md anew.
//! 3. Fixtures: a folder `tests/fixtures/diagnosis/<id>/<case>/` for each way it shows, and one called
//!    `not-…` for each trap in which it must stay silent. `tests/diagnosis_fixtures.rs` says what is in them.
//!
//! What two rules would both work out belongs into facts/, wording they share into words.rs.

mod causes;
mod claims;
mod cut;
mod engine;
mod facts;
mod finding;
mod rank;
mod rules;
#[cfg(test)]
mod sample;
mod score;
mod suspicion;
mod transport;
mod unknown;
mod words;

pub use causes::{CAUSES, Cause, Class, Grade, Needs, Strength, Veto};
pub use engine::diagnose;
pub use finding::{Confidence, Diagnosis, FaultSide, Finding, Part, Phrase};
pub use transport::{TRANSPORT_CAUSES, TransportCause};
