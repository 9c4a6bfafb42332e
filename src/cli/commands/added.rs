//! What `baseline add` says it added.

use crate::auth::credentials::carriers;
use crate::cli::output::printable;
use crate::model::{Baseline, Place, Request};
use crate::redact::Masker;
use crate::report::{self, Text};

/// Name and request, what it authenticates with, what is not known of it; all masked.
pub(super) fn summary(baseline: &Baseline) -> String {
    let mut masker = Masker::new();
    let view = report::request(baseline, &mut masker);
    let title = format!("added {}  {} {}", view.name, view.method, view.url);
    let mut credentials = credentials(&baseline.request, &mut masker);
    if credentials.is_empty() {
        credentials.push("  it carries no credentials that why401 knows".to_owned());
    }
    let labelled = |label: &str, texts: &[Text]| -> Vec<_> {
        texts
            .iter()
            .map(|text| format!("  {label}: {text}"))
            .collect()
    };
    std::iter::once(title)
        .chain(credentials)
        .chain(labelled("unknown", &view.unresolved))
        .chain(labelled("warning", &view.warnings))
        .map(|line| printable(&line) + "\n")
        .collect()
}

/// A line for each credential of a request: where it stands, and its value as the masker shows it.
pub(super) fn credentials(request: &Request, masker: &mut Masker) -> Vec<String> {
    carriers(request)
        .iter()
        .map(|carrier| {
            let shown = masker.credential(&carrier.place, &carrier.raw);
            let shown = shown.as_str().trim();
            printable(&format!("  {}  {shown}", place(&carrier.place)))
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample;
    use crate::model::FieldLine;

    fn baseline(fields: Vec<FieldLine>) -> Baseline {
        let url = "https://api.acme.test/v2/orders";
        Baseline {
            name: "orders".to_owned(),
            unresolved: vec!["{{tenant}}".to_owned()],
            warnings: vec!["-k is not kept".to_owned()],
            ..sample::baseline(sample::request("GET", url, fields))
        }
    }

    #[test]
    fn what_was_added_is_told_without_its_secrets() {
        let fields = vec![FieldLine::new(
            "Authorization",
            "Bearer s3cr3tS3cr3tS3cr3t99",
        )];
        let text = summary(&baseline(fields));
        assert!(!text.contains("s3cr3t"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_request_without_credentials_is_said_to_have_none() {
        assert!(summary(&baseline(Vec::new())).contains("no credentials"));
    }
}
