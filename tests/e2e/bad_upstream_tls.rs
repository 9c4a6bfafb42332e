//! Origins whose TLS has a fault: a 502 that names it, by every way in, and nothing else.

use libtest_mimic::Trial;

use crate::common::binary::{Running, Why401};
use crate::common::openssl;
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::pki::{ClientAuth, Fault, Tls};
use crate::common::script::{Inbox, Turn, play};
use crate::common::{tunnel, wait};

/// A server with a fault.
struct Case {
    name: &'static str,
    fault: Make,
    /// The name that is asked for, where it is not `localhost`.
    host: &'static str,
    /// The word of the page, `--json` and, after `upstream-`, the cause.
    word: &'static str,
    /// What the record says among other things.
    says: &'static str,
}

/// How the server is made.
#[derive(Clone, Copy)]
enum Make {
    Here(Fault),
    Sha1,
    /// A server that wants a client certificate, over TLS 1.2.
    ClientAuth,
    /// `openssl s_server` with a key of so many bits and these arguments.
    OpenSsl(u16, &'static [&'static str]),
}

const fn case(name: &'static str, fault: Make, word: &'static str, says: &'static str) -> Case {
    let host = "localhost";
    Case {
        name,
        fault,
        host,
        word,
        says,
    }
}

const CASES: &[Case] = &[
    case(
        "expired",
        Make::Here(Fault::Expired),
        "certificate-expired",
        "(1 day ago)",
    ),
    case(
        "not_yet_valid",
        Make::Here(Fault::NotYetValid),
        "certificate-not-yet-valid",
        "from now)",
    ),
    case(
        "wrong_host",
        Make::Here(Fault::WrongName),
        "certificate-name",
        "other.test, also-other.test",
    ),
    case(
        "self_signed",
        Make::Here(Fault::SelfSigned),
        "certificate-self-signed",
        "(self-signed)",
    ),
    case(
        "unknown_root",
        Make::Here(Fault::UnknownIssuer),
        "certificate-issuer",
        "whose root is not trusted",
    ),
    case(
        "missing_intermediate",
        Make::Here(Fault::NoIntermediate),
        "certificate-chain",
        "an intermediate certificate is missing",
    ),
    case("sha_1", Make::Sha1, "certificate-signature", "SHA-1"),
    case(
        "rsa_1024",
        Make::OpenSsl(1024, &[]),
        "certificate-key",
        "1024 bits",
    ),
    case(
        "common_name_only",
        Make::Here(Fault::NoName),
        "certificate-no-name",
        "without a subject alternative name",
    ),
    Case {
        host: "deep.api.acme.test",
        ..case(
            "wildcard_over_two_labels",
            Make::Here(Fault::Wildcard),
            "certificate-wildcard",
            "*.acme.test",
        )
    },
    case(
        "name_constraint_breach",
        Make::Here(Fault::Constraint),
        "certificate-constraint",
        "name constraints",
    ),
    case(
        "wrong_extended_key_usage",
        Make::Here(Fault::ClientPurpose),
        "certificate-purpose",
        "extended key usage",
    ),
    case(
        "wrong_key_usage",
        Make::Here(Fault::KeyUsage),
        "certificate-purpose",
        "digital signature",
    ),
    case(
        "tls_1_0",
        Make::OpenSsl(2048, &["-tls1"]),
        "tls-version",
        "TLS 1.2",
    ),
    case(
        "tls_1_1",
        Make::OpenSsl(2048, &["-tls1_1"]),
        "tls-version",
        "TLS 1.2",
    ),
    case(
        "client_certificate_required",
        Make::ClientAuth,
        "client-certificate",
        "asked for a client certificate, got none",
    ),
    case(
        "no_protocol_in_common",
        Make::Here(Fault::OtherProtocol),
        "protocol",
        "no_application_protocol",
    ),
    case(
        "name_refused",
        Make::OpenSsl(
            2048,
            &[
                "-servername",
                "other.test",
                "-servername_fatal",
                "-cert2",
                "server.pem",
                "-key2",
                "server.key",
            ],
        ),
        "server-name",
        "unrecognized_name",
    ),
];

/// The tests of this file: one for each fault.
pub fn tests() -> Vec<Trial> {
    let there = openssl::is_there();
    CASES
        .iter()
        .map(|case| {
            let needs = matches!(case.fault, Make::OpenSsl(..) | Make::Sha1);
            let kind = match needs && !there {
                true => "openssl missing",
                false => "",
            };
            let trial = Trial::test(format!("bad_upstream_tls::{}", case.name), || {
                names_the_fault(case);
                Ok(())
            });
            trial.with_kind(kind).with_ignored_flag(needs && !there)
        })
        .collect()
}

/// The ways in.
#[derive(Clone, Copy, Debug)]
enum Way {
    TunnelHttp1,
    TunnelHttp2,
    AbsoluteForm,
}

