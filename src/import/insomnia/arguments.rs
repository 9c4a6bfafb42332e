//! A request as arguments of curl.

use std::collections::HashSet;

use serde_json::Value;

use super::auth::{self, Added};
use super::body::{self, Body, MULTIPART, field, rows};
use super::export::{Export, Resource};
use super::template::Renderer;
use super::url::{url, with_path_parameters};
use crate::import::Options;
use crate::import::curl;
use crate::import::shell::materials::Materials;
use crate::import::shell::script::{Command, Input};
use crate::import::shell::word::Word;
use crate::import::variables::COMPUTED;
use crate::import::{ErrorKind, ImportError, ImportedRequest, Span};

/// The most headers of a request; folders may hand down any number of them.
const MAX_HEADERS: usize = 1000;

/// The request of an item.
///
/// # Errors
/// When Insomnia could not send it.
pub(super) fn request(
    export: &Export,
    item: &Resource,
    options: &Options,
    materials: &mut Materials<'_>,
) -> Result<ImportedRequest, Vec<ImportError>> {
    let start = Span::new(item.span.start, item.span.start);
    let name = export.path(item);
    let refused = |reason| {
        let name = name.clone();
        vec![ImportError::new(start, ErrorKind::Item { name, reason })]
    };
    let mut writer = Writer {
        export,
        item,
        start,
        renderer: Renderer::new(&options.variables, export.variables(item)),
        words: Vec::new(),
        headers: Vec::new(),
        warnings: Vec::new(),
    };
    writer.all(materials).map_err(|problem| match problem {
        Problem::Reason(reason) => refused(reason),
        Problem::Error(error) => vec![error],
    })?;
    if writer.renderer.is_spent() {
        return Err(vec![ImportError::new(start, ErrorKind::TooMuch)]);
    }
    let bytes = writer.words.iter().map(|word| word.bytes.len()).sum();
    let charged = materials.charge(bytes, &Word::new("", start));
    charged.map_err(|problem| vec![problem])?;
    let command = writer.command(options);
    let requests = curl::of_command(command, materials).map_err(|problems| {
        let in_item = |problem: ImportError| match problem.kind {
            ErrorKind::Url(reason) => ImportError::new(
                start,
                ErrorKind::Item {
                    name: name.clone(),
                    reason,
                },
            ),
            kind => ImportError::new(problem.span, kind),
        };
        problems.into_iter().map(in_item).collect::<Vec<_>>()
    })?;
    let Some(mut request) = requests.into_iter().next() else {
        return Err(refused("it has no URL"));
    };
    if request
        .request
        .fields
        .lines()
        .iter()
        .any(|line| memchr::memmem::find(line.value(), COMPUTED.as_bytes()).is_some())
    {
        request.unresolved.push(COMPUTED.to_owned());
    }
    request.name = name;
    request.span = item.span;
    Ok(request)
}

