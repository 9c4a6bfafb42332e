//! What a command reads: files and standard input.

use std::path::PathBuf;

use super::script::Input;
use super::word::Word;
use crate::import::files::within_limit;
use crate::import::{ErrorKind, FileError, ImportError, Surroundings};

/// The most that one import reads and repeats in its requests, all files together.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;

/// The files and the standard input that a command may read, within one budget.
pub(in crate::import) struct Materials<'a> {
    pub(in crate::import) surroundings: &'a Surroundings<'a>,
    input: Input,
    left_bytes: usize,
    /// Sentences on what could not be read.
    pub(in crate::import) warnings: Vec<String>,
}

impl<'a> Materials<'a> {
    pub(in crate::import) fn new(surroundings: &'a Surroundings<'a>) -> Self {
        Self {
            surroundings,
            input: Input::Empty,
            left_bytes: MAX_TOTAL_BYTES,
            warnings: Vec::new(),
        }
    }

    /// Goes on to another command, with its own standard input.
    pub(in crate::import) fn begin(&mut self, input: Input) {
        self.input = input;
        self.warnings.clear();
    }

    /// Takes bytes from the budget.
    ///
    /// # Errors
    /// When it is spent.
    pub(in crate::import) fn charge(&mut self, bytes: usize, at: &Word) -> Result<(), ImportError> {
        match self.left_bytes.checked_sub(bytes) {
            Some(left) => {
                self.left_bytes = left;
                Ok(())
            }
            None => Err(ImportError::new(at.span, ErrorKind::TooMuch)),
        }
    }

    /// The content of the file that `path` names; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be read, or the budget is spent.
    pub(in crate::import) fn read(&mut self, path: &Word) -> Result<Word, ImportError> {
        if path.bytes == b"-" {
            self.standard_input(path)
        } else {
            self.file(path)
        }
    }

    /// The content of a file that may be missing: then `None`.
    pub(in crate::import) fn read_if_there(
        &mut self,
        path: &Word,
    ) -> Result<Option<Word>, ImportError> {
        match self.read(path) {
            Err(ImportError {
                kind:
                    ErrorKind::File {
                        error: FileError::Missing,
                        ..
                    },
                ..
            }) => Ok(None),
            read => read.map(Some),
        }
    }

    fn standard_input(&mut self, at: &Word) -> Result<Word, ImportError> {
        match std::mem::take(&mut self.input) {
            Input::Empty => {
                let warning = "standard input is taken to be empty: nothing is redirected to it";
                self.warnings.push(warning.to_owned());
                Ok(at.with_bytes(Vec::new()))
            }
            Input::Unknown => {
                let warning =
                    "what the command before the pipe would print is not known: it is not run";
                self.warnings.push(warning.to_owned());
                Ok(at.with_bytes(Vec::new()))
            }
            Input::Word(word) => Ok(Word {
                span: at.span,
                ..word
            }),
            Input::File(path) => self.file(&path),
        }
    }

    fn file(&mut self, path: &Word) -> Result<Word, ImportError> {
        let failed = |error| {
            let path_text = path.shown();
            ImportError::new(
                path.span,
                ErrorKind::File {
                    path: path_text,
                    error,
                },
            )
        };
        let name = String::from_utf8(path.bytes.clone())
            .map_err(|_not_utf8| failed(FileError::Missing))?;
        let bytes = (self.surroundings.file)(&PathBuf::from(name))
            .and_then(within_limit)
            .map_err(failed)?;
        self.charge(bytes.len(), path)?;
        Ok(Word::new(bytes, path.span))
    }
}
