//! YAML files as a tree whose nodes know their places.
//!
//! As JavaScript's readers take it: the core schema of YAML 1.2, one document, each key once. A file
//! may not grow without end by its aliases, nor be nested without end.

mod places;
mod scalar;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, StrInput};
use serde_json::{Map, Value};

use self::places::Places;
use self::scalar::scalar;
use super::{ErrorKind, ImportError, Source, Span};

/// How deep lists and mappings may stand in each other.
const MAX_DEPTH: usize = 160;

/// The most that the nodes of a file weigh, those behind its aliases included.
const MAX_WEIGHT: usize = 48 * 1024 * 1024;

/// What a node weighs beside its text.
const NODE_WEIGHT: usize = 32;

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    data: Data,
    weight: usize,
    /// How many levels it has.
    height: usize,
}

#[derive(Debug)]
enum Data {
    Scalar(Value),
    List(Vec<Rc<Node>>),
    Map(Vec<(String, Rc<Node>)>),
}

impl Node {
    /// The member of a mapping.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let mut members = self.members();
        members
            .find(|(known, _)| *known == name)
            .map(|(_, node)| node)
    }

    /// The members of a mapping; none of what is no mapping.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members = match &self.data {
            Data::Map(members) => members.as_slice(),
            Data::Scalar(_) | Data::List(_) => &[],
        };
        members
            .iter()
            .map(|(name, node)| (name.as_str(), node.as_ref()))
    }

    /// The items of a list; `None` of what is no list.
    pub(super) fn items(&self) -> Option<impl Iterator<Item = &Self>> {
        match &self.data {
            Data::List(items) => Some(items.iter().map(AsRef::as_ref)),
            Data::Scalar(_) | Data::Map(_) => None,
        }
    }

    /// Whether it is a mapping.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.data, Data::Map(_))
    }

    /// Its text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(value) => value.as_str(),
            Data::List(_) | Data::Map(_) => None,
        }
    }

    /// As JSON.
    pub(super) fn to_value(&self) -> Value {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(items) => items.iter().map(|item| item.to_value()).collect(),
            Data::Map(_) => Value::Object(self.to_object(|_| true)),
        }
    }

    /// The members that are wanted as JSON.
    pub(super) fn to_object(&self, is_wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        let members = self.members().filter(|(name, _)| is_wanted(name));
        members
            .map(|(name, node)| (name.to_owned(), node.to_value()))
            .collect()
    }
}

/// Reads a file of one document.
///
/// # Errors
/// When it is larger than that, no YAML, or grows beyond all measure.
pub(super) fn read(source: &Source<'_>, limit_bytes: usize) -> Result<Rc<Node>, ImportError> {
    let text = source.text(limit_bytes)?;
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = source.span().start + (text.len() - plain.len());
    Reader::new(plain, start).document()
}

/// A list or a mapping that is not closed yet.
struct Open {
    start: usize,
    /// What all nodes before it weigh.
    before: usize,
    anchor: usize,
    content: Content,
    height: usize,
    end: usize,
}

