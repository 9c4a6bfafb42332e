//! The tree of a collection: folders, requests, and what they inherit.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{MAX_ITEMS, MAX_PROBLEMS, scripts};
use crate::import::json_text::JsonText;
use crate::import::variables::{self, Variables};
use crate::import::{ErrorKind, ImportError, Span};

/// How deep folders may be nested.
const MAX_FOLDERS: usize = 32;

/// Names are cut at this length: those of all folders are part of each path.
const LONGEST_NAME: usize = 200;

/// What a collection holds.
#[derive(Default)]
pub(super) struct Collection<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) variables: Variables,
    /// The names of variables that scripts set.
    pub(super) set_by_scripts: BTreeSet<String>,
    pub(super) problems: Vec<ImportError>,
}

/// A request of a collection.
pub(super) struct Item<'a> {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) request: &'a str,
    pub(super) inherited: Rc<Inherited>,
}

impl Item<'_> {
    /// The names of its folders and its own, with slashes between.
    pub(super) fn path(&self) -> &str {
        &self.inherited.path
    }
}

/// What folders hand down.
#[derive(Clone, Default)]
pub(super) struct Inherited {
    path: String,
    /// The nearest `auth` that has a type.
    pub(super) auth: Option<Rc<Value>>,
    /// `protocolProfileBehavior`, with what is nearer on top.
    pub(super) behavior: Map<String, Value>,
    /// Whether a script changes the request before it is sent.
    pub(super) is_scripted: bool,
}

impl Inherited {
    /// Whether a behaviour is switched on.
    pub(super) fn is(&self, behavior: &str) -> bool {
        self.behavior.get(behavior) == Some(&Value::Bool(true))
    }
}

/// The file, a folder or a request.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(default)]
    name: Value,
    #[serde(borrow)]
    item: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(default)]
    auth: Value,
    #[serde(default)]
    event: Value,
    #[serde(default)]
    variable: Value,
    #[serde(default, rename = "protocolProfileBehavior")]
    behavior: Value,
    /// Collections of format 1 have their requests in a list.
    requests: Option<IgnoredAny>,
    /// What Postman's own API answers has the collection inside.
    #[serde(borrow)]
    collection: Option<&'a RawValue>,
}

/// Reads the tree.
///
/// # Errors
/// When the file as a whole is no collection; problems of single items are in the result.
pub(super) fn read<'a>(text: &JsonText<'a>) -> Result<Collection<'a>, ImportError> {
    let mut part = text.whole();
    let mut file: Entry<'a> = text.object(part, NO_COLLECTION)?;
    if let (None, Some(inner)) = (&file.item, file.collection) {
        part = inner.get();
        file = text.object(part, NO_COLLECTION)?;
    }
    let Some(list) = file.item.take() else {
        let start = text.span(part).start;
        let reason = match file.requests {
            Some(_) => OLD_FORMAT,
            None => NO_COLLECTION,
        };
        let kind = ErrorKind::Shape(reason);
        return Err(ImportError::new(Span::new(start, start), kind));
    };
    let mut collection = Collection {
        variables: Variables::from_json(&file.variable),
        ..Collection::default()
    };
    let inherited = inherit(&Inherited::default(), &file, None);
    let mut walk = Walk {
        text,
        collection: &mut collection,
    };
    walk.note_scripts(&file);
    walk.entries(list, &Rc::new(inherited), 0);
    Ok(collection)
}

struct Walk<'w, 'a> {
    text: &'w JsonText<'a>,
    collection: &'w mut Collection<'a>,
}

impl<'a> Walk<'_, 'a> {
    fn entries(&mut self, entries: Vec<&'a RawValue>, inherited: &Rc<Inherited>, depth: usize) {
        for entry in entries {
            if !self.entry(entry, inherited, depth) {
                return;
            }
        }
    }

    /// Takes in a folder or a request; `false` when there is no room for more.
    fn entry(&mut self, raw: &'a RawValue, inherited: &Rc<Inherited>, depth: usize) -> bool {
        let span = self.text.span(raw.get());
        let is_full = self.collection.items.len() >= MAX_ITEMS;
        if is_full || self.collection.problems.len() >= MAX_PROBLEMS {
            self.problem(span, ErrorKind::TooMuch);
            return false;
        }
        let entry: Entry<'a> = match self.text.object(raw.get(), NO_ENTRY) {
            Ok(entry) => entry,
            Err(problem) => {
                self.collection.problems.push(problem);
                return true;
            }
        };
        self.note_scripts(&entry);
        let name: String = variables::text(&entry.name)
            .chars()
            .take(LONGEST_NAME)
            .collect();
        let own = Rc::new(inherit(inherited, &entry, Some(&name)));
        match (entry.item, entry.request) {
            (Some(_), _) if depth >= MAX_FOLDERS => self.problem(span, ErrorKind::DeepFolders),
            (Some(list), _) => self.entries(list, &own, depth + 1),
            (None, Some(request)) => self.collection.items.push(Item {
                name,
                span,
                request: request.get(),
                inherited: own,
            }),
            (None, None) => self.problem(span, ErrorKind::Shape(NO_ENTRY)),
        }
        true
    }

    fn note_scripts(&mut self, entry: &Entry<'_>) {
        scripts::names_set(&entry.event, &mut self.collection.set_by_scripts);
    }

    fn problem(&mut self, span: Span, kind: ErrorKind) {
        let at = Span::new(span.start, span.start);
        self.collection.problems.push(ImportError::new(at, kind));
    }
}

fn inherit(outer: &Inherited, entry: &Entry<'_>, name: Option<&str>) -> Inherited {
    let mut inherited = outer.clone();
    if let Some(name) = name {
        if !inherited.path.is_empty() {
            inherited.path.push('/');
        }
        inherited.path.push_str(name);
    }
    if has_type(&entry.auth) {
        inherited.auth = Some(Rc::new(entry.auth.clone()));
    }
    if let Value::Object(behavior) = &entry.behavior {
        inherited.behavior.extend(behavior.clone());
    }
    inherited.is_scripted |= scripts::changes_request(&entry.event);
    inherited
}

/// Whether an `auth` says anything: without a type it is inherited.
pub(super) fn has_type(auth: &Value) -> bool {
    let kind = auth.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| !kind.is_empty())
}

const NO_COLLECTION: &str =
    "this is no Postman collection: it has no list \"item\" of requests and folders";
const OLD_FORMAT: &str =
    "this is a collection of format 1: export it from Postman as Collection v2.1";
const NO_ENTRY: &str =
    "this is neither a request nor a folder: it needs a \"request\" or an \"item\"";
