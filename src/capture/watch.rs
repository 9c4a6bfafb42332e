//! Requests whose failure is still open: does one that passes now repeat one of them?

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::recorder::Passed;
use super::store::RECOVERY_WINDOW;
use crate::model::{Exchange, Origin, Timestamp};

/// "The same request of the same client", as a keyed hash: client address, `User-Agent`, method,
/// origin, path and query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey(u64);

#[cfg(test)]
impl RequestKey {
    pub(crate) fn for_tests(number: u64) -> Self {
        Self(number)
    }
}

/// The requests whose failure is open.
#[derive(Debug, Default)]
pub(super) struct Watch {
    hasher: RandomState,
    /// Each with the time after which nobody waits for it any more.
    open: Mutex<HashMap<RequestKey, Timestamp>>,
    /// How many there are: most requests pass when there are none, and then cost one load.
    count: AtomicUsize,
}

impl Watch {
    /// Watches for requests like that one, from now on.
    pub(super) fn add(&self, exchange: &Exchange, now: Timestamp) -> RequestKey {
        let key = self.key_of_failure(exchange);
        let mut open = self.lock();
        if open.len() >= MOST {
            open.retain(|_, until| *until >= now);
        }
        if open.len() < MOST || open.contains_key(&key) {
            open.insert(key, now.plus(RECOVERY_WINDOW));
        }
        self.count.store(open.len(), Ordering::Relaxed);
        key
    }

    /// The key of a passing request, if somebody waits for one like it.
    pub(super) fn matching(&self, passed: &Passed) -> Option<RequestKey> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let key = self.key_of_passed(passed);
        let mut open = self.lock();
        let until = *open.get(&key)?;
        // A success closes it. Other answers may be steps of a handshake.
        if passed.at > until || (200..400).contains(&passed.status) {
            open.remove(&key);
            self.count.store(open.len(), Ordering::Relaxed);
        }
        (passed.at <= until).then_some(key)
    }

    /// Forgets those that nobody waits for any more.
    pub(super) fn expire(&self, now: Timestamp) {
        if self.count.load(Ordering::Relaxed) > 0 {
            let mut open = self.lock();
            open.retain(|_, until| *until >= now);
            self.count.store(open.len(), Ordering::Relaxed);
        }
    }

    pub(super) fn key_of_failure(&self, exchange: &Exchange) -> RequestKey {
        let request = &exchange.request;
        self.key(
            exchange.hop.as_ref().map(|hop| hop.client.ip()),
            request.fields.first("user-agent").unwrap_or_default(),
            request.method.as_bytes(),
            &request.url.origin,
            &request.url.path_and_query(),
        )
    }

    fn key_of_passed(&self, passed: &Passed) -> RequestKey {
        self.key(
            Some(passed.client.ip()),
            passed.request.field("user-agent").unwrap_or_default(),
            passed.request.method(),
            &passed.origin,
            path_and_query(passed.request.target()),
        )
    }

    fn key(
        &self,
        client: Option<IpAddr>,
        agent: &[u8],
        method: &[u8],
        origin: &Origin,
        path: &[u8],
    ) -> RequestKey {
        RequestKey(self.hasher.hash_one((client, agent, method, origin, path)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestKey, Timestamp>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a target after the authority; only absolute form has one (RFC 9112 section 3.2.2).
pub(super) fn path_and_query(target: &[u8]) -> &[u8] {
    let target = target.split(|b| *b == b'#').next().unwrap_or_default();
    if target.starts_with(b"/") {
        return target;
    }
    let Some(colon) = memchr::memmem::find(target, b"://") else {
        return target;
    };
    let after = target.get(colon + 3..).unwrap_or_default();
    match after.iter().position(|b| matches!(b, b'/' | b'?')) {
        Some(at) if after.get(at) == Some(&b'/') => after.get(at..).unwrap_or_default(),
        _ => b"/",
    }
}

/// So many different requests are watched at a time; further ones are not.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sample::{self, START, after_secs};

    #[test]
    fn the_same_request_of_the_same_client_matches_until_it_succeeds() {
        let watch = Watch::default();
        let key = watch.add(&sample::failing(1, START), START);
        let passed = |status| sample::passed("/v2/orders", after_secs(1), status);
        assert_eq!(watch.matching(&passed(404)), Some(key));
        assert_eq!(watch.matching(&passed(200)), Some(key));
        assert_eq!(watch.matching(&passed(200)), None);
        assert_eq!(watch.count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn an_absolute_target_is_the_same_request() {
        let watch = Watch::default();
        let key = watch.add(&sample::failing(1, START), START);
        let target = "https://api.acme.test/v2/orders#top";
        let passed = sample::passed(target, after_secs(1), 404);
        assert_eq!(watch.matching(&passed), Some(key));
        for (target, path) in [
            ("http://a.test", "/"),
            ("http://a.test?x=/y", "/"),
            ("*", "*"),
            ("/a?b=http://c/", "/a?b=http://c/"),
        ] {
            assert_eq!(path_and_query(target.as_bytes()), path.as_bytes());
        }
    }

    #[test]
    fn another_path_query_client_or_time_does_not_match() {
        let watch = Watch::default();
        watch.add(&sample::failing(1, START), START);
        for target in ["/v2/order", "/v2/orders?", "/v2/orders/"] {
            assert_eq!(watch.matching(&sample::passed(target, START, 200)), None);
        }
        let mut other = sample::passed("/v2/orders", START, 200);
        other.client = "127.0.0.2:50000".parse().unwrap();
        assert_eq!(watch.matching(&other), None);
        let late = sample::passed("/v2/orders", after_secs(31), 200);
        assert_eq!(watch.matching(&late), None);
    }

    #[test]
    fn nobody_is_watched_for_longer_than_the_window_or_beyond_the_bound() {
        let watch = Watch::default();
        let mut exchange = sample::failing(1, START);
        for number in 0..MOST + 10 {
            exchange.request.url.path = format!("/{number}").into_bytes();
            watch.add(&exchange, START);
        }
        assert_eq!(watch.count.load(Ordering::Relaxed), MOST);
        watch.expire(after_secs(31));
        assert_eq!(watch.count.load(Ordering::Relaxed), 0);
    }
}
