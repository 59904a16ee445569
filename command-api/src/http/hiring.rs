//! What becomes of an application in the end, and on the way: hold, transfer, hire; and a person's word on a score.

use axum::extract::State;
use chrono::NaiveDate;
use domain::application::{Application, ApplicationCommand, RunId, Submission};
use domain::decide::names;
use domain::ids::{ApplicationId, JobId, OfferId};
use domain::job::Job;
use domain::pii::Pii;
use domain::refusal::Refusal;
use domain::score::Points;
use event_log::Envelope;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::extract::{Command, Id, Meta};
use web::{Problem, Written};

use super::CommandApi;
use super::jobs::NoBody;
use crate::open_job::AI_NOTICE_VERSION;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(hold))
        .routes(routes!(unhold))
        .routes(routes!(transfer))
        .routes(routes!(hire))
        .routes(routes!(unhire))
        .routes(routes!(override_score))
        .routes(routes!(dispute_score))
}

/// Why, and until when.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldBody {
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// A day on which to look at it again; nothing happens by itself.
    #[serde(default)]
    until: Option<NaiveDate>,
}

/// Put on hold
///
/// It is neither moved nor hired until it is taken up again; it may be rejected or withdrawn. Refused: NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/hold", tag = "decisions",
    operation_id = "hold", params(("application" = Uuid, Path,)),
    request_body(content = Option<HoldBody>,
        example = json!({ "reason": "the budget is not approved yet", "until": "2026-12-01" })),
    responses((status = 200, body = Written)))]
async fn hold(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<HoldBody>,
) -> Result<Written, Problem> {
    let HoldBody { reason, until } = command.body.clone();
    let order = ApplicationCommand::Hold { reason: Pii::new(reason), until };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// Take up again
///
/// Ends a hold. Refused: NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/unhold", tag = "decisions",
    operation_id = "unhold", params(("application" = Uuid, Path,)),
    request_body(content = Option<NoBody>, example = json!({})),
    responses((status = 200, body = Written)))]
async fn unhold(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    let order = ApplicationCommand::Resume {};
    api.run::<Application>(command.envelope(application, order)?).await
}

/// Another job.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferBody {
    /// The job.
    job: Uuid,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

/// Transfer to another job
///
/// Another application, on the same resume, takes the place of this one: `Location` says which. Refused: JOB_NOT_OPEN,
/// ALREADY_APPLIED (names the application), TERMINAL.
#[utoipa::path(post, path = "/v1/applications/{application}/transfer", tag = "decisions",
    operation_id = "transfer", params(("application" = Uuid, Path,)),
    request_body(content = TransferBody,
        example = json!({ "job": "0198f1f0-0000-7000-8000-000000000009", "reason": "stronger there" })),
    responses((status = 201, body = Written)))]
async fn transfer(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<TransferBody>,
) -> Result<Written, Problem> {
    let TransferBody { job, reason } = command.body.clone();
    let (job, from) = (JobId(job), ApplicationId(application));
    let before = api.answered(&command.meta, &command.raw).await?;
    let (state, _) = api.dispatcher.load::<Application>(application).await?;
    if let (Some(before), Some(to)) = (before, state.transferred_to) {
        return Ok(before.created_at(format!("/v1/applications/{to}")));
    }
    state.not_terminal()?;
    let (posted, _) = api.dispatcher.load::<Job>(job.0).await?;
    if posted.id.is_none() {
        return Err(Problem::field("job", "there is no such job"));
    }
    let to = successor(&api, &command.meta, from, &state, job).await?;
    let order = ApplicationCommand::Transfer { to, job, reason: Pii::new(reason) };
    let written = api.run::<Application>(command.envelope(application, order)?).await?;
    Ok(written.created_at(format!("/v1/applications/{to}")))
}

/// The application that takes another's place, submitted now or by somebody who was interrupted before.
async fn successor(
    api: &CommandApi,
    meta: &Meta,
    from: ApplicationId,
    state: &Application,
    job: JobId,
) -> Result<ApplicationId, Problem> {
    let missing = || Problem::not_found("application");
    let (candidate, document) =
        (state.candidate.ok_or_else(missing)?, state.document.ok_or_else(missing)?);
    if let Some(stream) = api.dispatcher.log().store.holder(&names::applied(candidate, job)).await?
    {
        let (other, _) = api.dispatcher.load::<Application>(stream.id).await?;
        if other.transferred_from == Some(from) {
            return Ok(ApplicationId(stream.id));
        }
    }
    let to = ApplicationId(api.dispatcher.log().ids.next());
    let order = ApplicationCommand::SubmitApplication(Submission {
        application: to,
        candidate,
        job,
        document,
        answers: Pii::new(vec![]),
        source: "transfer".into(),
        ai_notice_version: AI_NOTICE_VERSION,
        ai_opt_out: state.ai_opt_out,
        transferred_from: Some(from),
    });
    let mut envelope = Envelope::new(to, order, meta.actor()?);
    envelope.correlation_id = Some(meta.request.clone());
    api.run::<Application>(envelope).await?;
    Ok(to)
}

