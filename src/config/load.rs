//! Finds the configuration files and lays flags over files over defaults.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;
use thiserror::Error;

use super::file::{self, Fault, Located, Trust, Written};
use super::settings::{
    BODY_LIMIT, ColorWhen, HISTORY_AGE, HISTORY_EXCHANGES, InsecureHost, LISTEN, ListenAddr,
    RETENTION, Setting, Settings, Source, UiAddr,
};

/// What the flags say.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// The command has no `--config`: what does not count in a found file is passed over.
    pub no_config: bool,
    /// `--listen`
    pub listen: Option<ListenAddr>,
    /// `--ui`
    pub ui: Option<UiAddr>,
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--upstream-ca`
    pub upstream_ca: Vec<PathBuf>,
    /// `--insecure-upstream`
    pub insecure_upstream: Vec<InsecureHost>,
    /// `--color`
    pub color: Option<ColorWhen>,
}

/// Where files are looked for.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The working directory.
    pub working: PathBuf,
    /// The user's home, for `~/`.
    pub home: Option<PathBuf>,
    /// Our folder among the user's configuration files.
    pub user_config: Option<PathBuf>,
    /// Our folder among the user's data.
    pub user_data: Option<PathBuf>,
}

impl Places {
    /// The places of this user and this process, by the conventions of the system.
    pub fn of_this_process() -> Self {
        let base = etcetera::choose_base_strategy().ok();
        Self {
            working: PathBuf::from("."),
            home: base.as_ref().map(|base| base.home_dir().to_owned()),
            user_config: base.as_ref().map(|base| base.config_dir().join("why401")),
            user_data: base.map(|base| base.data_dir().join("why401")),
        }
    }
}

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("the configuration file cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has faults.
    #[error("the configuration file has faults")]
    Faults {
        /// The file.
        path: PathBuf,
        /// How it came to be read.
        trust: Trust,
        /// All of them.
        faults: Vec<Fault>,
    },
}

/// The settings: the flags, over the file of `--config`; without one over `./why401.toml` (as far
/// as that counts), over the user's own file; over the defaults.
///
/// # Errors
/// When a file cannot be read or has faults.
pub fn load(flags: &Flags, places: &Places) -> Result<Settings, ConfigError> {
    let layers = match &flags.config {
        Some(path) => vec![Layer::read(path, Trust::Named)?],
        None => found_layers(flags, places)?,
    };
    Ok(resolve(flags, &layers, places))
}

/// The name that is looked for in the working directory.
pub const FOUND_NAME: &str = "why401.toml";
/// The name that is looked for in the user's folder.
pub const USER_NAME: &str = "config.toml";

/// A file that was read; the first layer that says something counts.
struct Layer {
    path: PathBuf,
    written: Written,
}

impl Layer {
    fn read(path: &Path, trust: Trust) -> Result<Self, ConfigError> {
        let text = read_text(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let written = file::read(&text, trust).map_err(|faults| ConfigError::Faults {
            path: path.to_owned(),
            trust,
            faults,
        })?;
        Ok(Self {
            path: path.to_owned(),
            written,
        })
    }

    fn read_if_there(path: &Path, trust: Trust) -> Result<Option<Self>, ConfigError> {
        match Self::read(path, trust) {
            Err(ConfigError::Read { source, .. }) if is_absent(&source) => Ok(None),
            layer => layer.map(Some),
        }
    }

    fn source<T>(&self, located: &Located<T>) -> Source {
        Source::File(self.path.clone(), located.position)
    }

    /// A path of this file: `~/` is the home, others are relative to the file.
    fn path(&self, located: &Located<PathBuf>, places: &Places) -> Setting<PathBuf> {
        let value = match (located.value.strip_prefix("~"), &places.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self
                .path
                .parent()
                .unwrap_or(Path::new(""))
                .join(&located.value),
        };
        Setting {
            value,
            source: self.source(located),
        }
    }
}

fn found_layers(flags: &Flags, places: &Places) -> Result<Vec<Layer>, ConfigError> {
    let trust = if flags.no_config {
        Trust::FoundInPassing
    } else {
        Trust::Found
    };
    let found = Layer::read_if_there(&places.working.join(FOUND_NAME), trust)?;
    let own = match &places.user_config {
        Some(folder) => Layer::read_if_there(&folder.join(USER_NAME), Trust::Named)?,
        None => None,
    };
    Ok(found.into_iter().chain(own).collect())
}

fn resolve(flags: &Flags, layers: &[Layer], places: &Places) -> Settings {
    let pick = Pick { layers };
    let data = data_folder(flags, layers, places);
    let ca_dir = layers
        .iter()
        .find_map(|layer| Some(layer.path(layer.written.ca_dir.as_ref()?, places)))
        .or_else(|| data.clone());
    Settings {
        listen: pick.value(flag("--listen", flags.listen), |w| w.listen, LISTEN),
        ui: pick.value(flag("--ui", flags.ui), |w| w.ui, UiAddr::Off),
        ca_dir,
        upstream_ca: upstream_ca(flags, layers, places),
        insecure_upstream: insecure_upstream(flags, layers),
        body_limit: pick.value(None, |w| w.body_limit, BODY_LIMIT),
        history_exchanges: pick
            .value(None, |w| w.history_exchanges, 0)
            .map_file(|count| count as usize, HISTORY_EXCHANGES),
        history_age: pick.value(None, |w| w.history_minutes, 0).map_file(
            |minutes| Duration::from_secs(u64::from(minutes) * 60),
            HISTORY_AGE,
        ),
        retention: pick
            .value(None, |w| w.retention, super::units::Span(RETENTION))
            .map_file(|span| span.0, RETENTION),
        color: pick.value(flag("--color", flags.color), |w| w.color, ColorWhen::Auto),
        width: pick.value(None, |w| w.width, 0).map_file(Some, None),
        passed_over: passed_over(layers),
        data,
    }
}

/// Looks a value up in the layers.
struct Pick<'l> {
    layers: &'l [Layer],
}

impl Pick<'_> {
    fn value<T: Copy>(
        &self,
        flag: Option<Setting<T>>,
        written: fn(&Written) -> Option<Located<T>>,
        default: T,
    ) -> Setting<T> {
        let from_file = || {
            self.layers.iter().find_map(|layer| {
                let located = written(&layer.written)?;
                Some(Setting {
                    value: located.value,
                    source: layer.source(&located),
                })
            })
        };
        flag.or_else(from_file).unwrap_or(Setting {
            value: default,
            source: Source::Default,
        })
    }
}

impl<T> Setting<T> {
    /// Converts a value that somebody wrote; the default is given in its final type.
    fn map_file<U>(self, convert: impl FnOnce(T) -> U, default: U) -> Setting<U> {
        let value = match self.source {
            Source::Default => default,
            Source::File(..) | Source::Flag(_) => convert(self.value),
        };
        Setting {
            value,
            source: self.source,
        }
    }
}

fn flag<T>(name: &'static str, value: Option<T>) -> Option<Setting<T>> {
    value.map(|value| Setting {
        value,
        source: Source::Flag(name),
    })
}

fn data_folder(flags: &Flags, layers: &[Layer], places: &Places) -> Option<Setting<PathBuf>> {
    flag("--data", flags.data.clone())
        .or_else(|| {
            layers
                .iter()
                .find_map(|layer| Some(layer.path(layer.written.data.as_ref()?, places)))
        })
        .or_else(|| {
            places.user_data.clone().map(|value| Setting {
                value,
                source: Source::Default,
            })
        })
}

fn upstream_ca(flags: &Flags, layers: &[Layer], places: &Places) -> Vec<Setting<PathBuf>> {
    let written = layers.iter().flat_map(|layer| {
        let files = layer.written.upstream_ca.iter();
        files.map(|file| layer.path(file, places))
    });
    let named = flags.upstream_ca.iter().cloned();
    written
        .chain(named.filter_map(|file| flag("--upstream-ca", Some(file))))
        .collect()
}

fn insecure_upstream(flags: &Flags, layers: &[Layer]) -> Vec<Setting<InsecureHost>> {
    let written = layers.iter().flat_map(|layer| {
        let hosts = layer.written.upstream_insecure.iter();
        hosts.map(|host| Setting {
            value: host.value.clone(),
            source: layer.source(host),
        })
    });
    let named = flags.insecure_upstream.iter().cloned();
    written
        .chain(named.filter_map(|host| flag("--insecure-upstream", Some(host))))
        .collect()
}

fn passed_over(layers: &[Layer]) -> Vec<Setting<String>> {
    let keys = layers.iter().flat_map(|layer| {
        let keys = layer.written.passed_over.iter();
        keys.map(|key| Setting {
            value: key.value.clone(),
            source: layer.source(key),
        })
    });
    keys.collect()
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(LARGEST_FILE + 1)
        .read_to_string(&mut text)?;
    if read as u64 > LARGEST_FILE {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

/// A configuration is written by hand; what is larger was named by mistake.
const LARGEST_FILE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
    }

    #[test]
    fn the_example_names_every_key() {
        let text = include_str!("../../config.example.toml");
        let (mut table, mut named) = (String::new(), Vec::new());
        for line in text.lines() {
            let line = line.strip_prefix("# ").unwrap_or(line);
            if let Some(header) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                table = format!("{header}.");
            } else if let Some((key, _)) = line.split_once(" = ") {
                named.push(format!("{table}{key}"));
            }
        }
        named.sort();
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
}
