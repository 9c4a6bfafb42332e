//! Reads the arguments of curl: long and short options, their values, URLs.

use std::collections::VecDeque;

use super::MAX_PROBLEMS;
use super::config_file;
use super::operation::Operation;
use super::options::{CurlOption, Named, Role, Takes, by_letter, by_name, similar};
use super::variables::CurlVariables;
use crate::import::shell::materials::Materials;
use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError};

/// How deep configuration files may name others.
const MAX_CONFIG_DEPTH: usize = 8;

/// The operations that arguments ask for. Every problem is noted, and reading goes on after it.
pub(super) fn operations(
    arguments: Vec<Word>,
    materials: &mut Materials<'_>,
    problems: &mut Vec<ImportError>,
) -> Vec<Operation> {
    let mut walker = Walker {
        queue: arguments.into(),
        operation: Operation::default(),
        done: Vec::new(),
        variables: CurlVariables::default(),
        options_end: false,
        config_depth: 0,
        materials,
        problems,
    };
    walker.run();
    walker.done.push(walker.operation);
    walker.done
}

struct Walker<'w, 'm> {
    queue: VecDeque<Word>,
    operation: Operation,
    done: Vec<Operation>,
    variables: CurlVariables,
    /// After `--` all words are URLs.
    options_end: bool,
    config_depth: usize,
    materials: &'w mut Materials<'m>,
    problems: &'w mut Vec<ImportError>,
}

impl Walker<'_, '_> {
    fn run(&mut self) {
        while let Some(word) = self.queue.pop_front() {
            if self.problems.len() >= MAX_PROBLEMS {
                return;
            }
            let result = match word.bytes.as_slice() {
                _ if self.options_end => self.url(word),
                b"--" => {
                    self.options_end = true;
                    Ok(())
                }
                [b'-', b'-', name @ ..] => self.long(&word.with_bytes(name)),
                [b'-', letters @ ..] => self.short(&word.with_bytes(letters)),
                _ => self.url(word),
            };
            self.problems.extend(result.err());
        }
    }

    fn url(&mut self, word: Word) -> Result<(), ImportError> {
        match by_name("url") {
            Named::One(option) => self.operation.value(option, word, self.materials),
            _ => Ok(()),
        }
    }

    /// `--name`, `--name=value`, `--no-name`, `--expand-name`; the word comes without its dashes.
    fn long(&mut self, word: &Word) -> Result<(), ImportError> {
        let text = word.shown();
        let refused = |kind| Err(ImportError::new(word.span, kind));
        let (written, glued) = match text.split_once('=') {
            Some((name, _)) => (name, word.bytes.get(name.len() + 1..)),
            None => (text.as_str(), None),
        };
        let (name, on, expands) =
            match (written.strip_prefix("no-"), written.strip_prefix("expand-")) {
                (Some(name), _) => (name, false, false),
                (None, Some(name)) => (name, true, true),
                (None, None) => (written, true, false),
            };
        let option = match by_name(name) {
            Named::One(option) => option,
            Named::Several(candidates) => {
                let candidates = candidates.iter().map(|name| format!("--{name}")).collect();
                let name = format!("--{written}");
                return refused(ErrorKind::AmbiguousOption { name, candidates });
            }
            Named::Unknown => {
                let similar = similar(name);
                // So that the value of a misspelt option is not taken for a URL.
                if glued.is_none() && similar.is_some_and(takes_value) {
                    self.queue.pop_front();
                }
                let name = format!("--{written}");
                return refused(ErrorKind::UnknownOption { name, similar });
            }
        };
        if !on && option.takes != Takes::Switch {
            return refused(ErrorKind::NotSwitch(format!("--{name}")));
        }
        if option.takes != Takes::Value {
            return self.switch(option, on, word);
        }
        let value = glued.map(|value| word.with_bytes(value));
        let Some(value) = value.or_else(|| self.queue.pop_front()) else {
            return self.without_value(option, format!("--{written}"), word);
        };
        let value = if expands {
            self.variables.expand(&value)?
        } else {
            value
        };
        self.value(option, value)
    }

