//! How it looks: each format as a whole, at 80 and at 60 columns.

use insta::assert_snapshot;

use super::*;

/// The samples that show what a format can do.
fn samples_of(format: &str) -> &'static [&'static str] {
    match format {
        "comparison" => &["from_files"],
        "show" => &["expired", "binary", "unreachable"],
        "repeats" | "request" => &["expired"],
        _ => &["expired", "bare", "missing", "undecided", "unreachable"],
    }
}

/// One format over its samples; escape characters are made visible.
fn sheets(style: &Style, suffix: &str) {
    for (name, format) in FORMATS {
        let sheet: String = sample::all()
            .into_iter()
            .filter(|(sample, ..)| samples_of(name).contains(sample))
            .map(|(sample, case, diagnosis)| {
                let text = format(&case, &diagnosis, &mut Masker::new(), style);
                format!("## {sample}\n{}\n", text.replace('\x1b', "␛"))
            })
            .collect();
        assert_snapshot!(format!("{name}_{suffix}"), sheet);
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
fn as_json() {
    let (case, diagnosis) = sample::expired();
    for (name, format) in RAW_FORMATS {
        let text = format(&case, &diagnosis, &mut Masker::new(), &style(80));
        assert_snapshot!(name.replace([' ', '-'], "_"), text.replace('\r', "␍"));
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
    assert_snapshot!(terminal::labelled(&rows, &style(60)), @r"
      web UI  http://127.0.0.1:4011/
      try     why401 run -- npm start      or  curl -x
              127.0.0.1:4010 --cacert ca.pem
    ");
}
