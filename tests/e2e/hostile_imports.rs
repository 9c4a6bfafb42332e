//! Files that nobody should import end soon, in little memory, with a reason.

use std::fs::File;
use std::path::Path;

use serde_json::json;
use why401::import::Format;

use crate::common::binary::{Output, Why401};

crate::tests![
    a_folder_is_no_file_to_import,
    an_endless_file_is_given_up,
    an_endless_input_is_given_up,
    a_file_of_junk_is_refused,
    files_that_curl_would_read_are_read_only_if_they_are_files,
    files_that_postman_would_read_are_read_only_if_they_are_files,
    deep_nesting_is_refused,
    variables_that_name_each_other_come_to_an_end,
    variables_that_double_come_to_an_end,
    texts_of_small_parts_are_read_or_refused,
    scripts_that_grow_in_memory_are_refused,
    scripts_of_words_that_take_long_are_refused,
    an_archive_of_nothing_but_entries_is_cut,
    an_archive_larger_than_memory_is_read,
];

fn formats() -> impl Iterator<Item = &'static str> {
    Format::ALL.iter().map(|format| format.word())
}

/// Less than some of these files would take if they were held.
const MOST_MIB: u32 = 512;

/// `import FORMAT FILE --json`, within bounds; that it ends in time is seen to there.
fn import(why401: &Why401, format: &str, file: &str, input: Option<&[u8]>) -> Output {
    import_within(MOST_MIB, why401, format, file, input)
}

fn import_within(
    most_mib: u32,
    why401: &Why401,
    format: &str,
    file: &str,
    input: Option<&[u8]>,
) -> Output {
    let arguments = ["import", format, file, "--json"];
    let output = why401.command_with_memory(most_mib, &arguments, input);
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    output
}

fn refused(output: &Output, words: &[&str]) {
    assert_eq!(output.code(), 1, "{}", output.stderr);
    for word in words {
        assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
    }
}

fn a_folder_is_no_file_to_import() {
    let why401 = Why401::new();
    std::fs::create_dir(why401.work().join("folder")).unwrap();
    for format in formats() {
        let output = import(&why401, format, "folder", None);
        refused(&output, &["it is a folder", "folder"]);
    }
}

fn an_endless_file_is_given_up() {
    let why401 = Why401::new();
    if Path::new("/dev/zero").exists() {
        for format in formats() {
            refused(&import(&why401, format, "/dev/zero", None), &["/dev/zero"]);
        }
    }
    let file = File::create(why401.work().join("sparse")).unwrap();
    file.set_len(1 << 40).unwrap();
    for format in formats() {
        refused(&import(&why401, format, "sparse", None), &["sparse"]);
    }
}

fn an_endless_input_is_given_up() {
    let why401 = Why401::new();
    let blank = vec![b' '; 17 << 20];
    for format in formats().filter(|format| *format != "har") {
        let output = import(&why401, format, "-", Some(&blank));
        refused(&output, &["larger than 16 MiB"]);
    }
    refused(&import(&why401, "har", "-", Some(&blank)), &["no HAR file"]);
}

fn a_file_of_junk_is_refused() {
    let why401 = Why401::new();
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_le_bytes()[6]
    };
    let junk: Vec<u8> = (0..1 << 20).map(|_| random()).collect();
    why401.write("junk", &junk);
    why401.write("words", "lorem ipsum ".repeat(80_000));
    why401.write("zeros", vec![0; 1 << 20]);
    for format in formats() {
        for file in ["junk", "words", "zeros"] {
            refused(&import(&why401, format, file, None), &[file]);
        }
    }
}

/// Paths that are no regular file, each with the reason that is given.
fn strange_files(why401: &Why401) -> Vec<(&'static str, &'static str)> {
    let work = why401.work();
    std::fs::create_dir(work.join("folder")).unwrap();
    let large = File::create(work.join("large")).unwrap();
    large.set_len(1 << 40).unwrap();
    let mut files = vec![
        ("absent", "there is no such file"),
        ("folder", "it is not a regular file"),
        ("large", "it is larger than 16 MiB"),
    ];
    #[cfg(unix)]
    {
        let made = std::process::Command::new("mkfifo")
            .arg(work.join("pipe"))
            .status();
        assert!(made.unwrap().success());
        files.push(("pipe", "it is not a regular file"));
        files.push(("/dev/zero", "it is not a regular file"));
    }
    files
}

