//! Commands of shell scripts, read and never run.
//!
//! The stages, in order: `lexer` splits the script, `expand` does what the shell does with words,
//! `script` finds the commands of the programs that an importer knows.

mod braces;
mod expand;
mod lexer;
mod output;
mod quoting;

pub(super) mod materials;
pub(super) mod script;
pub(super) mod standin;
pub(super) mod word;

pub(super) use expand::MAX_UNRESOLVED;
