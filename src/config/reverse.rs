//! The one origin of a reverse proxy.

use std::str::FromStr;

use thiserror::Error;

use crate::model::{Origin, Url, UrlError};

/// The origin that every request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReverseUrl(pub Origin);

/// Why a URL names no such origin. Never says the URL: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReverseUrlError {
    /// It is no URL.
    #[error("{0}")]
    Url(UrlError),
    /// There is more than an origin: requests keep their own paths and credentials.
    #[error(
        "scheme, host and port are expected, without user, path and query, as in https://api.example.test"
    )]
    More,
}

impl FromStr for ReverseUrl {
    type Err = ReverseUrlError;

    fn from_str(text: &str) -> Result<Self, ReverseUrlError> {
        let text = text.trim();
        let url = Url::parse(text.as_bytes()).map_err(ReverseUrlError::Url)?;
        if url.userinfo.is_some() || url.path != b"/" || url.query.is_some() || text.contains('#') {
            return Err(ReverseUrlError::More);
        }
        Ok(Self(url.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_is_taken() {
        let read = |text: &str| text.parse::<ReverseUrl>().map(|url| url.0.to_string());
        assert_eq!(read("https://API.test").as_deref(), Ok("https://api.test"));
        assert_eq!(
            read("http://[::1]:8080/").as_deref(),
            Ok("http://[::1]:8080")
        );
        for more in [
            "https://u:p@a.test",
            "https://a.test/v1",
            "https://a.test?x",
            "https://a.test/#x",
        ] {
            assert_eq!(read(more), Err(ReverseUrlError::More), "{more}");
        }
        assert_eq!(
            read("ws://a.test"),
            Err(ReverseUrlError::Url(UrlError::Scheme))
        );
    }
}
