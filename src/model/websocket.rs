//! What passed over a WebSocket, as far as it was kept.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// The one that opened it.
    Client,
    /// The one that answers.
    Origin,
}

/// The frames of a WebSocket in the order in which they passed, the first and the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSocketLog {
    /// The first ones.
    pub first: Vec<WebSocketFrame>,
    /// How many were left out after those.
    pub left_out: u64,
    /// The last ones.
    pub last: Vec<WebSocketFrame>,
    /// How it was closed, if a close frame passed.
    pub close: Option<WebSocketClose>,
}

impl WebSocketLog {
    /// The frames that were kept.
    pub fn frames(&self) -> impl Iterator<Item = &WebSocketFrame> {
        self.first.iter().chain(&self.last)
    }
}

/// A frame (RFC 6455 section 5.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSocketFrame {
    /// Who sent it.
    pub from: Peer,
    /// When it was complete, in microseconds after the handshake's request.
    pub at: u64,
    /// What it is: 1 text, 2 binary, 0 a continuation, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// Whether a message ends with it.
    pub fin: bool,
    /// Whether its message is compressed (RFC 7692); told by the first frame of a message.
    pub compressed: bool,
    /// How long its payload was.
    pub length: u64,
    /// The first bytes of the payload, unmasked.
    #[serde(with = "serde_bytes")]
    pub payload: Vec<u8>,
}

impl fmt::Debug for WebSocketFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            from,
            opcode,
            length,
            ..
        } = self;
        write!(f, "WebSocketFrame({from:?}, {opcode}, {length} bytes)")
    }
}

/// A close frame (RFC 6455 section 5.5.1), the first of the two.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSocketClose {
    /// Who sent it.
    pub from: Peer,
    /// When, in microseconds after the handshake's request.
    pub at: u64,
    /// The status code; 1005 when it had none (RFC 6455 section 7.1.5).
    pub code: u16,
    /// The reason.
    #[serde(with = "serde_bytes")]
    pub reason: Vec<u8>,
}

impl WebSocketClose {
    /// Whether the origin closed it for want of credentials, when it was opened `opened` microseconds after the
    /// handshake's request. 1008 and 4401 say so at any time; the others are said for much else, but hardly within two
    /// seconds of the handshake.
    pub fn refuses_credentials(&self, opened: u64) -> bool {
        let soon = self.at.saturating_sub(opened) <= SOON;
        self.from == Peer::Origin
            && match self.code {
                1008 | 4401 => true,
                3000 | 4001 | 4003 | 4403 => soon,
                _ => false,
            }
    }
}

const SOON: u64 = 2_000_000;

impl fmt::Debug for WebSocketClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebSocketClose({:?}, {})", self.from, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_codes_speak_of_credentials_and_some_only_at_once() {
        let refuses = |from, code, at| {
            let close = WebSocketClose {
                from,
                at,
                code,
                reason: Vec::new(),
            };
            close.refuses_credentials(1_000_000)
        };
        for code in [1008, 4401] {
            assert!(refuses(Peer::Origin, code, 90_000_000), "{code}");
            assert!(!refuses(Peer::Client, code, 1_500_000), "{code}");
        }
        for code in [3000, 4001, 4003, 4403] {
            assert!(refuses(Peer::Origin, code, 3_000_000), "{code}");
            assert!(!refuses(Peer::Origin, code, 3_000_001), "{code}");
        }
        for code in [1000, 1001, 1005, 1011, 4000, 4404] {
            assert!(!refuses(Peer::Origin, code, 1_500_000), "{code}");
        }
    }
}
