//! The resources of an export: a list, whose tree is made by the ids of parents, as version 4 has it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::MAX_PROBLEMS;
use super::version5::{self, Wanted};
use crate::import::Options;
use crate::import::json_text::JsonText;
use crate::import::options::no_environment;
use crate::import::{ErrorKind, ImportError, Source, Span};

/// The largest export that is read.
const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// How deep folders may stand in each other.
const MAX_DEPTH: usize = 64;

/// Names are cut at this length: those of all folders are part of each path.
const LONGEST_NAME: usize = 200;

/// How many environments are named where one is asked for.
const MOST_NAMES: usize = 16;

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

    fn short_name(&self) -> String {
        self.text("name").chars().take(LONGEST_NAME).collect()
    }
}

/// All resources.
#[derive(Default)]
pub(super) struct Export {
    resources: Vec<Resource>,
    /// Their numbers by their ids.
    by_id: HashMap<String, usize>,
    /// The numbers of base environments by the ids of their workspaces.
    bases: HashMap<String, usize>,
    /// The number of the sub-environment that is chosen.
    chosen: Option<usize>,
    /// Environments of files of their own; the later override the earlier.
    globals: Vec<Self>,
    /// The names of sub-environments.
    environments: Vec<String>,
    /// Whether the jar of cookies is not empty.
    pub(super) has_cookies: bool,
}

/// Reads an export, and the environments of the files that are named; what is no resource is noted.
///
/// # Errors
/// When it is none, or has no environment of the name that is asked for.
pub(super) fn read(
    source: &Source<'_>,
    options: &Options,
) -> Result<(Export, Vec<ImportError>), ImportError> {
    let (mut export, problems) = file(source, Wanted::Requests)?;
    for given in &options.environment.files {
        let (global, _) = given.read(source, |text| {
            let (global, problems) = file(text, Wanted::Environments)?;
            if global.base().is_none() {
                let kind = ErrorKind::Shape("this export of Insomnia has no environment");
                return Err(ImportError::new(text.start(), kind));
            }
            Ok((global, problems))
        })?;
        export.globals.push(global);
    }
    if let Some(wanted) = options.environment.name.as_deref() {
        export.choose(wanted, source)?;
    }
    Ok((export, problems))
}

fn file(source: &Source<'_>, wanted: Wanted) -> Result<(Export, Vec<ImportError>), ImportError> {
    source.check_size(MAX_SOURCE_BYTES)?;
    let text = JsonText::new(source)?;
    let (mut export, problems) = if version5::is_it(text.whole()) {
        version5::read(source, MAX_SOURCE_BYTES, wanted)?
    } else {
        version4(&text, source.start())?
    };
    export.name_environments();
    Ok((export, problems))
}

fn version4(text: &JsonText<'_>, start: Span) -> Result<(Export, Vec<ImportError>), ImportError> {
    #[derive(Deserialize)]
    struct File<'a> {
        #[serde(borrow)]
        resources: Option<Vec<&'a RawValue>>,
    }
    let file: File<'_> = text.object(text.whole(), NO_EXPORT)?;
    let parts = file
        .resources
        .ok_or_else(|| ImportError::new(start, ErrorKind::Shape(NO_EXPORT)))?;
    let mut export = Export::default();
    let mut problems = Vec::new();
    for part in parts {
        let span = text.span(part.get());
        match text.read(part.get(), "this is no resource") {
            Ok(value) => export.add(Resource { value, span }),
            Err(_) if problems.len() >= MAX_PROBLEMS => {}
            Err(problem) => problems.push(problem),
        }
    }
    Ok((export, problems))
}

impl Export {
    pub(super) fn requests(&self) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(|resource| resource.text("_type") == "request")
    }

    /// Chooses the sub-environment of that name: of the files, else of the export.
    fn choose(&mut self, wanted: &str, source: &Source<'_>) -> Result<(), ImportError> {
        for global in self.globals.iter_mut().rev() {
            global.chosen = global.named(wanted);
            if global.chosen.is_some() {
                return Ok(());
            }
        }
        self.chosen = self.named(wanted);
        if self.chosen.is_some() {
            return Ok(());
        }
        let all = self.globals.iter().chain([&*self]);
        let known: Vec<String> = all.flat_map(|export| export.environments.clone()).collect();
        Err(no_environment(wanted, &known, source))
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
        let folders = self.folders(resource);
        let all = folders.into_iter().rev().chain([resource]);
        let names: Vec<String> = all.map(Resource::short_name).collect();
        names.join("/")
    }

    /// The names of sub-environments, as many as somebody could want to read.
    pub(super) fn environments(&self) -> &[String] {
        &self.environments
    }

    fn name_environments(&mut self) {
        let is_sub = |resource: &&Resource| {
            let is_environment = resource.text("_type") == "environment";
            let parent = self.parent(resource).map(|parent| parent.text("_type"));
            is_environment && parent == Some("environment")
        };
        let names = self.resources.iter().filter(is_sub).take(MOST_NAMES);
        self.environments = names.map(Resource::short_name).collect();
    }

    pub(super) fn is_environment_chosen(&self) -> bool {
        let mut all = self.globals.iter().chain([self]);
        all.any(|export| export.chosen.is_some())
    }

    /// The first environment that stands in no other.
    fn base(&self) -> Option<&Resource> {
        self.resources.iter().find(|resource| {
            let parent = self.parent(resource).map(|parent| parent.text("_type"));
            resource.text("_type") == "environment" && parent != Some("environment")
        })
    }

    /// The number of the environment of that name.
    fn named(&self, wanted: &str) -> Option<usize> {
        let is_it = |resource: &Resource| {
            resource.text("_type") == "environment" && resource.text("name") == wanted
        };
        self.resources.iter().position(is_it)
    }

    fn chosen(&self) -> Option<&Resource> {
        self.resources.get(self.chosen?)
    }

    /// The variables of a request, where the first that has a name counts: of the folders from inside
    /// out, the environment that is chosen, the base environment, and those of files in the same order.
    pub(super) fn variables<'e>(&'e self, request: &'e Resource) -> Vec<&'e Map<String, Value>> {
        let folders = self.folders(request);
        let workspace = folders.last().copied().unwrap_or(request).text("parentId");
        let base = self.bases.get(workspace);
        let base = base.and_then(|at| self.resources.get(*at));
        let files = self.globals.iter().rev();
        let of_files = files.flat_map(|global| [global.chosen(), global.base()]);
        let environments = [self.chosen(), base].into_iter().chain(of_files).flatten();
        let environments = environments.filter_map(|environment| environment.value.get("data"));
        let of_folders = folders
            .iter()
            .filter_map(|folder| folder.value.get("environment"));
        of_folders
            .chain(environments)
            .filter_map(Value::as_object)
            .collect()
    }

    pub(super) fn add(&mut self, resource: Resource) {
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
