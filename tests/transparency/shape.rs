//! A shape: what the two ends of one connection say to each other, byte by byte.

use std::fmt;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Client,
    Origin,
}

/// What one end does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Sends these bytes.
    Says(Side, Vec<u8>),
    /// Closes its sending direction properly.
    Finishes(Side),
}

/// What is sent over one connection, in both directions.
#[derive(Clone, Debug)]
pub struct Shape {
    pub name: String,
    pub protocol: Protocol,
    pub pace: Pace,
    pub acts: Vec<Act>,
}

/// What ALPN agrees on over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    pub fn alpn(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "h2",
        }
    }
}

/// Whether the ends wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Each waits for all that the other has said before.
    InTurn,
    /// Nobody waits.
    AtOnce,
}

/// What one end has to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    Send(Vec<u8>),
    /// Waits until so many bytes have come in since the start.
    Received(usize),
    /// Waits until the peer has ended.
    AwaitEnd,
    /// FIN, after `close_notify` over TLS.
    Finish,
    /// FIN alone, also over TLS.
    Cut,
    /// RST.
    Reset,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::Received(count) => write!(f, "Received({count})"),
            Self::AwaitEnd => f.write_str("AwaitEnd"),
            Self::Finish => f.write_str("Finish"),
            Self::Cut => f.write_str("Cut"),
            Self::Reset => f.write_str("Reset"),
        }
    }
}

impl Shape {
    /// All that one end says.
    pub fn said(&self, by: Side) -> Vec<u8> {
        said(&self.acts, by)
    }

    /// Whether another dialogue can follow on the same connection.
    pub fn stays_open(&self) -> bool {
        let mut acts = self.acts.iter();
        self.pace == Pace::InTurn && !acts.any(|act| matches!(act, Act::Finishes(_)))
    }

    /// What makes one shape another than the others.
    pub fn identity(&self) -> (Protocol, Pace, &[Act]) {
        (self.protocol, self.pace, &self.acts)
    }

    /// The part of one end. The client closes first unless the shape says otherwise.
    pub fn steps(&self, of: Side) -> Vec<Step> {
        let mut steps = Vec::new();
        let (mut heard, mut waited, mut peer_ended, mut ended) = (0, 0, false, false);
        for act in &self.acts {
            let by = match act {
                Act::Says(by, _) | Act::Finishes(by) => *by,
            };
            if by == of && self.pace == Pace::InTurn {
                if peer_ended {
                    steps.push(Step::AwaitEnd);
                } else if heard > waited {
                    steps.push(Step::Received(heard));
                    waited = heard;
                }
            }
            match (act, by == of) {
                (Act::Says(_, bytes), true) => steps.push(Step::Send(bytes.clone())),
                (Act::Says(_, bytes), false) => heard += bytes.len(),
                (Act::Finishes(_), true) => {
                    steps.push(Step::Finish);
                    ended = true;
                }
                (Act::Finishes(_), false) => peer_ended = true,
            }
        }
        steps.push(Step::Received(heard));
        if of == Side::Origin {
            steps.push(Step::AwaitEnd);
        }
        if !ended {
            steps.push(Step::Finish);
        }
        steps.push(Step::AwaitEnd);
        steps
    }
}

fn said(acts: &[Act], by: Side) -> Vec<u8> {
    let own = acts.iter().filter_map(|act| match act {
        Act::Says(side, bytes) if *side == by => Some(&bytes[..]),
        _ => None,
    });
    own.collect::<Vec<_>>().concat()
}

/// Several dialogues on one connection, one after the other.
pub fn in_sequence(shapes: &[&Shape]) -> Shape {
    let names: Vec<_> = shapes.iter().map(|shape| shape.name.as_str()).collect();
    Shape {
        name: names.join(" + "),
        protocol: shapes[0].protocol,
        pace: Pace::InTurn,
        acts: shapes.iter().flat_map(|shape| shape.acts.clone()).collect(),
    }
}
