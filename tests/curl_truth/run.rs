//! Runs a command with the real curl, and imports the same text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use why401::import::{Imported, Source, Surroundings, curl};
use why401::model::{HttpVersion, Timestamp};

use super::command::Command;
use super::common::clients::bare;
use super::recorder::{Recorded, Recorder, without_returns};
use super::shell::VARIABLES;

/// What curl did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub words: String,
    pub sent: Vec<Recorded>,
}

/// What the importer says.
#[derive(Debug)]
pub struct Read {
    pub sent: Vec<Recorded>,
    pub problems: Vec<String>,
}

/// A folder with the files that commands name, and a recorder.
pub struct Bench {
    folder: TempDir,
    pub recorder: Recorder,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the files");
        Self {
            folder,
            recorder: Recorder::start(),
        }
    }

    /// Puts the files as they are to be before a command runs.
    fn lay_out(&self, command: &Command) {
        for (name, content) in FILES {
            fs::write(self.folder.path().join(name), content).expect("a file");
        }
        fs::write(self.folder.path().join("config"), &command.config).expect("a file");
    }

    pub fn run(&self, command: &Command) -> Ran {
        self.lay_out(command);
        drop(self.recorder.take());
        let output = bare(command.shell.program())
            .args(["-c", &command.text])
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .envs(VARIABLES)
            .stdin(Stdio::null())
            .output()
            .expect("the shell starts");
        Ran {
            code: output.status.code().unwrap_or(-1),
            words: String::from_utf8_lossy(&output.stderr).into_owned(),
            sent: self.recorder.take(),
        }
    }

    pub fn import(&self, command: &Command) -> Read {
        self.lay_out(command);
        let folder = self.folder.path();
        let mut variables: BTreeMap<String, String> = VARIABLES
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        variables.insert("HOME".to_owned(), folder.to_string_lossy().into_owned());
        let surroundings = Surroundings {
            variable: &|name: &str| variables.get(name).cloned(),
            file: &|path: &Path| why401::import::files::read(&folder.join(path)),
            now: Timestamp::from_secs(1_760_000_000),
        };
        let source = Source::new("command", command.text.as_bytes());
        as_sent(&curl::import(&source, &surroundings))
    }
}

fn as_sent(imported: &Imported) -> Read {
    let sent = imported.requests.iter().map(|imported| {
        let request = &imported.request;
        let version = match request.version {
            HttpVersion::Http10 => "HTTP/1.0",
            HttpVersion::Http11 | HttpVersion::Http2 => "HTTP/1.1",
        };
        let mut first = format!("{} ", request.method).into_bytes();
        first.extend_from_slice(&request.target);
        first.extend_from_slice(format!(" {version}").as_bytes());
        let lines = request.fields.lines().iter();
        let lines = lines.map(|line| [line.name(), b":", line.raw_value()].concat());
        let head = [first].into_iter().chain(lines).collect::<Vec<_>>();
        // A value with a line end in it is two lines to whoever reads them.
        let lines = head
            .iter()
            .flat_map(|line| line.split(|byte| *byte == b'\n'));
        Recorded {
            lines: lines.map(|line| without_returns(line).to_vec()).collect(),
            body: request.content.bytes.clone(),
        }
    });
    Read {
        sent: sent.collect(),
        problems: imported
            .problems
            .iter()
            .map(|problem| format!("{:?} {problem}", problem.span))
            .collect(),
    }
}

/// The files that commands name.
const FILES: &[(&str, &[u8])] = &[
    ("body", b"{\r\n\"a\": 1}\nline two\n"),
    ("plain.txt", b"plain & simple=1 + \xc3\xa4"),
    ("sp ace.txt", b"space"),
    ("nul", b"a\0b\nc"),
    ("empty", b""),
    ("pic.png", b"\x89PNG\r\n\x1a\n\0\xff"),
    ("page.html", b"<p>\n"),
    ("data.bin", b"\0\x01\x02\xfe=&"),
    ("fields", b"X-File: 1\r\n# no\n\nX-Other: 2\nUser-Agent: of a file\nAccept:\nX-Empty;\n"),
    ("part-fields", b"X-Part: 1\n# no\nX-Part-Other: 2\n  folded\n"),
    ("urls", b"# none\n"),
    ("etag", b"\"abc-1\"\n"),
    (
        "netrc",
        b"machine 127.0.0.1 login nina password n3trc\nmachine api.test\n  login aki\n  password \"q u\"\ndefault login any password one\n",
    ),
    (
        ".netrc",
        b"machine 127.0.0.1 login home password base\n",
    ),
    (
        "cookies",
        b"# Netscape HTTP Cookie File\n\
          127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tone\n\
          127.0.0.1\tFALSE\t/a\tFALSE\t4102444800\tdeep\ttwo\n\
          127.0.0.1\tFALSE\t/\tTRUE\t4102444800\tsecure\tthree\n\
          127.0.0.1\tFALSE\t/\tFALSE\t1000000000\told\tfour\n\
          #HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tonly\tfive\n\
          .api.test\tTRUE\t/\tFALSE\t4102444800\tdomain\tsix\n\
          other.test\tFALSE\t/\tFALSE\t4102444800\tforeign\tseven\n",
    ),
    (
        "head-cookies",
        b"HTTP/1.1 200 OK\nSet-Cookie: fromhead=1; path=/\nContent-Type: text/plain\n\n",
    ),
];
