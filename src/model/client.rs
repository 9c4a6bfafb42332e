//! Who sent a request, as far as it can be told.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::FieldSection;

/// "The same client": the same address and the same `User-Agent`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClientKey {
    /// The address the connection came from.
    pub address: IpAddr,
    /// The `User-Agent` as sent; empty without one.
    #[serde(with = "serde_bytes")]
    pub user_agent: Vec<u8>,
}

/// The kind of program, guessed from what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientKind {
    /// A browser: any `Sec-Fetch-*` or `sec-ch-ua` field, or its handshake of a WebSocket, which has neither.
    Browser,
    /// curl
    Curl,
    /// Python requests
    Requests,
    /// Python httpx
    Httpx,
    /// axios
    Axios,
    /// Node's fetch, or undici
    Node,
    /// Go's net/http
    Go,
    /// OkHttp
    OkHttp,
    /// Postman
    Postman,
    /// Insomnia
    Insomnia,
    /// HTTPie
    HTTPie,
    /// Java's HttpClient or Apache's
    Java,
    /// .NET, Dart, reqwest, Ruby, PHP and all others
    Other,
}

impl ClientKind {
    /// Guesses from the request's fields.
    pub fn of(fields: &FieldSection) -> Self {
        let browser = fields.lines().iter().any(|line| {
            let name = line.name().to_ascii_lowercase();
            name.starts_with(b"sec-fetch-") || name == b"sec-ch-ua"
        });
        let agent = fields
            .first("user-agent")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let web_socket = fields.contains("sec-websocket-key") && fields.contains("origin");
        if browser || (web_socket && agent.starts_with(b"mozilla/")) {
            return Self::Browser;
        }
        PREFIXES
            .iter()
            .find(|(prefix, _)| agent.starts_with(prefix.as_bytes()))
            .map_or(Self::Other, |(_, kind)| *kind)
    }

    /// The program's own name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Curl => "curl",
            Self::Requests => "Python requests",
            Self::Httpx => "Python httpx",
            Self::Axios => "axios",
            Self::Node => "Node",
            Self::Go => "Go",
            Self::OkHttp => "OkHttp",
            Self::Postman => "Postman",
            Self::Insomnia => "Insomnia",
            Self::HTTPie => "HTTPie",
            Self::Java => "Java",
            Self::Other => "client",
        }
    }
}

const PREFIXES: &[(&str, ClientKind)] = &[
    ("curl/", ClientKind::Curl),
    ("python-requests/", ClientKind::Requests),
    ("python-httpx/", ClientKind::Httpx),
    ("axios/", ClientKind::Axios),
    ("node", ClientKind::Node),
    ("undici", ClientKind::Node),
    ("go-http-client/", ClientKind::Go),
    ("okhttp/", ClientKind::OkHttp),
    ("postmanruntime/", ClientKind::Postman),
    ("insomnia/", ClientKind::Insomnia),
    ("httpie/", ClientKind::HTTPie),
    ("java", ClientKind::Java),
    ("apache-httpclient/", ClientKind::Java),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FieldLine, Provenance};

    #[test]
    fn a_browser_is_told_by_what_scripts_cannot_set() {
        let kind = |fields: &[(&str, &str)]| {
            let mut section = FieldSection::new(Provenance::Wire);
            for (name, value) in fields {
                section.push(FieldLine::new(*name, value));
            }
            ClientKind::of(&section)
        };
        let mozilla = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)");
        let handshake = [("Origin", "https://acme.test"), ("Sec-WebSocket-Key", "x")];
        assert_eq!(kind(&[mozilla]), ClientKind::Other);
        assert_eq!(kind(&[("sec-fetch-site", "none")]), ClientKind::Browser);
        assert_eq!(kind(&handshake), ClientKind::Other);
        assert_eq!(
            kind(&[mozilla, handshake[0], handshake[1]]),
            ClientKind::Browser
        );
    }
}
