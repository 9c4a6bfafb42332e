//! What `import` says about files that are wrong: for each format, each kind of problem that its
//! code can have, as the real binary prints it.
//!
//! A kind without an example fails, and so does a format whose code names a kind that none of its
//! examples has.

mod examples;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use examples::{Example, examples};
use why401::import::har::Selection;
use why401::import::{
    Environment, ErrorKind, Format, Imported, Options, Source, har, import as import_as,
};

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// A kind without its name here does not compile.
        fn name(kind: &ErrorKind) -> &'static str {
            match kind {
                $(ErrorKind::$kind { .. } => stringify!($kind)),*
            }
        }

        const KINDS: &[&str] = &[$(stringify!($kind)),*];
    };
}

kinds![
    AmbiguousOption,
    BlankValue,
    ConfigDepth,
    Conflict,
    DeepFolders,
    Environment,
    File,
    Form,
    Glob,
    Inside,
    Item,
    Json,
    Large,
    MissingValue,
    Name,
    NoCommand,
    NoCommandOf,
    NoItem,
    NoOption,
    NoUrl,
    NotSwitch,
    PowerShell,
    Read,
    SendsNothing,
    SeveralItems,
    Shape,
    Syntax,
    TooMuch,
    UnclosedHereDocument,
    UnclosedQuote,
    UnclosedSubstitution,
    UnknownOption,
    Url,
    Value,
    Yaml,
];

/// An archive of 4 GiB takes too long here.
const NOT_MADE: &[(&str, &str)] = &[("har", "Large")];

#[test]
fn each_problem_is_printed_with_its_place_and_what_to_do() {
    let mut unfit = String::new();
    for (format, examples) in examples() {
        let mut text = String::new();
        for example in examples {
            let printed = printed(format, &example);
            let longest = printed.lines().map(|line| line.chars().count()).max();
            if printed.contains("s3cret") || longest > Some(200) {
                unfit.push_str(&printed);
            }
            writeln!(text, "{}\n{printed}", shown(&example)).unwrap();
        }
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format.word(), text);
        });
    }
    assert!(unfit.is_empty(), "a secret, or too long a line: {unfit}");
}

#[test]
fn each_kind_of_problem_has_an_example() {
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut flawless = String::new();
    for (format, examples) in examples() {
        let kinds = seen.entry(format.word()).or_default();
        for example in examples {
            let folder = folder_of(format, &example);
            let problems = imported(format, &example, folder.path()).problems;
            if problems.is_empty() {
                flawless.extend([&shown(&example), "\n"]);
            }
            for problem in &problems {
                kinds.insert(name(&problem.kind));
                if let ErrorKind::Inside { kind, .. } = &problem.kind {
                    kinds.insert(name(kind));
                }
            }
        }
    }
    assert!(flawless.is_empty(), "nothing is wrong with\n{flawless}");
    // A file that stops being readable cannot be made here.
    let broken = har::read(Unreadable, &Selection::All).imported.problems;
    let kinds = seen.entry(Format::Har.word()).or_default();
    kinds.extend(broken.iter().map(|problem| name(&problem.kind)));

    let all: BTreeSet<&str> = seen.values().flatten().copied().collect();
    let missing: Vec<_> = KINDS.iter().filter(|kind| !all.contains(*kind)).collect();
    assert!(missing.is_empty(), "no example has {missing:?}");
    for (format, kinds) in seen {
        let named = named_in_code(format);
        let has = |kind: &str| kinds.contains(kind) || NOT_MADE.contains(&(format, kind));
        let missing: Vec<_> = named.iter().filter(|kind| !has(kind)).collect();
        assert!(missing.is_empty(), "{format}: no example has {missing:?}");
    }
}

