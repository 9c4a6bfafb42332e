//! What went wrong, for people and for scripts: what happened, where, what to do next.
//!
//! The parts below `cli` return small typed errors with data and no advice. Here they get their
//! stable code, their place and their hints, since only the command line knows the commands.

use std::error::Error;
use std::fmt::Write;
use std::io;
use std::path::Path;

use serde_json::json;

use super::exit::Exit;
use super::output::printable;

/// An error that ends a command.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    code: &'static str,
    exit: Exit,
    message: String,
    details: Vec<Detail>,
    causes: Vec<String>,
    hints: Vec<String>,
}

/// One place that a [`Problem`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The file, with line and column where they are known.
    pub place: String,
    /// What is wrong there; empty when the problem's message says it.
    pub message: String,
}

impl Problem {
    /// It failed (exit status 1). `code` is stable; the message may change.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Exit::Failed, message.into())
    }

    /// The arguments or the configuration are off (exit status 2).
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Exit::Usage, message.into())
    }

    /// A child could not be run: 127 or 126.
    pub fn child(code: &'static str, status: u8, message: impl Into<String>) -> Self {
        Self::new(code, Exit::Child(status), message.into())
    }

    /// Writing our own output failed. A reader that went away (`why401 list | head`) is no error.
    pub fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(BROKEN_PIPE, Exit::Done, String::new());
        }
        Self::failed("output", "cannot write the output").caused_by(error)
    }

    /// Adds what to do about it, as a sentence without its period.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the file it is about.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        self.details.push(Detail {
            place: path.display().to_string(),
            message: String::new(),
        });
        self
    }

    /// Adds one of several places, each with its own message.
    #[must_use]
    pub fn detail(mut self, place: impl Into<String>, message: impl Into<String>) -> Self {
        self.details.push(Detail {
            place: place.into(),
            message: message.into(),
        });
        self
    }

    /// Adds an error and everything that it says caused it.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            // Wrappers often repeat what they wrap.
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// The stable word for this kind of problem, for `--json`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The exit status it leads to.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether there is nothing to say: nobody reads the output any more.
    pub fn is_silent(&self) -> bool {
        self.code == BROKEN_PIPE
    }

    /// As text: control characters of file names and messages are escaped.
    pub fn to_text(&self, color: bool) -> String {
        let label = |style: anstyle::Style, word: &str| match color {
            true => format!("{style}{word}{style:#} "),
            false => format!("{word} "),
        };
        let error = label(anstyle::AnsiColor::Red.on_default().bold(), "error:");
        let hint_label = label(anstyle::AnsiColor::Cyan.on_default(), "hint:");
        let mut text = format!("{error}{}\n", printable(&self.message));
        for detail in &self.details {
            push_line(&mut text, "  --> ", &detail.place);
            if !detail.message.is_empty() {
                push_line(&mut text, "      ", &detail.message);
            }
        }
        for cause in &self.causes {
            push_line(&mut text, "  caused by: ", cause);
        }
        for hint in &self.hints {
            push_line(&mut text, &hint_label, hint);
        }
        text
    }

    /// As text for a program that goes on all the same.
    pub fn to_warning(&self) -> String {
        self.to_text(false).replacen("error: ", "warning: ", 1)
    }

    /// As one line of JSON: `{"error":{"code","message","hint"}}`.
    pub fn to_json(&self) -> String {
        let mut message = self.message.clone();
        for detail in &self.details {
            push_after(&mut message, "; ", &detail.place);
            if !detail.message.is_empty() {
                push_after(&mut message, ": ", &detail.message);
            }
        }
        for cause in &self.causes {
            push_after(&mut message, ": ", cause);
        }
        let hint = (!self.hints.is_empty()).then(|| self.hints.join("; "));
        json!({"error": {"code": self.code, "message": message, "hint": hint}}).to_string()
    }

    fn new(code: &'static str, exit: Exit, message: String) -> Self {
        Self {
            code,
            exit,
            message,
            details: Vec::new(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::output(&error)
    }
}

/// `a directory that cannot be written`: in words that lead to what to do.
pub fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

fn push_line(text: &mut String, label: &str, line: &str) {
    // Writing to a String cannot fail.
    writeln!(text, "{label}{}", printable(line)).unwrap_or_default();
}

fn push_after(text: &mut String, separator: &str, more: &str) {
    text.push_str(separator);
    text.push_str(more);
}

const BROKEN_PIPE: &str = "broken-pipe";

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Problem {
        let inner = io::Error::other("the disk is full\x1b[31m");
        Problem::failed("store-open", "cannot open the store")
            .at(Path::new("/data/why401.db"))
            .caused_by(&inner)
            .hint("free some space, or choose another folder with --data DIR")
    }

    #[test]
    fn text_tells_what_where_why_and_what_to_do() {
        insta::assert_snapshot!(sample().to_text(false), @r"
        error: cannot open the store
          --> /data/why401.db
          caused by: the disk is full\x1b[31m
        hint: free some space, or choose another folder with --data DIR
        ");
    }

    #[test]
    fn json_has_a_stable_code_and_one_line() {
        let json = sample().to_json();
        assert!(!json.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["error"]["code"], "store-open");
        assert!(value["error"]["message"].as_str().unwrap().contains("disk"));
        assert!(value["error"]["hint"].as_str().unwrap().contains("--data"));
    }

    #[test]
    fn a_reader_that_went_away_is_success() {
        let problem = Problem::output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(problem.is_silent());
        assert_eq!(problem.exit(), Exit::Done);
        assert!(!Problem::output(&io::Error::other("disk")).is_silent());
    }

    #[test]
    fn a_cause_that_repeats_its_wrapper_is_said_once() {
        let inner = io::Error::other(io::Error::other("same"));
        let text = Problem::failed("x", "y").caused_by(&inner).to_text(false);
        assert_eq!(text.matches("same").count(), 1);
    }
}
