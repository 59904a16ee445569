//! What a write is answered with: where the thing now stands, and where one's own write can be read.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use event_log::Outcome;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The answer to a write. `position` is what to give as `min_position` to read one's own write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Written {
    /// The thing that was written.
    pub id: Uuid,
    /// Its version, for `If-Match`; also the `ETag`.
    pub version: u64,
    /// The position of its last event. Absent when the log has taken the write but not numbered it yet; the same
    /// request under the same `Idempotency-Key` answers it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    #[serde(skip)]
    #[schema(ignore)]
    status: StatusCodeOf,
    #[serde(skip)]
    #[schema(ignore)]
    location: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum StatusCodeOf {
    #[default]
    Ok,
    Created,
    Accepted,
}

impl From<Outcome> for Written {
    fn from(outcome: Outcome) -> Self {
        Self {
            id: outcome.stream.id,
            version: outcome.version,
            position: outcome.position,
            status: StatusCodeOf::Ok,
            location: None,
        }
    }
}

impl Written {
    /// 201, and where the thing is.
    #[must_use]
    pub fn created(mut self, collection: &str) -> Self {
        self.status = StatusCodeOf::Created;
        self.location = Some(format!("{collection}/{}", self.id));
        self
    }

    /// 201, and where what came of it is.
    #[must_use]
    pub fn created_at(mut self, location: String) -> Self {
        self.status = StatusCodeOf::Created;
        self.location = Some(location);
        self
    }

    /// 202: work continues, and this is where to look.
    #[must_use]
    pub fn accepted(mut self, location: String) -> Self {
        self.status = StatusCodeOf::Accepted;
        self.location = Some(location);
        self
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let status = match self.status {
            StatusCodeOf::Ok => StatusCode::OK,
            StatusCodeOf::Created => StatusCode::CREATED,
            StatusCodeOf::Accepted => StatusCode::ACCEPTED,
        };
        let tag = etag(self.version);
        let location = self.location.as_deref().and_then(|l| HeaderValue::from_str(l).ok());
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::ETAG, tag);
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// The `ETag` of a version.
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}
