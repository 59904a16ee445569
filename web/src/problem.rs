//! Problems: what a request is answered when it cannot be done (RFC 9457), with a stable code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::refusal::{FieldProblem, Refusal, RefusalKind};
use event_log::{DispatchError, LogError};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done (RFC 9457). `code` is stable; `title` and `detail` are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:hiresphere:problem:CODE`: one per code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status, in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable, upper-case: `VALIDATION`, `JOB_NOT_OPEN`.
    pub code: String,
    /// What was wrong and what to do about it.
    pub detail: String,
    /// The fields at fault, for a form to mark.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ProblemField>,
    /// The existing thing that the command ran into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
}

/// One field that cannot stand, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemField {
    /// Path of the field: `pay.min`, `stages[2].id`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Problem {
    /// A problem with a stable code.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:hiresphere:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            fields: vec![],
            existing: None,
        }
    }

    /// 400 with a stable code.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: nobody has said who they are, or nobody knows them.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", detail)
    }

    /// 404: there is no such thing, or not for this caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is no such {what}"))
    }

    /// The same problem under a code of its own.
    #[must_use]
    pub fn under(mut self, code: &str) -> Self {
        self.kind = format!("urn:hiresphere:problem:{code}");
        code.clone_into(&mut self.code);
        self
    }

    /// 422 about one field.
    pub fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let (field, problem) = (field.into(), problem.into());
        let detail = format!("`{field}` {problem}");
        let mut this = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION", detail);
        this.fields.push(ProblemField { field, problem });
        this
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let challenge = status == StatusCode::UNAUTHORIZED;
        let wait =
            matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalKind::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let field = |f: FieldProblem| ProblemField { field: f.field, problem: f.problem };
        Self {
            fields: refusal.fields.into_iter().map(field).collect(),
            existing: refusal.existing,
            ..Self::new(status, &refusal.code, refusal.message)
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Erased => Self::new(StatusCode::CONFLICT, "ERASED", error.to_string()),
            LogError::DiskFull(_) => {
                let detail =
                    "the disk is full; nothing of the request was kept that is not answered";
                tracing::error!(%error, "the disk is full");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "DISK_FULL", detail)
            }
            LogError::Unavailable(_) => {
                tracing::error!(%error, "a request was refused");
                let detail = "the database is away at the moment; try again, with the same \
                              Idempotency-Key";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "DATABASE_UNAVAILABLE", detail)
            }
            error => {
                // What the machine does wrong is for whoever runs it, not for whoever asks.
                tracing::error!(code = error.code(), %error, "a request failed");
                let detail = "the server failed; its log says why. Try again, with the same \
                              Idempotency-Key";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", detail)
            }
        }
    }
}

impl From<DispatchError> for Problem {
    fn from(error: DispatchError) -> Self {
        match error {
            DispatchError::Refused(refusal) => refusal.into(),
            DispatchError::Log(error) => error.into(),
        }
    }
}
