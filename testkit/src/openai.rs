//! A stand-in for OpenAI: a real HTTP server that speaks the chat-completions protocol, lists its models, and fails as the
//! service does.
//!
//! It refuses what the service would refuse in strict mode, keeps every request byte for byte, and answers as it is told
//! to. Protocol: <https://platform.openai.com/docs/api-reference/chat/create>,
//! <https://platform.openai.com/docs/api-reference/models/list>,
//! <https://platform.openai.com/docs/guides/structured-outputs>, errors and headers:
//! <https://platform.openai.com/docs/guides/error-codes>, <https://platform.openai.com/docs/guides/rate-limits>.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// 0, 1, 2... in the order in which they came.
    pub n: usize,
    /// Path and query.
    pub uri: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The body, parsed.
    pub json: Value,
}

/// What the stand-in does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// What a model says, in a completion.
    Says(Value),
    /// Likewise, as text that may not be what was asked for, with the reason why it ended.
    SaysText(String, &'static str),
    /// The model refuses.
    Refuses(String),
    /// An error: status, `Retry-After`, type and code.
    Fails(u16, Option<String>, &'static str, &'static str),
    /// A body of any kind, with status 200.
    Raw(String),
    /// Begins an answer and never ends it.
    Hangs,
    /// Begins an answer and closes the connection.
    Breaks,
    /// Holds the request until the stand-in is let go, then answers.
    Holds(Box<Answer>),
}

type Script = dyn Fn(&Asked) -> Answer + Send + Sync;

/// A running stand-in; it ends when it is dropped.
pub struct OpenAi {
    /// What a client is told: `http://127.0.0.1:port/v1`.
    pub base_url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    free: tokio::sync::watch::Sender<bool>,
}