/// A hire.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HireBody {
    /// The offer that was accepted, where one was made.
    #[serde(default)]
    offer: Option<Uuid>,
    /// First day.
    #[serde(default)]
    start: Option<NaiveDate>,
}

/// Hire
///
/// Fills the first opening of the job that is free. Refused: OFFER_NOT_ACCEPTED, OFFER_OUTSTANDING, NO_OPENING, ON_HOLD, NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/hire", tag = "decisions",
    operation_id = "hire", params(("application" = Uuid, Path,)),
    request_body(content = Option<HireBody>,
        example = json!({ "offer": "0198f1f0-0000-7000-8000-000000000016", "start": "2027-02-01" })),
    responses((status = 200, body = Written)))]
async fn hire(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<HireBody>,
) -> Result<Written, Problem> {
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before);
    }
    let HireBody { offer, start } = command.body.clone();
    let (state, _) = api.dispatcher.load::<Application>(application).await?;
    let job = state.job.ok_or_else(|| Problem::not_found("application"))?;
    let (posted, _) = api.dispatcher.load::<Job>(job.0).await?;
    let mut tried = 0;
    loop {
        let filled = api.dispatcher.log().store.held(&names::filled_prefix(job)).await?;
        let free =
            |number: &u32| !filled.iter().any(|(name, _)| *name == names::filled(job, *number));
        // With none that is free, the last one says so.
        let opening = (1..=posted.posting.openings).find(free).unwrap_or(posted.posting.openings);
        let order = ApplicationCommand::Hire {
            offer: offer.map(OfferId),
            offer_needed: false,
            start,
            opening,
        };
        let hired = api.run::<Application>(command.envelope(application, order)?).await;
        tried += 1;
        match hired {
            // Somebody else was faster on this opening; each time, one less is free.
            Err(problem)
                if problem.code == "NO_OPENING"
                    && tried <= posted.posting.openings
                    && (filled.len() as u64) < u64::from(posted.posting.openings) => {}
            other => return other,
        }
    }
}

/// Why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhyBody {
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Take a hire back
///
/// The application is active again, where it was, and the opening is free. Refused: NOT_HIRED, REASON_REQUIRED.
#[utoipa::path(post, path = "/v1/applications/{application}/unhire", tag = "decisions",
    operation_id = "unhire", params(("application" = Uuid, Path,)),
    request_body(content = WhyBody, example = json!({ "reason": "did not come on the first day" })),
    responses((status = 200, body = Written)))]
async fn unhire(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<WhyBody>,
) -> Result<Written, Problem> {
    let order = ApplicationCommand::Unhire { reason: Pii::new(command.body.reason.clone()) };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// Another total.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OverrideBody {
    /// The run whose total it takes the place of.
    #[schema(min_length = 1, max_length = 64, example = "0123456789abcdef0123456789abcdef")]
    run: String,
    /// The total: 0 to 100, to a tenth.
    #[schema(minimum = 0, maximum = 100)]
    total: f64,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Put a person's total in the place of a machine's
///
/// The application is ranked by it from then on; what the machine found stays in the history, and beside it. Refused: OUT_OF_RANGE,
/// REASON_REQUIRED, NOT_FOUND, WRONG_STATE (the run has no score), NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/score/override", tag = "applications",
    operation_id = "overrideScore", params(("application" = Uuid, Path,)),
    request_body(content = OverrideBody, example = json!({
        "run": "0123456789abcdef0123456789abcdef", "total": 70.0, "reason": "two years as a volunteer"
    })),
    responses((status = 200, body = Written)))]
async fn override_score(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<OverrideBody>,
) -> Result<Written, Problem> {
    let OverrideBody { run, total, reason } = command.body.clone();
    if !(0.0..=100.0).contains(&total) {
        return Err(Refusal::out_of_range("a total is 0 to 100").on_field("total").into());
    }
    let to = Points::from_tenths((total * 10.0).round() as u16);
    let order = ApplicationCommand::OverrideScore { run: RunId(run), to, reason: Pii::new(reason) };
    api.run::<Application>(command.envelope(application, order)?).await
}

/// What is wrong.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DisputeBody {
    /// What is wrong with the score.
    #[schema(min_length = 1, max_length = 5000)]
    text: String,
}

/// Dispute a score
///
/// By the applicant, or by a recruiter for them: a person is told and looks at it. Refused: REASON_REQUIRED, NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/score/dispute", tag = "applications",
    operation_id = "disputeScore", params(("application" = Uuid, Path,)),
    request_body(content = DisputeBody, example = json!({ "text": "I have ten years of practice, not one" })),
    responses((status = 200, body = Written)))]
async fn dispute_score(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<DisputeBody>,
) -> Result<Written, Problem> {
    let text = command.body.text.clone();
    if text.chars().count() > 5_000 {
        return Err(Problem::field("text", "is longer than 5000 characters"));
    }
    let order = ApplicationCommand::DisputeScore { text: Pii::new(text) };
    api.run::<Application>(command.envelope(application, order)?).await
}
