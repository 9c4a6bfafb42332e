//! The whole report: `why`, and `diff` of two files.

use super::block::{deciding, matters, pair, title};
use super::chars;
use super::failure;
use super::line::{Line, Page};
use super::pair::Aligned;
use super::rows::{INDENT, identity, name};
use super::style::{Paint, Style};
use crate::diff::Kind;
use crate::model::State;
use crate::report::words::side_in_words;
use crate::report::{BaselineView, FieldDiff, Report, Text, Verdict};

/// Where the text of a section begins.
const SECTION: usize = 9;

/// No sentence takes more lines than this.
const MOST_LINES: usize = 12;

/// `why`: verdict, evidence, fix, what else it could be, the differences, the story.
pub fn full(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    page.push(identity(&report.exchange, None, style));
    if style.is_narrow() {
        let host = chars::adapt(report.exchange.host.as_str(), style.unicode);
        page.push(Line::indented(style, INDENT).put(Paint::Plain, &host));
    }
    state(&mut page, report);
    page.blank();
    verdict(&mut page, report);
    differences(&mut page, report);
    story(&mut page, report);
    hint(&mut page, report);
    page.text()
}

/// `diff`: two requests side by side, and what that says.
pub fn comparison(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    let failing = &report.exchange;
    if let Some(good) = &report.baseline {
        let words = format!("{} {}", good.method, good.url);
        side(&mut page, Paint::Good, "● known good", &words);
    }
    let words = format!("{} {}", failing.method, failing.url);
    side(&mut page, Paint::Failing, "◆ failing", &words);
    page.blank();
    verdict(&mut page, report);
    differences(&mut page, report);
    page.text()
}

fn side(page: &mut Page<'_>, paint: Paint, label: &str, words: &str) {
    let style = page.style();
    let room = style.columns().saturating_sub(16);
    let words = chars::adapt(words, style.unicode);
    for (at, text) in chars::wrap(&words, room, 3, style.unicode)
        .iter()
        .enumerate()
    {
        let label = if at == 0 { label } else { "" };
        let line = Line::indented(style, 1).put(paint, label).pad_to(16);
        page.push(line.put(Paint::Plain, text));
    }
}

fn state(page: &mut Page<'_>, report: &Report) {
    let words = match report.state {
        State::Recovered => "↺ recovered: the client got through with the same request afterwards",
        State::Open if report.exchange.hop.is_some() => "open: the client may still recover",
        State::Open | State::Failed => return,
    };
    let style = page.style();
    page.push(Line::indented(style, INDENT).put(Paint::Plain, words));
}

/// The verdict, its first word the side; or that there is none, with what is known.
fn verdict(page: &mut Page<'_>, report: &Report) {
    if report.exchange.failure.is_some() {
        failure::explain(page, report, usize::MAX);
        return;
    }
    headline(page, report);
    page.blank();
    if let Some(field) = deciding(report).filter(|_| report.baseline.is_some()) {
        pair(page, report, field);
        page.blank();
    }
    section(page, "why", &report.verdict.evidence);
    section(page, "fix", &report.verdict.fix);
    alternatives(page, report);
    page.blank();
    section(page, "fine", &report.fine);
    section(page, "unknown", &report.unknown);
    section(page, "next", &report.next);
}

/// `client  ACCESS TOKEN EXPIRED      very likely`
fn headline(page: &mut Page<'_>, report: &Report) {
    let style = page.style();
    let verdict = &report.verdict;
    let side = side_in_words(verdict.side);
    let sure = Line::new(style).put(Paint::Dim, verdict.confidence.in_words());
    let column = 1 + side.len() + 2;
    let words = chars::adapt(&title(verdict.title.as_str(), verdict), style.unicode);
    let room = style.columns().saturating_sub(column + sure.width() + 2);
    for (at, text) in chars::wrap(&words, room, MOST_LINES, style.unicode)
        .iter()
        .enumerate()
    {
        let label = if at == 0 { side } else { "" };
        let line = Line::indented(style, 1)
            .put(Paint::Cause, label)
            .pad_to(column)
            .put(Paint::Cause, text);
        page.push(if at == 0 {
            line.right(style.columns(), sure.clone())
        } else {
            line
        });
    }
}

fn alternatives(page: &mut Page<'_>, report: &Report) {
    for other in &report.alternatives {
        page.blank();
        alternative(page, other);
    }
}

fn alternative(page: &mut Page<'_>, other: &Verdict) {
    let words = Text::own(format!("{}: ", side_in_words(other.side)))
        .then(&other.title)
        .say(&format!(" ({})", other.confidence.in_words()));
    section(page, "or", &[words]);
    section(page, "", &other.evidence);
    let fixes: Vec<Text> = other
        .fix
        .iter()
        .map(|fix| Text::own("then: ").then(fix))
        .collect();
    section(page, "", &fixes);
}

/// What differs, then what differs without meaning, then what is equal.
fn differences(page: &mut Page<'_>, report: &Report) {
    let Some(baseline) = &report.baseline else {
        return;
    };
    page.blank();
    compared_with(page, baseline);
    let fields = &report.diff.fields;
    let told: Vec<&FieldDiff> = fields.iter().filter(|field| matters(field)).collect();
    if told.is_empty() {
        section(page, "", &[Text::own("nothing that matters differs")]);
    }
    for field in told {
        difference(page, report, field);
    }
    let folded = |keep: fn(&FieldDiff) -> bool| -> Vec<String> {
        fields
            .iter()
            .filter(|field| keep(field))
            .map(name)
            .collect()
    };
    fold(
        page,
        "unknown",
        (
            "holds a variable that nothing resolved",
            "hold variables that nothing resolved",
        ),
        &folded(|field| field.unresolved),
    );
    fold(
        page,
        "noise",
        ("differs without meaning", "differ without meaning"),
        &folded(|field| field.noise && !field.unresolved && field.kind != Kind::Same),
    );
    fold(
        page,
        "equal",
        ("is the same in both", "are the same in both"),
        &folded(|field| field.kind == Kind::Same && !field.unresolved),
    );
}

