//! Words by which hosts and paths name an environment, a region or a stage.

/// Whether two different hosts name two environments of one service: equal but for such words.
pub(crate) fn are_two_environments(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) || is_address(one) || is_address(other) {
        return false;
    }
    if is_loopback(one) != is_loopback(other) {
        return true;
    }
    let ((one, its), (other, theirs)) = (split(one), split(other));
    one.len() >= 2 && one == other && its != theirs
}

/// The words of a host that name the service, and those that name the environment.
fn split(host: &str) -> (Vec<String>, Vec<String>) {
    let host = host.to_ascii_lowercase();
    // The last label is no word for it: `.test` and `.dev` are domains.
    let (rest, last) = host.rsplit_once('.').unwrap_or(("", &host));
    let (mut environment, mut service) = (Vec::new(), Vec::new());
    let mut after_environment = false;
    let words = rest.split(['.', '-', '_']);
    for word in words.filter(|word| !matches!(*word, "api" | "www")) {
        // A number alone may be a tenant's or a machine's.
        let is_number = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        after_environment = is_environment(word) || (is_number && after_environment);
        if after_environment {
            environment.push(word.to_owned());
        } else {
            service.push(word.to_owned());
        }
    }
    service.push(last.to_owned());
    (service, environment)
}

/// Whether a host is this very machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a word names an environment or a region, with or without a number: `staging`, `eu1`, `dev`.
pub(crate) fn is_environment(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    ENVIRONMENTS.contains(&word) || REGIONS.contains(&word)
}

/// Of an address that is not this machine's, nothing can be told.
fn is_address(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok() && !is_loopback(host)
}

const ENVIRONMENTS: &[&str] = &[
    "acc",
    "acceptance",
    "alpha",
    "beta",
    "canary",
    "demo",
    "dev",
    "devel",
    "develop",
    "development",
    "integration",
    "live",
    "local",
    "nonprod",
    "pre",
    "preprod",
    "preview",
    "prod",
    "production",
    "qa",
    "sandbox",
    "sbx",
    "sit",
    "stage",
    "staging",
    "stg",
    "test",
    "testing",
    "tst",
    "uat",
];

const REGIONS: &[&str] = &[
    "af",
    "ap",
    "apac",
    "asia",
    "au",
    "ca",
    "central",
    "east",
    "emea",
    "eu",
    "europe",
    "north",
    "northeast",
    "northwest",
    "sa",
    "south",
    "southeast",
    "southwest",
    "uk",
    "us",
    "west",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_service_differ_by_such_words_only() {
        for (one, other, expected) in [
            ("api.acme.com", "api.staging.acme.com", true),
            ("api-dev2.acme.com", "api-prod.acme.com", true),
            ("sandbox.api.acme.com", "api.acme.com", true),
            ("api.mailgun.net", "api.eu.mailgun.net", true),
            ("x.eu-west-1.acme.com", "x.us-east-1.acme.com", true),
            ("x.eu-west-1.acme.com", "x.eu-west-2.acme.com", true),
            ("tenant-1.acme.com", "tenant-2.acme.com", false),
            ("1.acme.com", "2.acme.com", false),
            ("me.acme.com", "acme.com", false),
            ("localhost", "api.acme.com", true),
            ("127.0.0.1", "localhost", false),
            ("10.0.0.7", "api.acme.com", false),
            ("api.acme.com", "orders.acme.com", false),
            ("api.acme.com", "api.other.com", false),
            ("api.acme.com", "API.acme.com", false),
            ("dev.com", "prod.com", false),
            ("api.acme.com", "staging.acme.com", true),
            ("api.acme.com", "www.acme.com", false),
            ("api.acme.test", "api.staging.acme.test", true),
            ("api.acme.dev", "api.acme.com", false),
        ] {
            assert_eq!(are_two_environments(one, other), expected, "{one} {other}");
        }
    }
}
