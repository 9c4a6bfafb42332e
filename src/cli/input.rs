//! What the user hands over: files, and text pasted into the terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use super::context::Context;
use super::problem::{Problem, io_words};

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
        let input = if path == Path::new("-") {
            Self::pasted(expected, context)?
        } else {
            let text = File::open(path).and_then(|file| bounded(file, LARGEST));
            Self {
                name: path.display().to_string(),
                text: text.map_err(|error| unreadable(&error, expected).at(path))?,
            }
        };
        if input.text.iter().all(u8::is_ascii_whitespace) {
            return Err(
                Problem::failed("input-empty", format!("{} is empty", input.name))
                    .hint(format!("it needs {}", expected.in_words())),
            );
        }
        Ok(input)
    }

    fn pasted(expected: Expected, context: &mut Context) -> Result<Self, Problem> {
        say_what_to_paste(expected, context);
        let text = bounded(io::stdin().lock(), LARGEST);
        Ok(Self {
            name: STDIN.to_owned(),
            text: text.map_err(|error| unreadable(&error, expected))?,
        })
    }
}

/// A text that is too large to be held: what to call it, and what gives it out.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn stream(
    path: &Path,
    expected: Expected,
    context: &mut Context,
) -> Result<(String, Box<dyn Read>), Problem> {
    if path == Path::new("-") {
        say_what_to_paste(expected, context);
        return Ok((STDIN.to_owned(), Box::new(io::stdin().lock())));
    }
    let file = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    let file = file.map_err(|error| unreadable(&error, expected).at(path))?;
    Ok((path.display().to_string(), Box::new(file)))
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
    Curl,
    Environment,
    Har,
    Postman,
}

impl Expected {
    fn in_words(self) -> &'static str {
        match self {
            Self::Curl => "a curl command, as browsers copy it with \"copy as cURL\"",
            Self::Environment => "a Postman environment, as Postman exports it",
            Self::Har => "a HAR archive, as browsers save it with \"save all as HAR\"",
            Self::Postman => "a Postman collection, exported as Collection v2.1",
        }
    }
}

/// Copied commands and collections carry whole request bodies; what is larger was named by mistake.
const LARGEST: u64 = 16 << 20;

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
        Expected::Curl => "give a file that holds a curl command, or - to paste one".to_owned(),
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
