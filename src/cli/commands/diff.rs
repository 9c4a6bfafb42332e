//! `why401 diff`: two requests, no proxy.

use std::path::Path;

use crate::baseline::Shelf;
use crate::cli::args::DiffArgs;
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::cli::requests::{one_request, side as file_side};
use crate::diagnosis;
use crate::import::har::Selection;
use crate::model::{
    Baseline, BaselineSource, Case, Exchange, ExchangeId, Outcome, Request, State, Timestamp,
    Timings,
};
use crate::report::{self, terminal};

/// Compares a failing request with a good one; each is a file or a recorded exchange.
pub(super) fn diff(args: &DiffArgs, context: &mut Context) -> Result<(), Problem> {
    let now = clock::now();
    if args.failing == "-" && args.good == "-" {
        return Err(
            Problem::usage("stdin-twice", "standard input can be only one of the two")
                .hint("put the other request in a file"),
        );
    }
    let mut case = failing(args, now, context)?;
    let good = good(args, now, context)?;
    let name = good.name.clone();
    case.baseline = Shelf::new(vec![good]).choose(&case.failing.request, Some(&name), now);
    let diagnosis = diagnosis::diagnose(&case);
    let mut masker = context.masker(args.reveal);
    let report = report::build(&case, &diagnosis, &mut masker);
    if args.json {
        return context.print_json(&report);
    }
    let text = terminal::comparison(&report, &context.style());
    Ok(context.output.print(&text)?)
}

fn failing(args: &DiffArgs, now: Timestamp, context: &mut Context) -> Result<Case, Problem> {
    let side = args.failing.as_str();
    if names_a_record(side) {
        return context.case(Some(side), now);
    }
    let wanted = file_side(side, Selection::OnlyUnauthorized, &args.variables, context)?;
    let failing = one_request(wanted, side, now, context)?;
    Ok(Case {
        number: 0,
        failing: unobserved(failing.request, now),
        unresolved: failing.unresolved,
        state: State::Failed,
        baseline: None,
        context: crate::model::Context::default(),
    })
}

fn good(args: &DiffArgs, now: Timestamp, context: &mut Context) -> Result<Baseline, Problem> {
    let side = args.good.as_str();
    if names_a_record(side) {
        let case = context.case(Some(side), now)?;
        return Ok(Baseline {
            name: format!("#{}", case.number),
            source: BaselineSource::Exchange,
            added: now,
            request: case.failing.request,
            unresolved: Vec::new(),
            warnings: Vec::new(),
        });
    }
    let wanted = file_side(side, Selection::OnlySuccess, &args.variables, context)?;
    one_request(wanted, side, now, context)
}

/// A file of that name comes first; `./31` is always a file and `#31` never.
fn names_a_record(side: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // Ids are ULIDs: their first character stays 0 until the year 3084.
    let is_id = side.starts_with('0')
        && side.len() <= ULID_LENGTH
        && side.bytes().all(|b| b.is_ascii_alphanumeric());
    match side.strip_prefix('#') {
        Some(number) => is_number(number),
        None => (is_number(side) || is_id) && !Path::new(side).exists(),
    }
}

/// A request that nobody saw pass.
fn unobserved(request: Request, now: Timestamp) -> Exchange {
    Exchange {
        id: ExchangeId::from_parts(now, 0),
        at: now,
        request,
        outcome: Outcome::Unobserved,
        hop: None,
        timings: Timings::default(),
        notes: Vec::new(),
        websocket: None,
    }
}

/// The length of an id in text.
const ULID_LENGTH: usize = 26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_are_records_and_paths_are_files() {
        for record in ["31", "#31", "01JX", "01JXAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(names_a_record(record), "{record}");
        }
        for file in ["-", "", "#", "./31", "failing.sh", "failing", "src", "a/b"] {
            assert!(!names_a_record(file), "{file}");
        }
    }
}
