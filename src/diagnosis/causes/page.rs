//! Checks the table, and docs/causes.md against it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use super::CAUSES;
use crate::diagnosis::TRANSPORT_CAUSES;

/// The page.
fn page() -> String {
    let mut page = String::from(PREFACE);
    for cause in CAUSES {
        write!(
            page,
            "\n## `{}`\n\n{}\n\nFault: {}. Class: {} ({}). Shown by: {}. Cleared by: {}. Source: {}.\n\n",
            cause.id,
            cause.summary,
            cause.side.as_str(),
            cause.class.letter(),
            cause.class.in_words(),
            cause.needs.as_str(),
            cause.veto.as_str(),
            cause.source,
        )
        .unwrap();
        for grade in cause.grades {
            writeln!(page, "- {}: {}", grade.score, grade.when).unwrap();
        }
    }
    page.push_str(TRANSPORT);
    for cause in TRANSPORT_CAUSES {
        // One cause is shown by both: a failure, and a 401.
        if !CAUSES.iter().any(|other| other.id == cause.id) {
            let (id, summary, side) = (cause.id, cause.summary, cause.side.as_str());
            writeln!(page, "- `{id}`: {summary}. Fault: {side}.").unwrap();
        }
    }
    page
}

const TRANSPORT: &str = "
## Requests that got no answer

What failed was seen to fail: these are *very likely*, whoever is at fault. Written from
`src/diagnosis/transport/table.rs`.

";

const PREFACE: &str = "# Causes that why401 can name

Written from the table in `src/diagnosis/causes/table.rs` by `WHY401_BLESS=1 cargo test --lib causes`: change the table, not
this page.

A score starts from the number below; what the server says, what passed before and the difference to a known-good
request move it between 5 and 99. From 90 on a verdict is called *very likely*, from 60 *likely*; below that it is a
*guess* and never a headline. Classes order causes that are equally sure, from a to m.
";

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_table_is_in_order() {
    let mut ids = HashSet::new();
    for cause in CAUSES {
        assert!(ids.insert(cause.id), "{} stands twice", cause.id);
        assert!(
            cause
                .grades
                .is_sorted_by(|a, b| a.strength > b.strength && a.score > b.score)
        );
        assert!(
            cause
                .grades
                .iter()
                .all(|grade| (5..=99).contains(&grade.score))
        );
    }
    assert!(CAUSES.is_sorted_by_key(|cause| cause.class));
    for cause in CAUSES {
        for symptom in cause.explains {
            assert!(ids.contains(symptom), "{} explains {symptom}?", cause.id);
        }
    }
}

#[test]
fn every_cause_has_its_file_and_its_fixtures() {
    let root = Path::new(ROOT);
    for cause in CAUSES {
        let file = format!("src/diagnosis/rules/{}.rs", cause.id.replace('-', "_"));
        let fixtures = format!("tests/fixtures/diagnosis/{}", cause.id);
        assert!(root.join(&file).is_file(), "{file} is missing");
        assert!(root.join(&fixtures).is_dir(), "{fixtures} is missing");
    }
}

#[test]
fn the_page_about_causes_is_up_to_date() {
    let path = Path::new(ROOT).join("docs/causes.md");
    if std::env::var_os("WHY401_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/causes.md is stale: run `WHY401_BLESS=1 cargo test --lib causes`"
    );
}
