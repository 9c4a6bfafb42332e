//! PowerShell commands: each folder of `fixtures/powershell` is a script, and the requests that are
//! expected.

use std::path::Path;

use why401::import::{Format, Options, import};

#[test]
fn every_fixture_gives_the_requests_that_powershell_sends() {
    super::assert_each_as_expected("powershell", "command.ps1", |_, source| {
        let variable = |name: &str| (name == "TENANT").then(|| "acme".to_owned());
        super::surrounded(Path::new(""), &variable, |surroundings| {
            import(
                Format::PowerShell,
                source,
                &Options::default(),
                surroundings,
            )
        })
    });
}
