//! Stand-ins for where notifications end: a real HTTP server that takes webhooks and speaks Slack's protocol, and fails as they
//! do. It refuses what Slack would refuse, and keeps every request byte for byte.
//!
//! Protocol: <https://docs.slack.dev/reference/methods/chat.postMessage>,
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://docs.slack.dev/reference/block-kit/blocks>, <https://docs.slack.dev/apis/web-api/rate-limits>.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What a bot's token has to be.
pub const BOT_TOKEN: &str = "xoxb-of-the-stand-in";

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Came {
    /// 0, 1, 2... in the order in which they came.
    pub n: usize,
    /// Its path.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

impl Came {
    /// A header; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What the stand-in does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// As it should.
    Well,
    /// This status and `Retry-After`.
    Status(u16, Option<&'static str>),
    /// Slack's `ok: false`, with this error.
    NotOk(&'static str),
    /// A body of any kind, with status 200.
    Raw(&'static str),
    /// Takes it, begins an answer and closes the connection.
    Breaks,
    /// Holds it until the stand-in is let go, then does as it should.
    Holds,
}

type Script = dyn Fn(&Came) -> Reply + Send + Sync;

/// A running stand-in; it ends when it is dropped.
pub struct Ends {
    /// `http://127.0.0.1:port`.
    pub url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    script: Box<Script>,
    came: Mutex<Vec<Came>>,
    free: tokio::sync::watch::Sender<bool>,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Ends {
    /// Starts one that answers by `script`.
    pub async fn start(script: impl Fn(&Came) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            came: Mutex::default(),
            free: tokio::sync::watch::Sender::new(false),
        });
        let router = Router::new().fallback(take).with_state(shared.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self { url: format!("http://{address}"), shared, serving }
    }

    /// Where Slack's API is.
    pub fn slack_api(&self) -> String {
        format!("{}/api", self.url)
    }

    /// Where an incoming webhook of Slack is.
    pub fn slack_hook(&self) -> String {
        format!("{}/services/T0/B0/secret", self.url)
    }

    /// Every request so far whose path begins so.
    pub fn came(&self, path: &str) -> Vec<Came> {
        let came = self.shared.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.iter().filter(|came| came.path.starts_with(path)).cloned().collect()
    }

    /// Lets go what is held, now and later.
    pub fn let_go(&self) {
        self.shared.free.send_replace(true);
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let json = serde_json::from_slice(&body).unwrap_or_default();
    let came = {
        let mut all = shared.came.lock().unwrap_or_else(PoisonError::into_inner);
        let path = uri.path().to_owned();
        let n = all.len();
        all.push(Came { n, path, headers, body, json });
        all.last().expect("one").clone()
    };
    match (shared.script)(&came) {
        Reply::Well => well(&came),
        Reply::Holds => {
            let _ = shared.free.subscribe().wait_for(|free| *free).await;
            well(&came)
        }
        Reply::Status(status, after) => {
            let mut answer = Response::builder().status(status);
            if let Some(after) = after {
                answer = answer.header("retry-after", after);
            }
            answer.body(Body::from("the stand-in fails")).expect("an answer")
        }
        Reply::NotOk(error) => json_answer(&json!({ "ok": false, "error": error })),
        Reply::Raw(text) => text.into_response(),
        Reply::Breaks => {
            let broken = futures::stream::iter([
                Ok(Bytes::from_static(b"{\"ok\": tr")),
                Err(std::io::Error::other("broken off")),
            ]);
            // A length that it never reaches.
            Response::builder()
                .header("content-length", "1000")
                .body(Body::from_stream(broken.boxed()))
                .expect("an answer")
        }
    }
}

fn well(came: &Came) -> Response {
    if came.path == "/api/chat.postMessage" {
        return json_answer(&posted(came));
    }
    if came.path.starts_with("/services/") {
        return match wrong_with(&came.json) {
            Some(error) => (StatusCode::BAD_REQUEST, error).into_response(),
            None => "ok".into_response(),
        };
    }
    StatusCode::NO_CONTENT.into_response()
}

fn posted(came: &Came) -> Value {
    let error = |error: &str| json!({ "ok": false, "error": error });
    if came.header("authorization") != format!("Bearer {BOT_TOKEN}") {
        return error("invalid_auth");
    }
    if !came.header("content-type").starts_with("application/json") {
        return error("invalid_post_type");
    }
    let Some(channel) = came.json["channel"].as_str().filter(|channel| !channel.is_empty()) else {
        return error("channel_not_found");
    };
    if let Some(wrong) = wrong_with(&came.json) {
        return error(wrong);
    }
    json!({ "ok": true, "channel": channel, "ts": format!("1700000000.{:06}", came.n) })
}

/// What Slack would not take of a message: the limits of Block Kit.
fn wrong_with(message: &Value) -> Option<&'static str> {
    let length = |text: &Value| text.as_str().map_or(0, |text| text.chars().count());
    if length(&message["text"]) == 0 {
        return Some("no_text");
    }
    let blocks = message["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    let well = blocks.len() <= 50
        && blocks.iter().all(|block| match block["type"].as_str() {
            Some("section") => {
                let fields = block["fields"].as_array().map_or(&[][..], Vec::as_slice);
                let text = length(&block["text"]["text"]);
                let said = (1..=3_000).contains(&text) || (text == 0 && !fields.is_empty());
                let short = |field: &Value| (1..=2_000).contains(&length(&field["text"]));
                said && fields.len() <= 10 && fields.iter().all(short)
            }
            Some("actions") => {
                let elements = block["elements"].as_array().map_or(&[][..], Vec::as_slice);
                let button = |element: &Value| {
                    element["type"] == "button"
                        && (1..=75).contains(&length(&element["text"]["text"]))
                        && (1..=255).contains(&length(&element["action_id"]))
                        && length(&element["value"]) <= 2_000
                        && length(&element["url"]) <= 3_000
                };
                (1..=25).contains(&elements.len()) && elements.iter().all(button)
            }
            Some("context") => {
                block["elements"].as_array().is_some_and(|e| (1..=10).contains(&e.len()))
            }
            _ => false,
        });
    (!well).then_some("invalid_blocks")
}

fn json_answer(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}