fn files_that_curl_would_read_are_read_only_if_they_are_files() {
    let why401 = Why401::new();
    for (path, reason) in strange_files(&why401) {
        for option in [
            format!("-d @{path}"),
            format!("--data-binary @{path}"),
            format!("--data-urlencode name@{path}"),
            format!("-F part=@{path}"),
            format!("-F 'part=<{path}'"),
            format!("-H @{path}"),
            format!("-T {path}"),
            format!("-K {path}"),
            format!("-b {path}"),
            format!("-d @- < {path}"),
        ] {
            why401.write("c.sh", format!("curl {option} http://a.test/\n"));
            let output = import(&why401, "curl", "c.sh", None);
            // A file of cookies that is not there is an empty one; so it is for curl.
            if output.code() == 0 && option.starts_with("-b") && path == "absent" {
                continue;
            }
            refused(&output, &[path, reason]);
        }
    }
}

fn files_that_postman_would_read_are_read_only_if_they_are_files() {
    let why401 = Why401::new();
    for (path, _) in strange_files(&why401) {
        let form =
            json!({"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": path}]});
        for body in [json!({"mode": "file", "file": {"src": path}}), form] {
            let request = json!({"method": "POST", "url": "http://a.test/", "body": body});
            let item = json!([{"name": "a", "request": request}]);
            why401.write("c.json", json!({"info": {}, "item": item}).to_string());
            let imported = import(&why401, "postman", "c.json", None).json();
            let warnings = imported[0]["warnings"].to_string();
            assert!(warnings.contains(path), "{imported:#}");
        }
    }
}

fn deep_nesting_is_refused() {
    let why401 = Why401::new();
    why401.write("lists", "[".repeat(4 << 20));
    why401.write("objects", "{\"item\":".repeat(1 << 19));
    why401.write(
        "entry",
        "{\"log\":{\"entries\":[".to_owned() + &"{\"a\":".repeat(1 << 19),
    );
    why401.write(
        "folders",
        "{\"info\":{},\"item\":[".to_owned() + &"{\"item\":[".repeat(1 << 18),
    );
    for format in ["har", "postman", "insomnia"] {
        for file in ["lists", "objects", "entry", "folders"] {
            refused(&import(&why401, format, file, None), &[file]);
        }
    }
    let deep = "[".repeat(1 << 20);
    for (format, before) in [
        ("fetch", "fetch("),
        ("powershell", "irm http://a.test -Body "),
        ("httpie", "http a.test a:="),
        ("hurl", "POST http://a.test\n{\"a\":"),
    ] {
        for deep in [
            deep.clone(),
            deep.replace('[', "("),
            deep.replace('[', "{\"a\":"),
        ] {
            why401.write("deep", before.to_owned() + &deep);
            refused(&import(&why401, format, "deep", None), &["deep:"]);
        }
    }
}

fn variables_that_name_each_other_come_to_an_end() {
    let why401 = Why401::new();
    let cycle = json!([{"key": "a", "value": "{{b}}{{b}}"}, {"key": "b", "value": "{{a}}{{a}}"}]);
    let doubling: Vec<_> = (0..1000)
        .map(|n| json!({"key": format!("v{n}"), "value": format!("{{{{v{0}}}}}{{{{v{0}}}}}", n + 1)}))
        .collect();
    for (variables, url) in [
        (cycle, "http://x/{{a}}"),
        (json!(doubling), "http://x/{{v0}}"),
    ] {
        let item = json!([{"name": "a", "request": url}]);
        let collection = json!({"info": {}, "variable": variables, "item": item});
        why401.write("c.json", collection.to_string());
        let output = import(&why401, "postman", "c.json", None);
        assert!(output.code() == 0 || output.stderr.contains("more than an import holds"));
    }
    let script = "A=xxxxxxxx\n".to_owned() + &"A=$A$A\n".repeat(1000) + "curl http://a.test/$A\n";
    why401.write("c.sh", script);
    let output = import(&why401, "curl", "c.sh", None);
    refused(&output, &["more than an import holds"]);
}

