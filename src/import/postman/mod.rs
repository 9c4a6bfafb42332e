//! Imports requests from Postman collections, format 2.1 and 2.0.
//!
//! The stages, in order: `collection` reads the tree, `select` picks an item, `variables` replaces
//! what is defined, `written`, `url`, `headers`, `body` and `auth` read the parts, `build` makes the
//! request as Postman sends it. Scripts are never run: what only they set stays unresolved.

mod auth;
mod body;
mod build;
mod collection;
mod headers;
mod json_comments;
pub(super) mod multipart;
mod scripts;
mod select;
pub(super) mod signed;
mod written;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::collection::{Collection, Item};
use super::json_text::JsonText;
use super::variables::Resolver;
use super::variables::Variables;
use super::{
    ErrorKind, ImportError, Imported, ImportedRequest, Options, Source, Span, Surroundings, Take,
};

/// The largest collection that is read.
const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// The most requests of one collection.
const MAX_ITEMS: usize = 10_000;

/// The most problems that are reported of one collection.
const MAX_PROBLEMS: usize = 1000;

/// The most content that the requests of one import hold together.
const MAX_CONTENT_BYTES: usize = 64 * 1024 * 1024;

/// The variables of the environments that the user names; the later override the earlier.
fn environments(options: &Options, source: &Source<'_>) -> Result<Variables, ImportError> {
    let mut variables = Variables::default();
    for file in options.environment.only_files("Postman", source)? {
        variables.extend(file.read(source, environment)?);
    }
    Ok(variables)
}

fn environment(source: &Source<'_>) -> Result<Variables, ImportError> {
    #[derive(Deserialize)]
    struct Environment<'a> {
        values: Option<Value>,
        #[serde(borrow)]
        environment: Option<&'a RawValue>,
    }
    source.check_size(MAX_SOURCE_BYTES)?;
    let text = JsonText::new(source)?;
    let mut part = text.whole();
    let mut file: Environment<'_> = text.object(part, NO_ENVIRONMENT)?;
    // Postman's own API has the environment inside.
    if let (None, Some(inner)) = (&file.values, file.environment) {
        part = inner.get();
        file = text.object(part, NO_ENVIRONMENT)?;
    }
    match file.values {
        Some(values) => Ok(Variables::from_json(&values)),
        None => {
            let start = text.span(part).start;
            let kind = ErrorKind::Shape(NO_ENVIRONMENT);
            Err(ImportError::new(Span::new(start, start), kind))
        }
    }
}

/// The requests of a collection, as Postman would send them.
///
/// An item that could not be sent yields a problem; the others are imported all the same.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    Imported::collect(|take| each(source, options, surroundings, take))
}

/// Hands over the requests one by one; what is wrong comes at the end.
pub fn each(
    source: &Source<'_>,
    options: &Options,
    surroundings: &Surroundings<'_>,
    take: &mut Take<'_>,
) -> Vec<ImportError> {
    let read = source
        .check_size(MAX_SOURCE_BYTES)
        .and_then(|()| JsonText::new(source))
        .and_then(|text| Ok((text, collection::read(&text)?)))
        .and_then(|(text, collection)| Ok((text, select::select(collection, options, source)?)))
        .and_then(|(text, collection)| {
            let given = vec![given(options), environments(options, source)?];
            Ok((text, collection, given))
        });
    match read {
        Ok((text, collection, given)) => all(&text, collection, given, surroundings, take),
        Err(problem) => vec![problem],
    }
}

/// The variables of the command line.
fn given(options: &Options) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in &options.variables {
        variables.set(name, value);
    }
    variables
}

fn all(
    text: &JsonText<'_>,
    collection: Collection<'_>,
    mut scopes: Vec<Variables>,
    surroundings: &Surroundings<'_>,
    take: &mut Take<'_>,
) -> Vec<ImportError> {
    scopes.push(collection.variables);
    let mut resolver = Resolver::new(scopes, collection.set_by_scripts);
    let mut problems = collection.problems;
    let mut content_bytes = 0;
    for item in collection.items {
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
        let read = one(text, &item, &mut resolver, surroundings);
        let content = read.as_ref().map(|read| read.request.content.bytes.len());
        content_bytes += content.unwrap_or(0);
        if resolver.is_spent() || content_bytes > MAX_CONTENT_BYTES {
            problems.extend(read.err());
            let start = Span::new(item.span.start, item.span.start);
            problems.push(ImportError::new(start, ErrorKind::TooMuch));
            break;
        }
        match read {
            Ok(mut request) => {
                warn_of_circles(&mut request, &resolver);
                take(request);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.sort_by_key(|problem| problem.span);
    problems
}

fn one(
    text: &JsonText<'_>,
    item: &Item<'_>,
    resolver: &mut Resolver,
    surroundings: &Surroundings<'_>,
) -> Result<ImportedRequest, ImportError> {
    let request: Value = text.read(item.request, "this is no request")?;
    build::request(item, &request, resolver, surroundings).map_err(|reason| {
        let name = item.path().to_owned();
        let start = Span::new(item.span.start, item.span.start);
        ImportError::new(start, ErrorKind::Item { name, reason })
    })
}

/// A variable that stands in its own value has none.
fn warn_of_circles(request: &mut ImportedRequest, resolver: &Resolver) {
    for name in resolver.cyclic() {
        let variable = format!("{{{{{name}}}}}");
        if request.unresolved.contains(&variable) {
            let warning = format!("{variable} stands in its own value");
            request.warnings.push(warning);
        }
    }
}

const NO_ENVIRONMENT: &str = "this is no Postman environment: it has no list \"values\"";
