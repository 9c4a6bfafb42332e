//! What a few plain programs would print, so that `echo '{}' | curl -d @-` can be read.

use super::script::Input;
use super::word::Word;

/// What a program prints, as far as that is plain from its arguments; nothing is run.
pub(super) fn output(program: &str, arguments: &[Word], input: Input) -> Input {
    match program {
        "cat" => match arguments {
            [] => input,
            [only] if only.bytes == b"-" => input,
            [only] if !only.bytes.starts_with(b"-") => Input::File(only.clone()),
            _ => Input::Unknown,
        },
        "echo" => match arguments.split_first() {
            Some((first, rest)) if first.bytes == b"-n" => Input::Word(joined(rest)),
            Some((first, _)) if first.bytes.starts_with(b"-") => Input::Unknown,
            _ => {
                let mut line = joined(arguments);
                line.bytes.push(b'\n');
                Input::Word(line)
            }
        },
        "printf" => match arguments {
            [only] if !only.bytes.iter().any(|b| matches!(b, b'%' | b'\\')) => {
                Input::Word(only.clone())
            }
            [format, only] if format.bytes == b"%s" => Input::Word(only.clone()),
            _ => Input::Unknown,
        },
        _ => Input::Unknown,
    }
}

fn joined(words: &[Word]) -> Word {
    let mut line = Word::default();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            line.bytes.push(b' ');
        }
        line.bytes.extend_from_slice(&word.bytes);
        line.unresolved.extend(word.unresolved.iter().cloned());
        line.span = if at == 0 {
            word.span
        } else {
            line.span.to(word.span)
        };
    }
    line
}
