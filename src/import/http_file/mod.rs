//! Imports requests from `.http` and `.rest` files, as VS Code's REST Client and the HTTP client of
//! JetBrains read them.
//!
//! The stages, in order: `block` takes the file apart, `values` finds what the variables stand for,
//! `body` makes the content, `build` the request. Scripts are never run: what only they set stays
//! unresolved.

mod block;
mod body;
mod build;
mod environment;
mod values;

use self::block::Block;
use self::values::Values;
use super::select::select;
use super::{
    ErrorKind, ImportError, Imported, ImportedRequest, Options, Source, Span, Surroundings, curl,
};

/// The largest file that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The most requests of one file.
const MAX_REQUESTS: usize = 10_000;

/// The most problems that are reported of one file.
const MAX_PROBLEMS: usize = 1000;

/// The most content that the requests of one import hold together.
const MAX_CONTENT_BYTES: usize = 64 * 1024 * 1024;

/// The requests of a file. One that could not be sent yields a problem; the others are imported all
/// the same.
pub fn import(source: &Source<'_>, options: &Options, surroundings: &Surroundings<'_>) -> Imported {
    let imported = read(source, options, surroundings).unwrap_or_else(Imported::from);
    select(imported, options.item.as_deref(), source)
}

fn read(
    source: &Source<'_>,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Result<Imported, ImportError> {
    let text = source.text(MAX_SOURCE_BYTES)?;
    let blocks = block::blocks(text, source.span().start);
    if blocks.is_empty() {
        let kind = ErrorKind::Shape("there is no request in this file");
        return Err(ImportError::new(source.start(), kind));
    }
    let mut values = Values::new(text, options, source, surroundings)?;
    let mut imported = Imported::default();
    let mut content_bytes = 0;
    for block in blocks {
        let start = Span::new(block.span.start, block.span.start);
        let is_full = imported.requests.len() >= MAX_REQUESTS
            || imported.problems.len() >= MAX_PROBLEMS
            || content_bytes > MAX_CONTENT_BYTES
            || values.is_spent();
        if is_full {
            let problem = ImportError::new(start, ErrorKind::TooMuch);
            imported.problems.push(problem);
            break;
        }
        let more = one(&block, &mut values, source, surroundings);
        let requests = more.requests.iter();
        content_bytes += requests
            .map(|request| request.request.content.bytes.len())
            .sum::<usize>();
        imported.requests.extend(more.requests);
        imported.problems.extend(more.problems);
    }
    imported.problems.sort_by_key(|problem| problem.span);
    Ok(imported)
}

