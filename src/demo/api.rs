//! An API that checks credentials and answers as widespread frameworks do.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

/// What can be set about the API.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What time it is there.
    pub clock: fn() -> OffsetDateTime,
    /// The authentication scheme that its tokens go by.
    pub scheme: &'static str,
}

/// The API, and the credentials that open it: made anew for each run.
#[derive(Debug)]
pub struct Api {
    rules: Rules,
    signer: hmac::Key,
    /// What a program authenticates with.
    pub api_key: String,
    /// What a browser was given at its login.
    pub session: String,
    /// Ann's.
    pub password: String,
    /// A token that says nothing to whoever holds it.
    pub access_token: String,
    /// Another one, which its owner may take back.
    pub stock_token: String,
    withdrawn: AtomicBool,
}

impl Api {
    /// With credentials of its own.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new(rules: Rules) -> io::Result<Self> {
        let random = SystemRandom::new();
        let secret = |prefix: &str| -> io::Result<String> {
            let mut bytes = [0; 18];
            random.fill(&mut bytes).map_err(no_random_bytes)?;
            Ok(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
        };
        Ok(Self {
            rules,
            signer: hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(no_random_bytes)?,
            api_key: secret("")?,
            session: secret("")?,
            password: secret("")?,
            access_token: secret("at_")?,
            stock_token: secret("at_")?,
            withdrawn: AtomicBool::new(false),
        })
    }

