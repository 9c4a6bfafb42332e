//! Exports of version 5, which are YAML: a tree of folders and requests, as the resources of version 4.

use serde_json::{Map, Value, json};

use super::export::{Export, Resource};
use crate::import::yaml::{self, Node};
use crate::import::{ErrorKind, ImportError, Source, Span};

const NO_EXPORT: &str =
    "this is no export of Insomnia: it has no type like collection.insomnia.rest/5.0";
const NOTHING_TO_SEND: &str = "this export of Insomnia holds no requests: its type has none";
const NO_LIST: &str = "a list is needed here: of folders and requests";

/// Whether the text says that it is such a file.
pub(super) fn is_it(text: &str) -> bool {
    let mut lines = text.lines().map(|line| line.trim_start_matches('\u{feff}'));
    let kind = lines.find_map(|line| line.strip_prefix("type:"));
    kind.is_some_and(|kind| kind.contains(MARK)) && !text.trim_ascii_start().starts_with('{')
}

const MARK: &str = ".insomnia.rest/5";

/// Which types have what is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Requests,
    Environments,
}

/// The resources of a file, and what is no resource.
///
/// # Errors
/// When it is no such file.
pub(super) fn read(
    source: &Source<'_>,
    limit_bytes: usize,
    wanted: Wanted,
) -> Result<(Export, Vec<ImportError>), ImportError> {
    let root = yaml::read(source, limit_bytes)?;
    let shape = |node: &Node, reason| ImportError::new(start(node), ErrorKind::Shape(reason));
    let kind = root.get("type").and_then(Node::text).unwrap_or_default();
    let scope = kind.split_once(MARK).map(|(scope, _)| scope);
    match scope {
        None => return Err(shape(&root, NO_EXPORT)),
        Some("collection" | "spec") => {}
        Some("environment") if wanted == Wanted::Environments => {}
        Some(_) => return Err(shape(&root, NOTHING_TO_SEND)),
    }
    let mut reader = Reader {
        export: Export::default(),
        problems: Vec::new(),
        count: 0,
    };
    reader.add("workspace", WORKSPACE, Map::new(), root.span, "");
    reader.environments(&root);
    reader.cookies(&root);
    if let Some(collection) = root.get("collection") {
        reader.list(collection, WORKSPACE);
    }
    Ok((reader.export, reader.problems))
}

/// Insomnia's own ids may be missing, or be there twice: resources get new ones.
const WORKSPACE: &str = "workspace";

fn start(node: &Node) -> Span {
    Span::new(node.span.start, node.span.start)
}

struct Reader {
    export: Export,
    problems: Vec<ImportError>,
    count: usize,
}

impl Reader {
    fn add(
        &mut self,
        kind: &str,
        id: &str,
        mut value: Map<String, Value>,
        span: Span,
        parent: &str,
    ) {
        value.insert("_type".to_owned(), json!(kind));
        value.insert("_id".to_owned(), json!(id));
        value.insert("parentId".to_owned(), json!(parent));
        let value = Value::Object(value);
        self.export.add(Resource { value, span });
    }

    fn id(&mut self) -> String {
        self.count += 1;
        self.count.to_string()
    }

    fn environments(&mut self, root: &Node) {
        let Some(base) = root.get("environments").filter(|node| node.is_map()) else {
            return;
        };
        let id = self.id();
        let value = environment(base, "Base Environment".to_owned());
        self.add("environment", &id, value, base.span, WORKSPACE);
        let subs = base.get("subEnvironments").and_then(Node::items);
        for (number, sub) in subs.into_iter().flatten().enumerate() {
            let sub_id = self.id();
            let value = environment(sub, format!("Environment {number}"));
            self.add("environment", &sub_id, value, sub.span, &id);
        }
    }

    fn cookies(&mut self, root: &Node) {
        if let Some(jar) = root.get("cookieJar") {
            let id = self.id();
            let value = jar.to_object(|name| name == "cookies");
            self.add("cookie_jar", &id, value, jar.span, WORKSPACE);
        }
    }

    fn list(&mut self, list: &Node, parent: &str) {
        let Some(items) = list.items() else {
            let error = ImportError::new(start(list), ErrorKind::Shape(NO_LIST));
            self.problems.push(error);
            return;
        };
        for item in items {
            if !item.is_map() {
                let kind = ErrorKind::Shape("this is neither a folder nor a request");
                self.problems.push(ImportError::new(start(item), kind));
            } else if let Some(children) = item.get("children") {
                let id = self.id();
                self.add("request_group", &id, folder(item), item.span, parent);
                self.list(children, &id);
            } else if let Some(method) = item.get("method") {
                self.request(item, method, parent);
            }
            // What else there is goes over gRPC, WebSocket or Socket.IO.
        }
    }

    fn request(&mut self, item: &Node, method: &Node, parent: &str) {
        let of_wrong_type = [Some(method), item.get("url")]
            .into_iter()
            .flatten()
            .find(|node| node.text().is_none());
        if let Some(node) = of_wrong_type {
            let kind = ErrorKind::Shape("a method and a URL have to be texts");
            self.problems.push(ImportError::new(start(node), kind));
            return;
        }
        let id = self.id();
        self.add("request", &id, request(item), item.span, parent);
    }
}

fn environment(node: &Node, name: String) -> Map<String, Value> {
    let mut value = node.to_object(|name| name == "name" || name == "data");
    let named = value.get("name").and_then(Value::as_str);
    if named.is_none_or(str::is_empty) {
        value.insert("name".to_owned(), Value::String(name));
    }
    value
}

fn folder(node: &Node) -> Map<String, Value> {
    let is_wanted = |name: &str| {
        matches!(
            name,
            "name" | "headers" | "authentication" | "environment" | "scripts"
        )
    };
    let mut value = node.to_object(is_wanted);
    script(&mut value);
    value
}

/// The settings have other names than in version 4, and some the other sense.
fn request(node: &Node) -> Map<String, Value> {
    let mut value = node.to_object(|name| !matches!(name, "meta" | "settings"));
    script(&mut value);
    let Some(settings) = node.get("settings") else {
        return value;
    };
    let is_off = |node: Option<&Node>| node.map(Node::to_value) == Some(Value::Bool(false));
    let sends = settings
        .get("cookies")
        .and_then(|cookies| cookies.get("send"));
    let all = [
        (
            "settingDisableRenderRequestBody",
            is_off(settings.get("renderRequestBody")),
        ),
        ("settingEncodeUrl", !is_off(settings.get("encodeUrl"))),
        ("settingRebuildPath", !is_off(settings.get("rebuildPath"))),
        (
            "settingSendCookies",
            sends.map(Node::to_value) == Some(Value::Bool(true)),
        ),
    ];
    value.extend(all.map(|(name, is_on)| (name.to_owned(), Value::Bool(is_on))));
    value
}

fn script(value: &mut Map<String, Value>) {
    let script = value.get("scripts").and_then(|all| all.get("preRequest"));
    if let Some(script) = script.cloned() {
        value.insert("preRequestScript".to_owned(), script);
    }
}
