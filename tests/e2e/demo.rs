//! See it work: the demo explains real 401s, and what it explained can be read afterwards.

use std::collections::BTreeSet;

use crate::common::binary::Why401;

crate::tests![
    it_explains_many_different_401s,
    what_it_explained_can_be_read_afterwards,
    a_second_run_replaces_the_first,
    a_folder_that_is_not_the_demos_is_left_alone,
    no_secret_is_printed,
    it_fits_60_columns,
];

fn it_explains_many_different_401s() {
    let why401 = Why401::new();
    let output = why401.command(&["demo"]);
    assert_eq!(output.code(), 0, "{output:#?}");
    assert_eq!(output.stderr, "");
    let demo = why401.data().join("demo");
    let why401 = why401.with_data(demo);
    let rows = why401.list();
    let causes: BTreeSet<_> = rows
        .iter()
        .filter_map(|row| row["cause"].as_str())
        .collect();
    assert!(causes.len() >= 8, "{causes:?}");
    for row in &rows {
        assert_eq!(row["status"], 401, "{row}");
        assert!(row["baseline"].is_string(), "{row}");
        assert!(
            ["certain", "strong"]
                .iter()
                .any(|sure| row["confidence"] == *sure),
            "{row}"
        );
    }
}

fn what_it_explained_can_be_read_afterwards() {
    let why401 = Why401::new();
    let output = why401.command(&["demo"]);
    let demo = why401.data().join("demo");
    let hint = format!("why401 why 2 --data {}", demo.display());
    assert!(output.stdout.contains(&hint), "{output:#?}");
    let why401 = why401.with_data(demo);
    for row in why401.list() {
        let id = row["id"].as_str().unwrap();
        let report = why401.json(&["why", id, "--json"]);
        assert_eq!(report["verdict"]["cause"], row["cause"]);
        let title = report["verdict"]["title"].as_str().unwrap().to_uppercase();
        assert!(
            output.stdout.contains(&title),
            "{title} is missing: {output:#?}"
        );
    }
}

fn a_second_run_replaces_the_first() {
    let why401 = Why401::new();
    let causes = |output: crate::common::binary::Output| {
        assert_eq!(output.code(), 0, "{output:#?}");
        let lines = output.stdout.lines().filter(|line| line.starts_with(" #"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = causes(why401.command(&["demo"]));
    assert!(first.len() >= 7, "{first:#?}");
    assert_eq!(causes(why401.command(&["demo"])), first);
}

fn a_folder_that_is_not_the_demos_is_left_alone() {
    let why401 = Why401::new();
    let folder = why401.data().join("demo");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("mine.txt"), "mine").unwrap();
    let output = why401.command(&["demo"]);
    assert_eq!(output.code(), 1);
    assert!(
        output.stderr.contains("holds something else"),
        "{output:#?}"
    );
    assert!(folder.join("mine.txt").exists());
}

fn no_secret_is_printed() {
    let why401 = Why401::new();
    let output = why401.command(&["demo"]);
    let demo = why401.data().join("demo");
    let why401 = why401.with_data(demo);
    let mut secrets = BTreeSet::new();
    for row in why401.list() {
        let id = row["id"].as_str().unwrap();
        let shown = why401.json(&["show", id, "--json", "--reveal"]);
        for field in shown["request_headers"].as_array().unwrap() {
            if ["Authorization", "Cookie"]
                .iter()
                .any(|name| field[0] == *name)
            {
                let value = field[1].as_str().unwrap();
                let parts = value.split([' ', '=', ';']);
                secrets.extend(parts.filter(|part| part.len() >= 16).map(str::to_owned));
            }
        }
    }
    assert!(secrets.len() >= 4, "{secrets:?}");
    for secret in secrets {
        assert!(!output.stdout.contains(&secret), "{secret}");
    }
}

fn it_fits_60_columns() {
    let why401 = Why401::new();
    let folder = why401.home().join(".config/why401");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "[display]\nwidth = 60\n").unwrap();
    let output = why401.command(&["demo"]);
    assert_eq!(output.code(), 0, "{output:#?}");
    // A path is not wrapped: it is there to be copied.
    for line in output
        .stdout
        .lines()
        .filter(|line| !line.contains("--data"))
    {
        assert!(line.chars().count() <= 60, "{line}");
    }
}
