//! The same cause again, and a failure that recovered: one line each.

use super::chars;
use super::line::{Line, Page};
use super::rows::{identity, status};
use super::style::{Paint, Style};
use crate::model::Timestamp;
use crate::report::{ExchangeView, Report, Text, clock};

/// How many routes a tally remembers.
const MOST_ROUTES: usize = 8;

/// Counts failures of the same cause.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The first of them, whose block was printed.
    first: u64,
    since: Timestamp,
    last: Timestamp,
    count: u64,
    routes: Vec<Text>,
    more_routes: bool,
    newest: ExchangeView,
}

impl Tally {
    /// Begins with the failure whose block was printed.
    pub fn new(report: &Report) -> Self {
        Self {
            first: report.exchange.n.unwrap_or_default(),
            since: report.exchange.time,
            last: report.exchange.time,
            count: 0,
            routes: vec![report.exchange.path.clone()],
            more_routes: false,
            newest: report.exchange.clone(),
        }
    }

    /// How many came after the first.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Counts one more; returns how many came after the first.
    pub fn add(&mut self, report: &Report) -> u64 {
        self.count += 1;
        self.last = self.last.max(report.exchange.time);
        if !self.routes.contains(&report.exchange.path) {
            if self.routes.len() < MOST_ROUTES {
                self.routes.push(report.exchange.path.clone());
            } else {
                self.more_routes = true;
            }
        }
        self.newest = report.exchange.clone();
        self.count
    }
}

/// The line of one repeat: ` 401  POST api.acme.test/v2/orders   14:22:07   same as #31`.
pub fn repeat(tally: &Tally, style: &Style) -> String {
    let end = format!("same as #{}", tally.first);
    let mut page = Page::new(style);
    page.push(identity(&tally.newest, Some(&end), style));
    page.text()
}

/// The line of many: ` 401  ×18 same cause as #31 in 4 min: /v2/orders, /v2/cart`.
pub fn repeats(tally: &Tally, style: &Style) -> String {
    let micros = u64::try_from(tally.last.micros_since(tally.since)).unwrap_or(0);
    let words = format!(
        "×{} same cause as #{} in {}: ",
        tally.count,
        tally.first,
        clock::duration(micros)
    );
    let line = Line::new(style)
        .put(Paint::Status, &status(&tally.newest))
        .put(Paint::Plain, " ")
        .put(Paint::Plain, &words);
    let mut routes: Vec<&str> = tally.routes.iter().map(Text::as_str).collect();
    if tally.more_routes {
        routes.push("…");
    }
    let routes = chars::adapt(&routes.join(", "), style.unicode);
    let room = style.columns().saturating_sub(line.width());
    let mut page = Page::new(style);
    page.push(line.put(Paint::Plain, &chars::cut_end(&routes, room, style.unicode)));
    page.text()
}

/// The line of a failure that recovered after it was told: `↺ #31 recovered`.
pub fn recovered(n: u64, style: &Style) -> String {
    let mut page = Page::new(style);
    page.push(Line::indented(style, 6).put(Paint::Plain, &format!("↺ #{n} recovered")));
    page.text()
}
