//! Interviews: arrange, move, hold, cancel; and the scorecards of those on the panel.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::application::Application;
use domain::ids::{ApplicationId, InterviewId, MemberId};
use domain::interview::{
    Interview, InterviewCommand, InterviewKind, Kit, Place, Plan, Rating, Scores, Side, Slot,
    Verdict,
};
use domain::job::Job;
use domain::pii::Pii;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::extract::{Command, Id};
use web::{Caller, Problem, Role, Written};

use super::CommandApi;
use super::jobs::NoBody;
use super::posting::KitBody;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(schedule))
        .routes(routes!(reschedule))
        .routes(routes!(change_panel))
        .routes(routes!(cancel))
        .routes(routes!(complete))
        .routes(routes!(no_show))
        .routes(routes!(submit_scorecard, amend_scorecard))
}

/// When.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SlotBody {
    /// Its beginning, on a whole five minutes.
    start: DateTime<Utc>,
    /// Its end, on a whole five minutes; eight hours later at most.
    end: DateTime<Utc>,
    /// The time zone that people think of it in, by its IANA name.
    #[schema(example = "Europe/London", max_length = 64)]
    time_zone: String,
}

impl From<SlotBody> for Slot {
    fn from(SlotBody { start, end, time_zone }: SlotBody) -> Self {
        Self { start, end, time_zone }
    }
}

/// How people meet.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KindBody {
    /// By telephone.
    Phone,
    /// By video.
    Video,
    /// In one place.
    Onsite,
    /// With something to solve together.
    Technical,
}

impl From<KindBody> for InterviewKind {
    fn from(body: KindBody) -> Self {
        match body {
            KindBody::Phone => Self::Phone,
            KindBody::Video => Self::Video,
            KindBody::Onsite => Self::Onsite,
            KindBody::Technical => Self::Technical,
        }
    }
}

/// An interview to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScheduleBody {
    /// How people meet.
    kind: KindBody,
    /// Who holds it: members, by the ids of their tokens.
    #[schema(min_items = 1, max_items = 12)]
    panel: Vec<Uuid>,
    /// When.
    slot: SlotBody,
    /// Where: an address, a room, a telephone number.
    #[serde(default)]
    #[schema(max_length = 500)]
    place: Option<String>,
    /// Where: a page where people meet.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = "^https://")]
    link: Option<String>,
    /// What it asks; left out, what the job's stage says.
    #[serde(default)]
    kit: Option<KitBody>,
}

/// Arrange an interview
///
/// Nobody is in two places at once: the panel's and the candidate's time is taken. Refused: IN_PAST, END_BEFORE_START, NOT_ACTIVE,
/// INTERVIEWER_BUSY and CANDIDATE_BUSY (each names the other interview), VALIDATION.
#[utoipa::path(post, path = "/v1/applications/{application}/interviews", tag = "interviews",
    operation_id = "scheduleInterview", params(("application" = Uuid, Path,)),
    request_body(content = ScheduleBody, example = json!({
        "kind": "video", "panel": ["0198f1f0-0000-7000-8000-000000000017"],
        "slot": { "start": "2027-01-14T09:00:00Z", "end": "2027-01-14T09:45:00Z", "time_zone": "Europe/London" },
        "link": "https://meet.example.org/ward-nurse"
    })),
    responses((status = 201, body = Written)))]
async fn schedule(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<ScheduleBody>,
) -> Result<Written, Problem> {
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before.created("/v1/interviews"));
    }
    let ScheduleBody { kind, panel, slot, place, link, kit } = command.body.clone();
    let (state, _) = api.dispatcher.load::<Application>(application).await?;
    let missing = || Problem::not_found("application");
    let (candidate, job) = (state.candidate.ok_or_else(missing)?, state.job.ok_or_else(missing)?);
    let place = match (place, link) {
        (Some(_), Some(_)) => {
            return Err(Problem::field("link", "give a place or a link, not both"));
        }
        (Some(place), None) => Some(Place::At(place)),
        (None, Some(link)) => Some(Place::Link(link)),
        (None, None) => None,
    };
    let panel = api.members("panel", &panel).await?;
    let stage = state.standing.stage.map_or_else(|| "submitted".to_owned(), |stage| stage.id);
    let (posted, _) = api.dispatcher.load::<Job>(job.0).await?;
    let of_stage = posted.pipeline.into_iter().find(|s| s.id == stage).map(|s| s.kit);
    let interview = InterviewId(api.dispatcher.log().ids.next());
    let order = InterviewCommand::ScheduleInterview(Plan {
        interview,
        application: ApplicationId(application),
        candidate,
        job,
        stage,
        kind: kind.into(),
        panel,
        slot: slot.into(),
        place: Pii::new(place),
        kit: kit.map(Kit::from).or(of_stage).unwrap_or_default(),
    });
    let envelope = command.envelope(interview.0, order)?;
    Ok(api.run::<Interview>(envelope).await?.created("/v1/interviews"))
}

