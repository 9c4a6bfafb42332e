//! Splits a shell script into words and operators, as a POSIX shell with bash's quoting does.

use super::quoting::Reader;
use super::word::{RawWord, Unit, shown};
use crate::import::cursor::Cursor;
use crate::import::{ErrorKind, ImportError, Source, Span};

/// A piece of a script.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Word(RawWord),
    /// What ends a command, and where.
    End(End, Span),
    /// The word after it is the file of standard input.
    InputFile,
    /// The word after it is the content of standard input (`<<<`).
    InputWord,
    /// The content of standard input: a here-document.
    InputText(RawWord),
    /// The word after it is the target of an output, or a descriptor.
    Output(Span),
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `&`, which runs it in the background.
    Background,
    /// `|`: its output is the input of the next command.
    Pipe,
    /// `;`, a new line, `&&`, `||` and brackets.
    Plain,
}

/// Some commands of a script: one, or all up to the end of a line on which a here-document is
/// announced, whose text only comes after it. The last token of each command is its end.
pub(super) struct Batch {
    pub(super) tokens: Vec<Token>,
    /// What is wrong with the quoting.
    pub(super) problems: Vec<ImportError>,
}

/// Reads a script as far as it is asked for.
pub(super) struct Lexer<'a> {
    source: Source<'a>,
    cursor: Cursor<'a>,
    tokens: Vec<Token>,
    problems: Vec<ImportError>,
    awaited: Vec<HereDocument>,
    /// How much more is held, see [`BUDGET`].
    budget: usize,
}

/// How much of a script is held at a time: 1 is a byte outside quotes.
const BUDGET: usize = 4_000_000;

/// What a token costs of it.
const TOKEN_COST: usize = 4;

/// What a problem costs of it.
const PROBLEM_COST: usize = 16;

/// A here-document whose operator was read; its text starts on the next line.
struct HereDocument {
    /// Where its token is.
    token: usize,
    delimiter: Vec<u8>,
    /// Quoted delimiters keep the text as it is.
    verbatim: bool,
    /// `<<-` takes leading tabs away.
    strip_tabs: bool,
    span: Span,
}

