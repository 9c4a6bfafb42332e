use rcgen::{CertificateParams, KeyPair, SanType};

use super::*;

fn certificate(names: &[&str]) -> CertificateDer<'static> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = names
        .iter()
        .map(|name| SanType::DnsName((*name).try_into().unwrap()))
        .collect();
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().clone()
}

fn names(of: &[&str]) -> Names {
    let own = certificate(of);
    Presented::read(&own, &[]).unwrap().names()
}

#[test]
fn names_are_shown_in_plain_characters_and_few() {
    let odd = [
        "\u{1b}[31mred.test",
        "a b.test",
        "<script>",
        "Good.test",
        "",
    ];
    assert_eq!(names(&odd).list(), "good.test and 4 more");
    assert_eq!(names(&odd[..2]).list(), "names that cannot be shown");
    let many: Vec<String> = (0..200).map(|n| format!("h{n}.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let list = names(&many).list();
    assert_eq!(
        list,
        "h0.test, h1.test, h2.test, h3.test, h4.test and 195 more"
    );
    let long = format!("{}.test", "x".repeat(300));
    assert_eq!(names(&[&long]).list(), "names that cannot be shown");
    assert!(names(&[]).is_empty());
}

#[test]
fn a_wildcard_stands_for_one_label() {
    let wild = names(&["other.test", "*.acme.test"]);
    assert_eq!(
        wild.too_short_wildcard("a.b.acme.test"),
        Some("*.acme.test")
    );
    for host in ["a.acme.test", "acme.test", "a.b.other.test"] {
        assert_eq!(wild.too_short_wildcard(host), None, "{host}");
    }
}

#[test]
fn a_certificate_that_is_cut_or_damaged_is_no_panic() {
    let whole = certificate(&["a.test"]);
    for cut in 0..whole.len() {
        let part = CertificateDer::from(whole.as_ref()[..cut].to_vec());
        assert!(Presented::read(&part, &[]).is_none());
    }
    for at in 0..whole.len() {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 0xff;
        let damaged = CertificateDer::from(bytes);
        if let Some(presented) = Presented::read(&damaged, std::slice::from_ref(&damaged)) {
            let told = presented.names().list();
            assert!(told.is_ascii() && !told.contains('\u{1b}'), "{told:?}");
            let _end = presented.end();
            let _key = presented.weak_key();
            let _signature = presented.broken_signature();
            let _purpose = presented.is_for_something_else();
        }
    }
}

#[test]
fn the_length_of_a_key_is_that_of_its_number() {
    assert_eq!(bits(&[0, 0x80, 0]), 16);
    assert_eq!(bits(&[0x01, 0]), 9);
    assert_eq!(bits(&[0, 0]), 0);
}
