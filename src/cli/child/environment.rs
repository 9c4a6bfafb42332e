//! The variables that lead a child process through the proxy and let it trust the CA. They are set for
//! the child and what it starts; nothing else on the machine changes.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::Path;

use super::material::Material;

/// The variables to set, over what the child inherits. `inherited` reads the environment of this process.
pub(super) fn variables(
    proxy: SocketAddr,
    material: &Material,
    inherited: impl Fn(&str) -> Option<OsString>,
) -> Vec<(&'static str, OsString)> {
    let url = OsString::from(format!("http://{proxy}"));
    let mut variables: Vec<_> = PROXY.iter().map(|name| (*name, url.clone())).collect();
    variables.extend(NO_PROXY.iter().map(|name| (*name, OsString::new())));
    variables.extend(
        REPLACES_ROOTS
            .iter()
            .map(|name| (*name, material.bundle.clone().into_os_string())),
    );
    variables.extend(ADDS_ROOTS.iter().map(|name| {
        // It names one file: one that the user had named stays trusted as part of the bundle.
        let file = match inherited(name) {
            Some(own) if !own.is_empty() => &material.bundle,
            Some(_) | None => &material.certificate,
        };
        (*name, file.clone().into_os_string())
    }));
    variables.push(("NODE_USE_ENV_PROXY", OsString::from("1")));
    let options = node_options(&material.preload, inherited(NODE_OPTIONS).as_deref());
    variables.push((NODE_OPTIONS, options));
    variables
}

/// The variables that name files with CAs.
pub(super) fn names_of_roots() -> impl Iterator<Item = &'static str> {
    REPLACES_ROOTS.iter().chain(ADDS_ROOTS).copied()
}

/// Ours in front of what was there. Node splits at spaces outside of double quotes.
fn node_options(preload: &Path, own: Option<&OsStr>) -> OsString {
    let path = preload.to_string_lossy();
    let path = path.replace('\\', r"\\").replace('"', "\\\"");
    let mut options = OsString::from(format!("--require \"{path}\""));
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        options.push(" ");
        options.push(own);
    }
    options
}

const PROXY: &[&str] = &[
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];
/// Emptied, so that what goes to this machine comes by as well.
const NO_PROXY: &[&str] = &["NO_PROXY", "no_proxy"];
/// What these name is trusted instead of the system's CAs.
const REPLACES_ROOTS: &[&str] = &[
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "CARGO_HTTP_CAINFO",
];
/// What these name is trusted besides the system's CAs.
const ADDS_ROOTS: &[&str] = &["NODE_EXTRA_CA_CERTS", "DENO_CERT"];
const NODE_OPTIONS: &str = "NODE_OPTIONS";

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::PathBuf;

    use super::*;

    fn set(inherited: &[(&str, &str)]) -> HashMap<&'static str, String> {
        let material = Material {
            certificate: PathBuf::from("/d/ca.pem"),
            bundle: PathBuf::from("/d/client/bundle.pem"),
            preload: PathBuf::from("/my d/client/node.cjs"),
        };
        let inherited: HashMap<_, _> = inherited.iter().copied().collect();
        variables("127.0.0.1:4010".parse().unwrap(), &material, |name| {
            inherited.get(name).map(OsString::from)
        })
        .into_iter()
        .map(|(name, value)| (name, value.into_string().unwrap()))
        .collect()
    }

    #[test]
    fn proxy_and_trust_are_set_whatever_was_there() {
        let set = set(&[("NO_PROXY", "localhost"), ("HTTPS_PROXY", "http://corp:1")]);
        assert_eq!(set["HTTPS_PROXY"], "http://127.0.0.1:4010");
        assert_eq!(set["http_proxy"], "http://127.0.0.1:4010");
        assert_eq!(set["NO_PROXY"], "");
        assert_eq!(set["SSL_CERT_FILE"], "/d/client/bundle.pem");
        assert_eq!(set["NODE_EXTRA_CA_CERTS"], "/d/ca.pem");
    }

    #[test]
    fn a_file_the_user_added_for_node_stays_trusted() {
        let set = set(&[("NODE_EXTRA_CA_CERTS", "/corp.pem"), ("DENO_CERT", "")]);
        assert_eq!(set["NODE_EXTRA_CA_CERTS"], "/d/client/bundle.pem");
        assert_eq!(set["DENO_CERT"], "/d/ca.pem");
    }

    #[test]
    fn nodes_own_options_stay() {
        let ours = "--require \"/my d/client/node.cjs\"";
        assert_eq!(set(&[])["NODE_OPTIONS"], ours);
        let set = set(&[("NODE_OPTIONS", "--inspect")]);
        assert_eq!(set["NODE_OPTIONS"], format!("{ours} --inspect"));
    }
}
