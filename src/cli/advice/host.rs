//! What this machine does not give us: ports, folders, the CA.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use crate::ca::CaError;
use crate::cli::context::shell_word;
use crate::cli::problem::{Problem, io_words};
use crate::config::settings::Source;
use crate::files::OwnerOnlyError;
use crate::net::RootsError;

/// An address that cannot be listened on.
pub(crate) fn listen(address: SocketAddr, source: &Source, error: &io::Error) -> Problem {
    let port = address.port();
    let problem = match error.kind() {
        io::ErrorKind::AddrInUse => Problem::failed(
            "port-taken",
            format!("another program listens on {address} already"),
        )
        .hint(format!(
            "it may be another why401; to see who it is: {}",
            who_listens(port)
        ))
        .hint("or choose another port: --listen 127.0.0.1:0 takes a free one"),
        io::ErrorKind::PermissionDenied => Problem::failed(
            "port-forbidden",
            format!("this user may not listen on {address}"),
        )
        .hint("ports below 1024 are for administrators: choose another with --listen"),
        io::ErrorKind::AddrNotAvailable => Problem::failed(
            "address-absent",
            format!("this machine does not have the address of {address}"),
        )
        .hint("choose another with --listen, as in --listen 127.0.0.1:4010"),
        _ => Problem::failed("listen", format!("cannot listen on {address}")).caused_by(error),
    };
    match source {
        Source::Default | Source::Environment(_) | Source::Flag(_) => problem,
        Source::File(..) => problem.detail(source.to_string(), ""),
    }
}

fn who_listens(port: u16) -> String {
    if cfg!(windows) {
        format!("netstat -ano | findstr :{port}")
    } else if cfg!(target_os = "linux") {
        format!("ss -ltnp 'sport = :{port}'")
    } else {
        format!("lsof -nP -iTCP:{port} -sTCP:LISTEN")
    }
}

/// A CA that cannot be used.
pub(crate) fn authority(error: &CaError) -> Problem {
    match error {
        CaError::Files(error) => owner_only("ca-folder", "the CA cannot be used", error),
        CaError::Damaged { path, what, .. } => {
            Problem::failed("ca-damaged", format!("the CA's {what} is damaged"))
                .at(path)
                .hint(new_authority(path))
        }
        CaError::Expired(path) => Problem::failed("ca-expired", "the CA has expired")
            .at(path)
            .hint(new_authority(path)),
        CaError::Crypto(_) => {
            Problem::failed("ca-crypto", "the CA cannot be made").caused_by(error)
        }
    }
}

/// The files that a child is pointed at cannot be written.
pub(crate) fn client_files(error: &OwnerOnlyError) -> Problem {
    owner_only(
        "client-folder",
        "the files that the command needs cannot be written",
        error,
    )
}

/// A program that cannot be run.
pub(crate) fn child(program: &OsStr, error: &io::Error) -> Problem {
    let name = program.to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        let problem = Problem::child("command-not-found", 127, format!("there is no {name}"));
        return match hint_for_absent(&name) {
            Some(hint) => problem.hint(hint),
            None => problem,
        };
    }
    Problem::child("command-not-run", 126, format!("{name} cannot be run")).caused_by(error)
}

fn hint_for_absent(name: &str) -> Option<&'static str> {
    if name.contains(char::is_whitespace) {
        Some("give the command and its arguments as words of their own: why401 run -- npm test")
    } else if name.contains(['/', '\\']) {
        None
    } else if cfg!(windows) {
        Some("a script needs its ending: why401 run -- npm.cmd test")
    } else {
        Some("a shell's own words need a shell: why401 run -- sh -c '…'")
    }
}

fn new_authority(path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new("."));
    format!(
        "remove ca.pem and ca.key in {}: the next start makes new ones, for clients to trust anew",
        folder.display()
    )
}

/// A CA key that git tracks: whoever has the repository has the key.
pub(crate) fn tracked_key(key: &Path) -> Problem {
    let word = shell_word(key);
    Problem::failed("ca-tracked", "git tracks the CA's key")
        .at(key)
        .hint(format!(
            "everybody who has the repository could pose as any site to clients that trust this \
             CA; take it out (git rm --cached {word}), delete ca.key and ca.pem, and start again"
        ))
}

