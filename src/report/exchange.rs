//! One exchange as recorded: heads as sent, content where it is asked for.

use serde::Serialize;

use super::recorded::{
    ContentView, ExchangeView, FailureView, HeadView, HopView, NoteView, TimingsView, TlsView,
};
use super::{EXCHANGE_SCHEMA, Text, clock, websocket, words};
use crate::auth::{decode, grpc};
use crate::model::{
    Case, ClientKind, Content, Exchange, Failure, FieldSection, Hop, Note, Outcome, Request,
    Response, State, Timings, TlsParameters, Verification,
};
use crate::redact::Masker;

/// How much of an exchange is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Heads, and the sizes of the content.
    Heads,
    /// Content as well.
    Content,
}

/// What `show` tells: `why401.exchange/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownExchange {
    /// `why401.exchange/1`.
    pub schema: &'static str,
    /// Where the failure stands.
    #[serde(serialize_with = "words::state")]
    pub state: State,
    /// The exchange.
    #[serde(flatten)]
    pub exchange: ExchangeView,
}

/// The failing exchange of a Case as recorded, content included.
pub fn exchange(case: &Case, masker: &mut Masker) -> ShownExchange {
    masker.learn(&case.failing.request);
    ShownExchange {
        schema: EXCHANGE_SCHEMA,
        state: case.state,
        exchange: view(&case.failing, case.number, Detail::Content, masker),
    }
}

/// Who sent a request: the program's name, or the first product of its `User-Agent`.
pub fn client_name(fields: &FieldSection, masker: &mut Masker) -> Text {
    match ClientKind::of(fields) {
        ClientKind::Other => {
            let agent = fields.first("user-agent").unwrap_or_default();
            match agent.split(|b| *b == b' ').next().unwrap_or_default() {
                [] => Text::own(ClientKind::Other.name()),
                product => Text::from(masker.text(product)).bounded(60),
            }
        }
        known => Text::own(known.name()),
    }
}

/// An exchange, masked.
pub(super) fn view(
    exchange: &Exchange,
    number: u64,
    detail: Detail,
    masker: &mut Masker,
) -> ExchangeView {
    let request = &exchange.request;
    let response = exchange.response();
    let request_pseudo_headers = pairs(&pseudo(request, masker));
    let request_head = request_head(request, masker);
    let response_head = response.map(|response| response_head(response, masker));
    let call_status = response.and_then(call_status);
    ExchangeView {
        id: exchange.id.to_string(),
        n: (number != 0).then_some(number),
        at: clock::rfc3339(exchange.at),
        method: masker.text(request.method.as_bytes()).into(),
        url: masker.url(&request.url).into(),
        host: masker
            .text(request.url.origin.authority().as_bytes())
            .into(),
        path: masker.target(&request.url.path).into(),
        status: exchange.status(),
        http_version: request.version.as_str(),
        request_headers: pairs(&lines(&request.fields, masker)),
        request_pseudo_headers,
        response_headers: response_head
            .as_ref()
            .map(|head| pairs(&head.lines))
            .unwrap_or_default(),
        client: exchange
            .hop
            .as_ref()
            .map(|_| client_name(&request.fields, masker)),
        duration_ms: exchange.timings.end.map(millis),
        failure: failure(&exchange.outcome, masker),
        hop: exchange.hop.as_ref().map(|hop| hop_view(hop, masker)),
        timings: timings(&exchange.timings),
        notes: exchange.notes.iter().map(note).collect(),
        request_content: content(&request.content, &request.fields, detail, masker),
        response_content: response
            .map(|response| content(&response.content, &response.fields, detail, masker)),
        request_trailers: pairs(&lines(&request.trailers, masker)),
        response_trailers: response
            .map(|response| pairs(&lines(&response.trailers, masker)))
            .unwrap_or_default(),
        websocket: exchange
            .websocket
            .as_ref()
            .map(|log| websocket::view(log, masker)),
        grpc_status: call_status.as_ref().map(|status| in_words(status.code)),
        grpc_message: call_status
            .filter(|status| !status.message.is_empty())
            .map(|status| masker.text(&status.message).into()),
        time: exchange.at,
        request_head,
        response_head,
    }
}

fn call_status(response: &Response) -> Option<grpc::CallStatus> {
    grpc::call_status(
        &response.fields,
        &response.trailers,
        &response.content.bytes,
    )
}

/// `16 (UNAUTHENTICATED)`
fn in_words(code: u32) -> String {
    match grpc::status_name(code) {
        Some(name) => format!("{code} ({name})"),
        None => code.to_string(),
    }
}

