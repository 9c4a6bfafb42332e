//! The HTTP/2 side of an origin: the h2 crate reads, the same handlers answer.

use bytes::Bytes;
use h2::server::SendResponse;
use tokio::io::{AsyncRead, AsyncWrite};

use super::origin::{Received, Reply};
use super::wait;

/// Serves one connection; `answer` is asked for each request.
pub async fn serve<S, F>(stream: S, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(Received) -> Reply + Clone + Send + 'static,
{
    let mut builder = h2::server::Builder::new();
    builder.max_header_list_size(1 << 20);
    let Ok(mut connection) = builder.handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let answer = answer.clone();
        drop(wait::spawn(async move {
            if let Some(received) = read(request).await {
                send(respond, &answer(received));
            }
        }));
    }
}

/// The request, written as HTTP/1 would write it.
async fn read(request: http::Request<h2::RecvStream>) -> Option<Received> {
    let (parts, mut content) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    let authority = parts.uri.authority().map_or("", |it| it.as_str());
    let mut head = format!("{} {target} HTTP/2\r\nhost: {authority}\r\n", parts.method);
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        head.extend([name.as_str(), ": ", &value, "\r\n"]);
    }
    head.push_str("\r\n");
    let mut body = Vec::new();
    while let Some(piece) = content.data().await {
        let piece = piece.ok()?;
        content.flow_control().release_capacity(piece.len()).ok()?;
        body.extend_from_slice(&piece);
    }
    Some(Received {
        head: head.into_bytes(),
        body,
    })
}

/// The reply, read from the HTTP/1 text that the handlers write.
fn send(mut respond: SendResponse<Bytes>, reply: &Reply) {
    let text = String::from_utf8_lossy(reply.bytes());
    let (head, content) = text.split_once("\r\n\r\n").expect("a whole reply");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let mut response = http::Response::builder().status(status.expect("a status line"));
    for line in lines {
        let (name, value) = line.split_once(':').expect("a field line");
        response = response.header(name.to_ascii_lowercase(), value.trim());
    }
    let response = response.body(()).expect("valid fields");
    // A client that has gone gets nothing.
    if let Ok(mut stream) = respond.send_response(response, content.is_empty())
        && !content.is_empty()
    {
        drop(stream.send_data(Bytes::from(content.to_owned()), true));
    }
}
