use std::fs;
use std::path::Path;

use super::*;
use crate::config::entries::CertificateFiles;
use crate::config::environment;
use crate::config::file;
use crate::model::Scheme;

struct Folders {
    root: tempfile::TempDir,
    places: Places,
}

fn folders() -> Folders {
    let root = tempfile::tempdir().unwrap();
    let places = Places {
        working: root.path().join("work"),
        home: Some(root.path().join("home")),
        user_config: Some(root.path().join("config")),
        user_data: Some(root.path().join("data")),
        proxies: Proxies::default(),
    };
    fs::create_dir(&places.working).unwrap();
    fs::create_dir(root.path().join("config")).unwrap();
    Folders { root, places }
}

impl Folders {
    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(path);
        fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn the_example_loads_as_it_stands_and_says_the_defaults() {
    let folders = folders();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    let example = load(&flags, &folders.places).unwrap();
    let default = load(&Flags::default(), &folders.places).unwrap();
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs");
    assert_eq!(example.ca_dir.unwrap().value, certs);
    assert_eq!(example.listen.value, default.listen.value);
    assert_eq!(example.ui.value, default.ui.value);
    assert_eq!(example.body_limit.value, default.body_limit.value);
    assert_eq!(example.retention.value, default.retention.value);
    assert_eq!(example.history_age.value, default.history_age.value);
    assert_eq!(
        example.history_exchanges.value,
        default.history_exchanges.value
    );
    assert_eq!(example.color.value, default.color.value);
    assert_eq!(example.lan.value, default.lan.value);
    assert_eq!(example.proxies.http, None);
    assert_eq!(example.proxies.https, None);
    assert_eq!(example.reverse, None);
    assert_eq!(
        example.reverse_keep_host.value,
        default.reverse_keep_host.value
    );
}

#[test]
fn the_example_names_every_key() {
    let text = include_str!("../../config.example.toml");
    let (mut table, mut named) = (String::new(), Vec::new());
    for line in text.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let list = line.strip_prefix("[[").and_then(|l| l.strip_suffix("]]"));
        if let Some(header) = list {
            table = format!("{header}.");
        } else if let Some(header) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            table = format!("{header}.");
        } else if let Some((key, _)) = line.split_once(" = ") {
            named.push(format!("{table}{key}"));
        }
    }
    named.sort();
    // An entry of a list may stand there twice, in two forms.
    named.dedup();
    let mut keys = file::KEYS;
    keys.sort();
    assert_eq!(named, keys);
}

#[test]
fn without_files_and_flags_the_defaults_count() {
    let folders = folders();
    let settings = load(&Flags::default(), &folders.places).unwrap();
    assert_eq!(settings.listen.value, LISTEN);
    assert_eq!(settings.listen.source, Source::Default);
    assert_eq!(settings.history_exchanges.value, 500);
    assert_eq!(settings.retention.value, Duration::from_secs(604_800));
    let data = settings.data.as_ref().unwrap();
    assert_eq!(data.value, folders.root.path().join("data"));
    assert_eq!(settings.ca_dir.unwrap().value, data.value);
    assert_eq!(settings.width.value, None);
}

#[test]
fn a_flag_beats_the_found_file_and_that_beats_the_users_own() {
    let folders = folders();
    folders.write(
        "work/why401.toml",
        "display.width = 70\ndisplay.color = 'always'",
    );
    folders.write(
        "config/config.toml",
        "display.width = 90\nlisten = '[::1]:9'",
    );
    let flags = Flags {
        color: Some(ColorWhen::Never),
        ..Flags::default()
    };
    let settings = load(&flags, &folders.places).unwrap();
    assert_eq!(settings.width.value, Some(70));
    assert_eq!(settings.color.value, ColorWhen::Never);
    assert_eq!(settings.color.source, Source::Flag("--color"));
    assert_eq!(settings.listen.value, "[::1]:9".parse().unwrap());
    assert!(
        settings
            .listen
            .source
            .to_string()
            .ends_with("config.toml:2:10")
    );
}

#[test]
fn a_named_file_counts_alone_and_in_full() {
    let folders = folders();
    folders.write("work/why401.toml", "display.width = 70");
    folders.write("config/config.toml", "display.width = 90");
    let named = folders.write(
        "named.toml",
        "ca.dir = 'certs'\ndata = '~/d'\nupstream.ca = ['a.pem', '/b.pem']",
    );
    let flags = Flags {
        config: Some(named),
        upstream_ca: vec![PathBuf::from("c.pem")],
        ..Flags::default()
    };
    let settings = load(&flags, &folders.places).unwrap();
    assert_eq!(settings.width.value, None);
    assert_eq!(
        settings.ca_dir.unwrap().value,
        folders.root.path().join("certs")
    );
    assert_eq!(
        settings.data.unwrap().value,
        folders.root.path().join("home/d")
    );
    let files: Vec<_> = settings
        .upstream_ca
        .iter()
        .map(|ca| ca.value.clone())
        .collect();
    let beside = folders.root.path().join("a.pem");
    assert_eq!(
        files,
        [beside, PathBuf::from("/b.pem"), PathBuf::from("c.pem")]
    );
}

