//! `authorization-empty`: the field is there, the credentials are not.

use crate::diagnosis::facts::Facts;
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{FieldLine, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let mut lines = facts.sent.request.fields.all("authorization");
    let first = lines.next()?;
    let scheme = empty(first)?;
    // With a second line that holds something, two lines are the fault.
    if lines.any(|line| empty(line).is_none()) {
        return None;
    }
    let (title, seen) = match scheme {
        Some(scheme) => (
            format!("nothing follows {scheme} in Authorization"),
            format!("request has Authorization: {scheme}, and nothing after it"),
        ),
        None => (
            "Authorization is empty".into(),
            "request has Authorization with an empty value".into(),
        ),
    };
    let sent = words::send_credentials(facts.client(), scheme.unwrap_or("Bearer"));
    Some(Suspicion {
        strength: Strength::Full,
        place: Some(Place::Header("authorization".into())),
        title,
        evidence: vec![Phrase::new(seen)],
        fix: vec![
            Phrase::new(
                "the variable with the token is empty: check the environment or the login before it",
            ),
            Phrase::new(sent),
        ],
        about: Some((Where::Header, first.name_text().into_owned())),
        ..Suspicion::default()
    })
}

/// The known scheme of a line without credentials: `Some(None)` when there is not even a scheme.
fn empty(line: &FieldLine) -> Option<Option<&'static str>> {
    let text = std::str::from_utf8(line.value()).ok()?.trim();
    let unquoted = text
        .trim_end_matches(['"', '\''])
        .trim_end_matches([' ', '\t', ':']);
    if unquoted.is_empty() {
        return Some(None);
    }
    words::known_scheme(unquoted).map(Some)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::sample::Sample;

    fn title(request: &str) -> Option<String> {
        let found = Sample::new(request).check(check)?;
        Some(found.title)
    }

    #[test]
    fn a_value_without_credentials_is_named() {
        for (value, expected) in [
            ("", "Authorization is empty"),
            ("   ", "Authorization is empty"),
            ("\"\"", "Authorization is empty"),
            ("Bearer", "nothing follows Bearer in Authorization"),
            ("bearer ", "nothing follows Bearer in Authorization"),
            ("Token ''", "nothing follows Token in Authorization"),
            ("Basic \"\"", "nothing follows Basic in Authorization"),
        ] {
            let request = format!("GET /a\nAuthorization: {value}");
            assert_eq!(title(&request).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn credentials_of_any_kind_keep_it_silent() {
        for value in ["Bearer x", "abc", "Basic Og==", "undefined"] {
            assert_eq!(title(&format!("GET /a\nAuthorization: {value}")), None);
        }
        assert_eq!(title("GET /a"), None);
        assert_eq!(
            title("GET /a\nAuthorization: \nAuthorization: Bearer x"),
            None
        );
    }
}
