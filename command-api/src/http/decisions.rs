//! Decisions about an application: short list, rejection, stage. Each records what the person was shown.

use axum::extract::State;
use domain::application::{Application, ApplicationCommand, Cards, RunId, Seen, StageRef};
use domain::decide::names;
use domain::ids::ApplicationId;
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
use super::jobs::NoBody;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(shortlist))
        .routes(routes!(unshortlist))
        .routes(routes!(reject))
        .routes(routes!(unreject))
        .routes(routes!(move_to_stage))
}

/// What the person was shown when they decided. Left out, it is what the API shows at this moment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenBody {
    /// The position of the page that they looked at.
    #[schema(minimum = 0, maximum = 9007199254740991u64)]
    position: u64,
    /// The score run that it showed.
    #[serde(default)]
    #[schema(max_length = 64)]
    run: Option<String>,
    /// The rank that it showed.
    #[serde(default)]
    #[schema(minimum = 1)]
    rank: Option<u32>,
}

impl CommandApi {
    /// What a decision records as seen.
    pub(super) async fn seen(
        &self,
        application: Uuid,
        given: Option<SeenBody>,
    ) -> Result<Option<Seen>, Problem> {
        let Some(seen) = given else {
            return Ok(self.beside.shown(ApplicationId(application)).await?);
        };
        if seen.position > self.dispatcher.log().store.head().await? {
            return Err(Problem::field("seen.position", "is beyond the end of the log"));
        }
        Ok(Some(Seen { position: seen.position, run: seen.run.map(RunId), rank: seen.rank }))
    }
}

impl CommandApi {
    /// The stage that an application is to move to, and how many scorecards there are for the one that it leaves: a later stage
    /// asks for them, an earlier one does not.
    pub(super) async fn onward(
        &self,
        application: Uuid,
        to: &str,
    ) -> Result<(StageRef, Cards), Problem> {
        let (state, _) = self.dispatcher.load::<Application>(application).await?;
        let job = state.job.ok_or_else(|| Problem::not_found("application"))?;
        let (job, _) = self.dispatcher.load::<Job>(job.0).await?;
        let from = state.standing.stage.map_or_else(|| "submitted".to_owned(), |stage| stage.id);
        let mut needed = 0;
        for stage in &job.pipeline {
            if stage.id == from {
                needed = stage.required_scorecards;
            }
            if stage.id == to {
                let prefix = names::scorecards_prefix(ApplicationId(application), &from);
                let there = self.dispatcher.log().store.held(&prefix).await?.len();
                let there = u32::try_from(there).unwrap_or(u32::MAX);
                let to = StageRef { id: stage.id.clone(), kind: stage.kind };
                return Ok((to, Cards { there, needed }));
            }
        }
        let message = format!("`{to}` is not a stage of the job's pipeline");
        Err(Refusal::invalid("STAGE_NOT_IN_PIPELINE", message).on_field("to").into())
    }
}

/// A decision with nothing more to say than what was seen.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShortlistBody {
    /// What the person was shown.
    #[serde(default)]
    seen: Option<SeenBody>,
}

/// Put on the short list
///
/// One click. Refused: NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/shortlist", tag = "decisions",
    operation_id = "shortlist", params(("application" = Uuid, Path,)),
    request_body(content = Option<ShortlistBody>,
        example = json!({ "seen": { "position": 63, "rank": 1 } })),
    responses((status = 200, body = Written)))]
async fn shortlist(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<ShortlistBody>,
) -> Result<Written, Problem> {
    let seen = api.seen(application, command.body.seen.clone()).await?;
    let order = ApplicationCommand::Shortlist { seen };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// Take off the short list
///
/// Refused: NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/unshortlist", tag = "decisions",
    operation_id = "unshortlist", params(("application" = Uuid, Path,)),
    request_body(content = Option<NoBody>, example = json!({})), responses((status = 200, body = Written)))]
async fn unshortlist(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    let order = ApplicationCommand::Unshortlist {};
    api.run::<Application>(command.envelope(application, order)?).await
}

/// A rejection.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectBody {
    /// Why, in words.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// What kind of reason, for counting: `skills`, `experience`, `position_filled`...
    #[schema(min_length = 1, max_length = 100, example = "skills")]
    category: String,
    /// For colleagues only.
    #[serde(default)]
    #[schema(max_length = 10000)]
    note: Option<String>,
    /// What the person was shown.
    #[serde(default)]
    seen: Option<SeenBody>,
}

/// Reject
///
/// A person decides against it. Refused: REASON_REQUIRED, TERMINAL.
#[utoipa::path(post, path = "/v1/applications/{application}/reject", tag = "decisions",
    operation_id = "reject", params(("application" = Uuid, Path,)),
    request_body(content = RejectBody,
        example = json!({
            "reason": "no nursing licence", "category": "requirements", "seen": { "position": 63, "rank": 1 }
        })),
    responses((status = 200, body = Written)))]
async fn reject(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<RejectBody>,
) -> Result<Written, Problem> {
    let RejectBody { reason, category, note, seen } = command.body.clone();
    let seen = api.seen(application, seen).await?;
    let (reason, note) = (Pii::new(reason), Pii::new(note));
    let order = ApplicationCommand::Reject { reason, category, note, seen };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// Why, when there is something to say.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonBody {
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(super) reason: Option<String>,
}

/// Take a rejection back
///
/// Refused: NOT_REJECTED, JOB_NOT_OPEN.
#[utoipa::path(post, path = "/v1/applications/{application}/unreject", tag = "decisions",
    operation_id = "unreject", params(("application" = Uuid, Path,)),
    request_body(content = Option<ReasonBody>,
        example = json!({ "reason": "the licence was found" })),
    responses((status = 200, body = Written)))]
async fn unreject(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<ReasonBody>,
) -> Result<Written, Problem> {
    let order = ApplicationCommand::Unreject { reason: Pii::new(command.body.reason.clone()) };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// A move.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveBody {
    /// The stage's id in the job's pipeline.
    #[schema(min_length = 1, max_length = 50, example = "interview")]
    to: String,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// What the person was shown.
    #[serde(default)]
    seen: Option<SeenBody>,
}

/// Move to another stage
///
/// To a later stage, only with the scorecards that the stage it leaves asks for. Refused: STAGE_NOT_IN_PIPELINE, SCORECARDS_MISSING,
/// ON_HOLD, NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/move", tag = "decisions",
    operation_id = "moveToStage", params(("application" = Uuid, Path,)),
    request_body(content = MoveBody,
        example = json!({
            "to": "interview", "reason": "strong on acute care", "seen": { "position": 63, "rank": 1 }
        })),
    responses((status = 200, body = Written)))]
async fn move_to_stage(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<MoveBody>,
) -> Result<Written, Problem> {
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before);
    }
    let MoveBody { to, reason, seen } = command.body.clone();
    let (to, cards) = api.onward(application, &to).await?;
    let seen = api.seen(application, seen).await?;
    let order = ApplicationCommand::MoveToStage { to, reason: Pii::new(reason), seen, cards };
    api.run::<Application>(command.envelope(application, order)?).await
}
