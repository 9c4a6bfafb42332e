//! Imports Hurl files: entries, their sections and bodies, and what is asserted of answers left out.
//!
//! Hurl sends with libcurl, so the stages are, in order: `entries` reads the text, `content` its bodies,
//! `template` replaces variables, `arguments` writes an entry as the arguments of curl, and the importer
//! of curl makes the request.

mod arguments;
mod content;
mod entries;
mod template;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::template::Variables;
use super::select::select;
use super::shell::materials::Materials;
use super::{ErrorKind, ImportError, Imported, ImportedRequest, Options, Source, Surroundings};

/// The largest file that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The most entries of one file.
const MAX_ENTRIES: usize = 10_000;

/// The most problems that are reported of one file.
const MAX_PROBLEMS: usize = 1000;

/// The variables of a file for `--variables-file`: `name=value` in each line.
fn variables(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim);
    let rows = lines.filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .collect()
}

/// The requests of a file, as Hurl would send them one after the other.
///
/// What a request needs of an earlier answer is not known: such variables stay as they stand.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    let imported = read(source, options, surroundings).unwrap_or_else(Imported::from);
    select(imported, options.item.as_deref(), source)
}

fn read(
    source: &Source<'_>,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Result<Imported, ImportError> {
    let text = source.text(MAX_SOURCE_BYTES)?;
    let mut given = Vec::new();
    for file in options.environment.only_files("Hurl", source)? {
        given.extend(variables(&String::from_utf8_lossy(&file.text)));
    }
    given.extend_from_slice(&options.variables);
    let (entries, problems) = entries::read(text, source.span().start);
    let mut imported = Imported {
        requests: Vec::new(),
        problems,
    };
    if entries.is_empty() && imported.problems.is_empty() {
        let kind = ErrorKind::Syntax(
            "there is no request in this text: a line like GET https://… is needed",
        );
        return Err(ImportError::new(source.start(), kind));
    }
    let mut materials = Materials::new(surroundings);
    let mut variables = Variables::new(&given, surroundings);
    let mut captured = BTreeSet::new();
    for entry in &entries {
        if imported.requests.len() >= MAX_ENTRIES || imported.problems.len() >= MAX_PROBLEMS {
            imported
                .problems
                .push(ImportError::new(entry.span, ErrorKind::TooMuch));
            break;
        }
        match arguments::requests(entry, &mut variables, &mut materials) {
            Ok(mut requests) => {
                requests
                    .iter_mut()
                    .for_each(|request| tell(request, &captured));
                imported.requests.append(&mut requests);
            }
            Err(mut more) => imported.problems.append(&mut more),
        }
        captured.extend(entry.captures.iter().cloned());
    }
    imported.problems.sort_by_key(|problem| problem.span);
    imported.problems.truncate(MAX_PROBLEMS);
    Ok(imported)
}

/// Says which variables come from earlier answers.
fn tell(request: &mut ImportedRequest, captured: &BTreeSet<String>) {
    for variable in &request.unresolved {
        let name = variable.trim_matches(['{', '}']).trim();
        if captured.contains(name) {
            let warning = format!("{variable} comes from the answer to an earlier request");
            request.warnings.push(warning);
        }
    }
}
