//! Environments: as `.bru` files, as exports, and as those of exported collections.

use serde_json::Value;

use super::collection::LONGEST_NAME;
use super::{MAX_SOURCE_BYTES, Pairs, blocks, exported, is_json, open_collection};
use crate::import::json_text::JsonText;
use crate::import::options::no_environment;
use crate::import::{ErrorKind, ImportError, Options, Source};

/// An environment and its name, where it has one.
pub(super) type Named = (Option<String>, Pairs);

/// How many environments are named where one is asked for.
const MOST_NAMES: usize = 16;

const NONE: &str = "this is no Bruno environment: it has no block vars";
const NO_EXPORT: &str = "this is no Bruno environment: it has neither variables nor environments";
const SEVERAL: &str = "there are several environments in it: name one, as in FILE#NAME";

/// The variables of a file that holds one environment.
///
/// # Errors
/// When it holds none, or several.
pub(super) fn only(source: &Source<'_>) -> Result<Pairs, ImportError> {
    let mut all = read(source)?.into_iter();
    match (all.next(), all.next()) {
        (Some((_, pairs)), None) => Ok(pairs),
        (Some(_), Some(_)) => Err(error(source, SEVERAL)),
        (None, _) => Err(error(source, NO_EXPORT)),
    }
}

fn error(source: &Source<'_>, reason: &'static str) -> ImportError {
    ImportError::new(source.start(), ErrorKind::Syntax(reason))
}

/// The environments of a file.
fn read(source: &Source<'_>) -> Result<Vec<Named>, ImportError> {
    let text = source.text(MAX_SOURCE_BYTES)?;
    if is_json(text) {
        let text = JsonText::new(source)?;
        let file: Value = text.object(text.whole(), NO_EXPORT)?;
        return listed(&file).ok_or_else(|| error(source, NO_EXPORT));
    }
    if open_collection::is_it(text) {
        return Ok(open_collection::read(source)?.environments);
    }
    if open_collection::is_environment(text) {
        let environment = open_collection::environment(source)?;
        return Ok(vec![environment]);
    }
    in_blocks(text, source).map(|pairs| vec![(None, pairs)])
}

/// Those of an export: a list, or one by itself.
pub(super) fn listed(file: &Value) -> Option<Vec<Named>> {
    let of = |environment: &Value| {
        let name = exported::text_at(environment, &["name"]);
        (Some(name), exported::environment(environment))
    };
    match file.get("environments") {
        Some(Value::Array(list)) => Some(list.iter().map(of).collect()),
        _ => file.get("variables").map(|_| vec![of(file)]),
    }
}

/// Secrets have no values there.
fn in_blocks(text: &str, source: &Source<'_>) -> Result<Pairs, ImportError> {
    let (blocks, problems) = blocks::read(text, source.span().start);
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let Some(vars) = blocks.iter().find(|block| block.name == "vars") else {
        let is_environment = blocks.iter().any(|block| block.name == "vars:secret");
        let none = Err(error(source, NONE));
        return if is_environment { Ok(Vec::new()) } else { none };
    };
    let rows = vars.rows().into_iter();
    Ok(rows.map(|row| (row.name, row.value)).collect())
}

/// What the user chooses, of files or of the collection.
///
/// # Errors
/// When there is none of that name.
pub(super) fn chosen(
    known: &[Named],
    options: &Options,
    source: &Source<'_>,
) -> Result<Pairs, ImportError> {
    let environment = &options.environment;
    let Some(wanted) = environment.name.as_deref() else {
        let mut pairs = Vec::new();
        for file in &environment.files {
            pairs.extend(file.read(source, only)?);
        }
        return Ok(pairs);
    };
    let mut all = known.to_vec();
    for file in &environment.files {
        all.extend(file.read(source, read)?);
    }
    let mut found = all.iter().rev();
    match found.find(|(name, _)| name.as_deref() == Some(wanted)) {
        Some((_, pairs)) => Ok(pairs.clone()),
        None => Err(no_environment(wanted, &names(&all), source)),
    }
}

/// The names of environments, as many as somebody could want to read.
pub(super) fn names(all: &[Named]) -> Vec<String> {
    let names = all.iter().filter_map(|(name, _)| name.as_deref());
    let short = |name: &str| name.chars().take(LONGEST_NAME).collect();
    names.take(MOST_NAMES).map(short).collect()
}
