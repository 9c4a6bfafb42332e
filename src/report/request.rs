//! A request from a file or the store: what `baseline show`, `baseline list` and `import` tell.

use serde::Serialize;

use super::recorded::{ContentView, HeadView};
use super::{Detail, Text, clock, exchange};
use crate::model::{Baseline, BaselineSource, Timestamp};
use crate::redact::Masker;

/// A known-good request, masked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestView {
    /// Its name.
    pub name: Text,
    /// `curl`, `exchange` or `learned`.
    pub source: &'static str,
    /// Whether the proxy learned it by itself.
    pub learned: bool,
    /// When it was added, RFC 3339.
    pub added: String,
    /// The method.
    pub method: Text,
    /// The URL.
    pub url: Text,
    /// The header section as that tool would send it, in order.
    pub headers: Vec<(Text, Text)>,
    /// The content.
    pub content: ContentView,
    /// Variables that nothing resolved.
    pub unresolved: Vec<Text>,
    /// What the import could not do or had to assume.
    pub warnings: Vec<Text>,
    /// When it was added.
    #[serde(skip)]
    pub time: Timestamp,
    /// The head as that tool would send it.
    #[serde(skip)]
    pub head: HeadView,
}

/// A known-good request, masked.
pub fn request(baseline: &Baseline, masker: &mut Masker) -> RequestView {
    let request = &baseline.request;
    masker.learn(request);
    let head = exchange::request_head(request, masker);
    let mut texts = |all: &[String]| -> Vec<Text> {
        all.iter()
            .map(|text| masker.text(text.as_bytes()).into())
            .collect()
    };
    RequestView {
        unresolved: texts(&baseline.unresolved),
        warnings: texts(&baseline.warnings),
        name: masker.text(baseline.name.as_bytes()).into(),
        source: baseline.source.as_str(),
        learned: baseline.source == BaselineSource::Learned,
        added: clock::rfc3339(baseline.added),
        method: masker.text(request.method.as_bytes()).into(),
        url: masker.url(&request.url).into(),
        headers: exchange::pairs(&exchange::lines(&request.fields, masker)),
        content: exchange::content(&request.content, &request.fields, Detail::Content, masker),
        time: baseline.added,
        head,
    }
}
