//! Reads a URL as curl does.

use super::data::percent_encode;
use crate::model::{Origin, Scheme, Url};

/// The parts of a URL, as curl sends them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Target {
    scheme: Scheme,
    /// In the case in which it was given; IPv6 with its brackets.
    host: Vec<u8>,
    /// In lower case and without brackets: what cookies and credentials go by.
    name: String,
    port: Option<u16>,
    /// User and password, decoded.
    pub(super) user: Option<(Vec<u8>, Vec<u8>)>,
    path: Vec<u8>,
    query: Option<Vec<u8>>,
}

/// How a URL is read.
pub(super) struct Reading<'a> {
    /// `--proto-default`.
    pub(super) default_scheme: Option<&'a [u8]>,
    /// `--path-as-is`: dot segments stay.
    pub(super) path_as_is: bool,
    /// Appended to the query.
    pub(super) query: Option<&'a [u8]>,
    /// The name of the file to upload, for a URL that names a folder.
    pub(super) upload: Option<&'a [u8]>,
}

/// Reads a URL.
///
/// # Errors
/// When curl refuses it, or it is neither http nor https: why.
pub(super) fn read(url: &[u8], reading: &Reading<'_>) -> Result<Target, &'static str> {
    let url = url.split(|byte| *byte == b'#').next().unwrap_or_default();
    if url.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Err("the URL has a space or a control character");
    }
    let (scheme, rest) = scheme(url, reading.default_scheme)?;
    let end = rest
        .iter()
        .position(|b| matches!(b, b'/' | b'?'))
        .unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (userinfo, host_port) = match authority.iter().position(|byte| *byte == b'@') {
        Some(at) => {
            let (userinfo, rest) = authority.split_at(at);
            (Some(userinfo), rest.get(1..).unwrap_or_default())
        }
        None => (None, authority),
    };
    let (host, port) = host_and_port(host_port)?;
    let scheme = match scheme {
        Some(scheme) => scheme,
        None => guess_scheme(host)?,
    };
    let (path, query) = match rest.iter().position(|byte| *byte == b'?') {
        Some(at) => (rest.get(..at), rest.get(at + 1..)),
        None => (Some(rest), None),
    };
    let mut path = path.unwrap_or_default().to_vec();
    let query = query.filter(|query| !query.is_empty());
    if !reading.path_as_is {
        path = without_dot_segments(&path);
    }
    if let (Some(file), None) = (reading.upload, query) {
        name_upload(&mut path, file);
    }
    if path.is_empty() {
        path.push(b'/');
    }
    Ok(Target {
        scheme,
        host: host.to_vec(),
        name: name(host),
        port,
        user: userinfo.map(decode_userinfo),
        path: escape_beyond_ascii(&path),
        query: appended(query, reading.query)?,
    })
}

impl Target {
    /// The value of `Host`.
    pub(super) fn host(&self) -> Vec<u8> {
        let mut host = self.host.clone();
        if let Some(port) = self.port.filter(|port| *port != self.scheme.default_port()) {
            host.extend_from_slice(format!(":{port}").as_bytes());
        }
        host
    }

    /// The host in lower case, without a port or brackets: what cookies and credentials go by.
    pub(super) fn host_name(&self) -> &str {
        &self.name
    }

    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(super) fn path(&self) -> &[u8] {
        &self.path
    }

    /// Puts texts for stand-ins, wherever they are.
    pub(super) fn map(&mut self, text: impl Fn(&[u8]) -> Vec<u8>) {
        self.host = text(&self.host);
        self.name = String::from_utf8_lossy(&text(self.name.as_bytes())).into_owned();
        self.path = text(&self.path);
        self.query = self.query.as_deref().map(&text);
        self.user = self
            .user
            .take()
            .map(|(user, password)| (text(&user), text(&password)));
    }

    /// The URL as a value of the model.
    pub(super) fn url(&self) -> Url {
        let origin = Origin {
            scheme: self.scheme,
            host: self.name.clone(),
            port: self.port.unwrap_or(self.scheme.default_port()),
        };
        Url {
            origin,
            userinfo: None,
            path: self.path.clone(),
            query: self.query.clone(),
        }
    }
}

fn name(host: &[u8]) -> String {
    let name = String::from_utf8_lossy(host).to_lowercase();
    let inside = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    inside.unwrap_or(&name).to_owned()
}

/// The scheme, if one is written, and what follows it.
fn scheme<'u>(
    url: &'u [u8],
    default: Option<&[u8]>,
) -> Result<(Option<Scheme>, &'u [u8]), &'static str> {
    const NOT_HTTP: &str = "the URL is neither http nor https";
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let end = url
        .iter()
        .position(|byte| !is_scheme(byte))
        .unwrap_or(url.len());
    let (name, rest) = url.split_at(end);
    let written = name.first().is_some_and(u8::is_ascii_alphabetic) && rest.starts_with(b":/");
    if !written {
        let default = default
            .map(|name| named_scheme(name).ok_or(NOT_HTTP))
            .transpose()?;
        return Ok((default, url));
    }
    let scheme = named_scheme(name).ok_or(NOT_HTTP)?;
    let rest = rest.get(1..).unwrap_or_default();
    let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
    if slashes > 3 {
        return Err("the URL has too many slashes after its scheme");
    }
    Ok((Some(scheme), rest.get(slashes..).unwrap_or_default()))
}

fn named_scheme(name: &[u8]) -> Option<Scheme> {
    if name.eq_ignore_ascii_case(b"http") {
        Some(Scheme::Http)
    } else if name.eq_ignore_ascii_case(b"https") {
        Some(Scheme::Https)
    } else {
        None
    }
}

/// Without a scheme curl goes by the start of the host.
fn guess_scheme(host: &[u8]) -> Result<Scheme, &'static str> {
    const OTHERS: &[&[u8]] = &[b"ftp.", b"dict.", b"ldap.", b"imap.", b"smtp.", b"pop3."];
    let starts = |other: &&[u8]| {
        host.get(..other.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(other))
    };
    if OTHERS.iter().any(starts) {
        return Err("curl takes a host of this name for another protocol: write http:// before it");
    }
    Ok(Scheme::Http)
}

