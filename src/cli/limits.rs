//! The bounds of the proxy path, from what was chosen and what the system gives.

use crate::config::limits::ChosenLimits;
use crate::proxy::Limits;

/// What was chosen, and elsewhere what the proxy path knows to be right.
pub(crate) fn limits(chosen: &ChosenLimits) -> Limits {
    let usual = Limits::default();
    let usual = open_files().map_or(usual, |files| usual.for_open_files(files));
    Limits {
        connections: chosen
            .connections
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(usual.connections),
        head_bytes: chosen.head_bytes.map_or(usual.head_bytes, |size| size.0),
        head_fields: chosen
            .head_fields
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(usual.head_fields),
        request_line: chosen
            .request_line
            .map_or(usual.request_line, |size| size.0),
        chunk_extensions: chosen
            .chunk_extensions
            .map_or(usual.chunk_extensions, |size| size.0),
        head_timeout: chosen
            .head_timeout
            .map_or(usual.head_timeout, |span| span.0),
        shutdown_grace: chosen
            .shutdown_grace
            .map_or(usual.shutdown_grace, |span| span.0),
        own_header_list: chosen
            .own_header_list
            .map_or(usual.own_header_list, |size| size.0),
    }
}

/// How many files this process may have open; `None` where nobody says, or where there is no limit.
pub(crate) fn open_files() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// Takes as many open files as the system lets us have: every tunnel needs two. A child would
/// inherit that, and not all programs can bear it.
pub(crate) fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let maximum = getrlimit(Resource::Nofile).maximum;
        let raised = Rlimit {
            current: maximum,
            maximum,
        };
        // Some systems name a maximum that they do not give: then things stay as they are.
        setrlimit(Resource::Nofile, raised).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::load::{Flags, load};
    use crate::config::places::Places;

    #[test]
    fn what_nobody_chose_is_as_usual() {
        let Limits { connections, .. } = limits(&ChosenLimits::default());
        assert!((16..=16_384).contains(&connections));
        let chosen = ChosenLimits {
            connections: Some(1_000_000),
            head_fields: Some(7),
            ..ChosenLimits::default()
        };
        let limits = limits(&chosen);
        assert_eq!(limits.connections, 1_000_000);
        assert_eq!(limits.head_fields, 7);
        assert_eq!(limits.head_bytes, Limits::default().head_bytes);
    }

    #[test]
    fn the_example_says_what_is_usual() {
        let flags = Flags {
            config: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml")),
            ..Flags::default()
        };
        let example = load(&flags, &Places::default()).unwrap().limits;
        assert_eq!(limits(&example), limits(&ChosenLimits::default()));
        assert!(example.head_bytes.is_some() && example.own_header_list.is_some());
    }
}
