//! Pieces that several outputs share: identity line, labelled text, names of differences.

use super::chars;
use super::line::{Line, Page};
use super::style::{Paint, Style};
use crate::diff::Where;
use crate::report::{ExchangeView, FieldDiff, clock};

/// Where the text of a block begins.
pub(super) const INDENT: usize = 6;

/// Where text after a label of a block begins.
pub(super) const TEXT: usize = INDENT + 5;

/// ` 401  POST api.acme.test/v2/orders      14:22:07  84 ms  #31`, with `end` in place of the last two.
pub(super) fn identity(exchange: &ExchangeView, end: Option<&str>, style: &Style) -> Line {
    let mut right = Line::new(style).put(Paint::Dim, &style.time(exchange.time));
    match end {
        Some(end) => right = right.put(Paint::Plain, "   ").put(Paint::Plain, end),
        None => {
            if let Some(millis) = exchange.duration_ms.filter(|_| !style.is_narrow()) {
                right = right
                    .put(Paint::Plain, "  ")
                    .put(Paint::Dim, &duration_of(millis));
            }
            if let Some(n) = exchange.n {
                right = right.put(Paint::Plain, &format!("  #{n}"));
            }
        }
    }
    let left = Line::new(style)
        .put(Paint::Status, &status(exchange))
        .put(Paint::Plain, " ");
    let room = style
        .columns()
        .saturating_sub(left.width() + right.width() + 2);
    let place = place(exchange, style, room);
    left.put(Paint::Plain, &place).right(style.columns(), right)
}

/// ` 401 `, or as much room for a request whose status was not observed.
pub(super) fn status(exchange: &ExchangeView) -> String {
    match exchange.status {
        Some(status) => format!(" {status:03} "),
        None => " ... ".to_owned(),
    }
}

/// Method, host and path; without the host where there is little room.
fn place(exchange: &ExchangeView, style: &Style, room: usize) -> String {
    let method = chars::adapt(exchange.method.as_str(), style.unicode);
    let method = chars::cut_end(&method, room / 3, style.unicode);
    let host = if style.is_narrow() {
        ""
    } else {
        exchange.host.as_str()
    };
    let path = chars::adapt(&format!("{host}{}", exchange.path.as_str()), style.unicode);
    let room = room.saturating_sub(chars::width(&method) + 1);
    format!("{method} {}", chars::cut_middle(&path, room, style.unicode))
}

/// Milliseconds in words.
pub(super) fn duration_of(millis: f64) -> String {
    let duration = std::time::Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default();
    clock::duration(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

/// Sentences after a label, in at most that many lines; returns how many they took.
pub(super) fn labelled_lines(
    page: &mut Page<'_>,
    label: &str,
    texts: &[String],
    most: usize,
) -> usize {
    let style = page.style();
    let mut lines = Vec::new();
    for text in texts {
        lines.extend(wrapped(text, most.saturating_sub(lines.len()), style));
    }
    for (at, text) in lines.iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let line = Line::indented(style, INDENT).put(Paint::Dim, label);
        page.push(line.pad_to(TEXT).put(Paint::Plain, text));
    }
    lines.len()
}

/// How many lines sentences after a label would take.
pub(super) fn lines_of(texts: &[String], style: &Style) -> usize {
    texts
        .iter()
        .map(|text| wrapped(text, usize::MAX, style).len())
        .sum()
}

fn wrapped(text: &str, most: usize, style: &Style) -> Vec<String> {
    if most == 0 {
        return Vec::new();
    }
    let text = chars::adapt(text, style.unicode);
    let columns = style.columns().saturating_sub(TEXT);
    chars::wrap(&text, columns, most, style.unicode)
}

/// How a person names a difference.
pub(super) fn name(field: &FieldDiff) -> String {
    let name = field.name.as_str();
    match field.place {
        Where::Header | Where::Url => name.to_owned(),
        Where::Cookie => format!("cookie {name}"),
        Where::Query => format!("query {name}"),
        Where::Method => "method".to_owned(),
        Where::Body => "body".to_owned(),
    }
}

/// `this 401`, `this request`: what the failing side is called.
pub(super) fn failing_name(exchange: &ExchangeView) -> String {
    match exchange.status {
        Some(status) => format!("this {status}"),
        None => "failing".to_owned(),
    }
}
