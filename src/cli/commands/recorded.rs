//! Known-good requests out of the store: the legs that got through.

use crate::capture::store::{Filter, ResolveError, Store};
use crate::cli::advice;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::model::{Baseline, BaselineSource, Case, ExchangeId, Seen, Timestamp};

/// The request of an exchange that passed: one of a story, by its id, or the leg with which the client
/// of a recorded failure got through.
pub(super) fn recorded(
    reference: &str,
    now: Timestamp,
    context: &Context,
) -> Result<Baseline, Problem> {
    let store = context
        .store_if_any()?
        .ok_or_else(|| advice::resolve(&ResolveError::Empty, context))?;
    let request = match store.resolve(reference, now) {
        Ok(found) => {
            let case = store
                .case(found, now)
                .map_err(|error| advice::resolve(&error, context))?;
            leg_that_passed(&case).ok_or_else(|| not_known_good(&case, context))?
        }
        Err(error) => match in_a_story(reference, &store, now)? {
            Some(seen) => seen,
            None => return Err(advice::resolve(&error, context)),
        },
    }
    .request;
    Ok(Baseline {
        name: String::new(),
        source: BaselineSource::Exchange,
        added: now,
        request,
        unresolved: Vec::new(),
        warnings: Vec::new(),
    })
}

fn leg_that_passed(case: &Case) -> Option<Seen> {
    let failing = &case.failing.request;
    let same = |seen: &&Seen| {
        passed(seen) && seen.request.method == failing.method && seen.request.url == failing.url
    };
    case.context.after.iter().find(same).cloned()
}

/// The exchange of that id in the story of a failure; the newest failures are looked at.
fn in_a_story(reference: &str, store: &Store, now: Timestamp) -> Result<Option<Seen>, Problem> {
    let Ok(id) = reference.trim().to_ascii_uppercase().parse::<ExchangeId>() else {
        return Ok(None);
    };
    let filter = Filter {
        limit: Some(MOST_STORIES),
        ..Filter::default()
    };
    let rows = store
        .list(&filter, now)
        .map_err(|error| advice::store(&error))?;
    // A record that is gone meanwhile has no story to look at.
    let cases = rows
        .iter()
        .filter_map(|row| store.case(row.reference, now).ok());
    Ok(cases
        .flat_map(|case| case.context.before.into_iter().chain(case.context.after))
        .find(|seen| seen.id == id && passed(seen)))
}

fn passed(seen: &Seen) -> bool {
    (200..300).contains(&seen.status)
}

fn not_known_good(case: &Case, context: &Context) -> Problem {
    let status = case.failing.status().unwrap_or_default();
    Problem::failed(
        "not-known-good",
        format!(
            "#{} was answered with {status}, and its client did not get through: it shows no request that works",
            case.number
        ),
    )
    .hint(format!(
        "give the id of an exchange of its story that passed ({}), or paste one that works: {}",
        context.command(&format!("why {}", case.number)),
        context.command("baseline add --curl -")
    ))
}

const MOST_STORIES: usize = 200;
