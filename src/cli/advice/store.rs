//! Stores, records and baselines that cannot be had.

use std::path::Path;

use super::nearest;
use crate::analysis::ExplainError;
use crate::capture::store::{BaselineError, Ref, ResolveError, StoreError};
use crate::cli::context::{Context, shell_word};
use crate::cli::problem::{Problem, io_words};

/// A store that cannot be opened, read or written.
#[expect(
    clippy::too_many_lines,
    reason = "a flat table: one arm per kind of error"
)]
pub(crate) fn store(error: &StoreError) -> Problem {
    const OTHER_FOLDER: &str = "choose another folder with --data DIR";
    let at = |code, message: &str, path: &Path| Problem::failed(code, message).at(path);
    match error {
        StoreError::ForeignOwner { path } => {
            at("data-foreign", "the data folder is another user's", path)
                .hint("choose a folder of your own with --data DIR")
        }
        StoreError::TooOpen { path, folder, .. } => {
            let mode = if *folder { "700" } else { "600" };
            at("data-open", "other users can reach what is recorded", path)
                .hint(format!("chmod {mode} {}", shell_word(path)))
                .hint("or choose a folder that is made for this with --data DIR")
        }
        StoreError::NotAFolder { path } => {
            at("data-folder", "the data folder is no folder", path).hint(OTHER_FOLDER)
        }
        StoreError::InUse { path } => at(
            "data-in-use",
            "another why401 records into this folder",
            path,
        )
        .hint("use that one, end it first, or start this one with --data DIR of its own")
        .hint("list, show and why can read it meanwhile"),
        StoreError::Foreign { path } => {
            at("store-foreign", "the file is no store of why401", path).hint(OTHER_FOLDER)
        }
        StoreError::Newer { path, found, known } => at(
            "store-newer",
            &format!("the store is from a newer why401 (version {found}, this one knows {known})"),
            path,
        )
        .hint(
            "update why401, or choose another folder with --data DIR; the store is left as it is",
        ),
        StoreError::KeyMissing { path } => at("store-key", "the key of the store is missing", path)
            .hint("put it back from where it was moved to; without it nothing here can be read")
            .hint("to start anew: --data DIR with another folder"),
        StoreError::WrongKey { path } => at("store-key", "the key is another store's", path)
            .hint("put the right one back; without it nothing here can be read")
            .hint("to start anew: --data DIR with another folder"),
        StoreError::Damaged { path, source } => at("store-damaged", "the store is damaged", path)
            .caused_by(source)
            .hint("move the file away to start anew; keep it, some of it may be read later"),
        StoreError::Sealed { path, source } => {
            at("store-damaged", "a record of the store is damaged", path).caused_by(source)
        }
        StoreError::Full { path } => at("disk-full", "no space is left for the store", path)
            .hint("make room, or choose a folder on another disk with --data DIR"),
        StoreError::Io {
            path,
            source,
            action,
        } => at(
            "data-io",
            &format!("cannot {action} the data: {}", io_words(source)),
            path,
        )
        .hint(OTHER_FOLDER),
        StoreError::Sqlite { path, source } => {
            at("store", "the store cannot be used", path).caused_by(source)
        }
    }
}

/// A reference that names no recorded failure, or several.
pub(crate) fn resolve(error: &ResolveError, context: &Context) -> Problem {
    match error {
        ResolveError::Empty => {
            Problem::failed("nothing-recorded", "nothing is recorded yet").hint(format!(
                "start the proxy with {} and point a client at it",
                context.command("run")
            ))
        }
        ResolveError::NotFound(text) => Problem::failed(
            "not-found",
            format!("no recorded exchange is called {text}"),
        )
        .hint(format!("{} shows what there is", context.command("list"))),
        ResolveError::Ambiguous { prefix, candidates } => candidates.iter().fold(
            Problem::failed("ambiguous", format!("several ids start with {prefix}"))
                .hint("give more of the id, or the number behind #"),
            |problem, row| {
                let Ref { number, id } = row.reference;
                problem.detail(
                    id.to_string(),
                    format!("#{number}  {} {}", row.method, row.url),
                )
            },
        ),
        ResolveError::Store(error) => store(error),
    }
}

/// A record that cannot be explained.
pub(crate) fn explain(error: &ExplainError, context: &Context) -> Problem {
    match error {
        ExplainError::Baseline(error) => baseline(error),
        ExplainError::Record(error) => resolve(error, context),
    }
}

/// A baseline that was not added, found or removed.
pub(crate) fn baseline(error: &BaselineError) -> Problem {
    match error {
        BaselineError::Exists(name) => Problem::failed(
            "baseline-exists",
            format!("there is a baseline `{name}` already"),
        )
        .hint(format!(
            "choose another name, or remove it first: {}",
            format_args!("why401 baseline remove {}", shell_word(Path::new(name)))
        )),
        BaselineError::NotFound { name, known } => {
            let problem =
                Problem::failed("baseline-absent", format!("there is no baseline `{name}`"));
            match nearest(name, known) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None if known.is_empty() => {
                    problem.hint("there is none yet: why401 baseline add --curl - adds one")
                }
                None => problem.hint("why401 baseline list shows what there is"),
            }
        }
        BaselineError::Store(error) => store(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use super::*;

    fn path() -> PathBuf {
        PathBuf::from("/data/why401/why401.db")
    }

    fn texts(problems: impl IntoIterator<Item = Problem>) -> String {
        problems
            .into_iter()
            .map(|problem| problem.to_text(false))
            .collect()
    }

    #[test]
    fn a_data_folder_that_cannot_be_used_is_told_with_the_way_out() {
        let folder = || PathBuf::from("/data/why401");
        let errors = [
            StoreError::ForeignOwner { path: folder() },
            StoreError::TooOpen {
                path: folder(),
                mode: 0o755,
                folder: true,
            },
            StoreError::NotAFolder { path: folder() },
            StoreError::InUse { path: folder() },
            StoreError::Io {
                action: "create",
                path: folder(),
                source: io::Error::from(io::ErrorKind::PermissionDenied),
            },
        ];
        insta::assert_snapshot!(texts(errors.iter().map(store)));
    }

    #[test]
    fn a_store_that_cannot_be_used_is_told_with_the_way_out() {
        let errors = [
            StoreError::Newer {
                path: path(),
                found: 9,
                known: 1,
            },
            StoreError::Foreign { path: path() },
            StoreError::KeyMissing { path: path() },
            StoreError::WrongKey { path: path() },
            StoreError::Full { path: path() },
            StoreError::Damaged {
                path: path(),
                source: rusqlite::Error::InvalidParameterName("disk image is malformed".to_owned()),
            },
        ];
        insta::assert_snapshot!(texts(errors.iter().map(store)));
    }

    #[test]
    fn a_baseline_that_is_taken_or_absent_is_told() {
        let absent = |known: &[&str]| BaselineError::NotFound {
            name: "order".to_owned(),
            known: known.iter().map(|name| (*name).to_owned()).collect(),
        };
        let errors = [
            BaselineError::Exists("orders".to_owned()),
            absent(&["login", "orders"]),
            absent(&["login"]),
            absent(&[]),
        ];
        insta::assert_snapshot!(texts(errors.iter().map(baseline)));
    }
}
