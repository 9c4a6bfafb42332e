//! The curl that is installed: its version and its options.

use std::collections::BTreeMap;

use super::common::clients::bare;

/// What is known of it.
pub struct Curl {
    /// Such as (7, 88, 1).
    pub version: (u32, u32, u32),
    /// Long names, with their letters.
    options: BTreeMap<String, Option<char>>,
}

impl Curl {
    /// Asks the curl of the path.
    pub fn ask() -> Self {
        let version = said(&["--version"]);
        let mut numbers = version
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .split('.')
            .map(|number| number.parse().unwrap_or(0));
        let mut number = || numbers.next().unwrap_or(0);
        let version = (number(), number(), number());
        let options = said(&["--help", "all"])
            .lines()
            .filter_map(option)
            .collect();
        Self { version, options }
    }

    /// Whether there is that option, given without dashes; `no-` may stand before its name.
    pub fn knows(&self, name: &str) -> bool {
        if let Some(expanded) = name.strip_prefix("expand-") {
            return self.options.contains_key("variable") && self.options.contains_key(expanded);
        }
        let other = match name.strip_prefix("no-") {
            Some(name) => name.to_owned(),
            None => format!("no-{name}"),
        };
        self.options.contains_key(name) || self.options.contains_key(&other)
    }

    pub fn letter(&self, name: &str) -> Option<char> {
        self.options.get(name).copied().flatten()
    }

    /// The shortest start of a name that means no other option of this curl.
    pub fn abbreviated(&self, name: &str) -> String {
        for end in 1..name.len() {
            let start = &name[..end];
            let fitting = self.options.keys().filter(|known| known.starts_with(start));
            if fitting.count() == 1 {
                return start.to_owned();
            }
        }
        name.to_owned()
    }
}

fn said(arguments: &[&str]) -> String {
    let output = bare("curl")
        .args(arguments)
        .output()
        .expect("curl is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// ` -d, --data <data>  HTTP POST data`
fn option(line: &str) -> Option<(String, Option<char>)> {
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let letter = first
        .strip_suffix(',')
        .and_then(|letter| letter.chars().nth(1));
    let long = if letter.is_some() {
        words.next()?
    } else {
        first
    };
    Some((long.strip_prefix("--")?.to_owned(), letter))
}
