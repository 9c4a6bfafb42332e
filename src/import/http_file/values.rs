//! What the variables of a file stand for.

use std::collections::BTreeSet;

use super::environment;
use crate::import::variables::{Resolver, Variables, parts};
use crate::import::{ImportError, Options, Source, Surroundings};

/// Which program the file was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    JetBrains,
    RestClient,
}

impl Tool {
    /// By what only JetBrains understands: scripts, and variables of its own.
    fn of(text: &str) -> Self {
        let marks = ["{%", "{{$random.", "{{$env.", "\nGRAPHQL "];
        if marks.iter().any(|mark| text.contains(mark)) {
            Self::JetBrains
        } else {
            Self::RestClient
        }
    }

    /// What its versions do not agree about.
    pub(super) fn leaves_out(self) -> &'static str {
        match self {
            Self::JetBrains => {
                "the request is as the HTTP Client of JetBrains sends it, without User-Agent, \
                 Accept, Accept-Encoding and Connection, which go by its version"
            }
            Self::RestClient => {
                "the request is as REST Client of VS Code sends it, without Accept-Encoding and \
                 Connection, which go by its version, and without the cookies that it remembers"
            }
        }
    }
}

/// The values of one import.
pub(super) struct Values {
    tool: Tool,
    resolver: Resolver,
    /// Names that scripts set.
    scripted: BTreeSet<String>,
}

impl Values {
    /// Reads the variables of a file. Those of the command line stand before those of the file, and
    /// these before the environment's.
    ///
    /// # Errors
    /// When the environment cannot be used.
    pub(super) fn new(
        text: &str,
        options: &Options,
        source: &Source<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ImportError> {
        let found = environment::read(options, source)?;
        let mut given = Variables::default();
        for (name, value) in &options.variables {
            given.set(name, value);
        }
        let mut own = Variables::default();
        for line in text.lines() {
            if let Some((name, value)) = variable(line) {
                own.set(name, value);
            }
        }
        let mut dotenv = Resolver::new(vec![found.dotenv], BTreeSet::new());
        let mut special = Variables::default();
        for (token, is_variable) in parts(text) {
            if is_variable {
                let name = inside(token);
                if let Some(value) = from_the_system(name.trim(), &mut dotenv, surroundings) {
                    special.set(name, &value);
                } else if name.trim() != name {
                    // Blanks around a name are no part of it.
                    special.set(name, &format!("{{{{{}}}}}", name.trim()));
                }
            }
        }
        let scopes = vec![given, own, special, found.variables];
        Ok(Self {
            tool: Tool::of(text),
            resolver: Resolver::new(scopes, BTreeSet::new()),
            scripted: scripted(text),
        })
    }

    pub(super) fn tool(&self) -> Tool {
        self.tool
    }

    /// The text with all variables replaced that have a value; others stay as they stand.
    pub(super) fn resolve(&mut self, text: &str) -> String {
        self.resolver.resolve(text)
    }

    /// Whether the values together grew larger than an import holds.
    pub(super) fn is_spent(&self) -> bool {
        self.resolver.is_spent()
    }

    /// Why variables have no value, where it is known.
    pub(super) fn reasons(&self, unresolved: &[String]) -> Vec<String> {
        let reason = |variable: &String| {
            let name = inside(variable).trim();
            let is_response = name.contains(".response.") || name.contains(".request.");
            if is_response {
                Some(format!(
                    "{variable} comes from the response of another request"
                ))
            } else if self.scripted.contains(name) {
                Some(format!("{variable} is set by a script, which is not run"))
            } else {
                None
            }
        };
        unresolved.iter().filter_map(reason).collect()
    }
}

fn inside(token: &str) -> &str {
    let inner = token.strip_prefix("{{").and_then(|t| t.strip_suffix("}}"));
    inner.unwrap_or(token)
}

/// `@name = value`
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim_start().strip_prefix('@')?.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then(|| (name, value.trim()))
}

/// Variables that the tools take from the system, or from a `.env` file.
fn from_the_system(
    name: &str,
    dotenv: &mut Resolver,
    surroundings: &Surroundings<'_>,
) -> Option<String> {
    if let Some(name) = name.strip_prefix("$processEnv ") {
        let name = name.trim();
        // `%name` is the name of a variable that holds the name.
        return (surroundings.variable)(name.strip_prefix('%').unwrap_or(name));
    }
    if let Some(name) = name.strip_prefix("$env.") {
        return (surroundings.variable)(name.trim());
    }
    let name = name.strip_prefix("$dotenv ")?.trim();
    let token = format!("{{{{{name}}}}}");
    let value = dotenv.resolve(&token);
    (value != token).then_some(value)
}

/// The names in `client.global.set("name", …)` and `request.variables.set("name", …)`.
fn scripted(text: &str) -> BTreeSet<String> {
    let calls = [".global.set(", ".variables.set(", "client.variables.set("];
    let mut names = BTreeSet::new();
    for call in calls {
        for (at, _) in text.match_indices(call) {
            let rest = text.get(at + call.len()..).unwrap_or_default().trim_start();
            let quoted = rest.strip_prefix(['"', '\'', '`']);
            let name = quoted.and_then(|rest| rest.split(['"', '\'', '`', '\n']).next());
            names.extend(name.map(str::to_owned));
        }
    }
    names
}
