//! Which hosts asked for a client certificate: in a resumed session they do not ask again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::client_auth::Given;

/// What hosts got that asked, when a session with them began.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<HashMap<String, Given>>);

impl Asked {
    /// What that host got when it asked: in this handshake, or in the one that it resumes.
    pub(super) fn settle(
        &self,
        host: &str,
        is_resumed: bool,
        given: Option<Given>,
    ) -> Option<Given> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_resumed {
            return hosts.get(host).copied();
        }
        match given {
            Some(given) if hosts.len() < MOST_HOSTS || hosts.contains_key(host) => {
                hosts.insert(host.to_owned(), given);
            }
            Some(_) => {}
            None => {
                hosts.remove(host);
            }
        }
        given
    }
}

/// More than the sessions that rustls keeps.
const MOST_HOSTS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_session_has_asked_before() {
        let asked = Asked::default();
        let nothing = Some(Given::Nothing);
        assert_eq!(asked.settle("a", true, None), None);
        assert_eq!(asked.settle("a", false, nothing), nothing);
        assert_eq!(asked.settle("a", true, None), nothing);
        assert_eq!(asked.settle("b", true, None), None);
        assert_eq!(asked.settle("a", false, None), None);
        assert_eq!(asked.settle("a", true, None), None);
    }
}
