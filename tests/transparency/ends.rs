//! How each end of a connection closes is how the other sees it closed.

use std::sync::Arc;

use super::lane::{LANES, Lane, Road, Security, check};
use super::play::{Cut, End};
use super::shape::{Protocol, Side, Step};
use crate::common::binary::Why401;

/// How an end stops sending, and how its peer sees that.
#[derive(Clone, Copy, Debug)]
struct Ending {
    step: fn() -> Step,
    seen: End,
}

const FINISH: Ending = Ending {
    step: || Step::Finish,
    seen: End::Finished,
};

/// Without `close_notify`, where there is TLS.
const CUT: Ending = Ending {
    step: || Step::Cut,
    seen: End::Truncated,
};

const RESET: Ending = Ending {
    step: || Step::Reset,
    seen: End::Reset,
};

/// What has passed before: an exchange whose response is cut short, so that the end tells something.
const SENT: &[u8] = b"GET /end HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ANSWERED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";

/// Said by the side that is still open when the other has closed.
const AFTERWARDS: &[u8] = b"and more, for whom it may concern";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_closes_as_its_peer_closed() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let road = Arc::new(Road::through(&proxy));
    for lane in lanes() {
        for side in [Side::Client, Side::Origin] {
            for ending in [FINISH, CUT, RESET] {
                closes(&road, lane, side, ending).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_direction_stays_open() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let road = Arc::new(Road::through(&proxy));
    for lane in lanes() {
        for side in [Side::Client, Side::Origin] {
            for ending in [FINISH, CUT] {
                half_closes(&road, lane, side, ending).await;
            }
        }
    }
}

fn lanes() -> impl Iterator<Item = Lane> {
    LANES.into_iter().filter(|lane| lane.cut == Cut::Whole)
}

/// In clear there is no `close_notify` to leave out.
fn seen(ending: Ending, lane: Lane) -> End {
    match (ending.seen, lane.security) {
        (End::Truncated, Security::Clear) => End::Finished,
        (seen, _) => seen,
    }
}

/// One side ends after an exchange, and goes; the other sees just that.
async fn closes(road: &Road, lane: Lane, by: Side, ending: Ending) {
    let talk = |of: Side| match of {
        Side::Client => vec![Step::Send(SENT.to_vec()), Step::Received(ANSWERED.len())],
        Side::Origin => vec![Step::Received(SENT.len()), Step::Send(ANSWERED.to_vec())],
    };
    let mut client = talk(Side::Client);
    let mut origin = talk(Side::Origin);
    let (closing, other) = match by {
        Side::Client => (&mut client, &mut origin),
        Side::Origin => (&mut origin, &mut client),
    };
    if by == Side::Origin {
        // A reset may overtake what was sent just before it: the client says when it has it.
        other.push(Step::Send(b"!".to_vec()));
        closing.push(Step::Received(SENT.len() + 1));
    }
    closing.push((ending.step)());
    other.extend([Step::AwaitEnd, Step::Finish]);
    if ending.seen != End::Reset {
        closing.push(Step::AwaitEnd);
    }
    let (client, origin) = road.play(Protocol::Http1, lane, client, origin, 1).await;
    let end = seen(ending, lane);
    let heard = match by {
        Side::Client => check(&origin, SENT, end),
        Side::Origin => check(&client, ANSWERED, end),
    };
    let place = format!("{by:?} {:?} ({lane:?})", (ending.step)());
    heard.unwrap_or_else(|error| panic!("{place}: its peer {error}"));
}

/// One side ends before it has heard anything, and still hears all that the other says then.
async fn half_closes(road: &Road, lane: Lane, by: Side, ending: Ending) {
    let closing = vec![Step::Send(SENT.to_vec()), (ending.step)(), Step::AwaitEnd];
    let other = vec![
        Step::AwaitEnd,
        Step::Send(AFTERWARDS.to_vec()),
        Step::Finish,
    ];
    let (client, origin) = match by {
        Side::Client => (closing, other),
        Side::Origin => (other, closing),
    };
    let (client, origin) = road.play(Protocol::Http1, lane, client, origin, 2).await;
    let (closed, open) = match by {
        Side::Client => (client, origin),
        Side::Origin => (origin, client),
    };
    let place = format!("{by:?} {:?} ({lane:?})", (ending.step)());
    check(&open, SENT, seen(ending, lane)).unwrap_or_else(|error| panic!("{place}: peer {error}"));
    check(&closed, AFTERWARDS, End::Finished).unwrap_or_else(|error| panic!("{place}: it {error}"));
}
