//! How it looks: each format as a whole, at 80 and at 60 columns.

use insta::assert_snapshot;

use super::*;

/// One format over every sample; escape characters are made visible.
fn sheet(format: Format, style: &Style) -> String {
    sample::all()
        .into_iter()
        .map(|(name, case, diagnosis)| {
            let text = format(&case, &diagnosis, &mut Masker::new(), style);
            format!("## {name}\n{}\n", text.replace('\x1b', "␛"))
        })
        .collect()
}

fn sheets(style: &Style, suffix: &str) {
    for (name, format) in FORMATS {
        assert_snapshot!(format!("{name}_{suffix}"), sheet(*format, style));
    }
}

#[test]
fn at_80_columns() {
    sheets(&style(80), "80");
}

#[test]
fn at_60_columns() {
    sheets(&style(60), "60");
}

#[test]
fn in_colour() {
    for width in [80, 60] {
        let style = Style {
            colour: true,
            ..style(width)
        };
        sheets(&style, &format!("{width}_colour"));
    }
}

#[test]
fn where_the_locale_is_not_utf8() {
    let style = Style {
        unicode: false,
        ..style(80)
    };
    let (case, diagnosis) = sample::expired();
    for (_, format) in FORMATS {
        let text = format(&case, &diagnosis, &mut Masker::new(), &style);
        assert!(text.is_ascii(), "{text}");
    }
    let report = build(&case, &diagnosis, &mut Masker::new());
    assert_snapshot!("live_80_ascii", terminal::live(&report, &style));
}

#[test]
fn labels_stand_beside_their_wrapped_text() {
    let rows = [
        ("web UI", "http://127.0.0.1:4011/"),
        (
            "try",
            "why401 run -- npm start      or  curl -x 127.0.0.1:4010 --cacert ca.pem",
        ),
    ];
    assert_snapshot!(terminal::labelled(&rows, &style(60)), @"");
}
