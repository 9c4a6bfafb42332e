//! A configuration file as written: every key typed, every fault of the file found, with its place.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::color::ColorWhen;
use super::entries::{BaselineFile, ClientCertificate, Draft, Resolve};
use super::exceptions::ProxyException;
use super::fault::{Fault, FaultKind, Located, Position, nearest};
use super::host::{HostPattern, InsecureHost};
use super::limits::{COUNTS, ChosenLimits, SIZES, WAITS};
use super::listen::{ListenAddr, UiAddr};
use super::proxy_url::UpstreamProxy;
use super::reader::Reader;
use super::reverse::ReverseUrl;
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
    /// `lan`
    pub lan: Option<Located<bool>>,
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
    /// `upstream.proxy`
    pub upstream_proxy: Option<Located<UpstreamProxy>>,
    /// `upstream.no_proxy`
    pub no_proxy: Option<Vec<Located<ProxyException>>>,
    /// `[[resolve]]`
    pub resolve: Vec<Located<Resolve>>,
    /// `[[client_certificate]]`
    pub client_certificates: Vec<Located<ClientCertificate>>,
    /// `[[passthrough]]`
    pub passthrough: Vec<Located<HostPattern>>,
    /// `[[baseline]]`
    pub baselines: Vec<Located<BaselineFile>>,
    /// `reverse.url`
    pub reverse: Option<Located<ReverseUrl>>,
    /// `reverse.keep_host`
    pub reverse_keep_host: Option<Located<bool>>,
    /// `limits`
    pub limits: ChosenLimits,
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

/// Every key. Those of `baseline` and `display` count even in a file that was only found.
pub const KEYS: [&str; 40] = [
    "listen",
    "lan",
    "ui",
    "data",
    "ca.dir",
    "upstream.ca",
    "upstream.insecure",
    "upstream.proxy",
    "upstream.no_proxy",
    "resolve.host",
    "resolve.port",
    "resolve.address",
    "client_certificate.host",
    "client_certificate.certificate",
    "client_certificate.key",
    "client_certificate.pkcs12",
    "client_certificate.password_env",
    "passthrough.host",
    "baseline.file",
    "baseline.item",
    "baseline.environment",
    "baseline.name",
    "reverse.url",
    "reverse.keep_host",
    "limits.connections",
    "limits.head_bytes",
    "limits.head_fields",
    "limits.request_line",
    "limits.chunk_extensions",
    "limits.head_timeout",
    "limits.connect_timeout",
    "limits.tls_timeout",
    "limits.shutdown_grace",
    "limits.own_header_list",
    "capture.body_limit",
    "capture.history.exchanges",
    "capture.history.minutes",
    "capture.retention",
    "display.color",
    "display.width",
];

/// The keys whose value is a list of tables.
const LISTS: [&str; 4] = ["resolve", "client_certificate", "passthrough", "baseline"];

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
    let mut file = File {
        reader: Reader {
            text,
            faults: Vec::new(),
        },
        trust,
        written: Written::default(),
    };
    file.table("", table.get_ref());
    let mut faults = file.reader.faults;
    if faults.is_empty() {
        return Ok(file.written);
    }
    faults.sort_by_key(|fault| fault.position);
    Err(faults)
}

struct File<'t> {
    reader: Reader<'t>,
    trust: Trust,
    written: Written,
}

