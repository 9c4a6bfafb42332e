//! `token-quoted`: the quotes of JSON, a shell or an .env file went out with the token.

use crate::auth::credentials::Carrier;
use crate::auth::jwt;
use crate::diagnosis::facts::{Facts, one_word};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::ClientKind;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let (carrier, quoted) = facts
        .sent
        .credentials()
        .find_map(|carrier| Some((carrier, Quoted::of(carrier)?)))?;
    let mut evidence = vec![
        words::place(&carrier.place)
            .words(" holds ")
            .credential(carrier),
        Phrase::new(quoted.told()),
    ];
    let good = facts
        .good
        .and_then(|good| good.sent.in_place(&carrier.place));
    if let Some(good) = good.filter(|good| good.secret == carrier.normalised) {
        evidence.push(Phrase::new("known good sends the same without quotes: ").credential(good));
    }
    Some(Suspicion {
        strength: quoted.strength,
        place: Some(carrier.place.clone()),
        title: if carrier.scheme.is_none() && quoted.holds_a_scheme {
            "the whole value stands in quotes, scheme and all".into()
        } else {
            "the token was sent in quotes".into()
        },
        evidence,
        fix: vec![Phrase::new(fix(facts.client()))],
        about: facts.sent.about(&carrier.place),
        ..Suspicion::default()
    })
}

struct Quoted {
    before: Option<&'static str>,
    after: Option<&'static str>,
    /// Whether a scheme word is inside, too.
    holds_a_scheme: bool,
    strength: Strength,
}

impl Quoted {
    fn of(carrier: &Carrier) -> Option<Self> {
        let word = one_word(carrier)?;
        // What Python prints for bytes is another fault.
        if matches!(&*word, [b'b' | b'u' | b'B', b'"' | b'\'', ..]) {
            return None;
        }
        let mut inner = &*word;
        let (mut before, mut after) = (None, None);
        // A text that was quoted twice has two marks on each side; more are no mere quotes.
        for _ in 0..2 {
            if let Some((mark, rest)) = mark_before(inner) {
                (before, inner) = (before.or(Some(mark)), rest);
            }
            if let Some((mark, rest)) = mark_after(inner) {
                (after, inner) = (after.or(Some(mark)), rest);
            }
        }
        let bare = !inner.is_empty() && !inner.iter().any(|b| b"\"'`".contains(b));
        if !bare || (before.is_none() && after.is_none()) {
            return None;
        }
        let pair = before.is_some() && after.is_some();
        let sure =
            pair || jwt::decode(inner).is_some() || jwt::decode(&carrier.normalised).is_some();
        Some(Self {
            before,
            after,
            holds_a_scheme: inner.contains(&b' '),
            strength: if sure {
                Strength::Full
            } else {
                Strength::Partial
            },
        })
    }

    fn told(&self) -> String {
        let what = if self.holds_a_scheme {
            "value"
        } else {
            "token"
        };
        match (self.before, self.after) {
            (Some(before), Some(after)) if before == after => {
                format!("the {what} begins and ends with {before}")
            }
            (Some(before), Some(after)) => {
                format!("the {what} begins with {before} and ends with {after}")
            }
            (Some(mark), None) => format!("the {what} begins with {mark}"),
            (None, Some(mark)) => format!("the {what} ends with {mark}"),
            (None, None) => format!("the {what} stands in quotes"),
        }
    }
}

fn mark_before(value: &[u8]) -> Option<(&'static str, &[u8])> {
    MARKS
        .iter()
        .find_map(|(mark, name)| Some((*name, value.strip_prefix(mark.as_bytes())?)))
}

fn mark_after(value: &[u8]) -> Option<(&'static str, &[u8])> {
    MARKS
        .iter()
        .find_map(|(mark, name)| Some((*name, value.strip_suffix(mark.as_bytes())?)))
}

/// What is longer stands first: `\"` ends in `"`.
const MARKS: &[(&str, &str)] = &[
    ("\\\"", "an escaped double quote"),
    ("\"", "a double quote"),
    ("'", "a single quote"),
    ("`", "a backtick"),
    ("%22", "a percent-encoded double quote"),
    ("%27", "a percent-encoded single quote"),
    ("\u{201c}", "a typographic quote"),
    ("\u{201d}", "a typographic quote"),
    ("\u{201e}", "a typographic quote"),
    ("\u{2018}", "a typographic quote"),
    ("\u{2019}", "a typographic quote"),
    ("\u{ab}", "a typographic quote"),
    ("\u{bb}", "a typographic quote"),
];

fn fix(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Browser | ClientKind::Axios | ClientKind::Node => {
            "the token was stored as JSON: JSON.parse it when it is read, or store it without JSON.stringify"
        }
        ClientKind::Curl | ClientKind::HTTPie => {
            "take the token without its quotes: jq -r prints it so, jq does not"
        }
        ClientKind::Postman | ClientKind::Insomnia => {
            "delete the quotes from the token field, or from the variable's value"
        }
        _ => {
            "take the quotes off the stored value: docker --env-file and some .env readers keep them"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn found(fields: &str) -> Option<(Strength, String)> {
        let found = Sample::new(&format!("GET /a\n{fields}")).check(check)?;
        Some((found.strength, format!("{:?}", found.evidence)))
    }

    #[test]
    fn quotes_of_every_kind_are_seen() {
        let token = jwt("{}");
        for (value, told) in [
            (
                format!("Bearer \"{token}\""),
                "begins and ends with a double quote",
            ),
            (
                format!("Bearer '{token}'"),
                "begins and ends with a single quote",
            ),
            (
                format!("\"Bearer {token}\""),
                "begins and ends with a double quote",
            ),
            (format!("Bearer \\\"{token}\\\""), "an escaped double quote"),
            (
                format!("Bearer %22{token}%22"),
                "a percent-encoded double quote",
            ),
            (
                format!("Bearer \u{201c}{token}\u{201d}"),
                "a typographic quote",
            ),
            (
                format!("Bearer \"\"{token}\"\""),
                "begins and ends with a double quote",
            ),
            (
                format!("Bearer {token}\""),
                "token ends with a double quote",
            ),
            (
                format!("Bearer \"{token}"),
                "token begins with a double quote",
            ),
            ("Basic \"dTpw\"".to_owned(), "a double quote"),
            ("'sk_live_abc'".to_owned(), "a single quote"),
        ] {
            let (strength, evidence) = found(&format!("Authorization: {value}")).unwrap();
            assert_eq!(strength, Strength::Full, "{value}");
            assert!(evidence.contains(told), "{value}: {evidence}");
        }
        assert!(found("X-Api-Key: \"abc\"").is_some());
    }

    #[test]
    fn a_quote_on_one_side_of_an_opaque_value_is_less_sure() {
        assert_eq!(found("X-Api-Key: abc'").unwrap().0, Strength::Partial);
    }

    #[test]
    fn quotes_that_belong_there_are_left_alone() {
        for fields in [
            "Authorization: Digest username=\"u\", realm=\"r\"",
            "Authorization: Token token=\"abc\"",
            "Authorization: OAuth oauth_token=\"abc\"",
            "Authorization: Bearer {\"token\":\"abc\"}",
            "Authorization: Bearer \"\"",
            "Authorization: Bearer b'abc'",
            "Authorization: Bearer ab\"cd",
            "Cookie: sessionid=\"abc\"",
        ] {
            assert_eq!(found(fields), None, "{fields}");
        }
    }
}
