//! One exchange as recorded: `show` and `show --raw`.

use super::chars;
use super::labelled::labelled;
use super::line::{Line, Page};
use super::rows::{duration_of, failing_name, status};
use super::style::{Paint, Style};
use crate::model::ContentEnd;
use crate::report::{
    ContentView, ExchangeView, FailureView, HeadView, HopView, ShownExchange, Text, TlsView,
    WebSocketView, clock,
};

/// No frame is shown longer than this.
const LONGEST_FRAME: usize = 1024;

/// No content is shown longer than this; `--json` has all that was kept.
const LONGEST_CONTENT: usize = 16 * 1024;

/// `show`: hop, timings and notes, then both messages as they stood on the wire.
pub fn show(shown: &ShownExchange, style: &Style) -> String {
    let exchange = &shown.exchange;
    let mut page = Page::new(style);
    let number = exchange.n.map_or_else(String::new, |n| format!("#{n}  "));
    let line = Line::new(style)
        .put(Paint::Status, &status(exchange))
        .put(Paint::Plain, &format!(" {number}"))
        .put(Paint::Dim, &exchange.id);
    page.push(line.right(
        style.columns(),
        Line::new(style).put(Paint::Dim, shown.state.as_str()),
    ));
    let facts = facts(exchange, style);
    let rows: Vec<(&str, &str)> = facts
        .iter()
        .map(|(label, text)| (*label, text.as_str()))
        .collect();
    let mut out = page.text();
    out.push_str(&labelled(&rows, style));
    out.push_str(&messages(exchange, style));
    out
}

/// `show --raw`: the head bytes as sent, line ends included, secrets masked.
pub fn raw(shown: &ShownExchange) -> String {
    let exchange = &shown.exchange;
    let heads = std::iter::once(&exchange.request_head).chain(&exchange.response_head);
    heads.map(raw_head).collect()
}

fn raw_head(head: &HeadView) -> String {
    let plain = |text: &Text| chars::adapt(text.as_str(), true);
    let mut out = plain(&head.start);
    for (name, value) in &head.lines {
        let line = format!("\r\n{}:{}", plain(name), plain(value));
        out.push_str(&line);
    }
    out.push_str("\r\n\r\n");
    out
}

/// What is known of the exchange beside its messages.
fn facts(exchange: &ExchangeView, style: &Style) -> Vec<(&'static str, String)> {
    let mut facts = vec![("at", clock::in_full(exchange.time, style.offset))];
    facts.push(("url", exchange.url.to_string()));
    if let Some(hop) = &exchange.hop {
        facts.push(("client", client(exchange, hop)));
        facts.push(("origin", origin(exchange, hop)));
    }
    if let Some(timings) = timings(exchange) {
        facts.push(("timings", timings));
    }
    if let Some(status) = &exchange.grpc_status {
        let message = exchange.grpc_message.as_ref();
        let words = message.map_or_else(String::new, |message| format!(": {message}"));
        facts.push(("gRPC", format!("status {status}{words}")));
    }
    if let Some(websocket) = &exchange.websocket
        && let Some(close) = &websocket.close
    {
        let words = format!(
            "closed by the {} with {} {}",
            close.by, close.code, close.reason
        );
        facts.push(("socket", words.trim_end().to_owned()));
    }
    if let Some(failure) = &exchange.failure {
        let words = format!(
            "{} failed at {}: {}",
            failure.side, failure.stage, failure.detail
        );
        facts.push(("failure", words));
    }
    facts.extend(
        exchange
            .notes
            .iter()
            .map(|note| ("note", note.text.to_owned())),
    );
    facts
}

/// `axios at 127.0.0.1:52110, connection 3, after 2 others; in a tunnel, TLSv1.3 …`
fn client(exchange: &ExchangeView, hop: &HopView) -> String {
    let name = exchange.client.as_ref().map_or("client", Text::as_str);
    let earlier = match hop.earlier {
        0 => "the first exchange on it".to_owned(),
        1 => "after 1 other".to_owned(),
        others => format!("after {others} others"),
    };
    let way = match hop.entry {
        "tunnel" => "through a CONNECT tunnel",
        "socks" => "through SOCKS",
        "transparent" => "led here by the name in its TLS hello",
        "reverse" => "as if we were the origin (--reverse)",
        _ => "with an absolute-form target",
    };
    let tls = match &hop.client_tls {
        Some(agreed) => tls(agreed),
        None if hop.entry == "absolute-form" => ", in clear".to_owned(),
        None => String::new(),
    };
    format!(
        "{name} at {}, connection {} ({earlier}), {way}{tls}",
        hop.client, hop.connection
    )
}

fn origin(exchange: &ExchangeView, hop: &HopView) -> String {
    let address = hop.upstream.as_deref().unwrap_or("not connected");
    let tls = hop.upstream_tls.as_ref().map(tls).unwrap_or_default();
    let verified = match hop.verified {
        Some(true) => ", certificate verified",
        Some(false) => ", certificate NOT verified",
        None => "",
    };
    let proxy = hop.upstream_proxy.as_ref();
    let proxy = proxy.map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"));
    format!("{}{proxy} at {address}{tls}{verified}", exchange.host)
}

fn tls(tls: &TlsView) -> String {
    let alpn = tls
        .alpn
        .as_ref()
        .map_or_else(String::new, |alpn| format!(" {alpn}"));
    format!(", {} {}{alpn}", tls.version, tls.cipher)
}

