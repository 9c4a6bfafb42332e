//! Imports requests of Bruno: `.bru` files.
//!
//! The stages, in order: `blocks` reads the text, `body` and `auth` the blocks of those names, `build`
//! makes the request as Bruno sends it. Scripts are never run. What a folder or a collection says stands
//! in other files, which are not read.

mod auth;
mod blocks;
mod body;
mod build;

#[cfg(test)]
mod tests;

use super::select::select;
use super::{ErrorKind, ImportError, Imported, Options, Source, Surroundings};

/// The largest file that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The variables of an environment file. Secrets have no values there.
///
/// # Errors
/// When it is no environment.
fn environment(source: &Source<'_>) -> Result<Vec<(String, String)>, ImportError> {
    let text = source.text(MAX_SOURCE_BYTES)?;
    let (blocks, problems) = blocks::read(text, source.span().start);
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let Some(vars) = blocks.iter().find(|block| block.name == "vars") else {
        let is_environment = blocks.iter().any(|block| block.name == "vars:secret");
        let kind = ErrorKind::Syntax("this is no Bruno environment: it has no block vars");
        let none = Err(ImportError::new(source.start(), kind));
        return if is_environment { Ok(Vec::new()) } else { none };
    };
    let rows = vars.rows().into_iter();
    Ok(rows.map(|row| (row.name, row.value)).collect())
}

/// The request of a file, as Bruno would send it.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    match read(source, options, surroundings) {
        Ok(imported) => select(imported, options.item.as_deref(), source),
        Err(problem) => problem.into(),
    }
}

fn read(
    source: &Source<'_>,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Result<Imported, ImportError> {
    let text = source.text(MAX_SOURCE_BYTES)?;
    let mut given = Given {
        variables: &options.variables,
        environment: Vec::new(),
    };
    for file in options.environment.only_files("Bruno", source)? {
        given.environment.extend(file.read(source, environment)?);
    }
    let (blocks, mut problems) = blocks::read(text, source.span().start);
    let mut requests = Vec::new();
    if problems.is_empty() {
        match build::request(&blocks, source.span(), &given, surroundings) {
            Ok(request) => requests.push(request),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(Imported { requests, problems })
}

/// Variables that are not in the file.
struct Given<'a> {
    /// From the command line: they override all others.
    variables: &'a [(String, String)],
    /// Of an environment; those of the request override them.
    environment: Vec<(String, String)>,
}
