//! Requests from files of other tools, for the commands that take them.

use std::path::{Path, PathBuf};

use crate::cli::advice;
use crate::cli::args::Variables;
use crate::cli::context::Context;
use crate::cli::input::{Expected, Input, Opened};
use crate::cli::output::printable;
use crate::cli::problem::Problem;
use crate::import::format::Use;
use crate::import::har::{self, Selection};
use crate::import::{
    self, Environment, EnvironmentFile, FileError, Format, Imported, ImportedRequest, Options,
    Position, Source, Surroundings, Take,
};
use crate::model::{Baseline, BaselineSource, Timestamp};

/// A file of another tool, and what of it is wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    opened: Opened,
    format: Format,
    options: Options,
}

/// What the user says beside the file.
#[derive(Debug)]
pub(crate) struct Beside<'a> {
    pub(crate) item: Option<&'a str>,
    /// Which entries of an archive, when no item is named.
    pub(crate) entries: Selection,
    pub(crate) variables: &'a Variables,
}

impl Wanted {
    /// Opens `FILE` or `FILE#ITEM`. A format that is not named is guessed.
    pub(crate) fn open(
        path: &Path,
        format: Option<Format>,
        beside: &Beside<'_>,
        context: &mut Context,
    ) -> Result<Self, Problem> {
        let (opened, item, found) = opened(path, format, context)?;
        if beside.variables.environment.is_some() && found.takes() != Use::Environments {
            return Err(useless("--environment", found));
        }
        if !beside.variables.var.is_empty() && found.takes() == Use::Nothing {
            return Err(useless("--var", found));
        }
        let item = beside.item.map(str::to_owned).or(item);
        let options = options(item, found, beside, context)?;
        Ok(Self {
            opened,
            format: found,
            options,
        })
    }

    /// Says which format was found.
    pub(crate) fn say_format(&self, context: &mut Context) {
        let told = format!("{}: read as {}", self.opened.name(), self.format.in_words());
        context.output.say(&format!("{}\n", printable(&told)));
    }

    /// As it is kept with a baseline.
    pub(crate) fn source(&self) -> BaselineSource {
        self.format.source()
    }

    /// Hands over the requests of the file one by one: thousands of them need not be held. Comes
    /// back with what is wrong with others.
    ///
    /// # Errors
    /// When there is no request.
    pub(crate) fn each(
        self,
        now: Timestamp,
        take: &mut Take<'_>,
    ) -> Result<Option<Problem>, Problem> {
        let folder = self.folder();
        let read = |path: &Path| import::files::read(&folder.join(path));
        self.each_amid(&surroundings(now, &read), take)
    }

    /// Where the files are that the text names: curl and most others look in the folder that they are
    /// started in, these beside the text.
    fn folder(&self) -> PathBuf {
        match self.format {
            Format::Http | Format::Hurl => {
                let file = Path::new(self.opened.name());
                file.parent().unwrap_or(Path::new("")).to_owned()
            }
            _ => PathBuf::new(),
        }
    }

    /// The requests of the file, or all that is wrong with it.
    ///
    /// A file with some requests that are wrong still yields the others; what is wrong is said on
    /// standard error.
    pub(crate) fn requests(
        self,
        now: Timestamp,
        context: &mut Context,
    ) -> Result<Vec<ImportedRequest>, Problem> {
        let folder = self.folder();
        let read = |path: &Path| import::files::read(&folder.join(path));
        self.requests_amid(&surroundings(now, &read), context)
    }

    /// The same, where the file is read amid other surroundings than those of this process.
    pub(crate) fn requests_amid(
        self,
        surroundings: &Surroundings<'_>,
        context: &mut Context,
    ) -> Result<Vec<ImportedRequest>, Problem> {
        let mut requests = Vec::new();
        let wrong = self.each_amid(surroundings, &mut |request| requests.push(request))?;
        if let Some(problem) = wrong {
            context.output.say(&problem.to_warning());
        }
        Ok(requests)
    }

