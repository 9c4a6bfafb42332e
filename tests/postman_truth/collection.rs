//! Collections, put together at random.

use serde_json::{Value, json};

use super::common::random::Random;

/// A collection of so many requests, and an environment for it.
pub fn make(random: Random, base: &str, requests: usize) -> (Value, Value) {
    let mut maker = Maker { random, next: 0 };
    let mut items = Vec::new();
    while maker.next < requests {
        let most = requests - maker.next;
        if maker.random.one_in(3) {
            items.push(maker.folder(most, 0));
        } else {
            items.push(maker.request());
        }
    }
    let mut collection = json!({
        "info": {
            "name": "made up",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
        },
        "item": items,
        "variable": [
            {"key": "base", "value": base},
            {"key": "token", "value": "of the collection"},
            {"key": "inner", "value": "in"},
            {"key": "nested", "value": "<{{inner}}>"},
            {"key": "name in", "value": "spaced"},
            {"key": "off", "value": "never", "disabled": true},
            {"key": "number", "value": 7}
        ]
    });
    if let Some(auth) = maker.auth() {
        collection["auth"] = auth;
    }
    let environment = json!({
        "name": "made up",
        "values": [
            {"key": "token", "value": "t0k.en", "enabled": true},
            {"key": "umlaut", "value": "ä ö", "enabled": true},
            {"key": "off2", "value": "never", "enabled": false}
        ]
    });
    (collection, environment)
}

/// The request of that number.
pub fn item(collection: &Value, number: usize) -> &Value {
    let name = format!("n{number}");
    let mut left = vec![collection];
    while let Some(item) = left.pop() {
        if item["name"] == name.as_str() {
            return item;
        }
        left.extend(item["item"].as_array().into_iter().flatten());
    }
    panic!("no request {number}")
}

struct Maker {
    random: Random,
    /// The number of the next request.
    next: usize,
}

const TEXTS: &[&str] = &[
    "plain",
    "",
    "two words",
    "{{token}}",
    "a{{nested}}b",
    "{{nobody}}",
    "{{name in}}",
    "{{number}}",
    "{{umlaut}}",
    "ä=ö",
    "a&b=c",
    "100%",
    "%41%zz",
    "a+b",
    "quote\"s'",
    "line\nend",
    "#hash",
    "?mark",
    "{single}",
    "{{ }}",
    "{{{{inner}}}}",
    "<>^`|\\",
    "$&,/:;=@[]",
    "~!*()",
    "{{$guid}}",
    "{{$timestamp}}",
    "{{off}}",
];

impl Maker {
    fn text(&mut self) -> String {
        self.random.pick(TEXTS).to_owned()
    }

    /// A text that can stand in a field.
    fn value(&mut self) -> String {
        let text = self.text();
        if text.contains(['\n', 'ä']) || text == "{{umlaut}}" {
            return "plain".to_owned();
        }
        text
    }

    fn pick(&mut self, from: &[&str]) -> String {
        self.random.pick(from).to_owned()
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.random.one_in(one_in)
    }

    fn folder(&mut self, most: usize, depth: usize) -> Value {
        let end = self.next + (1 + self.random.below(8)).min(most);
        let mut items = Vec::new();
        while self.next < end {
            if depth < 2 && self.chance(5) {
                let left = end - self.next;
                items.push(self.folder(left, depth + 1));
            } else {
                items.push(self.request());
            }
        }
        let mut folder = json!({"name": "a folder", "item": items});
        if let Some(auth) = self.auth() {
            folder["auth"] = auth;
        }
        folder
    }

    fn request(&mut self) -> Value {
        let number = self.next;
        self.next += 1;
        let mut request = json!({
            "method": self.pick(&[
                "GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "post",
            ]),
            "url": self.url(number),
            "header": self.rows(TEXT_NAMES, 3, true),
        });
        if let Some(auth) = self.auth() {
            request["auth"] = auth;
        }
        if self.chance(2) {
            request["body"] = self.body();
        }
        let mut item = json!({"name": format!("n{number}"), "request": request});
        if self.chance(4) {
            item["protocolProfileBehavior"] = self.behaviour();
        }
        item
    }

    fn behaviour(&mut self) -> Value {
        match self.random.below(3) {
            0 => json!({"disableBodyPruning": true}),
            1 => json!({"disabledSystemHeaders": {
                "user-agent": true, "accept-encoding": self.chance(2), "connection": self.chance(2),
            }}),
            _ => json!({"disabledSystemHeaders": {
                "postman-token": true, "accept": true, "cache-control": true,
                "content-type": self.chance(2),
            }}),
        }
    }

    fn url(&mut self, number: usize) -> Value {
        let mut raw = format!("{{{{base}}}}/n{number}-");
        raw.push_str(&self.pick(&[
            "",
            "/a",
            "/a/b/",
            "/:id",
            "/:id/x/:other",
            "/a b",
            "/ä",
            "/{{inner}}",
            "/%41",
            "//a",
            "/../b",
            "/{{nobody}}",
            "/a;b",
            "/:id.json",
            "/x:y",
            "/a|b",
            "/\"q\"",
            "/'x'",
        ]));
        let path = raw["{{base}}/".len()..].to_owned();
        let query = self.rows(
            &["q", "a b", "ä", "{{inner}}", "x[]", "empty", "k&k", "t"],
            3,
            false,
        );
        let on: Vec<String> = query
            .iter()
            .filter(|row| row["disabled"] != true)
            .map(|row| match row["value"].as_str() {
                Some(value) => format!("{}={value}", row["key"].as_str().unwrap()),
                None => row["key"].as_str().unwrap().to_owned(),
            })
            .collect();
        if !on.is_empty() {
            raw.push_str(&format!("?{}", on.join("&")));
        }
        if self.chance(10) {
            raw.push_str("#fragment");
        }
        if self.chance(3) && !path.contains(':') {
            return json!(raw);
        }
        let id = if self.chance(5) {
            json!(5)
        } else {
            json!(self.value())
        };
        let other = self.text();
        json!({
            "raw": raw,
            "host": ["{{base}}"],
            "path": path.split('/').collect::<Vec<_>>(),
            "query": query,
            "variable": [{"key": "id", "value": id}, {"key": "other", "value": other}],
        })
    }

