//! Whether git tracks a file, told from the repository's index.
//!
//! The index is read here and git is not run: starting must stay quick, git need not be
//! installed, and a folder's own git configuration can name programs for git to run. A work tree
//! whose repository lies elsewhere (`--git-dir`) is not recognised.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Whether git tracks the file; `false` outside a work tree or where the index cannot be read.
pub(crate) fn is_tracked(file: &Path) -> bool {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return false;
    };
    // Links are followed as git does: the index knows real folders only.
    let Ok(file) = folder.canonicalize().map(|folder| folder.join(name)) else {
        return false;
    };
    file.ancestors()
        .skip(1)
        .find_map(|tree| Some((tree, repository(tree)?)))
        .and_then(|(tree, repository)| {
            let path = git_path(file.strip_prefix(tree).ok()?);
            Some(indexes(&repository).iter().any(|index| holds(index, &path)))
        })
        .unwrap_or(false)
}

/// The repository of a work tree: the folder `.git`, or where the file `.git` points (worktrees
/// and submodules).
fn repository(tree: &Path) -> Option<PathBuf> {
    let git = tree.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let pointer = read(&git, 4096)?;
    let pointer = std::str::from_utf8(&pointer).ok()?;
    Some(tree.join(pointer.strip_prefix("gitdir:")?.trim()))
}

/// The index, and what a split index refers to.
fn indexes(repository: &Path) -> Vec<Vec<u8>> {
    let shared = std::fs::read_dir(repository)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("sharedindex.")
        })
        .take(16);
    std::iter::once(repository.join("index"))
        .chain(shared)
        .filter_map(|path| read(&path, LARGEST_INDEX))
        .collect()
}

fn read(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(limit)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(bytes)
}

/// A path as git writes it.
fn git_path(path: &Path) -> Vec<u8> {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().as_encoded_bytes())
        .collect();
    parts.join(&b'/')
}

/// Whether an index has an entry of that path. The hash is as long as the repository's object
/// format says: 20 bytes (SHA-1) or 32 (SHA-256). The wrong one soon fits no entry.
fn holds(index: &[u8], path: &[u8]) -> bool {
    [20, 32].into_iter().any(|hash| {
        Entries::new(index, hash).is_some_and(|mut entries| entries.any(|entry| entry == path))
    })
}

/// The paths of an index (git's `index-format`, versions 2 to 4).
struct Entries<'i> {
    rest: &'i [u8],
    left: u32,
    compressed: bool,
    hash: usize,
    path: Vec<u8>,
}

impl<'i> Entries<'i> {
    fn new(index: &'i [u8], hash: usize) -> Option<Self> {
        let rest = index.strip_prefix(b"DIRC")?;
        let (version, rest) = number(rest)?;
        let (left, rest) = number(rest)?;
        (2..=4).contains(&version).then_some(Self {
            rest,
            left,
            compressed: version == 4,
            hash,
            path: Vec::new(),
        })
    }

    fn read(&mut self) -> Option<Vec<u8>> {
        let start = self.rest;
        // Ten numbers of 4 bytes (times, place, mode, owner, size), then hash and flags.
        let (_stat, rest) = start.split_at_checked(40 + self.hash)?;
        let (flags, mut rest) = rest.split_first_chunk::<2>()?;
        let flags = u16::from_be_bytes(*flags);
        if flags & EXTENDED != 0 {
            rest = rest.get(2..)?;
        }
        let mut path = Vec::new();
        if self.compressed {
            let strip;
            (strip, rest) = offset(rest)?;
            let kept = self.path.len().checked_sub(strip)?;
            path.extend_from_slice(self.path.get(..kept)?);
        }
        let end = memchr::memchr(0, rest)?;
        path.extend_from_slice(rest.get(..end)?);
        if usize::from(flags & LENGTH) != path.len().min(usize::from(LENGTH)) {
            return None;
        }
        self.rest = if self.compressed {
            rest.get(end + 1..)?
        } else {
            // One to eight zero bytes, up to a multiple of eight.
            let length = start.len() - rest.len() + end;
            start.get(length - length % 8 + 8..)?
        };
        Some(path)
    }
}

