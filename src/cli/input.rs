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
    pub(crate) fn read(path: &Path, context: &mut Context) -> Result<Self, Problem> {
        let input = if path == Path::new("-") {
            Self::pasted(context)?
        } else {
            let text = File::open(path).and_then(bounded);
            Self {
                name: path.display().to_string(),
                text: text.map_err(|error| unreadable(&error).at(path))?,
            }
        };
        if input.text.iter().all(u8::is_ascii_whitespace) {
            return Err(
                Problem::failed("input-empty", format!("{} is empty", input.name))
                    .hint("it needs a curl command, as browsers copy it with \"copy as cURL\""),
            );
        }
        Ok(input)
    }

    fn pasted(context: &mut Context) -> Result<Self, Problem> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            let end = if cfg!(windows) {
                "Ctrl-Z, Enter"
            } else {
                "Ctrl-D"
            };
            context
                .output
                .say(&format!("paste a curl command, end with {end}\n"));
        }
        let text = bounded(stdin.lock()).map_err(|error| unreadable(&error))?;
        Ok(Self {
            name: "<stdin>".to_owned(),
            text,
        })
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Input({}, {} bytes)", self.name, self.text.len())
    }
}

fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 16 MiB"));
    }
    Ok(text)
}

fn unreadable(error: &io::Error) -> Problem {
    Problem::failed(
        "input-read",
        format!("the file cannot be read: {}", io_words(error)),
    )
    .hint("give a file that holds a curl command, or - to paste one")
}

/// Copied commands carry whole request bodies; what is larger was named by mistake.
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_refused() {
        let text = vec![b'x'; usize::try_from(LARGEST).unwrap()];
        assert!(bounded(&text[..]).is_ok());
        let longer = [&text[..], b"x"].concat();
        assert!(bounded(&longer[..]).is_err());
    }
}
