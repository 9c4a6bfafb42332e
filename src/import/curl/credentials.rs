//! The `Authorization` that curl makes of `-u`, `--oauth2-bearer`, the URL and `.netrc`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::netrc;
use super::operation::Operation;
use super::options::Role;
use super::url::Target;
use crate::import::shell::materials::Materials;
use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError};

/// The first message of NTLM, which is the same for everybody.
const NTLM_TYPE_1: &str = "NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=";

/// The value of `Authorization` in the first request that curl sends, if it has one.
///
/// # Errors
/// When a `.netrc` file that was named cannot be read.
pub(super) fn authorization(
    operation: &mut Operation,
    target: &Target,
    materials: &mut Materials<'_>,
) -> Result<Option<Vec<u8>>, ImportError> {
    let user = user(operation, target, materials)?;
    const SCHEMES: &[Role] = &[
        Role::AnyAuth,
        Role::Basic,
        Role::Digest,
        Role::Negotiate,
        Role::Ntlm,
        Role::Sigv4,
    ];
    let chosen: Vec<Role> = SCHEMES
        .iter()
        .copied()
        .filter(|role| operation.is(*role))
        .collect();
    if let (Some(bearer), []) = (&operation.bearer, chosen.as_slice()) {
        let value = [b"Bearer ".as_slice(), &bearer.bytes].concat();
        return Ok(Some(value));
    }
    let Some(user) = user.or_else(|| operation.bearer.clone()) else {
        return Ok(None);
    };
    let value = match chosen.as_slice() {
        [.., Role::Sigv4] => {
            if let (Some(span), false) = (operation.blank_sigv4, gives_own(operation)) {
                let option = "--aws-sigv4";
                let reason = "a provider is missing, such as aws:amz";
                let kind = ErrorKind::Value { option, reason };
                return Err(ImportError::new(span, kind));
            }
            operation.warn("the signature of --aws-sigv4 is left out: it holds for minutes only");
            None
        }
        [] | [Role::Basic] if operation.bearer.is_none() => Some(basic(&user)),
        [Role::Ntlm] => {
            operation.warn("the NTLM handshake goes on after the first request, which this is");
            Some(NTLM_TYPE_1.as_bytes().to_vec())
        }
        _ => {
            operation.warn(
                "curl sends these credentials only after the server's challenge; this is its \
                 request without them",
            );
            None
        }
    };
    Ok(value)
}

/// User and password with a colon between: of `-u`, else of the URL, else of `.netrc`.
fn user(
    operation: &mut Operation,
    target: &Target,
    materials: &mut Materials<'_>,
) -> Result<Option<Word>, ImportError> {
    if let Some(user) = &operation.user {
        let mut user = user.clone();
        if !user.bytes.contains(&b':') && user.unresolved.is_empty() {
            user.bytes.push(b':');
            operation.warn("curl asks for the password of --user; it is taken to be empty");
        }
        return Ok(Some(user));
    }
    if let Some((user, password)) = &target.user {
        let pair = [user.as_slice(), b":", password].concat();
        return Ok(Some(Word::new(pair, crate::import::Span::default())));
    }
    from_netrc(operation, target, materials)
}

fn from_netrc(
    operation: &Operation,
    target: &Target,
    materials: &mut Materials<'_>,
) -> Result<Option<Word>, ImportError> {
    let text = match &operation.netrc_file {
        Some(path) => Some(materials.read(path)?),
        None if operation.is(Role::Netrc) || operation.is(Role::NetrcOptional) => {
            let home = (materials.surroundings.variable)("HOME");
            let path = home.map(|home| Word::new(format!("{home}/.netrc"), Default::default()));
            path.map(|path| materials.read_if_there(&path))
                .transpose()?
                .flatten()
        }
        None => None,
    };
    let found = text.and_then(|text| netrc::credentials(&text.text(), target.host_name()));
    Ok(found.map(|(user, password)| Word::new(format!("{user}:{password}"), Default::default())))
}

/// Whether a line of `-H` stands for `Authorization`, so that curl makes none.
fn gives_own(operation: &Operation) -> bool {
    const NAME: &[u8] = b"authorization";
    operation.lines.iter().any(|line| {
        let name = line.bytes.get(..NAME.len());
        let is_name = name.is_some_and(|name| name.eq_ignore_ascii_case(NAME));
        is_name && matches!(line.bytes.get(NAME.len()), Some(b':' | b';'))
    })
}

/// A variable that nothing defines stays readable: encoded, nobody could tell it from a password.
fn basic(user: &Word) -> Vec<u8> {
    if user.unresolved.is_empty() {
        format!("Basic {}", STANDARD.encode(&user.bytes)).into_bytes()
    } else {
        [b"Basic ".as_slice(), &user.bytes].concat()
    }
}