/// A file with CAs for origins that cannot be used.
pub(crate) fn roots(error: &RootsError) -> Problem {
    match error {
        RootsError::Read { path, source } => Problem::usage(
            "upstream-ca",
            format!("a CA file for origins cannot be read: {}", io_words(source)),
        )
        .at(path)
        .hint("--upstream-ca (or upstream.ca in the configuration) takes a PEM file"),
        RootsError::NoCertificate(path) => Problem::usage(
            "upstream-ca",
            "a CA file for origins holds no certificate in PEM form",
        )
        .at(path)
        .hint("it begins with -----BEGIN CERTIFICATE-----; from DER: openssl x509 -inform der -in FILE"),
    }
}

/// A file or folder that is to be ours alone.
pub(crate) fn owner_only(code: &'static str, what: &str, error: &OwnerOnlyError) -> Problem {
    match error {
        OwnerOnlyError::Foreign(path) => {
            Problem::failed(code, format!("{what}: it belongs to another user"))
                .at(path)
                .hint("choose a folder of your own with --data DIR (for the CA: ca.dir)")
        }
        OwnerOnlyError::TooWide { path, mode } => Problem::failed(
            code,
            format!("{what}: others can read or write it (mode {mode:o})"),
        )
        .at(path)
        .hint(format!("chmod go-rwx {}", shell_word(path))),
        OwnerOnlyError::WrongKind { path, wanted } => {
            Problem::failed(code, format!("{what}: it is not a {wanted}"))
                .at(path)
                .hint("choose another folder with --data DIR (for the CA: ca.dir)")
        }
        OwnerOnlyError::Io {
            action,
            path,
            source,
        } => Problem::failed(
            code,
            format!("{what}: cannot {action} it: {}", io_words(source)),
        )
        .at(path)
        .hint(
            "choose another folder with --data DIR (for the CA: ca.dir), or make room for this one",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn bind(kind: io::ErrorKind) -> String {
        let address = "127.0.0.1:4010".parse().unwrap();
        listen(address, &Source::Default, &io::Error::from(kind)).to_text(false)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_port_that_is_taken_is_told_with_the_way_to_the_other_program() {
        insta::assert_snapshot!(bind(io::ErrorKind::AddrInUse));
    }

    #[test]
    fn an_address_that_cannot_be_had_is_told() {
        insta::assert_snapshot!(
            bind(io::ErrorKind::PermissionDenied) + &bind(io::ErrorKind::AddrNotAvailable)
        );
    }

    #[test]
    fn a_ca_that_cannot_be_used_is_told_with_the_way_out() {
        let path = || PathBuf::from("/p/certs/ca.key");
        let problems = [
            authority(&CaError::Expired(PathBuf::from("/p/certs/ca.pem"))),
            authority(&CaError::Files(OwnerOnlyError::Foreign(path()))),
            authority(&CaError::Files(OwnerOnlyError::TooWide {
                path: path(),
                mode: 0o644,
            })),
            tracked_key(&path()),
        ];
        let text: String = problems
            .iter()
            .map(|problem| problem.to_text(false))
            .collect();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_folder_that_cannot_hold_the_data_is_told() {
        let what = "the data folder cannot be used";
        let io = |kind| OwnerOnlyError::Io {
            action: "create",
            path: PathBuf::from("/data"),
            source: io::Error::from(kind),
        };
        let errors = [
            io(io::ErrorKind::PermissionDenied),
            io(io::ErrorKind::ReadOnlyFilesystem),
            OwnerOnlyError::WrongKind {
                path: PathBuf::from("/data"),
                wanted: "folder",
            },
        ];
        let text: String = errors
            .iter()
            .map(|error| owner_only("data-folder", what, error).to_text(false))
            .collect();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_ca_file_for_origins_that_cannot_be_used_is_told() {
        let absent = RootsError::Read {
            path: PathBuf::from("no.pem"),
            source: io::Error::from(io::ErrorKind::NotFound),
        };
        let empty = RootsError::NoCertificate(PathBuf::from("ca.der"));
        insta::assert_snapshot!(roots(&absent).to_text(false) + &roots(&empty).to_text(false));
    }
}
