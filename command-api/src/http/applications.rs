//! An application: notes, another score, another resume, withdrawal.

use axum::extract::State;
use domain::application::{Application, ApplicationCommand, RunId, ScoreRequest, Visibility};
use domain::candidate::Candidate;
use domain::ids::{DocumentId, EventId, MemberId};
use domain::job::Job;
use domain::pii::Pii;
use domain::refusal::Refusal;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::extract::{Command, Id};
use web::{Problem, Written};

use super::CommandApi;
use super::decisions::ReasonBody;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(add_note))
        .routes(routes!(request_score))
        .routes(routes!(show_score))
        .routes(routes!(replace_resume))
        .routes(routes!(withdraw))
}

/// A note.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    /// What it says.
    #[schema(min_length = 1, max_length = 10000)]
    text: String,
    /// Who may read it.
    #[serde(default)]
    visibility: VisibilityBody,
    /// Who should: they are told.
    #[serde(default)]
    #[schema(max_items = 50)]
    mentions: Vec<Uuid>,
}

/// Who may read a note.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VisibilityBody {
    /// The job's hiring team.
    #[default]
    Team,
    /// Only its author.
    Private,
}

/// Leave a note
///
/// Members that it names are told. Refused: VALIDATION.
#[utoipa::path(post, path = "/v1/applications/{application}/notes", tag = "applications",
    operation_id = "addNote", params(("application" = uuid::Uuid, Path,)),
    request_body(content = NoteBody,
        example = json!({ "text": "Call back on Monday.", "visibility": "team" })),
    responses((status = 200, body = Written)))]
async fn add_note(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<NoteBody>,
) -> Result<Written, Problem> {
    let visibility = match command.body.visibility {
        VisibilityBody::Team => Visibility::Team,
        VisibilityBody::Private => Visibility::Private,
    };
    let text = command.body.text.clone();
    if text.chars().count() > 10_000 {
        return Err(Problem::field("text", "is longer than 10000 characters"));
    }
    for (n, member) in command.body.mentions.iter().enumerate() {
        if api.tokens.role(*member).await?.is_none() {
            return Err(Problem::field(format!("mentions[{n}]"), "is nobody who works here"));
        }
    }
    let note = EventId(api.dispatcher.log().ids.next());
    let mentions = command.body.mentions.iter().copied().map(MemberId).collect();
    let order = ApplicationCommand::AddNote { note, visibility, text: Pii::new(text), mentions };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// A request for a score.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScoreBody {
    /// Try a run again that failed and may be tried again.
    #[serde(default)]
    again: bool,
}

/// Ask for a score
///
/// Scores are asked for by themselves when a resume was read; this is for a job or rubric that changed since,
/// and for runs that failed. Refused: UNSCORABLE, AI_OPT_OUT, DUPLICATE_RUN (names the run), NOT_ACTIVE,
/// RUBRIC_MISSING, SCORING_STOPPED.
#[utoipa::path(post, path = "/v1/applications/{application}/score", tag = "applications",
    operation_id = "requestScore", params(("application" = uuid::Uuid, Path,)),
    request_body(content = Option<ScoreBody>,
        example = json!({ "again": true })),
    responses((status = 202, body = Written)))]
async fn request_score(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<ScoreBody>,
) -> Result<Written, Problem> {
    let here = format!("/v1/applications/{application}");
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before.accepted(here));
    }
    let missing = || Problem::not_found("application");
    let (state, _) = api.dispatcher.load::<Application>(application).await?;
    let (candidate, job) = (state.candidate.ok_or_else(missing)?, state.job.ok_or_else(missing)?);
    let (candidate, _) = api.dispatcher.load::<Candidate>(candidate.0).await?;
    let unscorable = || Refusal::conflict("UNSCORABLE", "no text could be read from the resume");
    let resume =
        state.document.and_then(|document| candidate.resume(document)).ok_or_else(unscorable)?;
    let (job, _) = api.dispatcher.load::<Job>(job.0).await?;
    if job.scoring_stopped {
        let message = "machines are kept from scoring this job; resume scoring first";
        return Err(Refusal::conflict("SCORING_STOPPED", message).into());
    }
    let (release, prompt_version) = api.beside.scoring();
    let request = ScoreRequest::of(&job, resume, &release, &prompt_version);
    let request = request.ok_or_else(|| {
        Refusal::conflict("RUBRIC_MISSING", "bind a published rubric to the job first")
    })?;
    let order = ApplicationCommand::RequestScore { request, again: command.body.again };
    let written = api.run::<Application>(command.envelope(application, order)?).await?;
    Ok(written.accepted(here))
}

/// A score run.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShowBody {
    /// The run, as a score names it.
    #[schema(min_length = 1, max_length = 64, example = "0123456789abcdef0123456789abcdef")]
    run: String,
}

/// Show a score
///
/// Lets a score that was made in shadow, or earlier, be the one that people are shown and ranked by. Refused: NOT_FOUND,
/// WRONG_STATE (the run has no score), NOT_ACTIVE.
#[utoipa::path(put, path = "/v1/applications/{application}/score/shown", tag = "applications",
    operation_id = "showScore", params(("application" = uuid::Uuid, Path,)),
    request_body(content = ShowBody, example = json!({ "run": "0123456789abcdef0123456789abcdef" })),
    responses((status = 200, body = Written)))]
async fn show_score(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<ShowBody>,
) -> Result<Written, Problem> {
    let order = ApplicationCommand::ShowScore { run: RunId(command.body.run.clone()) };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// Another resume.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplaceBody {
    /// One of the candidate's resumes.
    document: uuid::Uuid,
}

/// Put the application on another resume
///
/// It is scored anew on that one; an earlier score on it counts again. Refused: RESUME_MISSING, NOT_ACTIVE.
#[utoipa::path(put, path = "/v1/applications/{application}/resume", tag = "applications",
    operation_id = "replaceResume", params(("application" = uuid::Uuid, Path,)),
    request_body(content = ReplaceBody,
        example = json!({ "document": "0198f1f0-0000-7000-8000-000000000003" })),
    responses((status = 200, body = Written)))]
async fn replace_resume(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<ReplaceBody>,
) -> Result<Written, Problem> {
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before);
    }
    let document = DocumentId(command.body.document);
    let (state, _) = api.dispatcher.load::<Application>(application).await?;
    let candidate = state.candidate.ok_or_else(|| Problem::not_found("application"))?;
    let (candidate, _) = api.dispatcher.load::<Candidate>(candidate.0).await?;
    if candidate.resume(document).is_none() {
        let message = "the candidate has no such resume; attach it first";
        return Err(Refusal::conflict("RESUME_MISSING", message).into());
    }
    let order = ApplicationCommand::ReplaceResume { document };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// Withdraw
///
/// By the applicant, or by a recruiter for them. Refused: TERMINAL.
#[utoipa::path(post, path = "/v1/applications/{application}/withdraw", tag = "applications",
    operation_id = "withdraw", params(("application" = uuid::Uuid, Path,)),
    request_body(content = Option<ReasonBody>,
        example = json!({ "reason": "took another offer" })),
    responses((status = 200, body = Written)))]
async fn withdraw(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<ReasonBody>,
) -> Result<Written, Problem> {
    let order = ApplicationCommand::Withdraw { reason: Pii::new(command.body.reason.clone()) };
    api.run::<Application>(command.envelope(application, order)?).await
}
