//! Compares two lists of values, with variables in them that nobody resolved.

use std::borrow::Cow;

use super::difference::Kind;
use crate::auth::credentials::{decode_basic, split_scheme};

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// How they differ.
    pub(super) kind: Kind,
    /// Whether a variable made part of the answer unknown.
    pub(super) unresolved: bool,
}

/// The variables of two requests that were not resolved, as they stand in the text.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a> {
    /// Of the known-good request.
    pub(super) good: &'a [String],
    /// Of the failing request.
    pub(super) failing: &'a [String],
}

impl Variables<'_> {
    /// Whether a value of the one could become a value of the other.
    pub(super) fn could_match(&self, good: &[u8], failing: &[u8]) -> bool {
        good == failing || matches(good, failing, self.good) || matches(failing, good, self.failing)
    }
}

/// Compares the values of one name; an empty list means that the request does not have it.
pub(super) fn compare<T: AsRef<[u8]> + PartialEq>(
    good: &[T],
    failing: &[T],
    variables: Variables<'_>,
) -> Outcome {
    let is_equal = good == failing;
    let good: Vec<Cow<'_, [u8]>> = good.iter().map(|value| readable(value.as_ref())).collect();
    let failing: Vec<Cow<'_, [u8]>> = failing
        .iter()
        .map(|value| readable(value.as_ref()))
        .collect();
    let holds = |values: &[Cow<'_, [u8]>], variables| {
        let mut values = values.iter();
        values.any(|value| holds_variable(value, variables))
    };
    let of_good = holds(&good, variables.good);
    let of_failing = holds(&failing, variables.failing);
    let kind = match (good.is_empty(), failing.is_empty()) {
        (false, true) => Kind::Missing,
        (true, false) => Kind::Extra,
        _ if is_equal => Kind::Same,
        _ if (of_good || of_failing) && all_could_match(&good, &failing, variables) => Kind::Same,
        _ => Kind::Changed,
    };
    Outcome {
        kind,
        // What is not there at all differs from any value that the variable may have.
        unresolved: (of_good && kind != Kind::Missing) || (of_failing && kind != Kind::Extra),
    }
}

/// User and password of Basic as they are: in base64 no variable is to be seen.
fn readable(value: &[u8]) -> Cow<'_, [u8]> {
    match split_scheme(value) {
        (Some(scheme), secret) if scheme.eq_ignore_ascii_case("basic") => decode_basic(secret)
            .map_or(Cow::Borrowed(value), |(user, password)| {
                [scheme.as_bytes(), b" ", &user, b":", &password]
                    .concat()
                    .into()
            }),
        _ => Cow::Borrowed(value),
    }
}

/// Whether a value holds a variable that was not resolved.
pub(super) fn holds_variable(value: &[u8], variables: &[String]) -> bool {
    first_variable(value, variables).is_some()
}

/// Whether the value is nothing but one variable.
pub(super) fn is_variable(value: &[u8], variables: &[String]) -> bool {
    first_variable(value, variables) == Some((0, value.len()))
}

fn all_could_match<T: AsRef<[u8]>>(good: &[T], failing: &[T], variables: Variables<'_>) -> bool {
    good.len() == failing.len()
        && good
            .iter()
            .zip(failing)
            .all(|(good, failing)| variables.could_match(good.as_ref(), failing.as_ref()))
}

/// Whether `text` is what `pattern` could become: the text around the variables is equal, and
/// something stands in place of each. The first word's case is not compared: it may be a scheme.
fn matches(pattern: &[u8], text: &[u8], variables: &[String]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut after_variable = false;
    loop {
        let (literal, rest) = match first_variable(pattern, variables) {
            Some((start, length)) => {
                let rest = pattern.get(start + length..).unwrap_or_default();
                (pattern.get(..start).unwrap_or_default(), Some(rest))
            }
            None => (pattern, None),
        };
        let end = match (after_variable, rest) {
            (false, Some(_)) => starts_with(text, literal).then_some(literal.len()),
            (false, None) => (text == literal).then_some(text.len()),
            (true, None) if literal.is_empty() => (!text.is_empty()).then_some(text.len()),
            (true, None) => {
                (text.len() > literal.len() && text.ends_with(literal)).then_some(text.len())
            }
            // Two variables side by side are one unknown.
            (true, Some(_)) if literal.is_empty() => Some(0),
            (true, Some(_)) => memchr::memmem::find(text.get(1..).unwrap_or_default(), literal)
                .map(|at| at + 1 + literal.len()),
        };
        let Some(end) = end else {
            return false;
        };
        let Some(rest) = rest else {
            return true;
        };
        text = text.get(end..).unwrap_or_default();
        pattern = rest;
        after_variable = true;
    }
}

