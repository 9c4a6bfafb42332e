//! The tree of an exported collection, and what its folders hand down to requests.

use std::cell::Cell;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::blocks::{Block, Row};
use super::environment::{self, Named};
use super::{Given, build, exported};
use crate::import::json_text::JsonText;
use crate::import::{
    ErrorKind, ImportError, Imported, ImportedRequest, Options, Source, Span, Surroundings,
};

/// How deep folders may stand in each other.
const MAX_FOLDERS: usize = 32;

/// The most requests of one export.
const MAX_ITEMS: usize = 10_000;

/// The most problems that are reported of one export.
const MAX_PROBLEMS: usize = 1000;

/// The most that all requests hold together, with what their folders hand down to each.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// Names are cut at this length: those of all folders are part of each path.
pub(super) const LONGEST_NAME: usize = 200;

/// What an export holds.
#[derive(Default)]
pub(super) struct Collection {
    levels: Vec<Level>,
    items: Vec<Item>,
    pub(super) environments: Vec<Named>,
    pub(super) problems: Vec<ImportError>,
}

/// The collection itself, or a folder.
struct Level {
    outer: Option<usize>,
    name: String,
    depth: usize,
    /// What it says of its requests.
    request: Value,
    bytes: usize,
}

struct Item {
    level: usize,
    name: String,
    span: Span,
    request: Value,
}

/// The collection, a folder or a request of the JSON that Bruno writes.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(default)]
    name: Value,
    #[serde(default, rename = "type")]
    kind: Value,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    request: Value,
    #[serde(default)]
    settings: Value,
    #[serde(default)]
    root: Value,
    #[serde(default)]
    environments: Value,
}

const NO_COLLECTION: &str = "this is no collection of Bruno: it has no list \"items\"";
const NO_ENTRY: &str = "this is neither a request nor a folder";

/// Reads the JSON of an export.
///
/// # Errors
/// When it is none as a whole; problems of single items are in the result.
pub(super) fn read(source: &Source<'_>) -> Result<Collection, ImportError> {
    let text = JsonText::new(source)?;
    let file: Entry<'_> = text.object(text.whole(), NO_COLLECTION)?;
    let Some(items) = file.items else {
        let kind = ErrorKind::Shape(NO_COLLECTION);
        return Err(ImportError::new(source.start(), kind));
    };
    let request = file.root.get("request").cloned();
    let mut collection = Collection::of(request.unwrap_or_default());
    let environments = file.environments;
    let environments = serde_json::json!({ "environments": environments });
    collection.environments = environment::listed(&environments).unwrap_or_default();
    collection.list(&text, &items, 0);
    Ok(collection)
}

impl Collection {
    /// A collection that says this of all its requests.
    pub(super) fn of(request: Value) -> Self {
        let mut collection = Self::default();
        collection.levels.push(Level {
            outer: None,
            name: String::new(),
            depth: 0,
            bytes: request.to_string().len(),
            request,
        });
        collection
    }

