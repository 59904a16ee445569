//! Jobs: draft, edit, pipeline, rubric, publish, pause, reopen, close.

use axum::extract::State;
use chrono::NaiveDate;
use domain::application::{Application, ApplicationCommand};
use domain::decide::names;
use domain::ids::JobId;
use domain::job::{Job, JobCommand, JobStatus};
use domain::pii::Pii;
use event_log::Envelope;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::extract::{Command, Id};
use web::{Problem, Written};

use super::CommandApi;
use super::posting::{DispositionBody, PostingBody, StageBody};
use crate::open_job::AI_NOTICE_VERSION;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(draft))
        .routes(routes!(edit))
        .routes(routes!(define_pipeline))
        .routes(routes!(bind_rubric))
        .routes(routes!(publish))
        .routes(routes!(pause))
        .routes(routes!(reopen))
        .routes(routes!(stop_scoring))
        .routes(routes!(resume_scoring))
        .routes(routes!(close))
}

/// Draft a job
///
/// It starts with the default pipeline; bind a rubric and publish it to take applications.
/// Refused: VALIDATION, PAY_RANGE, OPENINGS_LT_1.
#[utoipa::path(post, path = "/v1/jobs", tag = "jobs", operation_id = "draftJob",
    request_body(content = PostingBody, example = json!({
        "title": "Ward Nurse", "department": "Medicine", "location": "Leeds", "employment_type": "full_time",
        "pay": { "min": 31000, "max": 37000, "currency": "GBP", "per": "year" }, "openings": 2,
        "description": "Care for patients on an acute ward.",
        "requirements": [
            { "text": "Registered nurse" },
            { "text": "Experience on an acute ward", "must_have": false }
        ]
    })), responses((status = 201, body = Written)))]
async fn draft(
    State(api): State<CommandApi>,
    command: Command<PostingBody>,
) -> Result<Written, Problem> {
    let job = JobId(api.dispatcher.log().ids.next());
    let order = JobCommand::DraftJob { job, posting: command.body.clone().into() };
    Ok(api.run::<Job>(command.envelope(job.0, order)?).await?.created("/v1/jobs"))
}

/// Edit a job
///
/// Gives the whole posting anew. Refused: as drafting, JOB_CLOSED, STALE_VERSION.
#[utoipa::path(put, path = "/v1/jobs/{job}", tag = "jobs", operation_id = "editJob",
    params(("job" = uuid::Uuid, Path,)), request_body(content = PostingBody, example = json!({
        "title": "Ward Nurse", "department": "Medicine", "location": "Leeds", "employment_type": "full_time",
        "pay": { "min": 31000, "max": 37000, "currency": "GBP", "per": "year" }, "openings": 2,
        "description": "Care for patients on an acute ward.",
        "requirements": [
            { "text": "Registered nurse" },
            { "text": "Experience on an acute ward", "must_have": false }
        ]
    })),
    responses((status = 200, body = Written)))]
async fn edit(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<PostingBody>,
) -> Result<Written, Problem> {
    let order = JobCommand::EditJob { posting: command.body.clone().into() };
    api.run::<Job>(command.envelope(job, order)?).await
}

/// A job's stages.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PipelineBody {
    /// In order: the first of kind `submitted`, the last of kind `hired`.
    #[schema(min_items = 2, max_items = 50)]
    stages: Vec<StageBody>,
}

/// Define a job's pipeline
///
/// Refused: STAGE_IN_USE, NO_TERMINAL_STAGE, JOB_CLOSED, VALIDATION.
#[utoipa::path(put, path = "/v1/jobs/{job}/pipeline", tag = "jobs", operation_id = "definePipeline",
    params(("job" = uuid::Uuid, Path,)), request_body(content = PipelineBody, example = json!({
        "stages": [
            { "id": "submitted", "name": "Submitted", "kind": "submitted" },
            { "id": "interview", "name": "Interview", "kind": "interviewing", "sla_days": 14 },
            { "id": "hired", "name": "Hired", "kind": "hired" }
        ]
    })),
    responses((status = 200, body = Written)))]
async fn define_pipeline(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<PipelineBody>,
) -> Result<Written, Problem> {
    let stages = command.body.stages.iter().cloned().map(Into::into).collect();
    api.run::<Job>(command.envelope(job, JobCommand::DefinePipeline { stages })?).await
}

/// A published rubric.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RubricRef {
    /// The rubric's name.
    #[schema(min_length = 1, max_length = 100, example = "default")]
    rubric: String,
    /// Its version.
    #[schema(minimum = 1, example = 1)]
    version: u32,
}

/// Bind a rubric to a job
///
/// Scores are made with it from now on. Refused: RUBRIC_NOT_PUBLISHED, JOB_CLOSED.
#[utoipa::path(put, path = "/v1/jobs/{job}/rubric", tag = "jobs", operation_id = "bindRubric",
    params(("job" = uuid::Uuid, Path,)),
    request_body(content = RubricRef,
        example = json!({ "rubric": "default", "version": 1 })),
    responses((status = 200, body = Written)))]
async fn bind_rubric(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<RubricRef>,
) -> Result<Written, Problem> {
    let RubricRef { rubric, version } = command.body.clone();
    api.run::<Job>(command.envelope(job, JobCommand::BindRubric { rubric, version })?).await
}

/// How a job is published.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublishBody {
    /// The last day on which it is shown as open.
    #[serde(default)]
    valid_through: Option<NaiveDate>,
}

/// Publish a job
///
/// It takes applications from now on. Refused: RUBRIC_MISSING, WRONG_STATE.
#[utoipa::path(post, path = "/v1/jobs/{job}/publish", tag = "jobs", operation_id = "publishJob",
    params(("job" = uuid::Uuid, Path,)),
    request_body(content = Option<PublishBody>,
        example = json!({ "valid_through": "2027-01-31" })),
    responses((status = 200, body = Written)))]