enum Content {
    List(Vec<Rc<Node>>),
    Map {
        members: Vec<(String, Rc<Node>)>,
        known: HashSet<String>,
        /// The key whose value comes next.
        key: Option<String>,
    },
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    places: Places<'t>,
    anchors: HashMap<usize, Rc<Node>>,
    open: Vec<Open>,
    weight: usize,
    root: Option<Rc<Node>>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, start: usize) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            places: Places::new(text, start),
            anchors: HashMap::new(),
            open: Vec::new(),
            weight: 0,
            root: None,
        }
    }

    fn document(mut self) -> Result<Rc<Node>, ImportError> {
        while let Some(next) = self.parser.next_event() {
            let (event, span) = next.map_err(|error| {
                let at = self.places.byte(*error.marker());
                problem(Span::new(at, at), error.info())
            })?;
            let span = Span::new(self.places.byte(span.start), self.places.byte(span.end));
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if self.root.is_some() => {
                    return Err(problem(span, "there is a second document"));
                }
                event => self.event(event, span)?,
            }
        }
        self.root.ok_or_else(|| {
            let at = self.places.start;
            problem(Span::new(at, at), "there is nothing in it")
        })
    }

    fn event(&mut self, event: Event<'t>, span: Span) -> Result<(), ImportError> {
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                self.charge(NODE_WEIGHT + text.len(), span)?;
                if self.expects_key() {
                    return self.key(&text, span);
                }
                let node = Node {
                    span,
                    weight: NODE_WEIGHT + text.len(),
                    height: 0,
                    data: Data::Scalar(scalar(&text, style, tag.as_deref())),
                };
                self.add(Rc::new(node), anchor);
                Ok(())
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node =
                    node.ok_or_else(|| problem(span, "this alias stands in what it names"))?;
                self.charge(node.weight, span)?;
                self.check_depth(node.height, span)?;
                if self.expects_key() {
                    return match &node.data {
                        Data::Scalar(Value::String(text)) => self.key(text, span),
                        _ => Err(problem(span, KEY)),
                    };
                }
                self.add(node, 0);
                Ok(())
            }
            Event::SequenceStart(anchor, _) => self.start(Content::List(Vec::new()), anchor, span),
            Event::MappingStart(anchor, _) => {
                let content = Content::Map {
                    members: Vec::new(),
                    known: HashSet::new(),
                    key: None,
                };
                self.start(content, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end(span);
                Ok(())
            }
        }
    }

    fn charge(&mut self, weight: usize, span: Span) -> Result<(), ImportError> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > MAX_WEIGHT {
            return Err(ImportError::new(span, ErrorKind::TooMuch));
        }
        Ok(())
    }

    fn check_depth(&self, height: usize, span: Span) -> Result<(), ImportError> {
        if self.open.len() + height > MAX_DEPTH {
            return Err(problem(span, "it is nested too deep"));
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        let content = self.open.last().map(|open| &open.content);
        matches!(content, Some(Content::Map { key: None, .. }))
    }

    fn key(&mut self, text: &str, span: Span) -> Result<(), ImportError> {
        if let Some(Content::Map { known, key, .. }) =
            self.open.last_mut().map(|open| &mut open.content)
        {
            if !known.insert(text.to_owned()) {
                return Err(problem(span, "this key is there twice"));
            }
            *key = Some(text.to_owned());
        }
        Ok(())
    }

    fn start(&mut self, content: Content, anchor: usize, span: Span) -> Result<(), ImportError> {
        if self.expects_key() {
            return Err(problem(span, KEY));
        }
        self.check_depth(1, span)?;
        let before = self.weight;
        self.charge(NODE_WEIGHT, span)?;
        self.open.push(Open {
            start: span.start,
            before,
            anchor,
            content,
            height: 0,
            end: span.end,
        });
        Ok(())
    }

    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else {
            return;
        };
        // What is closed by a lesser indentation ends where its last node does.
        let end = if span.start == span.end {
            open.end
        } else {
            span.end
        };
        let node = Node {
            span: Span::new(open.start, end.max(open.start)),
            weight: self.weight - open.before,
            height: open.height + 1,
            data: match open.content {
                Content::List(items) => Data::List(items),
                Content::Map { members, .. } => Data::Map(members),
            },
        };
        self.add(Rc::new(node), open.anchor);
    }

    /// Puts a node where it stands.
    fn add(&mut self, node: Rc<Node>, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.height = open.height.max(node.height);
        open.end = open.end.max(node.span.end);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { members, key, .. } => {
                members.extend(key.take().map(|key| (key, node)));
            }
        }
    }
}

const KEY: &str = "a key has to be a text";

