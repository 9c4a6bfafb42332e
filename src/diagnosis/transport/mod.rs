//! A request that got no response: what failed, and what to do about it.

mod table;

pub use table::{TRANSPORT_CAUSES, TransportCause};

use super::finding::{Diagnosis, Finding, Phrase};
use crate::model::{Case, Failure, FailureCause, Origin};

/// Says what failed, where the fault lies, and what to do.
pub(crate) fn explain(case: &Case, failure: &Failure) -> Diagnosis {
    let cause = cause_of(failure);
    let origin = &case.failing.request.url.origin;
    let shown = (case.number > 0).then(|| {
        let number = case.number;
        Phrase::new(format!("see it as recorded: why401 show {number}"))
    });
    Diagnosis {
        verdict: Some(Finding {
            cause: cause.id,
            side: cause.side,
            score: SEEN_TO_HAPPEN,
            title: cause.summary.to_owned(),
            evidence: vec![Phrase::new(failure.detail.clone())],
            fix: fix(cause, failure.cause, origin),
            about: None,
        }),
        unknown: vec![Phrase::new(
            "what the origin would have said: the request got no answer from it",
        )],
        next: shown.into_iter().collect(),
        ..Diagnosis::default()
    }
}

fn cause_of(failure: &Failure) -> &'static TransportCause {
    let this = (failure.side, failure.cause);
    let mut rows = TRANSPORT_CAUSES.iter();
    rows.find(|row| row.shown_by.contains(&this))
        .unwrap_or(&table::OTHER)
}

fn fix(cause: &TransportCause, failure: FailureCause, origin: &Origin) -> Vec<Phrase> {
    match failure {
        FailureCause::ClientCertificate => name_a_client_certificate(&origin.host),
        FailureCause::ProxyCaUnknown => {
            let trust = "make the client trust ca.pem of this proxy; a client started by why401 run -- \
                         COMMAND does";
            let mut fix = vec![Phrase::new(trust)];
            fix.extend(let_through("if it cannot", &origin.host));
            fix
        }
        FailureCause::ProxyCertificateRefused => {
            let trust = "if it does not know the CA of this proxy, make it trust ca.pem";
            let mut fix = vec![Phrase::new(trust)];
            fix.extend(let_through(
                "if it pins the server's certificate",
                &origin.host,
            ));
            fix
        }
        _ => cause.fix.iter().map(|words| Phrase::new(*words)).collect(),
    }
}

/// How a client certificate is named for a host.
pub(crate) fn name_a_client_certificate(host: &str) -> Vec<Phrase> {
    vec![
        Phrase::new("name it in the configuration file, or list the host under [[passthrough]]:"),
        Phrase::new("[[client_certificate]]"),
        toml_host(host),
        Phrase::new("certificate = \"client.pem\""),
        Phrase::new("key = \"client.key\""),
    ]
}

/// How the connections to a host are let through unread.
pub(crate) fn let_through(when: &str, host: &str) -> Vec<Phrase> {
    vec![
        Phrase::new(format!(
            "{when}, let its connections through unread, in the configuration file:"
        )),
        Phrase::new("[[passthrough]]"),
        toml_host(host),
    ]
}

fn toml_host(host: &str) -> Phrase {
    Phrase::new("host = \"").captured(host).words("\"")
}

/// It is an observation, not a conclusion.
const SEEN_TO_HAPPEN: u8 = 99;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::diagnosis::sample::Sample;
    use crate::diagnosis::{CAUSES, diagnose};
    use crate::model::{Outcome, Side, Stage};

    #[test]
    fn no_failure_is_two_causes_and_ids_stand_once() {
        let mut ids = HashSet::new();
        let mut shown = Vec::new();
        for row in TRANSPORT_CAUSES {
            assert!(ids.insert(row.id), "{} stands twice", row.id);
            for this in row.shown_by {
                assert!(!shown.contains(this), "{this:?} is two causes");
                shown.push(*this);
            }
        }
        let mut both = CAUSES
            .iter()
            .map(|cause| cause.id)
            .filter(|id| ids.contains(id));
        assert!(both.all(|id| id == "ours-client-cert"));
    }

    #[test]
    fn a_client_that_pins_is_told_how_to_be_let_through() {
        let mut sample = Sample::new("CONNECT /");
        sample.case.failing.outcome = Outcome::Failure(Failure {
            side: Side::Client,
            stage: Stage::Tls,
            cause: FailureCause::ProxyCertificateRefused,
            detail: "the client refused the certificate".to_owned(),
        });
        let verdict = diagnose(&sample.case).verdict.unwrap();
        assert_eq!(verdict.cause, "ours-pinning");
        let host = Phrase::new("host = \"")
            .captured("api.acme.test")
            .words("\"");
        assert!(verdict.fix.contains(&Phrase::new("[[passthrough]]")));
        assert!(verdict.fix.contains(&host), "{:?}", verdict.fix);
    }

    #[test]
    fn a_failure_without_a_row_is_still_told() {
        let mut sample = Sample::new("GET /");
        sample.case.failing.outcome = Outcome::Failure(Failure {
            side: Side::Proxy,
            stage: Stage::Connect,
            cause: FailureCause::Other,
            detail: "something else".to_owned(),
        });
        let verdict = diagnose(&sample.case).verdict.unwrap();
        assert_eq!(
            (verdict.cause, verdict.evidence),
            ("no-answer", vec![Phrase::new("something else")])
        );
    }
}
