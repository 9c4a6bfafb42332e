//! Imports requests of Bruno: `.bru` files and those in YAML, and exports of collections, as JSON and as
//! `OpenCollection`.
//!
//! The stages, in order: `blocks` reads the text of a `.bru` file; `collection` reads the tree of an
//! export, which `open_collection` makes of YAML, and gives each request what its folders hand down, as
//! `exported` blocks; `body` and `auth` read the blocks of those names, `url` the address, `build` makes
//! the request as Bruno sends it. Scripts are never run. What the folder or the collection of a single
//! file says stands
//! in other files, which are not read.

mod auth;
mod blocks;
mod body;
mod build;
mod collection;
mod comments;
mod environment;
mod exported;
mod media_type;
mod open_collection;
mod signed;
mod url;

#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use super::select::select;
use super::{ImportError, Imported, Options, Source, Surroundings};

/// The largest file that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// Names and values.
type Pairs = Vec<(String, String)>;

/// The requests of a file, as Bruno would send them.
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
    if is_json(text) {
        let collection = collection::read(source)?;
        return collection.requests(source, options, surroundings);
    }
    if open_collection::is_it(text) {
        let collection = open_collection::read(source)?;
        return collection.requests(source, options, surroundings);
    }
    let mut environment = Vec::new();
    for file in options.environment.only_files("Bruno", source)? {
        environment.extend(file.read(source, environment::only)?);
    }
    let given = Given {
        variables: &options.variables,
        folders: Vec::new(),
        environment: &environment,
        collection: Vec::new(),
        spent_bytes: Cell::new(0),
    };
    let (blocks, mut problems) = blocks::read(text, source.span().start);
    let mut requests = Vec::new();
    if problems.is_empty() {
        match build::request(&blocks, source.span(), &given, surroundings) {
            Ok(mut request) => {
                request.warnings.push(ALONE.to_owned());
                requests.push(request);
            }
            Err(problem) => problems.push(problem),
        }
    }
    Ok(Imported { requests, problems })
}

const ALONE: &str = "what the collection and its folders add to all their requests (headers, variables, scripts) \
                     is in other files, which are not read: an exported collection has it";

fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    text.trim_ascii_start().starts_with('{')
}

/// Variables that are not those of the request.
struct Given<'a> {
    /// From the command line: they override all others.
    variables: &'a [(String, String)],
    /// Of the folders; those of the request override them.
    folders: Pairs,
    /// Of an environment.
    environment: &'a [(String, String)],
    /// Of the collection: all others override them.
    collection: Pairs,
    /// How many bytes all texts grew to so far.
    spent_bytes: Cell<usize>,
}

impl Given<'_> {
    fn all(&self) -> impl Iterator<Item = &(String, String)> {
        let of_files = self.folders.iter().chain(self.environment);
        self.variables
            .iter()
            .chain(of_files)
            .chain(&self.collection)
    }
}
