//! Reads the values of a configuration file by their types, and notes each that is off.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use toml::Spanned;
use toml::de::DeValue;

use super::fault::{Fault, FaultKind, LONGEST_QUOTE, Located, Position};

/// A file's text, and what is wrong in it so far.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) faults: Vec<Fault>,
}

impl Reader<'_> {
    pub(super) fn parsed<T: FromStr>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Located<T>>
    where
        T::Err: fmt::Display,
    {
        let text = self.string(key, value)?;
        match text.value.parse() {
            Ok(value) => Some(Located {
                value,
                position: text.position,
            }),
            Err(reason) => {
                self.bad_value(key, &text.value, reason.to_string(), value);
                None
            }
        }
    }

    pub(super) fn path(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Located<PathBuf>> {
        let text = self.string(key, value)?;
        if text.value.is_empty() {
            self.bad_value(key, "", "a path is expected".to_owned(), value);
            return None;
        }
        Some(Located {
            value: PathBuf::from(text.value),
            position: text.position,
        })
    }

    pub(super) fn string(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Located<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, "a string", value);
            return None;
        };
        Some(Located {
            value: text.to_owned(),
            position: Position::of(self.text, value.span().start),
        })
    }

    /// A value that may hold a password: no fault repeats it.
    pub(super) fn secret<T: FromStr>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Located<T>>
    where
        T::Err: fmt::Display,
    {
        let text = self.string(key, value)?;
        match text.value.parse() {
            Ok(value) => Some(Located {
                value,
                position: text.position,
            }),
            Err(reason) => {
                let kind = FaultKind::BadSecret {
                    key: key.to_owned(),
                    reason: reason.to_string(),
                };
                self.fault(value.span().start, kind);
                None
            }
        }
    }

    pub(super) fn flag(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Located<bool>> {
        let Some(flag) = value.get_ref().as_bool() else {
            self.wrong_type(key, "true or false", value);
            return None;
        };
        Some(Located {
            value: flag,
            position: Position::of(self.text, value.span().start),
        })
    }

    /// A size or a span of time within bounds.
    pub(super) fn within<T: FromStr + PartialOrd + fmt::Display>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        (least, most): (T, T),
    ) -> Option<Located<T>>
    where
        T::Err: fmt::Display,
    {
        let read = self.parsed::<T>(key, value)?;
        if (&least..=&most).contains(&&read.value) {
            return Some(read);
        }
        let text = value.get_ref().as_str().unwrap_or_default();
        let reason = format!("{least} to {most} is expected");
        self.bad_value(key, text, reason, value);
        None
    }

    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        (least, most): (u64, u64),
    ) -> Option<Located<T>> {
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(key, "a whole number", value);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| (least..=most).contains(number))
            .and_then(|number| T::try_from(number).ok());
        let Some(number) = number else {
            let reason = format!("a number from {least} to {most} is expected");
            self.bad_value(key, &integer.to_string(), reason, value);
            return None;
        };
        Some(Located {
            value: number,
            position: Position::of(self.text, value.span().start),
        })
    }

    pub(super) fn list<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        one: fn(&mut Self, &str, &Spanned<DeValue<'_>>) -> Option<Located<T>>,
    ) -> Vec<Located<T>> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, "a list of strings", value);
            return Vec::new();
        };
        array
            .iter()
            .filter_map(|item| one(self, key, item))
            .collect()
    }

    pub(super) fn wrong_type(
        &mut self,
        key: &str,
        expected: &'static str,
        value: &Spanned<DeValue<'_>>,
    ) {
        let kind = FaultKind::WrongType {
            key: key.to_owned(),
            expected,
            found: type_name(value.get_ref()),
        };
        self.fault(value.span().start, kind);
    }

    pub(super) fn bad_value(
        &mut self,
        key: &str,
        text: &str,
        reason: String,
        at: &Spanned<DeValue<'_>>,
    ) {
        let kind = FaultKind::BadValue {
            key: key.to_owned(),
            value: text.chars().take(LONGEST_QUOTE).collect(),
            reason,
        };
        self.fault(at.span().start, kind);
    }

    pub(super) fn fault(&mut self, offset: usize, kind: FaultKind) {
        self.faults.push(Fault {
            position: Position::of(self.text, offset),
            kind,
        });
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