fn host_and_port(text: &[u8]) -> Result<(&[u8], Option<u16>), &'static str> {
    let (host, port) = if text.starts_with(b"[") {
        let end = text.iter().position(|byte| *byte == b']');
        let end = end.ok_or("the brackets of the host are not closed")? + 1;
        let (host, rest) = text.split_at(end);
        let inside = host
            .get(1..end - 1)
            .and_then(|host| std::str::from_utf8(host).ok());
        let address = inside.and_then(|inside| inside.split('%').next());
        if address.is_none_or(|address| address.parse::<std::net::Ipv6Addr>().is_err()) {
            return Err("the host in brackets is not an IPv6 address");
        }
        (host, rest)
    } else {
        let end = text
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(text.len());
        text.split_at(end)
    };
    if host.is_empty() {
        return Err("the URL has no host");
    }
    if !host.starts_with(b"[") && host.iter().any(|byte| FORBIDDEN.contains(byte)) {
        return Err("the host has a character that no host name may have");
    }
    let port = match port.split_first() {
        None | Some((b':', [])) => None,
        Some((b':', digits)) if digits.iter().all(u8::is_ascii_digit) => {
            let number = std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| digits.parse().ok());
            Some(number.ok_or("the port is not a number from 0 to 65535")?)
        }
        Some(_) => return Err("the port is not a number from 0 to 65535"),
    };
    Ok((host, port))
}

/// What curl allows in no host name.
const FORBIDDEN: &[u8] = b" \r\n\t/:#?!@{}[]\\$'\"^`*<>=;,+&()|%";

/// A URL that names a folder gets the name of the file that is uploaded.
fn name_upload(path: &mut Vec<u8>, file: &[u8]) {
    if path.is_empty() {
        path.push(b'/');
    }
    if path.ends_with(b"/") {
        let name = file.rsplit(|byte| *byte == b'/').next().unwrap_or(file);
        path.extend_from_slice(&percent_encode(name));
    }
}

/// RFC 3986 section 5.2.4, where `%2e` is a dot too.
fn without_dot_segments(path: &[u8]) -> Vec<u8> {
    let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let mut kept: Vec<&[u8]> = Vec::with_capacity(segments.len());
    let last = segments.len().saturating_sub(1);
    for (at, segment) in segments.iter().enumerate() {
        let dots = match *segment {
            b"." | b"%2e" | b"%2E" => 1,
            b".." | b".%2e" | b".%2E" | b"%2e." | b"%2E." | b"%2e%2e" | b"%2e%2E" | b"%2E%2e"
            | b"%2E%2E" => 2,
            _ => 0,
        };
        if dots == 2 && kept.len() > 1 {
            kept.pop();
        }
        if dots == 0 {
            kept.push(segment);
        } else if at == last {
            kept.push(b"");
        }
    }
    kept.join(&b'/')
}

/// curl escapes what is not ASCII in a path, in lower case, and leaves a query as it is.
fn escape_beyond_ascii(path: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(path.len());
    for byte in path {
        if byte.is_ascii() {
            escaped.push(*byte);
        } else {
            escaped.extend_from_slice(format!("%{byte:02x}").as_bytes());
        }
    }
    escaped
}

fn appended(query: Option<&[u8]>, more: Option<&[u8]>) -> Result<Option<Vec<u8>>, &'static str> {
    let Some(more) = more else {
        return Ok(query.map(<[u8]>::to_vec));
    };
    // What is appended becomes part of a URL, so a fragment in it is cut off.
    let more = more.split(|byte| *byte == b'#').next().unwrap_or_default();
    if more.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Err("what is appended to the URL has a space or a control character");
    }
    let mut all = query.unwrap_or_default().to_vec();
    if !all.is_empty() && !all.ends_with(b"&") {
        all.push(b'&');
    }
    all.extend(lower_escapes(more));
    Ok(Some(all).filter(|all| !all.is_empty()))
}

/// curl writes the percent-escapes of what it appends in lower case.
fn lower_escapes(query: &[u8]) -> Vec<u8> {
    let mut lower = query.to_vec();
    let mut at = 0;
    while at + 2 < lower.len() {
        let is_escape = matches!(
            lower.get(at..at + 3),
            Some([b'%', a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()
        );
        if is_escape && let Some(escape) = lower.get_mut(at..at + 3) {
            escape.make_ascii_lowercase();
            at += 2;
        }
        at += 1;
    }
    lower
}

fn decode_userinfo(userinfo: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let at = userinfo.iter().position(|byte| *byte == b':');
    let (user, password) = userinfo.split_at(at.unwrap_or(userinfo.len()));
    (
        percent_decode(user),
        percent_decode(password.get(1..).unwrap_or_default()),
    )
}

fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.extend(u8::try_from(high * 16 + low));
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}