    fn each_amid(
        self,
        surroundings: &Surroundings<'_>,
        take: &mut Take<'_>,
    ) -> Result<Option<Problem>, Problem> {
        let mut is_empty = true;
        let name = self.opened.name().to_owned();
        let take = &mut |request| {
            is_empty = false;
            take(request);
        };
        let problem = if self.format == Format::Har {
            self.of_archive(take)
        } else {
            self.of_text(surroundings, take)?
        };
        match problem {
            Some(problem) if is_empty => Err(problem),
            None if is_empty => {
                Err(Problem::failed("import", "there is no request in it").at(Path::new(&name)))
            }
            problem => Ok(problem),
        }
    }

    fn of_text(
        self,
        surroundings: &Surroundings<'_>,
        take: &mut Take<'_>,
    ) -> Result<Option<Problem>, Problem> {
        let input = self.opened.into_text()?;
        let source = Source::new(&input.name, &input.text);
        let problems = import::each(self.format, &source, &self.options, surroundings, take);
        Ok((!problems.is_empty()).then(|| advice::import(&source, &problems)))
    }

    /// Archives hold all responses of a page: they are read as a stream.
    fn of_archive(self, take: &mut Take<'_>) -> Option<Problem> {
        let (name, reader) = self.opened.into_stream();
        let har::Archive {
            imported: Imported { requests, problems },
            positions,
        } = har::read(reader, &self.options.entries);
        requests.into_iter().for_each(take);
        let position = |at: usize| positions.get(at).copied().unwrap_or(Position::START);
        (!problems.is_empty()).then(|| advice::import_at(&name, &problems, position))
    }

    /// The requests of the file as baselines that still need names.
    pub(crate) fn baselines(
        self,
        now: Timestamp,
        context: &mut Context,
    ) -> Result<Vec<Baseline>, Problem> {
        let source = self.format.source();
        let requests = self.requests(now, context)?.into_iter();
        Ok(requests
            .map(|request| known_good(request, source.clone(), now))
            .collect())
    }
}

/// One side of a comparison: its content tells its format, and variables are for the sides that
/// have any.
pub(crate) fn side(
    text: &str,
    entries: Selection,
    variables: &Variables,
    context: &mut Context,
) -> Result<Wanted, Problem> {
    let (opened, item, format) = opened(Path::new(text), None, context)?;
    let mut variables = variables.clone();
    if format.takes() != Use::Environments {
        variables.environment = None;
    }
    let beside = Beside {
        item: None,
        entries,
        variables: &variables,
    };
    let options = options(item, format, &beside, context)?;
    Ok(Wanted {
        opened,
        format,
        options,
    })
}

/// The only request of a file; what was assumed is said on standard error.
pub(crate) fn one_request(
    wanted: Wanted,
    side: &str,
    now: Timestamp,
    context: &mut Context,
) -> Result<Baseline, Problem> {
    let (path, source) = (wanted.opened.name().to_owned(), wanted.format.source());
    let mut all = wanted.requests(now, context)?;
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
            for variable in &only.unresolved {
                let unknown = printable(&format!("{name}: {variable} has no value here"));
                context.output.say(&format!("warning: {unknown}\n"));
            }
            Ok(Baseline {
                name,
                ..known_good(only, source, now)
            })
        }
        (_, more) => Err(Problem::failed(
            "several-requests",
            format!("there are {} requests, one is needed", more + 1),
        )
        .at(Path::new(&path))
        .hint("name the one you mean: FILE#n, or FILE#NAME")),
    }
}

/// An imported request that is said to work.
pub(crate) fn known_good(
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

/// What this process lives amid.
fn surroundings(
    now: Timestamp,
    file: &dyn Fn(&Path) -> Result<Vec<u8>, FileError>,
) -> Surroundings<'_> {
    Surroundings {
        variable: &|name| std::env::var(name).ok(),
        file,
        now,
    }
}

/// A file, the item that stands behind its name, and its format.
fn opened(
    path: &Path,
    format: Option<Format>,
    context: &mut Context,
) -> Result<(Opened, Option<String>, Format), Problem> {
    let (file, item) = with_fragment(path).unzip();
    let file = file.as_deref().unwrap_or(path);
    let opened = Opened::open(file, Expected::Requests(format), context)?;
    match format.or_else(|| import::guess(opened.head(), file.to_str())) {
        Some(format) => Ok((opened, item, format)),
        None => {
            let words: Vec<_> = Format::ALL.iter().map(|format| format.word()).collect();
            Err(
                Problem::failed("import-format", "its content does not tell what wrote it")
                    .at(Path::new(opened.name()))
                    .hint(format!(
                        "name its format: why401 import FORMAT FILE, with one of {}",
                        words.join(", ")
                    )),
            )
        }
    }
}

