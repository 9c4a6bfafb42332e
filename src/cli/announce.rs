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

impl Format {
    /// By the flag `--json`.
    pub(crate) fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
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
            _ if self.output.result.terminal || count.is_multiple_of(EVERY) => {
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

/// At the end the counts that were not told yet are.
impl Drop for Announcer {
    fn drop(&mut self) {
        if self.output.result.terminal {
            return;
        }
        let mut tallies: Vec<(u64, Tally)> = self.tallies.drain().collect();
        tallies.sort_by_key(|(first, _)| *first);
        for (_, tally) in tallies {
            let is_told = tally.count() <= 1 || tally.count().is_multiple_of(EVERY);
            if !is_told && self.print(&terminal::repeats(&tally, &self.style)).is_err() {
                return;
            }
        }
    }
}

/// A report of its own for each failure: numbers of secrets begin anew, as in `why`.
fn build(case: &Case, diagnosis: &Diagnosis) -> Report {
    report::build(case, diagnosis, &mut Masker::new())
}

/// Where lines cannot be replaced, one of so many repeats is told.
const EVERY: u64 = 10;
/// So many failures are remembered for their repeats.
const MOST_TALLIES: usize = 256;
/// To the line above, and nothing from its start on.
const LINE_ABOVE: &str = "\x1b[1A\r\x1b[J";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cli::sample::{self, Written};
    use crate::model::ExchangeId;

    fn announcer(terminal: bool, format: Format) -> (Announcer, Written, Written) {
        let (output, stdout, stderr) = sample::output(terminal);
        let style = Style {
            width: 80,
            ..Style::default()
        };
        (Announcer::new(output, style, format), stdout, stderr)
    }

    fn explained(number: u64, same_as: Option<u64>) -> Event {
        let case = Box::new(sample::case(number));
        Event::Explained {
            diagnosis: Arc::new(diagnosis::diagnose(&case)),
            case,
            same_as,
        }
    }

    fn recovered(number: u64) -> Event {
        Event::Revised {
            number,
            id: ExchangeId::from_parts(sample::case(number).failing.at, 0),
            state: State::Recovered,
        }
    }

    #[test]
    fn repeats_on_a_pipe_are_told_once_then_every_tenth_time_and_at_the_end() {
        let (mut announcer, stdout, stderr) = announcer(false, Format::Text);
        announcer.announce(&explained(1, None)).unwrap();
        for number in 2..=26 {
            announcer.announce(&explained(number, Some(1))).unwrap();
        }
        drop(announcer);
        insta::assert_snapshot!(stdout.text());
        assert_eq!(stderr.text(), "");
    }

    #[test]
    fn repeats_on_a_terminal_replace_their_line_unless_something_came_between() {
        let (mut announcer, stdout, _stderr) = announcer(true, Format::Text);
        for event in [
            explained(1, None),
            explained(2, Some(1)),
            explained(3, Some(1)),
            recovered(1),
            explained(4, Some(1)),
        ] {
            announcer.announce(&event).unwrap();
        }
        let text = stdout.text();
        assert_eq!(text.matches(LINE_ABOVE).count(), 1, "{text:?}");
        let in_place = format!("same as #1\n{LINE_ABOVE} 401  ×2");
        assert!(text.contains(&in_place), "{text:?}");
        assert!(text.contains("recovered\n 401  ×3"), "{text:?}");
    }

    #[test]
    fn a_repeat_of_what_was_never_printed_gets_its_block() {
        let (mut announcer, stdout, _stderr) = announcer(false, Format::Text);
        announcer.announce(&explained(9, Some(1))).unwrap();
        assert!(stdout.text().contains("fix"), "{}", stdout.text());
    }

    #[test]
    fn json_is_one_object_per_line_repeats_included() {
        let (mut announcer, stdout, stderr) = announcer(true, Format::Json);
        for event in [explained(1, None), explained(2, Some(1)), recovered(2)] {
            announcer.announce(&event).unwrap();
        }
        let schemas: Vec<_> = stdout
            .text()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["schema"].clone())
            .collect();
        assert_eq!(
            schemas,
            ["why401.report/1", "why401.report/1", "why401.update/1"]
        );
        assert_eq!(stderr.text(), "");
    }

    #[test]
    fn what_is_lost_is_said_on_standard_error() {
        let (mut announcer, stdout, stderr) = announcer(false, Format::Json);
        announcer.announce(&Event::Lost(3)).unwrap();
        announcer.announce(&Event::StoreWorking).unwrap();
        assert_eq!(stdout.text(), "");
        assert!(stderr.text().contains("warning: 3 failed exchanges"));
    }
}
