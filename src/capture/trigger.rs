//! Which exchanges are recorded: a predicate over head (and later body) facts.

/// What an exchange is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Only for context: its heads go to the history.
    Context,
    /// A token response: its content is read for credential facts.
    TokenResponse,
    /// A failed authentication: recorded in full.
    Failure,
}

/// What an exchange is kept for, told when its response head is known.
pub fn interest(_request_method: &str, _request_target: &[u8], _status: u16) -> Interest {
    unimplemented!()
}
