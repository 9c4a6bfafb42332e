//! Files that nobody should import end soon, in little memory, with a reason.

use std::fs::File;
use std::path::Path;

use serde_json::json;

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
    scripts_that_grow_in_memory_are_refused,
    an_archive_of_nothing_but_entries_is_cut,
    an_archive_larger_than_memory_is_read,
];

const FORMATS: [&str; 3] = ["curl", "har", "postman"];

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
    for format in FORMATS {
        let output = import(&why401, format, "folder", None);
        refused(&output, &["it is a folder", "folder"]);
    }
}

fn an_endless_file_is_given_up() {
    let why401 = Why401::new();
    if Path::new("/dev/zero").exists() {
        for format in FORMATS {
            refused(&import(&why401, format, "/dev/zero", None), &["/dev/zero"]);
        }
    }
    let file = File::create(why401.work().join("sparse")).unwrap();
    file.set_len(1 << 40).unwrap();
    for format in FORMATS {
        refused(&import(&why401, format, "sparse", None), &["sparse"]);
    }
}

fn an_endless_input_is_given_up() {
    let why401 = Why401::new();
    let blank = vec![b' '; 17 << 20];
    for format in ["curl", "postman"] {
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
    let junk: Vec<u8> = (0..4 << 20).map(|_| random()).collect();
    why401.write("junk", &junk);
    why401.write("words", "lorem ipsum ".repeat(300_000));
    why401.write("zeros", vec![0; 4 << 20]);
    for format in FORMATS {
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
    for format in ["har", "postman"] {
        for file in ["lists", "objects", "entry", "folders"] {
            refused(&import(&why401, format, file, None), &[file]);
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
    let script = "A=xxxxxxxx\n".to_owned() + &"A=$A$A\n".repeat(100) + "curl http://a.test/$A\n";
    why401.write("c.sh", script);
    let output = import(&why401, "curl", "c.sh", None);
    refused(&output, &["more than an import holds"]);
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
