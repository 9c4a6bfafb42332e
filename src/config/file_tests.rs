use proptest::prelude::*;

use std::path::Path;

use super::*;

fn faults(text: &str, trust: Trust) -> Vec<String> {
    read(text, trust)
        .unwrap_err()
        .into_iter()
        .map(|fault| format!("{} {}", fault.position, fault.kind))
        .collect()
}

#[test]
fn every_key_is_read_with_its_type() {
    let written = read(
        "listen = '127.0.0.1:1'\nui = 'off'\ndata = 'd'\nca.dir = 'certs'\n\
         upstream = { ca = ['a.pem'], insecure = ['h'] }\n\
         [capture]\nbody_limit = '1 KiB'\nretention = '2 d'\n\
         history = { exchanges = 1, minutes = 2 }\n[display]\ncolor = 'never'\nwidth = 60\n",
        Trust::Named,
    )
    .unwrap();
    assert_eq!(written.ca_dir.unwrap().value, PathBuf::from("certs"));
    assert_eq!(written.upstream_ca.len(), 1);
    assert_eq!(written.upstream_insecure.len(), 1);
    assert_eq!(written.history_minutes.unwrap().value, 2);
    assert_eq!(
        written.width.unwrap().position,
        Position {
            line: 12,
            column: 9
        }
    );
}

#[test]
fn the_entries_of_lists_are_read() {
    let written = read(
        "[[resolve]]\nhost = 'API.test'\nport = 443\naddress = '127.0.0.1:8443'\n\
         [[client_certificate]]\nhost = '*.acme.test'\ncertificate = 'c.pem'\nkey = 'c.key'\n\
         [[client_certificate]]\nhost = 'b.test'\npkcs12 = 'b.p12'\npassword_env = 'P'\n\
         [[passthrough]]\nhost = '*.bank.test'\n[[passthrough]]\nhost = 'tax.test'\n",
        Trust::Named,
    )
    .unwrap();
    assert_eq!(written.resolve[0].value.host, "api.test");
    assert_eq!(written.resolve[0].value.address.port, Some(8443));
    assert_eq!(written.client_certificates.len(), 2);
    assert!(
        written.client_certificates[0]
            .value
            .host
            .matches("a.acme.test")
    );
    assert_eq!(written.client_certificates[1].position.line, 9);
    assert_eq!(written.passthrough.len(), 2);
}

#[test]
fn an_entry_that_lacks_something_or_says_too_much_is_told() {
    let text = "[[resolve]]\nhost = 'a'\n[[client_certificate]]\nhost = 'a'\nkey = 'k'\n\
                pkcs12 = 'p'\n[[passthrough]]\nhosts = 'a'\n[zzz]\n";
    assert_eq!(
        faults(text, Trust::Named),
        [
            "1:1 this `[[resolve]]` lacks `host` and `address`",
            "3:1 this `[[client_certificate]]` lacks either `certificate` and `key`, or \
             `pkcs12` and its `password_env`",
            "8:1 there is no key `passthrough.hosts`; did you mean `passthrough.host`?",
            "9:2 there is no key `zzz`",
        ]
    );
    assert_eq!(
        faults("resolve = 1\npassthrough = ['a']", Trust::Named),
        [
            "1:11 `resolve` must be a list of tables, got a whole number",
            "2:16 `passthrough` must be a list of tables, got a string",
        ]
    );
}

#[test]
fn a_limit_is_within_bounds() {
    let text = "[limits]\nhead_bytes = '1 B'\nhead_timeout = '2 h'\nconnections = 0\n\
                shutdown_grace = '50 ms'\n";
    assert_eq!(
        faults(text, Trust::Named),
        [
            "2:14 `limits.head_bytes` cannot be \"1 B\": 1 KiB to 64 MiB is expected",
            "3:16 `limits.head_timeout` cannot be \"2 h\": 10 ms to 1 h is expected",
            "4:15 `limits.connections` cannot be \"0\": a number from 1 to 1000000 is expected",
        ]
    );
}

