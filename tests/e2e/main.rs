//! End-to-end tests: real clients, through the real binary, to a real origin.
//!
//! One file per thing that a person can do. A file's tests are listed in its `tests()`; one that is
//! forgotten there is dead code, and the compiler says so. Tests that need a client which is not
//! installed are listed as ignored, with the client's name.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets something unexpected shall say so at once"
)]
#![expect(
    unreachable_pub,
    reason = "in a test crate, `pub` says: for the other files"
)]

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod bad_upstream_tls;
mod baseline;
mod bounds;
mod browser;
mod browser_streams;
mod byte_identity;
mod client_certificates;
mod committed;
mod configure;
mod demo;
mod explain_401;
mod find_failures;
mod hostile_imports;
mod http2;
mod import_httpie;
mod keep_secrets;
mod keep_secrets_in_streams;
mod learn;
mod mirror_ends;
mod partial_imports;
mod peers;
mod peers_grpc;
mod peers_http2_library;
mod peers_websocket;
mod read_while_running;
mod refuse_messages;
mod reverse;
mod run_clients;
mod run_command;
mod survive_kill;
mod unreachable_origin;
mod untrusting_clients;
mod ways_in;
mod ways_in_curl;
mod ways_in_http2;
mod ways_out;

use libtest_mimic::{Arguments, Trial};

/// Lists the tests of a file by their functions.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        /// The tests of this file.
        pub fn tests() -> Vec<libtest_mimic::Trial> {
            vec![$(libtest_mimic::Trial::test(
                concat!(module_path!(), "::", stringify!($name)).trim_start_matches("e2e::"),
                || { $name(); Ok(()) },
            )),*]
        }
    };
}
pub(crate) use tests;

fn main() {
    let arguments = Arguments::from_args();
    let trials: Vec<Trial> = [
        bad_input::tests(),
        bad_upstream_tls::tests(),
        baseline::tests(),
        bounds::tests(),
        browser::tests(),
        browser_streams::tests(),
        byte_identity::tests(),
        client_certificates::tests(),
        committed::tests(),
        configure::tests(),
        demo::tests(),
        explain_401::tests(),
        find_failures::tests(),
        hostile_imports::tests(),
        http2::tests(),
        import_httpie::tests(),
        keep_secrets::tests(),
        keep_secrets_in_streams::tests(),
        learn::tests(),
        mirror_ends::tests(),
        partial_imports::tests(),
        peers::tests(),
        peers_grpc::tests(),
        peers_http2_library::tests(),
        peers_websocket::tests(),
        read_while_running::tests(),
        refuse_messages::tests(),
        reverse::tests(),
        run_clients::tests(),
        run_command::tests(),
        survive_kill::tests(),
        unreachable_origin::tests(),
        untrusting_clients::tests(),
        ways_in::tests(),
        ways_in_curl::tests(),
        ways_out::tests(),
        ways_in_http2::tests(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
