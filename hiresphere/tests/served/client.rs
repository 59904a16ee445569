//! An HTTP client that knows what every answer must look like.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// A caller of the API.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) http: Client,
    base: String,
    token: Option<String>,
}

/// What the API answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The body, when it is JSON.
    pub(crate) body: Value,
}

impl Api {
    pub(crate) fn new(address: &str, token: Option<&str>) -> Self {
        testkit::servers::tls();
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        let (http, base) = (http.expect("a client"), format!("http://{address}"));
        Self { http, base, token: token.map(str::to_owned) }
    }

    /// A request, to be given more.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// A write under an idempotency key.
    pub(crate) async fn keyed(&self, key: &str, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        send(request.json(&body)).await
    }

    /// What stands at an address once the read models have reached a position.
    pub(crate) async fn read(&self, path: &str, position: u64) -> Value {
        let and = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{and}min_position={position}");
        let request = self.request(Method::GET, &path).header("prefer", "wait=30");
        send(request).await.ok()
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.expect("a body").to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Answer { status, headers, bytes, body }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The body of an answer that says yes.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        self.is((200..300).contains(&self.status), "a 2xx");
        self.body.clone()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn status(&self, status: u16) -> Value {
        self.is(self.status == status, &status.to_string());
        self.body.clone()
    }

    /// The problem that a refusal must be: status, stable code, media type, and the same said in it.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let problem = &self.body;
        self.is(self.status == status && problem["code"] == code, &format!("{status} {code}"));
        assert_eq!(self.header(CONTENT_TYPE.as_str()), "application/problem+json", "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("urn:hiresphere:problem:{code}"));
        for field in ["title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|t| !t.is_empty()), "{field} in {problem}");
        }
        assert!(!self.header("x-request-id").is_empty(), "its request is named: {self:?}");
        assert_eq!(status == 401, !self.header("www-authenticate").is_empty());
        problem.clone()
    }

    /// A refusal that names a field.
    #[track_caller]
    pub(crate) fn at_field(&self, status: u16, code: &str, field: &str) {
        let problem = self.refused(status, code);
        let named = problem["fields"].as_array().into_iter().flatten();
        assert!(named.into_iter().any(|f| f["field"] == field), "`{field}` in {problem}");
    }

    #[track_caller]
    fn is(&self, fits: bool, wanted: &str) {
        let text = String::from_utf8_lossy(&self.bytes);
        assert!(fits, "{wanted} was expected, not {}: {text}", self.status);
    }
}

/// A text of a JSON value.
#[track_caller]
pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {value}")).to_owned()
}

/// A number of a JSON value.
#[track_caller]
pub(crate) fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap_or_else(|| panic!("no number `{field}` in {value}"))
}
