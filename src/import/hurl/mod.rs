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
use std::fmt;

use self::template::Variables;
use super::select::{failed, select};
use super::shell::materials::Materials;
use super::{ErrorKind, ImportError, Imported, ImportedRequest, Source, Span, Surroundings};

/// The largest file that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The most entries of one file.
const MAX_ENTRIES: usize = 10_000;

/// The most problems that are reported of one file.
const MAX_PROBLEMS: usize = 1000;

/// What to import, and with which variables.
#[derive(Default)]
pub struct Options {
    /// The name of the request, or its number as in `#2`; all without one.
    pub item: Option<String>,
    /// Variables; the last of a name counts.
    pub variables: Vec<(String, String)>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({} variables)", self.variables.len())
    }
}

/// The variables of a file for `--variables-file`: `name=value` in each line.
pub fn variables(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim);
    let rows = lines.filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// The requests of a file, as Hurl would send them one after the other.
///
/// What a request needs of an earlier answer is not known: such variables stay as they stand.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    if source.bytes().len() > MAX_SOURCE_BYTES {
        let limit_bytes = MAX_SOURCE_BYTES;
        return failed(source.span(), ErrorKind::Large { limit_bytes });
    }
    let text = match std::str::from_utf8(source.bytes()) {
        Ok(text) => text,
        Err(error) => {
            let at = source.span().start + error.valid_up_to();
            return failed(
                Span::new(at, at),
                ErrorKind::Syntax("this is not UTF-8 text"),
            );
        }
    };
    let (entries, problems) = entries::read(text, source.span().start);
    let mut imported = Imported {
        requests: Vec::new(),
        problems,
    };
    if entries.is_empty() && imported.problems.is_empty() {
        let kind = ErrorKind::Syntax(
            "there is no request in this text: a line like GET https://… is needed",
        );
        return failed(Span::new(source.span().start, source.span().start), kind);
    }
    let mut materials = Materials::new(surroundings);
    let mut variables = Variables::new(&options.variables, surroundings);
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
    select(imported, options.item.as_deref(), source)
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
