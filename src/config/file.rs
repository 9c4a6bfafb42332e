//! A configuration file as written: every key typed, every fault of the file found, with its place.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{ColorWhen, InsecureHost, ListenAddr, UiAddr};
use super::units::{ByteSize, Span};

/// How a file came to be read, and so what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The user named it, or it lies in the user's own folder.
    Named,
    /// It was found in the working directory, perhaps as part of somebody else's repository.
    Found,
    /// Likewise, by a command to which it could not be named: what does not count is passed over.
    FoundInPassing,
}

/// What a file says; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// `listen`
    pub listen: Option<Located<ListenAddr>>,
    /// `ui`
    pub ui: Option<Located<UiAddr>>,
    /// `data`
    pub data: Option<Located<PathBuf>>,
    /// `ca.dir`
    pub ca_dir: Option<Located<PathBuf>>,
    /// `upstream.ca`
    pub upstream_ca: Vec<Located<PathBuf>>,
    /// `upstream.insecure`
    pub upstream_insecure: Vec<Located<InsecureHost>>,
    /// `capture.body_limit`
    pub body_limit: Option<Located<ByteSize>>,
    /// `capture.history.exchanges`
    pub history_exchanges: Option<Located<u32>>,
    /// `capture.history.minutes`
    pub history_minutes: Option<Located<u32>>,
    /// `capture.retention`
    pub retention: Option<Located<Span>>,
    /// `display.color`
    pub color: Option<Located<ColorWhen>>,
    /// `display.width`
    pub width: Option<Located<u16>>,
    /// The keys that do not count here.
    pub passed_over: Vec<Located<String>>,
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub position: Position,
}

/// A place in a text: both count from 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before
                .get(line_start..)
                .map_or(0, |line| line.chars().count())
                + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Something in a file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub position: Position,
    /// What.
    pub kind: FaultKind,
}

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// It is no TOML.
    #[error("this is no TOML: {0}")]
    Syntax(String),
    /// A key that does not exist.
    #[error("there is no key `{key}`{}", did_you_mean(*near))]
    UnknownKey {
        /// The key as written, with its tables.
        key: String,
        /// The key that was probably meant.
        near: Option<&'static str>,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, got {found}")]
    WrongType {
        /// The key.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What it got.
        found: &'static str,
    },
    /// A value that cannot be used.
    #[error("`{key}` cannot be \"{value}\": {reason}")]
    BadValue {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// Why not.
        reason: String,
    },
    /// A key that counts only in a file that the user named.
    #[error("`{0}` does not count in a file that was found, not named")]
    OnlyWhenNamed(String),
}

/// Every key. Those of `display` count even in a file that was only found.
pub const KEYS: [&str; 12] = [
    "listen",
    "ui",
    "data",
    "ca.dir",
    "upstream.ca",
    "upstream.insecure",
    "capture.body_limit",
    "capture.history.exchanges",
    "capture.history.minutes",
    "capture.retention",
    "display.color",
    "display.width",
];

/// Reads a file's text.
///
/// # Errors
/// All faults, in the order in which they stand.
pub fn read(text: &str, trust: Trust) -> Result<Written, Vec<Fault>> {
    let table = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        vec![Fault {
            position: Position::of(text, offset),
            kind: FaultKind::Syntax(error.message().replace('\n', ", ")),
        }]
    })?;
    let mut reader = Reader {
        text,
        trust,
        written: Written::default(),
        faults: Vec::new(),
    };
    reader.table("", table.get_ref());
    if reader.faults.is_empty() {
        return Ok(reader.written);
    }
    reader.faults.sort_by_key(|fault| fault.position);
    Err(reader.faults)
}

