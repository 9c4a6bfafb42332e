use super::*;

fn dialer(settings: DialerSettings) -> Dialer {
    Dialer::new(settings, UpstreamTls::new(&[], Vec::new()).unwrap())
}

fn own(listener: &str) -> Dialer {
    dialer(DialerSettings {
        own_listeners: vec![listener.parse().unwrap()],
        ..DialerSettings::default()
    })
}

fn origin(host: &str, port: u16) -> Origin {
    Origin {
        scheme: Scheme::Http,
        host: host.to_owned(),
        port,
    }
}

/// A listener that nobody asks, and its port.
async fn listener() -> (tokio::net::TcpListener, u16) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test]
async fn our_own_listener_is_never_dialled_however_it_is_spelled() {
    let dialer = own("127.0.0.1:4010");
    for host in [
        "127.0.0.1",
        "127.0.0.9",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "app.localhost",
    ] {
        let failure = dialer.connect(&origin(host, 4010)).await.unwrap_err();
        assert_eq!(failure.cause, FailureCause::OwnListener, "{host}");
    }
}

#[tokio::test]
async fn neither_an_override_nor_a_proxy_leads_to_our_own_listener() {
    let own_listeners = vec!["127.0.0.1:4010".parse().unwrap()];
    let overridden = dialer(DialerSettings {
        own_listeners: own_listeners.clone(),
        overrides: vec![Override {
            host: "api.test".to_owned(),
            port: None,
            ip: "127.0.0.1".parse().unwrap(),
            to_port: Some(4010),
        }],
        ..DialerSettings::default()
    });
    let failure = overridden
        .connect(&origin("api.test", 80))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, FailureCause::OwnListener);
    let (_listener, port) = listener().await;
    let through_proxy = dialer(DialerSettings {
        own_listeners,
        proxy: Box::new(move |_, _| Some(http_proxy(port))),
        ..DialerSettings::default()
    });
    let failure = through_proxy
        .connect(&origin("localhost", 4010))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, FailureCause::OwnListener);
}

fn http_proxy(port: u16) -> UpstreamProxy {
    UpstreamProxy {
        kind: crate::net::ProxyKind::Http,
        host: "127.0.0.1".to_owned(),
        port,
        credentials: None,
    }
}

#[tokio::test]
async fn an_override_says_where_a_host_is() {
    let (listener, port) = listener().await;
    let entry = |for_port, to_port| Override {
        host: "api.test".to_owned(),
        port: for_port,
        ip: "127.0.0.1".parse().unwrap(),
        to_port,
    };
    let dialer = dialer(DialerSettings {
        overrides: vec![entry(Some(443), Some(port)), entry(Some(port), None)],
        ..DialerSettings::default()
    });
    for asked in [443, port] {
        let connected = dialer.connect(&origin("api.test", asked)).await.unwrap();
        assert_eq!(connected.address, listener.local_addr().unwrap());
        assert_eq!(connected.proxy, None);
    }
    assert_eq!(dialer.target(&origin("api.test", 80)).host, "api.test");
    assert_eq!(dialer.target(&origin("other.test", 443)).host, "other.test");
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_named() {
    let (listener, port) = listener().await;
    drop(listener);
    let dialer = dialer(DialerSettings {
        proxy: Box::new(move |_, _| Some(http_proxy(port))),
        ..DialerSettings::default()
    });
    let failure = dialer.connect(&origin("api.test", 80)).await.unwrap_err();
    assert_eq!(failure.cause, FailureCause::UpstreamProxyUnreachable);
    let address = format!("127.0.0.1:{port}");
    assert_eq!(
        failure.detail,
        format!("the upstream proxy {address} cannot be reached: {address} refuses the connection")
    );
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_given_up() {
    let (_listener, port) = listener().await;
    let dialer = dialer(DialerSettings {
        connect_timeout: Duration::from_millis(200),
        proxy: Box::new(move |_, _| Some(http_proxy(port))),
        ..DialerSettings::default()
    });
    let failure = dialer.connect(&origin("api.test", 80)).await.unwrap_err();
    assert_eq!(failure.cause, FailureCause::UpstreamProxyBroken);
}

#[test]
fn the_failure_that_tells_most_is_told() {
    let failed = |kinds: &[io::ErrorKind]| {
        let address = "[::1]:80".parse().unwrap();
        let failed: Vec<_> = kinds.iter().map(|kind| (address, (*kind).into())).collect();
        most_telling(&failed).map(|failure| failure.cause)
    };
    let (unreachable, refused) = (
        io::ErrorKind::NetworkUnreachable,
        io::ErrorKind::ConnectionRefused,
    );
    assert_eq!(failed(&[unreachable, refused]), Some(FailureCause::Refused));
    let silent = io::ErrorKind::TimedOut;
    assert_eq!(failed(&[unreachable, silent]), Some(FailureCause::TimedOut));
    assert_eq!(failed(&[unreachable]), Some(FailureCause::Unreachable));
    assert_eq!(failed(&[]), None);
}

#[tokio::test]
async fn a_refusal_names_the_address() {
    let (listener, port) = listener().await;
    drop(listener);
    let failure = own("127.0.0.1:1")
        .connect(&origin("127.0.0.1", port))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, FailureCause::Refused);
    assert_eq!(
        failure.detail,
        format!("127.0.0.1:{port} refuses the connection")
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve_says_so() {
    let failure = own("127.0.0.1:1")
        .connect(&origin("no-such-host.invalid", 80))
        .await
        .unwrap_err();
    assert_eq!(
        (failure.stage, failure.cause),
        (Stage::Resolve, FailureCause::NameNotFound)
    );
}

#[tokio::test]
async fn this_machine_is_told_from_hosts_that_somebody_said_are_elsewhere() {
    let elsewhere = Override {
        host: "led.localhost".to_owned(),
        port: None,
        ip: IpAddr::from([127, 0, 0, 1]),
        to_port: Some(8443),
    };
    let dialer = dialer(DialerSettings {
        overrides: vec![elsewhere],
        ..DialerSettings::default()
    });
    let came_to = IpAddr::from([192, 0, 2, 7]);
    for (host, is_here) in [
        ("localhost", true),
        ("a.localhost", true),
        ("192.0.2.7", true),
        ("::ffff:192.0.2.7", true),
        ("192.0.2.8", false),
        ("no-such-host.invalid", false),
        ("led.localhost", false),
    ] {
        let told = dialer.is_this_machine(&origin(host, 443), came_to).await;
        assert_eq!(told, is_here, "{host}");
    }
}
