//! The commands of a shell script that start certain programs, with their arguments and their
//! standard input.

use std::collections::VecDeque;

use super::expand::{self, Variables};
use super::lexer::{Batch, End, Lexer, Token};
use super::output::output;
use super::word::{RawWord, Word};
use crate::import::{ImportError, Source, Span};

/// A command that starts one of the programs.
#[derive(Clone, Debug)]
pub(in crate::import) struct Command {
    /// Which one, without its folder.
    pub(in crate::import) program: &'static str,
    /// What follows the name of the program.
    pub(in crate::import) arguments: Vec<Word>,
    pub(in crate::import) input: Input,
    /// From its name to its last word.
    pub(in crate::import) span: Span,
    /// What the shell does with it that its author may not have meant.
    pub(in crate::import) warnings: Vec<String>,
}

/// The standard input of a command.
#[derive(Clone, Debug, Default)]
pub(in crate::import) enum Input {
    /// Nothing.
    #[default]
    Empty,
    /// The content of a file.
    File(Word),
    /// What another command would print, were it run.
    Unknown,
    /// That text.
    Word(Word),
}

/// The commands of a script that start one of these programs, and what is wrong with others, in
/// order. Only what is asked for is read: a command is held until the next.
pub(in crate::import) fn commands<'a>(
    source: &Source<'a>,
    programs: &'static [&'static str],
    environment: &'a dyn Fn(&str) -> Option<String>,
) -> impl Iterator<Item = Result<Command, ImportError>> + 'a {
    let mut lexer = Lexer::new(source);
    let mut script = Script {
        programs,
        variables: Variables::new(environment),
        found: VecDeque::new(),
        problems: Vec::new(),
        piped: None,
    };
    std::iter::from_fn(move || {
        while script.found.is_empty() && !script.variables.is_spent() {
            script.batch(lexer.next()?);
        }
        script.found.pop_front()
    })
}

/// What the next word is.
#[derive(Clone, Copy, Default)]
enum Awaited {
    #[default]
    Argument,
    InputFile,
    InputWord,
    Output,
}

/// A command as written.
#[derive(Default)]
struct Simple {
    words: Vec<RawWord>,
    input: Option<RawInput>,
    /// A redirection that touches the word before it.
    cut: bool,
}

enum RawInput {
    File(RawWord),
    Text(RawWord),
    Word(RawWord),
}

impl Simple {
    fn word(&mut self, word: RawWord, awaited: Awaited) {
        match awaited {
            Awaited::Argument => self.words.push(word),
            Awaited::InputFile => {
                self.note_cut(Span::new(
                    word.span.start.saturating_sub(1),
                    word.span.start,
                ));
                self.input = Some(RawInput::File(word));
            }
            Awaited::InputWord => self.input = Some(RawInput::Word(word)),
            Awaited::Output => {}
        }
    }

    /// `https://host/<id>` is cut by the shell where `<` stands.
    fn note_cut(&mut self, operator: Span) {
        let touches = |word: &RawWord| word.span.end == operator.start;
        self.cut |= self.words.last().is_some_and(touches);
    }
}

struct Script<'a> {
    programs: &'static [&'static str],
    variables: Variables<'a>,
    /// What was not yet asked for.
    found: VecDeque<Result<Command, ImportError>>,
    /// What is wrong with the present command.
    problems: Vec<ImportError>,
    /// What the command before a `|` prints.
    piped: Option<Input>,
}

