//! The resources of an export: a list, whose tree is made by the ids of parents.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::import::Options;
use crate::import::json_text::JsonText;
use crate::import::{ErrorKind, ImportError, Source, Span};

/// How deep folders may stand in each other.
const MAX_DEPTH: usize = 64;

const NO_EXPORT: &str = "this is no export of Insomnia: it has no list \"resources\"";

/// A resource and its place.
pub(super) struct Resource {
    pub(super) value: Value,
    pub(super) span: Span,
}

impl Resource {
    pub(super) fn text(&self, name: &str) -> &str {
        self.value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// All resources.
pub(super) struct Export {
    resources: Vec<Resource>,
    /// Their numbers by their ids.
    by_id: HashMap<String, usize>,
    /// The numbers of base environments by the ids of their workspaces.
    bases: HashMap<String, usize>,
    /// The number of the sub-environment that is chosen.
    chosen: Option<usize>,
    /// Whether the jar of cookies is not empty.
    pub(super) has_cookies: bool,
}

/// Reads an export.
///
/// # Errors
/// When it is none, or has no environment of the name that is asked for.
pub(super) fn read(
    text: &JsonText<'_>,
    options: &Options,
    source: &Source<'_>,
) -> Result<Export, ImportError> {
    #[derive(Deserialize)]
    struct File<'a> {
        #[serde(borrow)]
        resources: Option<Vec<&'a RawValue>>,
    }
    let start = Span::new(source.span().start, source.span().start);
    if is_yaml(text.whole()) {
        let reason =
            "this is an Insomnia file of version 5, in YAML: export it as Insomnia v4 JSON";
        return Err(ImportError::new(start, ErrorKind::Shape(reason)));
    }
    let file: File<'_> = text.object(text.whole(), NO_EXPORT)?;
    let parts = file
        .resources
        .ok_or_else(|| ImportError::new(start, ErrorKind::Shape(NO_EXPORT)))?;
    let mut export = Export {
        resources: Vec::new(),
        by_id: HashMap::new(),
        bases: HashMap::new(),
        chosen: None,
        has_cookies: false,
    };
    for part in parts {
        let value: Value = text.read(part.get(), "this is no resource")?;
        let span = text.span(part.get());
        export.add(Resource { value, span });
    }
    if let Some(wanted) = options.environment.only_name("Insomnia", source)? {
        let named = |resource: &Resource| {
            resource.text("_type") == "environment" && resource.text("name") == wanted
        };
        export.chosen = export.resources.iter().position(named);
        if export.chosen.is_none() {
            let known = export.environments();
            let wanted = wanted.to_owned();
            return Err(ImportError::new(start, ErrorKind::NoItem { wanted, known }));
        }
    }
    Ok(export)
}

fn is_yaml(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("type: ") && text.contains("insomnia.rest/5")
}

impl Export {
    pub(super) fn requests(&self) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(|resource| resource.text("_type") == "request")
    }

    fn parent(&self, resource: &Resource) -> Option<&Resource> {
        let at = self.by_id.get(resource.text("parentId"))?;
        self.resources.get(*at)
    }

    /// The folders around a resource, the nearest first.
    pub(super) fn folders(&self, resource: &Resource) -> Vec<&Resource> {
        let mut folders = Vec::new();
        let mut inner = resource;
        while let Some(outer) = self.parent(inner) {
            if outer.text("_type") != "request_group" || folders.len() >= MAX_DEPTH {
                break;
            }
            folders.push(outer);
            inner = outer;
        }
        folders
    }

    /// The names of folders and resource: `Folder/Name`.
    pub(super) fn path(&self, resource: &Resource) -> String {
        let mut names: Vec<&str> = self
            .folders(resource)
            .iter()
            .map(|folder| folder.text("name"))
            .collect();
        names.reverse();
        names.push(resource.text("name"));
        names.join("/")
    }

    /// The names of sub-environments.
    pub(super) fn environments(&self) -> Vec<String> {
        let is_sub = |resource: &&Resource| {
            let is_environment = resource.text("_type") == "environment";
            let parent = self.parent(resource).map(|parent| parent.text("_type"));
            is_environment && parent == Some("environment")
        };
        let names = self.resources.iter().filter(is_sub);
        names
            .map(|resource| resource.text("name").to_owned())
            .collect()
    }

    pub(super) fn is_environment_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// The variables of a request, where the first that has a name counts: of the folders from inside
    /// out, the environment that is chosen, and the base environment.
    pub(super) fn variables<'e>(&'e self, request: &'e Resource) -> Vec<&'e Map<String, Value>> {
        let folders = self.folders(request);
        let workspace = folders.last().copied().unwrap_or(request).text("parentId");
        let base = self.bases.get(workspace);
        let environments = [self.chosen.as_ref(), base].into_iter().flatten();
        let environments = environments.filter_map(|at| self.resources.get(*at)?.value.get("data"));
        let of_folders = folders
            .iter()
            .filter_map(|folder| folder.value.get("environment"));
        of_folders
            .chain(environments)
            .filter_map(Value::as_object)
            .collect()
    }

    fn add(&mut self, resource: Resource) {
        let at = self.resources.len();
        self.by_id.insert(resource.text("_id").to_owned(), at);
        match resource.text("_type") {
            "environment" => {
                let workspace = resource.text("parentId").to_owned();
                self.bases.entry(workspace).or_insert(at);
            }
            "cookie_jar" => {
                let cookies = resource.value.get("cookies").and_then(Value::as_array);
                self.has_cookies |= cookies.is_some_and(|list| !list.is_empty());
            }
            _ => {}
        }
        self.resources.push(resource);
    }
}
