//! An application: its score with "why" and evidence, its timeline.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, JobId};
use event_log::sql::Pool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;
use web::access::Caller;
use web::extract::{Id, Params};

use super::QueryApi;
use super::view::{Asked, limit, one, page};
use crate::models::application_detail::{self, CriterionRow};
use crate::models::ranked_pool::{self, Outcome, PoolRow};
use crate::models::{jobs, timeline};

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(application)).routes(routes!(timeline))
}

/// An application, as members see it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ApplicationView {
    /// Its row in the job's ranked pool.
    #[serde(flatten)]
    row: PoolRow,
    /// The job's title.
    job_title: String,
    /// The criteria of the score: points, why, and quotes with their place in the resume's text.
    criteria: Vec<CriterionRow>,
    /// The log's position that this was read at.
    read_at: u64,
}

/// An application, as its applicant sees it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ApplicantView {
    /// The application.
    application: ApplicationId,
    /// The job.
    job: JobId,
    /// The job's title.
    job_title: String,
    /// Where it stands.
    status: String,
    /// When it was submitted.
    submitted_at: Timestamp,
    /// Whether the resume was read and scored by a machine.
    outcome: Outcome,
    /// Why the resume could not be read or scored, a stable code.
    problem: Option<String>,
    /// The machine that scored, and the rubric that it scored by; people decide.
    scored_by: Option<String>,
    /// The rubric.
    rubric: Option<String>,
    /// Its version, for `If-Match`.
    version: u64,
    /// The log's position that this was read at.
    read_at: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailParams {
    as_of: Option<String>,
    min_position: Option<u64>,
}

/// Look at an application
///
/// Members see the score, criterion by criterion, with reasons and quotes; the applicant sees where it stands and
/// what machine was used.
#[utoipa::path(get, path = "/v1/applications/{application}", tag = "applications", operation_id = "getApplication",
    params(
        ("application" = uuid::Uuid, Path,),
        ("as_of" = Option<String>, Query, description = "As it stood at this position or time; for members."),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/ApplicationAnswer")), (status = 304, description = "Not modified")))]
async fn application(
    State(api): State<QueryApi>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    Params(params): Params<DetailParams>,
) -> Result<Response, Problem> {
    members_only_past(&caller, params.as_of.as_deref())?;
    // Whoever has just applied may ask before the read models have heard of it.
    let min_position = params.min_position.or(api.first_seen(id, params.as_of.as_deref()).await?);
    let store = api.at(&asked, params.as_of.as_deref(), min_position).await?;
    let tables = store.pool().await;
    let (row, read_at) = ranked_pool::one_at(&tables, id.into()).await?;
    let row = row.ok_or_else(|| Problem::not_found("application"))?;
    let job_title = title(&tables, row.job).await?;
    let version = row.version;
    if !caller.is_member() {
        let view = ApplicantView {
            application: row.application,
            job: row.job,
            job_title,
            status: row.status,
            submitted_at: row.submitted_at,
            problem: row.reason.filter(|_| row.outcome == Outcome::Unscorable),
            outcome: row.outcome,
            scored_by: row.engine,
            rubric: row.rubric,
            version,
            read_at,
        };
        return Ok(one(&asked, version, read_at, &view));
    }
    let criteria = match &row.run {
        Some(run) => application_detail::of_run(&tables, run).await?,
        None => vec![],
    };
    // The rank moves with others' scores, without an event of this application.
    let view = ApplicationView { row, job_title, criteria, read_at };
    Ok(one(&asked, version, read_at, &view))
}

async fn title(tables: &Pool, job: JobId) -> Result<String, Problem> {
    Ok(jobs::one(tables, job).await?.map(|job| job.posting.title).unwrap_or_default())
}

/// The past is for members: it shows who looked at what.
fn members_only_past(caller: &Caller, as_of: Option<&str>) -> Result<(), Problem> {
    if as_of.is_some() && !caller.is_member() {
        return Err(Params::<()>::refuse("as_of", "is for members"));
    }
    Ok(())
}

impl QueryApi {
    /// The position at which an application was submitted, to wait for: whoever was answered its id may look
    /// at it.
    async fn first_seen(
        &self,
        id: uuid::Uuid,
        as_of: Option<&str>,
    ) -> Result<Option<u64>, Problem> {
        if as_of.is_some() {
            return Ok(None);
        }
        if ranked_pool::one(&self.live.pool().await, id.into()).await?.is_some() {
            return Ok(None);
        }
        let stream = self.log.store.read_stream(ApplicationId(id).stream(), 0).await?;
        Ok(stream.first().map(|event| event.position))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimelineParams {
    cursor: Option<u64>,
    limit: Option<u32>,
    as_of: Option<String>,
    min_position: Option<u64>,
}

/// Look at an application's timeline
///
/// Who did what when, at which position. The applicant is told in plain words what concerns them.
#[utoipa::path(get, path = "/v1/applications/{application}/timeline", tag = "applications", operation_id = "getTimeline",
    params(
        ("application" = uuid::Uuid, Path,),
        ("cursor" = Option<u64>, Query, description = "`next` of the page before.", maximum = 9007199254740991u64),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
        ("as_of" = Option<String>, Query, description = "As it stood at this position or time; for members."),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/TimelineAnswer")), (status = 304, description = "Not modified")))]
async fn timeline(
    State(api): State<QueryApi>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    Params(params): Params<TimelineParams>,
) -> Result<Response, Problem> {
    members_only_past(&caller, params.as_of.as_deref())?;
    let min_position = params.min_position.or(api.first_seen(id, params.as_of.as_deref()).await?);
    let store = api.at(&asked, params.as_of.as_deref(), min_position).await?;
    let tables = store.pool().await;
    ranked_pool::one(&tables, id.into()).await?.ok_or_else(|| Problem::not_found("application"))?;
    let (after, limit) = (params.cursor.unwrap_or(0), limit(params.limit)?);
    match caller {
        Caller::Member { token, .. } => {
            let me = token.to_string();
            let found = timeline::of_application_for(&tables, id.into(), &me, after, limit).await?;
            Ok(page(&asked, &found))
        }
        _ => {
            let found = timeline::for_applicant(&tables, id.into(), after, limit).await?;
            Ok(page(&asked, &found))
        }
    }
}
