//! URLs as they are sent, once their variables are replaced.

use std::fmt::Write;

use super::variables::{around, has_variable, parts};
use crate::model::{Origin, Scheme, Url};

/// Where a request goes.
pub(in crate::import) struct Address {
    protocol: Option<String>,
    /// User and password, as the URL has them.
    pub(in crate::import) user: Option<(String, String)>,
    host: String,
    port: Option<String>,
    path: String,
    query: Option<String>,
    escapes: bool,
}

impl Address {
    /// Takes a URL apart. Variables that are left in it are taken as they stand, whatever
    /// characters are in their names.
    ///
    /// # Errors
    /// When no request could be sent to it.
    pub(in crate::import) fn parse(url: &str, escapes: bool) -> Result<Self, &'static str> {
        let url = url.trim_start();
        let mask = masked(url);
        let mut rest = Part { url, mask: &mask };
        if let Some((before, _fragment)) = rest.split_at("#") {
            rest = before;
        }
        let mut query = None;
        if let Some((before, after)) = rest.split_at("?") {
            (rest, query) = (before, Some(after.url.to_owned()));
        }
        let mut protocol = None;
        if let Some((before, after)) = rest.split_at("://") {
            protocol = Some(before.url.to_owned());
            rest = after.without_leading_slashes();
        }
        let mut path = String::new();
        if let Some((before, after)) = rest.split_at("/") {
            rest = before;
            path = around(after.url, |text| text.replace('\\', "/"));
        }
        let mut user = None;
        if let Some((before, after)) = rest.split_at_last("@") {
            let (name, password) = match before.split_at(":") {
                Some((name, password)) => (name.url, password.url),
                None => (before.url, ""),
            };
            user = Some((name.to_owned(), password.to_owned()));
            rest = after;
        }
        let mut port = None;
        if let Some((before, after)) = rest.split_at_last(":")
            && !after.mask.contains(']')
        {
            (rest, port) = (before, Some(after.url.to_owned()));
        }
        if rest.url.is_empty() {
            return Err("the URL has no host");
        }
        Ok(Self {
            protocol,
            user,
            host: rest.url.to_owned(),
            port: port.filter(|port| !port.is_empty()),
            path,
            query,
            escapes,
        })
    }

    /// The value of `Host`.
    pub(in crate::import) fn host_field(&self) -> String {
        let host = lower_case(&self.host);
        match &self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// Removes the parameters of that name.
    pub(in crate::import) fn remove_query(&mut self, name: &str) {
        let pairs = self.pairs_without(name);
        if self
            .query
            .as_deref()
            .is_some_and(|query| pairs.join("&") != query)
        {
            self.query = Some(pairs.join("&")).filter(|query| !query.is_empty());
        }
    }

    fn pairs_without(&self, name: &str) -> Vec<String> {
        let pairs = self.query.as_deref().unwrap_or_default().split('&');
        pairs
            .filter(|pair| pair.split('=').next() != Some(name) && !pair.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Puts a parameter in place of those of that name.
    pub(in crate::import) fn set_query(&mut self, name: &str, value: &str) {
        let mut pairs = self.pairs_without(name);
        let inside =
            |text: &str, marks: &str| around(text, |text| escape(text, |c| marks.contains(c)));
        pairs.push(format!("{}={}", inside(name, "&=#"), inside(value, "&#")));
        self.query = Some(pairs.join("&"));
    }

    /// The URL as a value of the model.
    ///
    /// # Errors
    /// When its scheme, host or port cannot be.
    pub(in crate::import) fn url(&self) -> Result<Url, &'static str> {
        let escaped = |text: &str, is_special: fn(char) -> bool| {
            if self.escapes {
                around(text, |text| escape(text, is_special))
            } else {
                text.to_owned()
            }
        };
        Ok(Url {
            origin: self.origin()?,
            userinfo: None,
            path: format!("/{}", escaped(&self.path, |c| " \"<>`#?{}".contains(c))).into_bytes(),
            query: self
                .query
                .as_deref()
                .map(|query| escaped(query, |c| " \"#'<>".contains(c)).into_bytes()),
        })
    }

    fn origin(&self) -> Result<Origin, &'static str> {
        let protocol = self.protocol.as_deref().unwrap_or("http");
        let unknown = |host: &str| Origin {
            scheme: Scheme::Http,
            host: host.to_owned(),
            port: Scheme::Http.default_port(),
        };
        if has_variable(protocol) {
            // The variable stands for the whole origin: a host of unknown scheme is not compared.
            return Ok(unknown(protocol));
        }
        let scheme = match protocol.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err("the URL is neither http nor https"),
        };
        if has_variable(&self.host) || self.port.as_deref().is_some_and(has_variable) {
            return Ok(Origin {
                scheme,
                port: scheme.default_port(),
                ..unknown(&self.host_field())
            });
        }
        Origin::parse(scheme, self.host_field().as_bytes())
            .map_err(|_kind| "the host has a character that no host name may have, or the port is no number up to 65535")
    }
}

