//! A request that got no answer from the origin: what failed, and that the 502 is ours.

use super::line::{Line, Page};
use super::rows::{INDENT, labelled_lines};
use super::style::Paint;
use crate::report::{FailureView, Report};

/// Tells what failed, at which step, and what to do about it.
pub(super) fn explain(page: &mut Page<'_>, report: &Report) {
    let Some(failure) = &report.exchange.failure else {
        return;
    };
    let style = page.style();
    let said = format!("{} by why401", report.exchange.status.unwrap_or(502));
    let said = Line::new(style).put(Paint::Dim, &said);
    let line = Line::indented(style, INDENT).put(Paint::Cause, title(failure));
    page.push(line.right(style.columns(), said));
    page.blank();
    if style.is_narrow() {
        let host = report.exchange.host.to_string();
        labelled_lines(page, "host", &[host], 1);
    }
    labelled_lines(page, "why", &[failure.detail.to_string()], 4);
    if let Some(next) = report.next.first() {
        labelled_lines(page, "next", &[next.to_string()], 2);
    }
}

/// What failed, in capitals.
pub(super) fn title(failure: &FailureView) -> &'static str {
    if failure.side == "client" {
        return "THE CLIENT WENT AWAY";
    }
    match failure.cause {
        "name-not-found" => "HOST NAME NOT FOUND",
        "refused" => "CONNECTION REFUSED",
        "timed-out" => "NO ANSWER IN TIME",
        "unreachable" => "HOST CANNOT BE REACHED",
        "closed" => "CONNECTION CLOSED WITHOUT AN ANSWER",
        "certificate-expired" => "THE SERVER'S CERTIFICATE HAS EXPIRED",
        "certificate-not-yet-valid" => "THE SERVER'S CERTIFICATE IS NOT VALID YET",
        "certificate-name" => "THE SERVER'S CERTIFICATE IS FOR ANOTHER NAME",
        "certificate-issuer" => "THE SERVER'S CERTIFICATE IS NOT TRUSTED",
        "certificate-other" => "THE SERVER'S CERTIFICATE IS NOT ACCEPTABLE",
        "not-tls" => "THE SERVER DOES NOT SPEAK TLS",
        "handshake" => "TLS HANDSHAKE FAILED",
        "alert" => "THE SERVER REFUSED THE TLS HANDSHAKE",
        "bad-message" => "NOT VALID HTTP",
        "own-listener" => "THE REQUEST LEADS BACK TO WHY401",
        _ => "NO ANSWER FROM THE SERVER",
    }
}
