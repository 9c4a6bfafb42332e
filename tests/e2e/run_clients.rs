//! Run a command: every client, with nothing but what it reads from its environment, comes by.

use libtest_mimic::Trial;

use crate::common::binary::Why401;
use crate::common::clients::{Client, runs};
use crate::common::origin::{Origin, Reply, Transport};

/// The tests of this file: every client × transport.
pub fn tests() -> Vec<Trial> {
    let mut trials = Vec::new();
    for client in Client::ALL {
        let command = |url: &str| client.plain_command(url);
        trials.extend(sends_through_the_proxy(
            client.name(),
            client.is_there(),
            command,
        ));
    }
    let node = runs("node", &["--version"]);
    for (name, code) in NODE {
        let command = |url: &str| ["node", "-e", code, url].map(str::to_owned).to_vec();
        trials.extend(sends_through_the_proxy(name, node, command));
    }
    trials
}

/// What comes with Node, and an agent that a program made for itself.
const NODE: &[(&str, &str)] = &[
    (
        "node-fetch",
        "fetch(process.argv[1]).then(response => console.log(response.status))",
    ),
    (
        "node-own-agent",
        "const m = require(process.argv[1].split(':')[0]);
         const agent = new m.Agent({ keepAlive: true });
         m.get(process.argv[1], { agent }, response => {
           console.log(response.statusCode);
           response.resume().on('end', () => agent.destroy());
         })",
    ),
];

fn sends_through_the_proxy(
    name: &str,
    is_there: bool,
    command: impl Fn(&str) -> Vec<String>,
) -> Vec<Trial> {
    Transport::BOTH
        .map(|transport| {
            let test = format!("run_clients::{name}::{}", transport.scheme());
            let command = command("URL");
            let kind = match is_there {
                true => String::new(),
                false => format!("{name} missing"),
            };
            let trial = Trial::test(test, move || {
                comes_by(transport, &command);
                Ok(())
            });
            trial.with_kind(kind).with_ignored_flag(!is_there)
        })
        .into()
}

/// The command's request is answered, recorded and explained, and its own output is all there is.
fn comes_by(transport: Transport, command: &[String]) {
    let origin = Origin::answering(transport, |_| {
        Reply::unauthorized("Bearer realm=\"api\"", "{}")
    });
    let why401 = Why401::new();
    let mut command = command.to_vec();
    *command.last_mut().unwrap() = origin.url("/orders");
    let output = why401.run_child(&[], &command, None);
    assert_eq!(output.stdout, "401", "{output:#?}");
    assert_eq!(output.code(), 0);
    let rows = why401.list();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["url"], origin.url("/orders"));
    assert!(rows[0]["cause"].is_string());
    assert!(
        output.stderr.contains("1 answered 401 (1 explained)"),
        "{output:#?}"
    );
}