pub(super) fn request_head(request: &Request, masker: &mut Masker) -> HeadView {
    let start = Text::from(masker.text(request.method.as_bytes()))
        .say(" ")
        .masked(&masker.target(&request.target))
        .say(" ")
        .say(request.version.as_str());
    let mut all = pseudo(request, masker);
    all.extend(lines(&request.fields, masker));
    HeadView { start, lines: all }
}

/// Pseudo-header fields in their order; they stand before the others (RFC 9113 section 8.3).
fn pseudo(request: &Request, masker: &mut Masker) -> Vec<(Text, Text)> {
    request
        .pseudo
        .lines()
        .iter()
        .map(|line| {
            let value = match line.name() {
                b":path" => masker.target(line.value()),
                _ => masker.text(line.value()),
            };
            let name = Text::from(masker.field_name(line.name()));
            (name, Text::own(" ").masked(&value))
        })
        .collect()
}

fn response_head(response: &Response, masker: &mut Masker) -> HeadView {
    let start = Text::own(format!(
        "{} {} ",
        response.version.as_str(),
        response.status
    ))
    .masked(&masker.text(&response.reason));
    HeadView {
        start,
        lines: lines(&response.fields, masker),
    }
}

/// Names and raw values, whitespace included.
pub(super) fn lines(section: &FieldSection, masker: &mut Masker) -> Vec<(Text, Text)> {
    section
        .lines()
        .iter()
        .map(|line| {
            (
                masker.field_name(line.name()).into(),
                masker.field_line(line).into(),
            )
        })
        .collect()
}

/// Names and values without the whitespace around them.
pub(super) fn pairs(lines: &[(Text, Text)]) -> Vec<(Text, Text)> {
    lines
        .iter()
        .map(|(name, value)| (name.clone(), value.trimmed()))
        .collect()
}

pub(super) fn content(
    content: &Content,
    fields: &FieldSection,
    detail: Detail,
    masker: &mut Masker,
) -> ContentView {
    let media_type = fields.first("content-type");
    ContentView {
        length: content.length,
        kept: content.bytes.len() as u64,
        end: content.end,
        media_type: media_type.map(|value| masker.field_value("content-type", value).into()),
        coding: fields
            .first("content-encoding")
            .map(|value| masker.field_value("content-encoding", value).into()),
        text: match detail {
            Detail::Content => {
                text(content, fields).map(|text| masker.content(media_type, text.as_bytes()).into())
            }
            Detail::Heads => None,
        },
    }
}

/// Content as text, its codings undone, up to where it was cut; `None` when it is none.
fn text(content: &Content, fields: &FieldSection) -> Option<String> {
    let mut bytes = match fields.contains("content-encoding") {
        true => decode::readable(fields, content)?.bytes,
        false => content.bytes.clone(),
    };
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    (!text.is_empty() && text.chars().all(is_text)).then_some(text)
}

fn failure(outcome: &Outcome, masker: &mut Masker) -> Option<FailureView> {
    let Outcome::Failure(Failure {
        side,
        stage,
        cause,
        detail,
    }) = outcome
    else {
        return None;
    };
    Some(FailureView {
        side: words::failed_side(*side),
        stage: words::stage(*stage),
        cause: cause.as_str(),
        detail: masker.text(detail.as_bytes()).into(),
    })
}

fn hop_view(hop: &Hop, masker: &mut Masker) -> HopView {
    let upstream_proxy = hop
        .upstream_proxy
        .as_ref()
        .map(|proxy| masker.text(proxy.as_bytes()).into());
    let mut tls = |parameters: &TlsParameters| TlsView {
        version: masker.text(parameters.version.as_bytes()).into(),
        cipher: masker.text(parameters.cipher.as_bytes()).into(),
        alpn: parameters
            .alpn
            .as_ref()
            .map(|alpn| masker.text(alpn.as_bytes()).into()),
    };
    HopView {
        entry: words::entry(hop.entry),
        client: hop.client.to_string(),
        connection: hop.connection,
        earlier: hop.earlier,
        upstream: hop.upstream.map(|address| address.to_string()),
        client_tls: hop.client_tls.as_ref().map(&mut tls),
        upstream_tls: hop.upstream_tls.as_ref().map(&mut tls),
        upstream_proxy,
        verified: hop
            .verification
            .map(|verification| verification == Verification::Verified),
    }
}

fn note(note: &Note) -> NoteView {
    let (code, text) = words::note(note);
    NoteView { code, text }
}

fn timings(timings: &Timings) -> TimingsView {
    TimingsView {
        connect_ms: timings.connect.map(millis),
        tls_ms: timings.tls.map(millis),
        response_head_ms: timings.response_head.map(millis),
        end_ms: timings.end.map(millis),
    }
}

/// Microseconds as milliseconds, in the nearest decimal.
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}
