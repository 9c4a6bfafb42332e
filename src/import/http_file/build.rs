//! Makes the request of a block, as the tool sends it over HTTP/1.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::block::{Block, Written};
use super::body::{self, Kind};
use super::values::{Tool, Values};
use crate::import::address::Address;
use crate::import::request::{http11, is_field_name};
use crate::import::variables::{COMPUTED, has_variable, unresolved};
use crate::import::{ErrorKind, ImportError, ImportedRequest, Surroundings};
use crate::model::FieldLine;

/// The request of a block.
///
/// # Errors
/// When the tool could not send it.
pub(super) fn request(
    block: &Block<'_>,
    written: &Written<'_>,
    values: &mut Values,
    surroundings: &Surroundings<'_>,
) -> Result<ImportedRequest, ImportError> {
    let tool = values.tool();
    let mut warnings = vec![tool.leaves_out().to_owned()];
    let mut headers = headers(written, values);
    let is_graphql = is_graphql(written, &mut headers);
    let address = address(written, &headers, values)?;
    let url = address
        .url()
        .map_err(|reason| ImportError::new(written.at, ErrorKind::Url(reason)))?;
    let content_type = first(&headers, "Content-Type").unwrap_or_default();
    let kind = Kind {
        content_type,
        is_graphql,
    };
    let content = body::content(written, &kind, values, surroundings)?;
    authorize(&mut headers, &address, &mut warnings);
    let method = match written.method.as_str() {
        "GRAPHQL" => "POST".to_owned(),
        method => method.to_owned(),
    };
    if written.method == "GRAPHQL" && first(&headers, "Content-Type").is_none() {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    complete(&mut headers, &address, &method, content.len(), tool);
    if headers
        .iter()
        .any(|(name, _)| !is_field_name(name.as_bytes()))
    {
        let kind = ErrorKind::Shape("a header has a name that no header may have");
        return Err(ImportError::new(block.span, kind));
    }
    let lines = headers
        .iter()
        .map(|(name, value)| FieldLine::new(name.as_bytes(), value.as_bytes()));
    let request = http11(&method, url, lines.collect(), content);
    let unresolved = unresolved(&request);
    warnings.extend(values.reasons(&unresolved));
    let plain = ImportedRequest::named_by_path(request, block.span);
    Ok(ImportedRequest {
        name: block.name.map_or(plain.name, str::to_owned),
        unresolved,
        warnings,
        ..plain
    })
}

/// The headers of a request: of several with one name REST Client makes one.
fn headers(written: &Written<'_>, values: &mut Values) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in &written.headers {
        let (name, value) = (values.resolve(name), values.resolve(value));
        let joins = values.tool() == Tool::RestClient;
        let known = headers
            .iter_mut()
            .find(|known| joins && is(&known.0, &name));
        match known {
            Some((_, earlier)) => {
                let mark = if is(&name, "Cookie") { ";" } else { "," };
                earlier.extend([mark, &value]);
            }
            None => headers.push((name, value)),
        }
    }
    // Their length is counted anew.
    headers.retain(|(name, _)| !is(name, "Content-Length"));
    headers
}

fn is_graphql(written: &Written<'_>, headers: &mut Vec<(String, String)>) -> bool {
    let kind = first(headers, "X-Request-Type").map(|kind| is(kind, "GraphQL"));
    headers.retain(|(name, _)| !is(name, "X-Request-Type"));
    kind == Some(true) || written.method == "GRAPHQL"
}

fn address(
    written: &Written<'_>,
    headers: &[(String, String)],
    values: &mut Values,
) -> Result<Address, ImportError> {
    let mut url = values.resolve(&written.url);
    if url.starts_with('/') {
        let Some(host) = first(headers, "Host") else {
            let kind = ErrorKind::Url("a URL that is only a path needs a Host header");
            return Err(ImportError::new(written.at, kind));
        };
        let is_secure = matches!(host.rsplit_once(':'), Some((_, "443" | "8443")));
        let scheme = if is_secure { "https" } else { "http" };
        url = format!("{scheme}://{host}{url}");
    }
    Address::parse(&url, true)
        .map_err(|reason| ImportError::new(written.at, ErrorKind::Url(reason)))
}

/// Encodes `Basic user password` and marks `Digest user password`.
fn authorize(headers: &mut Vec<(String, String)>, address: &Address, warnings: &mut Vec<String>) {
    let Some((_, value)) = headers
        .iter_mut()
        .find(|(name, _)| is(name, "Authorization"))
    else {
        if let Some((user, password)) = &address.user {
            let value = basic(&format!("{user}:{password}"));
            headers.push(("Authorization".to_owned(), value));
        }
        return;
    };
    let mut words = value.split_whitespace();
    let scheme = words.next().unwrap_or_default();
    let user = words.next().unwrap_or_default();
    let password = words.collect::<Vec<_>>().join(" ");
    if is(scheme, "Basic") {
        if !password.is_empty() {
            *value = basic(&format!("{user}:{password}"));
        } else if user.contains(':') {
            *value = basic(user);
        }
    } else if is(scheme, "Digest") && !password.is_empty() && !user.contains('=') {
        *value = format!("{scheme} {COMPUTED}");
        warnings.push(format!(
            "Digest is computed after the server's challenge; {COMPUTED} stands for it"
        ));
    }
}

/// Variables that nothing defines stay readable: what they would be encoded as is not known.
fn basic(pair: &str) -> String {
    if has_variable(pair) {
        format!("Basic {pair}")
    } else {
        format!("Basic {}", STANDARD.encode(pair))
    }
}

/// Adds what the tool adds by itself, as far as its versions agree.
fn complete(
    headers: &mut Vec<(String, String)>,
    address: &Address,
    method: &str,
    length: usize,
    tool: Tool,
) {
    if tool == Tool::RestClient {
        // Its library puts the default first and names in lower case.
        let at = headers.iter().position(|(name, _)| is(name, "User-Agent"));
        let given = at.map(|at| headers.remove(at).1);
        let agent = given.unwrap_or_else(|| USER_AGENT.to_owned());
        headers.insert(0, ("user-agent".to_owned(), agent));
        for (name, _) in headers.iter_mut() {
            name.make_ascii_lowercase();
        }
    }
    if length > 0 {
        let name = match tool {
            Tool::JetBrains => "Content-Length",
            Tool::RestClient => "content-length",
        };
        headers.push((name.to_owned(), length.to_string()));
    }
    if first(headers, "Host").is_none() {
        headers.push(("Host".to_owned(), address.host_field()));
    }
    if length == 0 && !WITHOUT_LENGTH.contains(&method) {
        headers.push(("Content-Length".to_owned(), "0".to_owned()));
    }
}

fn first<'h>(headers: &'h [(String, String)], wanted: &str) -> Option<&'h str> {
    let mut found = headers.iter().filter(|(name, _)| is(name, wanted));
    found.next().map(|(_, value)| value.as_str())
}

fn is(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
}

const USER_AGENT: &str = "vscode-restclient";

/// Without content, Node gives these no `Content-Length`.
const WITHOUT_LENGTH: &[&str] = &["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "TRACE"];
