//! What it costs to choose among ten thousand requests that users named.
//!
//! `cargo bench --bench choose`

#![expect(clippy::print_stdout, reason = "it prints what it measured")]
#![expect(clippy::unwrap_used, reason = "the URLs are our own")]

use std::hint::black_box;
use std::time::Instant;

use why401::baseline::Shelf;
use why401::model::{
    Baseline, BaselineSource, Content, FieldLine, FieldSection, HttpVersion, Provenance, Request,
    Timestamp, Url,
};

const BASELINES: u32 = 10_000;
const CHOICES: u32 = 10_000;
const NOW: Timestamp = Timestamp::from_secs(1_768_478_400);

fn main() {
    let started = Instant::now();
    let shelf = Shelf::new((0..BASELINES).map(baseline).collect());
    println!(
        "{BASELINES} named requests put in order in {:.1} ms",
        started.elapsed().as_secs_f64() * 1000.0
    );
    for (kind, method, prefix) in [
        ("the same route", "GET", "/v1"),
        ("another prefix", "GET", "/api/v1"),
        ("another method", "DELETE", "/v1"),
        ("the same host alone", "GET", "/v2/other"),
    ] {
        let failing: Vec<Request> = (0..CHOICES)
            .map(|number| request(method, &url(number, prefix)))
            .collect();
        let started = Instant::now();
        let mut found = 0;
        for request in &failing {
            found += u32::from(black_box(shelf.choose(request, None, NOW)).is_some());
        }
        let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(CHOICES);
        println!("{kind}: {each:.1} µs a choice, {found} of {CHOICES} found");
    }
}

fn baseline(number: u32) -> Baseline {
    Baseline {
        name: format!("request {number}"),
        source: BaselineSource::Postman,
        added: Timestamp::from_secs(1_768_000_000 + i64::from(number)),
        request: request("GET", &url(number, "/v1")),
        unresolved: Vec::new(),
        warnings: Vec::new(),
    }
}

/// 2 000 routes: 40 hosts with 50 collections each.
fn url(number: u32, prefix: &str) -> String {
    let (host, collection) = (number % 40, number / 40 % 50);
    format!("https://api{host}.acme.test{prefix}/things{collection}x/{number}/parts")
}

fn request(method: &str, url: &str) -> Request {
    let url = Url::parse(url.as_bytes()).unwrap();
    let lines = vec![
        FieldLine::new("Authorization", "Bearer abcdefghijklmnop1"),
        FieldLine::new("Cookie", "theme=dark; sid=abcdefghijklmnop2"),
        FieldLine::new("Accept", "application/json"),
    ];
    Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: FieldSection::from_lines(lines, Provenance::Wire),
        content: Content::default(),
        trailers: FieldSection::default(),
    }
}