/// What stands in the text is doubled forty times.
fn variables_that_double_come_to_an_end() {
    let why401 = Why401::new();
    let rows = |row: &dyn Fn(usize) -> String| (0..40).map(row).collect::<String>();
    let braces = |n: usize| format!("{{{{v{0}}}}}{{{{v{0}}}}}", n + 1);
    let http = rows(&|n| format!("@v{n} = {}\n", braces(n)));
    let hurl = rows(&|n| format!("variable: v{}={{{{v{n}}}}}{{{{v{n}}}}}\n", n + 1));
    let bruno = rows(&|n| format!("  v{n}: {}\n", braces(n)));
    let insomnia = rows(&|n| format!("\"v{n}\": \"{{{{ _.v{0} }}}}{{{{ _.v{0} }}}}\",", n + 1));
    for (format, text) in [
        (
            "http",
            format!("{http}@v40 = xx\nGET http://a.test/{{{{v20}}}}\n\n###\n").repeat(20),
        ),
        (
            "hurl",
            format!("GET http://a.test/{{{{v40}}}}\n[Options]\nvariable: v0=xx\n{hurl}"),
        ),
        (
            "bruno",
            format!(
                "get {{\n  url: http://a.test/{{{{v0}}}}\n}}\n\nvars:pre-request {{\n{bruno}  v19: {}\n}}\n",
                "x".repeat(1000)
            ),
        ),
        (
            "insomnia",
            format!(
                "{{\"resources\": [{{\"_type\": \"environment\", \"parentId\": \"w\", \"data\": {{{insomnia}\"v15\": \"{}\"}}}}, {{\"_type\": \"workspace\", \"_id\": \"w\"}}, {{\"_type\": \"request\", \"parentId\": \"w\", \"url\": \"a.test/{{{{ _.v0 }}}}\"}}]}}",
                "x".repeat(1000)
            ),
        ),
        (
            "powershell",
            "$a = \"xx\"\n".to_owned() + &"$a = \"$a$a\"\n".repeat(40) + "irm http://a.test/$a\n",
        ),
        (
            "httpie",
            "A=xx\n".to_owned() + &"A=$A$A\n".repeat(40) + "http a.test/$A\n",
        ),
    ] {
        why401.write("growing", text);
        let output = import(&why401, format, "growing", None);
        assert!(
            output.code() == 0 || output.stderr.contains("more than an import holds"),
            "{}",
            output.stderr
        );
    }
}

/// Texts of nothing but the smallest parts that a format has. A tenth of the largest text in a
/// quarter of the memory: what takes a hundred times its size falls over.
fn texts_of_small_parts_are_read_or_refused() {
    let why401 = Why401::new();
    for (format, [start, end], parts) in SMALL_PARTS {
        for part in *parts {
            let text = start.to_string() + &part.repeat((768 << 10) / part.len()) + end;
            why401.write("parts", text);
            let output = import_within(128, &why401, format, "parts", None);
            let is_told = output.code() == 0 || output.stderr.contains("parts");
            assert!(is_told, "{format} {part:?}: {}", output.stderr);
        }
    }
}

/// A format, how its texts start and end, and what may be repeated in between.
type SmallParts = (&'static str, [&'static str; 2], &'static [&'static str]);

const SMALL_PARTS: &[SmallParts] = &[
    (
        "http",
        ["", ""],
        &["###\n", "GET http://a\n\n< x\n###\n", "{{a}}", "A\n"],
    ),
    (
        "raw",
        ["GET http://a HTTP/1.1\n", ""],
        &["A:b\n", ":a:b\n", "A\n"],
    ),
    (
        "fetch",
        ["", ""],
        &[
            "fetch(",
            "fetch(\"http://a\")",
            "fetch(\"http://a\",{headers:{\" \":1}})",
            "\"",
            "{a:1},",
        ],
    ),
    (
        "fetch",
        ["fetch(\"http://a\",{headers:{", "}})"],
        &["\" \":1,"],
    ),
    (
        "powershell",
        ["", ""],
        &["irm $a\n", "irm a -Body @{", "(", "irm -Headers 1\n"],
    ),
    ("httpie", ["", ""], &["http a=b ", "{a,b}"]),
    ("powershell", ["irm a -Headers @{", "}\n"], &["'a'='b';"]),
    (
        "bruno",
        ["get {\n  url: a\n}\nheaders {\n", "}\n"],
        &["  A:b\n"],
    ),
    (
        "insomnia",
        [
            "{\"resources\":[{\"_type\":\"request\",\"url\":\"a\",\"headers\":[",
            "1]}]}",
        ],
        &["{\"name\":\"a\",\"value\":\"b\"},"],
    ),
    (
        "postman",
        [
            "{\"item\":[{\"request\":{\"url\":\"a\",\"header\":[",
            "1]}}]}",
        ],
        &["{\"key\":\"a\",\"value\":\"b\"},"],
    ),
    (
        "hurl",
        ["GET http://a\n", ""],
        &[
            "A:b\n",
            "A\n",
            "GET http://a\nA\n",
            "POST http://a\n```\n",
            "POST http://a\n{\n",
            "GET {{a}}\n",
            "{{a}}",
        ],
    ),
    (
        "bruno",
        ["get {\n  url: http://a\n}\n", ""],
        &["a {\n}\n", "get {\n", "a:b\n"],
    ),
    (
        "insomnia",
        ["{\"resources\":[", "1]}"],
        &["{},", "{\"_type\":\"request\"},", "\"\\ud800\","],
    ),
    (
        "postman",
        ["{\"item\":[", "1]}"],
        &["{},", "{\"request\":{}},", "{\"item\":[]},"],
    ),
];