impl Script<'_> {
    fn batch(&mut self, batch: Batch) {
        // Where quotes do not end nobody knows which words are arguments of what.
        if !batch.problems.is_empty() {
            self.found.extend(batch.problems.into_iter().map(Err));
            return;
        }
        let mut simple = Simple::default();
        let mut awaited = Awaited::Argument;
        for token in batch.tokens {
            match token {
                Token::End(end, span) => {
                    self.finish(&std::mem::take(&mut simple), end, span);
                    awaited = Awaited::Argument;
                }
                Token::InputFile => awaited = Awaited::InputFile,
                Token::InputWord => awaited = Awaited::InputWord,
                Token::InputText(text) => simple.input = Some(RawInput::Text(text)),
                Token::Output(span) => {
                    simple.note_cut(span);
                    awaited = Awaited::Output;
                }
                Token::Word(word) => simple.word(word, std::mem::take(&mut awaited)),
            }
        }
    }

    fn finish(&mut self, simple: &Simple, end: End, end_span: Span) {
        // What is too much was told when it was.
        if self.variables.is_spent() {
            return;
        }
        self.problems
            .extend(self.variables.charge(COMMAND_COST, end_span).err());
        let command = self.command(simple, end, end_span);
        if self.problems.is_empty() {
            self.found.extend(command.map(Ok));
            return;
        }
        if self.piped.is_some() {
            self.piped = Some(Input::Unknown);
        }
        self.found.extend(self.problems.drain(..).map(Err));
    }

    /// What a command comes to: one that an importer knows, or a change of what is known.
    fn command(&mut self, simple: &Simple, end: End, end_span: Span) -> Option<Command> {
        let piped = self.piped.take();
        let input = self.input(simple.input.as_ref(), piped);
        let words = self.after_prefixes(&simple.words);
        let (name, rest) = words.split_first()?;
        if rest.is_empty() && self.assign(name) {
            return None;
        }
        let name_text = String::from_utf8_lossy(&name.literal()).into_owned();
        let file_name = program(&name_text);
        let wanted = self.programs.iter().find(|known| **known == file_name);
        let mut command = None;
        match (file_name, wanted) {
            (_, Some(program)) => {
                let arguments = self.expand(rest);
                let last = rest.last().map_or(name.span, |word| word.span);
                let mut warnings = Vec::new();
                if simple.cut {
                    warnings.push(CUT.to_owned());
                }
                if end == End::Background && last.end == end_span.start {
                    warnings.push(GLUED.to_owned());
                }
                command = Some(Command {
                    program,
                    arguments,
                    input,
                    span: name.span.to(last),
                    warnings,
                });
            }
            ("export" | "declare" | "local" | "readonly" | "typeset", None) => {
                for word in rest {
                    self.assign(word);
                }
            }
            (other, None) if end == End::Pipe => {
                let arguments = self.expand(rest);
                self.piped = Some(output(other, &arguments, input));
            }
            _ => {}
        }
        if end == End::Pipe {
            self.piped.get_or_insert(Input::Unknown);
        }
        command
    }

    fn input(&mut self, written: Option<&RawInput>, piped: Option<Input>) -> Input {
        let (raw, is_file, newline) = match written {
            None => return piped.unwrap_or_default(),
            Some(RawInput::File(word)) => (word, true, false),
            Some(RawInput::Text(word)) => (word, false, false),
            Some(RawInput::Word(word)) => (word, false, true),
        };
        match expand::one(raw, &mut self.variables) {
            Ok(word) if is_file => Input::File(word),
            Ok(mut word) => {
                if newline {
                    word.bytes.push(b'\n');
                }
                Input::Word(word)
            }
            Err(problem) => {
                self.problems.push(problem);
                Input::Unknown
            }
        }
    }

    /// Takes away what may stand before the name of a program: a prompt, words of the shell,
    /// programs that start another, and assignments.
    fn after_prefixes<'w>(&mut self, words: &'w [RawWord]) -> &'w [RawWord] {
        let mut rest = words;
        while let [first, others @ ..] = rest {
            let is_prefix = PREFIXES.iter().any(|prefix| first.is_bare(prefix));
            if !is_prefix && (others.is_empty() || assignment(first).is_none()) {
                break;
            }
            rest = others;
        }
        rest
    }

    /// Sets a variable if the word is an assignment.
    fn assign(&mut self, word: &RawWord) -> bool {
        let Some((name, value)) = assignment(word) else {
            return false;
        };
        let unknown = Word::unresolved(format!("${name}"), value.span);
        let value = expand::one(&value, &mut self.variables).map(|value| {
            // What a command prints is not known; the name says more than the command.
            let is_output = |text: &String| text.starts_with("$(") || text.starts_with('`');
            if value.unresolved.iter().any(is_output) {
                unknown.clone()
            } else {
                value
            }
        });
        let value = value.unwrap_or_else(|problem| {
            self.problems.push(problem);
            unknown
        });
        let set = self.variables.set(name, value);
        self.problems.extend(set.err());
        true
    }

    fn expand(&mut self, words: &[RawWord]) -> Vec<Word> {
        let mut expanded = Vec::new();
        for word in words {
            match expand::words(word, &mut self.variables) {
                Ok(mut words) => expanded.append(&mut words),
                Err(problem) => self.problems.push(problem),
            }
            if self.variables.is_spent() {
                break;
            }
        }
        expanded
    }
}

/// The shell reads the angle brackets of `https://host/<id>`.
const CUT: &str = "`<` and `>` outside quotes are redirections for the shell: what follows them \
                   is not sent";

/// The shell reads the `&` of `https://host/?a=1&b=2`.
const GLUED: &str = "an `&` outside quotes ends the command for the shell: what follows it is not \
                     sent";

/// What a command costs of what a script may expand to: a file of semicolons ends, too.
const COMMAND_COST: usize = 64;

/// Prompts that are copied along, and words after which a command starts.
const PREFIXES: &[&str] = &[
    "$", "%", "!", "{", "command", "do", "elif", "else", "env", "exec", "if", "nohup", "sudo",
    "then", "time", "until", "while",
];

/// The file name of a program.
fn program(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// `NAME=value` with a bare name.
fn assignment(word: &RawWord) -> Option<(String, RawWord)> {
    use super::word::Unit;
    let equals = word
        .units
        .iter()
        .position(|unit| *unit == Unit::Bare(b'='))?;
    let name: Option<String> = word
        .units
        .iter()
        .take(equals)
        .map(|unit| match unit {
            Unit::Bare(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => {
                Some(char::from(*byte))
            }
            _ => None,
        })
        .collect();
    let name = name.filter(|name| name.starts_with(|c: char| !c.is_ascii_digit()))?;
    let value = RawWord {
        units: word.units.iter().skip(equals + 1).cloned().collect(),
        span: word.span,
    };
    Some((name, value))
}
