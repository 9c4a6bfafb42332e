//! An exchange as recorded, as data: part of every report, and what `show --json` prints.

use serde::Serialize;

use super::{Text, WebSocketView, words};
use crate::model::{ContentEnd, Timestamp};

/// An exchange as recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExchangeView {
    /// The global id.
    pub id: String,
    /// The store's running number; `null` for an exchange that was never stored.
    pub n: Option<u64>,
    /// When its request head was complete, RFC 3339.
    pub at: String,
    /// The method.
    pub method: Text,
    /// The URL.
    pub url: Text,
    /// Host and port of the URL.
    pub host: Text,
    /// The path of the URL, without its query.
    pub path: Text,
    /// What the client saw; `null` when not observed.
    pub status: Option<u16>,
    /// The version of the request.
    pub http_version: &'static str,
    /// The request's header section, in order.
    pub request_headers: Vec<(Text, Text)>,
    /// The request's pseudo-header fields, in order; HTTP/2 only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_pseudo_headers: Vec<(Text, Text)>,
    /// The response's header section, in order.
    pub response_headers: Vec<(Text, Text)>,
    /// Who sent it.
    pub client: Option<Text>,
    /// From the request head to the end of the response.
    pub duration_ms: Option<f64>,
    /// Why there was no response.
    pub failure: Option<FailureView>,
    /// The connections that carried it.
    pub hop: Option<HopView>,
    /// When things happened.
    pub timings: TimingsView,
    /// What a reader must know to judge it.
    pub notes: Vec<NoteView>,
    /// The request's content.
    pub request_content: ContentView,
    /// The response's content.
    pub response_content: Option<ContentView>,
    /// The request's trailer section.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_trailers: Vec<(Text, Text)>,
    /// The response's trailer section.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_trailers: Vec<(Text, Text)>,
    /// What passed over the WebSocket that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket: Option<WebSocketView>,
    /// How the gRPC call ended that it was: code and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<String>,
    /// What the origin says of it, percent-decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_message: Option<Text>,
    /// When its request head was complete.
    #[serde(skip)]
    pub time: Timestamp,
    /// The request head as sent.
    #[serde(skip)]
    pub request_head: HeadView,
    /// The response head as received.
    #[serde(skip)]
    pub response_head: Option<HeadView>,
}

/// Something about an exchange that a reader must know to judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NoteView {
    /// A word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub text: &'static str,
}

/// A message head as it stood on the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeadView {
    /// Request line or status line.
    pub start: Text,
    /// Name, and everything between the colon and the line end.
    pub lines: Vec<(Text, Text)>,
}

/// Why a request got no response.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailureView {
    /// Whose side failed: `client`, `proxy` or `upstream`.
    pub side: &'static str,
    /// At which step.
    pub stage: &'static str,
    /// What went wrong.
    pub cause: &'static str,
    /// One sentence for people.
    pub detail: Text,
}

impl FailureView {
    /// Whether the client broke off its handshake with us: then it got no response, of ours neither.
    pub(super) fn is_refusal_of_ours(&self) -> bool {
        self.side == "client" && self.stage == "tls"
    }
}

/// The connections that carried an exchange.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HopView {
    /// How it came in: `tunnel`, `absolute-form`, `socks`, `transparent` or `reverse`.
    pub entry: &'static str,
    /// The client's address.
    pub client: String,
    /// The running number of the client connection.
    pub connection: u64,
    /// How many exchanges came before it on that connection.
    pub earlier: u64,
    /// The origin's address.
    pub upstream: Option<String>,
    /// The proxy between us and the origin; `upstream` is its address then.
    pub upstream_proxy: Option<Text>,
    /// TLS between the client and us.
    pub client_tls: Option<TlsView>,
    /// TLS between us and the origin.
    pub upstream_tls: Option<TlsView>,
    /// Whether the origin's certificate was verified; `null` without TLS.
    pub verified: Option<bool>,
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TlsView {
    /// The version.
    pub version: Text,
    /// The cipher suite.
    pub cipher: Text,
    /// The application protocol.
    pub alpn: Option<Text>,
}

/// When things happened, in milliseconds after the request head was complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TimingsView {
    /// How long opening the TCP connection took.
    pub connect_ms: Option<f64>,
    /// How long the TLS handshake took.
    pub tls_ms: Option<f64>,
    /// The response head was complete.
    pub response_head_ms: Option<f64>,
    /// The response ended.
    pub end_ms: Option<f64>,
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContentView {
    /// How many bytes passed.
    pub length: u64,
    /// How many of them were kept.
    pub kept: u64,
    /// How it ended.
    #[serde(serialize_with = "words::end")]
    pub end: ContentEnd,
    /// Its media type, as declared.
    pub media_type: Option<Text>,
    /// Its content coding, as declared.
    pub coding: Option<Text>,
    /// The content as text; left out where it was not asked for or is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}
