//! A verdict in a few lines, where many stand below each other.

use super::block::{sureness, title};
use super::chars;
use super::line::{Line, Page};
use super::style::{Paint, Style};
use crate::report::Report;

/// Number, request and verdict, then what to do.
pub fn brief(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    let number = report
        .exchange
        .n
        .map(|n| format!(" #{n}"))
        .unwrap_or_default();
    let sure = Line::new(style).put(Paint::Dim, &sureness(report));
    let room = style.columns().saturating_sub(COLUMN + sure.width() + 2);
    let title = title(report.verdict.title.as_str(), &report.verdict);
    let title = chars::adapt(&title, style.unicode);
    for (at, text) in chars::wrap(&title, room, MOST_LINES, style.unicode)
        .iter()
        .enumerate()
    {
        let start = match at {
            0 => Line::new(style).put(Paint::Plain, &number),
            _ => Line::new(style),
        };
        let line = start.pad_to(COLUMN).put(Paint::Cause, text);
        page.push(match at {
            0 => line.right(style.columns(), sure.clone()),
            _ => line,
        });
    }
    if let Some(fix) = report.verdict.fix.first() {
        let fix = chars::adapt(fix.as_str(), style.unicode);
        let room = style.columns().saturating_sub(COLUMN + LABEL);
        let lines = chars::wrap(&fix, room, MOST_LINES, style.unicode);
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { "fix" } else { "" };
            let start = Line::indented(style, COLUMN).put(Paint::Dim, label);
            page.push(start.pad_to(COLUMN + LABEL).put(Paint::Plain, line));
        }
    }
    page.text()
}

/// Where the verdict begins.
const COLUMN: usize = 6;
/// The width of a label.
const LABEL: usize = 5;
const MOST_LINES: usize = 2;