fn starts_with(text: &[u8], literal: &[u8]) -> bool {
    text.get(..literal.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(literal))
}

/// Where the first variable stands: start and length; of two that start together, the longer one.
fn first_variable(value: &[u8], variables: &[String]) -> Option<(usize, usize)> {
    variables
        .iter()
        .filter(|variable| !variable.is_empty())
        .filter_map(|variable| {
            let start = memchr::memmem::find(value, variable.as_bytes())?;
            Some((start, variable.len()))
        })
        .min_by_key(|(start, length)| (*start, usize::MAX - length))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn variables() -> Vec<String> {
        vec!["{{token}}".to_owned(), "$T".to_owned()]
    }

    fn of_good<T: AsRef<[u8]> + PartialEq>(
        good: &[T],
        failing: &[T],
        variables: &[String],
    ) -> Outcome {
        let variables = Variables {
            good: variables,
            failing: &[],
        };
        compare(good, failing, variables)
    }

    fn kind(good: &str, failing: &str) -> Kind {
        of_good(&[good.as_bytes()], &[failing.as_bytes()], &variables()).kind
    }

    #[test]
    fn any_value_fits_a_variable() {
        assert_eq!(kind("Bearer {{token}}", "Bearer abc"), Kind::Same);
        assert_eq!(kind("Bearer {{token}}", "bearer abc"), Kind::Same);
        assert_eq!(kind("{{token}}", "Basic abc"), Kind::Same);
        assert_eq!(kind("a{{token}}b$T", "axxbyy"), Kind::Same);
        assert_eq!(kind("{{token}}$T;", "xy;"), Kind::Same);
    }

    #[test]
    fn variables_are_seen_in_user_and_password() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let good = basic("ann:{{token}}");
        assert_eq!(kind(&good, &basic("ann:secret")), Kind::Same);
        assert_eq!(kind(&good, &basic("bob:secret")), Kind::Changed);
        assert_eq!(kind(&good, "Bearer secret"), Kind::Changed);
        assert_eq!(kind(&basic("ann:a"), &basic("ann:b")), Kind::Changed);
    }

    #[test]
    fn the_text_around_a_variable_is_compared() {
        assert_eq!(kind("Bearer {{token}}", "Token abc"), Kind::Changed);
        assert_eq!(kind("Bearer {{token}}", "Bearer "), Kind::Changed);
        assert_eq!(kind("a{{token}}b", "ab"), Kind::Changed);
        assert_eq!(kind("a{{token}}b", "axc"), Kind::Changed);
    }

    #[test]
    fn what_is_missing_is_missing_whatever_the_variable_is() {
        let outcome = of_good(&[&b"Bearer {{token}}"[..]], &[], &variables());
        assert_eq!((outcome.kind, outcome.unresolved), (Kind::Missing, false));
    }

    #[test]
    fn the_failing_request_of_a_file_may_hold_variables_too() {
        let names = variables();
        let of_failing = |good: &[&[u8]], failing: &[&[u8]]| {
            let variables = Variables {
                good: &[],
                failing: &names,
            };
            let outcome = compare(good, failing, variables);
            (outcome.kind, outcome.unresolved)
        };
        let open = &b"Bearer $T"[..];
        assert_eq!(of_failing(&[b"Bearer abc"], &[open]), (Kind::Same, true));
        assert_eq!(of_failing(&[b"Token abc"], &[open]), (Kind::Changed, true));
        assert_eq!(of_failing(&[], &[open]), (Kind::Extra, false));
        let both = Variables {
            good: &names,
            failing: &names,
        };
        let outcome = compare(&[&b"Bearer {{token}}"[..]], &[open], both);
        assert_eq!((outcome.kind, outcome.unresolved), (Kind::Same, true));
    }

    #[test]
    fn without_variables_values_are_equal_or_not() {
        assert_eq!(kind("a", "a"), Kind::Same);
        assert_eq!(kind("a", "A"), Kind::Changed);
        assert_eq!(of_good(&[b"a"], &[], &[]).kind, Kind::Missing);
        assert_eq!(of_good(&[], &[b"a"], &[]).kind, Kind::Extra);
    }

    proptest! {
        #[test]
        fn a_value_put_in_place_of_the_variable_fits(
            before in "[a-c]{0,3}", value in "[a-c]{1,5}", after in "[a-c]{0,3}",
        ) {
            let good = format!("{before}{{{{token}}}}{after}");
            let failing = format!("{before}{value}{after}");
            prop_assert!(matches(good.as_bytes(), failing.as_bytes(), &variables()));
        }
    }
}
