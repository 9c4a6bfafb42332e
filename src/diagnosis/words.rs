//! Wording that several rules share: spans of time, names, and how each client sends a credential.

use time::OffsetDateTime;
use time::macros::format_description;

use super::facts::By;
use super::finding::Phrase;
use crate::model::{ClientKind, Place};

/// A span of time as people say it: `45 s`, `12 min`, `3 h 12 min`, `2 days`.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..36_000 if minutes % 60 > 0 => format!("{hours} h {} min", minutes % 60),
        3600..172_800 => format!("{hours} h"),
        _ => format!("{days} days"),
    }
}

/// A time in a token as people read it, in seconds since the epoch.
pub(crate) fn instant(epoch_seconds: i64) -> Option<String> {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from_unix_timestamp(epoch_seconds)
        .ok()?
        .format(format)
        .ok()
}

/// A date in a token beyond this counts milliseconds by mistake: no time can be told from it.
pub(crate) const MILLISECONDS: f64 = 1e11;

/// A captured name for a title, if it is one that needs no masking: short, plain, no token.
pub(crate) fn plain_name(name: &str) -> Option<&str> {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    (plain && (1..=28).contains(&name.len())).then_some(name)
}

/// The usual spelling of an authentication scheme, if it is a known one.
pub(crate) fn known_scheme(scheme: &str) -> Option<&'static str> {
    SCHEMES
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(scheme))
}

const SCHEMES: &[&str] = &[
    "ApiKey",
    "AWS4-HMAC-SHA256",
    "Basic",
    "Bearer",
    "Bot",
    "Digest",
    "DPoP",
    "GenieKey",
    "GoogleLogin",
    "HMAC",
    "Hawk",
    "JWT",
    "Key",
    "Negotiate",
    "NTLM",
    "OAuth",
    "PrivateToken",
    "SCRAM-SHA-256",
    "SSWS",
    "Signature",
    "Token",
];

/// The place of a credential as the start of a sentence. Names of cookies and parameters are captured text.
pub(crate) fn place(place: &Place) -> Phrase {
    match place {
        Place::Header(name) if name == "authorization" => Phrase::new("Authorization"),
        Place::Header(name) => Phrase::default().captured(name.as_bytes()),
        Place::Cookie(name) => Phrase::new("cookie ").captured(name.as_bytes()),
        Place::Query(name) => Phrase::new("query parameter ").captured(name.as_bytes()),
        Place::Form(name) => Phrase::new("form parameter ").captured(name.as_bytes()),
        Place::UserInfo => Phrase::new("user and password in the URL"),
    }
}

/// The request that shows how it is done, as the start of a sentence.
pub(crate) fn who_passes(by: By) -> Phrase {
    Phrase::new(match by {
        By::Good => "known good",
        By::Route => "a request that passed on this route",
        By::Origin => "a request that passed on another route of this server",
    })
}

/// How this client sends credentials of that scheme.
pub(crate) fn send_credentials(client: ClientKind, scheme: &str) -> String {
    match scheme {
        "Basic" => send_password(client).into(),
        "Digest" | "NTLM" | "Negotiate" => answer_challenge(client, scheme),
        "AWS4-HMAC-SHA256" | "DPoP" | "HMAC" | "Hawk" | "SCRAM-SHA-256" | "Signature" => {
            format!("let the API's own library make the {scheme} credentials for each request")
        }
        _ => send_token(client, scheme),
    }
}

fn send_token(client: ClientKind, scheme: &str) -> String {
    match client {
        ClientKind::Browser | ClientKind::Node => {
            format!("fetch(url, {{ headers: {{ Authorization: `{scheme} ${{token}}` }} }})")
        }
        ClientKind::Axios => format!(
            "axios: headers: {{ Authorization: `{scheme} ${{token}}` }}, best set in a request interceptor"
        ),
        ClientKind::Curl => format!("curl -H \"Authorization: {scheme} $TOKEN\" …"),
        ClientKind::Requests | ClientKind::Httpx => format!(
            "{}: headers={{\"Authorization\": f\"{scheme} {{token}}\"}}",
            client.name()
        ),
        ClientKind::HTTPie => format!("http … \"Authorization: {scheme} $TOKEN\""),
        ClientKind::Go => format!("req.Header.Set(\"Authorization\", \"{scheme} \"+token)"),
        ClientKind::OkHttp | ClientKind::Java => {
            format!(".header(\"Authorization\", \"{scheme} \" + token)")
        }
        ClientKind::Postman | ClientKind::Insomnia => format!(
            "{}: on the request's Auth tab choose the type of {scheme}, and not \"inherit\" from a folder without one",
            client.name()
        ),
        ClientKind::Other => format!("send the field Authorization: {scheme} <token>"),
    }
}

