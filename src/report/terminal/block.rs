//! The block that `run` prints for a failure, while it happens.

use super::line::{Line, Page};
use super::pair::{Aligned, NOT_SENT};
use super::rows::{INDENT, TEXT, failing_name, identity, labelled_lines, name};
use super::style::{Paint, Style};
use super::{chars, failure};
use crate::diff::Kind;
use crate::report::words::side_in_words;
use crate::report::{FieldDiff, Report, Text, Verdict};

/// A block is never longer than this.
const MOST_LINES: usize = 14;

/// How many further differences a block names.
const MOST_ALSO: usize = 2;

/// The block of one failure: at most 14 lines.
pub fn live(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    page.push(identity(&report.exchange, None, style));
    if report.exchange.failure.is_some() && report.verdict.cause.is_none() {
        failure::explain(&mut page, report);
    } else {
        explain(&mut page, report);
    }
    hint(&mut page, report);
    page.text()
}

fn explain(page: &mut Page<'_>, report: &Report) {
    let style = page.style();
    let head = 1 + cause(page, report);
    page.blank();
    let told = told(report);
    let about = deciding(report).filter(|_| report.baseline.is_some());
    let pair = about.map_or(0, |field| pair(page, report, field));
    let also = also(report, style);
    let next = next(report);
    // The blank lines, the hint, and one line each for what comes after `why`.
    let later = 3 + usize::from(also.is_some()) + usize::from(next.is_some());
    let fixes = told.fix.len().min(2);
    let most = MOST_LINES.saturating_sub(head + pair + later + fixes);
    let evidence: Vec<&str> = told.why.iter().map(String::as_str).collect();
    let most = if style.is_narrow() { most.min(2) } else { most };
    let taken = labelled_lines(page, "why", &evidence, most);
    let fix: Vec<&str> = told.fix.iter().map(|text| text.as_str()).collect();
    let spare = MOST_LINES.saturating_sub(head + pair + later + taken);
    labelled_lines(page, "fix", &fix, spare.min(2));
    if let Some(next) = next {
        labelled_lines(page, "next", &[&next], 1);
    }
    if let Some(also) = also {
        labelled_lines(page, "also", &[&also], 1);
    }
}

/// The cause in capitals and how sure it is; returns how many lines that took.
fn cause(page: &mut Page<'_>, report: &Report) -> usize {
    let style = page.style();
    let columns = style.columns();
    let sure = Line::new(style).put(Paint::Dim, &sureness(report));
    let title = chars::adapt(
        &title(report.verdict.title.as_str(), &report.verdict),
        style.unicode,
    );
    let mut lines = Vec::new();
    let room = if style.is_narrow() {
        let host = chars::adapt(report.exchange.host.as_str(), style.unicode);
        let room = columns.saturating_sub(INDENT + sure.width() + 2);
        let host = chars::cut_middle(&host, room, style.unicode);
        let host = Line::indented(style, INDENT).put(Paint::Plain, &host);
        lines.push(host.right(columns, sure.clone()));
        columns.saturating_sub(INDENT)
    } else {
        columns.saturating_sub(INDENT + sure.width() + 2)
    };
    for (at, text) in chars::wrap(&title, room, 2, style.unicode)
        .iter()
        .enumerate()
    {
        let line = Line::indented(style, INDENT).put(Paint::Cause, text);
        lines.push(if at == 0 && !style.is_narrow() {
            line.right(columns, sure.clone())
        } else {
            line
        });
    }
    let taken = lines.len();
    lines.into_iter().for_each(|line| page.push(line));
    taken
}

/// A cause in capitals; without one, only what stands before the colon.
pub(super) fn title(title: &str, verdict: &Verdict) -> String {
    match title.split_once(':') {
        Some((head, tail)) if verdict.cause.is_none() => format!("{}:{tail}", head.to_uppercase()),
        _ => title.to_uppercase(),
    }
}

/// Side and confidence: `client, very likely`; a mere guess where there is no headline.
fn sureness(report: &Report) -> String {
    let verdict = &report.verdict;
    if verdict.cause.is_some() {
        return format!(
            "{}, {}",
            side_in_words(verdict.side),
            verdict.confidence.in_words()
        );
    }
    match report.alternatives.first() {
        Some(guess) => guess.confidence.in_words().to_owned(),
        None => verdict.confidence.in_words().to_owned(),
    }
}

/// What a block tells: of the headline, or else of the best guess and of what is in order.
struct Told<'a> {
    why: Vec<String>,
    fix: &'a [Text],
}

fn told(report: &Report) -> Told<'_> {
    let words = |texts: &[Text]| -> Vec<String> {
        texts.iter().map(|text| text.as_str().to_owned()).collect()
    };
    if report.verdict.cause.is_some() {
        return Told {
            why: words(&report.verdict.evidence),
            fix: &report.verdict.fix,
        };
    }
    let Some(guess) = report.alternatives.first() else {
        let why = words(&report.fine).into_iter().take(2);
        return Told {
            why: why.chain(words(&report.unknown)).collect(),
            fix: &[],
        };
    };
    let mut why = vec![format!("could be: {}", guess.title)];
    why.extend(words(&guess.evidence));
    why.extend(words(&report.fine).into_iter().take(1));
    Told {
        why,
        fix: &guess.fix,
    }
}

