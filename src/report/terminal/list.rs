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
    let cause_width = rows
        .iter()
        .map(|row| chars::width(&cause(row, style)))
        .max()
        .unwrap_or(0)
        .min(style.columns() * 2 / 5);
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
            wide(&mut page, row, number, cause_width);
        }
    }
    page.text()
}

/// `#31  14:22:07  401  POST api.acme.test/v2/orders   jwt-expired, likely`
fn wide(page: &mut Page<'_>, row: &ListRow, number: usize, cause_width: usize) {
    let style = page.style();
    let left = start(row, number, style);
    let column = style.columns().saturating_sub(cause_width);
    let room = column.saturating_sub(left.width() + 2);
    let line = left.put(Paint::Plain, &place(row, room, style));
    let words = chars::cut_end(&cause(row, style), cause_width, style.unicode);
    page.push(line.pad_to(column).put(Paint::Cause, &words));
}

/// The same in two lines.
fn narrow(page: &mut Page<'_>, row: &ListRow, number: usize) {
    let style = page.style();
    let left = start(row, number, style);
    let room = style.columns().saturating_sub(left.width());
    page.push(left.put(Paint::Plain, &place(row, room, style)));
    let line = Line::indented(style, number + 2);
    page.push(line.put(Paint::Cause, &cause(row, style)));
}

fn start(row: &ListRow, number: usize, style: &Style) -> Line {
    let status = row
        .status
        .map_or_else(|| "...".to_owned(), |status| format!("{status:03}"));
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

/// The cause; less than very likely is said, and so is what recovered.
fn cause(row: &ListRow, style: &Style) -> String {
    let cause = match (&row.cause, row.confidence) {
        (Some(cause), Confidence::Certain) => cause.to_string(),
        (Some(cause), sure) => format!("{cause}, {}", sure.in_words()),
        (None, _) if row.status == Some(502) => "no answer".to_owned(),
        (None, _) => Confidence::None.in_words().to_owned(),
    };
    let recovered = match row.state {
        State::Recovered => "↺ ",
        State::Open | State::Failed => "",
    };
    chars::adapt(&format!("{recovered}{cause}"), style.unicode)
}
