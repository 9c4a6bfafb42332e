//! Configurations that cannot be used.

use std::path::Path;

use crate::cli::context::shell_word;
use crate::cli::problem::{Problem, io_words};
use crate::config::fault::{Fault, FaultKind};
use crate::config::file::Trust;
use crate::config::load::ConfigError;
use crate::config::proxy_url::ProxyUrlError;
use crate::config::reverse::ReverseUrlError;
use crate::config::settings::Source;

/// A configuration that cannot be used.
pub(crate) fn config(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Read { path, source } => {
            let message = format!("the configuration cannot be read: {}", io_words(source));
            Problem::usage("config-read", message)
                .at(path)
                .hint("--config takes the path of a TOML file; config.example.toml shows every key")
        }
        ConfigError::Faults {
            path,
            trust,
            faults,
        } => config_faults(path, *trust, faults),
        ConfigError::OpenToOthers { address, chosen_by } => {
            let problem = Problem::usage(
                "open-to-others",
                format!(
                    "other machines could reach {address}: whoever is on the network could send \
                     requests through this machine, also to its own services, and read the \
                     answers; what is recorded stays private"
                ),
            )
            .hint("if that is meant, for a phone or a container: add --lan (or lan = true)")
            .hint("for this machine alone: --listen 127.0.0.1:4010");
            match chosen_by {
                Source::File(..) => problem.detail(chosen_by.to_string(), ""),
                Source::Default | Source::Environment(_) | Source::Flag(_) => problem,
            }
        }
    }
}

/// A `--upstream-proxy` that names no proxy.
pub(crate) fn upstream_proxy(error: &ProxyUrlError) -> Problem {
    Problem::usage(
        "arguments",
        format!("--upstream-proxy cannot be used: {error}"),
    )
}

/// A `--upstream-proxy` with a user or a password.
pub(crate) fn password_in_flag() -> Problem {
    Problem::usage(
        "arguments",
        "--upstream-proxy takes no user and password: every user of this machine can read the \
         arguments of a program",
    )
    .hint("put the URL into a configuration file: [upstream] proxy = \"http://user:password@host:port\"")
    .hint("or into the environment: HTTPS_PROXY, ALL_PROXY; NO_PROXY lists exceptions")
}

/// A `--reverse` that names no origin.
pub(crate) fn reverse(error: &ReverseUrlError) -> Problem {
    Problem::usage("arguments", format!("--reverse cannot be used: {error}"))
}

fn config_faults(path: &Path, trust: Trust, faults: &[Fault]) -> Problem {
    let place = |fault: &Fault| format!("{}:{}", path.display(), fault.position);
    let problem = match faults {
        [only] => Problem::usage("config", only.kind.to_string()).detail(place(only), ""),
        all => all.iter().fold(
            Problem::usage(
                "config",
                format!("the configuration has {} faults", all.len()),
            ),
            |problem, fault| problem.detail(place(fault), fault.kind.to_string()),
        ),
    };
    let has = |wanted: fn(&FaultKind) -> bool| faults.iter().any(|fault| wanted(&fault.kind));
    let problem = if has(|kind| matches!(kind, FaultKind::OnlyWhenNamed(_))) {
        let path = shell_word(path);
        problem.hint(format!(
            "a file that came with a folder may only say how things look; if you trust it: \
             why401 run --config {path}"
        ))
    } else {
        problem
    };
    if has(|kind| matches!(kind, FaultKind::UnknownKey { .. })) && trust == Trust::Named {
        return problem.hint("config.example.toml shows every key");
    }
    problem
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use super::*;
    use crate::config::file;

    fn faults(text: &str, trust: Trust) -> String {
        let error = ConfigError::Faults {
            path: PathBuf::from("why401.toml"),
            trust,
            faults: file::read(text, trust).unwrap_err(),
        };
        config(&error).to_text(false)
    }

    #[test]
    fn one_fault_of_the_configuration_is_told_with_its_place() {
        insta::assert_snapshot!(faults("\nlisten = \"127.0.0.1\"\n", Trust::Named));
    }

    #[test]
    fn a_misspelt_key_is_told_with_the_right_one() {
        insta::assert_snapshot!(faults("[capture]\nbody_limits = \"1 KiB\"\n", Trust::Named));
    }

    #[test]
    fn several_faults_are_all_told() {
        let text = "listen = \"0.0.0.0\"\nui = 1\n[capture]\nretention = \"7\"\n";
        insta::assert_snapshot!(faults(text, Trust::Named));
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_place() {
        insta::assert_snapshot!(faults("listen = 127.0.0.1:4010\n", Trust::Named));
    }

    #[test]
    fn a_found_configuration_that_says_too_much_is_told_with_the_way_out() {
        let text = "[upstream]\ninsecure = [\"bank.test\"]\n";
        insta::assert_snapshot!(faults(text, Trust::Found));
    }

    #[test]
    fn an_address_that_others_can_reach_is_told_with_what_it_means() {
        let error = ConfigError::OpenToOthers {
            address: "0.0.0.0:4010".parse().unwrap(),
            chosen_by: Source::Flag("--listen"),
        };
        insta::assert_snapshot!(config(&error).to_text(false));
    }

    #[test]
    fn a_password_in_a_flag_is_told_with_where_it_belongs() {
        insta::assert_snapshot!(password_in_flag().to_text(false));
    }

    #[test]
    fn an_absent_configuration_is_told() {
        let error = ConfigError::Read {
            path: PathBuf::from("no.toml"),
            source: io::Error::from(io::ErrorKind::NotFound),
        };
        insta::assert_snapshot!(config(&error).to_text(false));
    }
}
