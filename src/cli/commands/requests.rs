//! Requests from files of other tools, for the commands that take them.

use std::path::{Path, PathBuf};

use crate::cli::advice;
use crate::cli::args::PostmanVariables;
use crate::cli::context::Context;
use crate::cli::input::{self, Expected, Input};
use crate::cli::output::printable;
use crate::cli::problem::Problem;
use crate::import::har::{self, Selection};
use crate::import::{
    self, Imported, ImportedRequest, Position, Source, Surroundings, curl, postman,
};
use crate::model::{Baseline, BaselineSource, Timestamp};

/// A file of another tool, and what of it is wanted.
#[derive(Debug)]
pub(super) enum Wanted<'a> {
    /// All commands of a script.
    Curl(&'a Path),
    /// Entries of an archive.
    Har(PathBuf, Selection),
    /// All items of a collection, or one.
    Postman {
        file: PathBuf,
        item: Option<String>,
        variables: &'a PostmanVariables,
    },
}

impl Wanted<'_> {
    fn file(&self) -> &Path {
        match self {
            Self::Curl(file) => file,
            Self::Har(file, _) | Self::Postman { file, .. } => file,
        }
    }

    fn source(&self) -> BaselineSource {
        match self {
            Self::Curl(_) => BaselineSource::Curl,
            Self::Har(..) => BaselineSource::Har,
            Self::Postman { .. } => BaselineSource::Postman,
        }
    }

    fn expected(&self) -> Expected {
        match self {
            Self::Curl(_) => Expected::Curl,
            Self::Har(..) => Expected::Har,
            Self::Postman { .. } => Expected::Postman,
        }
    }
}

/// `FILE.har#n` or `FILE.har#URL`: the file, and that entry, or `otherwise` without either.
pub(super) fn archive(path: &Path, otherwise: Selection) -> Result<Wanted<'static>, Problem> {
    let Some((file, entry)) = with_fragment(path) else {
        return Ok(Wanted::Har(path.to_owned(), otherwise));
    };
    match entry.parse::<i128>() {
        Ok(number) if number > 0 => {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            Ok(Wanted::Har(file, Selection::Number(number)))
        }
        Err(_) if !entry.is_empty() => Ok(Wanted::Har(file, Selection::Url(entry))),
        _ => Err(
            Problem::usage("har-entry", format!("#{entry} is no number of an entry")).hint(
                "entries are counted from 1: FILE.har#1; or name its URL: FILE.har#/v1/users",
            ),
        ),
    }
}

/// One side of a comparison: the kind of its file goes by its name.
pub(super) fn side<'a>(
    text: &'a str,
    otherwise: Selection,
    variables: &'a PostmanVariables,
) -> Result<Wanted<'a>, Problem> {
    let path = Path::new(text);
    let (file, item) = match with_fragment(path) {
        Some((file, item)) => (file, Some(item)),
        None => (path.to_owned(), None),
    };
    let end = file.extension().map(|end| end.to_ascii_lowercase());
    match end.as_ref().and_then(|end| end.to_str()) {
        Some("har") => archive(path, otherwise),
        Some("json") => Ok(Wanted::Postman {
            file,
            item,
            variables,
        }),
        _ => Ok(Wanted::Curl(path)),
    }
}

/// What stands before and behind a `#`, unless there is a file of the whole name.
fn with_fragment(path: &Path) -> Option<(PathBuf, String)> {
    if path.exists() {
        return None;
    }
    let (file, fragment) = path.to_str()?.split_once('#')?;
    Some((PathBuf::from(file), fragment.to_owned()))
}

/// The requests of a file, or all that is wrong with it.
///
/// A collection or an archive with some requests that are wrong still yields the others; what is
/// wrong is said on standard error.
pub(super) fn requests(
    wanted: &Wanted<'_>,
    now: Timestamp,
    context: &mut Context,
) -> Result<Vec<ImportedRequest>, Problem> {
    let (requests, problem) = match wanted {
        Wanted::Curl(_) => of_text(wanted, now, context, curl::import)?,
        Wanted::Har(file, selection) => of_archive(file, selection, context)?,
        Wanted::Postman {
            item, variables, ..
        } => {
            let options = options(item.clone(), variables, context)?;
            of_text(wanted, now, context, |source, surroundings| {
                postman::import(source, &options, surroundings)
            })?
        }
    };
    match problem {
        None => Ok(requests),
        Some(problem) if requests.is_empty() || matches!(wanted, Wanted::Curl(_)) => Err(problem),
        Some(problem) => {
            context.output.say(&problem.to_warning());
            Ok(requests)
        }
    }
}

/// The requests, and what is wrong with the others.
type Found = (Vec<ImportedRequest>, Option<Problem>);