impl Iterator for Entries<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.left = self.left.checked_sub(1)?;
        self.path = self.read()?;
        Some(self.path.clone())
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// The variable-width number of version 4, written as in a pack's `OFS_DELTA`.
fn offset(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().take(8).enumerate() {
        value = (value << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
        value += 1;
    }
    None
}

const EXTENDED: u16 = 0x4000;
const LENGTH: u16 = 0x0fff;
/// About half a million files.
const LARGEST_INDEX: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// An index of version 2 as git writes it.
    fn index(paths: &[&str], hash: usize) -> Vec<u8> {
        let mut bytes = b"DIRC\0\0\0\x02".to_vec();
        bytes.extend(u32::try_from(paths.len()).unwrap().to_be_bytes());
        for path in paths {
            let start = bytes.len();
            bytes.extend(vec![7; 40 + hash]);
            bytes.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
            bytes.extend(path.as_bytes());
            bytes.push(0);
            while !(bytes.len() - start).is_multiple_of(8) {
                bytes.push(0);
            }
        }
        bytes
    }

    #[test]
    fn entries_of_both_object_formats_are_found() {
        for hash in [20, 32] {
            let index = index(
                &["a", "certs/README.md", "certs/ca.key", "src/main.rs"],
                hash,
            );
            assert!(holds(&index, b"certs/ca.key"));
            assert!(holds(&index, b"src/main.rs"));
            assert!(!holds(&index, b"certs/ca"));
            assert!(!holds(&index, b"ca.key"));
        }
    }

    #[test]
    fn version_4_shares_prefixes() {
        let mut bytes = b"DIRC\0\0\0\x04\0\0\0\x02".to_vec();
        for (strip, suffix, length) in [(0_u8, "certs/README.md", 15_u16), (9, "ca.key", 12)] {
            bytes.extend([7; 60]);
            bytes.extend(length.to_be_bytes());
            bytes.push(strip);
            bytes.extend(suffix.as_bytes());
            bytes.push(0);
        }
        assert!(holds(&bytes, b"certs/ca.key"));
        assert!(holds(&bytes, b"certs/README.md"));
    }

    #[test]
    fn a_work_tree_is_recognised_from_inside_and_from_a_worktree() {
        let root = tempfile::tempdir().unwrap();
        let certs = root.path().join("tree/certs");
        fs::create_dir_all(&certs).unwrap();
        let repository = root.path().join("elsewhere");
        fs::create_dir(&repository).unwrap();
        fs::write(repository.join("index"), index(&["certs/ca.key"], 20)).unwrap();
        assert!(!is_tracked(&certs.join("ca.key")));
        fs::write(root.path().join("tree/.git"), "gitdir: ../elsewhere\n").unwrap();
        assert!(is_tracked(&certs.join("ca.key")));
        assert!(!is_tracked(&certs.join("ca.pem")));
    }

    #[test]
    fn what_git_itself_writes_is_read() {
        let root = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            Command::new("git")
                .args(arguments)
                .current_dir(root.path())
                .output()
                .is_ok_and(|output| output.status.success())
        };
        // Without git there is nothing to compare with; the tests above do not need it.
        if !git(&["init", "-q"]) {
            return;
        }
        let key = root.path().join("a-folder/ca.key");
        fs::create_dir(root.path().join("a-folder")).unwrap();
        fs::write(&key, "").unwrap();
        fs::write(root.path().join("other"), "").unwrap();
        assert!(git(&["add", "other"]));
        assert!(!is_tracked(&key));
        assert!(git(&["add", "-f", "a-folder/ca.key"]));
        assert!(is_tracked(&key));
        assert!(git(&["update-index", "--index-version", "4"]));
        assert!(is_tracked(&key));
        assert!(git(&["update-index", "--split-index"]));
        assert!(is_tracked(&key));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), version in 2_u8..5) {
            let mut index = b"DIRC\0\0\0".to_vec();
            index.push(version);
            index.extend([0, 0, 0, 9]);
            index.extend(&bytes);
            let _held = holds(&index, b"a");
            let _held = holds(&bytes, b"a");
        }
    }
}
