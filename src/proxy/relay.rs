//! The byte relay: both directions of a connection in one task, every byte unchanged.
//!
//! Both directions are decoded here and before each write, so a response is never decoded before its
//! request.

use std::future::poll_fn;
use std::task::Poll;

use super::flow::{Flow, Passage, Shown, Stop};
use super::tap::Tap;
use super::transport::Transport;

/// Relays until both directions have ended, and mirrors how they ended.
pub(super) async fn relay(client: Transport, origin: Transport, tap: Tap) {
    resume(client, Flow::new(), origin, Flow::new(), tap).await;
}

/// Goes on as a byte relay with what each direction has read already.
pub(super) async fn resume(
    mut client: Transport,
    mut up: Flow,
    mut origin: Transport,
    mut down: Flow,
    mut tap: Tap,
) {
    up.next_message();
    down.next_message();
    let (up, down) = poll_fn(|cx| {
        if tap.poll_room(cx).is_pending() {
            return Poll::Pending;
        }
        let up = up.poll(cx, &mut client, &mut origin, |shown| {
            watch(shown, |bytes| tap.sent_by_client(bytes))
        });
        let down = down.poll(cx, &mut origin, &mut client, |shown| {
            if let Shown::Broken(error) = shown {
                tap.origin_broke(error);
            }
            watch(shown, |bytes| tap.sent_by_origin(bytes))
        });
        over(up, down)
    })
    .await;
    if up == Some(Stop::ReaderBroke) {
        origin.reset_on_close();
    }
    if down == Some(Stop::ReaderBroke) {
        client.reset_on_close();
    }
}

/// Everything passes; the tap sees it first. After a reset the tap is dropped: that is no end of a message.
fn watch(shown: Shown<'_>, see: impl FnOnce(Option<&[u8]>)) -> Passage {
    if !shown.is_reset() {
        see(shown.bytes());
    }
    Passage::all(shown.bytes().unwrap_or_default())
}

/// A reset on either side ends both directions at once; otherwise both must come to their end.
fn over(up: Poll<Stop>, down: Poll<Stop>) -> Poll<(Option<Stop>, Option<Stop>)> {
    let (up, down) = (stopped(up), stopped(down));
    let broke = |stop| stop == Some(Stop::ReaderBroke);
    if broke(up) || broke(down) || (up.is_some() && down.is_some()) {
        Poll::Ready((up, down))
    } else {
        Poll::Pending
    }
}

fn stopped(poll: Poll<Stop>) -> Option<Stop> {
    match poll {
        Poll::Ready(stop) => Some(stop),
        Poll::Pending => None,
    }
}
