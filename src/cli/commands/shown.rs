//! A known-good request as it is shown: masked.

use serde::Serialize;

use crate::auth::credentials::carriers;
use crate::cli::output::printable;
use crate::model::{Baseline, Case, Context, Exchange, ExchangeId, Outcome, Place, State, Timings};
use crate::redact::Masker;
use crate::report::{self, ShownExchange, Text, rfc3339, terminal};

/// A baseline, masked.
pub(super) struct Shown<'b> {
    baseline: &'b Baseline,
    exchange: ShownExchange,
    /// Where its credentials stand, and their masks.
    credentials: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl<'b> Shown<'b> {
    /// Masks it.
    pub(super) fn new(baseline: &'b Baseline) -> Self {
        let mut masker = Masker::new();
        let case = unobserved(baseline);
        let exchange = report::exchange(&case, &mut masker);
        let credentials = carriers(&baseline.request)
            .iter()
            .map(|carrier| {
                let mask = masker.credential(&carrier.place, &carrier.raw);
                (place(&carrier.place), mask.to_string())
            })
            .collect();
        let warnings = baseline.warnings.iter();
        Self {
            baseline,
            exchange,
            credentials,
            warnings: warnings
                .map(|warning| masker.own_words(warning).to_string())
                .collect(),
        }
    }

    /// One line: `orders  GET https://api.acme.test/v2/orders`.
    pub(super) fn line(&self) -> String {
        let exchange = &self.exchange.exchange;
        printable(&format!(
            "{}  {} {}",
            self.baseline.name, exchange.method, exchange.url
        )) + "\n"
    }

    /// Name, request, and what it authenticates with.
    pub(super) fn summary(&self) -> String {
        let mut text = self.line();
        for (place, mask) in &self.credentials {
            text.push_str(&format!("  {}  {}\n", printable(place), printable(mask)));
        }
        if self.credentials.is_empty() {
            text.push_str("  it carries no credentials that why401 knows\n");
        }
        for variable in &self.baseline.unresolved {
            let variable = printable(variable);
            text.push_str(&format!("  unknown: the value of {variable}\n"));
        }
        for warning in &self.warnings {
            text.push_str(&format!("  warning: {}\n", printable(warning)));
        }
        text
    }

    /// Everything, the head as the tool would send it.
    pub(super) fn whole(&self) -> String {
        let mut text = self.line();
        text.push_str(&format!(
            "  from {}, added {}\n",
            self.baseline.source.as_str(),
            rfc3339(self.baseline.added)
        ));
        for variable in &self.baseline.unresolved {
            text.push_str(&format!(
                "  unknown: the value of {}\n",
                printable(variable)
            ));
        }
        for warning in &self.warnings {
            text.push_str(&format!("  warning: {}\n", printable(warning)));
        }
        text.push('\n');
        text.push_str(&terminal::raw(&self.exchange).replace("\r\n", "\n"));
        if let Some(content) = &self.exchange.exchange.request_content.text {
            for line in content.as_str().lines() {
                text.push_str(&printable(line));
                text.push('\n');
            }
        }
        text
    }

    /// As a row of `baseline list --json`.
    pub(super) fn row(&self) -> Row<'_> {
        let exchange = &self.exchange.exchange;
        Row {
            name: &self.baseline.name,
            source: self.baseline.source.as_str(),
            added: rfc3339(self.baseline.added),
            method: &exchange.method,
            url: &exchange.url,
            unresolved: &self.baseline.unresolved,
            warnings: &self.warnings,
            headers: None,
        }
    }

    /// As `baseline show --json`: a row with the header fields.
    pub(super) fn row_with_headers(&self) -> Row<'_> {
        Row {
            headers: Some(&self.exchange.exchange.request_headers),
            ..self.row()
        }
    }
}

/// A baseline in JSON; texts are masked.
#[derive(Debug, Serialize)]
pub(super) struct Row<'s> {
    name: &'s str,
    source: &'static str,
    added: String,
    method: &'s Text,
    url: &'s Text,
    unresolved: &'s [String],
    warnings: &'s [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<&'s [(Text, Text)]>,
}

fn place(place: &Place) -> String {
    match place {
        Place::Header(name) => name.clone(),
        Place::Cookie(name) => format!("cookie {name}"),
        Place::Query(name) => format!("query {name}"),
        Place::Form(name) => format!("form {name}"),
        Place::UserInfo => "user and password in the URL".to_owned(),
    }
}

/// The request as an exchange that nobody saw.
fn unobserved(baseline: &Baseline) -> Case {
    Case {
        number: 0,
        failing: Exchange {
            id: ExchangeId::from_parts(baseline.added, 0),
            at: baseline.added,
            request: baseline.request.clone(),
            outcome: Outcome::Unobserved,
            hop: None,
            timings: Timings::default(),
            notes: Vec::new(),
        },
        state: State::Failed,
        baseline: None,
        context: Context::default(),
    }
}
