//! What was known around a failure when it happened: chosen from the history.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::entry::Entry;
use super::history::Remembered;
use crate::auth::fingerprint::Fingerprinter;
use crate::model::{ClientKey, CredentialFact, Exchange, Seen};

/// What was known around a failing exchange.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The exchanges before it, newest first.
    pub(super) before: Vec<Arc<Entry>>,
    /// The credentials that it carried.
    pub(super) credentials: Vec<CredentialFact>,
    /// How many exchanges were not remembered.
    pub(super) lost: u64,
}

/// Chooses from the history what may bear on a failure: exchanges before it of the same registrable
/// domain, token responses of any, and the redirects that led to it.
pub(super) fn snapshot(
    exchange: &Exchange,
    remembered: &Remembered,
    fingerprinter: &Fingerprinter,
) -> Snapshot {
    let client = exchange.client_key();
    let near = related(exchange, remembered, fingerprinter);
    let known: Vec<(&Arc<Entry>, &Seen)> = near
        .into_iter()
        .filter_map(|entry| Some((entry, entry.seen(fingerprinter)?.as_ref())))
        .collect();
    let mut chosen = BTreeSet::new();
    for (class, most) in CLASSES {
        let room = (*most).min(MOST.saturating_sub(chosen.len()));
        let fresh: Vec<usize> = known
            .iter()
            .enumerate()
            .filter(|(_, (_, seen))| class(seen, exchange, client.as_ref()))
            .map(|(at, _)| at)
            .filter(|at| !chosen.contains(at))
            .take(room)
            .collect();
        chosen.extend(fresh);
    }
    let mut before: Vec<Arc<Entry>> = chosen
        .into_iter()
        .filter_map(|at| known.get(at).map(|(entry, _)| Arc::clone(entry)))
        .collect();
    before.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    Snapshot {
        before,
        credentials: fingerprinter.credentials(&exchange.request),
        lost: remembered.lost,
    }
}

impl Snapshot {
    /// Whether that client got tokens at least twice: it knows how to refresh them, so a 401 may only
    /// be its sign to do so.
    pub(super) fn has_refreshed(
        &self,
        client: Option<&ClientKey>,
        fingerprinter: &Fingerprinter,
    ) -> bool {
        let responses = self
            .before
            .iter()
            .filter_map(|entry| entry.seen(fingerprinter))
            .filter(|seen| gave_tokens(seen) && is_client(seen, client));
        responses.count() >= 2
    }
}

/// The part of a host that was registered; loopback names and addresses count as one.
pub(super) fn registrable(host: &str) -> &str {
    let bare = host.trim_end_matches('.');
    if bare == "localhost" || bare.ends_with(".localhost") {
        return LOOPBACK;
    }
    match bare.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => LOOPBACK,
        Ok(_) => bare,
        Err(_name) => psl::domain_str(bare).unwrap_or(bare),
    }
}

/// A Case refers to so many exchanges before it at most.
const MOST: usize = 32;

const LOOPBACK: &str = "localhost";

/// A client follows a redirect at once, even where it loads slowly.
const REDIRECT_WINDOW: Duration = Duration::from_secs(10);

/// So many of them are read for one failure.
const MOST_REDIRECTS: usize = 64;

type Class = fn(&Seen, &Exchange, Option<&ClientKey>) -> bool;

/// What matters most first, so that a busy client's polling does not push out its login.
const CLASSES: &[(Class, usize)] = &[
    (
        |seen, _, client| gave_tokens(seen) && is_client(seen, client),
        8,
    ),
    (|seen, _, _| gave_tokens(seen), 4),
    (
        |seen, _, client| seen.response_fields.contains("set-cookie") && is_client(seen, client),
        6,
    ),
    (
        |seen, failing, _| seen.request.url.path == failing.request.url.path,
        6,
    ),
    (|seen, _, client| is_client(seen, client), MOST),
    (|_, _, _| true, MOST),
];

fn gave_tokens(seen: &Seen) -> bool {
    !seen.tokens.is_empty()
}

fn is_client(seen: &Seen, client: Option<&ClientKey>) -> bool {
    client == Some(&seen.client)
}

fn related<'a>(
    exchange: &Exchange,
    remembered: &'a Remembered,
    fingerprinter: &Fingerprinter,
) -> Vec<&'a Arc<Entry>> {
    let host = exchange.request.url.origin.host.as_str();
    let domain = registrable(host);
    let mut trail = Trail::to(exchange);
    // Neighbours in the history mostly went to the same host: it is judged once for all of them.
    let mut last = (host, true);
    let mut near = Vec::new();
    for entry in &remembered.entries {
        if entry.at > exchange.at || entry.id == exchange.id {
            continue;
        }
        if entry.host() != last.0 {
            last = (entry.host(), registrable(entry.host()) == domain);
        }
        if last.1 || entry.gave_tokens() || trail.leads_here(entry, fingerprinter) {
            near.push(entry);
        }
    }
    near
}

/// The redirects of other sites over which a client came to a failure, found backwards.
struct Trail<'a> {
    failing: &'a Exchange,
    client: Option<ClientKey>,
    /// Where it was led, the last first.
    hosts: Vec<String>,
    read: usize,
}

impl<'a> Trail<'a> {
    fn to(failing: &'a Exchange) -> Self {
        Self {
            failing,
            client: failing.client_key(),
            hosts: vec![failing.request.url.origin.host.clone()],
            read: 0,
        }
    }

    fn leads_here(&mut self, entry: &Entry, fingerprinter: &Fingerprinter) -> bool {
        let is_near = entry.at >= self.failing.at.minus(REDIRECT_WINDOW);
        if !entry.redirects() || !is_near || self.read >= MOST_REDIRECTS {
            return false;
        }
        self.read += 1;
        let Some(seen) = entry.seen(fingerprinter) else {
            return false;
        };
        let location = seen.response_fields.first("location").unwrap_or_default();
        let names = |host: &String| memchr::memmem::find(location, host.as_bytes()).is_some();
        let leads = is_client(seen, self.client.as_ref()) && self.hosts.iter().any(names);
        if leads {
            self.hosts.push(entry.host().to_owned());
        }
        leads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_belong_together_by_what_was_registered() {
        for (host, domain) in [
            ("api.acme.co.uk", "acme.co.uk"),
            ("acme.test", "acme.test"),
            ("alice.github.io", "alice.github.io"),
            ("intranet", "intranet"),
            ("10.1.2.3", "10.1.2.3"),
            ("localhost", "localhost"),
            ("app.localhost", "localhost"),
            ("127.0.0.1", "localhost"),
            ("::1", "localhost"),
            ("", ""),
        ] {
            assert_eq!(registrable(host), domain, "{host}");
        }
    }
}