#[test]
fn a_password_is_not_repeated_when_its_url_is_off() {
    let text = "upstream.proxy = 'ftp://me:secret@p.test:1'\n\
                reverse.url = 'https://me:secret@a.test'\n";
    let faults = faults(text, Trust::Named).join("\n");
    assert!(
        faults.contains("`upstream.proxy` cannot be used"),
        "{faults}"
    );
    assert!(faults.contains("`reverse.url` cannot be used"), "{faults}");
    assert!(!faults.contains("secret"), "{faults}");
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest() {
    assert_eq!(
        faults(
            "listen = '[::1]:1'\n\n[capture]\n  body_limt = 1\n",
            Trust::Named
        ),
        ["4:3 there is no key `capture.body_limt`; did you mean `capture.body_limit`?"]
    );
    assert_eq!(
        faults("retention = '7 d'", Trust::Named),
        ["1:1 there is no key `retention`; did you mean `capture.retention`?"]
    );
    assert_eq!(
        faults("zzz = 1", Trust::Named),
        ["1:1 there is no key `zzz`"]
    );
}

#[test]
fn all_faults_are_found_in_the_order_of_the_file() {
    let text = "ui = 4011\nlisten = '127.0.0.1'\ndisplay = 3\nupstream.insecure = ['a', 1]\n\
                capture.retention = '7'\n[display2]\n";
    assert_eq!(
        faults(text, Trust::Named),
        [
            "1:6 `ui` must be a string, got a whole number",
            "2:10 `listen` cannot be \"127.0.0.1\": the port is missing, as in 127.0.0.1:4010",
            "3:11 `display` must be a table, got a whole number",
            "4:27 `upstream.insecure` must be a string, got a whole number",
            "5:21 `capture.retention` cannot be \"7\": the unit is missing: ms, s, m, h, d, w",
            "6:2 there is no key `display2`",
        ]
    );
}

#[test]
fn a_found_file_may_only_say_how_things_look() {
    assert!(read("[display]\ncolor = 'always'", Trust::Found).is_ok());
    let committed = read("[[baseline]]\nfile = 'a.sh'\nname = 'a'", Trust::Found).unwrap();
    assert_eq!(committed.baselines[0].value.file, Path::new("a.sh"));
    assert!(read("[[baseline]]\nname = 'a'", Trust::Found).is_err());
    assert_eq!(
        faults("upstream.insecure = ['bank.test']", Trust::Found),
        ["1:10 `upstream.insecure` does not count in a file that was found, not named"]
    );
    for key in KEYS.iter().filter(|key| !key.starts_with("display.")) {
        assert!(read(&format!("{key} = ''"), Trust::Found).is_err(), "{key}");
    }
}

#[test]
fn what_does_not_count_can_be_passed_over() {
    let text = "data = 'd'\ndisplay.width = 70";
    let written = read(text, Trust::FoundInPassing).unwrap();
    assert_eq!(written.data, None);
    assert_eq!(written.width.unwrap().value, 70);
    assert_eq!(written.passed_over[0].value, "data");
    assert!(read("dta = 'd'", Trust::FoundInPassing).is_err());
}

#[test]
fn no_toml_is_a_fault_with_its_place() {
    let faults = faults("listen = \n", Trust::Named);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("1:"), "{faults:?}");
}

#[test]
fn every_key_can_be_wrong() {
    for key in KEYS {
        assert!(
            read(&format!("{key} = 2026-01-01"), Trust::Named).is_err(),
            "{key}"
        );
    }
}

#[test]
fn columns_count_characters() {
    let faults = faults("ui = 'ü' # ü\n\"ü\" = 1", Trust::Named);
    assert_eq!(faults.len(), 2);
    assert!(faults[1].starts_with("2:1 "), "{faults:?}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        if let Err(faults) = read(&text, Trust::Named) {
            prop_assert!(!faults.is_empty());
        }
    }

    #[test]
    fn any_value_of_any_key_is_read_or_refused(key in 0_usize..KEYS.len(), value in ".*") {
        let text = format!("{} = {value}", KEYS[key]);
        let _read = read(&text, Trust::Named).is_ok();
    }
}