    fn list(&mut self, text: &JsonText<'_>, items: &[&RawValue], level: usize) {
        for raw in items {
            let span = text.span(raw.get());
            let entry: Entry<'_> = match text.object(raw.get(), NO_ENTRY) {
                Ok(entry) => entry,
                Err(problem) => {
                    self.problems.push(problem);
                    continue;
                }
            };
            let name = exported::text_at(&entry.name, &[]);
            let kind = entry.kind.as_str().unwrap_or_default();
            match (kind, entry.items) {
                ("folder", items) => {
                    let request = entry.root.get("request").cloned();
                    let inner = self.folder(level, &name, request.unwrap_or_default(), span);
                    if let Some(inner) = inner {
                        self.list(text, &items.unwrap_or_default(), inner);
                    }
                }
                ("http" | "http-request" | "graphql" | "graphql-request", _) => {
                    let mut request = entry.request;
                    if let Value::Object(members) = &mut request {
                        members.insert("settings".to_owned(), entry.settings);
                    }
                    self.request(level, &name, request, span);
                }
                // These go over gRPC or WebSocket, or are scripts.
                ("grpc-request" | "grpc" | "ws-request" | "ws" | "js" | "app", _) => {}
                _ => self.problem(span, ErrorKind::Shape(NO_ENTRY)),
            }
        }
    }

    /// Adds a folder; `None` when it stands too deep.
    pub(super) fn folder(
        &mut self,
        outer: usize,
        name: &str,
        request: Value,
        span: Span,
    ) -> Option<usize> {
        let depth = self.levels.get(outer).map_or(0, |level| level.depth) + 1;
        if depth > MAX_FOLDERS {
            self.problem(span, ErrorKind::DeepFolders);
            return None;
        }
        self.levels.push(Level {
            outer: Some(outer),
            name: short(name),
            depth,
            bytes: request.to_string().len(),
            request,
        });
        Some(self.levels.len() - 1)
    }

    /// Adds a request.
    pub(super) fn request(&mut self, level: usize, name: &str, request: Value, span: Span) {
        if !request.is_object() {
            self.problem(span, ErrorKind::Shape(NO_ENTRY));
            return;
        }
        self.items.push(Item {
            level,
            name: short(name),
            span,
            request,
        });
    }

    /// Notes what is wrong with an item.
    pub(super) fn problem(&mut self, span: Span, kind: ErrorKind) {
        let at = Span::new(span.start, span.start);
        self.problems.push(ImportError::new(at, kind));
    }

    /// The levels around a request, the collection first.
    fn around(&self, item: &Item) -> Vec<&Level> {
        let mut levels = Vec::new();
        let mut next = self.levels.get(item.level);
        while let Some(level) = next {
            levels.push(level);
            next = level.outer.and_then(|outer| self.levels.get(outer));
        }
        levels.reverse();
        levels
    }

    /// All requests, as Bruno would send them.
    ///
    /// # Errors
    /// When the environment cannot be used.
    pub(super) fn requests(
        mut self,
        source: &Source<'_>,
        options: &Options,
        surroundings: &Surroundings<'_>,
    ) -> Result<Imported, ImportError> {
        let environment = environment::chosen(&self.environments, options, source)?;
        let environment_bytes: usize = environment
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let is_chosen = options.environment.name.is_some() || !options.environment.files.is_empty();
        let mut imported = Imported {
            requests: Vec::new(),
            problems: std::mem::take(&mut self.problems),
        };
        let unused = self.unused();
        let mut bytes = 0;
        for item in &self.items {
            let levels = self.around(item);
            let inherited: usize = levels.iter().map(|level| level.bytes).sum();
            bytes += inherited + environment_bytes;
            let is_full = imported.requests.len() >= MAX_ITEMS
                || imported.problems.len() >= MAX_PROBLEMS
                || bytes > MAX_BYTES;
            if is_full {
                let at = Span::new(item.span.start, item.span.start);
                let problem = ImportError::new(at, ErrorKind::TooMuch);
                imported.problems.push(problem);
                break;
            }
            let (root, folders) = match levels.split_first() {
                Some((root, folders)) => (exported::variables(&root.request), folders),
                None => (Vec::new(), [].as_slice()),
            };
            let folders = folders.iter();
            let given = Given {
                variables: &options.variables,
                folders: folders
                    .flat_map(|level| exported::variables(&level.request))
                    .collect(),
                environment: &environment,
                collection: root,
                spent_bytes: Cell::new(0),
            };
            let made = one(item, &levels, &given, surroundings);
            bytes += given.spent_bytes.get();
            match made {
                Ok(mut request) => {
                    bytes += request.request.content.bytes.len() + request.name.len();
                    if !is_chosen && request.unresolved.iter().any(|name| is_variable(name)) {
                        request.warnings.extend(unused.clone());
                    }
                    imported.requests.push(request);
                }
                Err(problem) => imported.problems.push(problem),
            }
        }
        imported.problems.sort_by_key(|problem| problem.span);
        Ok(imported)
    }

    /// Names the environments, none of which is used.
    fn unused(&self) -> Option<String> {
        let names = environment::names(&self.environments).join(", ");
        (!names.is_empty()).then(|| format!("no environment is used; there is: {names}"))
    }
}

/// Whether an environment could give it a value: what starts with a dollar is made by Bruno.
fn is_variable(unresolved: &str) -> bool {
    unresolved.starts_with("{{") && !unresolved.starts_with("{{$")
}

fn short(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

/// `Folder/Name`
fn path(item: &Item, levels: &[&Level]) -> String {
    let folders = levels.iter().filter(|level| level.outer.is_some());
    let names = folders.map(|level| level.name.as_str());
    names.chain([&*item.name]).collect::<Vec<_>>().join("/")
}

fn one(
    item: &Item,
    levels: &[&Level],
    given: &Given<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<ImportedRequest, ImportError> {
    let auth = authorization(item, levels);
    let start = Span::new(item.span.start, item.span.start);
    let path = path(item, levels);
    let mut blocks = exported::blocks(&path, &item.request, auth, start);
    let all = || {
        let outer = levels.iter().map(|level| &level.request);
        outer.chain([&item.request])
    };
    let headers: Vec<Row> = all().flat_map(exported::headers).collect();
    blocks.push(Block::of_rows("headers", headers, start));
    if all().any(exported::is_scripted) {
        blocks.push(Block::of_text("script:pre-request", String::new(), start));
    }
    build::request(&blocks, item.span, given, surroundings).map_err(|problem| {
        let kind = match problem.kind {
            ErrorKind::Url(reason) | ErrorKind::Syntax(reason) => ErrorKind::Item {
                name: path.clone(),
                reason,
            },
            kind => kind,
        };
        ImportError::new(start, kind)
    })
}

/// That of the request; what it inherits is that of the nearest folder that has one, or of the collection.
fn authorization<'v>(item: &'v Item, levels: &[&'v Level]) -> &'v Value {
    let auth = |request: &'v Value| request.get("auth").unwrap_or(&Value::Null);
    let own = auth(&item.request);
    if own.get("mode").and_then(Value::as_str) != Some("inherit") {
        return own;
    }
    let mut outer = levels.iter().rev().map(|level| auth(&level.request));
    let is_single = levels.is_empty();
    let found = outer.find(|auth| exported::own_mode(auth).is_some());
    found.unwrap_or(if is_single { own } else { &Value::Null })
}

/// A request by itself, whose collection is not at hand.
pub(super) fn single(name: &str, request: Value, span: Span) -> Collection {
    let mut collection = Collection::default();
    collection.request(0, name, request, span);
    collection
}
