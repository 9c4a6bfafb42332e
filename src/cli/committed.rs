//! Requests that are known to work and stand beside a configuration (`[[baseline]]`): a team keeps them with
//! its code.

use std::fs;
use std::path::{Path, PathBuf};

use super::args::Variables;
use super::clock;
use super::context::Context;
use super::output::printable;
use super::problem::Problem;
use super::requests::{Beside, Wanted, with_fragment};
use crate::config::entries::BaselineFile;
use crate::config::settings::{Setting, Source as SetBy};
use crate::import::har::Selection;
use crate::import::{self, FileError, Surroundings};
use crate::model::{Baseline, Timestamp};

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
    let (requests, environment) = (file_of(&file.file), file.environment.as_deref().map(named));
    let files = [Some(&requests), environment.as_ref().and_then(Named::file)];
    for path in files.into_iter().flatten() {
        check_place(path, within)
            .map_err(|error| Problem::failed("baseline-file", error.to_string()).at(path))?;
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
    let variables = Variables {
        environment: environment.map(Named::into_path),
        var: Vec::new(),
    };
    let beside = Beside {
        item: file.item.as_deref(),
        entries: Selection::EverySuccess,
        variables: &variables,
    };
    let wanted = Wanted::open(&file.file, None, &beside, context)?;
    let source = wanted.source();
    let imported = wanted.requests_amid(&surroundings, context)?;
    let added = fs::metadata(&requests).and_then(|facts| facts.modified());
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

/// An environment that a configuration names.
enum Named {
    /// `FILE`, or `FILE#NAME`, and the file.
    File(PathBuf, PathBuf),
    /// The name of one that the requests' own file has.
    Name(PathBuf),
}

impl Named {
    fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(_, file) => Some(file),
            Self::Name(_) => None,
        }
    }

    fn into_path(self) -> PathBuf {
        match self {
            Self::File(path, _) | Self::Name(path) => path,
        }
    }
}

fn named(path: &Path) -> Named {
    let file = file_of(path);
    match path.file_name() {
        // As for the flag: what is no file and has no ending is a name.
        Some(name) if file == path && !file.exists() && file.extension().is_none() => {
            Named::Name(name.into())
        }
        _ => Named::File(path.to_owned(), file),
    }
}

/// `FILE` of `FILE#ITEM`.
fn file_of(path: &Path) -> PathBuf {
    with_fragment(path).map_or_else(|| path.to_owned(), |(file, _)| file)
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