fn names_the_fault(case: &'static Case) {
    let server = Server::start(case.fault);
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let cause = match case.word {
        "client-certificate" => "ours-client-cert".to_owned(),
        word => format!("upstream-{word}"),
    };
    let mut ways = vec![Way::TunnelHttp1, Way::TunnelHttp2];
    // In absolute form the name has to resolve.
    ways.extend((case.host == "localhost").then_some(Way::AbsoluteForm));
    for way in &ways {
        let path = format!("/canary-{way:?}");
        let (status, word) = ask(&proxy, *way, case.host, server.port(), &path);
        assert_eq!((status, word.as_str()), (502, case.word), "{way:?}");
        let report = why401.report_on(&path);
        assert_eq!(report["verdict"]["cause"], cause, "{report:#}");
        let failure = &report["exchange"]["failure"];
        assert_eq!(failure["cause"], case.word, "{failure:#}");
        let detail = failure["detail"].as_str().unwrap();
        assert!(detail.starts_with(case.host), "{detail}");
        assert!(detail.contains(case.says), "{way:?}: {detail}");
        assert!(!report["verdict"]["fix"].as_array().unwrap().is_empty());
    }
    server.got_no_request();
    let listed = why401.json(&["list", "--json", "--cause", &cause]);
    assert_eq!(listed.as_array().unwrap().len(), ways.len(), "{listed:#}");
    let told = why401.command(&["why"]);
    assert!(told.stdout.contains("502 by why401"), "{told:#?}");
}

/// Sends a request; returns the status and the word that marks our own answers.
fn ask(proxy: &Running, way: Way, host: &'static str, port: u16, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    match way {
        Way::TunnelHttp1 => of_http1(&wait::block_on(async {
            let stream = tunnel_to(proxy, host, port, "http/1.1").await;
            let turns = [Turn::send(request), Turn::AwaitEnd];
            play(stream, &turns, &Inbox::new()).await.received
        })),
        Way::AbsoluteForm => {
            let target = format!("GET https://{host}:{port}{path} ");
            let request = request.replacen(&format!("GET {path} "), &target, 1);
            let turns = [Turn::send(request), Turn::AwaitEnd];
            of_http1(&tunnel::play_on(proxy.address(), &turns).received)
        }
        Way::TunnelHttp2 => wait::block_on(async {
            let stream = tunnel_to(proxy, host, port, "h2").await;
            let (sender, connection) = h2::client::handshake(stream).await.unwrap();
            drop(wait::spawn(async move { drop(connection.await) }));
            let request = http::Request::get(format!("https://{host}:{port}{path}"));
            let mut sender = sender.ready().await.unwrap();
            let (response, _) = sender
                .send_request(request.body(()).unwrap(), true)
                .unwrap();
            let response = response.await.unwrap();
            let word = response.headers()["why401-failure"]
                .to_str()
                .unwrap()
                .to_owned();
            (response.status().as_u16(), word)
        }),
    }
}

async fn tunnel_to(
    proxy: &Running,
    host: &'static str,
    port: u16,
    protocol: &str,
) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let (stream, head) = tunnel::connect(proxy.address(), &format!("localhost:{port}")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let stream = tunnel::tls_for(host, stream, &proxy.ca(), &[protocol]).await;
    stream.expect("the leaf for our own page verifies")
}

fn of_http1(page: &[u8]) -> (u16, String) {
    let page = String::from_utf8_lossy(page);
    let status = page.get(9..12).and_then(|status| status.parse().ok());
    let mut lines = page.lines();
    let word = lines.find_map(|line| line.strip_prefix("why401-failure: "));
    assert!(
        !page.contains("canary"),
        "nothing of the request is reflected: {page}"
    );
    (status.unwrap_or(0), word.unwrap_or_default().to_owned())
}

/// A running server with a fault.
enum Server {
    Here(Origin),
    OpenSsl(openssl::Server),
}

impl Server {
    fn start(fault: Make) -> Self {
        let transport = match fault {
            Make::OpenSsl(bits, arguments) => {
                return Self::OpenSsl(openssl::Server::start(bits, arguments));
            }
            Make::Here(fault) => Transport::BadTls(fault),
            Make::Sha1 => Transport::Sha1,
            Make::ClientAuth => Transport::ClientAuth(ClientAuth::required(Tls::V12)),
        };
        Self::Here(Origin::answering(transport, |_| Reply::ok()))
    }

    fn port(&self) -> u16 {
        match self {
            Self::Here(origin) => origin.port(),
            Self::OpenSsl(server) => server.port(),
        }
    }

    fn got_no_request(&self) {
        match self {
            Self::Here(origin) => assert!(origin.requests().is_empty()),
            Self::OpenSsl(server) => assert!(!server.printed().contains("canary")),
        }
    }
}
