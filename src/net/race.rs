//! Happy Eyeballs (RFC 8305): the addresses of a host are tried one shortly after the other, and the first
//! that answers wins. One that leads nowhere (IPv6, often) costs a quarter of a second.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// The addresses in the order in which they are tried: the families take turns, the one of the first
/// address begins (RFC 8305 section 4).
pub(super) fn in_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let begins = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .take(MOST_ADDRESSES)
        .partition(|address| address.is_ipv6() == begins);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return turns;
        }
        turns.extend(pair.into_iter().flatten());
    }
}

/// Connects to the first address that answers, or tells each that failed, and how.
pub(super) async fn connect(
    addresses: Vec<SocketAddr>,
) -> Result<(TcpStream, SocketAddr), Vec<(SocketAddr, io::Error)>> {
    let mut waiting = addresses.into_iter();
    let mut tried = JoinSet::new();
    let mut failed = Vec::new();
    let mut next = Instant::now();
    loop {
        if let Some(address) = due(&mut waiting, &tried, next) {
            tried.spawn(async move { (address, TcpStream::connect(address).await) });
            next = Instant::now() + ATTEMPT_DELAY;
        }
        tokio::select! {
            attempt = tried.join_next() => match attempt {
                Some(Ok((address, Ok(stream)))) => return Ok((stream, address)),
                Some(Ok((address, Err(error)))) => {
                    failed.push((address, error));
                    // Nothing is gained by waiting out the delay of one that has failed.
                    next = Instant::now();
                }
                // An attempt that panicked is one that failed.
                Some(Err(_panic)) => {}
                None => return Err(failed),
            },
            () = sleep_until(next), if waiting.len() > 0 => {}
        }
    }
}

/// The next address, if it is its time: nobody is being waited for, or long enough.
fn due(
    waiting: &mut std::vec::IntoIter<SocketAddr>,
    tried: &JoinSet<(SocketAddr, io::Result<TcpStream>)>,
    next: Instant,
) -> Option<SocketAddr> {
    if tried.is_empty() || Instant::now() >= next {
        waiting.next()
    } else {
        None
    }
}

/// "Connection Attempt Delay" (RFC 8305 section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// A name with more addresses does not want to be reached at all of them.
const MOST_ADDRESSES: usize = 32;

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_families_take_turns() {
        let mixed = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let turns = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(in_turns(mixed), turns);
        assert_eq!(in_turns(addresses(&["1.1.1.1:1"])).len(), 1);
        assert!(in_turns(Vec::new()).is_empty());
    }

    /// A listener whose queue is full: further connections get no answer.
    async fn dead_end() -> (TcpListener, SocketAddr, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        let patience = Duration::from_millis(200);
        while let Ok(stream) = tokio::time::timeout(patience, TcpStream::connect(address)).await {
            queue.push(stream.unwrap());
        }
        (listener, address, queue)
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_delays_the_next_but_little() {
        let (_dead, nowhere, _queue) = dead_end().await;
        let alive = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = alive.local_addr().unwrap();
        let start = Instant::now();
        let (_, won) = connect(vec![nowhere, there]).await.unwrap();
        assert_eq!(won, there);
        assert!(start.elapsed() >= ATTEMPT_DELAY);
        // The system itself tries the first again only after a second.
        assert!(start.elapsed() < 4 * ATTEMPT_DELAY);
    }

    #[tokio::test]
    async fn a_refusal_starts_the_next_at_once_though_another_is_being_waited_for() {
        let (_dead, nowhere, _queue) = dead_end().await;
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refuses = closed.local_addr().unwrap();
        drop(closed);
        let alive = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = alive.local_addr().unwrap();
        let mut addresses = vec![nowhere];
        addresses.extend([refuses; 8]);
        addresses.push(there);
        let start = Instant::now();
        let (_, won) = connect(addresses).await.unwrap();
        assert_eq!(won, there);
        assert!(start.elapsed() < 4 * ATTEMPT_DELAY, "eight delays else");
    }

    #[tokio::test]
    async fn after_a_refusal_the_next_is_tried_at_once_and_all_are_told() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refuses = closed.local_addr().unwrap();
        drop(closed);
        let failed = connect(vec![refuses, refuses]).await.unwrap_err();
        let kinds: Vec<_> = failed.iter().map(|(_, error)| error.kind()).collect();
        assert_eq!(kinds, [io::ErrorKind::ConnectionRefused; 2]);
        assert!(connect(Vec::new()).await.unwrap_err().is_empty());
    }
}
