//! Known-good requests: one in full, or a line for each.

use super::chars;
use super::labelled::labelled;
use super::line::{Line, Page};
use super::recorded::message;
use super::style::{Paint, Style};
use crate::report::{RequestView, Text, clock};

/// One that is stored, as that tool would send it.
pub fn request(view: &RequestView, style: &Style) -> String {
    let added = clock::in_full(view.time, style.offset);
    in_full(view, &format!("{}, added {added}", view.source), style)
}

/// One that is read from a file and not stored.
pub fn imported(view: &RequestView, style: &Style) -> String {
    in_full(view, view.source, style)
}

fn in_full(view: &RequestView, from: &str, style: &Style) -> String {
    let mut rows = vec![
        ("name", view.name.as_str()),
        ("from", from),
        ("url", view.url.as_str()),
    ];
    rows.extend(
        view.unresolved
            .iter()
            .map(|text| ("unknown", text.as_str())),
    );
    rows.extend(view.warnings.iter().map(|text| ("note", text.as_str())));
    let mut page = Page::new(style);
    page.push(Line::new(style));
    message(&mut page, &view.head, &view.content);
    labelled(&rows, style) + &page.text()
}

/// A line for each: name, method and URL, where it came from.
pub fn requests(views: &[RequestView], style: &Style) -> String {
    let shown = |text: &Text| chars::adapt(text.as_str(), style.unicode);
    let widest = |of: fn(&RequestView) -> &Text, most: usize| {
        let widths = views.iter().map(|view| chars::width(&shown(of(view))));
        widths.max().unwrap_or(0).min(most)
    };
    let name_width = widest(|view| &view.name, style.columns() / 3);
    let mut page = Page::new(style);
    for view in views {
        let source = Line::new(style).put(Paint::Dim, view.source);
        let name = chars::cut_middle(&shown(&view.name), name_width, style.unicode);
        let line = Line::new(style)
            .put(Paint::Good, "● ")
            .put(Paint::Plain, &name)
            .pad_to(name_width + 4);
        let url = view.url.as_str();
        let url = url.split_once("://").map_or(url, |(_, rest)| rest);
        let place = chars::adapt(&format!("{} {url}", view.method), style.unicode);
        let room = style
            .columns()
            .saturating_sub(line.width() + source.width() + 2);
        let place = chars::cut_middle(&place, room, style.unicode);
        page.push(
            line.put(Paint::Plain, &place)
                .right(style.columns(), source),
        );
    }
    page.text()
}