/// What stands before and behind a `#`, unless there is a file of the whole name.
pub(crate) fn with_fragment(path: &Path) -> Option<(PathBuf, String)> {
    if path.exists() {
        return None;
    }
    let (file, fragment) = path.to_str()?.split_once('#')?;
    Some((PathBuf::from(file), fragment.to_owned()))
}

fn options(
    item: Option<String>,
    format: Format,
    beside: &Beside<'_>,
    context: &mut Context,
) -> Result<Options, Problem> {
    let entries = match (format, &item) {
        (Format::Har, Some(item)) => entry(item)?,
        _ => beside.entries.clone(),
    };
    let environment = match &beside.variables.environment {
        Some(path) => environment(path, context)?,
        None => Environment::default(),
    };
    let given = beside.variables.var.iter();
    Ok(Options {
        item,
        entries,
        environment,
        variables: given
            .map(|variable| (variable.name.clone(), variable.value.clone()))
            .collect(),
    })
}

/// Entries of archives have no names, but numbers and URLs.
fn entry(item: &str) -> Result<Selection, Problem> {
    match item.parse::<i128>() {
        Ok(number) if number > 0 => {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            Ok(Selection::Number(number))
        }
        Err(_) if !item.is_empty() => Ok(Selection::Url(item.to_owned())),
        _ => Err(
            Problem::usage("har-entry", format!("#{item} is no number of an entry")).hint(
                "entries are counted from 1: FILE.har#1; or name its URL: FILE.har#/v1/users",
            ),
        ),
    }
}

/// A file, a file and a name in it, or only the name of an environment that the import itself has.
fn environment(path: &Path, context: &mut Context) -> Result<Environment, Problem> {
    let (file, name) = with_fragment(path).unzip();
    let file = file.as_deref().unwrap_or(path);
    if name.is_none() && !file.exists() && file.extension().is_none() {
        let name = path.to_str().map(str::to_owned);
        return Ok(Environment {
            name,
            files: Vec::new(),
        });
    }
    let mut files = vec![environment_file(file, context)?];
    if file.file_name().is_some_and(|name| name == JETBRAINS) {
        // JetBrains keeps secrets of the same environments in a file beside.
        let private = file.with_file_name(JETBRAINS_PRIVATE);
        if private.exists() {
            files.push(environment_file(&private, context)?);
        }
    }
    Ok(Environment { name, files })
}

fn environment_file(path: &Path, context: &mut Context) -> Result<EnvironmentFile, Problem> {
    let input = Input::read(path, Expected::Environment, context)?;
    Ok(EnvironmentFile {
        name: input.name,
        text: input.text,
    })
}

const JETBRAINS: &str = "http-client.env.json";
const JETBRAINS_PRIVATE: &str = "http-client.private.env.json";

fn useless(option: &str, format: Format) -> Problem {
    let problem = Problem::usage(
        "no-variables",
        format!("{option} is of no use for {}", format.in_words()),
    );
    let takers = Format::ALL.iter().filter(|format| match option {
        "--var" => format.takes() != Use::Nothing,
        _ => format.takes() == Use::Environments,
    });
    let words: Vec<_> = takers.map(|format| format.word()).collect();
    problem.hint(format!("it is for {}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_counted_from_one() {
        for item in ["0", "", "-1"] {
            assert!(entry(item).is_err(), "{item}");
        }
        assert_eq!(entry("3").unwrap(), Selection::Number(3));
        assert_eq!(entry("/v1").unwrap(), Selection::Url("/v1".into()));
    }

    #[test]
    fn an_item_stands_behind_a_hash_unless_a_file_has_that_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a#1");
        assert_eq!(with_fragment(&path).unwrap().1, "1");
        std::fs::write(&path, "x").unwrap();
        assert_eq!(with_fragment(&path), None);
        let item = with_fragment(Path::new("d/c.json#A/B #2")).unwrap();
        assert_eq!(item, (PathBuf::from("d/c.json"), "A/B #2".to_owned()));
    }
}