struct Reader<'t> {
    text: &'t str,
    trust: Trust,
    written: Written,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// Goes no deeper than [`KEYS`] do: a table of another name is a fault.
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let group = format!("{name}.");
            if KEYS.contains(&name.as_str()) {
                match self.trust {
                    _ if name.starts_with("display.") => self.value(&name, value),
                    Trust::Named => self.value(&name, value),
                    Trust::Found => self.fault(key.span().start, FaultKind::OnlyWhenNamed(name)),
                    Trust::FoundInPassing => self.written.passed_over.push(Located {
                        value: name,
                        position: Position::of(self.text, key.span().start),
                    }),
                }
            } else if KEYS.iter().any(|known| known.starts_with(&group)) {
                match value.get_ref().as_table() {
                    Some(inner) => self.table(&group, inner),
                    None => self.wrong_type(&name, "a table", value),
                }
            } else {
                let near = nearest(&name);
                self.fault(key.span().start, FaultKind::UnknownKey { key: name, near });
            }
        }
    }

    fn value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        match key {
            "listen" => self.written.listen = self.parsed(key, value),
            "ui" => self.written.ui = self.parsed(key, value),
            "data" => self.written.data = self.path(key, value),
            "ca.dir" => self.written.ca_dir = self.path(key, value),
            "upstream.ca" => self.written.upstream_ca = self.list(key, value, Self::path),
            "upstream.insecure" => {
                self.written.upstream_insecure = self.list(key, value, Self::parsed);
            }
            "capture.body_limit" => self.written.body_limit = self.parsed(key, value),
            "capture.history.exchanges" => {
                self.written.history_exchanges = self.number(key, value, (1, 100_000));
            }
            "capture.history.minutes" => {
                self.written.history_minutes = self.number(key, value, (1, 7 * 24 * 60));
            }
            "capture.retention" => self.written.retention = self.parsed(key, value),
            "display.color" => self.written.color = self.parsed(key, value),
            "display.width" => self.written.width = self.number(key, value, (60, 100)),
            _ => {}
        }
    }

    fn parsed<T: FromStr>(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Located<T>>
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

    fn path(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Located<PathBuf>> {
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

    fn string(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Located<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, "a string", value);
            return None;
        };
        Some(Located {
            value: text.to_owned(),
            position: Position::of(self.text, value.span().start),
        })
    }

    fn number<T: TryFrom<u64>>(
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

    fn list<T>(
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

    fn wrong_type(&mut self, key: &str, expected: &'static str, value: &Spanned<DeValue<'_>>) {
        let kind = FaultKind::WrongType {
            key: key.to_owned(),
            expected,
            found: type_name(value.get_ref()),
        };
        self.fault(value.span().start, kind);
    }

    fn bad_value(&mut self, key: &str, text: &str, reason: String, at: &Spanned<DeValue<'_>>) {
        let kind = FaultKind::BadValue {
            key: key.to_owned(),
            value: text.chars().take(LONGEST_QUOTE).collect(),
            reason,
        };
        self.fault(at.span().start, kind);
    }

    fn fault(&mut self, offset: usize, kind: FaultKind) {
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

/// The key that was probably meant: spelt alike, or of the same name in another table.
fn nearest(key: &str) -> Option<&'static str> {
    if key.len() > LONGEST_QUOTE {
        return None;
    }
    let last = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
    let likeness = |known: &'static str| {
        let whole = strsim::normalized_damerau_levenshtein(key, known);
        let own = key.rsplit('.').next().unwrap_or(key);
        whole.max(strsim::normalized_damerau_levenshtein(own, last(known)))
    };
    KEYS.into_iter()
        .map(|known| (likeness(known), known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// How many characters of a key or value are quoted or compared: longer ones help nobody.
const LONGEST_QUOTE: usize = 80;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn faults(text: &str, trust: Trust) -> Vec<String> {
        read(text, trust)
            .unwrap_err()
            .into_iter()
            .map(|fault| format!("{} {}", fault.position, fault.kind))
            .collect()
    }

    #[test]
    fn every_key_is_read_with_its_type() {
        let written = read(
            "listen = '127.0.0.1:1'\nui = 'off'\ndata = 'd'\nca.dir = 'certs'\n\
             upstream = { ca = ['a.pem'], insecure = ['h'] }\n\
             [capture]\nbody_limit = '1 KiB'\nretention = '2 d'\n\
             history = { exchanges = 1, minutes = 2 }\n[display]\ncolor = 'never'\nwidth = 60\n",
            Trust::Named,
        )
        .unwrap();
        assert_eq!(written.ca_dir.unwrap().value, PathBuf::from("certs"));
        assert_eq!(written.upstream_ca.len(), 1);
        assert_eq!(written.upstream_insecure.len(), 1);
        assert_eq!(written.history_minutes.unwrap().value, 2);
        assert_eq!(
            written.width.unwrap().position,
            Position {
                line: 12,
                column: 9
            }
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest() {
        assert_eq!(
            faults(
                "listen = '[::1]:1'\n\n[capture]\n  body_limt = 1\n",
                Trust::Named
            ),
            ["4:3 there is no key `capture.body_limt`; did you mean `capture.body_limit`?"]
        );
        assert_eq!(
            faults("retention = '7 d'", Trust::Named),
            ["1:1 there is no key `retention`; did you mean `capture.retention`?"]
        );
        assert_eq!(
            faults("zzz = 1", Trust::Named),
            ["1:1 there is no key `zzz`"]
        );
    }

    #[test]
    fn all_faults_are_found_in_the_order_of_the_file() {
        let text = "ui = 4011\nlisten = '127.0.0.1'\ndisplay = 3\nupstream.insecure = ['a', 1]\n\
                    capture.retention = '7'\n[display2]\n";
        assert_eq!(
            faults(text, Trust::Named),
            [
                "1:6 `ui` must be a string, got a whole number",
                "2:10 `listen` cannot be \"127.0.0.1\": the port is missing, as in 127.0.0.1:4010",
                "3:11 `display` must be a table, got a whole number",
                "4:27 `upstream.insecure` must be a string, got a whole number",
                "5:21 `capture.retention` cannot be \"7\": the unit is missing: s, m, h, d, w",
                "6:2 there is no key `display2`",
            ]
        );
    }

    #[test]
    fn a_found_file_may_only_say_how_things_look() {
        assert!(read("[display]\ncolor = 'always'", Trust::Found).is_ok());
        assert_eq!(
            faults("upstream.insecure = ['bank.test']", Trust::Found),
            ["1:10 `upstream.insecure` does not count in a file that was found, not named"]
        );
        for key in KEYS.iter().filter(|key| !key.starts_with("display.")) {
            assert!(read(&format!("{key} = ''"), Trust::Found).is_err(), "{key}");
        }
    }

    #[test]
    fn what_does_not_count_can_be_passed_over() {
        let text = "data = 'd'\ndisplay.width = 70";
        let written = read(text, Trust::FoundInPassing).unwrap();
        assert_eq!(written.data, None);
        assert_eq!(written.width.unwrap().value, 70);
        assert_eq!(written.passed_over[0].value, "data");
        assert!(read("dta = 'd'", Trust::FoundInPassing).is_err());
    }

    #[test]
    fn no_toml_is_a_fault_with_its_place() {
        let faults = faults("listen = \n", Trust::Named);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("1:"), "{faults:?}");
    }

    #[test]
    fn every_key_can_be_wrong() {
        for key in KEYS {
            assert!(
                read(&format!("{key} = true"), Trust::Named).is_err(),
                "{key}"
            );
        }
    }

    #[test]
    fn columns_count_characters() {
        let faults = faults("ui = 'ü' # ü\n\"ü\" = 1", Trust::Named);
        assert_eq!(faults.len(), 2);
        assert!(faults[1].starts_with("2:1 "), "{faults:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Err(faults) = read(&text, Trust::Named) {
                prop_assert!(!faults.is_empty());
            }
        }

        #[test]
        fn any_value_of_any_key_is_read_or_refused(key in 0_usize..KEYS.len(), value in ".*") {
            let text = format!("{} = {value}", KEYS[key]);
            let _read = read(&text, Trust::Named).is_ok();
        }
    }
}
