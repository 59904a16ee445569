//! Rubrics and model releases: what scores are made with.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::extract::Params;

use super::QueryApi;
use super::view::Asked;
use crate::models::rubrics::{self, ReleaseRow, RubricRow};

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_rubrics)).routes(routes!(list_releases))
}

/// Every published version of every rubric.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct RubricList {
    /// In the order of their publication.
    items: Vec<RubricRow>,
}

/// Every registered release.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ReleaseList {
    /// In the order of their registration.
    items: Vec<ReleaseRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListParams {
    min_position: Option<u64>,
}

/// List the rubrics
#[utoipa::path(get, path = "/v1/rubrics", tag = "rubrics", operation_id = "listRubrics",
    params(("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/RubricList"))))]
async fn list_rubrics(
    State(api): State<QueryApi>,
    asked: Asked,
    Params(params): Params<ListParams>,
) -> Result<Json<RubricList>, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    Ok(Json(RubricList { items: rubrics::list(&store.pool().await).await? }))
}

/// List the model releases
#[utoipa::path(get, path = "/v1/model-releases", tag = "model releases", operation_id = "listReleases",
    params(("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/ReleaseList"))))]
async fn list_releases(
    State(api): State<QueryApi>,
    asked: Asked,
    Params(params): Params<ListParams>,
) -> Result<Json<ReleaseList>, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    Ok(Json(ReleaseList { items: rubrics::releases(&store.pool().await).await? }))
}
