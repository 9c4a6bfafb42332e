//! Imports requests from exports of Insomnia: version 4, JSON, and version 5, YAML.
//!
//! Insomnia sends with libcurl, so the stages are, in order: `export` reads the resources, which
//! `version5` makes of YAML, `template` replaces variables, `url`, `body` and `auth` read the parts of a request, `arguments` writes it as
//! the arguments of curl, and the importer of curl makes the request. Scripts are never run.

mod arguments;
mod auth;
mod body;
mod export;
mod template;
mod url;
mod version5;

#[cfg(test)]
mod tests;

use self::export::Export;
use super::select::select;
use super::shell::materials::Materials;
use super::{ErrorKind, ImportError, Imported, Options, Source, Span, Surroundings};

/// The most requests of one export.
const MAX_ITEMS: usize = 10_000;

/// The most problems that are reported of one export.
const MAX_PROBLEMS: usize = 1000;

/// The requests of an export, as Insomnia would send them.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    match export::read(source, options) {
        Ok((export, problems)) => select(
            all(&export, problems, options, surroundings),
            options.item.as_deref(),
            source,
        ),
        Err(problem) => problem.into(),
    }
}

fn all(
    export: &Export,
    problems: Vec<ImportError>,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Imported {
    let requests = Vec::new();
    let mut imported = Imported { requests, problems };
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
