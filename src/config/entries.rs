//! The entries of `[[resolve]]`, `[[client_certificate]]`, `[[passthrough]]` and `[[baseline]]`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use super::host::{HostPattern, InsecureHost};

/// `[[resolve]]`: where a host is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The host, in lower case, IPv6 without brackets.
    pub host: String,
    /// Only for this port; for all when there is none.
    pub port: Option<u16>,
    /// Where it is.
    pub address: ResolveAddress,
}

/// An address, perhaps with another port than the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolveAddress {
    /// The address.
    pub ip: IpAddr,
    /// The port, when it is another one.
    pub port: Option<u16>,
}

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an address is expected, with or without a port: 127.0.0.1, 127.0.0.1:8443, [::1]:8443")]
pub struct ResolveAddressError;

impl FromStr for ResolveAddress {
    type Err = ResolveAddressError;

    fn from_str(text: &str) -> Result<Self, ResolveAddressError> {
        let text = text.trim();
        if let Ok(address) = text.parse::<SocketAddr>()
            && address.port() > 0
        {
            return Ok(Self {
                ip: address.ip(),
                port: Some(address.port()),
            });
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        bare.parse()
            .map(|ip| Self { ip, port: None })
            .map_err(|_address| ResolveAddressError)
    }
}

/// `[[client_certificate]]`: what is shown to origins that ask who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The origins.
    pub host: HostPattern,
    /// Where certificate and key are.
    pub files: CertificateFiles,
}

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFiles {
    /// In two PEM files.
    Pem {
        /// The certificate, with those that it is signed by.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// In one PKCS #12 file.
    Pkcs12 {
        /// The file.
        file: PathBuf,
        /// The variable of the environment that has its password; without one there is none.
        password_env: Option<String>,
    },
}

impl CertificateFiles {
    /// With every path as `path` makes it.
    pub(super) fn map_paths(self, path: impl Fn(PathBuf) -> PathBuf) -> Self {
        match self {
            Self::Pem { certificate, key } => Self::Pem {
                certificate: path(certificate),
                key: path(key),
            },
            Self::Pkcs12 { file, password_env } => Self::Pkcs12 {
                file: path(file),
                password_env,
            },
        }
    }
}

/// `[[baseline]]`: requests that are known to work, in a file beside the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineFile {
    /// The file, of any format that can be imported.
    pub file: PathBuf,
    /// Which of its requests; all of them when nobody said.
    pub item: Option<String>,
    /// The environment whose variables they take.
    pub environment: Option<PathBuf>,
    /// What the only one is called.
    pub name: Option<String>,
    /// A folder that nothing may be read beyond: that of a configuration that was found, not named.
    pub within: Option<PathBuf>,
}

impl BaselineFile {
    /// With every path as `path` makes it.
    pub(super) fn map_paths(self, path: impl Fn(PathBuf) -> PathBuf) -> Self {
        Self {
            file: path(self.file),
            environment: self.environment.map(path),
            ..self
        }
    }
}

/// An entry with what was read of it so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) host: Option<InsecureHost>,
    pub(super) hosts: Option<HostPattern>,
    pub(super) port: Option<u16>,
    pub(super) address: Option<ResolveAddress>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) pkcs12: Option<PathBuf>,
    pub(super) password_env: Option<String>,
    pub(super) file: Option<PathBuf>,
    pub(super) item: Option<String>,
    pub(super) environment: Option<PathBuf>,
    pub(super) name: Option<String>,
}

impl Draft {
    /// # Errors
    /// With what is missing.
    pub(super) fn into_resolve(self) -> Result<Resolve, &'static str> {
        match (self.host, self.address) {
            (Some(InsecureHost(host)), Some(address)) => Ok(Resolve {
                host,
                port: self.port,
                address,
            }),
            _ => Err("`host` and `address`"),
        }
    }

    /// # Errors
    /// With what is missing.
    pub(super) fn into_client_certificate(self) -> Result<ClientCertificate, &'static str> {
        let host = self.hosts.ok_or("`host`")?;
        let files = match (self.certificate, self.key, self.pkcs12, self.password_env) {
            (Some(certificate), Some(key), None, None) => {
                CertificateFiles::Pem { certificate, key }
            }
            (None, None, Some(file), password_env) => {
                CertificateFiles::Pkcs12 { file, password_env }
            }
            _ => return Err("either `certificate` and `key`, or `pkcs12` and its `password_env`"),
        };
        Ok(ClientCertificate { host, files })
    }

    /// # Errors
    /// With what is missing.
    pub(super) fn into_passthrough(self) -> Result<HostPattern, &'static str> {
        self.hosts.ok_or("`host`")
    }

    /// # Errors
    /// With what is missing.
    pub(super) fn into_baseline(self) -> Result<BaselineFile, &'static str> {
        Ok(BaselineFile {
            file: self.file.ok_or("`file`")?,
            item: self.item,
            environment: self.environment,
            name: self.name,
            within: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_port() {
        let read = |text: &str| {
            text.parse::<ResolveAddress>()
                .map(|address| (address.ip.to_string(), address.port))
        };
        assert_eq!(read("127.0.0.1"), Ok(("127.0.0.1".to_owned(), None)));
        assert_eq!(
            read("127.0.0.1:8443"),
            Ok(("127.0.0.1".to_owned(), Some(8443)))
        );
        assert_eq!(read("::1"), Ok(("::1".to_owned(), None)));
        assert_eq!(read("[::1]"), Ok(("::1".to_owned(), None)));
        assert_eq!(read("[::1]:1"), Ok(("::1".to_owned(), Some(1))));
        for wrong in ["", "a.test", "127.0.0.1:0", "127.0.0.1:x"] {
            assert_eq!(read(wrong), Err(ResolveAddressError), "{wrong}");
        }
    }
}
