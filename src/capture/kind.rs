//! When two failures are the same failure again.

use crate::auth::challenge::challenges;
use crate::auth::fingerprint::Fingerprinter;
use crate::model::{CredentialFact, Exchange, Fingerprint, Outcome, Place};

/// The same for two failures of the same client, route, outcome, credentials and challenges.
pub(super) fn kind(
    exchange: &Exchange,
    route: &str,
    credentials: &[CredentialFact],
    fingerprinter: &Fingerprinter,
) -> Fingerprint {
    let mut text = Text::default();
    if let Some(client) = exchange.client_key() {
        text.add(client.address.to_string().as_bytes());
        text.add(&client.user_agent);
    }
    text.add(exchange.request.method.as_bytes());
    text.add(exchange.request.url.origin.to_string().as_bytes());
    text.add(route.as_bytes());
    add_outcome(&mut text, &exchange.outcome);
    for fact in credentials {
        add_place(&mut text, &fact.place);
        text.add(&fact.raw.0);
    }
    fingerprinter.fingerprint(&text.0)
}

/// Parts with their lengths, so that no two lists give the same bytes.
#[derive(Default)]
pub(super) struct Text(Vec<u8>);

impl Text {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn add(&mut self, part: &[u8]) {
        self.0.extend_from_slice(&part.len().to_be_bytes());
        self.0.extend_from_slice(part);
    }
}

fn add_outcome(text: &mut Text, outcome: &Outcome) {
    match outcome {
        Outcome::Response(response) => {
            text.add(response.status.to_string().as_bytes());
            for challenge in challenges(&response.fields) {
                text.add(challenge.scheme.to_ascii_lowercase().as_bytes());
                // Not the others: nonces differ each time.
                for name in ["realm", "error", "error_description", "scope"] {
                    text.add(challenge.parameter(name).unwrap_or_default());
                }
            }
        }
        Outcome::Failure(failure) => text
            .add(format!("{:?} {:?} {:?}", failure.side, failure.stage, failure.cause).as_bytes()),
        Outcome::Unobserved => text.add(b"unobserved"),
    }
}

fn add_place(text: &mut Text, place: &Place) {
    let (sort, name) = match place {
        Place::Header(name) => (b'h', name.as_str()),
        Place::Cookie(name) => (b'c', name.as_str()),
        Place::Query(name) => (b'q', name.as_str()),
        Place::Form(name) => (b'f', name.as_str()),
        Place::UserInfo => (b'u', ""),
    };
    text.add(&[sort]);
    text.add(name.as_bytes());
}
