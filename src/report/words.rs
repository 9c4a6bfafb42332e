//! The words of the closed sets that other modules define, for `--json`.

use serde::{Serialize, Serializer};

use crate::diagnosis::{Confidence, FaultSide};
use crate::diff::{Kind, Segment, Where};
use crate::model::{ContentEnd, Entry, Match, Note, Side, Stage, State};

#[derive(Serialize)]
struct Positions {
    good: Option<(usize, usize)>,
    failing: Option<(usize, usize)>,
    same: bool,
}

pub(super) fn state<S: Serializer>(state: &State, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(state.as_str())
}

pub(super) fn side<S: Serializer>(side: &FaultSide, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(side.as_str())
}

pub(super) fn confidence<S: Serializer>(how: &Confidence, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(how.as_str())
}

pub(super) fn place<S: Serializer>(place: &Where, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(place.as_str())
}

pub(super) fn kind<S: Serializer>(kind: &Kind, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(kind.as_str())
}

pub(super) fn end<S: Serializer>(end: &ContentEnd, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(content_end(*end))
}

pub(super) fn segments<S: Serializer>(all: &[Segment], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(all.iter().map(|segment| Positions {
        good: segment.good,
        failing: segment.failing,
        same: segment.same,
    }))
}

/// How content ended.
pub(super) fn content_end(end: ContentEnd) -> &'static str {
    match end {
        ContentEnd::Absent => "absent",
        ContentEnd::Pending => "pending",
        ContentEnd::Complete => "complete",
        ContentEnd::CutOff => "cut-off",
        ContentEnd::Undecodable => "undecodable",
    }
}

/// How a request came in.
pub(super) fn entry(entry: Entry) -> &'static str {
    match entry {
        Entry::AbsoluteForm => "absolute-form",
        Entry::Tunnel => "tunnel",
        Entry::Socks => "socks",
        Entry::Transparent => "transparent",
        Entry::Reverse => "reverse",
    }
}

/// How a baseline was found.
pub(super) fn found(found: Match) -> &'static str {
    match found {
        Match::Named => "named",
        Match::SameOrigin => "same-origin",
        Match::OtherOrigin => "other-origin",
        Match::OtherPrefix => "other-prefix",
        Match::LearnedSameClient => "learned-same-client",
        Match::LearnedOtherClient => "learned-other-client",
        Match::LearnedOtherSegment => "learned-other-segment",
        Match::OtherMethod => "other-method",
        Match::SameHost => "same-host",
    }
}

/// How a baseline was found, for people.
pub(super) fn found_in_words(found: Match) -> &'static str {
    match found {
        Match::Named => "as you asked",
        Match::SameOrigin => "same method, route and origin",
        Match::OtherOrigin => "same method and route on another origin",
        Match::OtherPrefix => "same method, the path has another prefix",
        Match::LearnedSameClient | Match::LearnedOtherClient => "same route",
        Match::LearnedOtherSegment => "same route but for a part that varies",
        Match::OtherMethod => "same route, another method",
        Match::SameHost => "another route of this host, its credential in the same place",
    }
}

/// Whose side failed.
pub(super) fn failed_side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Proxy => "proxy",
        Side::Upstream => "upstream",
    }
}

/// At which step it failed.
pub(super) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Resolve => "resolve",
        Stage::Connect => "connect",
        Stage::Tls => "tls",
        Stage::Request => "request",
        Stage::Response => "response",
    }
}

/// What a reader must know to judge an exchange: a word for programs, a sentence for people.
pub(super) fn note(note: &Note) -> (&'static str, &'static str) {
    match note {
        Note::InsecureUpstream => (
            "insecure-upstream",
            "the origin's certificate was not verified (--insecure-upstream)",
        ),
        Note::HostReplaced => (
            "host-replaced",
            "the proxy replaced a Host that named another authority than the target",
        ),
        Note::ProxyAuthorizationRemoved => (
            "proxy-authorization-removed",
            "the proxy removed a Proxy-Authorization that was meant for it",
        ),
        Note::NotDecoded => (
            "not-decoded",
            "not decoded from some point on; the bytes went on untouched",
        ),
        Note::ContentNotKept => (
            "content-not-kept",
            "part of the content was not kept: the budget for captured bodies was spent",
        ),
        Note::NoRequest => (
            "no-request",
            "the connection failed before any HTTP request was seen; this CONNECT stands in for one",
        ),
        Note::ClientCertificateNotSent => (
            "client-certificate-not-sent",
            "the origin asked for a client certificate, and the proxy has none for it",
        ),
    }
}

/// The side of that word; not decided for any other.
pub(super) fn read_side(word: Option<&str>) -> FaultSide {
    [FaultSide::Client, FaultSide::Server, FaultSide::Between]
        .into_iter()
        .find(|side| Some(side.as_str()) == word)
        .unwrap_or(FaultSide::Undecided)
}

/// The confidence of that word; none for any other.
pub(super) fn read_confidence(word: Option<&str>) -> Confidence {
    [Confidence::Certain, Confidence::Strong, Confidence::Hint]
        .into_iter()
        .find(|confidence| Some(confidence.as_str()) == word)
        .unwrap_or(Confidence::None)
}

/// The side, as a person reads it: the first word of a verdict.
pub(super) fn side_in_words(side: FaultSide) -> &'static str {
    match side {
        FaultSide::Client => "client",
        FaultSide::Server => "server",
        FaultSide::Between => "in between",
        FaultSide::Undecided => "not decided",
    }
}
