//! What is said beside the 401s: whether new connections are taken, and who is on the way to origins.

use std::net::SocketAddr;

use super::limits::open_files;
use crate::config::proxies::Proxies;
use crate::proxy::Accepting;

/// Whether new connections are taken, as a line for people.
pub(crate) fn accepting(state: Accepting, connections: usize) -> String {
    match state {
        Accepting::Yes => "new connections are taken again\n".to_owned(),
        Accepting::Full => format!(
            "warning: {connections} connections are open, as many as limits.connections allows: \
             new ones wait until others close\n"
        ),
        Accepting::NoHandles => {
            let most = open_files().map_or_else(String::new, |most| format!(" ({most} in all)"));
            format!(
                "warning: all file handles are used up{most}: new connections wait until others \
                 close; ulimit -n allows more\n"
            )
        }
    }
}

/// Drops what the environment says about proxies and cannot count, and tells it in lines for people.
pub(crate) fn ignored_variables(proxies: &mut Proxies, listening: SocketAddr) -> Vec<String> {
    let ours = proxies
        .drop_own_listener(listening)
        .into_iter()
        .map(|name| format!("{name} leads to this proxy itself and is ignored"));
    let unusable = proxies
        .unusable
        .iter()
        .map(|unusable| format!("{} is ignored: {}", unusable.variable, unusable.error));
    ours.chain(unusable).collect()
}
