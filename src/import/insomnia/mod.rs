//! Imports requests from exports of Insomnia: version 4, JSON.
//!
//! Insomnia sends with libcurl, so the stages are, in order: `export` reads the resources, `template`
//! replaces variables, `url`, `body` and `auth` read the parts of a request, `arguments` writes it as
//! the arguments of curl, and the importer of curl makes the request. Scripts are never run.

mod arguments;
mod auth;
mod body;
mod export;
mod template;
mod url;

#[cfg(test)]
mod tests;

use std::fmt;

use self::export::Export;
use super::json_text::JsonText;
use super::select::{failed, select};
use super::shell::materials::Materials;
use super::{ErrorKind, ImportError, Imported, Source, Span, Surroundings};

/// The largest export that is read.
const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// The most requests of one export.
const MAX_ITEMS: usize = 10_000;

/// The most problems that are reported of one export.
const MAX_PROBLEMS: usize = 1000;

/// What to import, and with which variables.
#[derive(Default)]
pub struct Options {
    /// The path of the request, as in `Folder/Name`, its name, or its number as in `#2`; all without
    /// one.
    pub item: Option<String>,
    /// The name of the sub-environment; only the base environment counts without one.
    pub environment: Option<String>,
    /// Variables from the command line: they override all others.
    pub variables: Vec<(String, String)>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({} variables)", self.variables.len())
    }
}

/// The requests of an export, as Insomnia would send them.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    if source.bytes().len() > MAX_SOURCE_BYTES {
        let limit_bytes = MAX_SOURCE_BYTES;
        return failed(source.span(), ErrorKind::Large { limit_bytes });
    }
    let read = JsonText::new(source).and_then(|text| export::read(&text, options, source));
    let export = match read {
        Ok(export) => export,
        Err(problem) => return failed(problem.span, problem.kind),
    };
    let imported = all(&export, options, surroundings);
    select(imported, options.item.as_deref(), source)
}

fn all(export: &Export, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    let mut imported = Imported::default();
    let mut materials = Materials::new(surroundings);
    for item in export.requests() {
        let start = Span::new(item.span.start, item.span.start);
        if imported.requests.len() >= MAX_ITEMS || imported.problems.len() >= MAX_PROBLEMS {
            let problem = ImportError::new(start, ErrorKind::TooMuch);
            imported.problems.push(problem);
            break;
        }
        match arguments::request(export, item, options, &mut materials) {
            Ok(request) => imported.requests.push(request),
            Err(mut problems) => {
                let is_spent = problems
                    .iter()
                    .any(|problem| problem.kind == ErrorKind::TooMuch);
                imported.problems.append(&mut problems);
                if is_spent {
                    break;
                }
            }
        }
    }
    imported.problems.sort_by_key(|problem| problem.span);
    imported
}
