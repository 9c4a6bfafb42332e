//! The two directions of a connection together.

use std::fmt;

use super::direction::{Direction, Step};
use super::{Event, Limits, Sender};
use crate::wire::hpack::Malformed;

/// A decoder for both directions of one connection, from its first byte.
///
/// It needs both, since the settings of one side bound the compression of the other. What a sender
/// reacts to must have been decoded before: above all, settings before their acknowledgement.
pub struct Decoder {
    /// `None` once nothing is followed any more.
    followed: Option<Box<Followed>>,
}

struct Followed {
    client: Direction,
    origin: Direction,
}

impl Decoder {
    /// A decoder at the start of a connection.
    pub fn new(limits: Limits) -> Self {
        Self {
            followed: Some(Box::new(Followed {
                client: Direction::new(Sender::Client, limits),
                origin: Direction::new(Sender::Origin, limits),
            })),
        }
    }

    /// Takes bytes from the front of `input`: how many, and what they completed. Call it again with
    /// the rest until all is taken and no event comes; an event may come without a byte taken.
    pub fn decode<'a>(&mut self, from: Sender, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        let Some(followed) = &mut self.followed else {
            return (input.len(), None);
        };
        let (own, other) = match from {
            Sender::Client => (&mut followed.client, &mut followed.origin),
            Sender::Origin => (&mut followed.origin, &mut followed.client),
        };
        let mut rest = input;
        loop {
            match own.step(&mut rest, &mut other.table_limit) {
                Ok(Step::Again) => {}
                Ok(Step::Event(event)) => return (input.len() - rest.len(), Some(event)),
                Ok(Step::Starved) => return (input.len(), None),
                Err(Malformed(reason)) => {
                    self.stop();
                    return (input.len(), Some(Event::GaveUp(reason)));
                }
            }
        }
    }

    /// Whether the connection is still being followed.
    pub fn is_following(&self) -> bool {
        self.followed.is_some()
    }

    /// From here on nothing is followed, and nothing is held.
    pub fn stop(&mut self) {
        self.followed = None;
    }

    /// What the decoder holds on to for the bytes it has seen.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let followed = self.followed.as_ref();
        followed.map_or(0, |both| both.client.memory() + both.origin.memory())
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder(following: {})", self.is_following())
    }
}
