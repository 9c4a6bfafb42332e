//! Lays flags over files over the environment over defaults.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::color::ColorWhen;
use super::entries::{BaselineFile, ClientCertificate};
use super::fault::{Fault, Located};
use super::file::{Trust, Written};
use super::host::InsecureHost;
use super::layers::{Layer, found};
use super::limits::ChosenLimits;
use super::listen::{ListenAddr, UiAddr};
use super::places::Places;
use super::proxies::Proxies;
use super::proxy_url::UpstreamProxy;
use super::reverse::ReverseUrl;
use super::settings::{
    BODY_LIMIT, HISTORY_AGE, HISTORY_EXCHANGES, LISTEN, RETENTION, Setting, Settings, Source,
};
use super::units::Span;

/// What the flags say.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// The command has no `--config`: what does not count in a found file is passed over.
    pub no_config: bool,
    /// `--listen`
    pub listen: Option<ListenAddr>,
    /// `--lan`
    pub lan: bool,
    /// `--ui`
    pub ui: Option<UiAddr>,
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--upstream-ca`
    pub upstream_ca: Vec<PathBuf>,
    /// `--insecure-upstream`
    pub insecure_upstream: Vec<InsecureHost>,
    /// `--upstream-proxy`
    pub upstream_proxy: Option<UpstreamProxy>,
    /// `--reverse`
    pub reverse: Option<ReverseUrl>,
    /// `--reverse-keep-host`
    pub reverse_keep_host: bool,
    /// `--color`
    pub color: Option<ColorWhen>,
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
    /// Other machines could reach the address, and nobody said that they may.
    #[error("other machines could reach {address}")]
    OpenToOthers {
        /// The address.
        address: SocketAddr,
        /// Who chose it.
        chosen_by: Source,
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
/// as that counts), over the user's own file; over the environment; over the defaults.
///
/// # Errors
/// When a file cannot be read or has faults, or when the proxy would be open to others unasked.
pub fn load(flags: &Flags, places: &Places) -> Result<Settings, ConfigError> {
    let layers = match &flags.config {
        Some(path) => vec![Layer::read(path, Trust::Named)?],
        None => found(flags, places)?,
    };
    let settings = resolve(flags, &layers, places);
    let listen = &settings.listen;
    // Without `--config` there is no `--lan` either, and nothing that listens.
    if listen.value.is_open_to_others() && !settings.lan.value && !flags.no_config {
        return Err(ConfigError::OpenToOthers {
            address: listen.value.0,
            chosen_by: listen.source.clone(),
        });
    }
    Ok(settings)
}

fn resolve(flags: &Flags, layers: &[Layer], places: &Places) -> Settings {
    let pick = Pick { layers };
    let data = data_folder(flags, layers, places);
    let ca_dir = path_of(layers, places, |w| w.ca_dir.as_ref()).or_else(|| data.clone());
    Settings {
        listen: pick.value(flag("--listen", flags.listen), |w| w.listen, LISTEN),
        lan: pick.value(switch("--lan", flags.lan), |w| w.lan, false),
        ui: pick.value(flag("--ui", flags.ui), |w| w.ui, UiAddr::Off),
        ca_dir,
        upstream_ca: upstream_ca(flags, layers, places),
        insecure_upstream: insecure_upstream(flags, layers),
        proxies: proxies(flags, layers, places),
        resolve: pick.all(|w| &w.resolve),
        client_certificates: client_certificates(layers, places),
        passthrough: pick.all(|w| &w.passthrough),
        baselines: baselines(layers, places),
        reverse: flag("--reverse", flags.reverse.clone())
            .or_else(|| pick.first(|w| w.reverse.as_ref()))
            .map(|reverse| reverse.map(|url| url.0)),
        reverse_keep_host: pick.value(
            switch("--reverse-keep-host", flags.reverse_keep_host),
            |w| w.reverse_keep_host,
            false,
        ),
        limits: layers
            .iter()
            .fold(ChosenLimits::default(), |limits, layer| {
                limits.or(layer.written.limits)
            }),
        body_limit: pick.value(None, |w| w.body_limit, BODY_LIMIT),
        history_exchanges: pick
            .value(None, |w| w.history_exchanges, 0)
            .map_file(|count| count as usize, HISTORY_EXCHANGES),
        history_age: pick.value(None, |w| w.history_minutes, 0).map_file(
            |minutes| Duration::from_secs(u64::from(minutes) * 60),
            HISTORY_AGE,
        ),
        retention: pick
            .value(None, |w| w.retention, Span(RETENTION))
            .map(|span| span.0),
        color: pick.value(flag("--color", flags.color), |w| w.color, ColorWhen::Auto),
        width: pick.value(None, |w| w.width, 0).map_file(Some, None),
        passed_over: pick.all(|w| &w.passed_over),
        data,
    }
}

/// Looks a value up in the layers.
struct Pick<'l> {
    layers: &'l [Layer],
}

impl<'l> Pick<'l> {
    fn value<T: Copy>(
        &self,
        flag: Option<Setting<T>>,
        written: fn(&Written) -> Option<Located<T>>,
        default: T,
    ) -> Setting<T> {
        let from_file = || {
            let mut layers = self.layers.iter();
            layers.find_map(|layer| Some(layer.setting(written(&layer.written)?)))
        };
        flag.or_else(from_file).unwrap_or(Setting {
            value: default,
            source: Source::Default,
        })
    }

    fn first<T: Clone>(
        &self,
        written: fn(&'l Written) -> Option<&'l Located<T>>,
    ) -> Option<Setting<T>> {
        let mut layers = self.layers.iter();
        layers.find_map(|layer| Some(layer.setting(written(&layer.written)?.clone())))
    }

    /// What all layers say, one after the other.
    fn all<T: Clone>(&self, written: fn(&'l Written) -> &'l Vec<Located<T>>) -> Vec<Setting<T>> {
        let layers = self.layers.iter();
        layers
            .flat_map(|layer| {
                let values = written(&layer.written).iter().cloned();
                values.map(|located| layer.setting(located))
            })
            .collect()
    }
}

impl<T> Setting<T> {
    fn map<U>(self, convert: impl FnOnce(T) -> U) -> Setting<U> {
        Setting {
            value: convert(self.value),
            source: self.source,
        }
    }

    /// Converts a value that somebody wrote; the default is given in its final type.
    fn map_file<U>(self, convert: impl FnOnce(T) -> U, default: U) -> Setting<U> {
        match self.source {
            Source::Default => self.map(|_default| default),
            Source::File(..) | Source::Flag(_) | Source::Environment(_) => self.map(convert),
        }
    }
}

fn flag<T>(name: &'static str, value: Option<T>) -> Option<Setting<T>> {
    value.map(|value| Setting {
        value,
        source: Source::Flag(name),
    })
}

fn switch(name: &'static str, given: bool) -> Option<Setting<bool>> {
    flag(name, given.then_some(true))
}

fn path_of<'l>(
    layers: &'l [Layer],
    places: &Places,
    written: fn(&'l Written) -> Option<&'l Located<PathBuf>>,
) -> Option<Setting<PathBuf>> {
    layers.iter().find_map(|layer| {
        let located = written(&layer.written)?.clone();
        Some(layer.setting(located).map(|path| layer.path(&path, places)))
    })
}

fn data_folder(flags: &Flags, layers: &[Layer], places: &Places) -> Option<Setting<PathBuf>> {
    flag("--data", flags.data.clone())
        .or_else(|| path_of(layers, places, |w| w.data.as_ref()))
        .or_else(|| {
            places.user_data.clone().map(|value| Setting {
                value,
                source: Source::Default,
            })
        })
}

fn upstream_ca(flags: &Flags, layers: &[Layer], places: &Places) -> Vec<Setting<PathBuf>> {
    let written = layers.iter().flat_map(|layer| {
        let files = layer.written.upstream_ca.iter().cloned();
        files.map(|file| layer.setting(file).map(|path| layer.path(&path, places)))
    });
    let named = flags.upstream_ca.iter().cloned();
    written
        .chain(named.filter_map(|file| flag("--upstream-ca", Some(file))))
        .collect()
}

fn insecure_upstream(flags: &Flags, layers: &[Layer]) -> Vec<Setting<InsecureHost>> {
    let written = Pick { layers }.all(|w| &w.upstream_insecure);
    let named = flags.insecure_upstream.iter().cloned();
    written
        .into_iter()
        .chain(named.filter_map(|host| flag("--insecure-upstream", Some(host))))
        .collect()
}

/// One that was named is for every scheme; exceptions that were written replace those of the
/// environment.
fn proxies(flags: &Flags, layers: &[Layer], places: &Places) -> Proxies {
    let environment = places.proxies.clone();
    let named = flag("--upstream-proxy", flags.upstream_proxy.clone())
        .or_else(|| Pick { layers }.first(|w| w.upstream_proxy.as_ref()));
    let written = layers.iter().find_map(|layer| {
        let entries = layer.written.no_proxy.clone()?;
        let settings = entries.into_iter().map(|entry| layer.setting(entry));
        Some(settings.collect())
    });
    let exceptions = written.unwrap_or(environment.exceptions);
    match named {
        Some(_) => Proxies {
            http: named.clone(),
            https: named,
            exceptions,
            unusable: Vec::new(),
        },
        None => Proxies {
            exceptions,
            ..environment
        },
    }
}

fn baselines(layers: &[Layer], places: &Places) -> Vec<Setting<BaselineFile>> {
    let written = layers.iter().flat_map(|layer| {
        let files = layer.written.baselines.iter().cloned();
        files.map(|located| {
            layer.setting(located).map(|file| BaselineFile {
                within: layer.bounds(),
                ..file.map_paths(|path| layer.path(&path, places))
            })
        })
    });
    written.collect()
}

fn client_certificates(layers: &[Layer], places: &Places) -> Vec<Setting<ClientCertificate>> {
    let written = layers.iter().flat_map(|layer| {
        let certificates = layer.written.client_certificates.iter().cloned();
        certificates.map(|located| {
            layer.setting(located).map(|certificate| ClientCertificate {
                host: certificate.host,
                files: certificate
                    .files
                    .map_paths(|path| layer.path(&path, places)),
            })
        })
    });
    written.collect()
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
