//! TLS towards origins: verified, with the reason when something fails, and with client certificates.

mod alert;
mod asked;
mod client_auth;
mod configs;
mod fault;
mod handshake_error;
mod identity;
mod parameters;
mod presented;
mod roots;
mod seen;
mod upstream;
mod verify;

pub(crate) use alert::{alert_in, alert_name};
pub use client_auth::Given;
pub(crate) use handshake_error::client_certificate;
pub use identity::{CertificateFiles, ClientCertificate, ClientCertificateError};
pub(crate) use parameters::parameters;
pub use roots::RootsError;
pub use upstream::{Secured, UpstreamTls};