impl Drop for OpenAi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl OpenAi {
    /// Starts one that answers by `script`.
    pub async fn start(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            asked: Mutex::default(),
            free: tokio::sync::watch::Sender::new(false),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/openai/deployments/{deployment}/chat/completions", post(complete))
            .route("/v1/models", get(list))
            .route("/openai/models", get(list))
            .with_state(shared.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self { base_url: format!("http://{address}/v1"), shared, serving }
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets go what is held, now and later.
    pub fn let_go(&self) {
        self.shared.free.send_replace(true);
    }
}

async fn complete(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = shared.keep(uri, headers, body);
    if let Err(refused) = asked.check() {
        return refused;
    }
    let mut answer = (shared.script)(&asked);
    if let Answer::Holds(then) = answer {
        // A sender that is gone frees everybody.
        let _ = shared.free.subscribe().wait_for(|free| *free).await;
        answer = *then;
    }
    answer.response(&asked)
}

/// The list of models, to whoever has a key and is not made to fail.
async fn list(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let asked = shared.keep(uri, headers, Bytes::new());
    if let Err(refused) = asked.check_key() {
        return refused;
    }
    match (shared.script)(&asked) {
        failure @ Answer::Fails(..) => failure.response(&asked),
        _ => whole(200, json!({ "object": "list", "data": [] }).to_string()),
    }
}

impl Shared {
    fn keep(&self, uri: Uri, headers: HeaderMap, body: Bytes) -> Asked {
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = Asked { n: all.len(), uri: uri.to_string(), headers, body, json };
        all.push(asked.clone());
        asked
    }
}

impl Asked {
    /// What the service would refuse.
    fn check(&self) -> Result<(), Response> {
        let refused =
            |code, message: &str| Err(error(400, None, "invalid_request_error", code, message));
        self.check_key()?;
        if !self.json["model"].is_string() || !self.json["messages"].is_array() {
            return refused("missing_required_parameter", "model and messages are required");
        }
        let format = &self.json["response_format"];
        if format["type"] == "json_schema"
            && (format["json_schema"]["strict"] != true
                || !is_strict(&format["json_schema"]["schema"]))
        {
            return refused("invalid_value", "Invalid schema for response_format");
        }
        Ok(())
    }

    fn check_key(&self) -> Result<(), Response> {
        if self.headers.contains_key("authorization") || self.headers.contains_key("api-key") {
            return Ok(());
        }
        let message = "You didn't provide an API key.";
        Err(error(401, None, "invalid_request_error", "invalid_api_key", message))
    }

    /// The criteria that the answer's schema asks for.
    pub fn criteria(&self) -> Vec<String> {
        let required = &self.json["response_format"]["json_schema"]["schema"]["required"];
        let ids = required.as_array().into_iter().flatten();
        ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
    }

    /// What was said by whom, in order.
    pub fn messages(&self) -> Vec<(String, String)> {
        let messages = self.json["messages"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        messages.map(|m| (text(&m["role"]), text(&m["content"]))).collect()
    }

    /// The resume, as it stands between its marks.
    pub fn resume(&self) -> String {
        let said = self.messages().into_iter().find(|(role, _)| role == "user");
        let said = said.map(|(_, content)| content).unwrap_or_default();
        let inside = said.lines().skip_while(|l| !(l.starts_with("==") && l.ends_with(" BEGIN")));
        let inside = inside.skip(1).take_while(|l| !(l.starts_with("==") && l.ends_with(" END")));
        inside.collect::<Vec<_>>().join("\n")
    }

    /// Whether it asks for a repair of an answer.
    pub fn repairs(&self) -> bool {
        self.messages().iter().any(|(role, _)| role == "assistant")
    }
}

/// Whether a schema keeps to strict mode: every object closed, and all of its properties required.
fn is_strict(schema: &Value) -> bool {
    if schema["type"] == "object" {
        let Some(properties) = schema["properties"].as_object() else { return false };
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let all = properties.keys().all(|name| required.contains(&name.as_str()));
        return schema["additionalProperties"] == false
            && all
            && properties.values().all(is_strict);
    }
    schema.get("items").is_none_or(is_strict)
}

impl Answer {
    /// Every criterion at one level, with the same quotes.
    pub fn all(asked: &Asked, level: u8, quotes: &[&str]) -> Self {
        let grade = json!({
            "quotes": quotes, "level": level, "confidence": 0.9,
            "rationale": "The resume shows this work over several years, with its results.",
        });
        Self::Says(asked.criteria().into_iter().map(|id| (id, grade.clone())).collect())
    }

    /// A model that reads: each criterion at one level, each with the next line of the resume that says something.
    pub fn honest(asked: &Asked, level: u8) -> Self {
        let resume = asked.resume();
        let lines: Vec<&str> = resume
            .lines()
            .map(str::trim)
            .filter(|l| l.split_whitespace().count() >= 3 && !l.contains("[redacted]"))
            .collect();
        let grade = |(i, id): (usize, String)| {
            let quote =
                lines.get(i % lines.len().max(1)).map(|l| l.chars().take(200).collect::<String>());
            let level = if quote.is_some() { level } else { 0 };
            let grade = json!({
                "quotes": quote.into_iter().collect::<Vec<_>>(), "level": level, "confidence": 0.8,
                "rationale": "This line of the resume shows it, and nothing else does as clearly.",
            });
            (id, grade)
        };
        Self::Says(asked.criteria().into_iter().enumerate().map(grade).collect())
    }

    fn response(self, asked: &Asked) -> Response {
        match self {
            Self::Says(value) => completion(asked, json!({ "content": value.to_string() }), "stop"),
            Self::SaysText(text, finish) => completion(asked, json!({ "content": text }), finish),
            Self::Refuses(why) => {
                completion(asked, json!({ "content": null, "refusal": why }), "stop")
            }
            Self::Fails(status, after, kind, code) => {
                error(status, after, kind, code, "stand-in error")
            }
            Self::Raw(body) => whole(200, body),
            Self::Hangs => begun(futures::stream::pending().boxed()),
            Self::Breaks => {
                let broken = std::io::Error::other("closed by the stand-in");
                begun(futures::stream::iter([Err(broken)]).boxed())
            }
            Self::Holds(then) => then.response(asked),
        }
    }
}

/// An answer of which the first bytes are there.
fn begun(rest: futures::stream::BoxStream<'static, Result<Bytes, std::io::Error>>) -> Response {
    let first = futures::stream::iter([Ok(Bytes::from_static(
        b"{\"id\":\"chatcmpl-1\",\"choices\":[{\"mess",
    ))]);
    let mut response = Response::new(Body::from_stream(first.chain(rest)));
    response.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
    response
}

/// Four bytes are about a token.
fn completion(asked: &Asked, mut message: Value, finish: &str) -> Response {
    message["role"] = json!("assistant");
    let (read, written) = (asked.body.len() / 4, message.to_string().len() / 4);
    let body = json!({
        "id": format!("chatcmpl-{}", asked.n), "object": "chat.completion", "created": 1_750_000_000,
        "model": asked.json["model"], "system_fingerprint": "fp_stand_in",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
        "usage": {
            "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written
        },
    });
    whole(200, body.to_string())
}

fn error(status: u16, after: Option<String>, kind: &str, code: &str, message: &str) -> Response {
    let body =
        json!({ "error": { "message": message, "type": kind, "param": null, "code": code } });
    let mut response = whole(status, body.to_string());
    if let Some(after) = after {
        response.headers_mut().insert("retry-after", after.parse().expect("a header"));
    }
    response
}

fn whole(status: u16, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
    response
}
