//! What the user hands over: files, and text pasted into the terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use super::context::Context;
use super::problem::{Problem, io_words};
use crate::import::Format;

/// A text to import, and what to call it.
pub(crate) struct Input {
    /// The path as given, or `<stdin>`.
    pub(crate) name: String,
    /// The content.
    pub(crate) text: Vec<u8>,
}

impl Input {
    /// Reads a file, or standard input for `-`. A person is told what to paste.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or holds nothing.
    pub(crate) fn read(
        path: &Path,
        expected: Expected,
        context: &mut Context,
    ) -> Result<Self, Problem> {
        Opened::open(path, expected, context)?.into_text()
    }
}

/// A file or standard input, of which only the beginning is read.
pub(crate) struct Opened {
    name: String,
    head: Vec<u8>,
    rest: Box<dyn Read>,
    expected: Expected,
}

impl Opened {
    /// # Errors
    /// When it cannot be opened or read, or holds nothing.
    pub(crate) fn open(
        path: &Path,
        expected: Expected,
        context: &mut Context,
    ) -> Result<Self, Problem> {
        let (name, mut rest): (_, Box<dyn Read>) = if path == Path::new("-") {
            say_what_to_paste(expected, context);
            (STDIN.to_owned(), Box::new(io::stdin().lock()))
        } else {
            let file = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
                true => Err(io::ErrorKind::IsADirectory.into()),
                false => Ok(file),
            });
            let file = file.map_err(|error| unreadable(&error, expected).at(path))?;
            (path.display().to_string(), Box::new(file))
        };
        let mut head = Vec::new();
        let read = rest.by_ref().take(HEAD).read_to_end(&mut head);
        read.map_err(|error| unreadable(&error, expected).at(path))?;
        if (head.len() as u64) < HEAD && head.iter().all(u8::is_ascii_whitespace) {
            let problem = Problem::failed("input-empty", format!("{name} is empty"));
            return Err(problem.hint(format!("it needs {}", expected.in_words())));
        }
        Ok(Self {
            name,
            head,
            rest,
            expected,
        })
    }

    /// What to call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its first bytes.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// All of it.
    ///
    /// # Errors
    /// When it cannot be read, or is too large to be held.
    pub(crate) fn into_text(self) -> Result<Input, Problem> {
        let text = bounded(io::Cursor::new(self.head).chain(self.rest), LARGEST);
        let text = text.map_err(|error| {
            let problem = unreadable(&error, self.expected);
            match self.name.as_str() {
                STDIN => problem,
                path => problem.at(Path::new(path)),
            }
        })?;
        let name = self.name;
        Ok(Input { name, text })
    }

    /// What gives it out, for what is too large to be held: its name, and a reader.
    pub(crate) fn into_stream(self) -> (String, impl Read) {
        (self.name, io::Cursor::new(self.head).chain(self.rest))
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({})", self.name)
    }
}

fn say_what_to_paste(expected: Expected, context: &mut Context) {
    if !io::stdin().is_terminal() {
        return;
    }
    let end = if cfg!(windows) {
        "Ctrl-Z, Enter"
    } else {
        "Ctrl-D"
    };
    context
        .output
        .say(&format!("paste {}, end with {end}\n", expected.in_words()));
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Input({}, {} bytes)", self.name, self.text.len())
    }
}

/// What a text should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Environment,
    /// Requests; of any format without one.
    Requests(Option<Format>),
}

impl Expected {
    fn in_words(self) -> String {
        match self {
            Self::Environment => "an environment, as the tool exports or keeps it".to_owned(),
            Self::Requests(None) => {
                "a request, as another tool or a browser copies or exports it".to_owned()
            }
            Self::Requests(Some(format)) => match format {
                Format::Curl => "a curl command, as browsers copy it with \"copy as cURL\"".into(),
                Format::Fetch => "a fetch call, as browsers copy it with \"copy as fetch\"".into(),
                Format::Har => "a HAR archive, as browsers save it with \"save all as HAR\"".into(),
                Format::Http => "a .http file, as REST Client and JetBrains read it".into(),
                Format::Postman => "a Postman collection, exported as Collection v2.1".into(),
                Format::PowerShell => {
                    "a PowerShell command, as browsers copy it with \"copy as PowerShell\"".into()
                }
                Format::Raw => "a request as HTTP text: its head, a blank line, its content".into(),
                other => other.in_words().to_owned(),
            },
        }
    }
}

/// Copied commands and collections carry whole request bodies; what is larger was named by mistake.
const LARGEST: u64 = 16 << 20;

/// So much tells what a file holds.
const HEAD: u64 = 64 << 10;

const STDIN: &str = "<stdin>";

fn bounded(source: impl Read, largest: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    source.take(largest + 1).read_to_end(&mut text)?;
    if text.len() as u64 > largest {
        let limit = largest >> 20;
        return Err(io::Error::other(format!("it is larger than {limit} MiB")));
    }
    Ok(text)
}

fn unreadable(error: &io::Error, expected: Expected) -> Problem {
    let hint = match expected {
        Expected::Requests(Some(Format::Curl)) => {
            "give a file that holds a curl command, or - to paste one".to_owned()
        }
        _ => format!("give a file that holds {}", expected.in_words()),
    };
    Problem::failed(
        "input-read",
        format!("the file cannot be read: {}", io_words(error)),
    )
    .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_refused() {
        let text = vec![b'x'; 1000];
        assert!(bounded(&text[..], 1000).is_ok());
        let longer = [&text[..], b"x"].concat();
        assert!(bounded(&longer[..], 1000).is_err());
    }
}
