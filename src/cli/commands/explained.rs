//! Which recorded failures a new baseline explains.

use crate::analysis;
use crate::capture::store::{Filter, Store};
use crate::cli::advice;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::model::{Baseline, Timestamp};

/// Explains the newest failures again, and says which of them are now compared with a new baseline.
pub(super) fn explained(
    store: &Store,
    added: &[Baseline],
    now: Timestamp,
    context: &Context,
) -> Result<String, Problem> {
    let filter = Filter {
        limit: Some(MOST_FAILURES),
        ..Filter::default()
    };
    let rows = store
        .list(&filter, now)
        .map_err(|error| advice::store(&error))?;
    let is_new = |name: &str| added.iter().any(|baseline| baseline.name == name);
    let mut numbers = Vec::new();
    for row in rows {
        // One that cannot be explained now can be asked for by its number, with the reason.
        if let Ok((case, _)) = analysis::explain(store, row.reference, None, &[], now)
            && case
                .baseline
                .is_some_and(|chosen| is_new(&chosen.baseline.name))
        {
            numbers.push(case.number);
        }
    }
    Ok(text(&numbers, context))
}

fn text(numbers: &[u64], context: &Context) -> String {
    let [newest, others @ ..] = numbers else {
        return String::new();
    };
    let why = context.command(&format!("why {newest}"));
    match others {
        [] => format!("explains #{newest}: {why}\n"),
        _ => {
            let all: Vec<_> = numbers
                .iter()
                .take(MOST_NAMED)
                .map(|number| format!("#{number}"))
                .collect();
            let more = numbers.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("explains {}{more}: {why}\n", all.join(", "))
        }
    }
}

const MOST_FAILURES: usize = 200;
const MOST_NAMED: usize = 8;
