//! Canaries in every place a secret can be: none may turn up in a file or on a screen.

use std::path::Path;

use base64::Engine as _;
use serde_json::json;

use crate::common::binary::{Running, Why401};
use crate::common::canaries::{Cage, files, nothing_leaked};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::{tokens, tunnel, wait};

crate::tests![
    no_canary_leaves_the_sealed_store,
    no_canary_of_http2_or_of_a_collection_leaves_the_sealed_store,
    reveal_shows_them_and_warns,
    the_files_are_their_owners_alone,
];

fn no_canary_leaves_the_sealed_store() {
    let mut cage = Cage::default();
    let mut screens: Vec<(String, String)> = Vec::new();
    let mut recorded = 0;
    let why401 = Why401::new().with_env("WHY401_LOG", "trace");
    let good = cage.put("header of a baseline");
    let cookie = cage.put("cookie of a baseline");
    let baseline_key = cage.put("query of a baseline");
    why401.write("good.sh", format!(
        "curl 'https://localhost/v1/form?api_key={baseline_key}' -H 'Authorization: Bearer {good}' -b 'sid={cookie}' -X POST"
    ));
    for transport in Transport::BOTH {
        let (proxy, origin) = (why401.run(&[]), origin(&mut cage, transport));
        let count = send_all(&proxy, &origin, &mut cage);
        why401.list_of(recorded + count);
        screens.extend(do_everything(&why401, count));
        // Before the store is closed, while its log is still there.
        nothing_leaked(&cage, &why401, &screens);
        let ended = proxy.stop();
        screens.push(("run".to_owned(), ended.stdout + &ended.stderr));
        let proxy = why401.run(&["--json"]);
        send_all(&proxy, &origin, &mut cage);
        proxy.prints("why401.report/1");
        let killed = proxy.kill();
        recorded = why401.list().len();
        screens.push(("run --json".to_owned(), killed.stdout + &killed.stderr));
    }
    nothing_leaked(&cage, &why401, &screens);
}

