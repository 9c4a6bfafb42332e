//! Labels with text beside them, for what the command line says of itself.

use super::chars;
use super::line::{Line, Page};
use super::style::{Paint, Style};

/// `  web UI   http://…`: each label with its text, wrapped under itself.
///
/// The texts are the program's own words: the start-up block, settings, paths.
pub fn labelled(rows: &[(&str, &str)], style: &Style) -> String {
    let widest = rows
        .iter()
        .map(|(label, _)| chars::width(&chars::adapt(label, style.unicode)))
        .max()
        .unwrap_or(0);
    let column = (2 + widest + 2).min(style.columns() / 2);
    let room = style.columns().saturating_sub(column);
    let mut page = Page::new(style);
    for (label, text) in rows {
        let label = chars::adapt(label, style.unicode);
        let label = chars::cut_end(&label, column.saturating_sub(4), style.unicode);
        let text = chars::adapt(text, style.unicode);
        let mut lines = chars::wrap(&text, room, usize::MAX, style.unicode).into_iter();
        let first = lines.next().unwrap_or_default();
        let start = Line::indented(style, 2).put(Paint::Dim, &label);
        page.push(start.pad_to(column).put(Paint::Plain, &first));
        for line in lines {
            page.push(Line::indented(style, column).put(Paint::Plain, &line));
        }
    }
    page.text()
}
