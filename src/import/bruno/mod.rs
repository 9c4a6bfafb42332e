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

use std::fmt;

use super::select::{failed, select};
use super::{ErrorKind, ImportError, Imported, Source, Span, Surroundings};

/// The largest file that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// What to import, and with which variables.
#[derive(Default)]
pub struct Options {
    /// The name of the request.
    pub item: Option<String>,
    /// Variables from the command line: they override all others.
    pub variables: Vec<(String, String)>,
    /// Variables of an environment; those of the request override them.
    pub environment: Vec<(String, String)>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.variables.len() + self.environment.len();
        write!(f, "Options({count} variables)")
    }
}

/// The variables of an environment file. Secrets have no values there.
///
/// # Errors
/// When it is no environment.
pub fn environment(source: &Source<'_>) -> Result<Vec<(String, String)>, ImportError> {
    let text = text(source)?;
    let (blocks, problems) = blocks::read(text, source.span().start);
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let Some(vars) = blocks.iter().find(|block| block.name == "vars") else {
        let is_environment = blocks.iter().any(|block| block.name == "vars:secret");
        let kind = ErrorKind::Syntax("this is no Bruno environment: it has no block vars");
        let start = Span::new(source.span().start, source.span().start);
        let none = Err(ImportError::new(start, kind));
        return if is_environment { Ok(Vec::new()) } else { none };
    };
    let rows = vars.rows().into_iter();
    Ok(rows.map(|row| (row.name, row.value)).collect())
}

/// The request of a file, as Bruno would send it.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    let text = match text(source) {
        Ok(text) => text,
        Err(problem) => return failed(problem.span, problem.kind),
    };
    let (blocks, mut problems) = blocks::read(text, source.span().start);
    let mut requests = Vec::new();
    if problems.is_empty() {
        match build::request(&blocks, source.span(), options, surroundings) {
            Ok(request) => requests.push(request),
            Err(problem) => problems.push(problem),
        }
    }
    let imported = Imported { requests, problems };
    select(imported, options.item.as_deref(), source)
}

fn text<'a>(source: &Source<'a>) -> Result<&'a str, ImportError> {
    if source.bytes().len() > MAX_SOURCE_BYTES {
        let limit_bytes = MAX_SOURCE_BYTES;
        return Err(ImportError::new(
            source.span(),
            ErrorKind::Large { limit_bytes },
        ));
    }
    std::str::from_utf8(source.bytes()).map_err(|error| {
        let at = source.span().start + error.valid_up_to();
        let kind = ErrorKind::Syntax("this is not UTF-8 text");
        ImportError::new(Span::new(at, at), kind)
    })
}
