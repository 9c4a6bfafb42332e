//! What is said beside the 401s: whether new connections are taken, and who is on the way to origins.

use std::net::SocketAddr;

use super::limits::open_files;
use crate::config::proxies::Proxies;
use crate::config::settings::{Setting, Source};
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

/// Drops what the environment says about proxies and cannot count; tells that and what does count, in
/// lines for people.
pub(crate) fn of_environment(proxies: &mut Proxies, listening: SocketAddr) -> Vec<String> {
    let ours = proxies
        .drop_own_listener(listening)
        .into_iter()
        .map(|name| format!("{name} leads to this proxy itself and is ignored"));
    let unusable = proxies
        .unusable
        .iter()
        .map(|unusable| format!("{} is ignored: {}", unusable.variable, unusable.error));
    let mut lines: Vec<_> = ours.chain(unusable).collect();
    let count = [&proxies.http, &proxies.https].into_iter().flatten();
    for Setting { value, source } in count {
        if let Source::Environment(name) = source {
            let line = format!("origins are reached through {value}: see {name}");
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::environment;
    use crate::model::Scheme;

    #[test]
    fn a_variable_that_leads_here_is_dropped_and_told() {
        let mut proxies = environment::proxies(|name| match name {
            "HTTPS_PROXY" => Some("http://localhost:4010".to_owned()),
            "http_proxy" => Some("gopher://me:secret@p.test".to_owned()),
            _ => None,
        });
        assert_eq!(
            of_environment(&mut proxies, "127.0.0.1:4010".parse().unwrap()),
            [
                "HTTPS_PROXY leads to this proxy itself and is ignored",
                "http_proxy is ignored: it must start with http://, https://, socks5:// or socks5h://",
            ]
        );
        assert_eq!(proxies.on_the_way_to(Scheme::Https, "a.test"), None);
    }

    #[test]
    fn a_variable_that_counts_is_told_without_its_password() {
        let mut proxies = environment::proxies(|name| {
            (name == "ALL_PROXY").then(|| "http://me:secret@p.test:3128".to_owned())
        });
        assert_eq!(
            of_environment(&mut proxies, "127.0.0.1:4010".parse().unwrap()),
            ["origins are reached through http://p.test:3128: see ALL_PROXY"]
        );
    }
}