fn one(
    block: &Block<'_>,
    values: &mut Values,
    source: &Source<'_>,
    surroundings: &Surroundings<'_>,
) -> Imported {
    // REST Client runs curl commands, too.
    if block.first_word() == "curl" {
        return curl::import(&source.part(block.span), surroundings);
    }
    let mut imported = Imported::default();
    let built: Result<ImportedRequest, ImportError> = block.written().and_then(|mut written| {
        imported.problems.append(&mut written.problems);
        build::request(block, &written, values, surroundings)
    });
    match built {
        Ok(_) if !imported.problems.is_empty() => {}
        Ok(request) => imported.requests.push(request),
        Err(problem) => imported.problems.push(problem),
    }
    imported
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::FileError;
    use crate::model::Timestamp;

    fn imported(text: &[u8], options: &Options) -> Imported {
        let surroundings = Surroundings {
            variable: &|name| (name == "HOME_KEY").then(|| "from-the-system".to_owned()),
            file: &|path| match path.to_str() {
                Some("./body.json") => Ok(b"{\"a\": \"{{host}}\"}".to_vec()),
                _ => Err(FileError::Missing),
            },
            now: Timestamp::from_secs(0),
        };
        import(&Source::new("x.http", text), options, &surroundings)
    }

    fn only(text: &str) -> ImportedRequest {
        let mut imported = imported(text.as_bytes(), &Options::default());
        assert_eq!(imported.problems, [], "{text}");
        assert_eq!(imported.requests.len(), 1, "{text}");
        imported.requests.remove(0)
    }

    fn field(text: &str, name: &str) -> String {
        let request = only(text).request;
        String::from_utf8(request.fields.first(name).unwrap_or_default().to_vec()).unwrap()
    }

    #[test]
    fn the_request_line_needs_only_a_url() {
        for (line, method, url) in [
            ("https://a.test/x", "GET", "https://a.test/x"),
            ("a.test", "GET", "http://a.test/"),
            ("post http://a.test/x HTTP/1.1", "POST", "http://a.test/x"),
            (
                "GET /x?y=1\nHost: a.test:8443",
                "GET",
                "https://a.test:8443/x?y=1",
            ),
            (
                "GET https://a.test/x\n  ?a=1\n  &b=2",
                "GET",
                "https://a.test/x?a=1&b=2",
            ),
            ("QUERY https://a.test/x", "QUERY", "https://a.test/x"),
        ] {
            let request = only(line).request;
            let path = String::from_utf8(request.url.path_and_query()).unwrap();
            assert_eq!(request.method, method, "{line}");
            assert_eq!(format!("{}{path}", request.url.origin), url, "{line}");
        }
    }

    #[test]
    fn basic_credentials_are_encoded_and_digest_is_marked() {
        let sent = |value: &str| {
            let text = format!("GET http://a.test\nAuthorization: {value}");
            field(&text, "Authorization")
        };
        for value in ["Basic user pass", "Basic user:pass"] {
            assert_eq!(sent(value), "Basic dXNlcjpwYXNz");
        }
        assert_eq!(sent("Basic dXNlcjpwYXNz"), "Basic dXNlcjpwYXNz");
        assert_eq!(sent("Digest user pass"), "Digest computed_when_sent");
        assert_eq!(sent("Bearer a b"), "Bearer a b");
        assert_eq!(sent("Basic {{user}} {{pass}}"), "Basic {{user}}:{{pass}}");
    }

    #[test]
    fn variables_come_from_the_command_line_the_environment_the_file_and_the_system() {
        let mut options = Options::default();
        options.variables.push(("a".into(), "1".into()));
        let text = "@a = 2\n@b = {{a}}/3\n\nGET http://h/{{a}}/{{ b }}/{{$processEnv HOME_KEY}}/\
                    {{$env.HOME_KEY}}/{{$guid}}/{{login.response.body.$.token}}";
        let imported = imported(text.as_bytes(), &options);
        let request = &imported.requests[0];
        assert_eq!(
            String::from_utf8_lossy(&request.request.target),
            "/1/1/3/from-the-system/from-the-system/{{$guid}}/{{login.response.body.$.token}}"
        );
        assert_eq!(
            request.unresolved,
            ["{{$guid}}", "{{login.response.body.$.token}}"]
        );
        let told = request.warnings.join("\n");
        assert!(told.contains("response of another request"), "{told}");
    }

    #[test]
    fn a_form_may_stand_on_several_lines() {
        let text = "POST http://a.test\nContent-Type: application/x-www-form-urlencoded\n\n\
                    a=1\n&b=x y\n&c=%20\n\n";
        assert_eq!(only(text).request.content.bytes, b"a=1&b=x%20y&c=%20");
        let text = "POST http://a.test\nContent-Type: application/x-www-form-urlencoded\n\n\
                    a=100%&b={|}&c=%41%zz#$";
        assert_eq!(
            only(text).request.content.bytes,
            b"a=100%25&b=%7B%7C%7D&c=%41%25zz#$"
        );
    }

    #[test]
    fn a_body_may_be_a_file() {
        let body = |line: &str| only(&format!("@host=h\nPOST http://a.test\n\n{line}\n"));
        assert_eq!(
            body("< ./body.json").request.content.bytes,
            b"{\"a\": \"{{host}}\"}"
        );
        assert_eq!(
            body("<@ ./body.json").request.content.bytes,
            b"{\"a\": \"h\"}"
        );
        let missing = imported(b"POST http://a.test\n\n< ./absent", &Options::default());
        assert!(matches!(missing.problems[0].kind, ErrorKind::File { .. }));
        assert_eq!(missing.problems[0].span, Span::new(20, 30));
    }

    #[test]
    fn graphql_becomes_json() {
        let text = "POST http://a.test\nContent-Type: application/json\n\
                    X-Request-Type: GraphQL\n\nquery {\n  me\n}\n\n{\"a\": 1.0}\n";
        let request = only(text).request;
        assert_eq!(
            String::from_utf8_lossy(&request.content.bytes),
            r#"{"query":"query {\n  me\n}","variables":{"a":1}}"#
        );
        assert!(!request.fields.contains("X-Request-Type"));
    }

    #[test]
    fn scripts_and_responses_are_no_part_of_a_request() {
        let text = "< {%\n  request.variables.set('x', '1')\n%}\nPOST http://a.test/{{token}}\n\n\
                    body\n\n> {%\n  client.global.set(\"token\", response.body.token);\n%}\n\n\
                    <> 2024-01-01.200.json\n";
        let request = only(text);
        assert_eq!(request.request.content.bytes, b"body");
        assert_eq!(request.unresolved, ["{{token}}"]);
        let told = request.warnings.join("\n");
        assert!(told.contains("set by a script"), "{told}");
    }

    #[test]
    fn names_separators_and_comments() {
        let text = "### First\n# a comment\nGET http://a.test/1\n// another\nX-A: 1\n\
                    ###\n# @name second\n# @no-redirect\nGET http://a.test/2\n\n####\n\n### \n\
                    http://a.test/3\n";
        let imported = imported(text.as_bytes(), &Options::default());
        let names: Vec<_> = imported
            .requests
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["First", "second", "GET /3"]);
        assert!(imported.requests[0].request.fields.contains("X-A"));
    }

    #[test]
    fn a_request_that_cannot_be_sent_leaves_the_others() {
        let text = "GET http://a.test/1\nno colon\n###\nGET ftp://a.test\n###\n\
                    WEBSOCKET ws://a.test\n###\nGET http://a.test/4";
        let source = Source::new("x", text.as_bytes());
        let imported = imported(text.as_bytes(), &Options::default());
        assert_eq!(imported.requests.len(), 1);
        let places: Vec<_> = imported
            .problems
            .iter()
            .map(|problem| problem.position(&source).to_string())
            .collect();
        assert_eq!(places, ["2:1", "4:5", "6:1"]);
    }

    proptest! {
        #[test]
        fn any_text_has_spans_inside_it(text in "(?s)([ -~\n]|###|\\{\\{|\\}\\}|GET http://|\n\n|@a=|< |\u{e4}){0,60}") {
            let imported = imported(text.as_bytes(), &Options::default());
            let spans = imported.problems.iter().map(|problem| problem.span);
            for span in spans.chain(imported.requests.iter().map(|request| request.span)) {
                prop_assert!(span.start <= span.end && span.end <= text.len());
            }
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            imported(&bytes, &Options::default());
        }
    }
}
