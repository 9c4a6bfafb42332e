//! Reaches origins: names to addresses, TCP, and TLS with verification.
//!
//! Every wait has a deadline, and every failure says whose it is and at which stage
//! ([`crate::model::Failure`]).

mod connect;
mod socket;
mod tls;

pub use connect::{Connected, Dialer, DialerSettings};
pub use socket::{Socket, Within};
pub use tls::{
    CertificateFiles, ClientCertificate, ClientCertificateError, Given, RootsError, Secured,
    UpstreamTls,
};
pub(crate) use tls::{alert_name, parameters};