fn scripts_of_words_that_take_long_are_refused() {
    let why401 = Why401::new();
    let chain = "{a,b}".repeat(10) + &"{1..1}".repeat(900);
    let values = "A='".to_owned() + &"a ".repeat(1 << 20) + "'\n";
    for text in [
        format!("curl {}\n", "{a,b}".repeat(17)).repeat(1000),
        format!("curl {chain}\n").repeat(1000),
        values + "B=$A$A$A$A\ncurl $B\n",
    ] {
        why401.write("c.sh", &text);
        let output = import_within(256, &why401, "curl", "c.sh", None);
        refused(&output, &["this expands to more than an import holds"]);
    }
    let nested = "{".repeat(1 << 20) + &"}".repeat(1 << 20);
    why401.write("c.sh", format!("curl {nested}"));
    refused(&import(&why401, "curl", "c.sh", None), &["nested"]);
}

fn scripts_that_grow_in_memory_are_refused() {
    let why401 = Why401::new();
    let mib = 7 << 20;
    for text in [
        "curl ".to_owned() + &"a".repeat(mib),
        "curl ".to_owned() + &"a ".repeat(mib / 2),
        "curl ".to_owned() + &"$a".repeat(mib / 2),
        "curl ".to_owned() + &"{a,b}".repeat(mib / 5),
        "a\n".repeat(mib / 2),
        ";".repeat(mib),
        "curl -d @- http://a.test/ <<x\n".to_owned() + &"$a".repeat(mib / 2),
        "curl -d @- http://a.test/ <<x\n".to_owned() + &"\n".repeat(mib),
    ] {
        why401.write("c.sh", &text);
        let output = import(&why401, "curl", "c.sh", None);
        refused(&output, &["this expands to more than an import holds"]);
    }
}

fn an_archive_of_nothing_but_entries_is_cut() {
    let why401 = Why401::new();
    let entries = r#"{"request":{"method":"GET","url":"http://a/"}},"#.repeat(60_000);
    why401.write("a.har", format!(r#"{{"log":{{"entries":[{entries}1]}}}}"#));
    let output = import(&why401, "har", "a.har", None);
    assert_eq!(output.json().as_array().unwrap().len(), 50_000);
    assert!(output.stderr.contains("more than an import holds"));
    let output = import(&why401, "har", "a.har#60000", None);
    assert_eq!(output.json().as_array().unwrap().len(), 1);
    let parameters = "{},".repeat(7 << 20);
    let data = format!(r#"{{"mimeType":"a/b","params":[{parameters}1]}}"#);
    let request = format!(r#"{{"method":"GET","url":"http://a/","postData":{data}}}"#);
    why401.write(
        "b.har",
        format!(r#"{{"log":{{"entries":[{{"request":{request}}}]}}}}"#),
    );
    refused(&import(&why401, "har", "b.har", None), &["postData"]);
}

fn an_archive_larger_than_memory_is_read() {
    let why401 = Why401::new();
    let request = json!({"method": "GET", "url": "http://a.test/", "headers": []});
    let text = "x\u{e9}".repeat(1 << 20);
    let response = format!(r#"{{"status":200,"content":{{"text":"{text}"}}}}"#);
    let entry = format!(r#"{{"request":{request},"response":{response}}}"#);
    let entries = vec![entry; 60].join(",\n");
    let archive = format!("{{\"log\":{{\"entries\":[\n{entries},\n1]}}}}");
    let most_mib = 128;
    assert!(archive.len() > 128 << 20);
    why401.write("a.har", archive);
    let output = import_within(most_mib, &why401, "har", "a.har", None);
    assert_eq!(output.json().as_array().unwrap().len(), 60);
    assert!(output.stderr.contains("a.har:62:1"), "{}", output.stderr);
}