fn timings(exchange: &ExchangeView) -> Option<String> {
    let timings = &exchange.timings;
    let steps = [
        ("connect", timings.connect_ms),
        ("TLS", timings.tls_ms),
        ("answer after", timings.response_head_ms),
        ("end after", timings.end_ms),
    ];
    let told: Vec<String> = steps
        .iter()
        .filter_map(|(step, millis)| Some(format!("{step} {}", duration_of((*millis)?))))
        .collect();
    (!told.is_empty()).then(|| told.join(" · "))
}

fn messages(exchange: &ExchangeView, style: &Style) -> String {
    let mut page = Page::new(style);
    page.push(Line::new(style));
    message(&mut page, &exchange.request_head, &exchange.request_content);
    trailers(&mut page, &exchange.request_trailers);
    match (&exchange.response_head, &exchange.response_content) {
        (Some(head), Some(content)) => {
            page.blank();
            message(&mut page, head, content);
            trailers(&mut page, &exchange.response_trailers);
            if let Some(websocket) = &exchange.websocket {
                frames(&mut page, websocket);
            }
        }
        _ => {
            page.blank();
            let refusal = exchange
                .failure
                .as_ref()
                .is_some_and(FailureView::is_refusal_of_ours);
            let words = match exchange.status {
                Some(_) if refusal => {
                    "no response: the client broke off before it asked".to_owned()
                }
                Some(_) => format!("no response: {} was made by why401", failing_name(exchange)),
                None => "no response: not observed".to_owned(),
            };
            page.push(Line::new(style).put(Paint::Dim, &words));
        }
    }
    page.text()
}

/// A message: its head as it stands, then its content.
pub(super) fn message(page: &mut Page<'_>, head: &HeadView, content: &ContentView) {
    let style = page.style();
    wrapped(page, Paint::Cause, "", head.start.as_str());
    for (name, value) in &head.lines {
        wrapped(page, Paint::Dim, &format!("{name}:"), value.as_str());
    }
    let words = content_words(content);
    if words.is_empty() {
        return;
    }
    page.push(Line::new(style));
    if let Some(text) = &content.text {
        let text = text.clone().bounded(LONGEST_CONTENT);
        for line in text.as_str().split('\n') {
            wrapped(page, Paint::Plain, "", line);
        }
    }
    page.push(Line::new(style).put(Paint::Dim, &format!("({words})")));
}

/// A line of the message; what does not fit goes on below, indented.
fn wrapped(page: &mut Page<'_>, name_paint: Paint, name: &str, value: &str) {
    let style = page.style();
    let name = chars::adapt(name, style.unicode);
    let value = chars::adapt(value, style.unicode);
    let text = format!("{name}{value}");
    let columns = style.columns();
    let (first, mut rest) = chars::split_at_width(&text, columns);
    let line = match first.strip_prefix(name.as_str()) {
        Some(value) => Line::new(style)
            .put(name_paint, &name)
            .put(Paint::Plain, value),
        None => Line::new(style).put(name_paint, first),
    };
    page.push(line);
    while !rest.is_empty() {
        let (more, after) = chars::split_at_width(rest, columns - 4);
        page.push(Line::indented(style, 4).put(Paint::Plain, more));
        rest = after;
    }
}

/// The frames of a WebSocket, one below the other: `→` from the client, `←` from the origin.
fn frames(page: &mut Page<'_>, websocket: &WebSocketView) {
    let unicode = page.style().unicode;
    page.blank();
    for (at, frame) in websocket.frames.iter().enumerate() {
        if at == websocket.left_out.after && websocket.left_out.count > 0 {
            let words = format!("({} frames were not kept)", websocket.left_out.count);
            wrapped(page, Paint::Dim, &words, "");
        }
        let arrow = match (frame.from, unicode) {
            ("client", true) => '→',
            ("client", false) => '>',
            (_, true) => '←',
            (_, false) => '<',
        };
        let more = if frame.fin { "" } else { ", to be continued" };
        let label = format!(
            "{arrow} {:.1} ms {}, {} bytes{more}",
            frame.at_ms, frame.kind, frame.length
        );
        let text = frame.text.clone().map(|text| text.bounded(LONGEST_FRAME));
        let text = text.map_or_else(String::new, |text| format!("  {}", text.as_str()));
        wrapped(page, Paint::Dim, &label, &text);
    }
}

fn trailers(page: &mut Page<'_>, trailers: &[(Text, Text)]) {
    for (name, value) in trailers {
        wrapped(
            page,
            Paint::Dim,
            &format!("{name}:"),
            &format!(" {value} (trailer)"),
        );
    }
}

/// `123 bytes of application/json, cut off`
fn content_words(content: &ContentView) -> String {
    let end = match content.end {
        ContentEnd::Absent => return String::new(),
        ContentEnd::Complete => "",
        ContentEnd::CutOff => ", cut off",
        ContentEnd::Pending => ", still passing when this was recorded",
        ContentEnd::Undecodable => ", not decodable to its end",
    };
    let media_type = content
        .media_type
        .as_ref()
        .map_or_else(String::new, |media_type| format!(" of {media_type}"));
    let coding = content
        .coding
        .as_ref()
        .map_or_else(String::new, |coding| format!(", {coding}"));
    let kept = if content.kept < content.length {
        format!(", the first {} kept", content.kept)
    } else {
        String::new()
    };
    let hidden = if content.text.is_none() && content.length > 0 {
        ", not shown: no text"
    } else {
        ""
    };
    format!(
        "{} bytes{media_type}{coding}{kept}{hidden}{end}",
        content.length
    )
}
