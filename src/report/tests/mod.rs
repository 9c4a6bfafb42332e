//! Every format over every sample: how it looks, how wide it gets, and that it holds no secret.

mod document;
mod leaks;
mod limits;
mod looks;

use super::terminal::{self, Style, Tally};
use super::{ListRow, Report, RequestView, StoredRow, build, exchange, request, sample};
use crate::diagnosis::Diagnosis;
use crate::model::Case;
use crate::redact::Masker;

/// A way to render a Case.
type Format = fn(&Case, &Diagnosis, &mut Masker, &Style) -> String;

/// Every way to render a Case: a new renderer belongs into this list.
const FORMATS: &[(&str, Format)] = &[
    ("live", |case, diagnosis, masker, style| {
        terminal::live(&build(case, diagnosis, masker), style)
    }),
    ("brief", |case, diagnosis, masker, style| {
        terminal::brief(&build(case, diagnosis, masker), style)
    }),
    ("full", |case, diagnosis, masker, style| {
        terminal::full(&build(case, diagnosis, masker), style)
    }),
    ("comparison", |case, diagnosis, masker, style| {
        terminal::comparison(&build(case, diagnosis, masker), style)
    }),
    ("show", |case, _, masker, style| {
        terminal::show(&exchange(case, masker), style)
    }),
    ("repeats", |case, diagnosis, masker, style| {
        repeats(&build(case, diagnosis, masker), style)
    }),
    ("request", |case, _, masker, style| {
        baseline(case, masker).map_or_else(String::new, |view| {
            terminal::request(&view, style) + &terminal::requests(&[view], style)
        })
    }),
    ("list", |case, diagnosis, masker, style| {
        terminal::list(&rows(&build(case, diagnosis, masker), masker), style)
    }),
];

/// Every format for machines, and the one that keeps line ends.
const RAW_FORMATS: &[(&str, Format)] = &[
    ("why --json", |case, diagnosis, masker, _| {
        serde_json::to_string_pretty(&build(case, diagnosis, masker)).unwrap()
    }),
    ("show --json", |case, _, masker, _| {
        serde_json::to_string_pretty(&exchange(case, masker)).unwrap()
    }),
    ("list --json", |case, diagnosis, masker, _| {
        let report = build(case, diagnosis, masker);
        serde_json::to_string_pretty(&rows(&report, masker)).unwrap()
    }),
    ("baseline --json", |case, _, masker, _| {
        serde_json::to_string_pretty(&baseline(case, masker)).unwrap()
    }),
    ("show --raw", |case, _, masker, _| {
        terminal::raw(&exchange(case, masker))
    }),
];

fn baseline(case: &Case, masker: &mut Masker) -> Option<RequestView> {
    let chosen = case.baseline.as_ref()?;
    Some(request(&chosen.baseline, masker))
}

fn repeats(report: &Report, style: &Style) -> String {
    let mut tally = Tally::new(report);
    tally.add(report);
    let mut out = terminal::repeat(&tally, style);
    let mut later = report.clone();
    later.exchange.time = report
        .exchange
        .time
        .plus(std::time::Duration::from_secs(240));
    for _ in 0..17 {
        tally.add(&later);
    }
    out.push_str(&terminal::repeats(&tally, style));
    out.push_str(&terminal::recovered(31, style));
    out
}

/// Rows as a store would hold them: its columns are masked.
fn rows(report: &Report, masker: &mut Masker) -> Vec<ListRow> {
    let exchange = &report.exchange;
    let client = exchange
        .client
        .as_ref()
        .map_or("", |client| client.as_str());
    let stored = StoredRow {
        id: exchange.id.parse().unwrap(),
        n: exchange.n.unwrap_or(7),
        at: exchange.time,
        method: exchange.method.as_str(),
        url: exchange.url.as_str(),
        status: exchange.status,
        state: report.state,
        cause: report.verdict.cause,
        side: Some(report.verdict.side.as_str()),
        confidence: Some(report.verdict.confidence.as_str()),
        baseline: report.baseline.as_ref().map(|good| good.name.as_str()),
        client,
    };
    vec![ListRow::new(&stored, masker)]
}

fn style(width: usize) -> Style {
    Style {
        width,
        ..Style::default()
    }
}
