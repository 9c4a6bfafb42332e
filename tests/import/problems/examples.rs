//! The files.

use why401::import::Format;

/// A file with something wrong in it. `s3cret` stands for values that nobody may print.
#[derive(Clone)]
pub(super) struct Example {
    pub(super) text: Vec<u8>,
    /// Arguments after the file.
    pub(super) more: Vec<&'static str>,
    /// Files beside it.
    pub(super) files: Vec<(&'static str, String)>,
}

impl Example {
    fn with(mut self, more: &[&'static str]) -> Self {
        self.more.extend(more);
        self
    }

    fn beside(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    /// The argument after that one.
    pub(super) fn after(&self, option: &str) -> Option<&'static str> {
        let at = self.more.iter().position(|known| *known == option)?;
        self.more.get(at + 1).copied()
    }
}

fn of(text: impl Into<Vec<u8>>) -> Example {
    Example {
        text: text.into(),
        more: Vec::new(),
        files: Vec::new(),
    }
}

fn each(texts: &[&str]) -> Vec<Example> {
    texts.iter().map(|text| of(*text)).collect()
}

/// Larger than an import of most formats reads.
fn large(start: &str) -> Example {
    of(start.to_owned() + &" ".repeat((8 << 20) + 1))
}

pub(super) fn examples() -> Vec<(Format, Vec<Example>)> {
    vec![
        (Format::Curl, curl()),
        (Format::Har, har()),
        (Format::Postman, postman()),
        (Format::Http, http()),
        (Format::Raw, raw()),
        (Format::Fetch, fetch()),
        (Format::PowerShell, powershell()),
        (Format::Httpie, httpie()),
        (Format::Hurl, hurl()),
        (Format::Bruno, bruno()),
        (Format::Insomnia, insomnia()),
    ]
}

fn curl() -> Vec<Example> {
    [curl_commands(), curl_values(), curl_places(), curl_files()].concat()
}

fn curl_commands() -> Vec<Example> {
    each(&[
        // Commands.
        "hello\n",
        "Invoke-WebRequest -Uri http://a.test\n",
        "curl --hedaer 'X: s3cret' http://a.test\n",
        "curl --wibble http://a.test\n",
        "curl -sSé http://a.test\n",
        "curl http://a.test -H “X: s3cret”\n",
        "curl --data- x http://a.test\n",
        "curl --no-header x http://a.test\n",
        "curl http://a.test -X\n",
        "curl --version\ncurl -h http\n",
        "curl\n",
        "curl -s\n",
        "curl http://a.test --next -s\n",
        "curl --url '' http://a.test\n",
        "curl -I -d x http://a.test\n",
        // The shell.
        "curl 'http://a.test/s3cret\n",
        "curl \"http://a.test/s3cret\n",
        "curl $'http://a.test/s3cret\n",
        "curl http://a.test/${X\n",
        "curl http://a.test/$(cat s3cret\n",
        "curl http://a.test/`cat s3cret\n",
        "curl -d @- http://a.test <<END\ns3cret\n",
        "A=xxxxxxxx\nA=$A$A$A$A$A$A$A$A\nA=$A$A$A$A$A$A$A$A\nA=$A$A$A$A$A$A$A$A\nA=$A$A$A$A$A$A$A$A\n\
         A=$A$A$A$A$A$A$A$A\nA=$A$A$A$A$A$A$A$A\nA=$A$A$A$A$A$A$A$A\nA=$A$A$A$A$A$A$A$A\ncurl http://a.test/$A\n",
        "curl http://a.test -d @absent.json\n",
        "curl http://a.test -d @~/absent.json -T .\n",
    ])
}

fn curl_values() -> Vec<Example> {
    each(&[
        "curl -F s3cret http://a.test\n",
        "curl -F 'a=(;s3cret' http://a.test\n",
        "curl -F 'a=s3cret;encoder=rot13' http://a.test\n",
        "curl -F 'a=s3cret\u{e9};encoder=7bit' http://a.test\n",
        "curl -F 'a=s3cret;type=text' http://a.test\n",
        "curl http://a.test/a}\n",
        "curl 'http://a.test/{}'\n",
        "curl 'http://a.test/{a{b}}'\n",
        "curl 'http://a.test/{a]}'\n",
        "curl 'http://a.test/{a'\n",
        "curl 'http://a.test/[9-1]'\n",
        "curl 'http://a.test/[1-100000]'\n",
        "curl --variable '=s3cret' http://a.test\n",
        "curl --variable %TOKEN http://a.test\n",
        "curl --variable 's3cret' http://a.test\n",
        "curl --variable a=s3cret --expand-data '{{a:wibble}}' http://a.test\n",
        "curl --aws-sigv4 '' -u me:s3cret http://a.test\n",
        "curl --proto-default wibble a.test\n",
        "curl -r s3cret http://a.test\ncurl -C x http://a.test\n",
        "curl -X 'A B' http://a.test\n",
        "curl -C 5 -r 1-2 -T a http://a.test\n",
        "printf x | curl -0 -T - http://a.test\n",
        // URLs.
        "curl ftp://a.test\n",
        "curl ftp.a.test\n",
        "curl http:////a.test\n",
        "curl 'http://a.test/s3cret x'\n",
        "curl 'http://[::1'\n",
        "curl 'http://[x]'\n",
        "curl http://\n",
        "curl 'http://a^b.test'\n",
        "curl http://a.test:99999\n",
        "curl http://a.test:x\n",
        "curl -G -d 'a b' http://a.test\n",
        "curl --disallow-username-in-url http://me:s3cret@a.test\n",
    ])
}

fn curl_places() -> Vec<Example> {
    each(&[
        "\u{feff}curl --wibble http://a.test\n",
        "# caf\u{e9}\r\n\tcurl -H 'X: \u{1f600}' \\\r\n\t  --wibble http://a.test\r\n",
        "curl http://a.test --first\ncurl http://b.test --second --third\n",
        // As Windows writes it.
        "curl ^\"http://a.test^\" ^\r\n  --wibble ^\r\n  -H ^\"X: s3cret^\"\r\n",
    ])
}

fn curl_files() -> Vec<Example> {
    let mut all = Vec::new();
    all.push(
        of("curl -K a.config http://a.test\n").beside("a.config", "silent\n  wibble = s3cret\n"),
    );
    all.push(
        of("curl -K a.config http://a.test\n")
            .beside("a.config", "header = \"X: s3cret\nmax-time\n"),
    );
    all.push(of("curl -K a.config http://a.test\n").beside("a.config", "config = a.config\n"));
    let outer = of("curl -K a.config http://a.test --wibble\n")
        .beside("a.config", "first\n# K\n-K b.config\nmax-time\n");
    all.push(outer.beside("b.config", "\n\tsecond = s3cret\nurl = ftp://a.test\n"));
    all.push(of("curl -s ".to_owned()
        + &"-H 'X: s3cret' ".repeat(70_000)
        + "--wibble http://a.test\n"));
    all.push(of("curl --wibble http://a.test\n".repeat(25)));
    all.push(large("curl http://a.test\n"));
    all
}

const HAR_START: &str = r#"{"log": {"entries": [
"#;

fn har_with(entries: &str) -> String {
    format!("{HAR_START}{entries}\n]}}}}\n")
}

fn har() -> Vec<Example> {
    let entry = r#"  {"request": {"method": "GET", "url": "http://a.test/"}}"#;
    let mut all = each(&[
        "<html>\n",
        "{}\n",
        "{\"log\": {}}\n",
        "[1]\n",
        "{\"method\": \"GET\", \"url\": \"http://a.test/\"}\n",
        "callback({})\n",
        "PK\u{3}\u{4}\n",
        "{\0\"\0",
        "{\"log\": {\"entries\": [\n  {\"request\": s3cret}]}}\n",
        "{\"log\": {\"entries\": [\n\t{\"caf\u{e9}\": 1 \"request\": {}}]}}\n",
        "\u{feff}{\"log\": {\"entries\": [{request}]}}\n",
    ]);
    for entries in [
        "  1, \"s3cret\",\n  {\"request\": {\"url\": \"http://a.test/\"}},\n  {\"request\": {\"method\": \"GET\", \"url\": \"s3cret\"}}",
        "  {\"request\": {\"method\": \"GET\", \"url\": \"ftp://a.test/\"}},\n  {\"request\": {\"method\": \"GET\", \"url\": \"http:///\"}},\n  {\"request\": {\"method\": \"GET\", \"url\": \"http://a b/\"}},\n  {\"request\": {\"method\": \"GET\", \"url\": \"http://a:x/\"}}",
        "  {\"request\": {\"method\": \"POST\", \"url\": \"http://a.test/\", \"postData\": \"s3cret\"}}",
        "  {\"request\": {\"method\": \"GET\", \"url\": \"http://a.test/\\ud800\"}}",
    ] {
        all.push(of(har_with(entries)));
        all.push(of(har_with(&format!("{entry},\n{entries},\n{entry}"))));
    }
    all.push(of(format!("{HAR_START}{entry},\n{entry}")));
    all.push(of(har_with(entry)).with(&["--item", "7"]));
    all.push(of(har_with(entry)).with(&["--item", "/users"]));
    all.push(of(har_with(&format!("{entry},\n{entry}"))).with(&["--item", "http://a.test/"]));
    let long = "x".repeat((4 << 20) + 1);
    all.push(of(har_with(&format!(
        "{entry},\n  {{\"request\": {{\"method\": \"GET\", \"url\": \"{long}\"}}}},\n{entry}"
    ))));
    all.push(of(har_with(&"[".repeat(300))));
    all.push(of(har_with(&"1,\n".repeat(1001))));
    all
}

fn postman_with(items: &str) -> String {
    format!("{{\n\t\"info\": {{}},\n\t\"item\": [\n{items}\n\t]\n}}\n")
}

fn postman() -> Vec<Example> {
    let item = "\t\t{\"name\": \"Good\", \"request\": {\"url\": \"http://a.test/\"}}";
    let mut all = each(&[
        "",
        "<html>\n",
        "{}\n",
        "[]\n",
        "{\"item\": {}}\n",
        "{\"requests\": []}\n",
        "{\"info\": {}, \"item\": [}\n",
        "{\"info\": {},\n\t\"caf\u{e9}\": 1 \"item\": []}\n",
    ]);
    all.retain(|example| !example.text.is_empty());
    for items in [
        "\t\t1, \"s3cret\",\n\t\t{\"name\": \"Empty\"}",
        "\t\t{\"name\": \"Users\", \"item\": [\n\t\t\t{\"name\": \"No URL\", \"request\": {}},\n\t\t\t{\"name\": \"FTP\", \"request\": \"ftp://a.test\"}]}",
        "\t\t{\"name\": \"Header\", \"request\": {\"url\": \"http://a.test\", \"header\": [{\"key\": \"A B\", \"value\": \"s3cret\"}]}}",
        "\t\t{\"name\": \"Header\", \"request\": {\"url\": \"http://a.test\", \"header\": [{\"key\": \"A\", \"value\": \"s3\\ncret\"}]}}",
        "\t\t{\"name\": \"Lone\", \"request\": {\"url\": \"http://a.test/\\ud800\"}}",
        "\t\t{\"name\": 1, \"item\": 2}",
    ] {
        all.push(of(postman_with(items)));
        all.push(of(postman_with(&format!("{item},\n{items},\n{item}"))));
    }
    let deep = "{\"name\": \"F\", \"item\": [".repeat(33) + &"]}".repeat(33);
    all.push(of(postman_with(&format!("{item},\n{deep}"))));
    all.push(of(postman_with(item)).with(&["--item", "Users"]));
    all.push(of(postman_with(&format!("{item},\n{item}"))).with(&["--item", "Good"]));
    let doubling: Vec<String> = (0..40)
        .map(|n| {
            format!(
                "{{\"key\": \"v{n}\", \"value\": \"{{{{v{0}}}}}{{{{v{0}}}}}\"}}",
                n + 1
            )
        })
        .collect();
    let variables =
        doubling.join(",") + ",{\"key\": \"v19\", \"value\": \"" + &"x".repeat(1000) + "\"}";
    all.push(of(format!(
        "{{\"item\": [{{\"name\": \"Growing\", \"request\": \"http://a.test/{{{{v0}}}}\"}}], \"variable\": [{variables}]}}"
    )));
    for environment in [
        "{}",
        "[]",
        "{\"values\":\n  [s3cret]}",
        "{\"values\": [\u{feff}",
    ] {
        let example = of(postman_with(item)).with(&["--environment", "dev.json"]);
        all.push(example.beside("dev.json", environment));
    }
    all.push(of(postman_with(item)).with(&["--environment", "dev"]));
    all
}

fn http() -> Vec<Example> {
    let mut all = each(&[
        "# nothing\n",
        "GET http://a.test/\nAuthorization Bearer s3cret\n",
        "GET http://a.test/ok\n\n###\nGET http://a.test/\nAccept: */*\nContent-Type text/plain\nX-Key\n\n###\nGET http://a.test/ok\n",
        "\u{feff}POST ftp://a.test/\n",
        "GRPC a.test/x\n\n###\nWEBSOCKET ws://a.test\n",
        "GET /users\n",
        "GET ftp://a.test/\n\n###\n  GET http://\n\n###\nGET http://a b/\n\n###\nGET http://a.test:x/\n",
        "GET http://a.test/\nA B: s3cret\n",
        "POST http://a.test/\n\n< ./absent.json\n",
        "POST http://a.test/\n\n###\nPOST ftp://a.test\n\n###\ncurl --wibble http://a.test/\n",
        "\u{feff}GET http://a.test/\r\nCaf\u{e9} s3cret\r\n",
        "GET http://a.test/\n\tX-Key s3cret\n",
    ]);
    all.push(of(b"GET http://a.test/\xff\n".as_slice()));
    let doubling: Vec<String> = (0..40)
        .map(|n| format!("@v{n} = {{{{v{0}}}}}{{{{v{0}}}}}\n", n + 1))
        .collect();
    let last = "@v40 = ".to_owned() + &"x".repeat(1000) + "\n";
    all.push(of(doubling.concat()
        + &last
        + "GET http://a.test/{{v20}}\n\n###\nGET http://a.test/{{v20}}\n"));
    all.push(of(
        "GET http://a.test/\n".to_owned() + &"A: b\n".repeat(1001)
    ));
    let get = "GET http://a.test/\n";
    all.push(of(get).with(&["--item", "2"]));
    all.push(of("### a\nGET http://a.test/\n\n### a\nGET http://b.test/\n").with(&["--item", "a"]));
    all.push(of(get).with(&["--environment", "dev"]));
    for (environment, named) in [
        ("{\"dev\": {}, \"live\": {}}", "a.env.json"),
        ("{\"dev\": {}, \"live\": {}}", "a.env.json#test"),
        ("{\"dev\":\n  {\"token\": s3cret}}", "a.env.json"),
        ("[]", "a.env.json"),
    ] {
        let example = of(get).with(&["--environment", named]);
        all.push(example.beside("a.env.json", environment));
    }
    all.push(large(get));
    all
}

fn raw() -> Vec<Example> {
    let mut all = each(&[
        "hello\n",
        "\u{feff}GET / HTTP/4\nCookie\nX s3cret: 1\n",
        "GET\n",
        "GET /a b HTTP/1.1\n",
        "G(T / HTTP/1.1\n",
        "GET / HTTP/4\n",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX-Key s3cret\r\n\tfolded s3cret\r\nCaf\u{e9}: s3cret\r\n\r\n",
        ":method: GET\n:authority: a.test\n",
        "CONNECT a.test:443 HTTP/1.1\n",
        "GET ftp://a.test/ HTTP/1.1\n",
        "GET / HTTP/1.1\nHost: a b\n",
        "GET / HTTP/1.1\nHost: a.test:x\nX-Key s3cret\n",
    ]);
    all.push(of(
        "GET http://a.test/ HTTP/1.1\n".to_owned() + &"A: b\n".repeat(10_001)
    ));
    all.push(of("GET / HTTP/1.1\nHost: a.test\n").with(&["--item", "2"]));
    all
}

fn fetch() -> Vec<Example> {
    let mut all = each(&[
        "hello\n",
        "fetch(url)\n",
        "fetch(\"http://a.test\", {headers: {a: token}})\n",
        "fetch(\"ftp://a.test\")\n",
        "fetch(\"/users\")\n",
        "fetch(1)\n",
        "fetch(\"http://a.test\", 1)\n",
        "\u{feff}fetch(url)\n",
        "fetch(\"http://a.test\" {})\n",
        "fetch(\"http://a.test\", {\n  method: \"A B\"\n})\n",
        "fetch(\"http://a.test\", {\n  body: 1, method: \"POST\"\n})\n",
        "fetch(\"http://a.test\", {\n  body: \"s3cret\"\n})\n",
        "fetch(\"http://a.test\", {\n  headers: {\"A B\": \"s3cret\"}\n})\n",
        "fetch(\"http://a.test\", {\n  headers: {a: \"s3\\ncret\"}\n})\n",
        "fetch(\"http://a.test\", {\n  headers: {a: []}\n})\n",
        "fetch(\"http://a.test\", {\n  headers: [\"a\"]\n})\n",
        "fetch(\"http://a.test\", {\n  headers: 1\n})\n",
        "fetch(\"http://a.test\", {headers: {a \"s3cret\"}})\n",
        "fetch(\"http://a.test\", {headers: {a: \"s3cret\" b: 1}})\n",
        "fetch(\"http://a.test\", {headers: [1 2]})\n",
        "fetch(\"http://a.test\", {:})\n",
        "fetch(\"http://a.test\", {a: 1x})\n",
        "fetch(\"http://a.test\", {a: \"s3cret\n\"})\n",
        "fetch(\"http://a.test\", {a: \"s3cret",
        "fetch(\"http://a.test\", {a: `s3cret${x}`})\n",
        "fetch(\"http://a.test\", {a: \"\\xzz\"})\n",
        "fetch(\"http://a.test\", {a:",
        "fetch(\"http://a.test\", {method: \"POST\", body: JSON.stringify({}, null, 2)})\n",
        "fetch(\"http://a.test/1\");\n\tfetch(caf\u{e9});\r\nfetch(\"\u{1f600}\", x);\nfetch(\"http://a.test/2\");\n",
    ]);
    all.push(of(
        "fetch(\"http://a.test\", {a: ".to_owned() + &"[".repeat(100)
    ));
    all.push(of(
        "fetch(\"http://a.test\", {\n  headers: {\"A B\": 1},\n  method: \"A B\",\n  body: 1})\n",
    ));
    all.push(of("fetch(\"http://a.test\")\n".repeat(10_001)));
    all.push(of(
        "fetch(\"http://a.test\")\n".to_owned() + &" ".repeat(16 << 20)
    ));
    all.push(of("fetch(\"http://a.test\")\n").with(&["--item", "2"]));
    all
}

fn powershell() -> Vec<Example> {
    let mut all = each(&[
        "hello\n",
        "Invoke-WebRequest\n",
        "Invoke-WebRequest -Uri ftp://a.test\n",
        "irm http://a.test -Methd POST -Body s3cret\nirm http://a.test/2\n",
        "Invoke-WebRequest -Uri $base/users\n",
        "Invoke-WebRequest -Uri http://a.test -Method 'A B'\n",
        "Invoke-WebRequest -Uri http://a.test -Headers 's3cret'\n",
        "Invoke-WebRequest -Uri http://a.test -Headers @{ 'A B' = 's3cret' }\n",
        "Invoke-WebRequest -Uri http://a.test -Headers @{ A = \"s3`ncret\" }\n",
        "Invoke-WebRequest -Uri http://a.test -Method POST -Body (New-Object X)\n",
        "Invoke-WebRequest -Uri http://a.test -InFile absent.json\n",
        "Invoke-WebRequest @p\n",
        "Invoke-WebRequest -Uri http://a.test -Head (Get-Secret s3cret)\n",
        "Invoke-WebRequest -Uri http://a.test -Headers @{ A 's3cret' }\n",
        "Invoke-WebRequest -Uri http://a.test -Headers @{ A = 's3cret' B = 1 }\n",
        "Invoke-WebRequest -Uri http://a.test -Body 's3cret\n",
        "Invoke-WebRequest -Uri http://a.test -Body @'\ns3cret\n",
        "\u{feff}irm ftp://a.test -Headers @{ 'A B' = 's3cret'; 'C' = \"s3`ncret\" } -InFile absent.json -Method 'A B'\n",
        "Invoke-WebRequest -Uri http://a.test -Body ([Text\n",
        "Invoke-WebRequest -Uri http://a.test\r\n\tInvoke-RestMethod -Uri 'caf\u{e9}' -Body $(x)\r\niwr ftp://b.test\r\nirm -Uri http://a.test/2\r\n",
    ]);
    all.push(of("irm http://a.test -Body ".to_owned() + &"(".repeat(50)));
    let growing = "$a = \"xxxxxxxxxxxxxxxx\"\n".to_owned()
        + &"$a = \"$a$a\"\n".repeat(40)
        + "irm http://a.test/$a\n";
    all.push(of(growing));
    all.push(large("irm http://a.test\n"));
    all.push(of("irm http://a.test\n").with(&["--item", "2"]));
    all
}

fn httpie() -> Vec<Example> {
    let mut all = each(&[
        "hello\n",
        "http\n",
        "http --wibble a.test\n",
        "http -Z a.test\n",
        "http a.test --auth\n",
        "http --version\n",
        "http a.test s3cret\n",
        "http a.test 'a;s3cret'\n",
        "http --form a.test 'a:={\"b\":\"s3cret\"}'\n",
        "http a.test 'a:=s3cret'\n",
        "http a.test a@absent.txt\n",
        "http --form a.test a@absent.txt\n",
        "http a.test :=1 ':s3cret'\n",
        "http a.test $'a:s3\\ncret'\n",
        "http --raw s3cret a.test a=b\n",
        "http --compress --chunked a.test a=b\n",
        "echo s3cret | http --raw s3cret a.test\n",
        "http ftp://a.test\n",
        "http http://.a.test\n",
        "http a.test:99999\n",
        "http --auth-type bearer a.test\n",
        "\u{feff}http --wibble a.test\n",
        "http a.test 'a[b]=1' 'a[]=2'\n",
        "http a.test 'a[=1'\n",
        "http a.test 'a[99999999999]=1'\n",
        "http a.test 'a:=\"\\ud800\"'\n",
        "http 'a.test/s3cret\n",
        "http GET a.test/1\n\thttp --caf\u{e9} a.test\r\nhttp a.test s3cret --wibble\nhttp a.test/2\n",
    ]);
    all.push(of("http a.test ".to_owned() + &"a=b ".repeat(2001)));
    all.push(of("http a.test 'a:=".to_owned() + &"[".repeat(300) + "'\n"));
    all.push(large("http a.test\n"));
    all.push(of("http a.test\n").with(&["--item", "2"]));
    all
}

fn hurl() -> Vec<Example> {
    let mut all = each(&[
        "# nothing\n",
        "hello\n",
        "GET http://a.test\nAccept */*\nX-Key s3cret\n",
        "GET http://a.test\n[Querry]\na: b\n",
        "GET http://a.test\n[Asserts]\n",
        "POST http://a.test\n{\"a\": \"s3cret\n",
        "POST http://a.test\n```\ns3cret\n",
        "POST http://a.test\n`s3cret\n",
        "POST http://a.test\n<a>s3cret\n",
        "POST http://a.test\nbase64,s3cret\n",
        "POST http://a.test\nbase64,s3cret!;\nhello\n",
        "POST http://a.test\nhex,s3cret;\n",
        "POST http://a.test\nfile,absent.bin;\n",
        "GET http://a.test\n[Options]\nvariable: s3cret\n",
        "GET ftp://a.test\n\nGET http://a b/\n",
        "GET http://a.test\n: s3cret\n",
        "GET http://a.test/1\nHTTP 200\n[Query]\n\nGET http://a b/\n\nGET http://a.test/2\n",
        "GET http://a.test/1\n\nPOST http://a.test/2\n```\ns3cret\n\nGET http://a.test/3\n\nPOST http://a.test/4\n{\"a\":\n\nGET http://a.test/5\n",
        "GET http://a.test\nHTTP 200\n```\ns3cret\n",
        "GET http://a.test/1\n\nGET http://a.test/bad\r\n\tCaf\u{e9} s3cret\r\n\nPOST http://a.test/bad\n{\"a\": s3cret\n\nGET http://a.test/2\n",
    ]);
    all.push(of(b"GET http://a.test/\xff\n".as_slice()));
    let growing: Vec<String> = (0..40)
        .map(|n| format!("variable: v{}={{{{v{n}}}}}{{{{v{n}}}}}\n", n + 1))
        .collect();
    all.push(of(
        "GET http://a.test/{{v40}}\n[Options]\nvariable: v0=xxxxxxxx\n".to_owned()
            + &growing.concat(),
    ));
    all.push(large("GET http://a.test\n"));
    all.push(of("GET http://a.test\n").with(&["--item", "2"]));
    all.push(of("GET http://a.test\n").with(&["--environment", "dev"]));
    all
}

fn bruno() -> Vec<Example> {
    let mut all = each(&[
        "hello\n",
        "meta {\n  name: A\n}\n",
        "get {\n  url: http://a.test\n",
        "get {\n  url: ftp://a.test\n}\n",
        "get {\n}\n",
        "get {\n  url: http://a.test\n}\n\nheaders {\n  A B: s3cret\n}\n",
        "get {\n  url: http://a.test\n}\n\nheaders\n  A: s3cret\n}\n\nbody:json {\n",
        "\u{feff}get {\r\n  url: ftp://a.test\r\n}\r\n\tcaf\u{e9} s3cret\r\n",
    ]);
    all.push(of(b"get {\n  url: http://a.test/\xff\n}\n".as_slice()));
    let growing: Vec<String> = (0..40)
        .map(|n| format!("  v{n}: {{{{v{0}}}}}{{{{v{0}}}}}\n", n + 1))
        .collect();
    let growing = format!(
        "vars:pre-request {{\n{}  v19: {}\n}}\n",
        growing.concat(),
        "x".repeat(1000)
    );
    all.push(of(
        "get {\n  url: http://a.test/{{v0}}\n}\n\n".to_owned() + &growing
    ));
    let get = "get {\n  url: http://a.test\n}\n";
    for environment in ["vars {\n  a: s3cret\n", "meta {\n}\n", "s3cret\n"] {
        let example = of(get).with(&["--environment", "dev.bru"]);
        all.push(example.beside("dev.bru", environment));
    }
    all.push(of(get).with(&["--environment", "dev"]));
    all.push(large(get));
    all.push(of(get).with(&["--item", "2"]));
    all.extend(bruno_collections());
    all
}

fn bruno_collections() -> Vec<Example> {
    let deep = "{\"type\": \"folder\", \"name\": \"F\", \"items\": [".repeat(100);
    let deep = format!("{{\"version\": \"1\", \"items\": [{deep}");
    let mut all = each(&[
        "{\"version\": \"1\"}\n",
        "{\"version\": \"1\", \"items\": [5, {\"name\": \"A\"}, {\"type\": \"http-request\", \"name\": \"B\", \"request\": {\"url\": \"ftp://a.test\"}}]}\n",
        &(deep + &"]}".repeat(101) + "\n"),
        "opencollection: 1.0.0\nitems: [s3cret\n",
        "opencollection: 1.0.0\n",
        "opencollection: 1.0.0\nitems: 5\n",
        "opencollection: 1.0.0\nitems:\n- s3cret\n- {info: {name: A}, http: {method: GET, url: 'ftp://a.test'}}\n- {info: {name: B, type: http}}\n",
    ]);
    let good = "opencollection: 1.0.0\nitems:\n- {info: {name: A}, http: {method: GET, url: http://a.test}}\n";
    all.push(of(good).with(&["--environment", "dev"]));
    let dev = of(good).with(&["--environment", "dev.yml"]);
    all.push(dev.beside("dev.yml", "name: x\n"));
    all
}

fn insomnia_with(resources: &str) -> String {
    format!("{{\n  \"resources\": [\n{resources}\n  ]\n}}\n")
}

fn insomnia() -> Vec<Example> {
    let good = "    {\"_type\": \"request\", \"_id\": \"1\", \"name\": \"Good\", \"url\": \"http://a.test\"}";
    let mut all = each(&[
        "hello\n",
        "{}\n",
        "[]\n",
        "{\"resources\": {}}\n",
        "type: mock.insomnia.rest/5.0\n",
        "type: collection.insomnia.rest/5.0\ncollection: [s3cret\n",
        "type: collection.insomnia.rest/5.0\ncollection: {}\n",
        "type: collection.insomnia.rest/5.0\ncollection:\n- {name: A, method: get, url: a.test}\n- s3cret\n- {name: B, url: [a.test]}\n- {name: C, method: get, url: 'ftp://a.test'}\n",
    ]);
    for resources in [
        "    {\"_type\": \"request\", \"_id\": \"2\", \"name\": \"No URL\"}",
        "    {\"_type\": \"request\", \"_id\": \"2\", \"name\": \"FTP\", \"url\": \"ftp://a.test\"}",
        "    {\"_type\": \"request\", \"_id\": \"2\", \"name\": \"Header\", \"url\": \"a.test\", \"headers\": [{\"name\": \"A\", \"value\": \"s3\\ncret\"}]}",
        "    {\"_type\": \"request\", \"_id\": \"2\", \"name\": \"File\", \"method\": \"POST\", \"url\": \"a.test\", \"body\": {\"mimeType\": \"application/octet-stream\", \"fileName\": \"absent.bin\"}}",
        "    {\"_type\": \"request\", \"_id\": \"2\", \"name\": \"\\ud800\", \"url\": \"a.test\"}",
    ] {
        all.push(of(insomnia_with(resources)));
        all.push(of(insomnia_with(&format!("{good},\n{resources},\n{good}"))));
    }
    let doubling: Vec<String> = (0..15)
        .map(|n| format!("\"v{n}\": \"{{{{ _.v{0} }}}}{{{{ _.v{0} }}}}\"", n + 1))
        .collect();
    let data = doubling.join(", ") + ", \"v15\": \"" + &"x".repeat(1000) + "\"";
    let growing = format!(
        "    {{\"_type\": \"environment\", \"_id\": \"3\", \"parentId\": \"w\", \"data\": {{{data}}}}},\n    {{\"_type\": \"workspace\", \"_id\": \"w\"}},\n    {{\"_type\": \"request\", \"parentId\": \"w\", \"_id\": \"4\", \"name\": \"Growing\", \"url\": \"a.test/{{{{ _.v0 }}}}\"}}"
    );
    all.push(of(insomnia_with(&growing)));
    all.push(of(insomnia_with(good)).with(&["--item", "2"]));
    all.push(of(insomnia_with(&format!("{good},\n{good}"))).with(&["--item", "Good"]));
    all.push(of(insomnia_with(good)).with(&["--environment", "dev"]));
    all.push(
        of(insomnia_with(good))
            .with(&["--environment", "dev.json"])
            .beside("dev.json", "{}"),
    );
    all
}
