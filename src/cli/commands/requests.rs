//! Requests from files of other tools, for the commands that take them.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::input::Input;
use crate::cli::problem::Problem;
use crate::import::{self, ImportError, Imported, ImportedRequest, Position, Source, Surroundings};
use crate::model::{Baseline, BaselineSource, Timestamp};

/// All requests of a file with curl commands.
pub(super) fn requests(
    path: &Path,
    now: Timestamp,
    context: &mut Context,
) -> Result<Vec<Baseline>, Problem> {
    let imported = imported(path, now, context)?;
    Ok(imported
        .into_iter()
        .map(|request| baseline(request, now))
        .collect())
}

/// The same, as the importer gives them. What is wrong with the rest of the file is said.
pub(super) fn imported(
    path: &Path,
    now: Timestamp,
    context: &mut Context,
) -> Result<Vec<ImportedRequest>, Problem> {
    let input = Input::read(path, context)?;
    let source = Source::new(&input.name, &input.text);
    let surroundings = Surroundings {
        variable: &|name| std::env::var(name).ok(),
        file: &import::files::read,
        now,
    };
    let Imported { requests, problems } = import::curl::import(&source, &surroundings);
    if problems.is_empty() {
        return Ok(requests);
    }
    let problem = told(&source, &problems);
    if requests.is_empty() {
        return Err(problem);
    }
    context.output.say(&problem.to_warning());
    Ok(requests)
}

/// All that is wrong with a file, each with its place.
fn told(source: &Source<'_>, problems: &[ImportError]) -> Problem {
    let message = match problems {
        [only] => only.to_string(),
        _ => format!(
            "{} things in {} cannot be imported",
            problems.len(),
            source.name()
        ),
    };
    let mut told = Problem::failed("import", message);
    for problem in problems {
        let Position { line, column } = problem.position(source);
        let place = format!("{}:{line}:{column}", source.name());
        let message = if problems.len() > 1 {
            problem.to_string()
        } else {
            String::new()
        };
        told = told.detail(place, message);
    }
    told.hint("give a curl command for sh, as browsers copy it with \"copy as cURL (bash)\"")
}

fn baseline(imported: ImportedRequest, now: Timestamp) -> Baseline {
    Baseline {
        name: imported.name,
        source: BaselineSource::Curl,
        added: now,
        request: imported.request,
        unresolved: imported.unresolved,
        warnings: imported.warnings,
    }
}

/// The only request of a file.
pub(super) fn one_request(
    path: &Path,
    now: Timestamp,
    context: &mut Context,
) -> Result<Baseline, Problem> {
    let mut all = requests(path, now, context)?;
    match (all.pop(), all.len()) {
        (Some(only), 0) => Ok(only),
        (_, more) => Err(Problem::failed(
            "several-requests",
            format!(
                "{} holds {} requests, one is needed",
                path.display(),
                more + 1
            ),
        )
        .hint("put the one you mean in a file of its own")),
    }
}
