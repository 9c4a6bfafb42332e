//! A request and the credentials it carries.

use serde_json::Value;

use crate::auth::cookie::cookies;
use crate::auth::credentials::{Carrier, carriers, decode_basic, split_scheme};
use crate::auth::jwt::{self, Jwt};
use crate::auth::names::{self, CookieClass, HeaderClass};
use crate::diff::Where;
use crate::model::{Place, Request, Shape};

/// A request with its carriers.
pub(crate) struct Sent<'a> {
    pub(crate) request: &'a Request,
    pub(crate) carriers: Vec<Carrier>,
    /// The variables that nothing resolved, as they stand in its text.
    unresolved: &'a [String],
}

impl<'a> Sent<'a> {
    /// A request that was sent.
    pub(crate) fn of(request: &'a Request) -> Self {
        Self::unresolved(request, &[])
    }

    /// One of a file, in which these variables have no value.
    pub(crate) fn unresolved(request: &'a Request, unresolved: &'a [String]) -> Self {
        Self {
            request,
            carriers: carriers(request),
            unresolved,
        }
    }

    /// Whether the value holds a variable that was not resolved: then it is unknown, not wrong.
    pub(crate) fn is_unresolved(&self, value: &[u8]) -> bool {
        if self.unresolved.is_empty() {
            return false;
        }
        // In Basic it is encoded with what stands around it.
        let basic = match split_scheme(value) {
            (Some(scheme), secret) if scheme.eq_ignore_ascii_case("basic") => decode_basic(secret),
            _ => None,
        };
        let (user, password) = basic.unwrap_or_default();
        let mut variables = self.unresolved.iter().filter(|name| !name.is_empty());
        variables.any(|name| {
            let holds = |text: &&[u8]| memchr::memmem::find(text, name.as_bytes()).is_some();
            [value, &user, &password].iter().any(holds)
        })
    }

    /// The first `Authorization`.
    pub(crate) fn authorization(&self) -> Option<&Carrier> {
        self.carriers
            .iter()
            .find(|carrier| is_authorization(carrier))
    }

    /// The first carrier in that place.
    pub(crate) fn in_place(&self, place: &Place) -> Option<&Carrier> {
        self.carriers.iter().find(|carrier| carrier.place == *place)
    }

