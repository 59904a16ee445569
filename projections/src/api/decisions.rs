//! Decisions about an application, and what the person was shown: rebuilt from the log alone.

use axum::Json;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::Problem;
use web::extract::{Id, Params};

use super::QueryApi;
use super::view::replay_problem;
use crate::replay::{self, DecisionRow, Replayed};

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_decisions)).routes(routes!(replay_decision))
}

/// The decisions about an application.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct DecisionList {
    /// In order.
    items: Vec<DecisionRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParams {}

/// List the decisions about an application
#[utoipa::path(get, path = "/v1/applications/{application}/decisions", tag = "decisions", operation_id = "listDecisions",
    params(("application" = uuid::Uuid, Path,)),
    responses((status = 200, body = ref("#/components/schemas/DecisionList"))))]
async fn list_decisions(
    State(api): State<QueryApi>,
    Id(id): Id,
    Params(_params): Params<NoParams>,
) -> Result<Json<DecisionList>, Problem> {
    let items = replay::decisions(&api.log, id.into()).await.map_err(replay_problem)?;
    Ok(Json(DecisionList { items }))
}

/// Replay a decision
///
/// What the person was shown, rebuilt from the log alone and compared with what the decision recorded: `equal`, or
/// the differences by name.
#[utoipa::path(get, path = "/v1/applications/{application}/decisions/{position}", tag = "decisions", operation_id = "replayDecision",
    params(("application" = uuid::Uuid, Path,), ("position" = u64, Path, description = "The decision's own position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/ReplayedDecision"))))]
async fn replay_decision(
    State(api): State<QueryApi>,
    path: Result<Path<(Uuid, u64)>, PathRejection>,
    Params(_params): Params<NoParams>,
) -> Result<Json<Replayed>, Problem> {
    let Path((id, position)) = path.map_err(|rejection| {
        let what = match rejection {
            PathRejection::FailedToDeserializePathParams(e)
                if matches!(e.kind(), ErrorKind::ParseErrorAtKey { key, .. } if key == "position") =>
            {
                "decision"
            }
            _ => "application",
        };
        Problem::not_found(what)
    })?;
    let replayed = replay::decision(&api.log, &api.as_of, id.into(), position).await;
    Ok(Json(replayed.map_err(replay_problem)?))
}
