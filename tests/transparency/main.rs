//! The proxy does not change the patient: what each end of a connection sends is what the other
//! receives, every byte of it, and so is how it ends.
//!
//! Shapes (`tests/fixtures/transparency`, and those that are generated here) go through the real
//! binary over each lane: in clear and over TLS, whole and in pieces.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that meets something unexpected shall say so at once"
)]
#![expect(clippy::print_stdout, reason = "it says how much it has sent")]
#![expect(
    unreachable_pub,
    reason = "in a test crate, `pub` says: for the other files"
)]

#[expect(dead_code, reason = "other tests need more of the kit than these")]
#[path = "../common"]
mod common {
    pub mod binary;
    pub mod frames;
    pub mod pki;
    pub mod random;
    pub mod wait;
}

mod ends;
mod generated;
mod lane;
mod play;
mod read;
mod shape;

use std::collections::HashSet;
use std::sync::Arc;

use common::binary::Why401;
use common::random::Random;
use lane::{LANES, Lane, Road};
use play::Cut;
use shape::{Shape, in_sequence};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections at a time.
const AT_ONCE: usize = 32;

/// How many dialogues follow each other on one connection.
const SEQUENCE: usize = 12;

/// From which all cuts follow; the message of a failure has the seed of its connection.
const SEED: u64 = 0x0401;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_shape_passes_byte_by_byte() {
    let shapes = [read::all(), generated::all()].concat();
    let distinct: HashSet<_> = shapes.iter().map(Shape::identity).collect();
    assert_eq!(distinct.len(), shapes.len(), "a shape is there twice");
    assert!(distinct.len() >= 400, "only {} shapes", distinct.len());

    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let road = Arc::new(Road::through(&proxy));
    let mut sent = Convoy::new(road);
    for shape in &shapes {
        for lane in LANES {
            sent.send(shape.clone(), lane).await;
        }
    }
    let sequences = sequences(&shapes);
    for sequence in &sequences {
        for lane in LANES.into_iter().filter(|lane| lane.cut != Cut::Bytes) {
            sent.send(sequence.clone(), lane).await;
        }
    }
    let connections = sent.arrived().await;
    let recorded = why401.list().len();
    assert!(
        recorded > 1000,
        "only {recorded} failures recorded: nobody read along"
    );
    println!(
        "{} shapes × {} lanes, byte-identical; {} sequences of them as well; {connections} connections, {recorded} failures recorded",
        shapes.len(),
        LANES.len(),
        sequences.len()
    );
}

/// Shapes that can follow each other on one connection.
fn sequences(shapes: &[Shape]) -> Vec<Shape> {
    let open: Vec<_> = shapes.iter().filter(|shape| shape.stays_open()).collect();
    let same_protocol = open.chunk_by(|a, b| a.protocol == b.protocol);
    same_protocol
        .flat_map(|shapes| shapes.chunks(SEQUENCE))
        .map(in_sequence)
        .collect()
}

/// Connections under way, a bounded number at a time.
struct Convoy {
    road: Arc<Road>,
    room: Arc<Semaphore>,
    tasks: JoinSet<Result<(), String>>,
    seeds: Random,
}

impl Convoy {
    fn new(road: Arc<Road>) -> Self {
        Self {
            road,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: JoinSet::new(),
            seeds: Random(SEED),
        }
    }

    async fn send(&mut self, shape: Shape, lane: Lane) {
        let permit = Arc::clone(&self.room).acquire_owned().await.unwrap();
        let (road, seed) = (Arc::clone(&self.road), self.seeds.next());
        self.tasks.spawn(async move {
            let arrived = road.carries(&shape, lane, seed).await;
            drop(permit);
            arrived
        });
    }

    /// How many connections there were.
    async fn arrived(mut self) -> usize {
        let mut failures = Vec::new();
        let mut count = 0;
        while let Some(done) = self.tasks.join_next().await {
            count += 1;
            failures.extend(done.unwrap().err());
        }
        assert!(
            failures.is_empty(),
            "{} of {count} connections failed:\n{}",
            failures.len(),
            failures[..failures.len().min(20)].join("\n")
        );
        count
    }
}
