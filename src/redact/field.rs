//! Field values, by the field's name.

use super::canvas::Canvas;
use super::masker::{Masker, scheme_kind};
use super::name::{is_mixed_token, is_random};
use super::peel::{Words, peel};
use super::secret::is_literal;
use crate::auth::credentials::shape;
use crate::auth::names::{HeaderClass, header_class};
use crate::model::Shape;

/// Fields whose value is a URL or a path.
const REFERENCES: &[&str] = &[
    ":path",
    "content-location",
    "destination",
    "location",
    "origin",
    "referer",
    "sourcemap",
    "x-envoy-original-path",
    "x-forwarded-uri",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
];

/// Fields that hold challenges (RFC 9110 section 11.6, and the names under which gateways hide it).
const CHALLENGES: &[&str] = &[
    "authentication-info",
    "proxy-authenticate",
    "proxy-authentication-info",
    "www-authenticate",
    "www-authentication",
    "x-amzn-remapped-www-authenticate",
];

/// Fields whose name sounds secret and whose value is told to people or names methods.
const TALKING: &[&str] = &[
    "access-control-allow-credentials",
    "sec-session-challenge",
    "signature-input",
    "x-auth-error",
    "x-auth-status",
    "x-auth-type",
    "x-token-type",
];

/// Ordinary fields that may hold long tokens which are no secret: ids, validators, hashes.
const OPEN: &[&str] = &[
    "age",
    "alt-svc",
    "authority",
    ":authority",
    "baggage",
    "b3",
    "cache-control",
    "cf-ray",
    "connection",
    "content-md5",
    "date",
    "digest",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "keep-alive",
    "last-modified",
    "link",
    "nel",
    "newrelic",
    "pragma",
    "priority",
    "range",
    "report-to",
    "request-id",
    "repr-digest",
    "retry-after",
    "sentry-trace",
    "server",
    "server-timing",
    "strict-transport-security",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "uber-trace-id",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "x-amz-cf-id",
    "x-amz-cf-pop",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-id-2",
    "x-amz-user-agent",
    "x-cache",
    "x-correlation-id",
    "x-powered-by",
    "x-request-id",
    "x-served-by",
];

/// The same by the start of the name.
const OPEN_PREFIXES: &[&str] = &[
    "accept",
    "access-control-",
    "amz-sdk-",
    "cf-",
    "content-",
    "x-amzn-",
    "x-b3-",
    "x-datadog-",
    "x-envoy-",
    "x-ms-request-",
    "x-ratelimit-",
    "x-stainless-",
];

/// Schemes whose credential is a list of parameters.
const LISTS: &[&[u8]] = &[
    b"aws4-hmac-sha256",
    b"digest",
    b"googlelogin",
    b"hawk",
    b"oauth",
    b"sharedkey",
    b"signature",
    b"token",
    b"hmac",
];

impl Masker {
    /// Paints a field value.
    pub(super) fn paint_field(&mut self, out: &mut Canvas, name: &str, value: &[u8]) {
        let name = name.to_ascii_lowercase();
        let is = |list: &[&str]| list.contains(&name.as_str());
        if name == "cookie" {
            self.paint_cookies(out, value);
        } else if name == "set-cookie" || name == "set-cookie2" {
            self.paint_set_cookie(out, value);
        } else if is(CHALLENGES) {
            self.paint_challenges(out, value);
        } else if is(REFERENCES) {
            self.paint_reference(out, value, 0);
        } else if is(TALKING) || name.ends_with("-error") || name.ends_with("-error-description") {
            self.paint_text(out, value, 0);
        } else if header_class(&name).is_some() {
            self.paint_credential_field(out, &name, value);
        } else {
            self.paint_other_field(out, &name, value);
        }
    }

    /// Paints a value that is a credential because of its place, whatever its name.
    pub(super) fn paint_credential_field(&mut self, out: &mut Canvas, name: &str, value: &[u8]) {
        let (kind, words) = match header_class(name) {
            Some(HeaderClass::Authorization) => ("token", Words::Any),
            Some(HeaderClass::Cookie) => return self.paint_cookies(out, value),
            Some(HeaderClass::Csrf) => ("csrf", Words::Known),
            Some(HeaderClass::Key) if name.contains("key") => ("key", Words::Known),
            Some(HeaderClass::Key) => ("token", Words::Known),
            Some(HeaderClass::Proof) => ("signature", Words::Any),
            Some(HeaderClass::Suspected) | None => (super::name::kind_by_name(name), Words::Known),
        };
        self.mask_core(out, kind, value, words);
    }

