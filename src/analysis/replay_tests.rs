//! A labelled replay: mixed traffic over 50 routes, and for each failure the exchange that it should
//! be compared with, known from how the traffic was made.

use super::judge::{Judge, learned_like};
use crate::baseline::{Shelf, route};
use crate::capture::recorder::{Passed, Progress};
use crate::capture::sample::{self, Hands};
use crate::capture::{Notice, Settings};
use crate::model::{
    Exchange, ExchangeId, FieldLine, FieldSection, Match, Origin, Provenance, Request, Scheme,
    Timestamp, Url,
};

const EXCHANGES: usize = 10_000;

/// A stream of numbers that is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides as u64).unwrap()
    }
}

/// A route as its server knows it.
struct Route {
    method: &'static str,
    origin: Origin,
    /// `{}` stands for what names a single thing.
    path: String,
    /// The field of the credential.
    field: &'static str,
}

/// 50 routes: several methods on one path, one path on two ports, fixed names beside ids.
fn routes() -> Vec<Route> {
    let origin = |host: &str, port| Origin {
        scheme: Scheme::Https,
        host: host.into(),
        port,
    };
    let origins = [
        (origin("api.acme.test", 443), "Authorization"),
        (origin("api.acme.test", 8443), "Authorization"),
        (origin("auth.acme.test", 443), "Cookie"),
        (origin("pay.other.test", 443), "X-Api-Key"),
        (origin("localhost", 3000), "Authorization"),
    ];
    let shapes = [
        ("GET", "/v1/users"),
        ("POST", "/v1/users"),
        ("GET", "/v1/users/{}"),
        ("PUT", "/v1/users/{}"),
        ("DELETE", "/v1/users/{}"),
        ("GET", "/v1/users/me"),
        ("GET", "/v1/users/{}/orders/{}"),
        ("POST", "/graphql"),
        ("GET", "/files/{}/"),
        ("HEAD", "/files/{}"),
    ];
    let all = origins.iter().flat_map(|(origin, field)| {
        shapes.iter().map(move |(method, path)| Route {
            method,
            origin: origin.clone(),
            path: (*path).to_owned(),
            field,
        })
    });
    all.collect()
}

const CLIENTS: [&str; 4] = [
    "curl/8.5.0",
    "Mozilla/5.0 (X11)",
    "axios/1.7.2",
    "okhttp/4.12",
];

/// What names a single thing, as APIs write it; one in thirty is a word that nobody can tell from a
/// fixed part of the path.
fn thing(dice: &mut Dice) -> String {
    let n = dice.roll(1_000_000);
    match dice.roll(30) {
        0 => ["jane-doe", "acme", "summer-sale"][dice.roll(3)].to_owned(),
        1..=6 => format!("3f2504e0-4f89-41d3-9a0c-0305e8{n:06}"),
        7..=9 => format!("01ARZ3NDEKTSV4RRFFQ6{n:06}"),
        10 => format!("user{n}@acme.test"),
        11 | 12 => format!("{:010x}", n * 7_919),
        _ => n.to_string(),
    }
}

/// What was made to pass, as the oracle remembers it.
struct Good {
    route: usize,
    client: usize,
    carries: bool,
    at: Timestamp,
}

/// What a failure should be compared with: one of these, or, without any of its route, one that is found
/// in that way.
struct Expected {
    found: Option<Match>,
    /// Those of its route: of the same client if there are any, with a credential if there are any.
    goods: Vec<Timestamp>,
}

