//! What `run` prints while it runs: each failure once it is durable, and what is to be known besides.

use std::collections::HashMap;
use std::io;

use serde::Serialize;

use super::advice;
use super::output::Output;
use crate::analysis::Event;
use crate::diagnosis::{self, Diagnosis};
use crate::model::{Case, State};
use crate::redact::Masker;
use crate::report::terminal::{self, Style, Tally};
use crate::report::{self, Report, Update};

/// Prints events.
#[derive(Debug)]
pub(crate) struct Announcer {
    output: Output,
    style: Style,
    format: Format,
    /// The failures that others repeat, by their numbers.
    tallies: HashMap<u64, Tally>,
    /// The tally whose line was printed last, if nothing was printed since.
    last_line: Option<u64>,
}

/// How failures are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Blocks for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Announcer {
    /// Prints to those streams.
    pub(crate) fn new(output: Output, style: Style, format: Format) -> Self {
        Self {
            output,
            style,
            format,
            tallies: HashMap::new(),
            last_line: None,
        }
    }

    /// Prints what has happened.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn announce(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Explained {
                case,
                diagnosis,
                same_as,
            } => self.explained(case, diagnosis, *same_as),
            Event::Revised { number, id, state } => match (self.format, state) {
                (Format::Json, _) => self.line(&Update::new(*id, *state)),
                (Format::Text, State::Recovered) => {
                    self.print(&terminal::recovered(*number, &self.style))
                }
                (Format::Text, State::Open | State::Failed) => Ok(()),
            },
            Event::NotDecoded { origin, reason } => {
                self.warn(&format!(
                    "traffic with {origin} is passed on, but not read any further: {reason}"
                ));
                Ok(())
            }
            Event::Lost(total) => {
                self.warn(&format!(
                    "{total} failed exchanges in all could not be recorded: more came at once than can be kept"
                ));
                Ok(())
            }
            Event::StoreFailing(error) => {
                self.output.say(&advice::store(error).to_warning());
                self.warn(
                    "traffic goes on; failures are kept in memory until the store works again",
                );
                Ok(())
            }
            Event::StoreWorking => {
                self.warn("the store works again");
                Ok(())
            }
        }
    }

    fn explained(
        &mut self,
        case: &Case,
        diagnosis: &Diagnosis,
        same_as: Option<u64>,
    ) -> io::Result<()> {
        match (self.format, same_as) {
            (Format::Json, None) => self.line(&build(case, diagnosis)),
            // Scripts get each in its own words, as `why` tells it: times differ among repeats.
            (Format::Json, Some(_)) => self.line(&build(case, &diagnosis::diagnose(case))),
            (Format::Text, None) => self.block(case, diagnosis),
            (Format::Text, Some(first)) => match self.tallies.remove(&first) {
                Some(tally) => self.repeat(first, tally, &build(case, diagnosis)),
                None => self.block(case, diagnosis),
            },
        }
    }

    fn block(&mut self, case: &Case, diagnosis: &Diagnosis) -> io::Result<()> {
        let report = build(case, diagnosis);
        if self.tallies.len() >= MOST_TALLIES {
            self.tallies.clear();
        }
        self.tallies.insert(case.number, Tally::new(&report));
        self.print(&terminal::live(&report, &self.style))
    }

    /// One line for the first repeat. Further ones replace it on a terminal; elsewhere every tenth is
    /// told.
    fn repeat(&mut self, first: u64, mut tally: Tally, report: &Report) -> io::Result<()> {
        let count = tally.add(report);
        let in_place = self.output.result.terminal && self.last_line == Some(first);
        let line = match count {
            1 => Some(terminal::repeat(&tally, &self.style)),
            _ if in_place => {
                let line = terminal::repeats(&tally, &self.style);
                Some(format!("{LINE_ABOVE}{line}"))
            }
            _ if self.output.result.terminal || count.is_multiple_of(10) => {
                Some(terminal::repeats(&tally, &self.style))
            }
            _ => None,
        };
        self.tallies.insert(first, tally);
        if let Some(line) = line {
            self.print(&line)?;
            self.last_line = Some(first);
        }
        Ok(())
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        self.last_line = None;
        self.output.print(text)
    }

    fn line<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let mut line = serde_json::to_string(value).map_err(io::Error::other)?;
        line.push('\n');
        self.output.print(&line)
    }

    fn warn(&mut self, words: &str) {
        self.last_line = None;
        self.output.say(&format!("warning: {words}\n"));
    }
}

/// A report of its own for each failure: numbers of secrets begin anew, as in `why`.
fn build(case: &Case, diagnosis: &Diagnosis) -> Report {
    report::build(case, diagnosis, &mut Masker::new())
}

/// So many failures are remembered for their repeats.
const MOST_TALLIES: usize = 256;
/// To the line above, and nothing from its start on.
const LINE_ABOVE: &str = "\x1b[1A\r\x1b[J";