fn problem(span: Span, reason: &str) -> ImportError {
    ImportError::new(span, ErrorKind::Yaml(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read_text(text: &str) -> Result<Rc<Node>, ImportError> {
        read(&Source::new("-", text.as_bytes()), 1 << 24)
    }

    fn value(text: &str) -> Value {
        read_text(text).unwrap().to_value()
    }

    fn reason(text: &str) -> String {
        let source = Source::new("-", text.as_bytes());
        let error = read(&source, 1 << 24).unwrap_err();
        format!("{}: {error}", error.position(&source))
    }

    #[test]
    fn scalars_are_those_of_the_core_schema() {
        let text = "- yes\n- True\n- ~\n-\n- 007\n- 1.0\n- -1.50\n- 0x1F\n- 0o17\n- '5'\n- !!str 5\n- 2001-01-01\n\
                    - 1.2.3\n- 1e3\n- .5\n- 12345678901234567890\n- 1e21\n- 1e-7\n- 0.000001\n- .inf\n- +5\n- 1-2\n";
        assert_eq!(
            value(text),
            json!([
                "yes",
                true,
                null,
                null,
                7,
                1,
                -1.5,
                31,
                15,
                "5",
                "5",
                "2001-01-01",
                "1.2.3",
                1000,
                0.5,
                "12345678901234567000",
                1e21,
                1e-7,
                "0.000001",
                ".inf",
                5,
                "1-2"
            ])
        );
        assert_eq!(
            value("a: |\n  x\n   y\nb: >-\n  x\n  y\nc: \"\\u00e9\\n\"\nd: {e: [f, {}]}\n"),
            json!({"a": "x\n y\n", "b": "x y", "c": "é\n", "d": {"e": ["f", {}]}})
        );
    }

    #[test]
    fn nodes_know_their_places() {
        let text = "\u{feff}é: ü\nlist:\n  - a: 1\n    b: [2]\n  - x\n";
        let root = read_text(text).unwrap();
        let list = root.get("list").unwrap();
        let places = list.items().unwrap().map(|node| node.span);
        let texts = places.map(|span| text.get(span.start..span.end).unwrap());
        let texts: Vec<&str> = texts.collect();
        assert_eq!(texts, ["a: 1\n    b: [2]", "x"]);
    }

    #[test]
    fn aliases_stand_for_what_they_name() {
        assert_eq!(
            value("a: &x {b: 1}\nc: [*x, *x]\n&k d: 2\n"),
            json!({"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}], "d": 2})
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (text, expected) in [
            ("", "1:1: this is not YAML: there is nothing in it"),
            (
                "a: 1\na: 2\n",
                "2:1: this is not YAML: this key is there twice",
            ),
            (
                "é: 1\n[b]: 2\n",
                "2:1: this is not YAML: a key has to be a text",
            ),
            (
                "a: 1\n---\nb: 2\n",
                "2:1: this is not YAML: there is a second document",
            ),
            (
                "a: &x [*x]\n",
                "1:8: this is not YAML: this alias stands in what it names",
            ),
        ] {
            assert_eq!(reason(text), expected);
        }
        assert!(reason("é: [1, 2\nb: \"x\n").contains(": this is not YAML: "));
    }

    #[test]
    fn growth_and_depth_have_an_end() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let inner = format!("*a{},", level - 1).repeat(10);
            bomb.extend([format!("a{level}: &a{level} [{inner}]\n")]);
        }
        assert!(reason(&bomb).ends_with("this expands to more than an import holds"));
        let mut chain = "a0: &a0 [x]\n".to_owned();
        for level in 1..200 {
            chain.extend([format!("a{level}: &a{level} [*a{}]\n", level - 1)]);
        }
        assert!(reason(&chain).ends_with("it is nested too deep"));
        assert!(reason(&"- ".repeat(200)).ends_with("it is nested too deep"));
        assert!(reason(&"[".repeat(100_000)).contains("recursion limit"));
        let large = format!("- &a {}\n{}", "x".repeat(1 << 20), "- *a\n".repeat(50));
        assert!(reason(&large).ends_with("more than an import holds"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r#"([a-c:\-\[\]{},&*!|>?'"%#é\n ]|- |: |  |&a |\*a|\? |---\n){0,60}"#) {
            match read_text(&text) {
                Ok(node) => prop_assert!(text.get(node.span.start..node.span.end).is_some()),
                Err(error) => prop_assert!(text.get(error.span.start..error.span.end).is_some()),
            }
        }

        #[test]
        fn json_is_yaml(text in "[ -~é]{0,20}", number: i32, nested in any::<bool>()) {
            let json = json!({"a": [text, number, nested, null], "b": {text.clone(): {}}});
            prop_assert_eq!(value(&json.to_string()), json);
        }
    }
}