fn expected(
    goods: &[Good],
    routes: &[Route],
    route: usize,
    client: usize,
    carries: bool,
) -> Expected {
    let of = |found, fits: &dyn Fn(&&Good) -> bool| {
        let fitting: Vec<&Good> = goods.iter().filter(fits).collect();
        let carry = fitting.iter().any(|good| good.carries);
        let best = fitting.iter().filter(|good| good.carries == carry);
        let goods: Vec<Timestamp> = best.map(|good| good.at).collect();
        (!goods.is_empty()).then_some(Expected {
            found: Some(found),
            goods,
        })
    };
    let here = &routes[route];
    let same_host = |good: &Good| routes[good.route].origin.host == here.origin.host;
    let method = goods.iter().any(|good| {
        let there = &routes[good.route];
        same_host(good) && there.path == here.path && there.method != here.method
    });
    let host = carries && goods.iter().any(|good| good.carries && same_host(good));
    let found = method.then_some(Match::OtherMethod);
    of(Match::LearnedSameClient, &|good| {
        good.route == route && good.client == client
    })
    .or_else(|| of(Match::LearnedOtherClient, &|good| good.route == route))
    .unwrap_or(Expected {
        found: found.or(host.then_some(Match::SameHost)),
        goods: Vec::new(),
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn a_mixed_replay_finds_the_right_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let run = sample::open(folder.path());
    let store = run.another().unwrap();
    let hands = Hands::at_start();
    let settings = Settings {
        // What is learned does not depend on it, and the test is quicker without.
        history_exchanges: 0,
        ..Settings::new(route::template)
    };
    let (recorder, writer, notices) = crate::capture::start(settings, run, hands.clock()).unwrap();
    let routes = routes();
    let mut dice = Dice(401);
    let mut goods: Vec<Good> = Vec::new();
    let (mut failures, mut right, mut newest, mut wrong) = (0, 0, 0, Vec::new());
    let mut of_kind = std::collections::BTreeMap::new();
    for _ in 0..EXCHANGES {
        hands.move_by_secs(1);
        let at = recorder.now();
        // Most of what happens, happens on few routes.
        let index = dice.roll(routes.len()).min(dice.roll(routes.len()));
        let route = &routes[index];
        let client = dice.roll(CLIENTS.len());
        let passes = dice.roll(4) > 0;
        let carries = dice.roll(10) > if passes { 0 } else { 3 };
        let target = route
            .path
            .split("{}")
            .collect::<Vec<_>>()
            .join(&thing(&mut dice));
        let mut fields = vec![
            ("Host".to_owned(), route.origin.authority()),
            ("User-Agent".to_owned(), CLIENTS[client].to_owned()),
            ("X-Request-Id".to_owned(), format!("{}", dice.roll(1 << 30))),
        ];
        if carries {
            let token = format!("tok3n{:020}", dice.roll(5));
            let value = match route.field {
                "Authorization" => format!("Bearer {token}"),
                "Cookie" => format!("theme=dark; sid={token}"),
                _ => token,
            };
            fields.push((route.field.to_owned(), value));
        }
        let query = ["", "?page=2", "?q=a%20b"][dice.roll(3)];
        let target = format!("{target}{query}");
        if passes {
            goods.push(Good {
                route: index,
                client,
                carries,
                at,
            });
            recorder.passed(passed(route, &target, &fields, at));
            continue;
        }
        failures += 1;
        let failing = failing(route, &target, &fields, at, failures);
        recorder
            .failed(Box::new(failing.clone()), Progress::Ended)
            .unwrap();
        while !matches!(notices.recv().unwrap(), Notice::Recorded(_)) {}
        let expected = expected(&goods, &routes, index, client, carries);
        let learned = learned_like(&store, &failing).unwrap();
        let chosen = Judge::REAL.best(&failing, &Shelf::default(), &learned, at);
        let chosen_at = chosen.as_ref().map(|chosen| chosen.baseline.added);
        let is_right = match expected.goods.last() {
            Some(_) => chosen_at.is_some_and(|at| expected.goods.contains(&at)),
            None => chosen.as_ref().map(|chosen| chosen.found) == expected.found,
        };
        newest += usize::from(is_right && chosen_at.as_ref() == expected.goods.last());
        right += usize::from(is_right);
        *of_kind.entry(expected.found).or_insert(0) += 1;
        if !is_right {
            wrong.push(format!(
                "{target}: {:?}, not {:?}",
                expected.found,
                chosen.map(|chosen| chosen.found)
            ));
        }
    }
    drop(recorder);
    writer.stop();
    assert!(of_kind.len() >= 4, "the traffic is not mixed: {of_kind:?}");
    assert!(
        right * 100 >= failures * 97,
        "{right} of {failures} right, {newest} the newest; {wrong:#?}"
    );
    assert!(
        !wrong.is_empty(),
        "words as ids cannot be told: the labels are not independent"
    );
}

fn request(route: &Route, target: &str, fields: &[(String, String)]) -> Request {
    let lines = fields
        .iter()
        .map(|(name, value)| FieldLine::new(name.as_str(), value))
        .collect();
    Request {
        method: route.method.to_owned(),
        target: target.as_bytes().to_vec(),
        url: Url::from_parts(route.origin.clone(), target.as_bytes()),
        fields: FieldSection::from_lines(lines, Provenance::Wire),
        ..sample::request(target, &[])
    }
}

fn failing(
    route: &Route,
    target: &str,
    fields: &[(String, String)],
    at: Timestamp,
    number: usize,
) -> Exchange {
    Exchange {
        id: ExchangeId::from_parts(at, number as u128),
        request: request(route, target, fields),
        ..sample::failing(1, at)
    }
}

fn passed(route: &Route, target: &str, fields: &[(String, String)], at: Timestamp) -> Passed {
    let lines: String = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!("{} {target} HTTP/1.1\r\n{lines}\r\n", route.method);
    sample::passed_of(head, route.origin.clone(), at)
}