fn of_text(
    wanted: &Wanted<'_>,
    now: Timestamp,
    context: &mut Context,
    import: impl FnOnce(&Source<'_>, &Surroundings<'_>) -> Imported,
) -> Result<Found, Problem> {
    let input = Input::read(wanted.file(), wanted.expected(), context)?;
    let source = Source::new(&input.name, &input.text);
    let surroundings = Surroundings {
        variable: &|name| std::env::var(name).ok(),
        file: &import::files::read,
        now,
    };
    let Imported { requests, problems } = import(&source, &surroundings);
    let problem = (!problems.is_empty()).then(|| advice::import(&source, &problems));
    Ok((requests, problem))
}

/// Archives hold all responses of a page: they are read as a stream.
fn of_archive(file: &Path, selection: &Selection, context: &mut Context) -> Result<Found, Problem> {
    let (name, reader) = input::stream(file, Expected::Har, context)?;
    let har::Archive {
        imported: Imported { requests, problems },
        positions,
    } = har::read(reader, selection);
    let position = |at: usize| positions.get(at).copied().unwrap_or(Position::START);
    let problem = (!problems.is_empty()).then(|| advice::import_at(&name, &problems, position));
    Ok((requests, problem))
}

fn options(
    item: Option<String>,
    variables: &PostmanVariables,
    context: &mut Context,
) -> Result<postman::Options, Problem> {
    let mut options = postman::Options {
        item,
        ..postman::Options::default()
    };
    if let Some(path) = &variables.environment {
        let input = Input::read(path, Expected::Environment, context)?;
        let source = Source::new(&input.name, &input.text);
        options.environment =
            postman::environment(&source).map_err(|error| advice::import(&source, &[error]))?;
    }
    for variable in &variables.var {
        options.variables.set(&variable.name, &variable.value);
    }
    Ok(options)
}

/// The requests of a file as baselines that still need names.
pub(super) fn baselines(
    wanted: &Wanted<'_>,
    now: Timestamp,
    context: &mut Context,
) -> Result<Vec<Baseline>, Problem> {
    let requests = requests(wanted, now, context)?.into_iter();
    Ok(requests
        .map(|request| known_good(request, wanted.source(), now))
        .collect())
}

/// The only request of a file; what was assumed is said on standard error.
pub(super) fn one_request(
    wanted: &Wanted<'_>,
    side: &str,
    now: Timestamp,
    context: &mut Context,
) -> Result<Baseline, Problem> {
    let mut all = requests(wanted, now, context)?;
    let name = if side == "-" {
        "standard input".to_owned()
    } else {
        side.to_owned()
    };
    match (all.pop(), all.len()) {
        (Some(only), 0) => {
            for warning in &only.warnings {
                let warning = printable(&format!("{name}: {warning}"));
                context.output.say(&format!("warning: {warning}\n"));
            }
            Ok(Baseline {
                name,
                ..known_good(only, wanted.source(), now)
            })
        }
        (_, more) => Err(Problem::failed(
            "several-requests",
            format!("there are {} requests, one is needed", more + 1),
        )
        .at(wanted.file())
        .hint(match wanted {
            Wanted::Curl(_) => "put the one you mean in a file of its own",
            Wanted::Har(..) => "name the one you mean: FILE.har#n",
            Wanted::Postman { .. } => "name the one you mean: COLLECTION.json#Folder/Name",
        })),
    }
}

/// An imported request that is said to work.
pub(super) fn known_good(
    imported: ImportedRequest,
    source: BaselineSource,
    now: Timestamp,
) -> Baseline {
    Baseline {
        name: imported.name,
        source,
        added: now,
        request: imported.request,
        unresolved: imported.unresolved,
        warnings: imported.warnings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_side_tells_its_kind() {
        let none = PostmanVariables::default();
        let kind = |text| match side(text, Selection::OnlySuccess, &none).unwrap() {
            Wanted::Curl(file) => format!("curl {}", file.display()),
            Wanted::Har(file, selection) => format!("har {} {selection:?}", file.display()),
            Wanted::Postman { file, item, .. } => {
                format!("postman {} {}", file.display(), item.unwrap_or_default())
            }
        };
        assert_eq!(kind("x.har"), "har x.har OnlySuccess");
        assert_eq!(kind("x.HAR#3"), "har x.HAR Number(3)");
        assert_eq!(kind("x.har#/a#b"), "har x.har Url(\"/a#b\")");
        assert_eq!(kind("d/c.json#A/B #2"), "postman d/c.json A/B #2");
        assert_eq!(kind("c.json"), "postman c.json ");
        assert_eq!(kind("-"), "curl -");
        assert_eq!(kind("good#1"), "curl good#1");
    }

    #[test]
    fn entries_are_counted_from_one() {
        for path in ["x.har#0", "x.har#", "x.har#-1"] {
            assert!(archive(Path::new(path), Selection::All).is_err(), "{path}");
        }
    }
}
