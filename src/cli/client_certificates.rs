//! From `[[client_certificate]]` to what the network layer takes.

use std::env;

use zeroize::Zeroizing;

use super::advice;
use super::problem::Problem;
use crate::config::entries::CertificateFiles as Chosen;
use crate::config::host::HostPattern;
use crate::config::settings::Settings;
use crate::net::{CertificateFiles, ClientCertificate};

/// The client certificates, in the order in which they are tried.
///
/// # Errors
/// When a password is to come from a variable that is not set.
pub(super) fn chosen(settings: &Settings) -> Result<Vec<ClientCertificate>, Problem> {
    let certificates = settings.client_certificates.iter();
    certificates
        .map(|setting| {
            let hosts: HostPattern = setting.value.host.clone();
            Ok(ClientCertificate {
                is_for: Box::new(move |host| hosts.matches(host)),
                files: files(&setting.value.files)?,
            })
        })
        .collect()
}

fn files(chosen: &Chosen) -> Result<CertificateFiles, Problem> {
    Ok(match chosen {
        Chosen::Pem { certificate, key } => CertificateFiles::Pem {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        Chosen::Pkcs12 { file, password_env } => CertificateFiles::Pkcs12 {
            file: file.clone(),
            password: match password_env {
                Some(name) => {
                    Zeroizing::new(env::var(name).map_err(|_unset| advice::no_password(name))?)
                }
                None => Zeroizing::default(),
            },
        },
    })
}
