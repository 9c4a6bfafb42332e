//! A server that keeps what it is sent, to the byte, and answers 200.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The request line and the header lines, without their line ends.
    pub lines: Vec<Vec<u8>>,
    /// The content, without its transfer coding.
    pub body: Vec<u8>,
}

impl Recorded {
    /// In what the importer's request differs from this, in words; nothing if in nothing.
    pub fn difference(&self, read: &Self) -> Option<String> {
        let text = |request: &Self, at: usize| {
            let line = request.lines.get(at);
            line.map_or_else(String::new, |line| {
                String::from_utf8_lossy(line).into_owned()
            })
        };
        let lines = self.lines.len().max(read.lines.len());
        let other = (0..lines).find(|at| self.lines.get(*at) != read.lines.get(*at));
        match other {
            Some(at) => Some(format!("`{}`, not `{}`", text(self, at), text(read, at))),
            None => (self.body != read.body).then(|| "another body".to_owned()),
        }
    }

    /// The value of the first line of that name, without blanks around it.
    pub fn value(&self, name: &str) -> Option<String> {
        let lines = self.lines.iter().skip(1);
        let mut values = lines.filter_map(|line| {
            let at = line.iter().position(|byte| *byte == b':')?;
            let value = || String::from_utf8_lossy(&line[at + 1..]).trim().to_owned();
            line[..at].eq_ignore_ascii_case(name.as_bytes()).then(value)
        });
        values.next()
    }
}

/// Listens until the process ends.
pub struct Recorder {
    pub port: u16,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    /// How many connections are open.
    open: Arc<AtomicUsize>,
}

impl Recorder {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a local address").port();
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let open = Arc::new(AtomicUsize::new(0));
        let (kept, opened) = (Arc::clone(&recorded), Arc::clone(&open));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, opened) = (Arc::clone(&kept), Arc::clone(&opened));
                let stream = stream.expect("a connection");
                opened.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    // A client that goes away in the middle of a request has sent none.
                    drop(serve(&stream, &kept));
                    opened.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            port,
            recorded,
            open,
        }
    }

    /// What came since the last call, once the client that sent it has ended.
    pub fn take(&self) -> Vec<Recorded> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.open.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < deadline, "a connection stays open");
            thread::sleep(Duration::from_micros(200));
        }
        std::mem::take(&mut *self.recorded.lock().expect("no panic while it is held"))
    }
}

fn serve(stream: &TcpStream, kept: &Mutex<Vec<Recorded>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(lines) = head(&mut reader)? {
        // A field of the user's may announce chunks where there is no content.
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        let mut request = Recorded {
            lines,
            body: Vec::new(),
        };
        if request.value("Expect").is_some() {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = body(&mut reader, &request)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let answer = answer(&request);
        kept.lock()
            .expect("no panic while it is held")
            .push(request);
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// A request for `/digest…` is challenged, once.
fn answer(request: &Recorded) -> String {
    const LENGTH: &str = "Content-Length: 0\r\n\r\n";
    let line = String::from_utf8_lossy(&request.lines[0]).into_owned();
    let is_answered = request
        .value("Authorization")
        .is_some_and(|value| value.starts_with("Digest"));
    if line.contains(" /digest") && !is_answered {
        return format!(
            "HTTP/1.1 401 Unauthorized\r\n\
             WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n{LENGTH}"
        );
    }
    let range = request.value("Range");
    let from = range.as_deref().and_then(|range| {
        let from = range.strip_prefix("bytes=")?.strip_suffix('-')?;
        from.parse::<u64>().ok()
    });
    // curl gives up where a server does not go on from where it was asked to.
    match from {
        Some(from) => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{from}/{}\r\n{LENGTH}",
            from + 1
        ),
        None => format!("HTTP/1.1 200 OK\r\n{LENGTH}"),
    }
}

fn head(reader: &mut impl BufRead) -> std::io::Result<Option<Vec<Vec<u8>>>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = without_returns(line).to_vec();
        let is_proxy_line = lines.is_empty() && line.starts_with(b"PROXY ");
        match line.is_empty() {
            true => return Ok(Some(lines)),
            false if is_proxy_line => {}
            false => lines.push(line),
        }
    }
}

/// A line without the carriage return of its end; a value may end with another.
pub fn without_returns(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte != b'\r');
    &line[..end.map_or(0, |end| end + 1)]
}

fn body(reader: &mut impl BufRead, request: &Recorded) -> std::io::Result<Vec<u8>> {
    let coding = request.value("Transfer-Encoding");
    if coding.is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        return chunked(reader);
    }
    let length = request.value("Content-Length");
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(body)
}

fn chunked(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        if body.is_empty() && reader.read_line(&mut size).is_err() {
            return Ok(body);
        } else if !body.is_empty() {
            reader.read_line(&mut size)?;
        }
        let size = u64::from_str_radix(size.trim(), 16)
            .map_err(|_no_number| std::io::Error::from(ErrorKind::UnexpectedEof))?;
        reader.by_ref().take(size).read_to_end(&mut body)?;
        let mut end = String::new();
        reader.read_line(&mut end)?;
        if size == 0 {
            return Ok(body);
        }
    }
}
