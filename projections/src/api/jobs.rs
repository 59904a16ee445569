//! Jobs: those that are open, for anybody, and all of them, for members.

use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use domain::interview::Kit;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::extract::{Id, Params};

use super::QueryApi;
use super::view::{Asked, limit, one, page, page_of_day, page_problem, several};
use crate::models::jobs::{self, JobFilter, JobRow, JobSort};

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .routes(routes!(open_jobs))
        .routes(routes!(open_job))
        .routes(routes!(list_jobs))
        .routes(routes!(job))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobParams {
    status: Option<String>,
    department: Option<String>,
    q: Option<String>,
    #[serde(default)]
    sort: JobSort,
    cursor: Option<String>,
    limit: Option<u32>,
    min_position: Option<u64>,
}

/// List the open jobs
///
/// Those that take applications today.
#[utoipa::path(get, path = "/v1/open-jobs", tag = "applying", operation_id = "listOpenJobs",
    params(
        ("department" = Option<String>, Query, description = "In this department."),
        ("q" = Option<String>, Query, description = "With this in the title."),
        ("sort" = Option<String>, Query, description = "`newest` or `title`.", pattern = "^(newest|title)$"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/JobPage")), (status = 304, description = "Not modified")))]
async fn open_jobs(
    State(api): State<QueryApi>,
    asked: Asked,
    Params(params): Params<JobParams>,
) -> Result<Response, Problem> {
    if params.status.is_some() {
        return Err(Params::<()>::refuse("status", "open jobs are open"));
    }
    let store = api.at(&asked, None, params.min_position).await?;
    let filter = JobFilter { status: vec![], department: params.department, q: params.q };
    let (limit, today) = (limit(params.limit)?, Utc::now().date_naive());
    let cursor = params.cursor.as_deref();
    let tables = store.pool().await;
    let found = jobs::open_page(&tables, &filter, params.sort, cursor, limit, today);
    let mut found = found.await.map_err(page_problem)?;
    found.items.iter_mut().for_each(for_anybody);
    Ok(page_of_day(&asked, &found, today))
}

/// What interviews ask is for those who hold them.
fn for_anybody(job: &mut JobRow) {
    job.pipeline.iter_mut().for_each(|stage| stage.kit = Kit::default());
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OneParams {
    pub(super) min_position: Option<u64>,
}

/// Look at an open job
///
/// NOT_FOUND when it takes no applications today.
#[utoipa::path(get, path = "/v1/open-jobs/{job}", tag = "applying", operation_id = "getOpenJob",
    params(("job" = uuid::Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/JobView")), (status = 304, description = "Not modified")))]
async fn open_job(
    State(api): State<QueryApi>,
    Id(id): Id,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let today = Utc::now().date_naive();
    let job = jobs::open_one(&store.pool().await, id.into(), today).await?;
    let mut job = job.ok_or_else(|| Problem::not_found("job"))?;
    for_anybody(&mut job);
    Ok(one(&asked, job.version, job.position, &job))
}

/// List the jobs
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", operation_id = "listJobs",
    params(
        ("status" = Option<String>, Query, description = "`draft`, `open`, `paused`, `closed`; several by commas."),
        ("department" = Option<String>, Query, description = "In this department."),
        ("q" = Option<String>, Query, description = "With this in the title."),
        ("sort" = Option<String>, Query, description = "`newest` or `title`.", pattern = "^(newest|title)$"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/JobPage")), (status = 304, description = "Not modified")))]
async fn list_jobs(
    State(api): State<QueryApi>,
    asked: Asked,
    Params(params): Params<JobParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let status = several("status", params.status.as_deref())?;
    let filter = JobFilter { status, department: params.department, q: params.q };
    let limit = limit(params.limit)?;
    let cursor = params.cursor.as_deref();
    let tables = store.pool().await;
    let found = jobs::page(&tables, &filter, params.sort, cursor, limit);
    Ok(page(&asked, &found.await.map_err(page_problem)?))
}

/// Look at a job
#[utoipa::path(get, path = "/v1/jobs/{job}", tag = "jobs", operation_id = "getJob",
    params(("job" = uuid::Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/JobView")), (status = 304, description = "Not modified")))]
async fn job(
    State(api): State<QueryApi>,
    Id(id): Id,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let job = jobs::one(&store.pool().await, id.into()).await?;
    let job = job.ok_or_else(|| Problem::not_found("job"))?;
    Ok(one(&asked, job.version, job.position, &job))
}
