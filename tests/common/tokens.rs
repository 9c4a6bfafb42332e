//! Credentials for tests: well formed, and worthless.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use time::OffsetDateTime;

/// A JWT that expires that long after now.
pub fn jwt_valid_for(time: Duration) -> String {
    let expires = OffsetDateTime::now_utc() + time;
    jwt(expires.unix_timestamp())
}

/// A JWT that expired that long before now.
pub fn jwt_expired_since(time: Duration) -> String {
    let expired = OffsetDateTime::now_utc() - time;
    jwt(expired.unix_timestamp())
}

/// A value that no other place holds: the prefix, 24 random letters and digits, and a digit.
pub fn random(prefix: &str) -> String {
    let mut bytes = [0; 24];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system has randomness");
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    // Two digits, since a path segment without them may as well be a name.
    format!("{prefix}{}47", bytes.iter().map(letter).collect::<String>())
}

fn jwt(expires: i64) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let issued = expires - 3600;
    let claims = URL_SAFE_NO_PAD.encode(format!(
        r#"{{"iss":"https://id.acme.test","sub":"ann","aud":"api","iat":{issued},"exp":{expires}}}"#
    ));
    let signature = URL_SAFE_NO_PAD.encode(random(""));
    format!("{header}.{claims}.{signature}")
}

const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
