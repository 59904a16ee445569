//! What a request may cost: bytes, and the time its body may take.
//!
//! A request that is refused early is still read to its end, within bounds, so that a client that is
//! busy sending gets to read why. One that asked before sending (`Expect: 100-continue`) is spared it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::problem::Problem;

/// Bytes of a JSON body.
pub const JSON_BYTES: usize = 1024 * 1024;
/// Bytes of an upload: the largest resume, and its form around it.
pub const UPLOAD_BYTES: usize = domain::candidate::MAX_RESUME_BYTES as usize + 256 * 1024;
/// What is read and thrown away after a refusal.
const DRAINED_BYTES: usize = 512 * 1024 * 1024;

/// How long the body of a request may take.
#[derive(Debug, Clone, Copy)]
pub struct BodyTime(pub Duration);

impl Default for BodyTime {
    fn default() -> Self {
        Self(Duration::from_secs(60))
    }
}

/// The body took longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("the body took longer than it may")]
struct TooSlow;

/// The middleware: bounds the body's time, and reads on after a refusal.
pub async fn bound(State(time): State<BodyTime>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.headers.contains_key(header::EXPECT);
    let left = Arc::new(Mutex::new(None));
    let deadline = Instant::now() + time.0;
    let timed = Timed {
        body: Some(body),
        begun: false,
        late: Box::pin(tokio::time::sleep_until(deadline)),
        left: left.clone(),
    };
    let mut response = next.run(Request::from_parts(parts, Body::new(timed))).await;
    let rest = left.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Left { body, begun }) = rest
        && !body.is_end_stream()
    {
        // Nothing is sent until it is asked for; whoever is too slow even for this is cut off.
        let unsent = asked && !begun;
        if unsent || tokio::time::timeout_at(deadline, drain(body)).await != Ok(true) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
    response
}

/// Reads a body to its end; says whether it got there.
async fn drain(body: Body) -> bool {
    let mut chunks = body.into_data_stream();
    let mut seen = 0;
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else { return false };
        seen += chunk.len();
        if seen > DRAINED_BYTES {
            return false;
        }
    }
    true
}

/// A body with a deadline; what is left of it when it is dropped goes back to the middleware.
struct Timed {
    body: Option<Body>,
    begun: bool,
    late: Pin<Box<Sleep>>,
    left: Arc<Mutex<Option<Left>>>,
}

/// What is left of a body, and whether any of it was asked for.
struct Left {
    body: Body,
    begun: bool,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        self.begun = true;
        if let Some(body) = self.body.as_mut()
            && let Poll::Ready(frame) = Pin::new(body).poll_frame(cx)
        {
            return Poll::Ready(frame.map(|f| f.map_err(Into::into)));
        }
        match self.late.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(TooSlow.into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let left = self.body.take().map(|body| Left { body, begun: self.begun });
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }
}

/// Whether the deadline is somewhere among the causes of an error.
fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut source = Some(error);
    while let Some(current) = source {
        if current.is::<TooSlow>() {
            return true;
        }
        source = current.source();
    }
    false
}

/// The problem that an unreadable body is.
pub(crate) fn body_problem(rejection: &BytesRejection) -> Problem {
    unreadable(rejection, rejection.clone_status())
}

/// The problem of a body that could not be read.
pub(crate) fn unreadable(error: &(dyn std::error::Error + 'static), status: StatusCode) -> Problem {
    if is_too_slow(error) {
        let detail = "the body took too long; send it again over a faster connection";
        return Problem::new(StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW", detail);
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!(
            "the body is too large; JSON has at most {JSON_BYTES} bytes, a resume {}",
            domain::candidate::MAX_RESUME_BYTES
        );
        return Problem::new(status, "TOO_LARGE", detail);
    }
    Problem::bad_request("BAD_BODY", "the body ended early or is not what its headers say")
}

/// The status that axum would have answered.
trait Status {
    fn clone_status(&self) -> StatusCode;
}

impl Status for BytesRejection {
    fn clone_status(&self) -> StatusCode {
        self.status()
    }
}

/// Answers what no route does.
pub async fn no_such_page() -> Response {
    Problem::not_found("page").into_response()
}

/// Answers a method that a route does not have.
pub async fn no_such_method() -> Response {
    let detail = "this address does not take this method; /docs says which it takes";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail).into_response()
}
