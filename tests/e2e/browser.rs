//! A page in a real browser gets a 401: what its script sees, and what the person is told.
//!
//! Pages come from `localhost`; an API on `127.0.0.1` is another site to them. A page's script tells
//! its own origin what it saw.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::common::binary::Why401;
use crate::common::browser;
use crate::common::origin::{Origin, Received, Reply, Transport};
use crate::common::tokens;
use crate::explain_401::blamed;

const TRANSPORTS: [Transport; 3] = [Transport::Plain, Transport::Tls, Transport::Http2];

type Story = fn(Transport);

const STORIES: [(&str, Story); 5] = [
    ("a_fetch_without_authorization", no_authorization),
    ("a_cross_site_fetch_that_omits_credentials", no_credentials),
    ("a_preflight_that_is_refused", refused_preflight),
    ("a_redirect_to_another_host", redirected),
    ("a_session_cookie_that_was_deleted", deleted_cookie),
];

const AUTHORIZATION_IS_MISSING: &[Difference] = &[("header", "authorization", "missing")];
const SESSION_IS_MISSING: &[Difference] = &[("cookie", "sid", "missing")];
const IS_A_PREFLIGHT: &[Difference] = &[
    ("header", "authorization", "missing"),
    ("method", "method", "changed"),
    ("header", "access-control-request-method", "extra"),
    ("header", "access-control-request-headers", "extra"),
];

/// Where it stands, its name, and its kind.
type Difference = (&'static str, &'static str, &'static str);

/// The tests of this file: every transport × story.
pub fn tests() -> Vec<Trial> {
    let missing = browser::missing();
    let kind = missing.map_or_else(String::new, |program| format!("{program} missing"));
    let mut trials = Vec::new();
    for transport in TRANSPORTS {
        for (name, story) in STORIES {
            let name = format!("browser::{}::{name}", transport.name());
            let trial = Trial::test(name, move || {
                story(transport);
                Ok(())
            });
            let trial = trial.with_kind(kind.clone());
            trials.push(trial.with_ignored_flag(missing.is_some()));
        }
    }
    trials
}

fn no_authorization(transport: Transport) {
    let bearer = format!("Bearer {}", tokens::random("at_"));
    let good = format!("Authorization: {bearer}");
    let site = serve(transport, "await ask('/v2/orders')", move |request| {
        door(
            request,
            request.field("authorization") == Some(bearer.clone()),
        )
    });
    let told = tell(&site, &[json!(401)], &site.url("/v2/orders"), &good);
    told.because("authorization-missing", AUTHORIZATION_IS_MISSING);
}

fn no_credentials(transport: Transport) {
    let session = tokens::random("s");
    let good = format!("Cookie: sid={session}");
    let api = Origin::answering(transport, move |request| match request.target().as_str() {
        "/login" => {
            let cookie = format!("sid={session}; Path=/; HttpOnly; Secure; SameSite=None");
            readable(request, "200 OK", &format!("Set-Cookie: {cookie}\r\n"))
        }
        _ => door(request, request.cookie("sid") == Some(session.clone())),
    });
    let (login, me) = (api.url_by_address("/login"), api.url_by_address("/v2/me"));
    let script = format!(
        "await ask('{login}', {{credentials: 'include'}});
         await ask('{me}', {{credentials: 'include'}});
         await ask('{me}')"
    );
    let site = serve(transport, &script, not_found);
    let told = tell(&site, &[json!(200), json!(200), json!(401)], &me, &good);
    told.because("credentials-mode-omit", SESSION_IS_MISSING);
}

fn refused_preflight(transport: Transport) {
    let bearer = format!("Bearer {}", tokens::random("at_"));
    let good = format!("Authorization: {bearer}");
    let script_holds = bearer.clone();
    let api = Origin::answering(transport, move |request| {
        door(
            request,
            request.field("authorization") == Some(bearer.clone()),
        )
    });
    let orders = api.url_by_address("/v2/orders");
    let script = format!("await ask('{orders}', {{headers: {{Authorization: '{script_holds}'}}}})");
    let site = serve(transport, &script, not_found);
    let told = tell(&site, &[json!("TypeError")], &orders, &good);
    told.because("cors-preflight-unauthorized", IS_A_PREFLIGHT);
    let asked: Vec<_> = api.requests().iter().map(Received::method).collect();
    assert_eq!(asked, ["OPTIONS"], "the request itself is not sent");
}

fn redirected(transport: Transport) {
    let bearer = format!("Bearer {}", tokens::random("at_"));
    let good = format!("Authorization: {bearer}");
    let script = format!("await ask('/v2/orders', {{headers: {{Authorization: '{bearer}'}}}})");
    let api = Origin::answering(transport, move |request| {
        door(
            request,
            request.field("authorization") == Some(bearer.clone()),
        )
    });
    let orders = api.url_by_address("/v2/orders");
    let location = format!("Location: {orders}\r\n");
    let site = serve(transport, &script, move |_| {
        Reply::json("307 Temporary Redirect", &location, "{}")
    });
    let told = tell(&site, &[json!(401)], &orders, &good);
    told.because("redirect-dropped-authorization", AUTHORIZATION_IS_MISSING);
}

fn deleted_cookie(transport: Transport) {
    let session = tokens::random("s");
    let good = format!("Cookie: theme=dark; sid={session}");
    let script = "await ask('/login', {method: 'POST', body: 'user=ann'});
                  await ask('/v2/me');
                  document.cookie = 'sid=; Path=/; Max-Age=0';
                  await ask('/v2/me')";
    let site = serve(transport, script, move |request| {
        match request.target().as_str() {
            "/login" => {
                let cookies = format!(
                    "Set-Cookie: theme=dark; Path=/\r\nSet-Cookie: sid={session}; Path=/; Secure\r\n"
                );
                Reply::json("200 OK", &cookies, "{}")
            }
            _ => door(request, request.cookie("sid") == Some(session.clone())),
        }
    });
    let me = site.url("/v2/me");
    let told = tell(&site, &[json!(200), json!(200), json!(401)], &me, &good);
    told.because("cookie-missing-session", SESSION_IS_MISSING);
}

/// A site whose page runs that script; the function answers what else is asked of it.
pub fn serve(
    transport: Transport,
    script: &str,
    rest: impl Fn(&Received) -> Reply + Send + Sync + 'static,
) -> Origin {
    let page = page(script);
    Origin::answering(transport, move |request| match request.target().as_str() {
        "/" => page.clone(),
        "/seen" => Reply::literal("HTTP/1.1 204 No Content\r\n\r\n"),
        _ => rest(request),
    })
}

/// In the script, `ask` notes what a fetch ends with: its status, or the name of its error.
fn page(script: &str) -> Reply {
    let html = format!(
        "<!doctype html><link rel=icon href=data:,><script type=module>
         const seen = [];
         const ask = (url, init) => fetch(url, init).then(
             response => seen.push(response.status),
             error => seen.push(error.name),
         );
         {script};
         await fetch('/seen', {{method: 'POST', body: JSON.stringify(seen)}});
         </script>"
    );
    let length = html.len();
    Reply::literal(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{html}"
    ))
}