fn no_canary_of_http2_or_of_a_collection_leaves_the_sealed_store() {
    let mut cage = Cage::default();
    let why401 = Why401::new().with_env("WHY401_LOG", "trace");
    why401.write("shop.json", collection(&mut cage));
    let environment = json!({"values": [{"key": "token", "value": cage.put("environment")}]});
    why401.write("dev.json", environment.to_string());
    let (proxy, origin) = (why401.run(&[]), origin(&mut cage, Transport::Http2));
    for target in ["/a?works=1&access_token=", "/a?access_token="] {
        send_over_http2(&proxy, &origin, &mut cage, target);
    }
    why401.list_of(1);
    let mut screens = Vec::new();
    for command in [
        "import postman shop.json --environment dev.json",
        "baseline add --postman shop.json --environment dev.json",
        "baseline list --json",
        "baseline show Orders",
        "baseline show Orders --json",
        "baseline list --learned --json",
        "show",
        "show --raw",
        "show --as curl",
        "show --json",
        "why",
        "why --json",
        "why --baseline Orders",
    ] {
        let output = why401.command(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(output.code(), 0, "{command}: {output:#?}");
        screens.push((command.to_owned(), output.stdout + &output.stderr));
    }
    nothing_leaked(&cage, &why401, &screens);
    let ended = proxy.stop();
    screens.push(("run".to_owned(), ended.stdout + &ended.stderr));
    nothing_leaked(&cage, &why401, &screens);
}

/// A Postman collection with one item, and secrets wherever one has them.
fn collection(cage: &mut Cage) -> String {
    let header = |key: &str, value: String| json!({"key": key, "value": value});
    let url = format!(
        "https://localhost/a?api_key={}",
        cage.put("query of an item")
    );
    let body = format!(r#"{{"password": "{}"}}"#, cage.put("content of an item"));
    json!({
        "info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": [header("session", cage.put("variable of a collection"))],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "item": [{"name": "Orders", "request": {
            "method": "POST",
            "url": url,
            "header": [
                header("X-Api-Key", cage.put("header of an item")),
                header("Cookie", "sid={{session}}".to_owned()),
            ],
            "body": {"mode": "raw", "raw": body},
        }}],
    })
    .to_string()
}

/// A request with secrets in its path, fields, cookies, content and trailers.
fn send_over_http2(proxy: &Running, origin: &Origin, cage: &mut Cage, target: &str) {
    let token = format!("Bearer {}", cage.put("Authorization over HTTP/2"));
    let request = http::Request::post(origin.url(target) + &cage.put("path over HTTP/2"))
        .header("authorization", token)
        .header("x-api-key", cage.put("X-Api-Key over HTTP/2"))
        .header("cookie", format!("sid={}", cage.put("first cookie crumb")))
        .header(
            "cookie",
            format!("csrf={}", cage.put("second cookie crumb")),
        )
        .body(())
        .unwrap();
    let content = format!("client_secret={}", cage.put("content over HTTP/2"));
    let mut trailers = http::HeaderMap::new();
    let trailer = cage.put("trailer over HTTP/2").parse().unwrap();
    trailers.insert("x-session-token", trailer);
    wait::block_on(async {
        let (stream, _) = tunnel::connect(proxy.address(), &origin.authority()).await;
        let stream = tunnel::tls(stream, &proxy.ca(), &["h2"]).await.unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        drop(wait::spawn(async move { drop(connection.await) }));
        let mut sender = sender.ready().await.unwrap();
        let (response, mut sending) = sender.send_request(request, false).unwrap();
        sending
            .send_data(content.into_bytes().into(), false)
            .unwrap();
        sending.send_trailers(trailers).unwrap();
        response.await.unwrap();
    });
}

/// An origin that gives out and echoes secrets of its own.
fn origin(cage: &mut Cage, transport: Transport) -> Origin {
    let set_cookie = cage.put("Set-Cookie");
    let [access, refresh, id] =
        ["access_token", "refresh_token", "id_token"].map(|place| cage.put(place));
    let location = cage.put("Location");
    let answered = cage.put("content of a 401");
    Origin::answering(transport, move |request| {
        if request.target().starts_with("/oauth/token") {
            let body = format!(
                r#"{{"access_token":"{access}","refresh_token":"{refresh}","id_token":"{id}","expires_in":60}}"#
            );
            return Reply::json("200 OK", "", &body);
        }
        if request.target().contains("works") {
            return Reply::ok();
        }
        // Echoes the credential, as careless servers do.
        let echo = request.field("authorization").unwrap_or_default();
        let echo = echo.replace(['"', '\\'], "");
        let fields = format!(
            "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"bad token {echo}\"\r\n\
             Set-Cookie: session={set_cookie}; Path=/; HttpOnly\r\n\
             Location: https://localhost/login?ticket={location}\r\n"
        );
        let body = format!(r#"{{"message":"bad token {echo}","token":"{answered}"}}"#);
        Reply::json("401 Unauthorized", &fields, &body)
    })
}

/// Sends a request for each place; returns how many of them fail.
fn send_all(proxy: &Running, origin: &Origin, cage: &mut Cage) -> usize {
    let requests = requests(cage);
    for (request_line, fields, body) in &requests {
        let (method, target) = request_line.split_once(' ').unwrap();
        let (user_info, target) = target.split_once('|').unwrap_or(("", target));
        let url = origin
            .url(target)
            .replace("://", &format!("://{user_info}"));
        let framing = match body.starts_with("CHUNKED") {
            true => "Transfer-Encoding: chunked\r\n".to_owned(),
            false => format!("Content-Length: {}\r\n", body.len()),
        };
        let body = body.trim_start_matches("CHUNKED");
        let request = format!(
            "{method} {url} HTTP/1.1\r\nHost: {}\r\n{fields}{framing}Connection: close\r\n\r\n{body}",
            origin.authority()
        );
        tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
    }
    // Inside a tunnel as well, where nothing is edited.
    let token = cage.put("Authorization in a tunnel");
    let transport = match origin.url("").starts_with("https") {
        true => Transport::Tls,
        false => Transport::Plain,
    };
    let request = format!(
        "GET /t HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    tunnel::play_through(
        proxy.address(),
        &proxy.ca(),
        origin,
        transport,
        &[Turn::send(request), Turn::AwaitEnd],
    );
    // A target with userinfo is refused; a token response and what works are no failures.
    let fails = |line: &str| {
        !["/oauth/", "/userinfo", "works"]
            .iter()
            .any(|part| line.contains(part))
    };
    requests.iter().filter(|(line, _, _)| fails(line)).count() + 1
}

/// (method and target, fields, content) with a canary in each place.
#[expect(clippy::too_many_lines, reason = "a flat table")]
fn requests(cage: &mut Cage) -> Vec<(String, String, String)> {
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let percent = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02x}")).collect() };
    let get = |target: String, fields: String| (format!("GET {target}"), fields, String::new());
    let post = |target: &str, kind: &str, body: String| {
        (
            format!("POST {target}"),
            format!("Content-Type: {kind}\r\n"),
            body,
        )
    };
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    vec![
        // These work, and are learned: each before the failure that it is compared with.
        get(
            format!("/key?works=1&token={}", cage.put("query that works")),
            format!(
                "X-Api-Key: {}\r\nX-Acme-Session-Token: {}\r\n",
                cage.put("X-Api-Key that works"),
                cage.put("a header of one's own that works")
            ),
        ),
        get(
            format!(
                "/cookie?works=1&signature={}",
                cage.put("signature that works")
            ),
            format!(
                "Cookie: theme=light; sid={}; csrftoken={}\r\nAuthorization: Bearer {}\r\n",
                cage.put("session cookie that works"),
                cage.put("CSRF cookie that works"),
                cage.put("Bearer that works")
            ),
        ),
        get(
            format!("/works/{}", cage.put("path that works")),
            format!(
                "Authorization: Basic {}\r\n",
                base64(&format!("ann:{}", cage.put("Basic that works")))
            ),
        ),
        post(
            "/json?works=1",
            json,
            format!(r#"{{"password":"{}"}}"#, cage.put("JSON that works")),
        ),
        post(
            "/form?works=1",
            form,
            format!("client_secret={}", cage.put("form that works")),
        ),
        get(
            "/bearer".into(),
            format!("Authorization: Bearer {}\r\n", cage.put("Bearer")),
        ),
        get(
            "/raw".into(),
            format!(
                "Authorization: {}\r\n",
                cage.put("Authorization without a scheme")
            ),
        ),
        get(
            "/basic".into(),
            format!(
                "Authorization: Basic {}\r\n",
                base64(&format!("ann:{}", cage.put("Basic password")))
            ),
        ),
        get(
            "/proxy".into(),
            format!(
                "Proxy-Authorization: Basic {}\r\n",
                base64(&format!("p:{}", cage.put("proxy password")))
            ),
        ),
        get(
            "/digest".into(),
            format!(
                "Authorization: Digest username=\"ann\", response=\"{}\", nonce=\"1\"\r\n",
                cage.put("Digest response")
            ),
        ),
        get(
            "/key".into(),
            format!("X-Api-Key: {}\r\n", cage.put("X-Api-Key")),
        ),
        get(
            "/own".into(),
            format!(
                "X-Acme-Session-Token: {}\r\n",
                cage.put("a header of one's own")
            ),
        ),
        get(
            "/b64".into(),
            format!(
                "X-Auth-Token: {}\r\n",
                base64(&cage.put("base64 in a header"))
            ),
        ),
        get(
            "/b64twice".into(),
            format!(
                "X-Auth-Token: {}\r\n",
                base64(&base64(&cage.put("base64 twice")))
            ),
        ),
        get(
            "/doubled".into(),
            format!(
                "Authorization: Bearer Bearer {}\r\n",
                cage.put("doubled scheme")
            ),
        ),
        get(
            "/quoted".into(),
            format!("Authorization: Bearer \"{}\"\r\n", cage.put("quoted token")),
        ),
        get(
            "/cookie".into(),
            format!(
                "Cookie: theme=dark; sid={}; csrftoken={}\r\n",
                cage.put("session cookie"),
                cage.put("CSRF cookie")
            ),
        ),
        get(
            "/csrf".into(),
            format!("X-CSRF-Token: {}\r\n", cage.put("CSRF header")),
        ),
        get(
            "/referer".into(),
            format!(
                "Referer: https://localhost/cb?code={}\r\n",
                cage.put("code in Referer")
            ),
        ),
        get(
            format!("/query?access_token={}&page=2", cage.put("query")),
            String::new(),
        ),
        get(
            format!(
                "/query?api_key={}",
                percent(&cage.put("percent-encoded query"))
            ),
            String::new(),
        ),
        get(
            format!(
                "/query?signature={}&X-Amz-Signature={}",
                cage.put("signature"),
                cage.put("signed URL")
            ),
            String::new(),
        ),
        get(format!("/reset/{}", cage.put("path")), String::new()),
        get(
            format!("ann:{}@|/userinfo", cage.put("userinfo")),
            String::new(),
        ),
        post(
            "/form?x=1",
            form,
            format!("username=ann&password={}", cage.put("form")),
        ),
        post(
            "/form",
            form,
            format!(
                "client_secret={}",
                percent(&cage.put("percent-encoded form"))
            ),
        ),
        post(
            "/json",
            json,
            format!(
                r#"{{"user":"ann","password":"{}","deep":[{{"api_key":"{}"}}]}}"#,
                cage.put("JSON"),
                cage.put("nested JSON")
            ),
        ),
        post(
            "/json",
            json,
            format!(r#"{{"token":"{}"#, cage.put("JSON that is cut off")),
        ),
        post(
            "/graphql",
            json,
            format!(
                r#"{{"query":"mutation{{login}}","variables":{{"password":"{}"}}}}"#,
                cage.put("GraphQL")
            ),
        ),
        post(
            "/multi",
            "multipart/form-data; boundary=b",
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{}\r\n--b--\r\n",
                cage.put("multipart")
            ),
        ),
        post(
            "/text",
            "text/plain",
            format!("token: {}", cage.put("plain text")),
        ),
        post(
            "/chunked",
            json,
            format!(
                "CHUNKED2\r\n{{}}\r\n0\r\nX-Auth-Token: {}\r\n\r\n",
                cage.put("trailer")
            ),
        ),
        post(
            "/oauth/token",
            form,
            format!(
                "grant_type=refresh_token&refresh_token={}",
                cage.put("refresh request")
            ),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a flat list, gone through")]
/// Every command that shows something, on the newest failures; returns what they showed.
fn do_everything(why401: &Why401, newest: usize) -> Vec<(String, String)> {
    let mut commands: Vec<Vec<String>> = [
        "list",
        "list --json",
        "show",
        "show --json",
        "show --raw",
        "show --as curl",
        "why",
        "why --json",
        "baseline add works --curl good.sh",
        "baseline list",
        "baseline list --json",
        "baseline list --learned",
        "baseline list --learned --json",
        "baseline show works",
        "baseline show works --json",
        "diff good.sh good.sh",
    ]
    .iter()
    .map(|line| line.split(' ').map(ToOwned::to_owned).collect())
    .collect();
    let listed = why401.json(&["baseline", "list", "--learned", "--json"]);
    let listed = listed.as_array().unwrap();
    assert!(listed.len() >= 5, "what works is learned: {listed:#?}");
    for learned in listed.iter().take(8) {
        let name = learned["name"].as_str().unwrap();
        for line in ["baseline show NAME", "baseline show NAME --json"] {
            let word = |word: &str| word.replace("NAME", name);
            commands.push(line.split(' ').map(word).collect());
        }
    }
    for row in why401.list().iter().take(newest) {
        let id = row["id"].as_str().unwrap();
        for line in [
            "show --raw",
            "show --as curl",
            "show --json",
            "show --as curl",
            "why --json",
            "why --baseline works",
        ] {
            let mut command: Vec<String> = line.split(' ').map(ToOwned::to_owned).collect();
            command.insert(1, id.to_owned());
            commands.push(command);
        }
        commands.push(
            ["diff", id, "good.sh", "--json"]
                .map(ToOwned::to_owned)
                .to_vec(),
        );
    }
    commands
        .into_iter()
        .map(|command| {
            let output = why401.command(&command);
            assert!(
                !output.stderr.contains("panicked"),
                "{command:?}: {output:#?}"
            );
            (command.join(" "), output.stdout + &output.stderr)
        })
        .collect()
}

fn reveal_shows_them_and_warns() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::unauthorized("Bearer", ""));
    let secret = tokens::random("");
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {secret}\r\nConnection: close\r\n\r\n",
        origin.url("/x"),
        origin.authority()
    );
    tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
    why401.list_of(1);
    let curl = format!("curl '{}' -H 'Authorization: Bearer abc'", origin.url("/x"));
    why401.add_baseline("good", &curl);
    for command in [&["show"][..], &["why", "--baseline", "good"]] {
        let masked = why401.command(command);
        assert!(!masked.stdout.contains(&secret), "{masked:#?}");
        let revealed = why401.command(&[command, &["--reveal"]].concat());
        assert!(revealed.stdout.contains(&secret), "{revealed:#?}");
        assert!(
            !revealed.stderr.is_empty(),
            "a pipe is warned about: {revealed:#?}"
        );
        assert!(!revealed.stderr.contains(&secret), "{revealed:#?}");
    }
}

fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let why401 = Why401::new();
    drop(why401.run(&[]).stop());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(why401.data()), 0o700, "the data folder");
    for file in files(why401.data()) {
        let allowed = match file.file_name().and_then(|name| name.to_str()) {
            // The public part of the CA is for clients of other users too.
            Some("ca.pem") => [0o600, 0o644],
            _ => [0o600, 0o600],
        };
        assert!(
            allowed.contains(&mode(&file)),
            "{file:?} has {:o}",
            mode(&file)
        );
    }
}
