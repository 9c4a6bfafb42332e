//! Canaries: random values in places where secrets stand, and the search for them everywhere else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::binary::Why401;
use super::tokens;

/// A random value and the place it was put.
struct Canary {
    place: &'static str,
    value: String,
}

/// The canaries of one test.
#[derive(Default)]
pub struct Cage(Vec<Canary>);

impl Cage {
    /// A new canary for that place.
    pub fn put(&mut self, place: &'static str) -> String {
        let value = tokens::random("");
        self.0.push(Canary {
            place,
            value: value.clone(),
        });
        value
    }

    /// Where any canary can be found in that text: one pass, by the first bytes of each form.
    pub fn hits(&self, text: &[u8], where_from: &str) -> Vec<String> {
        let mut sought: HashMap<&[u8], Vec<Sought<'_>>> = HashMap::new();
        let forms: Vec<_> = self
            .0
            .iter()
            .map(|canary| (canary, forms(&canary.value)))
            .collect();
        for (canary, forms) in &forms {
            for (form, bytes) in forms {
                let entry = sought.entry(&bytes[..HEAD]).or_default();
                entry.push((canary.place, form, bytes));
            }
        }
        // Most bytes are ruled out by the first two of a form, without a look into the map.
        let mut begins = vec![false; 1 << 16];
        for head in sought.keys() {
            begins[usize::from(u16::from_be_bytes([head[0], head[1]]))] = true;
        }
        let mut hits = Vec::new();
        for (at, head) in text.windows(HEAD).enumerate() {
            if !begins[usize::from(u16::from_be_bytes([head[0], head[1]]))] {
                continue;
            }
            for (place, form, bytes) in sought.get(head).into_iter().flatten() {
                if text[at..].starts_with(bytes) {
                    hits.push(format!("{place} ({form}) in {where_from}"));
                }
            }
        }
        hits
    }
}

/// The place of a canary, the form, and its bytes.
type Sought<'a> = (&'a str, &'a str, &'a [u8]);

/// How many bytes of a form are looked up first.
const HEAD: usize = 8;

/// The forms that a secret may hide in.
fn forms(value: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = value.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let mut forms = vec![
        ("raw".to_owned(), bytes.to_vec()),
        ("hex".to_owned(), hex.clone().into_bytes()),
        ("upper-case hex".to_owned(), hex.to_uppercase().into_bytes()),
        ("percent".to_owned(), percent.into_bytes()),
    ];
    for shift in 0..3 {
        let padded = [&vec![b'x'; shift][..], bytes].concat();
        let encoded = STANDARD_NO_PAD.encode(padded);
        // The characters at both ends mix with what stands beside it.
        let sure = encoded[if shift == 0 { 0 } else { 4 }..encoded.len() - 3].to_owned();
        let url_safe = sure.replace('+', "-").replace('/', "_");
        if url_safe != sure {
            forms.push((
                format!("base64url, shifted by {shift}"),
                url_safe.into_bytes(),
            ));
        }
        forms.push((format!("base64, shifted by {shift}"), sure.into_bytes()));
    }
    forms
}

/// No canary in what was shown, nor in any file that the product wrote.
///
/// # Panics
/// With the place and the form of each that was found.
pub fn nothing_leaked(cage: &Cage, why401: &Why401, screens: &[(String, String)]) {
    let mut hits = Vec::new();
    for (command, text) in screens {
        hits.extend(cage.hits(text.as_bytes(), command));
    }
    // What the test itself wrote stands in the working folder.
    let own = why401.work();
    for file in files(why401.home()).filter(|file| !file.starts_with(&own)) {
        let content = std::fs::read(&file).unwrap();
        hits.extend(cage.hits(&content, &file.display().to_string()));
    }
    assert!(
        hits.is_empty(),
        "{} leaks:\n{}",
        hits.len(),
        hits.join("\n")
    );
}

/// All files below a folder.
///
/// # Panics
/// When it cannot be read.
pub fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.into_iter()
}
