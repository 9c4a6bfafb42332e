//! Which entries of an archive are imported.

use super::archive::{Entry, Log};
use super::scan::{Fault, Place};
use super::{entry, lossy};
use crate::import::{ErrorKind, ImportedRequest};
use crate::model::Request;

/// Which entries to import.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Selection {
    /// All.
    #[default]
    All,
    /// All that were sent and answered with 2xx.
    EverySuccess,
    /// That one; the first has the number 1.
    Number(usize),
    /// The only one that was sent and answered with 2xx.
    OnlySuccess,
    /// The only one that was answered with 401.
    OnlyUnauthorized,
    /// The only one with that URL, or else the only one whose URL has that text in it.
    Url(String),
}

/// Takes the entries that are wanted and forgets the others.
pub(super) struct Collector<'a> {
    selection: &'a Selection,
    found: Vec<ImportedRequest>,
    /// What could be meant, to choose from.
    listed: Vec<String>,
    /// With [`Selection::Url`]: whether what was found has that very URL.
    is_exact: bool,
    /// How many fit; of those of which one is wanted, only the first is kept.
    fitting: usize,
    faults: Vec<Fault>,
    any_credential: bool,
    bytes: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(selection: &'a Selection) -> Self {
        Self {
            selection,
            found: Vec::new(),
            listed: Vec::new(),
            is_exact: false,
            fitting: 0,
            faults: Vec::new(),
            any_credential: false,
            bytes: 0,
        }
    }

    /// Looks at an entry.
    ///
    /// # Errors
    /// When more is wanted than an import holds.
    pub(super) fn take(&mut self, entry: Entry, log: &Log) -> Result<(), Fault> {
        let (number, place, status) = (entry.number, entry.place, entry.status);
        let was_sent = !entry.from_cache;
        let wanted = self.wants_url(&entry);
        let imported = match entry::request(entry, &log.creator) {
            Ok(imported) => imported,
            Err(fault) => return self.wrong(fault, number, status),
        };
        self.any_credential |= lossy::has_credential(&imported.request);
        let is_success =
            was_sent && (200..300).contains(&status) && !is_about_another(&imported.request);
        match self.selection {
            Selection::All => self.keep(imported, place),
            Selection::EverySuccess if is_success => self.keep(imported, place),
            Selection::Number(wanted) if *wanted == number => self.keep(imported, place),
            Selection::OnlySuccess if is_success => self.one_of(imported, number, status, place),
            Selection::OnlyUnauthorized if status == 401 => {
                self.one_of(imported, number, status, place)
            }
            Selection::Url(_) => self.by_url(wanted, imported, number, status, place),
            _ => Ok(()),
        }
    }

    fn wrong(&mut self, fault: Fault, number: usize, status: u64) -> Result<(), Fault> {
        let matters = match self.selection {
            Selection::All => true,
            Selection::EverySuccess => (200..300).contains(&status),
            Selection::Number(wanted) => *wanted == number,
            Selection::OnlySuccess | Selection::OnlyUnauthorized | Selection::Url(_) => false,
        };
        let place = fault.place;
        if matters {
            self.faults.push(fault);
        }
        match self.faults.len() {
            MAX_PROBLEMS => Err(place.fault(ErrorKind::TooMuch)),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, imported: ImportedRequest, place: Place) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(size(&imported.request));
        if self.found.len() >= MAX_REQUESTS || self.bytes > MAX_BYTES {
            return Err(place.fault(ErrorKind::TooMuch));
        }
        self.found.push(imported);
        Ok(())
    }

    /// One of those of which there should be only one.
    fn one_of(
        &mut self,
        imported: ImportedRequest,
        number: usize,
        status: u64,
        place: Place,
    ) -> Result<(), Fault> {
        self.list(&imported.request, number, status);
        self.fitting += 1;
        match self.fitting {
            1 => self.keep(imported, place),
            _ => Ok(()),
        }
    }

    fn wants_url(&self, entry: &Entry) -> Fit {
        let Selection::Url(wanted) = self.selection else {
            return Fit::None;
        };
        let url = entry.request.get("url").and_then(|url| url.as_str());
        let url = url.unwrap_or_default();
        if without_fragment(url) == without_fragment(wanted) {
            Fit::Exact
        } else if url.contains(wanted.as_str()) {
            Fit::Part
        } else {
            Fit::None
        }
    }

    fn by_url(
        &mut self,
        fit: Fit,
        imported: ImportedRequest,
        number: usize,
        status: u64,
        place: Place,
    ) -> Result<(), Fault> {
        if fit == Fit::Exact && !self.is_exact {
            // What only holds the text is forgotten.
            self.is_exact = true;
            self.fitting = 0;
            self.found.clear();
            self.listed.clear();
        }
        match fit {
            Fit::Exact => self.one_of(imported, number, status, place),
            Fit::Part if !self.is_exact => {
                if self.fitting == 0 {
                    self.listed.clear();
                }
                self.one_of(imported, number, status, place)
            }
            Fit::Part | Fit::None => {
                if self.fitting == 0 {
                    self.list(&imported.request, number, status);
                }
                Ok(())
            }
        }
    }

    /// Enough to know an entry by; queries may hold secrets.
    fn list(&mut self, request: &Request, number: usize, status: u64) {
        if self.listed.len() >= MOST_LISTED {
            return;
        }
        let path = String::from_utf8_lossy(&request.url.path);
        let path: String = path.chars().take(80).collect();
        let host = request.url.origin.authority();
        let method: String = request.method.chars().take(20).collect();
        let entry = format!("#{number} {method} {host}{path} ({status})");
        self.listed.push(entry);
    }

    /// What was found, and what is wrong.
    pub(super) fn finish(
        mut self,
        fault: Option<Fault>,
        start: Place,
        log: &Log,
    ) -> (Vec<ImportedRequest>, Vec<Fault>) {
        let was_cut = fault.is_some();
        self.faults.extend(fault);
        let nothing = match self.selection {
            Selection::All | Selection::EverySuccess if was_cut || !self.found.is_empty() => None,
            Selection::All => None,
            _ if self.fitting > 1 => {
                self.found.clear();
                let known = self.listed;
                Some(ErrorKind::SeveralItems { known })
            }
            _ if !self.found.is_empty() || !self.faults.is_empty() => None,
            Selection::Number(number) => Some(ErrorKind::NoItem {
                wanted: format!("#{number}"),
                known: match log.entries {
                    0 => Vec::new(),
                    count => vec![format!("#1 to #{count}")],
                },
            }),
            Selection::Url(_) => Some(ErrorKind::NoItem {
                wanted: "with that URL".to_owned(),
                known: self.listed,
            }),
            Selection::EverySuccess | Selection::OnlySuccess | Selection::OnlyUnauthorized => {
                Some(ErrorKind::Shape(NONE_FITS))
            }
        };
        self.faults.extend(nothing.map(|kind| start.fault(kind)));
        if let Some(warning) = lossy::sanitised(&log.creator, self.any_credential) {
            for found in &mut self.found {
                found.warnings.push(warning.clone());
            }
        }
        (self.found, self.faults)
    }
}

/// How well an entry fits a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Exact,
    Part,
    None,
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

/// A CORS preflight and the opening of a tunnel succeed without any credential.
fn is_about_another(request: &Request) -> bool {
    let asks = request.fields.contains("access-control-request-method");
    request.method == "CONNECT" || (request.method == "OPTIONS" && asks)
}

/// About how much memory it takes.
fn size(request: &Request) -> usize {
    let lines = request.fields.lines().iter();
    let fields: usize = lines
        .map(|line| line.name().len() + line.raw_value().len() + PER_FIELD)
        .sum();
    fields + request.content.bytes.len() + 2 * request.target.len() + PER_FIELD
}

const PER_FIELD: usize = 64;

/// The most requests of one archive.
const MAX_REQUESTS: usize = 50_000;

/// The most memory that requests of one archive take.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// The most problems that are reported of one archive.
const MAX_PROBLEMS: usize = 1000;

/// As many entries as somebody could want to choose from.
const MOST_LISTED: usize = 20;

const NONE_FITS: &str = "no entry has the status that is looked for: name the one you mean, as in \
                         FILE.har#1";
