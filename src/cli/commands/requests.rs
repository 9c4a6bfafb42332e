//! Requests from files of other tools, for the commands that take them.

use std::path::Path;

use crate::cli::advice;
use crate::cli::context::Context;
use crate::cli::input::Input;
use crate::cli::output::printable;
use crate::cli::problem::Problem;
use crate::import::{self, ImportedRequest, Source, Surroundings, curl};
use crate::model::{Baseline, BaselineSource, Timestamp};

/// All requests of a file with curl commands, or all that is wrong with it.
pub(super) fn requests(
    path: &Path,
    now: Timestamp,
    context: &mut Context,
) -> Result<Vec<ImportedRequest>, Problem> {
    let input = Input::read(path, context)?;
    let source = Source::new(&input.name, &input.text);
    let imported = curl::import(
        &source,
        &Surroundings {
            variable: &|name| std::env::var(name).ok(),
            file: &import::files::read,
            now,
        },
    );
    if imported.problems.is_empty() {
        return Ok(imported.requests);
    }
    Err(advice::import(&source, &imported.problems))
}

/// The only request of a file; what was assumed is said on standard error.
pub(super) fn one_request(
    path: &Path,
    now: Timestamp,
    context: &mut Context,
) -> Result<Baseline, Problem> {
    let mut all = requests(path, now, context)?;
    let name = if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    match (all.pop(), all.len()) {
        (Some(only), 0) => {
            for warning in &only.warnings {
                let warning = printable(&format!("{name}: {warning}"));
                context.output.say(&format!("warning: {warning}\n"));
            }
            Ok(Baseline {
                name,
                ..known_good(only, now)
            })
        }
        (_, more) => Err(Problem::failed(
            "several-requests",
            format!("there are {} requests, one is needed", more + 1),
        )
        .at(path)
        .hint("put the one you mean in a file of its own")),
    }
}

/// An imported request that is said to work.
pub(super) fn known_good(imported: ImportedRequest, now: Timestamp) -> Baseline {
    Baseline {
        name: imported.name,
        source: BaselineSource::Curl,
        added: now,
        request: imported.request,
        unresolved: imported.unresolved,
        warnings: imported.warnings,
    }
}