enum Problem {
    Reason(&'static str),
    Error(ImportError),
}

struct Writer<'e> {
    export: &'e Export,
    item: &'e Resource,
    start: Span,
    renderer: Renderer<'e>,
    words: Vec<Word>,
    headers: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl<'e> Writer<'e> {
    fn all(&mut self, materials: &mut Materials<'_>) -> Result<(), Problem> {
        let item = self.item;
        let method = self.renderer.render(item.text("method"));
        let method = if method.is_empty() {
            "GET".to_owned()
        } else {
            method.to_uppercase()
        };
        self.headers();
        if self.headers.len() > MAX_HEADERS {
            return Err(Problem::Reason("it has more headers than a server takes"));
        }
        let authentication = self.authentication();
        let added = auth::added(authentication, &mut self.renderer);
        let url = self.url(added.query.as_ref());
        if url.is_empty() {
            return Err(Problem::Reason("it has no URL"));
        }
        let body = body::body(
            &item.value,
            &method,
            &mut self.renderer,
            materials,
            self.start,
        )
        .map_err(Problem::Error)?;
        self.warn(&added);
        self.complete(body.as_ref(), added);
        self.option("--globoff", None);
        self.option("--request", Some(method));
        self.option("--user-agent", Some(String::new()));
        if item.value.get("settingRebuildPath") == Some(&Value::Bool(false)) {
            self.option("--path-as-is", None);
        }
        for (name, value) in std::mem::take(&mut self.headers) {
            let is_broken = |text: &str| text.contains(['\r', '\n']);
            if name.starts_with('@') || is_broken(&name) || is_broken(&value) {
                return Err(Problem::Reason(
                    "a header has a line break, or a name that none may have",
                ));
            }
            // Without a value libcurl would take the line for the wish to leave a field out.
            let line = match value.as_str() {
                "" => format!("{name};"),
                OFF => format!("{name}:"),
                value => format!("{name}: {value}"),
            };
            self.option("--header", Some(line));
        }
        if let Some(body) = body {
            self.words.push(Word::new("--data-raw", self.start));
            let mut word = Word::new(body.content, self.start);
            word.unresolved.clone_from(&self.renderer.unresolved);
            self.words.push(word);
        }
        self.option("--url", Some(url));
        Ok(())
    }

    fn option(&mut self, name: &str, value: Option<String>) {
        self.words.push(Word::new(name, self.start));
        if let Some(value) = value {
            let is_in = |text: &&String| value.contains(text.as_str());
            let unresolved = self
                .renderer
                .unresolved
                .iter()
                .filter(is_in)
                .cloned()
                .collect();
            let mut word = Word::new(value, self.start);
            word.unresolved = unresolved;
            self.words.push(word);
        }
    }

    /// Those of the folders, then those of the request, which override them.
    fn headers(&mut self) {
        let folders = self.export.folders(self.item);
        for owner in folders.iter().rev().chain([&self.item]) {
            let list: Vec<(String, String)> = rows(owner.value.get("headers"))
                .map(|row| (field(row, "name"), field(row, "value")))
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, value)| (self.renderer.render(&name), self.renderer.render(&value)))
                .collect();
            let names = list.iter().map(|(name, _)| name.to_ascii_lowercase());
            let names: HashSet<String> = names.collect();
            self.headers
                .retain(|(known, _)| !names.contains(&known.to_ascii_lowercase()));
            self.headers.extend(list);
            if self.headers.len() > MAX_HEADERS {
                return;
            }
        }
    }

    /// That of the request, or of the nearest folder that has one.
    fn authentication(&self) -> &'e Value {
        let has_type = |auth: &&Value| auth.get("type").is_some_and(Value::is_string);
        let folders = self.export.folders(self.item);
        let owners = std::iter::once(self.item).chain(folders);
        let mut found = owners.filter_map(|owner| owner.value.get("authentication"));
        found.find(has_type).unwrap_or(&Value::Null)
    }

    fn url(&mut self, more: Option<&(String, String)>) -> String {
        let item = self.item;
        let written = self.renderer.render(item.text("url"));
        let mut pairs = |name: &str| -> Vec<(String, String)> {
            rows(item.value.get(name))
                .map(|row| {
                    let value = self.renderer.render(&field(row, "value"));
                    (self.renderer.render(&field(row, "name")), value)
                })
                .collect()
        };
        let path = pairs("pathParameters");
        let mut query = pairs("parameters");
        query.extend(more.cloned());
        let encodes = item.value.get("settingEncodeUrl") != Some(&Value::Bool(false));
        let written = with_path_parameters(&written, &path);
        if written.trim().is_empty() {
            return String::new();
        }
        url(&written, &query, encodes)
    }

    fn warn(&mut self, added: &Added) {
        self.warnings.extend(added.warning.map(str::to_owned));
        let sends = self.item.value.get("settingSendCookies") != Some(&Value::Bool(false));
        if sends && self.export.has_cookies {
            let warning = "the cookies of the jar are left out";
            self.warnings.push(warning.to_owned());
        }
        let is_scripted = |owner: &&Resource| !owner.text("preRequestScript").trim().is_empty();
        let folders = self.export.folders(self.item);
        if std::iter::once(self.item)
            .chain(folders)
            .any(|owner| is_scripted(&owner))
        {
            let warning =
                "a script changes this request before it is sent; what it does is not known";
            self.warnings.push(warning.to_owned());
        }
    }

    /// What Insomnia adds to the headers, in its order.
    fn complete(&mut self, body: Option<&Body>, added: Added) {
        let mut add =
            |name: &str, value: &str| self.headers.push((name.to_owned(), value.to_owned()));
        if body.is_some() {
            add("Expect", OFF);
            add("Transfer-Encoding", OFF);
        }
        if !self.has("Authorization") {
            self.headers.extend(added.header);
        }
        self.headers.extend(added.signed);
        if body.is_some_and(|body| body.is_multipart) {
            let is_type = |row: &&mut (String, String)| row.0.eq_ignore_ascii_case("Content-Type");
            match self.headers.iter_mut().find(is_type) {
                Some((_, value)) => MULTIPART.clone_into(value),
                None => self
                    .headers
                    .push(("Content-Type".to_owned(), MULTIPART.to_owned())),
            }
        }
        for (name, value) in [
            ("Accept", "*/*"),
            ("Accept-Encoding", OFF),
            ("content-type", OFF),
        ] {
            if !self.has(name) {
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        }
        if added.netrc {
            self.option("--netrc", None);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn command(mut self, options: &Options) -> Command {
        let names = self.export.environments();
        let is_open = !self.renderer.unresolved.is_empty() && !self.export.is_environment_chosen();
        if is_open && !names.is_empty() && options.environment.name.is_none() {
            let names = names.join(", ");
            self.warnings.push(format!(
                "only the base environment is used; there is: {names}"
            ));
        }
        Command {
            program: "curl",
            arguments: self.words,
            input: Input::Empty,
            span: self.start,
            warnings: self.warnings,
        }
    }
}

/// Stands for a field that libcurl is told to leave out.
const OFF: &str = "\0";
