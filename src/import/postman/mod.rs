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
use super::{ErrorKind, ImportError, Imported, Options, Source, Span, Surroundings};

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
        Ok((text, collection, given)) => all(&text, collection, given, surroundings),
        Err(problem) => problem.into(),
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
) -> Imported {
    scopes.push(collection.variables);
    let mut resolver = Resolver::new(scopes, collection.set_by_scripts);
    let mut imported = Imported {
        requests: Vec::new(),
        problems: collection.problems,
    };
    let mut content_bytes = 0;
    for item in &collection.items {
        if imported.problems.len() >= MAX_PROBLEMS {
            break;
        }
        match one(text, item, &mut resolver, surroundings) {
            Ok(request) => {
                content_bytes += request.request.content.bytes.len();
                imported.requests.push(request);
            }
            Err(problem) => imported.problems.push(problem),
        }
        if resolver.is_spent() || content_bytes > MAX_CONTENT_BYTES {
            let start = Span::new(item.span.start, item.span.start);
            imported.requests.pop();
            imported
                .problems
                .push(ImportError::new(start, ErrorKind::TooMuch));
            break;
        }
    }
    warn_of_circles(&mut imported, &resolver);
    imported.problems.sort_by_key(|problem| problem.span);
    imported
}

fn one(
    text: &JsonText<'_>,
    item: &Item<'_>,
    resolver: &mut Resolver,
    surroundings: &Surroundings<'_>,
) -> Result<super::ImportedRequest, ImportError> {
    let request: Value = text.read(item.request, "this is no request")?;
    build::request(item, &request, resolver, surroundings).map_err(|reason| {
        let name = item.path.clone();
        let start = Span::new(item.span.start, item.span.start);
        ImportError::new(start, ErrorKind::Item { name, reason })
    })
}

/// A variable that stands in its own value has none.
fn warn_of_circles(imported: &mut Imported, resolver: &Resolver) {
    for name in resolver.cyclic() {
        let variable = format!("{{{{{name}}}}}");
        let warning = format!("{variable} stands in its own value");
        for request in &mut imported.requests {
            if request.unresolved.contains(&variable) {
                request.warnings.push(warning.clone());
            }
        }
    }
}

const NO_ENVIRONMENT: &str = "this is no Postman environment: it has no list \"values\"";