/// The difference that the headline, or else the best guess, is about.
pub(super) fn deciding(report: &Report) -> Option<&FieldDiff> {
    let about = report.verdict.about.as_ref().or_else(|| {
        let guess = report.alternatives.first()?;
        guess
            .about
            .as_ref()
            .filter(|_| report.verdict.cause.is_none())
    })?;
    report.diff.fields.iter().find(|field| {
        field.place == about.place
            && field.kind != Kind::Same
            && field
                .name
                .as_str()
                .eq_ignore_ascii_case(about.name.as_str())
    })
}

/// The deciding difference, both values under each other; returns how many lines that took.
pub(super) fn pair(page: &mut Page<'_>, report: &Report, field: &FieldDiff) -> usize {
    let style = page.style();
    let failing = failing_name(&report.exchange);
    let (good_label, failing_label) = if style.is_narrow() {
        let short = failing.strip_prefix("this ").unwrap_or(&failing);
        ("● good  ".to_owned(), format!("◆ {short:<4}  "))
    } else {
        ("● known good   ".to_owned(), format!("◆ {failing:<10}   "))
    };
    let start = |paint: Paint, label: &str| Line::indented(style, INDENT).put(paint, label);
    let name = chars::cut_middle(
        &chars::adapt(&name(field), style.unicode),
        24,
        style.unicode,
    );
    let label = start(Paint::Good, &good_label)
        .width()
        .max(start(Paint::Failing, &failing_label).width());
    let mut column = label + chars::width(&name) + 2;
    // A name that leaves too little room for the values is left to the line of the cause.
    let shows_name = style.columns().saturating_sub(column) >= 30;
    if !shows_name {
        column = label;
    }
    let name = if shows_name { name.as_str() } else { "" };
    let aligned = Aligned::of(
        field,
        report.exchange.time,
        style.columns().saturating_sub(column),
        style,
    );
    let value = |paint: Paint, text: &str| start(paint, text).pad_to(label).put(Paint::Plain, name);
    page.push(aligned.good(value(Paint::Good, &good_label).pad_to(column)));
    page.push(aligned.failing(value(Paint::Failing, &failing_label).pad_to(column)));
    match aligned.carets(Line::indented(style, column)) {
        Some(carets) => {
            page.push(carets);
            3
        }
        None => 2,
    }
}

/// At most two more differences that may matter, and how many there are beyond.
fn also(report: &Report, style: &Style) -> Option<String> {
    let about = deciding(report);
    let others: Vec<&FieldDiff> = report
        .diff
        .fields
        .iter()
        .filter(|field| matters(field) && !about.is_some_and(|about| std::ptr::eq(about, *field)))
        .collect();
    if others.is_empty() || style.is_narrow() {
        return None;
    }
    let room = style.columns().saturating_sub(TEXT + " · +99 more".len()) / MOST_ALSO;
    let mut words: Vec<String> = others
        .iter()
        .take(MOST_ALSO)
        .map(|field| {
            chars::cut_end(
                &chars::adapt(&in_short(field), style.unicode),
                room,
                style.unicode,
            )
        })
        .collect();
    if others.len() > MOST_ALSO {
        words.push(format!("+{} more", others.len() - MOST_ALSO));
    }
    Some(words.join(" · "))
}

/// Whether a difference may matter.
pub(super) fn matters(field: &FieldDiff) -> bool {
    !field.noise && !field.unresolved && field.kind != Kind::Same
}

/// `x-app-version 4.17.9 (good 4.18.2)`, `cookie sid not sent`.
fn in_short(field: &FieldDiff) -> String {
    let name = name(field);
    match (&field.good, &field.failing) {
        (Some(good), Some(failing)) => format!("{name} {failing} (good {good})"),
        (Some(_), None) => format!("{name} {}", NOT_SENT.trim_matches(['(', ')'])),
        (None, _) => format!("{name} only here"),
    }
}

/// What to try next: said where there is no headline, or nothing to compare with.
fn next(report: &Report) -> Option<String> {
    let said = report.next.first().map(|text| text.as_str().to_owned());
    if report.baseline.is_none() {
        return said.or_else(|| Some("paste one that works:  why401 baseline add --curl -".into()));
    }
    said.filter(|_| report.verdict.cause.is_none())
}

/// The commands that tell more. Names only what exists.
fn hint(page: &mut Page<'_>, report: &Report) {
    let Some(n) = report.exchange.n else { return };
    page.blank();
    let style = page.style();
    let words = format!("why401 why {n} · why401 show {n}");
    page.push(Line::indented(style, INDENT).put(Paint::Dim, &words));
}