impl CommandApi {
    /// Members, each of whom has a token that was not revoked and may judge.
    async fn members(&self, field: &str, ids: &[Uuid]) -> Result<Vec<MemberId>, Problem> {
        let tokens = self.tokens.list().await?;
        for (i, id) in ids.iter().enumerate() {
            let known = tokens.iter().find(|token| token.id == *id && token.revoked_at.is_none());
            let problem = match known {
                None => "nobody who works here has this id",
                Some(token) if token.role == Role::Auditor => "is an auditor, who writes nothing",
                Some(_) => continue,
            };
            return Err(Problem::field(format!("{field}[{i}]"), problem));
        }
        Ok(ids.iter().copied().map(MemberId).collect())
    }
}

/// Another time.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RescheduleBody {
    /// When.
    slot: SlotBody,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

/// Move an interview to another time
///
/// Refused: as arranging, WRONG_STATE.
#[utoipa::path(post, path = "/v1/interviews/{interview}/reschedule", tag = "interviews",
    operation_id = "rescheduleInterview", params(("interview" = Uuid, Path,)),
    request_body(content = RescheduleBody, example = json!({
        "slot": { "start": "2027-01-14T14:00:00Z", "end": "2027-01-14T14:45:00Z", "time_zone": "Europe/London" },
        "reason": "the train was late"
    })),
    responses((status = 200, body = Written)))]
async fn reschedule(
    State(api): State<CommandApi>,
    Id(interview): Id,
    command: Command<RescheduleBody>,
) -> Result<Written, Problem> {
    let RescheduleBody { slot, reason } = command.body.clone();
    let order =
        InterviewCommand::RescheduleInterview { slot: slot.into(), reason: Pii::new(reason) };
    api.run::<Interview>(command.envelope(interview, order)?).await
}

/// Who holds it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PanelBody {
    /// Members, by the ids of their tokens.
    #[schema(min_items = 1, max_items = 12)]
    panel: Vec<Uuid>,
}

/// Change who holds an interview
///
/// Whoever handed in a scorecard stays. Refused: INTERVIEWER_BUSY, ALREADY_SUBMITTED, WRONG_STATE, VALIDATION.
#[utoipa::path(put, path = "/v1/interviews/{interview}/panel", tag = "interviews",
    operation_id = "changePanel", params(("interview" = Uuid, Path,)),
    request_body(content = PanelBody,
        example = json!({ "panel": ["0198f1f0-0000-7000-8000-000000000018"] })),
    responses((status = 200, body = Written)))]
async fn change_panel(
    State(api): State<CommandApi>,
    Id(interview): Id,
    command: Command<PanelBody>,
) -> Result<Written, Problem> {
    let panel = api.members("panel", &command.body.panel).await?;
    let order = InterviewCommand::ChangePanel { panel };
    api.run::<Interview>(command.envelope(interview, order)?).await
}

/// Which side.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SideBody {
    /// The candidate.
    Candidate,
    /// The panel, or whoever arranged it.
    #[default]
    Organization,
}

impl From<SideBody> for Side {
    fn from(body: SideBody) -> Self {
        match body {
            SideBody::Candidate => Self::Candidate,
            SideBody::Organization => Self::Organization,
        }
    }
}

/// Why it will not take place.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CancelBody {
    /// Whose wish it is.
    #[serde(default)]
    by: SideBody,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

/// Cancel an interview
///
/// Everybody's time is free again. Refused: WRONG_STATE.
#[utoipa::path(post, path = "/v1/interviews/{interview}/cancel", tag = "interviews",
    operation_id = "cancelInterview", params(("interview" = Uuid, Path,)),
    request_body(content = Option<CancelBody>,
        example = json!({ "by": "candidate", "reason": "is ill" })),
    responses((status = 200, body = Written)))]
async fn cancel(
    State(api): State<CommandApi>,
    Id(interview): Id,
    command: Command<CancelBody>,
) -> Result<Written, Problem> {
    let CancelBody { by, reason } = command.body.clone();
    let order = InterviewCommand::CancelInterview { by: by.into(), reason: Pii::new(reason) };
    api.run::<Interview>(command.envelope(interview, order)?).await
}

/// Say that an interview took place
///
/// Refused: WRONG_STATE (also before it begins).
#[utoipa::path(post, path = "/v1/interviews/{interview}/complete", tag = "interviews",
    operation_id = "completeInterview", params(("interview" = Uuid, Path,)),
    request_body(content = Option<NoBody>, example = json!({})),
    responses((status = 200, body = Written)))]
async fn complete(
    State(api): State<CommandApi>,
    Id(interview): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    let order = InterviewCommand::CompleteInterview {};
    api.run::<Interview>(command.envelope(interview, order)?).await
}