#[test]
fn a_found_file_that_says_more_is_refused() {
    let folders = folders();
    folders.write("work/why401.toml", "ca.dir = '/tmp'");
    let error = load(&Flags::default(), &folders.places).unwrap_err();
    assert!(matches!(
        error,
        ConfigError::Faults {
            trust: Trust::Found,
            ..
        }
    ));
    let flags = Flags {
        no_config: true,
        ..Flags::default()
    };
    let settings = load(&flags, &folders.places).unwrap();
    assert_eq!(settings.passed_over[0].value, "ca.dir");
    assert_ne!(settings.ca_dir.unwrap().value, Path::new("/tmp"));
}

#[test]
fn a_named_file_that_is_absent_unreadable_or_huge_is_an_error() {
    let folders = folders();
    let flags = |path| Flags {
        config: Some(path),
        ..Flags::default()
    };
    let read = |path| load(&flags(path), &folders.places).unwrap_err();
    assert!(matches!(
        read(folders.root.path().join("no")),
        ConfigError::Read { .. }
    ));
    assert!(matches!(
        read(folders.places.working.clone()),
        ConfigError::Read { .. }
    ));
    let huge = folders.write("huge.toml", &" ".repeat(2 << 20));
    assert!(matches!(read(huge), ConfigError::Read { .. }));
}

#[test]
fn an_address_that_others_can_reach_needs_lan() {
    let folders = folders();
    let flags = |lan| Flags {
        listen: Some("0.0.0.0:4010".parse().unwrap()),
        lan,
        ..Flags::default()
    };
    assert!(matches!(
        load(&flags(false), &folders.places).unwrap_err(),
        ConfigError::OpenToOthers {
            chosen_by: Source::Flag("--listen"),
            ..
        }
    ));
    assert!(load(&flags(true), &folders.places).is_ok());
    folders.write("config/config.toml", "listen = '0.0.0.0:4010'");
    let listing = Flags {
        no_config: true,
        ..Flags::default()
    };
    assert!(load(&listing, &folders.places).is_ok());
    folders.write("config/config.toml", "lan = true");
    assert!(load(&flags(false), &folders.places).is_ok());
}

#[test]
fn a_named_proxy_beats_the_environment() {
    let mut folders = folders();
    folders.places.proxies = environment::proxies(|name| match name {
        "ALL_PROXY" => Some("http://env.test:1".to_owned()),
        "NO_PROXY" => Some("a.test".to_owned()),
        _ => None,
    });
    let way = |flags: &Flags, host: &str| {
        let settings = load(flags, &folders.places).unwrap();
        let proxy = settings.proxies.on_the_way_to(Scheme::Https, host);
        proxy.map(|proxy| proxy.host.clone())
    };
    let none = Flags::default();
    assert_eq!(way(&none, "b.test").as_deref(), Some("env.test"));
    assert_eq!(way(&none, "a.test"), None);
    folders.write(
        "config/config.toml",
        "[upstream]\nproxy = 'http://u:p@file.test:1'\nno_proxy = ['b.test']",
    );
    assert_eq!(way(&none, "a.test").as_deref(), Some("file.test"));
    assert_eq!(way(&none, "b.test"), None);
    let flags = Flags {
        upstream_proxy: Some("socks5h://flag.test".parse().unwrap()),
        ..Flags::default()
    };
    assert_eq!(way(&flags, "a.test").as_deref(), Some("flag.test"));
    assert_eq!(way(&flags, "b.test"), None);
}

#[test]
fn what_a_list_names_is_relative_to_its_file() {
    let folders = folders();
    let named = folders.write(
        "named.toml",
        "[[client_certificate]]\nhost = 'a.test'\ncertificate = 'c.pem'\nkey = '~/c.key'\n\
         [[client_certificate]]\nhost = 'b.test'\npkcs12 = '/b.p12'\n\
         [reverse]\nurl = 'https://a.test'\nkeep_host = true\n\
         [limits]\nhead_timeout = '1 s'\n",
    );
    let flags = Flags {
        config: Some(named),
        ..Flags::default()
    };
    let settings = load(&flags, &folders.places).unwrap();
    let files: Vec<_> = settings
        .client_certificates
        .iter()
        .map(|setting| setting.value.files.clone())
        .collect();
    let pem = CertificateFiles::Pem {
        certificate: folders.root.path().join("c.pem"),
        key: folders.root.path().join("home/c.key"),
    };
    let pkcs12 = CertificateFiles::Pkcs12 {
        file: PathBuf::from("/b.p12"),
        password_env: None,
    };
    assert_eq!(files, [pem, pkcs12]);
    assert_eq!(settings.reverse.unwrap().value.authority(), "a.test");
    assert!(settings.reverse_keep_host.value);
    assert_eq!(
        settings.limits.head_timeout,
        Some(Span(Duration::from_secs(1)))
    );
    assert_eq!(settings.limits.head_bytes, None);
}

#[test]
fn without_a_home_the_data_folder_must_be_named() {
    let folders = folders();
    let places = Places {
        user_data: None,
        ..folders.places.clone()
    };
    assert_eq!(load(&Flags::default(), &places).unwrap().data, None);
    let flags = Flags {
        data: Some(PathBuf::from("d")),
        ..Flags::default()
    };
    assert!(load(&flags, &places).unwrap().data.is_some());
}
