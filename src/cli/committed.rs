//! Requests that are known to work and stand beside a configuration (`[[baseline]]`): a team keeps them with
//! its code.

use std::fs;
use std::path::{Path, PathBuf};

use super::advice;
use super::clock;
use super::context::Context;
use super::input::{Expected, Input};
use super::output::printable;
use super::problem::Problem;
use crate::config::entries::BaselineFile;
use crate::config::settings::{Setting, Source as SetBy};
use crate::import::har::{self, Selection};
use crate::import::{
    self, FileError, Imported, ImportedRequest, Source, Surroundings, curl, postman,
};
use crate::model::{Baseline, BaselineSource, Timestamp};

/// All of them, for as long as this process runs: nothing is stored. What cannot be read is said, and the rest
/// counts all the same.
pub(crate) fn baselines(context: &mut Context, now: Timestamp) -> Vec<Baseline> {
    let mut all = Vec::new();
    for Setting { value, source } in context.settings.baselines.clone() {
        match read(&value, now, context) {
            Ok(baselines) => all.extend(baselines),
            Err(problem) => {
                let origin = printable(&format!("{source}: [[baseline]]"));
                context.output.say(&format!("warning: {origin}\n"));
                context.output.say(&problem.to_warning());
            }
        }
    }
    all
}

/// Where a configuration says so of a baseline of that name.
pub(crate) fn source_of(name: &str, context: &mut Context, now: Timestamp) -> Option<SetBy> {
    let settings = context.settings.baselines.clone();
    let mut found = settings.into_iter().filter(|setting| {
        let read = read(&setting.value, now, context).unwrap_or_default();
        read.iter().any(|baseline| baseline.name == name)
    });
    found.next().map(|setting| setting.source)
}

fn read(
    file: &BaselineFile,
    now: Timestamp,
    context: &mut Context,
) -> Result<Vec<Baseline>, Problem> {
    let within = file.within.as_deref();
    if let Err(error) = check_place(&file.file, within) {
        return Err(Problem::failed("baseline-file", error.to_string()).at(&file.file));
    }
    // Of a configuration that nobody named neither the environment nor other files are given away.
    let surroundings = Surroundings {
        variable: &|name| within.is_none().then(|| std::env::var(name).ok()).flatten(),
        file: &|path| {
            let path = beside(&file.file, path);
            check_place(&path, within)?;
            import::files::read(&path)
        },
        now,
    };
    let (imported, source) = import(file, &surroundings, context)?;
    let added = fs::metadata(&file.file).and_then(|facts| facts.modified());
    let added = added.map_or(now, clock::timestamp);
    let single = imported.len() == 1;
    let baselines = imported.into_iter().map(|request| Baseline {
        name: match &file.name {
            Some(name) if single => name.clone(),
            Some(name) => format!("{name}: {}", request.name),
            None => request.name,
        },
        source: source.clone(),
        added,
        request: request.request,
        unresolved: request.unresolved,
        warnings: request.warnings,
    });
    Ok(baselines.collect())
}

fn import(
    file: &BaselineFile,
    surroundings: &Surroundings<'_>,
    context: &mut Context,
) -> Result<(Vec<ImportedRequest>, BaselineSource), Problem> {
    let end = file.file.extension().map(|end| end.to_ascii_lowercase());
    let (expected, kind) = match end.as_ref().and_then(|end| end.to_str()) {
        Some("har") => (Expected::Har, BaselineSource::Har),
        Some("json") => (Expected::Postman, BaselineSource::Postman),
        _ => (Expected::Curl, BaselineSource::Curl),
    };
    let input = Input::read(&file.file, expected, context)?;
    let source = Source::new(&input.name, &input.text);
    let Imported { requests, problems } = match expected {
        Expected::Har => har::import(&source, &selection(file)?),
        Expected::Postman => {
            let mut options = postman::Options {
                item: file.item.clone(),
                ..postman::Options::default()
            };
            if let Some(path) = &file.environment {
                check_place(path, file.within.as_deref()).map_err(|error| {
                    Problem::failed("baseline-file", error.to_string()).at(path)
                })?;
                let input = Input::read(path, Expected::Environment, context)?;
                let source = Source::new(&input.name, &input.text);
                options.environment = postman::environment(&source)
                    .map_err(|error| advice::import(&source, &[error]))?;
            }
            postman::import(&source, &options, surroundings)
        }
        Expected::Curl | Expected::Environment => curl::import(&source, surroundings),
    };
    if problems.is_empty() {
        return Ok((requests, kind));
    }
    let problem = advice::import(&source, &problems);
    if requests.is_empty() {
        return Err(problem);
    }
    context.output.say(&problem.to_warning());
    Ok((requests, kind))
}

fn selection(file: &BaselineFile) -> Result<Selection, Problem> {
    match &file.item {
        None => Ok(Selection::All),
        Some(number) => number
            .trim_start_matches('#')
            .parse()
            .map(Selection::Number)
            .map_err(|_no_number| {
                Problem::failed(
                    "har-entry",
                    format!("item = \"{number}\" is no number of an entry"),
                )
                .at(&file.file)
                .hint("entries are counted from 1")
            }),
    }
}

/// What a committed file names stands beside it.
fn beside(file: &Path, named: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(named)
}

/// Whether a path leads nowhere beyond that folder, links included.
fn check_place(path: &Path, within: Option<&Path>) -> Result<(), FileError> {
    let Some(folder) = within else { return Ok(()) };
    let folder = if folder == Path::new("") {
        Path::new(".")
    } else {
        folder
    };
    let (path, folder) = (fs::canonicalize(path)?, fs::canonicalize(folder)?);
    if path.starts_with(folder) {
        return Ok(());
    }
    Err(FileError::Outside)
}
