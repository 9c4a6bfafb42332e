//! A configuration file as written: every key typed, every fault of the file found, with its place.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::color::ColorWhen;
use super::entries::{ClientCertificate, Draft, Resolve};
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

/// Every key. Those of `display` count even in a file that was only found.
pub const KEYS: [&str; 36] = [
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
const LISTS: [&str; 3] = ["resolve", "client_certificate", "passthrough"];

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
                    Trust::Found | Trust::FoundInPassing if !name.starts_with("display.") => {
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
    fn the_entries_of_lists_are_read() {
        let written = read(
            "[[resolve]]\nhost = 'API.test'\nport = 443\naddress = '127.0.0.1:8443'\n\
             [[client_certificate]]\nhost = '*.acme.test'\ncertificate = 'c.pem'\nkey = 'c.key'\n\
             [[client_certificate]]\nhost = 'b.test'\npkcs12 = 'b.p12'\npassword_env = 'P'\n\
             [[passthrough]]\nhost = '*.bank.test'\n[[passthrough]]\nhost = 'tax.test'\n",
            Trust::Named,
        )
        .unwrap();
        assert_eq!(written.resolve[0].value.host, "api.test");
        assert_eq!(written.resolve[0].value.address.port, Some(8443));
        assert_eq!(written.client_certificates.len(), 2);
        assert!(
            written.client_certificates[0]
                .value
                .host
                .matches("a.acme.test")
        );
        assert_eq!(written.client_certificates[1].position.line, 9);
        assert_eq!(written.passthrough.len(), 2);
    }

    #[test]
    fn an_entry_that_lacks_something_or_says_too_much_is_told() {
        let text = "[[resolve]]\nhost = 'a'\n[[client_certificate]]\nhost = 'a'\nkey = 'k'\n\
                    pkcs12 = 'p'\n[[passthrough]]\nhosts = 'a'\n[zzz]\n";
        assert_eq!(
            faults(text, Trust::Named),
            [
                "1:1 this `[[resolve]]` lacks `host` and `address`",
                "3:1 this `[[client_certificate]]` lacks either `certificate` and `key`, or \
                 `pkcs12` and its `password_env`",
                "8:1 there is no key `passthrough.hosts`; did you mean `passthrough.host`?",
                "9:2 there is no key `zzz`",
            ]
        );
        assert_eq!(
            faults("resolve = 1\npassthrough = ['a']", Trust::Named),
            [
                "1:11 `resolve` must be a list of tables, got a whole number",
                "2:16 `passthrough` must be a list of tables, got a string",
            ]
        );
    }

    #[test]
    fn a_limit_is_within_bounds() {
        let text = "[limits]\nhead_bytes = '1 B'\nhead_timeout = '2 h'\nconnections = 0\n\
                    shutdown_grace = '50 ms'\n";
        assert_eq!(
            faults(text, Trust::Named),
            [
                "2:14 `limits.head_bytes` cannot be \"1 B\": 1 KiB to 64 MiB is expected",
                "3:16 `limits.head_timeout` cannot be \"2 h\": 10 ms to 1 h is expected",
                "4:15 `limits.connections` cannot be \"0\": a number from 1 to 1000000 is expected",
            ]
        );
    }

    #[test]
    fn a_password_is_not_repeated_when_its_url_is_off() {
        let text = "upstream.proxy = 'ftp://me:secret@p.test:1'\n\
                    reverse.url = 'https://me:secret@a.test'\n";
        let faults = faults(text, Trust::Named).join("\n");
        assert!(
            faults.contains("`upstream.proxy` cannot be used"),
            "{faults}"
        );
        assert!(faults.contains("`reverse.url` cannot be used"), "{faults}");
        assert!(!faults.contains("secret"), "{faults}");
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
                "5:21 `capture.retention` cannot be \"7\": the unit is missing: ms, s, m, h, d, w",
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
                read(&format!("{key} = 2026-01-01"), Trust::Named).is_err(),
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
