//! An exchange in the history: its heads as they passed, read only when a failure asks.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::recorder::Passed;
use crate::auth::fingerprint::Fingerprinter;
use crate::model::{
    ClientKey, Content, CredentialFact, Exchange, ExchangeId, FieldSection, Learned, Request, Seen,
    Timestamp,
};
use crate::wire::message::LINE_WEIGHT;

/// An exchange in the history.
pub(super) struct Entry {
    pub(super) id: ExchangeId,
    pub(super) at: Timestamp,
    source: Source,
    seen: OnceLock<Option<Arc<Seen>>>,
    /// Whether the store has it already.
    stored: AtomicBool,
}

enum Source {
    /// Not read yet.
    Passed(Box<Passed>),
    /// A failure: read from the start.
    Failed { host: String },
}

impl Entry {
    pub(super) fn passed(id: ExchangeId, passed: Passed) -> Self {
        Self {
            id,
            at: passed.at,
            source: Source::Passed(Box::new(passed)),
            seen: OnceLock::new(),
            stored: AtomicBool::new(false),
        }
    }

    pub(super) fn failed(seen: Arc<Seen>) -> Self {
        Self {
            id: seen.id,
            at: seen.at,
            source: Source::Failed {
                host: seen.request.url.origin.host.clone(),
            },
            seen: OnceLock::from(Some(seen)),
            stored: AtomicBool::new(false),
        }
    }

    /// How many bytes it holds, about.
    pub(super) fn bytes(&self) -> usize {
        match &self.source {
            Source::Passed(passed) => passed.bytes(),
            Source::Failed { .. } => self
                .seen
                .get()
                .and_then(Option::as_deref)
                .map_or(0, |seen| {
                    section_bytes(&seen.request.fields) + section_bytes(&seen.response_fields)
                }),
        }
    }

    /// The host it went to.
    pub(super) fn host(&self) -> &str {
        match &self.source {
            Source::Passed(passed) => &passed.origin.host,
            Source::Failed { host } => host,
        }
    }

    /// Whether it may have given out tokens.
    pub(super) fn gave_tokens(&self) -> bool {
        matches!(&self.source, Source::Passed(passed) if passed.token_content.is_some())
    }

    /// Whether its response leads elsewhere.
    pub(super) fn redirects(&self) -> bool {
        matches!(&self.source, Source::Passed(passed) if (300..400).contains(&passed.status))
    }

    /// What is remembered of it, read once; `None` when its heads cannot be read.
    pub(super) fn seen(&self, fingerprinter: &Fingerprinter) -> Option<&Arc<Seen>> {
        self.seen
            .get_or_init(|| match &self.source {
                Source::Passed(passed) => read(self.id, passed, fingerprinter).map(Arc::new),
                Source::Failed { .. } => None,
            })
            .as_ref()
    }

    /// The request, to be learned; `None` for a failure, and when its head cannot be read.
    pub(super) fn learned(&self) -> Option<Learned> {
        let Source::Passed(passed) = &self.source else {
            return None;
        };
        let mut request = passed.request.request(&passed.origin)?;
        request.content = passed.content.clone();
        Some(Learned {
            number: 0,
            id: self.id,
            at: self.at,
            client: client_key(passed, &request),
            status: passed.status,
            request,
        })
    }

    pub(super) fn is_stored(&self) -> bool {
        self.stored.load(Ordering::Relaxed)
    }

    /// Only to be called once the commit is through.
    pub(super) fn set_stored(&self) {
        self.stored.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What is remembered of a failing exchange; `None` when it came over no connection.
pub(super) fn seen_of_failure(
    exchange: &Exchange,
    credentials: Vec<CredentialFact>,
) -> Option<Seen> {
    Some(Seen {
        id: exchange.id,
        at: exchange.at,
        duration: exchange.timings.end,
        client: exchange.client_key()?,
        connection: exchange.hop.as_ref()?.connection,
        request: Request {
            content: Content::default(),
            ..exchange.request.clone()
        },
        status: exchange.status()?,
        response_fields: exchange
            .response()
            .map(|response| response.fields.clone())
            .unwrap_or_default(),
        credentials,
        tokens: Vec::new(),
    })
}

fn read(id: ExchangeId, passed: &Passed, fingerprinter: &Fingerprinter) -> Option<Seen> {
    let request = passed.request.request(&passed.origin)?;
    let mut response = passed.response.response()?;
    let tokens = match &passed.token_content {
        Some(content) => {
            response.content = Content::complete(content.clone());
            fingerprinter.tokens(&request, &response)
        }
        None => Vec::new(),
    };
    Some(Seen {
        id,
        at: passed.at,
        duration: Some(passed.duration),
        client: client_key(passed, &request),
        connection: passed.connection,
        credentials: fingerprinter.credentials(&request),
        request,
        status: passed.status,
        response_fields: response.fields,
        tokens,
    })
}

fn client_key(passed: &Passed, request: &Request) -> ClientKey {
    let user_agent = request.fields.first("user-agent").unwrap_or_default();
    ClientKey {
        address: passed.client.ip(),
        user_agent: user_agent.to_vec(),
    }
}

/// About the bytes that a section holds.
pub(super) fn section_bytes(section: &FieldSection) -> usize {
    section
        .lines()
        .iter()
        .map(|line| line.name().len() + line.raw_value().len() + LINE_WEIGHT)
        .sum()
}
