//! The ranked pool of a job, and how many applications stand where.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::job::Stage;
use domain::score::Points;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::Problem;
use web::extract::{Id, Params};

use super::QueryApi;
use super::view::{Asked, limit, one, page, page_problem, several};
use crate::models::jobs;
use crate::models::ranked_pool::{self, Outcome, PoolFilter, PoolSort, StageCount};
use crate::paging::{Listing, PageError};

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(pool)).routes(routes!(counters))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolParams {
    status: Option<String>,
    stage: Option<String>,
    outcome: Option<Outcome>,
    min_total: Option<f64>,
    flagged: Option<bool>,
    #[serde(default)]
    sort: PoolSort,
    cursor: Option<String>,
    limit: Option<u32>,
    as_of: Option<String>,
    min_position: Option<u64>,
}

/// Look at a job's ranked pool
///
/// Who applied, ranked: the higher total, then the higher first criterion, then the file's name, then who applied
/// first. `rank` is the rank in the whole pool, whatever the filter.
#[utoipa::path(get, path = "/v1/jobs/{job}/pool", tag = "jobs", operation_id = "getPool",
    params(
        ("job" = uuid::Uuid, Path,),
        ("status" = Option<String>, Query, description = "`submitted`, `screening`, `shortlisted`, `interviewing`, `offer`, `hired`, `rejected`, `withdrawn`, `transferred`; several by commas."),
        ("stage" = Option<String>, Query, description = "In this stage, by its id."),
        ("outcome" = Option<String>, Query, description = "`pending`, `scored` or `unscorable`.", pattern = "^(pending|scored|unscorable)$"),
        ("min_total" = Option<f64>, Query, description = "At least this total.", minimum = 0, maximum = 100),
        ("flagged" = Option<bool>, Query, description = "With (or without) hidden text."),
        ("sort" = Option<String>, Query, description = "`rank`, `submitted` or `name`.", pattern = "^(rank|submitted|name)$"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
        ("as_of" = Option<String>, Query, description = "As it stood at this position or time."),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/PoolPage")), (status = 304, description = "Not modified")))]
async fn pool(
    State(api): State<QueryApi>,
    Id(job): Id,
    asked: Asked,
    Params(params): Params<PoolParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, params.as_of.as_deref(), params.min_position).await?;
    let filter = params.filter()?;
    let limit = limit(params.limit)?;
    let listing = Listing::new("pool", &(job, &filter, params.sort))?;
    let after = match params.cursor {
        None => None,
        Some(cursor) => {
            let cursor = api.unsealed(&cursor).await?;
            Some(listing.key(&cursor).map_err(page_problem)?)
        }
    };
    let tables = store.pool().await;
    jobs::one(&tables, job.into()).await?.ok_or_else(|| Problem::not_found("job"))?;
    let after = after.as_ref();
    let found =
        ranked_pool::page_at(&tables, job.into(), &filter, params.sort, after, limit + 1).await;
    let (rows, position) = found?;
    let mut found = listing.page(rows, limit, position, |row| row.key.clone())?;
    if let Some(cursor) = found.next.take() {
        found.next = Some(api.sealed(&cursor).await?);
    }
    Ok(page(&asked, &found))
}

/// Binds a sealed cursor to what it is.
const CURSOR: &[u8] = b"hiresphere/cursor/1";

impl QueryApi {
    /// A cursor that holds a name, sealed: addresses end up in logs and histories.
    async fn sealed(&self, cursor: &str) -> Result<String, Problem> {
        let sealed = self.log.vault.own_key().await?.seal(cursor.as_bytes(), CURSOR)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    async fn unsealed(&self, sealed: &str) -> Result<String, Problem> {
        let key = self.log.vault.own_key().await?;
        let clear = URL_SAFE_NO_PAD.decode(sealed).ok().and_then(|s| key.open(&s, CURSOR));
        let text = clear.and_then(|clear| String::from_utf8(clear).ok());
        text.ok_or_else(|| page_problem(PageError::CursorDamaged))
    }
}

impl PoolParams {
    fn filter(&self) -> Result<PoolFilter, Problem> {
        let min_total = match self.min_total {
            None => None,
            Some(total) if (0.0..=100.0).contains(&total) =>
            {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "0 to 1000"
                )]
                Some(Points::from_tenths((total * 10.0).ceil() as u16))
            }
            Some(_) => return Err(Params::<()>::refuse("min_total", "is 0 to 100")),
        };
        Ok(PoolFilter {
            status: several::<domain::application::ApplicationStatus>(
                "status",
                self.status.as_deref(),
            )?
            .into_iter()
            .map(|s| s.as_str().to_owned())
            .collect(),
            stage: self.stage.clone(),
            outcome: self.outcome,
            min_total,
            flagged: self.flagged,
        })
    }
}

/// How many applications stand where.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Counters {
    /// The job.
    job: Uuid,
    /// Every stage of its pipeline, in order.
    stages: Vec<StageCount>,
    /// The log's position that this was read at.
    position: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CounterParams {
    as_of: Option<String>,
    min_position: Option<u64>,
}

/// Count a job's applications by stage
#[utoipa::path(get, path = "/v1/jobs/{job}/counters", tag = "jobs", operation_id = "getCounters",
    params(
        ("job" = uuid::Uuid, Path,),
        ("as_of" = Option<String>, Query, description = "As it stood at this position or time."),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/Counters")), (status = 304, description = "Not modified")))]
async fn counters(
    State(api): State<QueryApi>,
    Id(job): Id,
    asked: Asked,
    Params(params): Params<CounterParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, params.as_of.as_deref(), params.min_position).await?;
    let tables = store.pool().await;
    let row = jobs::one(&tables, job.into()).await?.ok_or_else(|| Problem::not_found("job"))?;
    let position = store.checkpoint().await?;
    let standing = ranked_pool::standing_of(&tables, job.into()).await?;
    let stages = in_order(row.pipeline, standing);
    Ok(one(&asked, row.version, position, &Counters { job, stages, position }))
}

/// The stages of a pipeline in order, the empty ones, too; then those that are no longer in it.
fn in_order(pipeline: Vec<Stage>, mut standing: Vec<StageCount>) -> Vec<StageCount> {
    let mut stages: Vec<StageCount> = pipeline
        .into_iter()
        .map(|stage| match standing.iter().position(|s| s.stage == stage.id) {
            Some(at) => standing.remove(at),
            None => StageCount { stage: stage.id, kind: stage.kind, statuses: BTreeMap::new() },
        })
        .collect();
    stages.extend(standing);
    stages
}
