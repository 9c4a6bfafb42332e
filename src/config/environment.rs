//! The proxy variables of the environment, read as curl does.

use super::exceptions::ProxyException;
use super::proxies::{Proxies, Unusable};
use super::proxy_url::UpstreamProxy;
use super::settings::{Setting, Source};

/// Reads the proxy variables. `value` gives the value of a variable, if it is set.
///
/// As with curl, `HTTP_PROXY` in capitals does not count: a CGI server sets it from a request's
/// `Proxy` field.
pub fn proxies(value: impl Fn(&str) -> Option<String>) -> Proxies {
    let mut proxies = Proxies::default();
    let mut first = |names: &[&'static str]| {
        let (name, value) = first_set(names, &value)?;
        match UpstreamProxy::from_variable(&value) {
            Ok(value) => Some(Setting {
                value,
                source: Source::Environment(name),
            }),
            Err(error) => {
                let unusable = Unusable {
                    variable: name,
                    error,
                };
                if !proxies.unusable.contains(&unusable) {
                    proxies.unusable.push(unusable);
                }
                None
            }
        }
    };
    let http = first(&["http_proxy", "all_proxy", "ALL_PROXY"]);
    let https = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]);
    Proxies {
        http,
        https,
        exceptions: exceptions(&value),
        ..proxies
    }
}

/// Entries that cannot be read mean no host that could be asked for.
fn exceptions(value: &impl Fn(&str) -> Option<String>) -> Vec<Setting<ProxyException>> {
    let Some((name, value)) = first_set(&["no_proxy", "NO_PROXY"], value) else {
        return Vec::new();
    };
    value
        .split([',', ' ', '\t'])
        .filter_map(|entry| entry.parse().ok())
        .take(MOST_EXCEPTIONS)
        .map(|value| Setting {
            value,
            source: Source::Environment(name),
        })
        .collect()
}

/// An empty variable is as good as none.
fn first_set(
    names: &[&'static str],
    value: impl Fn(&str) -> Option<String>,
) -> Option<(&'static str, zeroize::Zeroizing<String>)> {
    names.iter().find_map(|name| {
        let value = value(name).filter(|value| !value.trim().is_empty())?;
        Some((*name, zeroize::Zeroizing::new(value)))
    })
}

/// Each is compared with every host.
const MOST_EXCEPTIONS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::proxy_url::ProxyUrlError;
    use crate::model::Scheme;

    fn read(variables: &[(&str, &str)]) -> Proxies {
        proxies(|name| {
            let set = variables.iter().find(|(set, _)| *set == name)?;
            Some(set.1.to_owned())
        })
    }

    fn way(proxies: &Proxies, scheme: Scheme, host: &str) -> Option<String> {
        let proxy = proxies.on_the_way_to(scheme, host)?;
        Some(proxy.to_string())
    }

    #[test]
    fn an_empty_environment_names_no_proxy() {
        assert_eq!(read(&[]), Proxies::default());
        assert_eq!(
            read(&[("HTTPS_PROXY", " "), ("NO_PROXY", "")]),
            Proxies::default()
        );
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_is_for_both() {
        let set = read(&[
            ("HTTPS_PROXY", "http://s.test:1"),
            ("ALL_PROXY", "socks5h://all.test"),
            ("HTTP_PROXY", "http://cgi.test:1"),
        ]);
        assert_eq!(
            way(&set, Scheme::Https, "a").as_deref(),
            Some("http://s.test:1")
        );
        assert_eq!(
            way(&set, Scheme::Http, "a").as_deref(),
            Some("socks5h://all.test:1080")
        );
        let set = read(&[
            ("https_proxy", "low.test:8080"),
            ("HTTPS_PROXY", "http://up.test"),
        ]);
        assert_eq!(
            way(&set, Scheme::Https, "a").as_deref(),
            Some("http://low.test:8080")
        );
        assert_eq!(way(&set, Scheme::Http, "a"), None);
    }

    #[test]
    fn exceptions_are_separated_by_commas_or_spaces() {
        let set = read(&[
            ("ALL_PROXY", "http://p.test:1"),
            ("no_proxy", "localhost, .corp.test 10.0.0.0/8,://"),
        ]);
        assert_eq!(set.exceptions.len(), 3);
        assert_eq!(way(&set, Scheme::Https, "10.1.1.1"), None);
        assert_eq!(way(&set, Scheme::Https, "a.corp.test"), None);
        assert!(way(&set, Scheme::Https, "a.test").is_some());
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_told_once_without_its_value() {
        let set = read(&[("ALL_PROXY", "socks4://me:secret@p.test")]);
        assert_eq!(
            set.unusable,
            [Unusable {
                variable: "ALL_PROXY",
                error: ProxyUrlError::Scheme
            }]
        );
        assert!(!format!("{set:?}").contains("secret"));
    }
}
