//! The table of `list`.

use super::chars;
use super::line::{Line, Page};
use super::style::{Paint, Style};
use crate::diagnosis::Confidence;
use crate::model::State;
use crate::report::{ListRow, clock};

/// How wide a method may be before it is cut.
const METHOD: usize = 7;

/// The rows as they come, a line for each new day; narrow terminals get two lines for each row.
pub fn list(rows: &[ListRow], style: &Style) -> String {
    let mut page = Page::new(style);
    let number = rows
        .iter()
        .map(|row| row.n.to_string().len() + 1)
        .max()
        .unwrap_or(2);
    let cause = rows
        .iter()
        .map(|row| chars::width(cause(row)))
        .max()
        .unwrap_or(0)
        .min(style.columns() / 3);
    let mut day = String::new();
    for row in rows {
        let row_day = clock::day(row.time, style.offset);
        if row_day != day {
            page.push(Line::new(style).put(Paint::Dim, &row_day));
            day = row_day;
        }
        if style.is_narrow() {
            narrow(&mut page, row, number);
        } else {
            wide(&mut page, row, number, cause);
        }
    }
    page.text()
}

/// `#31  14:22:07  401  POST api.acme.test/v2/orders   jwt-expired  very likely`
fn wide(page: &mut Page<'_>, row: &ListRow, number: usize, cause_width: usize) {
    let style = page.style();
    let left = start(row, number, style);
    // 12 for the words on how sure, or what became of it; two spaces between columns.
    let room = style
        .columns()
        .saturating_sub(left.width() + cause_width + 12 + 4);
    let line = left.put(Paint::Plain, &place(row, room, style));
    let column = style.columns().saturating_sub(cause_width + 12 + 2);
    let words = chars::cut_end(cause(row), cause_width, style.unicode);
    let line = line.pad_to(column).put(Paint::Cause, &words);
    page.push(
        line.pad_to(column + cause_width + 2)
            .put(Paint::Dim, &end(row)),
    );
}

/// The same in two lines.
fn narrow(page: &mut Page<'_>, row: &ListRow, number: usize) {
    let style = page.style();
    let left = start(row, number, style);
    let room = style.columns().saturating_sub(left.width());
    let indent = number + 2;
    page.push(left.put(Paint::Plain, &place(row, room, style)));
    let line = Line::indented(style, indent).put(Paint::Cause, cause(row));
    page.push(line.right(style.columns(), Line::new(style).put(Paint::Dim, &end(row))));
}

fn start(row: &ListRow, number: usize, style: &Style) -> Line {
    let status = row
        .status
        .map_or_else(|| "---".to_owned(), |status| format!("{status:03}"));
    Line::new(style)
        .put(Paint::Plain, &format!("{:>number$}", format!("#{}", row.n)))
        .put(Paint::Dim, &format!("  {}  ", style.time(row.time)))
        .put(Paint::Plain, &format!("{status}  "))
}

/// Method and URL without its scheme.
fn place(row: &ListRow, room: usize, style: &Style) -> String {
    let method = chars::adapt(row.method.as_str(), style.unicode);
    let method = chars::cut_end(&method, METHOD, style.unicode);
    let url = row.url.as_str();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    // A query says little in a list, and takes the room of the path.
    let url = url.split('?').next().unwrap_or_default();
    let room = room.saturating_sub(chars::width(&method) + 1);
    let url = chars::cut_middle(&chars::adapt(url, style.unicode), room, style.unicode);
    format!("{method} {url}")
}

fn cause(row: &ListRow) -> &str {
    row.cause.as_ref().map_or("-", |cause| cause.as_str())
}

/// What became of it, or how sure the cause is.
fn end(row: &ListRow) -> String {
    match (row.state, row.confidence) {
        (State::Recovered, _) => "↺ recovered".to_owned(),
        (State::Open | State::Failed, Confidence::None) if row.status == Some(502) => {
            "no answer".to_owned()
        }
        (State::Open | State::Failed, confidence) => confidence.in_words().to_owned(),
    }
}