/// An answer that the page may read, whatever site it is of.
fn readable(request: &Received, status: &str, fields: &str) -> Reply {
    let origin = request.field("origin").unwrap_or_default();
    let allow = format!(
        "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n"
    );
    Reply::json(status, &format!("{allow}{fields}"), "{}")
}

fn door(request: &Received, opens: bool) -> Reply {
    match opens {
        true => readable(request, "200 OK", ""),
        false => readable(request, "401 Unauthorized", "WWW-Authenticate: Bearer\r\n"),
    }
}

/// Nothing else is there.
pub fn not_found(_: &Received) -> Reply {
    Reply::json("404 Not Found", "", "{}")
}

/// What the person is told of the only failure.
struct Told {
    row: Value,
    report: Value,
}

/// Opens the page, checks what its script saw, and asks why; a request with that field works.
fn tell(site: &Origin, saw: &[Value], url: &str, good: &str) -> Told {
    let why401 = Why401::new();
    why401.add_baseline(
        "works in the terminal",
        &format!("curl '{url}' -H '{good}'"),
    );
    let proxy = why401.run(&[]);
    let seen: Value = browser::visit(&proxy, &site.url("/"), || {
        let requests = site.requests();
        let seen = requests
            .iter()
            .find(|request| request.target() == "/seen")?;
        Some(serde_json::from_slice(&seen.body).unwrap())
    });
    assert_eq!(seen, json!(saw), "what the page's script saw");
    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:#?}");

    // A call of the browser's own would be here too: no other name is found.
    let mut rows = why401.list();
    assert_eq!(rows.len(), 1, "only the 401 is recorded: {rows:#?}");
    let row = rows.remove(0);
    assert_eq!(row["url"], json!(url), "{row:#}");
    assert_eq!(row["status"], json!(401), "{row:#}");
    assert_eq!(row["client"], json!("browser"), "{row:#}");
    let report = why401.json(&["why", row["id"].as_str().unwrap(), "--json"]);
    let version = site.transport().http_version();
    assert_eq!(report["exchange"]["http_version"], json!(version));
    Told { row, report }
}

impl Told {
    fn because(&self, cause: &str, differences: &[Difference]) {
        assert_eq!(self.row["cause"], json!(cause), "{:#}", self.row);
        let report = &self.report;
        assert_eq!(report["verdict"]["cause"], json!(cause), "{report:#}");
        assert_eq!(report["baseline"]["name"], json!("works in the terminal"));
        let blamed = blamed(report);
        let blamed: Vec<_> = blamed
            .iter()
            .map(|(place, name, kind)| (*place, name.as_str(), *kind))
            .collect();
        assert_eq!(blamed, differences, "{report:#}");
    }
}
