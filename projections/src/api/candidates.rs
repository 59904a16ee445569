//! Candidates, for members.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::extract::{Id, Params};

use super::QueryApi;
use super::jobs::OneParams;
use super::view::{Asked, limit, one, page, page_problem};
use crate::models::candidates::{self, CandidateFilter};

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_candidates)).routes(routes!(candidate))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CandidateParams {
    q: Option<String>,
    source: Option<String>,
    flagged: Option<bool>,
    erased: Option<bool>,
    cursor: Option<String>,
    limit: Option<u32>,
    min_position: Option<u64>,
}

/// List the candidates
///
/// Known last first.
#[utoipa::path(get, path = "/v1/candidates", tag = "candidates", operation_id = "listCandidates",
    params(
        ("q" = Option<String>, Query, description = "With this in their name or e-mail address."),
        ("source" = Option<String>, Query, description = "From this source."),
        ("flagged" = Option<bool>, Query, description = "With (or without) hidden text in a resume."),
        ("erased" = Option<bool>, Query, description = "Erased (or not)."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/CandidatePage")), (status = 304, description = "Not modified")))]
async fn list_candidates(
    State(api): State<QueryApi>,
    asked: Asked,
    Params(params): Params<CandidateParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let CandidateParams { q, source, flagged, erased, cursor, limit: most, .. } = params;
    let filter = CandidateFilter { q, source, flagged, erased };
    let tables = store.pool().await;
    let found = candidates::page(&tables, &filter, cursor.as_deref(), limit(most)?).await;
    Ok(page(&asked, &found.map_err(page_problem)?))
}

/// Look at a candidate
#[utoipa::path(get, path = "/v1/candidates/{candidate}", tag = "candidates", operation_id = "getCandidate",
    params(("candidate" = uuid::Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/CandidateView")), (status = 304, description = "Not modified")))]
async fn candidate(
    State(api): State<QueryApi>,
    Id(id): Id,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let read_at = store.checkpoint().await?;
    let found = candidates::one(&store.pool().await, id.into()).await?;
    let found = found.ok_or_else(|| Problem::not_found("candidate"))?;
    // Their applications and others like them come without an event of theirs.
    Ok(one(&asked, found.candidate.version, read_at, &found))
}
