//! Reaches origins: names to addresses, TCP, proxies on the way, and TLS with verification.
//!
//! Every wait has a deadline, and every failure says whose it is and at which stage
//! ([`crate::model::Failure`]).

mod connect;
mod own;
mod race;
mod socket;
mod tls;
mod upstream_proxy;

pub use connect::{Connected, Dialer, DialerSettings, HostChoice, Override, ProxyChoice};
pub use socket::{Socket, Within, is_out_of_handles};
pub use tls::{
    CertificateFiles, ClientCertificate, ClientCertificateError, Given, RootsError, Secured,
    UpstreamTls,
};
pub(crate) use tls::{alert_in, alert_name, client_certificate, parameters};
pub use upstream_proxy::{ProxyCredentials, ProxyKind, UpstreamProxy};