fn compared_with(page: &mut Page<'_>, baseline: &BaselineView) {
    let style = page.style();
    let words = chars::adapt(
        &format!(
            "{} ({}, {})",
            baseline.name, baseline.source, baseline.reason
        ),
        style.unicode,
    );
    let room = style.columns().saturating_sub(SECTION + 20);
    for (at, text) in chars::wrap(&words, room, MOST_LINES, style.unicode)
        .iter()
        .enumerate()
    {
        let line = Line::indented(style, 1);
        let line = if at == 0 {
            line.put(Paint::Good, "● compared with known good")
        } else {
            line
        };
        page.push(line.pad_to(SECTION + 20).put(Paint::Plain, text));
    }
    section(page, "but", &baseline.distrust);
}

/// `~ authorization  changed`, then both values under each other.
fn difference(page: &mut Page<'_>, report: &Report, field: &FieldDiff) {
    let style = page.style();
    let (sign, word) = match field.kind {
        Kind::Changed => ("~", "changed"),
        Kind::Extra => ("+", "extra: only in the failing request"),
        Kind::Missing => ("-", "missing: only in the known good"),
        Kind::Same => ("=", "the same"),
    };
    let title = Line::indented(style, 3)
        .put(Paint::Plain, sign)
        .put(Paint::Plain, " ")
        .put(Paint::Cause, &name(field))
        .put(Paint::Dim, &format!("  {word}"));
    page.push(title);
    let column = SECTION + 2;
    let room = style.columns().saturating_sub(column);
    let aligned = Aligned::of(field, report.exchange.time, room, style);
    let start = |paint, sign| {
        Line::indented(style, SECTION)
            .put(paint, sign)
            .pad_to(column)
    };
    page.push(aligned.good(start(Paint::Good, "●")));
    page.push(aligned.failing(start(Paint::Failing, "◆")));
    page.push(aligned.carets(Line::indented(style, column)));
    // Of two tokens the note names the claims that stand above it.
    if field.claims.is_empty() {
        section(page, "", field.note.as_slice());
    }
}

/// A count and the names behind it.
fn fold(page: &mut Page<'_>, label: &str, (one, many): (&str, &str), names: &[String]) {
    if !names.is_empty() {
        let words = if names.len() == 1 { one } else { many };
        let words = format!("{} {words}: {}", names.len(), names.join(", "));
        section(page, label, &[Text::own(words)]);
    }
}

fn story(page: &mut Page<'_>, report: &Report) {
    if report.story.is_empty() && report.story_lost == 0 {
        return;
    }
    let style = page.style();
    page.blank();
    page.push(Line::indented(style, 1).put(Paint::Cause, "story"));
    let near = report.exchange.time;
    let mut told_this = false;
    for entry in &report.story {
        if !told_this && entry.time >= near {
            event(
                page,
                &style.time(near),
                &super::rows::failing_name(&report.exchange),
                "",
            );
            told_this = true;
        }
        let time = style.time_near(entry.time, near);
        event(page, &time, entry.role.as_str(), entry.summary.as_str());
    }
    if !told_this && !report.story.is_empty() {
        event(
            page,
            &style.time(near),
            &super::rows::failing_name(&report.exchange),
            "",
        );
    }
    if report.story_lost > 0 {
        let words = format!(
            "{} exchanges were not remembered: the story may have gaps",
            report.story_lost
        );
        section(page, "", &[Text::own(words)]);
    }
}

fn event(page: &mut Page<'_>, time: &str, role: &str, words: &str) {
    let style = page.style();
    let column = 25;
    let room = style.columns().saturating_sub(column);
    let words = chars::adapt(words, style.unicode);
    let mut lines = chars::wrap(&words, room, 3, style.unicode).into_iter();
    let start = Line::indented(style, 3)
        .put(Paint::Dim, time)
        .put(Paint::Plain, "  ")
        .put(
            if words.is_empty() {
                Paint::Failing
            } else {
                Paint::Plain
            },
            role,
        );
    page.push(
        start
            .pad_to(column)
            .put(Paint::Plain, &lines.next().unwrap_or_default()),
    );
    for line in lines {
        page.push(Line::indented(style, column).put(Paint::Plain, &line));
    }
}

/// Sentences beside a label, the label said once.
fn section(page: &mut Page<'_>, label: &str, texts: &[Text]) {
    let style = page.style();
    let room = style.columns().saturating_sub(SECTION);
    let mut label = label;
    for text in texts {
        let text = chars::adapt(text.as_str(), style.unicode);
        for line in chars::wrap(&text, room, MOST_LINES, style.unicode) {
            let start = Line::indented(style, 1)
                .put(Paint::Dim, label)
                .pad_to(SECTION);
            page.push(start.put(Paint::Plain, &line));
            label = "";
        }
    }
}

fn hint(page: &mut Page<'_>, report: &Report) {
    let Some(n) = report.exchange.n else { return };
    let words = format!("why401 show {n}");
    let said = |text: &Text| text.as_str().contains(&words);
    if !report.next.iter().any(said) {
        page.blank();
        let style = page.style();
        page.push(Line::indented(style, 1).put(Paint::Dim, &words));
    }
}