/// Who did not come.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoShowBody {
    /// Which side.
    who: SideBody,
}

/// Say that somebody did not come to an interview
///
/// Refused: WRONG_STATE (also before it begins).
#[utoipa::path(post, path = "/v1/interviews/{interview}/no-show", tag = "interviews",
    operation_id = "markNoShow", params(("interview" = Uuid, Path,)),
    request_body(content = NoShowBody, example = json!({ "who": "candidate" })),
    responses((status = 200, body = Written)))]
async fn no_show(
    State(api): State<CommandApi>,
    Id(interview): Id,
    command: Command<NoShowBody>,
) -> Result<Written, Problem> {
    let order = InterviewCommand::MarkNoShow { who: command.body.who.into() };
    api.run::<Interview>(command.envelope(interview, order)?).await
}

/// What was found of one thing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RatingBody {
    /// What is rated: one of the kit's.
    #[schema(min_length = 1, max_length = 100)]
    skill: String,
    /// 1 (far below what is asked) to 5 (far above).
    #[schema(minimum = 1, maximum = 5)]
    level: u8,
}

/// Whether somebody on the panel would hire.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerdictBody {
    /// Certainly not.
    StrongNo,
    /// No.
    No,
    /// Neither.
    Undecided,
    /// Yes.
    Yes,
    /// Certainly.
    StrongYes,
}

/// A scorecard.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScorecardBody {
    /// Thing by thing; all that the kit names.
    #[serde(default)]
    #[schema(max_items = 20)]
    ratings: Vec<RatingBody>,
    /// All in all.
    overall: VerdictBody,
    /// In words.
    #[serde(default)]
    #[schema(max_length = 10000)]
    notes: Option<String>,
}

impl ScorecardBody {
    fn split(self) -> Result<(Scores, Pii<Option<String>>), Problem> {
        let Self { ratings, overall, notes } = self;
        if notes.as_ref().is_some_and(|notes| notes.chars().count() > 10_000) {
            return Err(Problem::field("notes", "is longer than 10000 characters"));
        }
        let overall = match overall {
            VerdictBody::StrongNo => Verdict::StrongNo,
            VerdictBody::No => Verdict::No,
            VerdictBody::Undecided => Verdict::Undecided,
            VerdictBody::Yes => Verdict::Yes,
            VerdictBody::StrongYes => Verdict::StrongYes,
        };
        let rating = |RatingBody { skill, level }| Rating { skill, level };
        let ratings = ratings.into_iter().map(rating).collect();
        Ok((Scores { ratings, overall }, Pii::new(notes)))
    }
}

/// The member who calls.
fn myself(caller: &Caller) -> Result<MemberId, Problem> {
    match caller {
        Caller::Member { token, .. } => Ok(MemberId(*token)),
        _ => Err(Problem::unauthenticated("say who you are")),
    }
}

/// Hand in a scorecard
///
/// By somebody on the panel, for themselves, once. Refused: NOT_ON_PANEL, ALREADY_SUBMITTED, WRONG_STATE (it did not take place),
/// VALIDATION.
#[utoipa::path(post, path = "/v1/interviews/{interview}/scorecard", tag = "interviews",
    operation_id = "submitScorecard", params(("interview" = Uuid, Path,)),
    request_body(content = ScorecardBody, example = json!({
        "ratings": [{ "skill": "acute care", "level": 4 }], "overall": "yes",
        "notes": "Calm, and asked good questions."
    })),
    responses((status = 200, body = Written)))]
async fn submit_scorecard(
    State(api): State<CommandApi>,
    Id(interview): Id,
    command: Command<ScorecardBody>,
) -> Result<Written, Problem> {
    let member = myself(&command.meta.caller)?;
    let (scores, notes) = command.body.clone().split()?;
    let order = InterviewCommand::SubmitScorecard { member, scores, notes };
    api.run::<Interview>(command.envelope(interview, order)?).await
}

/// Amend a scorecard
///
/// What was handed in first stays in the history. Refused: NOT_ON_PANEL, NOT_SUBMITTED, VALIDATION.
#[utoipa::path(put, path = "/v1/interviews/{interview}/scorecard", tag = "interviews",
    operation_id = "amendScorecard", params(("interview" = Uuid, Path,)),
    request_body(content = ScorecardBody, example = json!({
        "ratings": [{ "skill": "acute care", "level": 5 }], "overall": "strong_yes"
    })),
    responses((status = 200, body = Written)))]
async fn amend_scorecard(
    State(api): State<CommandApi>,
    Id(interview): Id,
    command: Command<ScorecardBody>,
) -> Result<Written, Problem> {
    let member = myself(&command.meta.caller)?;
    let (scores, notes) = command.body.clone().split()?;
    let order = InterviewCommand::AmendScorecard { member, scores, notes };
    api.run::<Interview>(command.envelope(interview, order)?).await
}