impl Iterator for Lexer<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        self.budget = BUDGET;
        while !self.is_batch() && self.token() {}
        if self.cursor.is_done() {
            self.finish();
        }
        let batch = Batch {
            tokens: std::mem::take(&mut self.tokens),
            problems: std::mem::take(&mut self.problems),
        };
        (!batch.tokens.is_empty() || !batch.problems.is_empty()).then_some(batch)
    }
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &Source<'a>) -> Self {
        Self {
            source: *source,
            cursor: Cursor::new(source.bytes()),
            tokens: Vec::new(),
            problems: Vec::new(),
            awaited: Vec::new(),
            budget: BUDGET,
        }
    }

    /// Whether a command has ended, and no here-document is to come.
    fn is_batch(&self) -> bool {
        matches!(self.tokens.last(), Some(Token::End(..))) && self.awaited.is_empty()
    }

    /// Reads a token; `false` at the end of the script.
    fn token(&mut self) -> bool {
        self.cursor
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'));
        let start = self.cursor.at();
        if self.cursor.eat(b"\\\n") || self.cursor.eat(b"\\\r\n") {
            return true;
        }
        match self.cursor.peek() {
            None => return false,
            Some(b'#') => {
                self.cursor.take_while(|b| b != b'\n');
            }
            Some(b'\n') => {
                self.cursor.bump();
                self.end(End::Plain, start);
                self.here_documents();
            }
            Some(b'<' | b'>') if !self.at_process_substitution() => self.redirection(),
            Some(b'&' | b'|' | b';' | b'(' | b')') => self.operator(),
            Some(_) => self.word(),
        }
        true
    }

    /// The last command may end with the script, and so may the line of a here-document.
    fn finish(&mut self) {
        if matches!(self.tokens.last(), Some(token) if !matches!(token, Token::End(..))) {
            self.end(End::Plain, self.cursor.at());
        }
        self.here_documents();
    }

    fn span(&self, start: usize) -> Span {
        let base = self.source.span().start;
        Span::new(base + start, base + self.cursor.at())
    }

    fn push(&mut self, token: Token) {
        self.spend(TOKEN_COST);
        self.tokens.push(token);
    }

    fn spend(&mut self, cost: usize) {
        self.budget = self.budget.saturating_sub(cost);
        if self.budget == 0 && !self.cursor.is_done() {
            let at = self.span(self.cursor.at());
            self.problems.push(ImportError::new(at, ErrorKind::TooMuch));
            self.cursor.seek(usize::MAX);
        }
    }

    /// Takes over what a reader has spent, and its problems.
    fn settle(&mut self, reader: &mut Reader<'_>) {
        self.budget = reader.budget;
        self.spend(reader.problems.len() * PROBLEM_COST);
        self.problems.append(&mut reader.problems);
    }

    fn end(&mut self, end: End, start: usize) {
        let span = self.span(start);
        self.push(Token::End(end, span));
    }

    fn at_process_substitution(&self) -> bool {
        self.cursor.peek_at(1) == Some(b'(')
    }

    fn operator(&mut self) {
        let start = self.cursor.at();
        if self.cursor.eat(b"&>>") || self.cursor.eat(b"&>") {
            let span = self.span(start);
            return self.push(Token::Output(span));
        }
        let end = if self.cursor.eat(b"&&") || self.cursor.eat(b"||") {
            End::Plain
        } else if self.cursor.eat(b"|&") || self.cursor.eat(b"|") {
            End::Pipe
        } else if self.cursor.eat(b"&") {
            End::Background
        } else {
            self.cursor.bump();
            End::Plain
        };
        self.end(end, start);
    }

    fn redirection(&mut self) {
        let start = self.cursor.at();
        self.drop_descriptor(start);
        let eat = |cursor: &mut Cursor<'_>, operators: &[&[u8]]| {
            operators.iter().any(|operator| cursor.eat(operator))
        };
        if self.cursor.eat(b"<<<") {
            self.push(Token::InputWord);
        } else if self.cursor.eat(b"<<-") {
            self.here_operator(start, true);
        } else if self.cursor.eat(b"<<") {
            self.here_operator(start, false);
        } else if eat(&mut self.cursor, &[b">>", b">&", b">|", b"<&", b"<>", b">"]) {
            let span = self.span(start);
            self.push(Token::Output(span));
        } else {
            self.cursor.bump();
            self.push(Token::InputFile);
        }
    }

    /// Digits that touch a redirection are a descriptor (`2>`), not a word.
    fn drop_descriptor(&mut self, at: usize) {
        let base = self.source.span().start;
        let Some(Token::Word(word)) = self.tokens.last() else {
            return;
        };
        let digits = |unit: &Unit| matches!(unit, Unit::Bare(b) if b.is_ascii_digit());
        if word.span.end == base + at && word.units.iter().all(digits) {
            self.tokens.pop();
        }
    }

    fn here_operator(&mut self, start: usize, strip_tabs: bool) {
        self.cursor.take_while(|b| matches!(b, b' ' | b'\t'));
        let word = self.read_word();
        let verbatim = word.units.iter().any(|unit| !matches!(unit, Unit::Bare(_)));
        self.awaited.push(HereDocument {
            token: self.tokens.len(),
            delimiter: word.literal(),
            verbatim,
            strip_tabs,
            span: self.span(start),
        });
        self.push(Token::InputText(RawWord::default()));
    }

    fn here_documents(&mut self) {
        for document in std::mem::take(&mut self.awaited) {
            let text = self.here_document(&document);
            if let Some(token) = self.tokens.get_mut(document.token) {
                *token = Token::InputText(text);
            }
        }
    }

    fn here_document(&mut self, document: &HereDocument) -> RawWord {
        let start = self.cursor.at();
        let mut end = start;
        let mut lines = Vec::new();
        loop {
            if self.cursor.is_done() {
                let delimiter = shown(&document.delimiter);
                let kind = ErrorKind::UnclosedHereDocument(delimiter);
                self.problems.push(ImportError::new(document.span, kind));
                break;
            }
            if document.strip_tabs {
                self.cursor.take_while(|b| b == b'\t');
            }
            let line_start = self.cursor.at();
            let line = self.cursor.take_while(|b| b != b'\n');
            self.cursor.bump();
            if line.strip_suffix(b"\r").unwrap_or(line) == document.delimiter {
                break;
            }
            end = self.cursor.at();
            lines.push(self.span(line_start));
            self.spend(1);
        }
        let base = self.source.span().start;
        let mut text = RawWord::at(Span::new(base + start, base + end));
        for line in lines {
            if self.budget == 0 {
                break;
            }
            let part = self.source.part(line);
            if document.verbatim {
                text.units.push(Unit::Quoted(part.bytes().to_vec()));
            } else {
                let mut reader = Reader::new(part, self.budget);
                reader.here_line();
                self.settle(&mut reader);
                text.units.append(&mut reader.units);
            }
        }
        text
    }

    fn word(&mut self) {
        let word = self.read_word();
        self.push(Token::Word(word));
    }

    fn read_word(&mut self) -> RawWord {
        let start = self.cursor.at();
        let base = self.source.span().start;
        let rest = self.source.part(Span::new(base + start, usize::MAX));
        let mut reader = Reader::new(rest, self.budget);
        reader.word();
        self.cursor.seek(start + reader.at());
        self.settle(&mut reader);
        RawWord {
            units: reader.units,
            span: self.span(start),
        }
    }
}
