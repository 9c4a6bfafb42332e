//! An exchange: one request and its one outcome.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ClientKey, Failure, Hop, Request, Response, Timestamp, Timings, WebSocketLog};

/// The global id of an exchange: a ULID, so ids sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExchangeId(u128);

impl ExchangeId {
    /// From a time and 80 random bits (the low 80 bits of `random` are used).
    pub fn from_parts(at: Timestamp, random: u128) -> Self {
        let millis = u64::try_from(at.micros() / 1000).unwrap_or(0);
        Self(ulid::Ulid::from_parts(millis, random).into())
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&ulid::Ulid::from(self.0).to_string())
    }
}

/// The text is not a ULID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an id: 26 characters of Crockford base 32 are expected")]
pub struct ParseIdError;

impl FromStr for ExchangeId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let ulid = ulid::Ulid::from_string(text).map_err(|_ulid| ParseIdError)?;
        Ok(Self(ulid.into()))
    }
}

/// Something about an exchange that a reader must know to judge it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// The origin's certificate was not verified, by the user's wish.
    InsecureUpstream,
    /// The proxy replaced a `Host` that named another authority than the target did.
    HostReplaced,
    /// The proxy removed a `Proxy-Authorization` that was meant for it.
    ProxyAuthorizationRemoved,
    /// From here on that direction was not decoded; the bytes went on untouched.
    NotDecoded,
    /// Part of the content was not kept: the budget for captured bodies was spent.
    ContentNotKept,
    /// There was no HTTP request: a CONNECT of ours stands in for what the client asked otherwise.
    NoRequest,
    /// The origin asked for a client certificate and got none.
    ClientCertificateNotSent,
}

/// What became of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The origin's final response.
    Response(Response),
    /// No response from the origin.
    Failure(Failure),
    /// Not observed: the request comes from a file.
    Unobserved,
}

/// One request and its one outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The global id.
    pub id: ExchangeId,
    /// When the request head was complete, by our clock.
    pub at: Timestamp,
    /// The request, as the origin received it.
    pub request: Request,
    /// What became of it.
    pub outcome: Outcome,
    /// The connections that carried it; `None` for a request from a file.
    pub hop: Option<Hop>,
    /// When things happened.
    pub timings: Timings,
    /// What a reader must know to judge it.
    pub notes: Vec<Note>,
    /// What passed after a handshake that made a WebSocket of it.
    #[serde(default)]
    pub websocket: Option<WebSocketLog>,
}

impl Exchange {
    /// The response, if there was one.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Response(response) => Some(response),
            Outcome::Failure(_) | Outcome::Unobserved => None,
        }
    }

    /// The status that the client saw: the response's, 502 for a failure, `None` when unobserved.
    pub fn status(&self) -> Option<u16> {
        match &self.outcome {
            Outcome::Response(response) => Some(response.status),
            Outcome::Failure(_) => Some(502),
            Outcome::Unobserved => None,
        }
    }

    /// Who sent it, if it came over a connection.
    pub fn client_key(&self) -> Option<ClientKey> {
        let hop = self.hop.as_ref()?;
        let user_agent = self
            .request
            .fields
            .first("user-agent")
            .unwrap_or_default()
            .to_vec();
        Some(ClientKey {
            address: hop.client.ip(),
            user_agent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_sorts_by_time_and_reads_back() {
        let early = ExchangeId::from_parts(Timestamp::from_secs(1_000_000_000), 7);
        let late = ExchangeId::from_parts(Timestamp::from_secs(1_000_000_001), 3);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!("nope".parse::<ExchangeId>(), Err(ParseIdError));
    }
}
