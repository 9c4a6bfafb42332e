//! A request that got no response: no cause of a 401, but what failed can be said.

use super::finding::{Diagnosis, FaultSide, Phrase};
use crate::model::{Case, Failure, FailureCause, Side, Stage};

/// Says what failed and what to look at; there is no verdict, since no origin refused anything.
pub(crate) fn explain(case: &Case, failure: &Failure) -> Diagnosis {
    let mut next = vec![Phrase::new(advice(failure.cause))];
    if case.number > 0 {
        next.push(Phrase::new(format!(
            "see it as recorded: why401 show {}",
            case.number
        )));
    }
    Diagnosis {
        unknown: vec![
            Phrase::new(failure.detail.clone()),
            Phrase::new("what the origin would have said: the request got no answer from it"),
        ],
        next,
        ..Diagnosis::default()
    }
}

/// Where the fault of a transport failure lies.
pub fn side_of_failure(failure: &Failure) -> FaultSide {
    match (failure.side, failure.stage) {
        (Side::Client, _) => FaultSide::Client,
        (Side::Proxy, _) => FaultSide::Between,
        // A name may be wrong in the client or in the DNS, a route may be cut anywhere.
        (Side::Upstream, Stage::Resolve) => FaultSide::Undecided,
        (Side::Upstream, _) => match failure.cause {
            FailureCause::TimedOut | FailureCause::Unreachable | FailureCause::Other => {
                FaultSide::Undecided
            }
            // An issuer nobody knows is as often a private CA as something that intercepts.
            FailureCause::CertificateIssuer => FaultSide::Undecided,
            FailureCause::OwnListener => FaultSide::Client,
            FailureCause::NameNotFound
            | FailureCause::Refused
            | FailureCause::Closed
            | FailureCause::CertificateExpired
            | FailureCause::CertificateNotYetValid
            | FailureCause::CertificateName
            | FailureCause::CertificateOther
            | FailureCause::NotTls
            | FailureCause::Handshake
            | FailureCause::Alert
            | FailureCause::BadMessage => FaultSide::Server,
        },
    }
}

fn advice(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::NameNotFound => "check the host name, and that this machine can resolve it",
        FailureCause::Refused => "check the port, and that the server runs",
        FailureCause::TimedOut | FailureCause::Unreachable => {
            "check that this machine reaches the host: VPN, firewall, network"
        }
        FailureCause::Closed => "send it again; if it closes again, look at the server's log",
        FailureCause::CertificateExpired | FailureCause::CertificateNotYetValid => {
            "renew the server's certificate, or check the clock of this machine"
        }
        FailureCause::CertificateName => {
            "use the host name that the server's certificate is made for"
        }
        FailureCause::CertificateIssuer => {
            "if the server uses a private CA, name its certificate: why401 run --upstream-ca FILE"
        }
        FailureCause::CertificateOther | FailureCause::Handshake | FailureCause::Alert => {
            "look at the server's TLS settings"
        }
        FailureCause::NotTls => {
            "check the scheme and the port: https was spoken to a port without TLS"
        }
        FailureCause::BadMessage => "look at the message that is not valid HTTP",
        FailureCause::OwnListener => {
            "the request was sent to this proxy's own address: name the API's"
        }
        FailureCause::Other => "look at the reason above",
    }
}
