//! Clients of the live feed: WebSocket and server-sent events.

use std::time::Duration;

use futures::stream::BoxStream;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::{Answer, Api};
use crate::server::Server;

/// Longer than anything takes that does happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A WebSocket on the feed.
pub(crate) struct Feed {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Every message so far.
    pub(crate) told: Vec<Value>,
}

impl Feed {
    /// Follows with a token; `query` is what stands behind the question mark.
    pub(crate) async fn open(server: &Server, token: &str, query: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let opened = Self::try_open(server, query, &[("authorization", &bearer)]).await;
        opened.unwrap_or_else(|(status, problem)| panic!("refused: {status} {problem}"))
    }

    /// Follows with these headers, or says how that was refused.
    pub(crate) async fn try_open(
        server: &Server,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (u16, Value)> {
        let url = format!("ws://{}/v1/live?{query}", server.address);
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a value"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self { socket, told: vec![] }),
            Err(Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                let problem = serde_json::from_slice(body).unwrap_or_default();
                Err((response.status().as_u16(), problem))
            }
            Err(error) => panic!("no connection: {error}"),
        }
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] != "heartbeat" {
                        self.told.push(message.clone());
                        return message;
                    }
                }
                Message::Ping(_) => self.socket.flush().await.expect("a line"),
                other => panic!("an event was expected: {other:?}"),
            }
        }
    }

    /// Reads until an event is the one; answers that.
    pub(crate) async fn until(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await;
            if is(&message) {
                return message;
            }
        }
    }

    /// Reads up to a position; answers every position that was told.
    pub(crate) async fn up_to(&mut self, position: u64) -> Vec<u64> {
        self.until(|m| m["position"].as_u64() >= Some(position)).await;
        self.told.iter().filter_map(|m| m["position"].as_u64()).collect()
    }

    /// Reads until the server ends it; answers the code and reason.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.frame().await {
                let frame = frame.expect("a reason");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    async fn frame(&mut self) -> Message {
        let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        frame.expect("something within half a minute").expect("a line").expect("a frame")
    }
}

/// Whether a message is an event of a type about a stream.
pub(crate) fn is(message: &Value, kind: &str, id: &str) -> bool {
    message["type"] == kind && message["stream"].as_str().is_some_and(|s| s.ends_with(id))
}

/// Server-sent events on the feed.
pub(crate) struct Events {
    chunks: BoxStream<'static, Vec<u8>>,
    buffer: String,
}

/// One server-sent event.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sent {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) data: Value,
}

impl Events {
    /// Follows; `headers` beside `Accept`.
    pub(crate) async fn open(api: &Api, query: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = api.request(Method::GET, &format!("/v1/live?{query}"));
        request = request.header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let chunks = response.bytes_stream().map(|c| c.expect("a chunk").to_vec()).boxed();
        Self { chunks, buffer: String::new() }
    }

    /// The next one; `None` when the server has ended it.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let sent = parsed(block);
                self.buffer = rest.to_owned();
                match sent {
                    Some(sent) if sent.name.as_deref() != Some("heartbeat") => return Some(sent),
                    _ => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.chunks.next()).await;
            let chunk = chunk.expect("something within half a minute")?;
            self.buffer.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// Reads up to a position; answers every position that was told.
    pub(crate) async fn up_to(&mut self, position: u64) -> Vec<u64> {
        let mut told = vec![];
        while told.last().is_none_or(|last| *last < position) {
            let sent = self.next().await.expect("more");
            let at = sent.data["position"].as_u64().expect("a position");
            assert_eq!(sent.id.as_deref(), Some(at.to_string().as_str()));
            told.push(at);
        }
        told
    }
}

fn parsed(block: &str) -> Option<Sent> {
    let mut sent = Sent::default();
    for line in block.lines() {
        match line.split_once(": ")? {
            ("id", value) => sent.id = Some(value.to_owned()),
            ("event", value) => sent.name = Some(value.to_owned()),
            ("data", value) => sent.data = serde_json::from_str(value).expect("JSON"),
            _ => {}
        }
    }
    Some(sent)
}

/// A one-time ticket.
pub(crate) async fn ticket(api: &Api) -> Answer {
    api.post("/v1/live/tickets", serde_json::json!({})).await
}
