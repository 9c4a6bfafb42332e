//! Point an app at the proxy, get a 401, read why: with every client, in clear and over TLS.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::common::binary::Why401;
use crate::common::clients::{Ask, Client};
use crate::common::origin::{Origin, Received, Reply, Transport};
use crate::common::tokens;

/// The tests of this file: every client × transport × story.
pub fn tests() -> Vec<Trial> {
    let mut trials = Vec::new();
    for client in Client::ALL {
        let missing = !client.is_there();
        for transport in [Transport::Plain, Transport::Tls, Transport::Http2] {
            if transport == Transport::Http2 && !client.speaks_http2() {
                continue;
            }
            for story in STORIES {
                let name = format!(
                    "explain_401::{}::{}::{}",
                    client.name(),
                    transport.name(),
                    story.name
                );
                let trial = Trial::test(name, move || {
                    tell(client, transport, story);
                    Ok(())
                });
                let kind = match missing {
                    true => format!("{} missing", client.name()),
                    false => String::new(),
                };
                trials.push(trial.with_kind(kind).with_ignored_flag(missing));
            }
        }
    }
    trials
}

/// What goes wrong, and what the person must be told.
struct Story {
    name: &'static str,
    /// Makes the good and the failing request from a plain one, and says what the good one holds.
    make: fn(Ask) -> Pair,
    challenge: &'static str,
    body: &'static str,
    cause: &'static str,
    /// Where the deciding difference stands, its name in lower case, and its kind.
    about: (&'static str, &'static str, &'static str),
}

struct Pair {
    good: Ask,
    failing: Ask,
    opens: Credential,
}

/// What opens the door.
#[derive(Clone)]
enum Credential {
    Field(&'static str, String),
    Cookie(&'static str, String),
}

impl Credential {
    fn is_in(&self, request: &Received) -> bool {
        match self {
            Self::Field(name, value) => request.field(name).as_ref() == Some(value),
            Self::Cookie(name, value) => request.cookie(name).as_ref() == Some(value),
        }
    }

    fn secret(&self) -> &str {
        match self {
            Self::Field(_, value) | Self::Cookie(_, value) => {
                value.rsplit(' ').next().unwrap_or(value)
            }
        }
    }
}

const STORIES: &[Story] = &[
    Story {
        name: "authorization_is_missing",
        make: |plain| {
            let token = format!("Bearer {}", tokens::random("at_"));
            Pair {
                good: plain.clone().with("Authorization", &token),
                failing: plain,
                opens: Credential::Field("authorization", token),
            }
        },
        challenge: r#"Bearer realm="api""#,
        body: r#"{"error":"no token"}"#,
        cause: "authorization-missing",
        about: ("header", "authorization", "missing"),
    },
    Story {
        name: "jwt_has_expired",
        make: |plain| {
            let good = format!(
                "Bearer {}",
                tokens::jwt_valid_for(Duration::from_secs(3000))
            );
            let old = tokens::jwt_expired_since(Duration::from_secs(5000));
            Pair {
                good: plain.clone().with("Authorization", &good),
                failing: plain.with("Authorization", format!("Bearer {old}")),
                opens: Credential::Field("authorization", good),
            }
        },
        challenge: r#"Bearer realm="api", error="invalid_token""#,
        body: "{}",
        cause: "jwt-expired",
        about: ("header", "authorization", "changed"),
    },
    Story {
        name: "bearer_is_undefined",
        make: |plain| {
            let token = format!("Bearer {}", tokens::random("at_"));
            Pair {
                good: plain.clone().with("Authorization", &token),
                failing: plain.with("Authorization", "Bearer undefined"),
                opens: Credential::Field("authorization", token),
            }
        },
        challenge: r#"Bearer realm="api", error="invalid_token""#,
        body: "{}",
        cause: "bearer-literal-undefined",
        about: ("header", "authorization", "changed"),
    },
    Story {
        name: "session_cookie_is_missing",
        make: |plain| {
            let session = tokens::random("s");
            Pair {
                good: plain
                    .clone()
                    .with("Cookie", format!("theme=dark; sid={session}")),
                failing: plain.with("Cookie", "theme=dark"),
                opens: Credential::Cookie("sid", session),
            }
        },
        challenge: "",
        body: r#"{"message":"please log in"}"#,
        cause: "cookie-missing-session",
        about: ("cookie", "sid", "missing"),
    },
    Story {
        name: "api_key_is_missing",
        make: |plain| {
            let key = tokens::random("k");
            Pair {
                good: plain.clone().with("X-Api-Key", &key),
                failing: plain,
                opens: Credential::Field("x-api-key", key),
            }
        },
        challenge: "",
        body: r#"{"message":"No API key found in request"}"#,
        cause: "api-key-missing",
        about: ("header", "x-api-key", "missing"),
    },
];

/// Sends the good and the failing request and reads what the person is told.
fn tell(client: Client, transport: Transport, story: &'static Story) {
    let why401 = Why401::new();
    // The URL is needed for the requests, and they are needed for what the origin lets in.
    let opens = std::sync::Arc::new(std::sync::OnceLock::<Credential>::new());
    let door = std::sync::Arc::clone(&opens);
    let origin = Origin::answering(transport, move |request| {
        if door.get().is_some_and(|key| key.is_in(request)) {
            Reply::ok()
        } else {
            Reply::unauthorized(story.challenge, story.body)
        }
    });
    let url = origin.url("/v2/orders/search?page=2");
    let pair = (story.make)(Ask::post(url, r#"{"q":"x"}"#));
    opens.set(pair.opens.clone()).ok().expect("set once");
    why401.add_baseline("works in the terminal", &pair.good.as_curl());

    let proxy = why401.run(&[]);
    let statuses = client.send(&proxy, &[pair.good, pair.failing]);
    assert_eq!(statuses, [200, 401], "what the client saw");
    assert_eq!(origin.requests().len(), 2, "what reached the origin");

    let printed = proxy.prints(" 401  POST ");
    assert!(printed.contains("/v2/orders/search"), "{printed}");
    let report = the_only_report(&why401);
    check_verdict(&report, story, transport);
    check_differences(&report, story);
    let text = report.to_string();
    assert!(
        !text.contains(pair.opens.secret()),
        "the secret is shown: {text}"
    );

    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:#?}");
    assert!(!ended.stdout.contains(pair.opens.secret()), "{ended:#?}");
}

fn the_only_report(why401: &Why401) -> Value {
    let rows = why401.list_of(1);
    assert_eq!(
        rows.len(),
        1,
        "only the failing request is recorded: {rows:#?}"
    );
    assert_eq!(rows[0]["status"], json!(401));
    assert_eq!(rows[0]["method"], json!("POST"));
    why401.report_on("/v2/orders/search?page=2")
}

fn check_verdict(report: &Value, story: &Story, transport: Transport) {
    assert_eq!(report["schema"], json!("why401.report/1"));
    assert_eq!(report["verdict"]["cause"], json!(story.cause), "{report:#}");
    assert_eq!(report["verdict"]["side"], json!("client"), "{report:#}");
    let confidence = &report["verdict"]["confidence"];
    assert!(
        *confidence == json!("certain") || *confidence == json!("strong"),
        "{report:#}"
    );
    assert_eq!(report["baseline"]["name"], json!("works in the terminal"));
    assert_eq!(report["exchange"]["status"], json!(401));
    let version = transport.http_version();
    assert_eq!(report["exchange"]["http_version"], json!(version));
}

/// The differences that are not noise: where each stands, its name in lower case, and its kind.
pub fn blamed(report: &Value) -> Vec<(&str, String, &str)> {
    let fields = report["diff"]["fields"].as_array().unwrap();
    fields
        .iter()
        .filter(|field| field["kind"] != "same" && field["noise"] == json!(false))
        .map(|field| {
            (
                field["where"].as_str().unwrap(),
                field["name"].as_str().unwrap().to_lowercase(),
                field["kind"].as_str().unwrap(),
            )
        })
        .collect()
}

/// The deciding difference is there and marked, and nothing that is noise is blamed.
fn check_differences(report: &Value, story: &Story) {
    let (place, name, kind) = story.about;
    let blamed = blamed(report);
    assert_eq!(blamed, [(place, name.to_owned(), kind)], "{report:#}");
    if kind == "changed" {
        let fields = report["diff"]["fields"].as_array().unwrap();
        let field = fields
            .iter()
            .find(|field| field["where"] == place && field["kind"] == kind)
            .unwrap();
        let segments = field["segments"].as_array().unwrap();
        assert!(
            segments
                .iter()
                .any(|segment| segment["same"] == json!(false)),
            "the differing part is marked: {report:#}"
        );
    }
}
