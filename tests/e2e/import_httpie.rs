//! The importer of HTTPie against HTTPie: a script runs in a shell, and what arrives is what was imported from the
//! same script, byte for byte.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use libtest_mimic::Trial;
use why401::import::{FileError, Imported, Source, Surroundings, files, httpie};
use why401::model::{Request, Timestamp};

use crate::common::clients::{bare, folder, runs};
use crate::common::origin::{Origin, Received, Reply, Transport};

/// The tests of this file, ignored by the name of the program that is missing.
pub fn tests() -> Vec<Trial> {
    let program = folder().join("venv/bin/http");
    let is_there = program
        .to_str()
        .is_some_and(|path| runs(path, &["--version"]));
    let kind = if is_there { "" } else { "needs httpie" };
    let trial = Trial::test("import_httpie::what_is_imported_is_what_arrives", || {
        what_is_imported_is_what_arrives();
        Ok(())
    });
    vec![trial.with_kind(kind).with_ignored_flag(!is_there)]
}

fn what_is_imported_is_what_arrives() {
    let origin = Origin::answering(Transport::Plain, |_| Reply::ok());
    let home = tempfile::tempdir().unwrap();
    for (name, content) in FILES {
        fs::write(home.path().join(name), content).unwrap();
    }
    let script = COMMANDS.replace("PORT", &origin.port().to_string());
    fs::write(home.path().join("script.sh"), &script).unwrap();
    run(home.path());
    let imported = import(&script, home.path());
    assert_eq!(imported.problems, []);
    let sent = origin.requests();
    assert_eq!(sent.len(), imported.requests.len());
    let lines = script.lines().filter(|line| !line.is_empty());
    let mut wrong = Vec::new();
    for ((line, sent), imported) in lines.zip(&sent).zip(&imported.requests) {
        let (arrived, expected) = (shown(sent), as_sent(&imported.request));
        if arrived != expected {
            wrong.push(format!(
                "{line}\nHTTPie sends\n{arrived}\nand we say\n{expected}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn run(home: &Path) {
    let programs = folder().join("venv/bin");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = bare("sh")
        .arg("script.sh")
        .current_dir(home)
        .env("PATH", path)
        .env("HOME", home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
}

fn import(script: &str, home: &Path) -> Imported {
    let file = |path: &Path| -> Result<Vec<u8>, FileError> { files::read(&home.join(path)) };
    let variable = |name: &str| (name == "HOME").then(|| home.to_str().unwrap().to_owned());
    let surroundings = Surroundings {
        variable: &variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    let source = Source::new("script.sh", script.as_bytes());
    httpie::import(&source, &surroundings)
}

fn shown(received: &Received) -> String {
    let content = if received.field("Transfer-Encoding").is_some() {
        let body = String::from_utf8_lossy(&received.body);
        // One chunk, and the last one.
        body.split("\r\n").nth(1).unwrap_or_default().to_owned()
    } else {
        String::from_utf8_lossy(&received.body).into_owned()
    };
    format!("{}{content}", String::from_utf8_lossy(&received.head))
}

fn as_sent(request: &Request) -> String {
    let target = String::from_utf8_lossy(&request.target);
    let mut head = format!("{} {target} HTTP/1.1\r\n", request.method);
    for line in request.fields.lines() {
        let value = String::from_utf8_lossy(line.raw_value());
        head.extend([&line.name_text(), ":", &value, "\r\n"]);
    }
    format!(
        "{head}\r\n{}",
        String::from_utf8_lossy(&request.content.bytes)
    )
}

const FILES: &[(&str, &str)] = &[
    ("f.txt", "hello"),
    ("empty.json", ""),
    (
        "j.json",
        "{\"a\": 1.50, \"b\":[1,2,{\"a\":1,\"a\":2}], \"é\": \"\\u00e9\\ud83d\\ude00\"}",
    ),
    ("token", "tok\n"),
];

/// One request each. `-I`: a script has no terminal, and HTTPie would wait for its input.
const COMMANDS: &str = r#"
http -I :PORT/x
http -I :PORT/x a=b
http -I PUT ":PORT/x?a=1" q==v "X-A: 1" x-b:2 X-A:3 n:=1 l:='[1, 2,{"a":1e5}]' "é=ü😀"
http -I :PORT/x Accept: Host:foo User-Agent: Connection: Accept-Encoding: Content-Type:
http -I :PORT/x Host:
http -I POST :PORT/x 'Accept;' 'X-Empty;'
http -I POST :PORT/x
http -I OPTIONS :PORT/x
http -I delete :PORT/x
http -I PATCH :PORT/x Content-Length:0
http -I -f :PORT/x a=1 b="x y" a=2 é=ü 'c=~_.-*!'
http -I -f POST :PORT/x
http -I -f GET :PORT/x a=1
http -I -f :PORT/x n:=1.0 t:=true 's:="x"' i:=7
http -I -f :PORT/x Content-Type:a/b a=1
http -I --multipart --boundary=B :PORT/x a=1 f@f.txt 'g@f.txt;type=a/b' j@j.json h=@f.txt 'é"=ü' a=2
http -I -f --boundary=B :PORT/x a@f.txt b=1 a@token n:=3
http -I --boundary=B --multipart :PORT/x Content-Type:multipart/mixed a=1
http -I --boundary=B --multipart :PORT/x 'Content-Type:a/b; boundary=B' a=1
http -I --raw 'hi' :PORT/x
http -I --raw 'hi' :PORT/x Content-Type:text/plain
http -I --raw= POST :PORT/x
http -I -f --raw 'a=1' :PORT/x
http -I -j :PORT/x
http -I -j POST :PORT/x X:1
http -I :PORT/x @j.json
http -I :PORT/x @f.txt X:1
http -I :PORT/x @empty.json
http -I :PORT/x @token Content-Type:a/b
http -I -a u:p :PORT/x
http -I -a uü:p:q :PORT/x
http -I -a 'u\:v:p' :PORT/x
http -I -a tok -A bearer :PORT/x a=1
http -I -a u:p -A digest :PORT/x
http -I http://u:p%40q@localhost:PORT/x
http -I http://u@localhost:PORT/x
http -I :PORT/x Cookie:a=1 Cookie:b=2 Authorization:x -a u:p
http -I :PORT/x 'Authorization:Basic dTpw' X:1 -a u:p
http -I --chunked :PORT/x a=1
http -I --chunked :PORT/x a=1 X:1 -a u:p
http -I :PORT/x a[b][]=1 a[b][]=2 a[c][2]:=true 'x\[y\]=3' 'z[\1]=4' 7=8
http -I :PORT/x []=1 []=2
http -I :PORT/x '[]:=1' '[][a]=2' '[1][b]=3'
http -I :PORT/x 'a:={"x":1}' a[y]=2 b:=[1] b[]=2 b[3]=x
http -I :PORT/x =x
http -I :PORT/x a:=1 b=2 a=3
http -I :PORT/x a:=@j.json T=@token H:@token q==@token
http -I :PORT/x 'a\=b=c' 'd\\=e' 'h\:i=j\:k' 'l=m\n'
http -I :PORT/x n:=1.0 m:=1e3 k:=-0 z:=1E400 w:=12345678901234567890 f:=0.1e-7 g:=NaN h:=1e16 i:=1e15 j:=123456.789e3
http -I :PORT/x 'o:={}' 'l:=[]' 's:="x/y<é\u007f\u2028\t"' 'n:=null' 'd:=[{"a":{}},[[]]]'
http -I ':PORT/a/../b/%7e/%2f/é x/{y}|z?q=a b&c={d}&%zz' 'p ==x y/é' '=='
http -I ':PORT/x%2'
http -I ':PORT/x?a=%7e%41%2f%'
http -I ':PORT/x?a=%7e%41%2f' 'b==~*/'
http -I ':PORT/./a//b/..;c=d/./'
http -I ':PORT/..'
http -I --path-as-is ':PORT/a/../b/%7e é?x=y#z'
http -I :PORT/x a==1 b==2 a==3
http -I ://localhost:PORT/x
http -I LocalHost:PORT
http -I :PORT#frag
http -I ':PORT/x?'
http -I ':PORT?x'
http -I ':PORT/x?a=1#f' b==2
http -I HEAD :PORT/x
http -I GET :PORT/x a=1
http -I :PORT/x Content-Length:7 a=1
http -I :PORT/x Host:h.test a=1 X:1
http -I :PORT/x X-Y:é 'X-Z:  sp  '
http -I :PORT/x content-type:application/x+json a=1 X-Z:1 accept:b connection:close
http -I --print=Hb -v :PORT/x Accept:text/plain a=1 Accept-Encoding:br
http -I -d -q -o out :PORT/x X:1
http -I --auth-type=bearer --auth t --no-auth-type -a u:p :PORT/x
http -I :PORT/x 'X-Tab:a	b' 'a=line
break'
printf '%s' '{"from": "a pipe"}' | http :PORT/x
http PUT :PORT/x X:1 < f.txt
http --form POST :PORT/x < f.txt
"#;