impl File<'_> {
    /// Goes no deeper than [`KEYS`] do: a table of another name is a fault.
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let group = format!("{name}.");
            let is_list = LISTS.contains(&name.as_str());
            if is_list || KEYS.contains(&name.as_str()) {
                match self.trust {
                    Trust::Found | Trust::FoundInPassing if !counts_where_found(&name) => {
                        self.does_not_count(name, key.span().start);
                    }
                    _ if is_list => self.entries(&name, value),
                    _ => self.value(&name, value),
                }
            } else if KEYS.iter().any(|known| known.starts_with(&group)) {
                match value.get_ref().as_table() {
                    Some(inner) => self.table(&group, inner),
                    None => self.reader.wrong_type(&name, "a table", value),
                }
            } else {
                self.unknown(name, key.span().start);
            }
        }
    }

    fn does_not_count(&mut self, key: String, offset: usize) {
        match self.trust {
            Trust::FoundInPassing => self.written.passed_over.push(Located {
                value: key,
                position: Position::of(self.reader.text, offset),
            }),
            Trust::Named | Trust::Found => {
                self.reader.fault(offset, FaultKind::OnlyWhenNamed(key));
            }
        }
    }

    fn unknown(&mut self, key: String, offset: usize) {
        let near = nearest(&key);
        self.reader
            .fault(offset, FaultKind::UnknownKey { key, near });
    }

    fn value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        let (reader, written) = (&mut self.reader, &mut self.written);
        match key {
            "listen" => written.listen = reader.parsed(key, value),
            "lan" => written.lan = reader.flag(key, value),
            "ui" => written.ui = reader.parsed(key, value),
            "data" => written.data = reader.path(key, value),
            "ca.dir" => written.ca_dir = reader.path(key, value),
            "upstream.ca" => written.upstream_ca = reader.list(key, value, Reader::path),
            "upstream.insecure" => {
                written.upstream_insecure = reader.list(key, value, Reader::parsed);
            }
            "upstream.proxy" => written.upstream_proxy = reader.secret(key, value),
            "upstream.no_proxy" => {
                written.no_proxy = Some(reader.list(key, value, Reader::parsed));
            }
            "reverse.url" => written.reverse = reader.secret(key, value),
            "reverse.keep_host" => written.reverse_keep_host = reader.flag(key, value),
            "capture.body_limit" => written.body_limit = reader.parsed(key, value),
            "capture.history.exchanges" => {
                written.history_exchanges = reader.number(key, value, (1, 100_000));
            }
            "capture.history.minutes" => {
                written.history_minutes = reader.number(key, value, (1, 7 * 24 * 60));
            }
            "capture.retention" => written.retention = reader.parsed(key, value),
            "display.color" => written.color = reader.parsed(key, value),
            "display.width" => written.width = reader.number(key, value, (60, 100)),
            limit => self.limit(limit, value),
        }
    }

    fn limit(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        let (reader, limits) = (&mut self.reader, &mut self.written.limits);
        match key {
            "limits.connections" => limits.connections = count(reader, key, value),
            "limits.head_bytes" => limits.head_bytes = size(reader, key, value),
            "limits.head_fields" => limits.head_fields = count(reader, key, value),
            "limits.request_line" => limits.request_line = size(reader, key, value),
            "limits.chunk_extensions" => limits.chunk_extensions = size(reader, key, value),
            "limits.head_timeout" => limits.head_timeout = wait(reader, key, value),
            "limits.connect_timeout" => limits.connect_timeout = wait(reader, key, value),
            "limits.tls_timeout" => limits.tls_timeout = wait(reader, key, value),
            "limits.shutdown_grace" => limits.shutdown_grace = wait(reader, key, value),
            "limits.own_header_list" => limits.own_header_list = size(reader, key, value),
            _ => {}
        }
    }

    /// The tables of a list.
    fn entries(&mut self, list: &str, value: &Spanned<DeValue<'_>>) {
        let Some(array) = value.get_ref().as_array() else {
            self.reader.wrong_type(list, "a list of tables", value);
            return;
        };
        for entry in array {
            let Some(table) = entry.get_ref().as_table() else {
                self.reader.wrong_type(list, "a list of tables", entry);
                continue;
            };
            let faults = self.reader.faults.len();
            let draft = self.draft(list, table);
            if self.reader.faults.len() == faults {
                self.keep(list, draft, entry.span().start);
            }
        }
    }

    fn draft(&mut self, list: &str, table: &DeTable<'_>) -> Draft {
        let mut draft = Draft::default();
        for (key, value) in table {
            let key_name = format!("{list}.{}", key.get_ref());
            let (name, reader) = (key_name.as_str(), &mut self.reader);
            match name {
                "resolve.host" => draft.host = bare(reader.parsed(name, value)),
                "resolve.port" => draft.port = bare(reader.number(name, value, (1, 65_535))),
                "resolve.address" => draft.address = bare(reader.parsed(name, value)),
                "client_certificate.host" | "passthrough.host" => {
                    draft.hosts = bare(reader.parsed(name, value));
                }
                "client_certificate.certificate" => {
                    draft.certificate = bare(reader.path(name, value));
                }
                "client_certificate.key" => draft.key = bare(reader.path(name, value)),
                "client_certificate.pkcs12" => draft.pkcs12 = bare(reader.path(name, value)),
                "client_certificate.password_env" => {
                    draft.password_env = bare(reader.string(name, value));
                }
                "baseline.file" => draft.file = bare(reader.path(name, value)),
                "baseline.item" => draft.item = bare(reader.string(name, value)),
                "baseline.environment" => draft.environment = bare(reader.path(name, value)),
                "baseline.name" => draft.name = bare(reader.string(name, value)),
                _ => self.unknown(key_name, key.span().start),
            }
        }
        draft
    }

    fn keep(&mut self, list: &str, draft: Draft, offset: usize) {
        let position = Position::of(self.reader.text, offset);
        let kept = match list {
            "resolve" => draft
                .into_resolve()
                .map(|value| self.written.resolve.push(Located { value, position })),
            "client_certificate" => draft.into_client_certificate().map(|value| {
                let certificates = &mut self.written.client_certificates;
                certificates.push(Located { value, position });
            }),
            "baseline" => draft
                .into_baseline()
                .map(|value| self.written.baselines.push(Located { value, position })),
            _ => draft
                .into_passthrough()
                .map(|value| self.written.passthrough.push(Located { value, position })),
        };
        if let Err(missing) = kept {
            let table = list.to_owned();
            self.reader
                .fault(offset, FaultKind::Incomplete { table, missing });
        }
    }
}

/// A cloned repository may say which requests work and how things look, and nothing else.
fn counts_where_found(key: &str) -> bool {
    key == "baseline" || key.starts_with("display.")
}

fn count(reader: &mut Reader<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> Option<u32> {
    bare(reader.number(key, value, COUNTS))
}

fn size(reader: &mut Reader<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> Option<ByteSize> {
    bare(reader.within(key, value, SIZES))
}

fn wait(reader: &mut Reader<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Span> {
    bare(reader.within(key, value, WAITS))
}

fn bare<T>(located: Option<Located<T>>) -> Option<T> {
    located.map(|located| located.value)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
