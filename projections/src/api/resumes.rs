//! An application's resume: the file, and what was read in it.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::application::Application;
use domain::candidate::{Candidate, Reading};
use domain::ids::{CandidateId, DocumentId};
use domain::places::{Place, ReadResume};
use domain::text::Span;
use event_log::LogError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::extract::{Id, Params};
use web::{Problem, answer};

use super::QueryApi;
use super::view::{Asked, one};
use crate::models::candidates;

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(resume)).routes(routes!(text))
}

impl QueryApi {
    /// The candidate and the resume that an application stands on, and its version.
    async fn stands_on(&self, id: Uuid) -> Result<(CandidateId, DocumentId, u64), Problem> {
        let missing = || Problem::not_found("application");
        let (state, version) = self.log.dispatcher().load::<Application>(id).await?;
        let candidate = state.candidate.ok_or_else(missing)?;
        Ok((candidate, state.document.ok_or_else(missing)?, version))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResumeParams {}

/// Download an application's resume
///
/// The bytes that the application stands on. ERASED when the person's data was erased.
#[utoipa::path(get, path = "/v1/applications/{application}/resume", tag = "applications", operation_id = "downloadResume",
    params(("application" = uuid::Uuid, Path,)),
    responses((status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 409, description = "ERASED", body = Problem, content_type = "application/problem+json")))]
async fn resume(
    State(api): State<QueryApi>,
    Id(id): Id,
    Params(_params): Params<ResumeParams>,
) -> Result<Response, Problem> {
    let (candidate, document, version) = api.stands_on(id).await?;
    let bytes = api.log.documents.get(candidate, document).await?;
    let known = candidates::one(&api.live.pool().await, candidate).await?;
    let row = known.and_then(|c| c.resumes.into_iter().find(|r| r.document == document));
    let kind = row.as_ref().and_then(|r| r.sniffed_type.as_deref());
    let kind = kind.and_then(|k| HeaderValue::from_str(k).ok());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let name = row.and_then(|r| r.file).unwrap_or_else(|| "resume".into());
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::ETAG, answer::etag(version));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(disposition) = HeaderValue::from_str(&attachment(&name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// What was read in a resume.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ResumeText {
    /// The resume.
    document: DocumentId,
    /// Its pages.
    pages: Vec<TextPage>,
    /// Whether there is more in the file than was read.
    truncated: bool,
    /// Where the stretch of text that was asked for stands, page by page. Empty for formats without pages.
    places: Vec<Place>,
}

/// What was read on one page.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TextPage {
    /// 1, 2, 3...
    page: u32,
    /// How it was read: `text_layer`, `ocr`, `docx`, `odt`, `rtf`, `html`, `plain_text`.
    method: String,
    /// Where its text begins in the whole visible text, which every quote's `start` and `end` count in, in Unicode scalars. Between two
    /// pages is one newline.
    start: u32,
    /// Its visible text.
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextParams {
    start: Option<u32>,
    end: Option<u32>,
}

/// Read what was read in an application's resume
///
/// The visible text, which is what graders see and quotes are taken from. With `start` and `end`, as a quote has them, also where on its
/// pages those words stand. NOT_READ while it was not read, and when it could not be; ERASED when the person's data was erased.
#[utoipa::path(get, path = "/v1/applications/{application}/resume/text", tag = "applications", operation_id = "getResumeText",
    params(
        ("application" = uuid::Uuid, Path,),
        ("start" = Option<u32>, Query, description = "First Unicode scalar of the words to find, counted in the visible text."),
        ("end" = Option<u32>, Query, description = "One past the last; together with `start`."),
    ),
    responses((status = 200, body = ref("#/components/schemas/ResumeTextAnswer")), (status = 304, description = "Not modified"),
        (status = 409, description = "NOT_READ, ERASED", body = Problem, content_type = "application/problem+json")))]
async fn text(
    State(api): State<QueryApi>,
    Id(id): Id,
    asked: Asked,
    Params(params): Params<TextParams>,
) -> Result<Response, Problem> {
    let span = match (params.start, params.end) {
        (None, None) => None,
        (Some(start), Some(end)) if start < end => Some(Span { start, end }),
        (Some(_), Some(_)) => return Err(Params::<()>::refuse("end", "comes after `start`")),
        (Some(_), None) => return Err(Params::<()>::refuse("end", "is missing beside `start`")),
        (None, Some(_)) => return Err(Params::<()>::refuse("start", "is missing beside `end`")),
    };
    let (candidate, document, version) = api.stands_on(id).await?;
    let (state, of_candidate) = api.log.dispatcher().load::<Candidate>(candidate.0).await?;
    if state.erased {
        return Err(LogError::Erased.into());
    }
    let not_read =
        |why: &str| Problem::new(StatusCode::CONFLICT, "NOT_READ", format!("the resume {why}"));
    let stored = match state.resume(document).map(|resume| &resume.reading) {
        Some(Reading::Extracted(stored) | Reading::Parsed(stored)) => *stored,
        Some(Reading::Failed(code)) => return Err(not_read(&format!("could not be read: {code}"))),
        Some(Reading::Waiting) | None => return Err(not_read("was not read yet")),
    };
    let stored = api.log.documents.get(candidate, stored).await?;
    let read: ReadResume = serde_json::from_slice(&stored).map_err(|error| {
        tracing::error!(%error, %document, "a stored extraction has another shape");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "what was read cannot be shown")
    })?;
    let places = span.map(|span| read.places(span)).unwrap_or_default();
    let mut start = 0;
    let pages = read.pages.into_iter().map(|page| {
        let begins = start;
        start += u32::try_from(page.text.chars().count()).unwrap_or(u32::MAX).saturating_add(1);
        TextPage { page: page.page, method: page.method, start: begins, text: page.text }
    });
    let pages = pages.collect();
    let text = ResumeText { document, pages, truncated: read.truncated, places };
    Ok(one(&asked, version, of_candidate, &text))
}

/// `Content-Disposition` with a file name in any letters (RFC 6266, RFC 8187).
fn attachment(name: &str) -> String {
    let mut out = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
