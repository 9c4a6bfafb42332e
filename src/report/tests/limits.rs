//! No line is too wide and no control character comes out, whatever was captured.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::diff::{Kind, Where};
use crate::model::{FieldLine, FieldSection, Outcome, Provenance};
use crate::report::Text;

/// Text as an attacker would send it: escapes, bidi marks, wide and combining characters, long runs.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~]{0,120}",
        Just("\u{1b}]0;x\u{7}\u{9b}2J\r\n\u{202e}\u{2066}".to_owned()),
        Just("日本語のとても長いテキスト".to_owned()),
        Just("e\u{301}\u{200d}👩\u{200d}👩\u{fe0f}🇩🇪".to_owned()),
        Just(" ".repeat(200)),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn check(text: &str, style: &Style) -> Result<(), TestCaseError> {
    for line in text.split('\n') {
        prop_assert!(
            line.width() <= style.columns(),
            "{} wide: {line:?}",
            line.width()
        );
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        prop_assert!(!line.chars().any(hidden), "{line:?}");
        prop_assert!(!line.ends_with(' '), "{line:?}");
    }
    Ok(())
}

fn one_style() -> impl Strategy<Value = Style> {
    let widths = prop_oneof![Just(0), Just(usize::MAX), 60..=100_usize];
    (widths, any::<bool>()).prop_map(|(width, unicode)| Style {
        unicode,
        ..style(width)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn captured_text_breaks_no_line(
        method in hostile(), path in hostile(), name in hostile(),
        good in hostile(), failing in hostile(), words in hostile(), style in one_style(),
    ) {
        let (mut case, mut diagnosis) = sample::expired();
        case.failing.request.method = method;
        case.failing.request.url.path = path.clone().into_bytes();
        case.failing.request.target = path.into_bytes();
        let line = FieldLine::from_wire(name.clone(), failing.clone());
        let fields = FieldSection::from_lines(vec![line], Provenance::Wire);
        if let Outcome::Response(response) = &mut case.failing.outcome {
            response.reason = words.clone().into_bytes();
            response.fields = fields.clone();
        }
        case.failing.request.fields = fields;
        diagnosis.differences = vec![
            sample::difference(Where::Header, &name, Some(&good), Some(&failing)),
            sample::difference(Where::Query, &name, None, Some(&failing)),
            sample::difference(Where::Body, "body", Some(&good), None),
        ];
        let verdict = diagnosis.verdict.as_mut().unwrap();
        verdict.title = words.clone();
        verdict.about = Some((Where::Header, name));
        verdict.evidence = vec![sample::words(&words)];
        for (_, format) in FORMATS {
            check(&format(&case, &diagnosis, &mut Masker::new(), &style), &style)?;
        }
    }

    /// Renderers do not rely on the masker for this: text that slipped through changes nothing.
    #[test]
    fn unescaped_text_breaks_no_line(
        text in hostile(), other in hostile(), style in one_style(),
    ) {
        let (case, diagnosis) = sample::expired();
        let mut report = build(&case, &diagnosis, &mut Masker::new());
        let wild = Text::own(text.clone());
        report.exchange.method = wild.clone();
        report.exchange.host = wild.clone();
        report.exchange.path = wild.clone();
        report.verdict.title = wild.clone();
        report.verdict.evidence = vec![wild.clone(), Text::own(other.clone())];
        report.verdict.fix = vec![wild.clone()];
        report.fine = vec![wild.clone()];
        report.next = vec![wild.clone()];
        for entry in &mut report.story {
            entry.summary = wild.clone();
        }
        let field = &mut report.diff.fields[0];
        field.claims.clear();
        field.kind = Kind::Changed;
        field.segments = crate::diff::segments(&text, &other);
        field.good = Some(wild.clone());
        field.failing = Some(Text::own(other));
        report.diff.fields[1].name = wild;
        check(&terminal::live(&report, &style), &style)?;
        check(&terminal::full(&report, &style), &style)?;
        check(&terminal::comparison(&report, &style), &style)?;
        check(&repeats(&report, &style), &style)?;
        prop_assert!(terminal::live(&report, &style).lines().count() <= 14);
    }
}

#[test]
fn a_live_block_has_at_most_14_lines() {
    for (name, case, mut diagnosis) in sample::all() {
        let long = sample::words(&"a sentence that goes on ".repeat(20));
        if let Some(verdict) = &mut diagnosis.verdict {
            verdict.evidence = vec![long.clone(); 5];
            verdict.fix = vec![long.clone(); 3];
            verdict.title = "a title that goes on ".repeat(20);
        }
        diagnosis.next = vec![long; 3];
        for width in [60, 80, 100] {
            let report = build(&case, &diagnosis, &mut Masker::new());
            let text = terminal::live(&report, &style(width));
            assert!(text.lines().count() <= 14, "{name} at {width}:\n{text}");
            assert!(
                text.contains("\n      fix  ") || diagnosis.verdict.is_none(),
                "{text}"
            );
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    for (_, case, diagnosis) in sample::all() {
        for (name, format) in FORMATS {
            let plain = format(&case, &diagnosis, &mut Masker::new(), &style(80));
            let style = Style {
                colour: true,
                ..style(80)
            };
            let colour = format(&case, &diagnosis, &mut Masker::new(), &style);
            assert_eq!(uncoloured(&colour), plain, "{name}");
            assert!(colour.contains("\x1b[") || colour.is_empty(), "{name}");
        }
    }
}

/// The text without `ESC [ … m`.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push_str(part.split_once('m').unwrap().1);
    }
    out
}

#[test]
fn the_differing_part_is_never_cut() {
    let (case, mut diagnosis) = sample::expired();
    let [good, failing] = ["eu-central-1", "us-east-1"].map(|region| {
        format!(
            "https://{}.{region}.acme.test/{}",
            "a".repeat(90),
            "b".repeat(90)
        )
    });
    diagnosis.differences = vec![sample::difference(
        Where::Header,
        "x-upstream",
        Some(&good),
        Some(&failing),
    )];
    diagnosis.verdict.as_mut().unwrap().about = Some((Where::Header, "x-upstream".to_owned()));
    let report = build(&case, &diagnosis, &mut Masker::new());
    for width in [60, 80] {
        let text = terminal::live(&report, &style(width));
        assert!(text.contains('^'), "{text}");
        assert!(text.contains('…'), "{text}");
        let row = |sign| {
            text.lines()
                .find(|line| line.contains(sign))
                .unwrap()
                .to_owned()
        };
        let (good, failing) = (row('●'), row('◆'));
        // The two regions share letters, so gaps may stand between them; take those out.
        assert!(good.replace(' ', "").contains("eu-central-1"), "{text}");
        assert!(failing.replace(' ', "").contains("us-east-1"), "{text}");
    }
}