/// How this client sends user and password at once.
pub(crate) fn send_password(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Curl => "curl -u 'user:password' …",
        ClientKind::Requests => "Python requests: auth=(user, password)",
        ClientKind::Httpx => "Python httpx: auth=(user, password)",
        ClientKind::Axios => "axios: auth: { username, password }",
        ClientKind::Browser | ClientKind::Node => {
            "fetch(url, { headers: { Authorization: `Basic ${btoa(`${user}:${password}`)}` } })"
        }
        ClientKind::HTTPie => "http -a 'user:password' …",
        ClientKind::Go => "req.SetBasicAuth(user, password)",
        ClientKind::OkHttp => ".header(\"Authorization\", Credentials.basic(user, password))",
        ClientKind::Postman | ClientKind::Insomnia => "on the request's Auth tab choose Basic Auth",
        ClientKind::Java | ClientKind::Other => {
            "send the field Authorization: Basic <base64 of user:password>"
        }
    }
}

/// How this client answers a challenge that has to be worked out.
fn answer_challenge(client: ClientKind, scheme: &str) -> String {
    match (client, scheme) {
        (ClientKind::Curl, "Digest") => "curl --digest -u 'user:password' …".into(),
        (ClientKind::Curl, "NTLM") => "curl --ntlm -u 'user:password' …".into(),
        (ClientKind::Curl, _) => "kinit, then curl --negotiate -u : …".into(),
        (ClientKind::Requests, "Digest") => {
            "Python requests: auth=HTTPDigestAuth(user, password)".into()
        }
        (ClientKind::Httpx, "Digest") => {
            "Python httpx: auth=httpx.DigestAuth(user, password)".into()
        }
        (ClientKind::HTTPie, "Digest") => "http -A digest -a 'user:password' …".into(),
        (ClientKind::Postman | ClientKind::Insomnia, _) => {
            format!("on the request's Auth tab choose {scheme}")
        }
        _ => format!("turn on {scheme} in the client, with user and password"),
    }
}

/// How this client sends a field of that name.
pub(crate) fn send_field(client: ClientKind, name: &str) -> String {
    match client {
        ClientKind::Browser | ClientKind::Node | ClientKind::Axios => {
            format!("headers: {{ \"{name}\": … }}")
        }
        ClientKind::Curl => format!("curl -H '{name}: …' …"),
        ClientKind::Requests | ClientKind::Httpx => format!("headers={{\"{name}\": …}}"),
        ClientKind::HTTPie => format!("http … '{name}: …'"),
        ClientKind::Go => format!("req.Header.Set(\"{name}\", …)"),
        ClientKind::OkHttp | ClientKind::Java => format!(".header(\"{name}\", …)"),
        ClientKind::Postman | ClientKind::Insomnia | ClientKind::Other => {
            format!("send the field {name}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_as_people_tell_them() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (-720, "12 min"),
            (3600, "1 h"),
            (11_520, "3 h 12 min"),
            (90_000, "25 h"),
            (172_800, "2 days"),
            (i64::MIN, "106751991167300 days"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }

    #[test]
    fn every_known_scheme_is_sent_in_its_own_way() {
        assert_eq!(
            send_credentials(ClientKind::Curl, "NTLM"),
            "curl --ntlm -u 'user:password' …"
        );
        for scheme in SCHEMES {
            let token = send_credentials(ClientKind::Curl, scheme).contains("$TOKEN");
            let made = matches!(
                *scheme,
                "Basic"
                    | "Digest"
                    | "NTLM"
                    | "Negotiate"
                    | "AWS4-HMAC-SHA256"
                    | "DPoP"
                    | "HMAC"
                    | "Hawk"
                    | "SCRAM-SHA-256"
                    | "Signature"
            );
            assert_eq!(token, !made, "{scheme}");
        }
    }

    #[test]
    fn only_plain_short_names_enter_a_title() {
        assert_eq!(plain_name("connect.sid"), Some("connect.sid"));
        for name in [
            "",
            "a b",
            "x\u{202e}y",
            "a-name-that-is-longer-than-a-name-should-be",
        ] {
            assert_eq!(plain_name(name), None);
        }
    }
}
