//! The files that a child process is pointed at: CAs to trust, and what Node loads first. They hold no
//! secret, but whoever could write them could do as the child's user: they lie in an owner-only folder.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::environment::names_of_roots;
use crate::files::{self, OwnerOnlyError};

/// The files of one run.
#[derive(Clone, Debug)]
pub(super) struct Material {
    /// The certificate of our CA.
    pub(super) certificate: PathBuf,
    /// The system's CAs, those that the user's own variables name, and ours.
    pub(super) bundle: PathBuf,
    /// What Node loads before the program.
    pub(super) preload: PathBuf,
}

impl Material {
    /// Writes them into a folder of their own below `data`, over those of an earlier run.
    ///
    /// # Errors
    /// When the folder cannot be made or is open to others, or a file cannot be written.
    pub(super) fn write(
        data: &Path,
        certificate: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, OwnerOnlyError> {
        let folder = data.join("client");
        files::owner_only_folder(&folder)?;
        let material = Self {
            certificate: certificate.to_owned(),
            bundle: folder.join("ca-bundle.pem"),
            preload: folder.join("node-preload.cjs"),
        };
        // A file that the user's variables name may be the bundle of a `run` that we run in.
        let own = names_of_roots()
            .filter_map(&inherited)
            .map(PathBuf::from)
            .filter(|path| *path != material.bundle && path != certificate);
        let system = SYSTEM_ROOTS.iter().find_map(certificates);
        let own = distinct(own).into_iter().filter_map(certificates);
        let parts: String = system
            .into_iter()
            .chain(own)
            .chain(certificates(certificate))
            .collect();
        files::replace_owner_only(&material.bundle, parts.as_bytes())?;
        files::replace_owner_only(&material.preload, NODE_PRELOAD.as_bytes())?;
        Ok(material)
    }
}

fn distinct(paths: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut seen = Vec::new();
    for path in paths {
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
    seen
}

/// The PEM certificates of a file, and nothing else that stands there (a key, say); `None` when there
/// are none to be had: the child would not have got them either.
fn certificates(path: impl AsRef<Path>) -> Option<String> {
    let path = path.as_ref();
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    let mut file = fs::File::open(path).ok()?.take(MOST_BYTES);
    file.read_to_end(&mut content).ok()?;
    let mut kept = String::new();
    let mut inside = false;
    for line in String::from_utf8_lossy(&content).lines() {
        let line = line.trim_end();
        inside |= line == BEGIN;
        if inside {
            kept.push_str(line);
            kept.push('\n');
        }
        inside &= line != END;
    }
    (!kept.is_empty()).then_some(kept)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Where systems keep their CAs in one file; the first that is there counts. Windows has none: there
/// the child trusts what why401 shows it, and nothing else is to come.
const SYSTEM_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// A bundle of all public CAs has a quarter of a megabyte.
const MOST_BYTES: u64 = 8 << 20;
const NODE_PRELOAD: &str = include_str!("node_preload.cjs");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_holds_what_the_user_named_once_and_ours_last() {
        let home = tempfile::tempdir().unwrap();
        let pem = |name: &str| format!("{BEGIN}\n{name}\n{END}\n");
        let file = |name: &str, text: String| {
            let path = home.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let ours = file("ca.pem", pem("OURS"));
        let key = "-----BEGIN PRIVATE KEY-----\nkey-bytes\n-----END PRIVATE KEY-----\n";
        let corp = file("corp.pem", format!("{key}a comment\n{}", pem("CORP")));
        let inherited = |name: &str| match name {
            "SSL_CERT_FILE" | "CURL_CA_BUNDLE" => Some(corp.clone().into_os_string()),
            "AWS_CA_BUNDLE" => Some(OsString::from("/is/not/there.pem")),
            _ => None,
        };
        // Twice: the second run writes over the files of the first.
        for _run in 0..2 {
            let material = Material::write(home.path(), &ours, inherited).unwrap();
            let bundle = fs::read_to_string(&material.bundle).unwrap();
            assert_eq!(bundle.matches("CORP").count(), 1);
            assert!(bundle.ends_with(&(pem("CORP") + &pem("OURS"))));
            assert!(!bundle.contains("key-bytes") && !bundle.contains("a comment"));
            assert!(material.preload.is_file());
        }
    }
}
