//! The dependency rule of ARCHITECTURE.md: who may use whom.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test that cannot read the sources shall say so at once"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and what it may use; `model` may be used by all, `cost` by their tests.
const TABLE: &[(&str, &[&str])] = &[
    ("cli", &["*"]),
    ("analysis", &["capture", "diagnosis", "baseline", "diff"]),
    ("proxy", &["capture", "wire", "ca", "net"]),
    ("report", &["diagnosis", "diff", "redact", "auth"]),
    ("capture", &["redact", "wire", "auth", "files"]),
    ("import", &["auth"]),
    ("diagnosis", &["diff", "baseline", "auth"]),
    ("diff", &["auth"]),
    ("baseline", &["auth"]),
    ("redact", &["auth"]),
    ("config", &["auth"]),
    ("auth", &[]),
    ("wire", &[]),
    ("ca", &["files"]),
    ("demo", &[]),
    ("net", &[]),
    ("files", &[]),
    ("model", &[]),
    ("cost", &[]),
];

#[test]
fn no_module_uses_one_that_its_row_does_not_name() {
    let mut broken = Vec::new();
    for (module, file, used) in uses() {
        let row = TABLE.iter().find(|(name, _)| *name == module).unwrap();
        let allowed = used == module || used == "model" || used == "cost" || {
            row.1.contains(&"*") || row.1.contains(&used.as_str())
        };
        if !allowed {
            broken.push(format!(
                "{} uses crate::{used}, but the row is: {module} may use {:?}",
                file.display(),
                row.1
            ));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let root = source();
    let mut modules: Vec<String> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "lib" && name != "main")
        .collect();
    modules.sort();
    let mut rows: Vec<_> = TABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    rows.sort();
    assert_eq!(modules, rows);
}

#[test]
fn the_table_has_no_cycle() {
    let rows: BTreeMap<_, _> = TABLE.iter().copied().collect();
    for (module, _) in TABLE {
        let mut reached = vec![*module];
        let mut at = 0;
        while let Some(here) = reached.get(at).copied() {
            for next in rows[here].iter().filter(|next| **next != "*") {
                assert_ne!(next, module, "{module} can be reached from itself");
                if !reached.contains(next) {
                    reached.push(next);
                }
            }
            at += 1;
        }
    }
}

#[test]
fn the_reader_sees_plain_grouped_and_qualified_uses() {
    let text = "use crate::wire::head::Head;\nlet a = crate::net::dial();\n\
                use crate::{ca, proxy::tap::{Tap, crate_name}};\n// crate::ui is a comment\n";
    assert_eq!(used_modules(text), ["wire", "net", "ca", "proxy"]);
}

/// (module, file, module it uses) for each mention of `crate::`.
fn uses() -> Vec<(String, PathBuf, String)> {
    let mut all = Vec::new();
    for (module, _) in TABLE {
        for file in files_of(module) {
            let text = fs::read_to_string(&file).unwrap();
            for used in used_modules(&text) {
                all.push(((*module).to_owned(), file.clone(), used));
            }
        }
    }
    assert!(!all.is_empty(), "no uses found: the reader is broken");
    all
}

/// The files of a module: `module.rs`, or all in the folder of that name.
fn files_of(module: &str) -> Vec<PathBuf> {
    let mut files = vec![source().join(module).with_extension("rs")];
    let mut folders = vec![source().join(module)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.retain(|path| path.is_file() && path.extension().is_some_and(|end| end == "rs"));
    files
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The first segment after each `crate::`, for each member of a group; comments are left out.
fn used_modules(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut modules = Vec::new();
    for (at, mark) in code.match_indices("crate::") {
        // `pub(crate)::` and names that end in `crate` are something else.
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let after = &code[at + mark.len()..];
        match after.strip_prefix('{') {
            Some(group) => modules.extend(members(group)),
            None => modules.extend(first_word(after)),
        }
    }
    modules
}

/// The first word of each member at the top level of a group.
fn members(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut members = Vec::new();
    let mut member = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => members.extend(first_word(&std::mem::take(&mut member))),
            _ => {}
        }
        if depth == 0 && c != ',' {
            member.push(c);
        }
    }
    members.extend(first_word(&member));
    members
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}