    /// The carriers by which the client says who it is: no CSRF token, no node affinity, no analytics.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = &Carrier> {
        self.carriers
            .iter()
            .filter(|carrier| authenticates(carrier))
    }

    /// The API keys: fields and parameters of their own, outside `Authorization` and cookies.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Carrier> {
        self.carriers.iter().filter(|carrier| is_key(carrier))
    }

    /// The cookies that hold a session or token.
    pub(crate) fn session_cookies(&self) -> impl Iterator<Item = &Carrier> {
        self.carriers.iter().filter(|carrier| is_session(carrier))
    }

    /// Whether it sends cookies that may be anything, a session included.
    pub(crate) fn has_unknown_cookies(&self) -> bool {
        cookies(&self.request.fields)
            .iter()
            .any(|cookie| names::cookie_class(&cookie.name, &cookie.value) == CookieClass::Unknown)
    }

    /// Whether it has credentials, and all of them are also in the other request, in the same places.
    pub(crate) fn has_credentials_of(&self, other: &Sent<'_>) -> bool {
        let credentials: Vec<&Carrier> = self.credentials().take(MOST_COMPARED + 1).collect();
        (1..=MOST_COMPARED).contains(&credentials.len())
            && credentials.iter().all(|carrier| {
                other
                    .in_place(&carrier.place)
                    .is_some_and(|there| there.raw == carrier.raw)
            })
    }

    /// The credentials that are readable JWTs.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&Carrier, Jwt)> {
        self.credentials()
            .filter(|carrier| matches!(carrier.shape, Shape::JwtJws | Shape::JwtJwe))
            .filter_map(|carrier| Some((carrier, jwt::decode(&carrier.normalised)?)))
    }

    /// Whether that is a cookie beside another credential: it may be renewed by the server, or never be read.
    pub(crate) fn is_cookie_beside_another(&self, carrier: &Carrier) -> bool {
        matches!(carrier.place, Place::Cookie(_))
            && self
                .credentials()
                .any(|other| !matches!(other.place, Place::Cookie(_)))
    }

    /// Whether it is a CORS preflight: a browser sends it without credentials, always.
    pub(crate) fn is_preflight(&self) -> bool {
        self.request.method == "OPTIONS"
            && self.request.fields.contains("origin")
            && self
                .request
                .fields
                .contains("access-control-request-method")
    }

    /// Whether its content carries a password or a grant: a login, or a call of a token endpoint.
    pub(crate) fn is_login(&self) -> bool {
        let content = &self.request.content.bytes;
        match serde_json::from_slice(content) {
            Ok(Value::Object(members)) => members.keys().any(|name| is_login_member(name)),
            Ok(_) => false,
            Err(_) => content
                .split(|b| *b == b'&')
                .filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='))
                .any(|(name, _)| is_login_member(name)),
        }
    }

    /// The part of a comparison that shows what stands in that place.
    pub(crate) fn about(&self, place: &Place) -> Option<(Where, String)> {
        match place {
            Place::Header(name) => Some((Where::Header, self.spelling(name))),
            Place::Cookie(name) => Some((Where::Cookie, name.clone())),
            Place::Query(name) => Some((Where::Query, name.clone())),
            Place::Form(_) | Place::UserInfo => None,
        }
    }

    /// The field's name as this request spells it, else as given.
    pub(crate) fn spelling(&self, name: &str) -> String {
        self.request
            .fields
            .all(name)
            .next()
            .map_or_else(|| name.to_owned(), |line| line.name_text().into_owned())
    }
}

/// A request with more credentials is made to be hard to compare.
const MOST_COMPARED: usize = 16;

/// Whether it is of that authentication scheme.
pub(crate) fn has_scheme(carrier: &Carrier, scheme: &str) -> bool {
    carrier
        .scheme
        .as_deref()
        .is_some_and(|sent| sent.eq_ignore_ascii_case(scheme))
}

/// User and password, if it is Basic and decodes.
pub(crate) fn user_and_password(carrier: &Carrier) -> Option<(Vec<u8>, Vec<u8>)> {
    if has_scheme(carrier, "basic") {
        decode_basic(&carrier.secret)
    } else {
        None
    }
}

/// Whether it stands in `Authorization`.
pub(crate) fn is_authorization(carrier: &Carrier) -> bool {
    matches!(&carrier.place, Place::Header(name) if name == "authorization")
}

fn is_key(carrier: &Carrier) -> bool {
    match &carrier.place {
        Place::Header(name) => names::header_class(name) == Some(HeaderClass::Key),
        Place::Query(name) | Place::Form(name) => {
            names::is_credential_parameter(name, &carrier.raw)
        }
        Place::Cookie(_) | Place::UserInfo => false,
    }
}

fn is_session(carrier: &Carrier) -> bool {
    matches!(
        &carrier.place,
        Place::Cookie(name) if names::cookie_class(name, &carrier.raw) == CookieClass::Session
    )
}

fn authenticates(carrier: &Carrier) -> bool {
    match &carrier.place {
        Place::Header(name) => {
            name != "proxy-authorization"
                && matches!(
                    names::header_class(name),
                    Some(HeaderClass::Authorization | HeaderClass::Key)
                )
        }
        Place::Cookie(_) => is_session(carrier),
        Place::Query(_) | Place::Form(_) => is_key(carrier),
        Place::UserInfo => true,
    }
}

fn is_login_member(name: &str) -> bool {
    LOGIN_MEMBERS.contains(&name.to_ascii_lowercase().as_str())
}

const LOGIN_MEMBERS: &[&str] = &[
    "assertion",
    "client_assertion",
    "client_secret",
    "grant_type",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "refresh_token",
];
