//! The plain columns of a failure: what lists and searches need, masked.

use super::store::Plain;
use crate::model::{ClientKind, Exchange};
use crate::redact::Masker;

/// Masks what a list shows of a failing exchange.
pub(super) fn plain(exchange: &Exchange, route: fn(&[u8]) -> String) -> Plain {
    let request = &exchange.request;
    let mut masker = Masker::new();
    masker.learn(request);
    let template = route(&request.url.path);
    let agent = request.fields.first("user-agent").unwrap_or_default();
    Plain {
        method: cut(masker.text(request.method.as_bytes()).as_str()),
        host: request.url.origin.host.clone(),
        authority: request.url.origin.authority(),
        url: cut(masker.url(&request.url).as_str()),
        // Templates keep the segments that do not look variable, and one of those may be a secret.
        route: cut(masker.target(template.as_bytes()).as_str()),
        client: ClientKind::of(&request.fields).name().to_owned(),
        agent: cut(masker.field_value("user-agent", agent).as_str()),
    }
}

/// A column is for people: longer texts are cut, the sealed exchange has them whole.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// In characters.
const LONGEST: usize = 2048;