async fn publish(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<PublishBody>,
) -> Result<Written, Problem> {
    let order = JobCommand::PublishJob {
        valid_through: command.body.valid_through,
        ai_notice_version: AI_NOTICE_VERSION,
    };
    api.run::<Job>(command.envelope(job, order)?).await
}

/// Nothing more to say.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoBody {}

/// Pause a job
///
/// It takes no applications for now. Refused: WRONG_STATE.
#[utoipa::path(post, path = "/v1/jobs/{job}/pause", tag = "jobs", operation_id = "pauseJob",
    params(("job" = uuid::Uuid, Path,)), request_body(content = Option<NoBody>, example = json!({})),
    responses((status = 200, body = Written)))]
async fn pause(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    api.run::<Job>(command.envelope(job, JobCommand::PauseJob {})?).await
}

/// Reopen a job
///
/// A paused or closed job takes applications again. Refused: WRONG_STATE.
#[utoipa::path(post, path = "/v1/jobs/{job}/reopen", tag = "jobs", operation_id = "reopenJob",
    params(("job" = uuid::Uuid, Path,)), request_body(content = Option<NoBody>, example = json!({})),
    responses((status = 200, body = Written)))]
async fn reopen(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    api.run::<Job>(command.envelope(job, JobCommand::ReopenJob {})?).await
}

/// Why scoring stops.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StopBody {
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Stop scoring a job
///
/// No machine scores its applications from now on: a model that is being asked is given up within a second, and its
/// run fails with SCORING_STOPPED. Scores that are there stay. Refused: VALIDATION.
#[utoipa::path(post, path = "/v1/jobs/{job}/scoring/stop", tag = "jobs", operation_id = "stopScoring",
    params(("job" = uuid::Uuid, Path,)),
    request_body(content = StopBody, example = json!({ "reason": "the model's answers look odd" })),
    responses((status = 200, body = Written)))]
async fn stop_scoring(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<StopBody>,
) -> Result<Written, Problem> {
    let order = JobCommand::StopScoring { reason: command.body.reason.clone() };
    api.run::<Job>(command.envelope(job, order)?).await
}

/// Resume scoring a job
///
/// What was given up or not asked for meanwhile is scored.
#[utoipa::path(post, path = "/v1/jobs/{job}/scoring/resume", tag = "jobs", operation_id = "resumeScoring",
    params(("job" = uuid::Uuid, Path,)), request_body(content = Option<NoBody>, example = json!({})),
    responses((status = 200, body = Written)))]
async fn resume_scoring(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    api.run::<Job>(command.envelope(job, JobCommand::ResumeScoring {})?).await
}

/// Why a job closes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseBody {
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Whether its openings are filled.
    #[serde(default)]
    filled: bool,
    /// What becomes of applications that are still active.
    #[serde(default)]
    disposition: Option<DispositionBody>,
}

/// Close a job
///
/// Active applications need a disposition: they are kept, or rejected one by one with the reason given here, in the category
/// `position_filled` or `job_closed`; that takes a moment for each, and the same request again goes on where one was interrupted. Refused:
/// ACTIVE_APPLICATIONS unless a disposition is given, WRONG_STATE.
#[utoipa::path(post, path = "/v1/jobs/{job}/close", tag = "jobs", operation_id = "closeJob",
    params(("job" = uuid::Uuid, Path,)),
    request_body(content = CloseBody,
        example = json!({
            "reason": "both openings are filled", "filled": true, "disposition": "keep_for_review"
        })),
    responses((status = 200, body = Written)))]
async fn close(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<CloseBody>,
) -> Result<Written, Problem> {
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before);
    }
    let CloseBody { reason, filled, disposition } = command.body.clone();
    if matches!(disposition, Some(DispositionBody::Rejected)) {
        let (state, _) = api.dispatcher.load::<Job>(job).await?;
        reject_all(&api, &command, JobId(job), &state).await?;
    }
    let order = JobCommand::CloseJob { reason, filled, disposition: disposition.map(Into::into) };
    api.run::<Job>(command.envelope(job, order)?).await
}

/// Rejects every active application to a job that may be closed, as whoever closes it.
async fn reject_all(
    api: &CommandApi,
    command: &Command<CloseBody>,
    job: JobId,
    state: &Job,
) -> Result<(), Problem> {
    let CloseBody { reason, filled, .. } = &command.body;
    if reason.trim().is_empty() || matches!(state.status, JobStatus::Unknown | JobStatus::Closed) {
        // Closing says so.
        return Ok(());
    }
    let actor = command.meta.actor()?;
    if state.status == JobStatus::Open {
        // Nobody applies meanwhile.
        let envelope = Envelope::new(job, JobCommand::PauseJob {}, actor.clone());
        api.run::<Job>(envelope).await?;
    }
    let category = if *filled { "position_filled" } else { "job_closed" };
    let prefix = names::active_in_job_prefix(job);
    for (_, application) in api.dispatcher.log().store.held(&prefix).await? {
        let seen = api.seen(application.id, None).await?;
        let order = ApplicationCommand::Reject {
            reason: Pii::new(reason.clone()),
            category: category.into(),
            note: Pii::new(None),
            seen,
        };
        let mut envelope = Envelope::new(application.id, order, actor.clone());
        envelope.correlation_id = Some(command.meta.request.clone());
        match api.run::<Application>(envelope).await {
            // It ended by itself.
            Err(problem) if problem.code == "TERMINAL" => {}
            other => other.map(drop)?,
        }
    }
    Ok(())
}