    /// `-sSL`, `-XPOST`, `-d value`; the word comes without its dash.
    fn short(&mut self, word: &Word) -> Result<(), ImportError> {
        let mut letters = word.bytes.as_slice();
        while let Some((letter, rest)) = first_character(letters) {
            letters = rest;
            let Some(option) = by_letter(letter) else {
                let name = format!("-{}", letter.escape_debug());
                let similar = None;
                let kind = ErrorKind::UnknownOption { name, similar };
                self.problems.push(ImportError::new(word.span, kind));
                continue;
            };
            if option.takes != Takes::Value {
                self.switch(option, true, word)?;
                continue;
            }
            let glued = (!rest.is_empty()).then(|| word.with_bytes(rest));
            let Some(value) = glued.or_else(|| self.queue.pop_front()) else {
                return self.without_value(option, format!("-{letter}"), word);
            };
            return self.value(option, value);
        }
        Ok(())
    }

    fn without_value(
        &mut self,
        option: &CurlOption,
        written: String,
        word: &Word,
    ) -> Result<(), ImportError> {
        // `--help` is the only one whose value may be left out.
        let kind = match option.role {
            Role::SendsNothing => ErrorKind::SendsNothing(written),
            _ => ErrorKind::MissingValue(written),
        };
        Err(ImportError::new(word.span, kind))
    }

    fn switch(&mut self, option: &CurlOption, on: bool, word: &Word) -> Result<(), ImportError> {
        match option.role {
            Role::Ignored => {}
            Role::SendsNothing => {
                let kind = ErrorKind::SendsNothing(format!("--{}", option.name));
                return Err(ImportError::new(word.span, kind));
            }
            Role::Next if self.operation.urls.is_empty() => {
                return Err(ImportError::new(word.span, ErrorKind::NoUrl));
            }
            Role::Next => self.done.push(std::mem::take(&mut self.operation)),
            Role::Head if !on => self.operation.switch(Role::NoHead, true),
            role => self.operation.switch(role, on),
        }
        Ok(())
    }

    fn value(&mut self, option: &'static CurlOption, value: Word) -> Result<(), ImportError> {
        match option.role {
            Role::Config => self.config(&value),
            Role::Variable => self.variables.set(&value, self.materials),
            Role::SendsNothing => {
                let kind = ErrorKind::SendsNothing(format!("--{}", option.name));
                Err(ImportError::new(value.span, kind))
            }
            _ => self.operation.value(option, value, self.materials),
        }
    }

    /// Reads the options of a file as if they stood here.
    fn config(&mut self, path: &Word) -> Result<(), ImportError> {
        if self.config_depth >= MAX_CONFIG_DEPTH {
            return Err(ImportError::new(path.span, ErrorKind::ConfigDepth));
        }
        let text = self.materials.read(path)?;
        let after = std::mem::take(&mut self.queue);
        let ended = std::mem::take(&mut self.options_end);
        self.config_depth += 1;
        for (at, words) in config_file::options(&text) {
            let known = self.problems.len();
            self.queue = words.into();
            self.run();
            let place = format!("{}:{at}", path.shown());
            for problem in self.problems.iter_mut().skip(known) {
                inside(problem, &place);
            }
        }
        self.config_depth -= 1;
        self.options_end = ended;
        self.queue = after;
        Ok(())
    }
}

/// The problem with the place in the file that it is in.
fn inside(problem: &mut ImportError, place: &str) {
    if !matches!(problem.kind, ErrorKind::Inside { .. }) {
        let kind = Box::new(problem.kind.clone());
        let place = place.to_owned();
        problem.kind = ErrorKind::Inside { place, kind };
    }
}

fn first_character(text: &[u8]) -> Option<(char, &[u8])> {
    let longest = text.get(..text.len().min(4))?;
    let first = longest.utf8_chunks().next()?.valid().chars().next();
    let length = first.map_or(1, char::len_utf8);
    Some((first.unwrap_or('\u{fffd}'), text.get(length..)?))
}

fn takes_value(name: &str) -> bool {
    matches!(by_name(name), Named::One(option) if option.takes == Takes::Value)
}
