//! Where files are looked for.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::environment;
use super::proxies::Proxies;

/// What settings come from, besides flags: where files are looked for, and the environment.
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
    /// What the proxy variables say.
    pub proxies: Proxies,
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
            proxies: environment::proxies(|name| std::env::var(name).ok()),
        }
    }
}
