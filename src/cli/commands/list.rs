//! `why401 list`

use crate::capture::store::{Filter, Row};
use crate::cli::args::ListArgs;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::cli::{advice, clock};
use crate::diagnosis::{CAUSES, TRANSPORT_CAUSES};
use crate::redact::Masker;
use crate::report::{ListRow, StoredRow, terminal};

/// Lists what was recorded, newest first.
pub(super) fn list(args: &ListArgs, context: &mut Context) -> Result<(), Problem> {
    let now = clock::now();
    let filter = Filter {
        host: args.host.clone(),
        route: args.route.clone(),
        cause: args.cause.clone(),
        client: args.client.clone(),
        since: args.since.map(|since| since.resolve(now)),
        search: args.search.clone(),
        limit: Some(args.limit),
    };
    let stored = match context.store_if_any()? {
        Some(store) => store
            .list(&filter, now)
            .map_err(|error| advice::store(&error))?,
        None => Vec::new(),
    };
    let mut masker = Masker::new();
    let rows: Vec<_> = stored
        .iter()
        .map(|row| ListRow::new(&stored_row(row), &mut masker))
        .collect();
    if args.json {
        return context.print_json(&rows);
    }
    if rows.is_empty() {
        context.output.say(&nothing(args));
        return Ok(());
    }
    let style = context.style();
    Ok(context.output.print(&terminal::list(&rows, &style))?)
}

fn stored_row(row: &Row) -> StoredRow<'_> {
    StoredRow {
        id: row.reference.id,
        n: row.reference.number,
        at: row.at,
        method: &row.method,
        url: &row.url,
        status: Some(row.status),
        state: row.state,
        cause: row.cause.as_deref(),
        side: row.side.as_deref(),
        confidence: row.confidence.as_deref(),
        baseline: row.baseline.as_deref(),
        client: &row.client,
    }
}

/// Why there may be nothing to list: a misspelt cause is not one that never happened.
fn nothing(args: &ListArgs) -> String {
    if !is_narrowed(args) {
        return "nothing is recorded yet\n".to_owned();
    }
    let transport = TRANSPORT_CAUSES.iter().map(|cause| cause.id);
    let causes: Vec<_> = CAUSES
        .iter()
        .map(|cause| cause.id)
        .chain(transport)
        .collect();
    let near = args
        .cause
        .as_deref()
        .filter(|cause| !causes.contains(cause))
        .and_then(|cause| advice::nearest(cause, &causes));
    let near = near.map_or_else(String::new, |near| {
        format!("; did you mean the cause {near}?")
    });
    format!("nothing is recorded that fits{near}\n")
}

/// Whether anything was asked for but the newest.
fn is_narrowed(args: &ListArgs) -> bool {
    let texts = [
        &args.host,
        &args.route,
        &args.cause,
        &args.client,
        &args.search,
    ];
    args.since.is_some() || args.limit == 0 || texts.iter().any(|text| text.is_some())
}
