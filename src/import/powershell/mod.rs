//! Imports `Invoke-WebRequest` and `Invoke-RestMethod` commands, as the DevTools of browsers and
//! Postman copy them.
//!
//! `value` reads strings, tables and variables, `script` the statements, `build` makes the request.
//! Nothing is ever run: what a command would give is not known.

mod build;
mod script;
mod value;

use self::script::Script;
use super::{ErrorKind, ImportError, Imported, Options, Source, Surroundings};

/// The largest script that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The most requests of one script.
const MAX_REQUESTS: usize = 10_000;

/// The most problems that are reported of one script.
const MAX_PROBLEMS: usize = 1000;

/// The requests that the commands of a script would send. A command that cannot be known yields a
/// problem; the others are imported all the same.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    let mut imported = Imported::default();
    let start = source.start();
    if let Err(problem) = source.check_size(MAX_SOURCE_BYTES) {
        return problem.into();
    }
    // Only variables of the environment come from the system.
    let lookup = |name: &str| match name.split_once(':') {
        Some((_, name)) => (surroundings.variable)(name),
        None => options.variable(name).map(str::to_owned),
    };
    let mut script = Script::new(source, &lookup);
    while let Some(command) = script.next_command() {
        let is_full = imported.requests.len() >= MAX_REQUESTS
            || imported.problems.len() >= MAX_PROBLEMS
            || script.is_spent();
        if is_full {
            let kind = ErrorKind::TooMuch;
            imported.problems.push(ImportError::new(script.at(), kind));
            break;
        }
        let command = command.map_err(|problem| vec![problem]);
        match command.and_then(|command| build::request(&command, surroundings)) {
            Ok(request) => imported.requests.push(request),
            Err(mut problems) => imported.problems.append(&mut problems),
        }
    }
    if imported.requests.is_empty() && imported.problems.is_empty() {
        let reason = "there is no Invoke-WebRequest or Invoke-RestMethod command in this text";
        let problem = ImportError::new(start, ErrorKind::Shape(reason));
        imported.problems.push(problem);
    }
    imported
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cost::CpuTime;
    use crate::import::FileError;
    use crate::model::Timestamp;

    fn imported(text: &[u8]) -> Imported {
        let mut options = Options::default();
        options
            .variables
            .push(("base".to_owned(), "https://a.test".to_owned()));
        let surroundings = Surroundings {
            variable: &|name| (name == "TOKEN").then(|| "t0ken".to_owned()),
            file: &|path| match path.to_str() {
                Some("body.json") => Ok(b"{}".to_vec()),
                _ => Err(FileError::Missing),
            },
            now: Timestamp::from_secs(0),
        };
        import(&Source::new("x.ps1", text), &options, &surroundings)
    }

    fn sent(text: &str) -> String {
        let imported = imported(text.as_bytes());
        assert_eq!(imported.problems, [], "{text}");
        let request = &imported.requests[0].request;
        let lines = request.fields.lines().iter().map(|line| {
            let value = String::from_utf8_lossy(line.value()).into_owned();
            format!("{}: {value}\n", line.name_text())
        });
        let target = String::from_utf8_lossy(&request.target);
        let content = String::from_utf8_lossy(&request.content.bytes);
        let lines: String = lines.collect();
        format!("{} {target}\n{lines}\n{content}", request.method)
    }

    #[test]
    fn parameters_may_be_shortened_splatted_or_positional() {
        let expected = "POST /x\nHost: a.test\nX-A: 1\nContent-Type: text/plain\n\
                        Content-Length: 1\n\nb";
        for text in [
            "irm https://a.test/x -Me post -Head @{'X-A'='1'} -Body b -ContentT text/plain",
            "$p = @{\n  Uri = 'https://a.test/x'\n  Method = 'Post'; Body = \"b\"\n\
             ContentType = 'text/plain'\n}\n$h = @{ 'X-A' = 1 }\nInvoke-RestMethod @p -Headers $h",
            "$h = New-Object \"System.Collections.Generic.Dictionary[[String],[String]]\"\n\
             $h.Add('X-A', \"1\")\n$r = Invoke-WebRequest \"$base/x\" -Method:POST `\n  -Headers $h `\n\
             -Body 'b' -ContentType 'text/plain' | Select-Object Content",
        ] {
            assert_eq!(sent(text), expected, "{text}");
        }
    }

    #[test]
    fn a_table_is_a_form_or_a_query() {
        assert!(
            sent("iwr https://a.test/x -Body @{a='1 2';b='ä'}")
                .starts_with("GET /x?a=1%202&b=%C3%A4\n")
        );
        let form = sent("iwr https://a.test/x -Method POST -Body @{a='1 2'}");
        assert!(
            form.contains("Content-Type: application/x-www-form-urlencoded\n"),
            "{form}"
        );
        assert!(form.ends_with("\n\na=1+2"), "{form}");
        let unknown = sent("iwr https://a.test/x -Method POST -Body @{a=\"&$env:A $b\"}");
        assert!(unknown.ends_with("\n\na=%26$env:A+$b"), "{unknown}");
    }

    #[test]
    fn cookies_of_the_session_go_to_their_hosts() {
        let text = "$s = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n\
                    $s.UserAgent = 'agent'\n\
                    $s.Cookies.Add((New-Object System.Net.Cookie('a', '1', '/', '.a.test')))\n\
                    $s.Cookies.Add((New-Object System.Net.Cookie('b', '2', '/y', 'a.test')))\n\
                    $s.Cookies.Add((New-Object System.Net.Cookie('c', '3', '/', 'b.test')))\n\
                    Invoke-WebRequest -Uri https://a.test/x -WebSession $s";
        assert_eq!(
            sent(text),
            "GET /x\nHost: a.test\nUser-Agent: agent\nCookie: a=1\n\n"
        );
    }

    #[test]
    fn variables_of_the_environment_are_replaced_or_named() {
        let text = "iwr https://a.test -Headers @{A=\"$env:TOKEN\"; B=\"Bearer $env:OTHER\"}";
        let imported = imported(text.as_bytes());
        let request = &imported.requests[0];
        assert_eq!(request.request.fields.first_text("A"), Some("t0ken"));
        assert_eq!(request.unresolved, ["$env:OTHER"]);
    }

    #[test]
    fn a_command_that_cannot_be_known_leaves_the_others() {
        let text = "iwr https://a.test -Headers (Get-Headers -x)\niwr ftp://a.test\n\
                    iwr $unknown/x\niwr -Method GET\niwr https://a.test -InFile absent\n\
                    iwr https://b.test -Method POST -InFile body.json";
        let source = Source::new("x", text.as_bytes());
        let imported = imported(text.as_bytes());
        let places: Vec<_> = imported
            .problems
            .iter()
            .map(|problem| problem.position(&source).to_string())
            .collect();
        assert_eq!(places, ["1:42", "2:5", "3:5", "4:1", "5:28"]);
        assert_eq!(imported.requests[0].request.content.bytes, b"{}");
    }

    #[test]
    fn strings_without_an_end_cost_no_quadratic_time() {
        let start = CpuTime::now();
        for part in ["`\"\n", "$a=@\"\n", "$a=New-Object X\n$a.b=(\"$a\n"] {
            let text = format!("\"{}", part.repeat(100_000));
            imported(text.as_bytes());
        }
        assert!(start.elapsed().as_secs() < 30);
    }

    proptest! {
        #[test]
        fn any_text_has_spans_inside_it(text in "(\\$s|=|iwr |https://a.test|@\\{|@\"\n|\\(|-Body |`|[ -~\n\u{e4}]){0,40}") {
            let imported = imported(text.as_bytes());
            let spans = imported.problems.iter().map(|problem| problem.span);
            for span in spans.chain(imported.requests.iter().map(|request| request.span)) {
                prop_assert!(span.start <= span.end && span.end <= text.len());
            }
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            imported(&bytes);
        }
    }
}