/// A text, and the same with letters in place of its variables.
#[derive(Clone, Copy)]
struct Part<'u> {
    url: &'u str,
    mask: &'u str,
}

impl<'u> Part<'u> {
    fn split_at(self, mark: &str) -> Option<(Self, Self)> {
        self.cut(self.mask.find(mark)?, mark.len())
    }

    fn split_at_last(self, mark: &str) -> Option<(Self, Self)> {
        self.cut(self.mask.rfind(mark)?, mark.len())
    }

    fn cut(self, at: usize, length: usize) -> Option<(Self, Self)> {
        let before = Self {
            url: self.url.get(..at)?,
            mask: self.mask.get(..at)?,
        };
        let after = Self {
            url: self.url.get(at + length..)?,
            mask: self.mask.get(at + length..)?,
        };
        Some((before, after))
    }

    fn without_leading_slashes(self) -> Self {
        let slashes = self.mask.len() - self.mask.trim_start_matches('/').len();
        self.cut(0, slashes).map_or(self, |(_, after)| after)
    }
}

/// The text with letters for its variables, byte for byte, and with slashes for backslashes.
fn masked(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let mut at = 0;
    let mut mask = String::with_capacity(url.len());
    for (part, is_variable) in parts(url) {
        if is_variable {
            mask.extend(std::iter::repeat_n('_', part.len()));
        } else if at < end {
            mask.push_str(&part.replace('\\', "/"));
        } else {
            mask.push_str(part);
        }
        at += part.len();
    }
    mask
}

fn lower_case(host: &str) -> String {
    around(host, str::to_lowercase)
}

/// Percent-encodes control characters, what is not ASCII, and what is special.
pub(in crate::import) fn escape(text: &str, is_special: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_control() || !c.is_ascii() || is_special(c) {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                // Writing to a String cannot fail.
                write!(escaped, "%{byte:02X}").unwrap_or_default();
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(url: &str) -> String {
        let url = Address::parse(url, true).unwrap().url().unwrap();
        let target = String::from_utf8(url.path_and_query()).unwrap();
        format!("{}{target}", url.origin)
    }

    #[test]
    fn a_url_is_escaped_as_postman_does_it() {
        assert_eq!(
            sent("ACME.test/a b/{c}/é?q=a b'c=d{e}&é#f"),
            "http://acme.test/a%20b/%7Bc%7D/%C3%A9?q=a%20b%27c=d{e}&%C3%A9"
        );
        assert_eq!(sent("https:///acme.test:443/%7e"), "https://acme.test/%7e");
        assert_eq!(sent("http://[::1]:8080"), "http://[::1]:8080/");
        assert_eq!(sent("acme.test?"), "http://acme.test/?");
    }

    #[test]
    fn variables_that_are_left_keep_their_form_and_their_place() {
        assert_eq!(
            sent("{{base/url?}}/v1/{{id}}?k={{a&b}}"),
            "http://{{base/url?}}/v1/{{id}}?k={{a&b}}"
        );
        assert_eq!(
            sent("https://acme.test:{{port}}/x"),
            "https://acme.test:{{port}}/x"
        );
        assert_eq!(sent("{{scheme}}://acme.test/x"), "http://{{scheme}}/x");
    }

    #[test]
    fn a_user_in_the_url_is_no_part_of_the_host() {
        let address = Address::parse("http://ann:p%40ss@acme.test:80/", true).unwrap();
        assert_eq!(address.user, Some(("ann".into(), "p%40ss".into())));
        assert_eq!(address.host_field(), "acme.test:80");
    }

    #[test]
    fn a_parameter_takes_the_place_of_its_namesakes() {
        let mut address = Address::parse("acme.test/?key=old&a=1", true).unwrap();
        address.set_query("key", "n&w ");
        let url = address.url().unwrap();
        assert_eq!(url.query.unwrap(), b"a=1&key=n%26w%20");
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for url in [
            "",
            "http://",
            "/x",
            "ftp://acme.test",
            "acme.test:port",
            "a b",
        ] {
            let url = Address::parse(url, true).and_then(|address| address.url());
            assert!(url.is_err(), "{url:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z:/?#@.{}é\\\\ \\[\\]]{0,40}") {
            if let Ok(address) = Address::parse(&text, true) {
                let url = address.url();
                prop_assert!(url.is_err() || url.unwrap().path.starts_with(b"/"));
            }
        }
    }
}