    /// Serves on a free port of this machine until the process ends; tells where.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn serve(self: Arc<Self>) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let api = Arc::clone(&self);
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = api.answer(request.uri().path(), request.headers());
                    async move { Ok::<_, Infallible>(answer) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                // A client that goes away in between has its answer, or wants none.
                tokio::spawn(async move { connection.await.unwrap_or_default() });
            }
        });
        Ok(address)
    }

    /// A token that was issued and expires at these distances from now.
    pub fn token(&self, issued: Duration, expires: Duration) -> String {
        let now = (self.rules.clock)();
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({"alg": "HS256", "typ": "JWT"}));
        let claims = part(&json!({
            "sub": "ann",
            "iat": (now + issued).unix_timestamp(),
            "exp": (now + expires).unix_timestamp(),
        }));
        let signed = format!("{header}.{claims}");
        let signature = hmac::sign(&self.signer, signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// From now on the token of `/v1/stock` opens nothing any more.
    pub fn withdraw_stock_token(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
    }

    fn answer(&self, path: &str, fields: &HeaderMap) -> Response<Full<Bytes>> {
        let field = |name: &str| fields.get(name).and_then(|value| value.to_str().ok());
        let authorization = field("authorization");
        let refusal = match path {
            "/v1/orders" => self.check_signed(authorization),
            "/v1/invoices" => self.check_token(authorization, &self.access_token, true),
            "/v1/stock" => {
                let open = !self.withdrawn.load(Ordering::Relaxed);
                self.check_token(authorization, &self.stock_token, open)
            }
            "/v1/reports" => self.check_key(field("x-api-key")),
            "/account" => self.check_session(field("cookie")),
            "/metrics" => self.check_login(authorization),
            _ => return self.respond(404, None, &json!({"detail": "Not Found"})),
        };
        match refusal {
            None => self.respond(200, None, &json!({"items": []})),
            Some(Refusal { challenge, body }) => self.respond(401, challenge, &body),
        }
    }

    /// Signed tokens, as ASP.NET Core checks them.
    fn check_signed(&self, authorization: Option<&str>) -> Option<Refusal> {
        let scheme = self.rules.scheme;
        let refuse = |challenge| Some(Refusal::new(Some(challenge), Value::Null));
        let Some(token) = authorization.and_then(|value| self.after_scheme(value)) else {
            return refuse(scheme.to_owned());
        };
        match self.expiry(token) {
            None => refuse(format!("{scheme} error=\"invalid_token\"")),
            Some(expiry) if expiry <= (self.rules.clock)() => {
                let expiry = expiry.format(US_TIME).unwrap_or_default();
                refuse(format!(
                    "{scheme} error=\"invalid_token\", \
                     error_description=\"The token expired at '{expiry}'\""
                ))
            }
            Some(_) => None,
        }
    }

    /// When a token of ours expires.
    fn expiry(&self, token: &str) -> Option<OffsetDateTime> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.signer, signed.as_bytes(), &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        OffsetDateTime::from_unix_timestamp(claims.get("exp")?.as_i64()?).ok()
    }

    /// Tokens that are looked up, as an API made with `FastAPI` does.
    fn check_token(&self, authorization: Option<&str>, good: &str, open: bool) -> Option<Refusal> {
        let refuse = |words| {
            let body = json!({ "detail": words });
            Some(Refusal::new(Some(self.rules.scheme.to_owned()), body))
        };
        match authorization.and_then(|value| self.after_scheme(value)) {
            None => refuse("Not authenticated"),
            Some(token) if token == good && open => None,
            Some(_) => refuse("Could not validate credentials"),
        }
    }

    fn after_scheme<'v>(&self, value: &'v str) -> Option<&'v str> {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case(self.rules.scheme)
            .then_some(token)
    }

    /// Keys, as Kong checks them.
    fn check_key(&self, key: Option<&str>) -> Option<Refusal> {
        let refuse = |words| {
            Some(Refusal::new(
                Some("Key".to_owned()),
                json!({ "message": words }),
            ))
        };
        match key {
            None => refuse("No API key found in request"),
            Some(key) if key == self.api_key => None,
            Some(_) => refuse("Unauthorized"),
        }
    }

    /// Sessions, as Laravel checks them.
    fn check_session(&self, cookies: Option<&str>) -> Option<Refusal> {
        let known = format!("laravel_session={}", self.session);
        let mut sent = cookies.unwrap_or_default().split("; ");
        let body = json!({"message": "Unauthenticated."});
        (!sent.any(|cookie| cookie == known)).then(|| Refusal::new(None, body))
    }

    /// Names and passwords, as Django REST framework checks them.
    fn check_login(&self, authorization: Option<&str>) -> Option<Refusal> {
        let refuse = |words| {
            let body = json!({ "detail": words });
            Some(Refusal::new(Some("Basic realm=\"api\"".to_owned()), body))
        };
        let login = BASE64_STANDARD.encode(format!("ann:{}", self.password));
        match authorization.and_then(|value| value.strip_prefix("Basic ")) {
            None => refuse("Authentication credentials were not provided."),
            Some(sent) if sent == login => None,
            Some(_) => refuse("Invalid username/password."),
        }
    }

    fn respond(
        &self,
        status: u16,
        challenge: Option<String>,
        body: &Value,
    ) -> Response<Full<Bytes>> {
        let date = (self.rules.clock)().format(&Rfc2822).unwrap_or_default();
        let date = date.replace("+0000", "GMT");
        let (content, media_type) = match body {
            Value::Null => (String::new(), None),
            _ => (body.to_string(), Some("application/json")),
        };
        let mut response = Response::new(Full::new(Bytes::from(content)));
        *response.status_mut() =
            hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
        let fields = [
            ("date", Some(date)),
            ("content-type", media_type.map(str::to_owned)),
            ("www-authenticate", challenge),
        ];
        for (name, value) in fields {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

const US_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[month]/[day]/[year] [hour]:[minute]:[second]");

fn no_random_bytes(_unspecified: ring::error::Unspecified) -> io::Error {
    io::Error::other("the system has no random bytes")
}

/// What is said to whoever is not let in.
struct Refusal {
    challenge: Option<String>,
    body: Value,
}

impl Refusal {
    fn new(challenge: Option<String>, body: Value) -> Self {
        Self { challenge, body }
    }
}
