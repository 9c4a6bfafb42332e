//! Values for the tests of the command line.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::output::{Look, Output};
use crate::model::{
    Baseline, BaselineSource, Case, Content, Context, Exchange, ExchangeId, FieldLine,
    FieldSection, HttpVersion, Outcome, Provenance, Request, Response, State, Timestamp, Timings,
    Url,
};

/// A request of that method and URL.
pub(crate) fn request(method: &str, url: &str, fields: Vec<FieldLine>) -> Request {
    let url = Url::parse(url.as_bytes()).unwrap();
    Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: FieldSection::from_lines(fields, Provenance::Wire),
        content: Content::default(),
        trailers: FieldSection::default(),
    }
}

/// A baseline without a name.
pub(crate) fn baseline(request: Request) -> Baseline {
    Baseline {
        name: String::new(),
        source: BaselineSource::Curl,
        added: Timestamp::default(),
        request,
        unresolved: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A 401 of that number: a request without credentials.
pub(crate) fn case(number: u64) -> Case {
    let at = Timestamp::from_secs(1_790_000_000 + i64::try_from(number).unwrap());
    let challenge = FieldLine::new("WWW-Authenticate", "Bearer realm=\"api\"");
    Case {
        number,
        failing: Exchange {
            id: ExchangeId::from_parts(at, u128::from(number)),
            at,
            request: request("GET", "https://api.acme.test/v2/orders", Vec::new()),
            outcome: Outcome::Response(Response {
                status: 401,
                reason: b"Unauthorized".to_vec(),
                version: HttpVersion::Http11,
                fields: FieldSection::from_lines(vec![challenge], Provenance::Wire),
                content: Content::default(),
                trailers: FieldSection::default(),
            }),
            hop: None,
            timings: Timings::default(),
            notes: Vec::new(),
            websocket: None,
        },
        unresolved: Vec::new(),
        state: State::Open,
        baseline: None,
        context: Context::default(),
    }
}

/// Streams into memory: the output, and what reads standard output and standard error.
pub(crate) fn output(terminal: bool) -> (Output, Written, Written) {
    let (stdout, stderr) = (Written::default(), Written::default());
    let look = Look {
        color: false,
        width: 80,
        unicode: true,
        terminal,
    };
    let output = Output::new(
        Box::new(stdout.clone()),
        Box::new(stderr.clone()),
        look,
        look,
    );
    (output, stdout, stderr)
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// So far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