/// The kinds that a format's code makes, tests aside.
fn named_in_code(format: &str) -> BTreeSet<&'static str> {
    let module = if format == "http" {
        "http_file"
    } else {
        format
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import");
    let mut files = vec![sources.join(module).with_extension("rs")];
    if let Ok(entries) = fs::read_dir(sources.join(module)) {
        files = entries.map(|entry| entry.unwrap().path()).collect();
    }
    let mut named = BTreeSet::new();
    for file in files.iter().filter(|file| file.extension().is_some()) {
        if file.to_string_lossy().ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for after in code.split("ErrorKind::").skip(1) {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
            let (word, rest) = after.split_at(end);
            let kind = KINDS.iter().find(|kind| word == **kind);
            named.extend(kind.copied().filter(|_| !is_pattern(rest)));
        }
    }
    named
}

/// Whether what stood before this was matched, not made.
fn is_pattern(rest: &str) -> bool {
    let inside = rest.trim_start();
    let rest = match inside.chars().next() {
        Some('(') => inside.split_once(')').unwrap().1,
        Some('{') => inside.split_once('}').unwrap().1,
        _ => inside,
    };
    rest.trim_start().starts_with(['|', '='])
}

/// A disk that fails.
struct Unreadable;

impl std::io::Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("input/output error"))
    }
}

fn imported(format: Format, example: &Example, folder: &Path) -> Imported {
    let mut options = Options {
        item: example.after("--item").map(str::to_owned),
        ..Options::default()
    };
    if let Some(named) = example.after("--environment") {
        let file = named.split('#').next().unwrap();
        options.environment = match fs::read(folder.join(file)) {
            Ok(text) => Environment::of_file(file, &text),
            Err(_) => Environment::named(named),
        };
    }
    if format == Format::Har {
        let item = options.item.as_deref();
        let number = item.and_then(|item| item.parse().ok());
        let selection = match (number, item) {
            (Some(number), _) => Selection::Number(number),
            (None, Some(url)) => Selection::Url(url.to_owned()),
            (None, None) => Selection::All,
        };
        har::read(example.text.as_slice(), &selection).imported
    } else {
        super::surrounded(folder, &|_| None, |surroundings| {
            let source = Source::new("x", &example.text);
            import_as(format, &source, &options, surroundings)
        })
    }
}

/// The exit status and standard error of `import FORMAT FILE`.
fn printed(format: Format, example: &Example) -> String {
    let folder = folder_of(format, example);
    let output = Command::new(env!("CARGO_BIN_EXE_why401"))
        .args(["import", format.word(), &file_name(format)])
        .args(&example.more)
        .env_clear()
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let code = output.status.code().unwrap();
    let count = match code {
        0 => imported(format, example, folder.path()).requests.len(),
        _ => 0,
    };
    assert_eq!(code, i32::from(output.stdout.is_empty()), "{output:?}");
    let printed = String::from_utf8(output.stderr).unwrap();
    format!("{count} imported, exit status {code}\n{printed}")
}

fn file_name(format: Format) -> String {
    format!("a.{}", format.word())
}

fn folder_of(format: Format, example: &Example) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file_name(format)), &example.text).unwrap();
    for (name, text) in &example.files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The file as the snapshot shows it.
fn shown(example: &Example) -> String {
    let text = String::from_utf8_lossy(&example.text);
    let mut shown = "=".repeat(72);
    let visible = text.replace('\u{feff}', "<BOM>").replace('\r', "<CR>");
    let visible = visible.replace('\t', "<TAB>").replace('\0', "<NUL>");
    for line in visible.lines().take(12) {
        let start: String = line.chars().take(120).collect();
        let more = if start.len() < line.len() { " …" } else { "" };
        write!(shown, "\n| {start}{more}").unwrap();
    }
    for (name, text) in &example.files {
        let start: String = text.chars().take(120).collect();
        write!(shown, "\n{name}: {start:?}").unwrap();
    }
    if !example.more.is_empty() {
        write!(shown, "\nwith {}", example.more.join(" ")).unwrap();
    }
    shown
}