    /// Rows of a table, some of them switched off.
    fn rows(&mut self, names: &[&str], most: usize, is_field: bool) -> Vec<Value> {
        let count = self.random.below(most + 1);
        let mut rows = Vec::new();
        for _ in 0..count {
            let key = self.pick(names);
            let value = match (is_field, key.as_str()) {
                (true, "Content-Type") if self.chance(2) => {
                    self.pick(&["application/json", "application/x+json; a=b", "text/json"])
                }
                (true, _) => self.value(),
                (false, _) => self.text(),
            };
            let mut row = json!({"key": key, "value": value});
            if self.chance(5) {
                row["disabled"] = json!(true);
            }
            if self.chance(12) && !is_field {
                row["value"] = Value::Null;
            }
            // Node does not send two of them.
            if row["key"] == "Host" && rows.iter().any(|row: &Value| row["key"] == "Host") {
                continue;
            }
            rows.push(row);
        }
        rows
    }

    fn body(&mut self) -> Value {
        let mut body = match self.random.below(6) {
            0 | 1 => {
                let raw = match self.chance(2) {
                    true => self.text(),
                    false => self.pick(&[
                        "{\"a\": \"{{token}}\", \"b\": [1]}",
                        "{\"a\": \"http://x\" // {{token}}\n /* two\n lines */, \"b\": 1}",
                    ]),
                };
                let language = self.pick(&["json", "xml", "html", "text", "javascript"]);
                match self.chance(3) {
                    true => json!({"mode": "raw", "raw": raw}),
                    false => json!({
                        "mode": "raw", "raw": raw, "options": {"raw": {"language": language}}
                    }),
                }
            }
            2 => json!({
                "mode": "urlencoded",
                "urlencoded": self.rows(&["a", "b c", "ä", "{{inner}}", "a", "x[]"], 4, false),
            }),
            3 => {
                let mut rows = self.rows(&["a", "b c", "q\"", "{{inner}}"], 3, false);
                // newman sends the second file of a form empty.
                let mut has_file = false;
                for row in &mut rows {
                    match self.random.below(5) {
                        0 if !has_file => {
                            has_file = true;
                            *row = json!({"key": row["key"], "type": "file", "src": "pic.png"});
                        }
                        1 if !has_file => {
                            has_file = true;
                            *row = json!({"key": row["key"], "type": "file", "src": ["notes"]});
                        }
                        2 => row["contentType"] = json!("application/json"),
                        3 => row["type"] = json!("text"),
                        _ => {}
                    }
                }
                json!({"mode": "formdata", "formdata": rows})
            }
            4 => json!({"mode": "file", "file": {"src": self.pick(&["body.json", "pic.png"])}}),
            _ => json!({"mode": "graphql", "graphql": {
                "query": "query { a(b: \"{{token}}\") }",
                "variables": self.pick(&["", "{\"x\": 1}", "{\"x\": \"{{inner}}\"}"]),
            }}),
        };
        if self.chance(12) {
            body["disabled"] = json!(true);
        }
        body
    }

    /// What a request, a folder or the collection says about credentials, if it says something.
    fn auth(&mut self) -> Option<Value> {
        if !self.chance(3) {
            return None;
        }
        let row = |key: &str, value: &str| json!({"key": key, "value": value, "type": "string"});
        let value = self.value();
        Some(match self.random.below(7) {
            0 => json!({"type": "noauth"}),
            1 | 2 => json!({"type": "basic", "basic": [
                row("username", &self.pick(&["tim", "{{token}}", ""])),
                row("password", &self.text()),
            ]}),
            3 => json!({"type": "bearer", "bearer": [row("token", &value)]}),
            4 => json!({"type": "apikey", "apikey": [
                row("key", &self.pick(&["X-Key", "key", "{{inner}}"])),
                row("value", &value),
                row("in", &self.pick(&["header", "query"])),
            ]}),
            5 => json!({"type": "oauth2", "oauth2": [
                row("accessToken", &value),
                row("addTokenTo", &self.pick(&["header", "queryParams"])),
                row("headerPrefix", &self.pick(&["Bearer", "Token", ""])),
            ]}),
            _ => json!({"type": "digest", "digest": [
                row("username", "tim"), row("password", "secret"),
            ]}),
        })
    }
}

const TEXT_NAMES: &[&str] = &[
    "X-One",
    "x-one",
    "X-Two",
    "Accept",
    "User-Agent",
    "Content-Type",
    "Content-Type",
    "Authorization",
    "Cookie",
    "Host",
    "Cache-Control",
    "Postman-Token",
    "X-{{inner}}",
    "Accept-Encoding",
    "Connection",
];
