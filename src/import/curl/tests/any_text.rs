//! Whatever the text: no panic, and spans that lie inside it.

use proptest::prelude::*;

use super::{body, imported};

/// Pieces that mean something to the shell or to curl.
fn script() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("curl "),
        Just("curl a.test "),
        Just("-d "),
        Just("-d@- "),
        Just("-H 'X: 1' "),
        Just("-F x=@body,body "),
        Just("-F 'x=\"a\\\";type=a/b;c;filename=\"' "),
        Just("-T body "),
        Just("-K body "),
        Just("-b notes.txt "),
        Just("-u a "),
        Just("-n "),
        Just("--next "),
        Just("--expand-data '{{a}}' "),
        Just("--variable a=b "),
        Just("http://u:p@[::1]:1/?#"),
        Just("/../%2e/"),
        Just("{a,b}"),
        Just("{1..3}"),
        Just("[1-3]"),
        Just("\""),
        Just("'"),
        Just("$'"),
        Just("\\"),
        Just("\n"),
        Just("\r\n"),
        Just("^"),
        Just("$A"),
        Just("${A:-b}"),
        Just("$(x "),
        Just("`"),
        Just("<<E\n"),
        Just("E\n"),
        Just("<<<"),
        Just("| "),
        Just("& "),
        Just("; "),
        Just("("),
        Just(")"),
        Just("A=1 "),
        Just("é"),
        Just("~"),
        Just(" "),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn assert_spans_inside(text: &str) -> Result<(), TestCaseError> {
    let imported = imported(text);
    let problems = imported.problems.iter().map(|problem| problem.span);
    let requests = imported.requests.iter().map(|request| request.span);
    for span in problems.chain(requests) {
        prop_assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
    }
    prop_assert!(!(imported.problems.is_empty() && imported.requests.is_empty()));
    Ok(())
}

proptest! {
    #[test]
    fn any_text_yields_requests_or_problems_inside_it(text in any::<String>()) {
        assert_spans_inside(&text)?;
        assert_spans_inside(&format!("curl {text}"))?;
    }

    #[test]
    fn any_script_yields_requests_or_problems_inside_it(text in script()) {
        assert_spans_inside(&text)?;
    }

    #[test]
    fn single_quoted_text_arrives_unchanged(text in "[^'\0]{0,60}") {
        prop_assert_eq!(body(&format!("curl a.test --data-raw '{text}'")), text);
    }
}