    /// Shows the layers around a credential and masks what is inside them.
    pub(super) fn mask_core(
        &mut self,
        out: &mut Canvas,
        kind: &'static str,
        value: &[u8],
        words: Words,
    ) {
        if kind == "password" && !is_literal(value) {
            return self.mask(out, kind, value);
        }
        let peeled = peel(value, words);
        out.captured(peeled.before);
        let scheme = peeled.scheme.map(|word| String::from_utf8_lossy(word));
        let basic = scheme
            .as_deref()
            .is_some_and(|word| word.eq_ignore_ascii_case("basic"));
        let listed = peeled
            .scheme
            .is_some_and(|word| LISTS.iter().any(|list| word.eq_ignore_ascii_case(list)));
        if is_literal(peeled.core) {
            out.captured(peeled.core);
        } else if basic
            || !(listed || (words == Words::Any && scheme.is_some()))
            || !self.paint_credential_list(out, peeled.core)
        {
            let kind = match scheme_kind(scheme.as_deref()) {
                "token" => kind,
                by_scheme => by_scheme,
            };
            self.mask_around_variables(out, kind, peeled.core);
        }
        out.captured(peeled.after);
    }

    /// Masks a secret; a template variable inside it stays, since it is what went wrong.
    fn mask_around_variables(&mut self, out: &mut Canvas, kind: &'static str, core: &[u8]) {
        let Some((before, variable, after)) = split_at_variable(core) else {
            return self.mask(out, kind, core);
        };
        if !before.is_empty() {
            self.mask(out, kind, before);
        }
        out.captured(variable);
        if !after.is_empty() {
            self.mask(out, kind, after);
        }
    }

    /// Paints a field that is no credential by name: what looks like one is masked all the same.
    fn paint_other_field(&mut self, out: &mut Canvas, name: &str, value: &[u8]) {
        let open =
            OPEN.contains(&name) || OPEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if open || !self.paint_random_tokens(out, value) {
            self.paint_text(out, value, 0);
        }
    }

    /// Masks random tokens of at least 20 characters; `false` where there is none.
    fn paint_random_tokens(&mut self, out: &mut Canvas, value: &[u8]) -> bool {
        let runs = |bytes: &[u8]| {
            let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_~+/=.".contains(byte);
            bytes
                .chunk_by(move |a, b| token(a) == token(b))
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        };
        let secret = |run: &[u8]| {
            let path = run.contains(&b'/') || run.contains(&b'.');
            if path {
                is_mixed_token(run)
            } else {
                is_random(run)
            }
        };
        let runs = runs(value);
        if !runs.iter().any(|run| secret(run)) {
            return false;
        }
        for run in runs {
            if secret(&run) {
                self.mask(out, "secret", &run);
            } else {
                self.paint_text(out, &run, 0);
            }
        }
        true
    }

    /// Paints a field, cookie or parameter name: a long or token-like one is a secret itself.
    pub(super) fn paint_name(&mut self, out: &mut Canvas, name: &[u8]) {
        let token = matches!(shape(name), Shape::JwtJws | Shape::JwtJwe)
            || (shape(name) == Shape::Prefixed && name.len() >= 16)
            || is_mixed_token(name)
            || name.len() > 64;
        if token {
            self.mask(out, "name", name);
        } else {
            self.paint_text(out, name, super::url::DEEPEST);
        }
    }
}

/// The first `{{variable}}` or `${variable}` and what stands around it.
fn split_at_variable(core: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    for (open, close) in [(&b"{{"[..], &b"}}"[..]), (b"${", b"}")] {
        let Some(start) = memchr::memmem::find(core, open) else {
            continue;
        };
        let Some(length) = memchr::memmem::find(core.get(start..)?, close) else {
            continue;
        };
        let end = start + length + close.len();
        let inside = core.get(start + open.len()..start + length)?;
        let name = inside
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-. $".contains(byte));
        if name && inside.len() <= 40 && !is_random(inside) {
            return Some((core.get(..start)?, core.get(start..end)?, core.get(end..)?));
        }
    }
    None
}
