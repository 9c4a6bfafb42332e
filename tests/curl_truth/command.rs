//! A curl command in the making: options in any order, in any of their spellings.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::common::random::Random;
use super::curl::Curl;
use super::shell::{self, Shell};

/// A command, and all that it needs.
#[derive(Clone, Debug)]
pub struct Command {
    pub shell: Shell,
    /// What the shell runs, and what is imported.
    pub text: String,
    /// What lies in the file `config`.
    pub config: String,
}

/// Collects the words of a command.
pub struct Maker<'a> {
    pub random: Random,
    pub port: u16,
    curl: &'a Curl,
    /// Options which this curl does not have.
    skipped: &'a RefCell<BTreeSet<String>>,
    /// An option with its value, or a URL: their order does not matter to curl, or is drawn.
    groups: Vec<Vec<String>>,
    /// Whether content is uploaded: older versions do that otherwise in some ways.
    pub uploads: bool,
    /// Whether `--continue-at` may be given: with other content than files older versions cut that
    /// in odd ways.
    pub resumes: bool,
    /// Whether credentials may come from a file: those of a URL get in their way.
    pub has_netrc: bool,
    config: String,
    /// What is redirected to standard input.
    input: Option<String>,
    shell: Shell,
}

impl<'a> Maker<'a> {
    pub fn new(
        random: Random,
        port: u16,
        curl: &'a Curl,
        skipped: &'a RefCell<BTreeSet<String>>,
    ) -> Self {
        let mut random = random;
        let shell = random.pick(&[Shell::Sh, Shell::Bash]);
        Self {
            random,
            port,
            curl,
            skipped,
            groups: Vec::new(),
            uploads: false,
            resumes: false,
            has_netrc: false,
            config: String::new(),
            input: None,
            shell,
        }
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.random.one_in(one_in)
    }

    pub fn pick(&mut self, from: &[&str]) -> String {
        self.random.pick(from).to_owned()
    }

    /// An option without a value: `-x`, `--long`, `--no-long` or a start of it.
    pub fn switch(&mut self, name: &str) {
        if let Some(name) = self.spelt(name) {
            self.groups.push(vec![name]);
        }
    }

    /// Whether a value so far holds that text.
    pub fn holds(&self, text: &str) -> bool {
        self.groups.iter().flatten().any(|word| word.contains(text))
    }

    pub fn has_input(&self) -> bool {
        self.input.is_some()
    }

    /// One of some switches.
    pub fn switch_of(&mut self, names: &[&str]) {
        let name = self.random.pick(names);
        self.switch(name);
    }

    /// An option with a value.
    pub fn option(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        let Some(spelt) = self.spelt(name) else {
            return;
        };
        let is_letter = !spelt.starts_with("--");
        let group = match self.random.below(4) {
            0 if is_letter && !value.is_empty() => vec![format!("{spelt}{value}")],
            1 if is_letter => vec![format!("-s{}", &spelt[1..]), value],
            _ => vec![spelt, value],
        };
        self.groups.push(group);
    }

    /// An option as it stands in a configuration file, if there is to be one.
    pub fn in_config(&mut self, line: &str) {
        self.config.push_str(line);
        self.config.push('\n');
    }

    /// Whether this curl is older than that.
    pub fn is_before(&self, version: (u32, u32, u32)) -> bool {
        self.curl.version < version
    }

    /// Standard input.
    pub fn input(&mut self, text: &str) {
        self.input = Some(text.to_owned());
    }

    /// A URL, by itself or with `--url`.
    pub fn url(&mut self, url: impl Into<String>) {
        let url = url.into();
        if self.chance(8) {
            self.option("--url", url);
        } else {
            self.groups.push(vec![url]);
        }
    }

    /// The origin of the recorder.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn spelt(&mut self, name: &str) -> Option<String> {
        let plain = name.trim_start_matches('-');
        if !self.curl.knows(plain) {
            self.skipped.borrow_mut().insert(name.to_owned());
            return None;
        }
        if let Some(letter) = self.curl.letter(plain)
            && self.chance(2)
        {
            return Some(format!("-{letter}"));
        }
        if self.chance(12) {
            return Some(format!("--{}", self.curl.abbreviated(plain)));
        }
        Some(format!("--{plain}"))
    }

    /// The options so far, in any order, and then `--next`.
    pub fn next(&mut self, done: &mut Vec<Vec<String>>) {
        self.shuffle();
        done.append(&mut self.groups);
        done.push(vec![self.pick(&["--next", "-:"])]);
    }

    fn shuffle(&mut self) {
        for at in (1..self.groups.len()).rev() {
            let other = self.random.below(at + 1);
            self.groups.swap(at, other);
        }
    }

    /// The command.
    pub fn finish(mut self, done: Vec<Vec<String>>) -> Command {
        self.shuffle();
        let mut words = vec!["curl".to_owned(), "-sS".to_owned()];
        words.extend(["-m".to_owned(), "5".to_owned()]);
        words.extend(done.into_iter().flatten());
        words.extend(self.groups.into_iter().flatten());
        let mut text = shell::line(&words, self.shell, &mut self.random);
        if let Some(input) = self.input {
            text.push_str(&shell::input(&input, self.shell, &mut self.random));
        }
        Command {
            shell: self.shell,
            text,
            config: self.config,
        }
    }
}
