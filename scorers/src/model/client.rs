//! The client: one request to a chat-completions endpoint and what came of it, told apart by what to do next.
//!
//! `async-openai` speaks the protocol (addresses, keys, Azure's differences). Below it stands a transport of our own that
//! sends what it is given as it is, bounds what it reads, and hands over status and `Retry-After` unchanged. It never
//! tries again by itself: what waits, waits in the subscription, where it can be seen and stopped.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_openai::config::{AzureConfig, Config, OPENAI_API_BASE, OpenAIConfig};
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::value::RawValue;

use super::settings::{ModelSettings, Provider, SettingsError};

/// Most bytes of an answer that are read.
const MOST_BYTES: usize = 8 << 20;
/// How long a connection may take to be there.
const CONNECTING: Duration = Duration::from_secs(10);

/// What came of a request.
#[derive(Debug)]
pub(super) enum Reply {
    /// An answer, as it came, and how long it took.
    Answered { body: String, took: Duration },
    /// Not now: the service is away, overloaded, or does not let us in. `after` is what it asked for; `begun` says that it
    /// had the request and may have worked on it.
    Away { after: Option<Duration>, why: String, begun: bool },
    /// Never: the request itself is refused.
    Refused { status: u16, body: String },
}

pub(super) struct Client {
    inner: async_openai::Client<Box<dyn Config>>,
}

impl Client {
    pub(super) fn new(settings: &ModelSettings) -> Result<Self, SettingsError> {
        let wrong =
            |problem: String| SettingsError { release: settings.release().label(), problem };
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECTING)
            .timeout(settings.timeout())
            // A key is for one place.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| wrong(format!("no client can be made: {e}")))?;
        let inner = async_openai::Client::build(http.clone(), config(settings))
            .with_http_service(Transport { http });
        Ok(Self { inner })
    }

    /// Sends a request, byte for byte.
    pub(super) async fn ask(&self, request: &RawValue) -> Reply {
        let since = Instant::now();
        let chat = self.inner.chat();
        let answer: Result<Box<RawValue>, _> = chat.create_byot(request).await;
        let (why, begun) = match answer {
            Ok(body) => {
                return Reply::Answered { body: body.get().to_owned(), took: since.elapsed() };
            }
            Err(OpenAIError::Boxed(other)) => match other.downcast::<Heard>() {
                Ok(heard) => return heard.reply(since.elapsed()),
                Err(other) => (other.to_string(), false),
            },
            Err(OpenAIError::Reqwest(error)) => {
                let begun = !error.is_connect();
                (told(error), begun)
            }
            Err(other) => (other.to_string(), false),
        };
        Reply::Away { after: None, why, begun }
    }
}

/// Where a model is asked, and with which key.
pub(super) fn config(settings: &ModelSettings) -> Box<dyn Config> {
    let base = settings.base_url.as_deref().unwrap_or(OPENAI_API_BASE).trim_end_matches('/');
    match settings.provider {
        Provider::Azure => Box::new(
            AzureConfig::new()
                .with_api_base(base)
                .with_api_key(&settings.api_key)
                .with_deployment_id(&settings.model)
                .with_api_version(settings.api_version.as_deref().unwrap_or_default()),
        ),
        // Nothing is taken from the environment behind the settings' back.
        _ => Box::new(
            OpenAIConfig::new()
                .with_api_base(base)
                .with_api_key(&settings.api_key)
                .with_org_id("")
                .with_project_id(""),
        ),
    }
}

/// An answer that is not what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("status {status}")]
struct Heard {
    status: u16,
    after: Option<Duration>,
    body: String,
}

impl Heard {
    fn reply(self, took: Duration) -> Reply {
        let Self { status, after, body } = self;
        match status {
            // It was answered, and paid; whether the answer is of use is for others to say.
            200..300 => Reply::Answered { body, took },
            // Refused for what it says; everything else may pass, or is for an operator to mend (a key, a quota, a
            // model's name).
            400 | 405 | 406 | 411 | 413 | 414 | 415 | 422 | 431 => Reply::Refused { status, body },
            _ => {
                let why = format!("status {status}{}", code(&body));
                Reply::Away { after, why, begun: false }
            }
        }
    }
}

/// The code of an error, which says more than its status: `insufficient_quota`. Not its message, which may hold what was
/// sent.
fn code(body: &str) -> String {
    let error: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let code = error.as_ref().and_then(|e| {
        let error = e.get("error")?;
        error.get("code").and_then(|c| c.as_str()).or_else(|| error.get("type")?.as_str())
    });
    let plain = |code: &&str| {
        code.len() <= 60 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    code.filter(plain).map_or_else(String::new, |code| format!(", {code}"))
}

/// A failure of the network without its address, which may hold a key.
pub(super) fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut said = if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        error.to_string()
    };
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

/// How long a service asks to be left alone: seconds, milliseconds (OpenAI's own header) or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|t| t.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(millis / 1000.0).ok();
    }
    let text = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.with_timezone(&Utc) - Utc::now()).to_std().unwrap_or_default())
}

/// Sends what `async-openai` makes, and reads what comes within bounds.
#[derive(Clone)]
struct Transport {
    http: reqwest::Client,
}

impl tower::Service<HttpRequestFactory> for Transport {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let http = self.http.clone();
        Box::pin(async move {
            let response = http.execute(request.build().await?).await?;
            let status = response.status();
            let after = retry_after(response.headers());
            let mut body = Vec::new();
            let mut chunks = response.bytes_stream();
            while let Some(chunk) = chunks.next().await {
                body.extend_from_slice(&chunk?);
                if body.len() > MOST_BYTES {
                    body.truncate(MOST_BYTES);
                    break;
                }
            }
            let is_json = serde_json::from_slice::<&RawValue>(&body).is_ok();
            if status.is_success() && is_json {
                return Ok(http::Response::new(reqwest::Body::from(body)).into());
            }
            // Not left to the library, which would log it.
            let body = String::from_utf8_lossy(&body).into_owned();
            Err(OpenAIError::Boxed(Box::new(Heard { status: status.as_u16(), after, body })))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_milliseconds_or_a_date() {
        let asked = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(asked("retry-after", "20"), Some(Duration::from_secs(20)));
        assert_eq!(asked("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
        let soon = (Utc::now() + chrono::TimeDelta::seconds(90)).to_rfc2822();
        let after = asked("retry-after", &soon).unwrap();
        assert!(after > Duration::from_secs(80) && after <= Duration::from_secs(90));
        assert_eq!(asked("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["-3", "NaN", "soon", ""] {
            assert_eq!(asked("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
