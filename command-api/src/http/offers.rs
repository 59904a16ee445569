//! Offers: written in versions, approved, sent, and answered by the applicant.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::application::{Application, ApplicationStatus};
use domain::ids::{ApplicationId, OfferId};
use domain::job::Pay;
use domain::offer::{Offer, OfferCommand, Terms};
use domain::pii::Pii;
use domain::refusal::Refusal;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::extract::{Command, Id, Ids};
use web::{Problem, Written};

use super::CommandApi;
use super::decisions::ReasonBody;
use super::jobs::NoBody;
use super::posting::PayBody;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(draft))
        .routes(routes!(redraft))
        .routes(routes!(approve))
        .routes(routes!(send))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(rescind))
}

/// What is offered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TermsBody {
    /// Title of the position, where it is not the job's.
    #[serde(default)]
    #[schema(max_length = 200)]
    title: Option<String>,
    /// Pay; `min` and `max` are the same where it is one sum.
    #[serde(default)]
    pay: Option<PayBody>,
    /// First day.
    #[serde(default)]
    start: Option<NaiveDate>,
    /// Everything else, in words. With no pay, it says something.
    #[serde(default)]
    #[schema(max_length = 20000)]
    text: String,
}

impl From<TermsBody> for Terms {
    fn from(TermsBody { title, pay, start, text }: TermsBody) -> Self {
        Self { title, pay: pay.map(Pay::from), start, text }
    }
}

impl CommandApi {
    /// An offer, when it is that application's.
    async fn offer(&self, application: Uuid, offer: Uuid) -> Result<Offer, Problem> {
        let (offer, _) = self.dispatcher.load::<Offer>(offer).await?;
        let same = offer.of.is_some_and(|(_, of, ..)| of.0 == application);
        if same { Ok(offer) } else { Err(Problem::not_found("offer")) }
    }

    async fn answer_offer(
        &self,
        Ids(application, offer): Ids,
        command: &Command<impl Sized>,
        order: OfferCommand,
    ) -> Result<Written, Problem> {
        self.offer(application, offer).await?;
        self.run::<Offer>(command.envelope(offer, order)?).await
    }
}

/// Make an offer
///
/// One is being made on an application at a time. Refused: OFFER_OUTSTANDING (names the other offer), APPLICATION_REJECTED, NOT_ACTIVE,
/// VALIDATION.
#[utoipa::path(post, path = "/v1/applications/{application}/offers", tag = "offers",
    operation_id = "draftOffer", params(("application" = Uuid, Path,)),
    request_body(content = TermsBody, example = json!({
        "pay": { "min": 35000, "max": 35000, "currency": "GBP", "per": "year" },
        "start": "2027-02-01", "text": "30 days of leave."
    })),
    responses((status = 201, body = Written)))]
async fn draft(
    State(api): State<CommandApi>,
    Id(application): Id,
    command: Command<TermsBody>,
) -> Result<Written, Problem> {
    let here = format!("/v1/applications/{application}/offers");
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before.created(&here));
    }
    let (state, _) = api.dispatcher.load::<Application>(application).await?;
    let missing = || Problem::not_found("application");
    let (candidate, job) = (state.candidate.ok_or_else(missing)?, state.job.ok_or_else(missing)?);
    if state.standing.status == ApplicationStatus::Rejected {
        let message = "the application is rejected; take the rejection back first";
        return Err(Refusal::conflict("APPLICATION_REJECTED", message).into());
    }
    let offer = OfferId(api.dispatcher.log().ids.next());
    let order = OfferCommand::DraftOffer {
        offer,
        application: ApplicationId(application),
        candidate,
        job,
        terms: Pii::new(command.body.clone().into()),
    };
    Ok(api.run::<Offer>(command.envelope(offer.0, order)?).await?.created(&here))
}

/// Write an offer's next version
///
/// It needs approval again. Refused: WRONG_STATE, NOT_ACTIVE, VALIDATION.
#[utoipa::path(put, path = "/v1/applications/{application}/offers/{offer}", tag = "offers",
    operation_id = "redraftOffer", params(("application" = Uuid, Path,), ("offer" = Uuid, Path,)),
    request_body(content = TermsBody, example = json!({
        "pay": { "min": 36000, "max": 36000, "currency": "GBP", "per": "year" }, "text": "30 days of leave."
    })),
    responses((status = 200, body = Written)))]
async fn redraft(
    State(api): State<CommandApi>,
    Ids(application, offer): Ids,
    command: Command<TermsBody>,
) -> Result<Written, Problem> {
    let known = api.offer(application, offer).await?.of;
    let (offer, application, candidate, job) = known.ok_or_else(|| Problem::not_found("offer"))?;
    let terms = Pii::new(command.body.clone().into());
    let order = OfferCommand::DraftOffer { offer, application, candidate, job, terms };
    api.run::<Offer>(command.envelope(offer.0, order)?).await
}

/// Which version.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApproveBody {
    /// The version that was read: another one that was written since is not approved by it.
    #[schema(minimum = 1)]
    v: u32,
}

/// Approve an offer
///
/// Refused: STALE_OFFER (another version was written since), WRONG_STATE.
#[utoipa::path(post, path = "/v1/applications/{application}/offers/{offer}/approve", tag = "offers",
    operation_id = "approveOffer", params(("application" = Uuid, Path,), ("offer" = Uuid, Path,)),
    request_body(content = ApproveBody, example = json!({ "v": 1 })),
    responses((status = 200, body = Written)))]
async fn approve(
    State(api): State<CommandApi>,
    ids: Ids,
    command: Command<ApproveBody>,
) -> Result<Written, Problem> {
    let order = OfferCommand::ApproveOffer { v: command.body.v };
    api.answer_offer(ids, &command, order).await
}

/// Until when.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SendBody {
    /// Until when the applicant may answer.
    expires: DateTime<Utc>,
}

/// Send an offer
///
/// Refused: NOT_APPROVED, IN_PAST, WRONG_STATE, NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/offers/{offer}/send", tag = "offers",
    operation_id = "sendOffer", params(("application" = Uuid, Path,), ("offer" = Uuid, Path,)),
    request_body(content = SendBody, example = json!({ "expires": "2027-01-31T17:00:00Z" })),
    responses((status = 200, body = Written)))]
async fn send(
    State(api): State<CommandApi>,
    ids: Ids,
    command: Command<SendBody>,
) -> Result<Written, Problem> {
    let order = OfferCommand::SendOffer { expires: command.body.expires };
    api.answer_offer(ids, &command, order).await
}

/// Accept an offer
///
/// By the applicant, or by a recruiter for them. Refused: NOT_SENT, EXPIRED, NOT_ACTIVE.
#[utoipa::path(post, path = "/v1/applications/{application}/offers/{offer}/accept", tag = "offers",
    operation_id = "acceptOffer", params(("application" = Uuid, Path,), ("offer" = Uuid, Path,)),
    request_body(content = Option<NoBody>, example = json!({})),
    responses((status = 200, body = Written)))]
async fn accept(
    State(api): State<CommandApi>,
    ids: Ids,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    api.answer_offer(ids, &command, OfferCommand::AcceptOffer {}).await
}

/// Decline an offer
///
/// By the applicant, or by a recruiter for them. Refused: NOT_SENT, EXPIRED.
#[utoipa::path(post, path = "/v1/applications/{application}/offers/{offer}/decline", tag = "offers",
    operation_id = "declineOffer", params(("application" = Uuid, Path,), ("offer" = Uuid, Path,)),
    request_body(content = Option<ReasonBody>, example = json!({ "reason": "took another offer" })),
    responses((status = 200, body = Written)))]
async fn decline(
    State(api): State<CommandApi>,
    ids: Ids,
    command: Command<ReasonBody>,
) -> Result<Written, Problem> {
    let order = OfferCommand::DeclineOffer { reason: Pii::new(command.body.reason.clone()) };
    api.answer_offer(ids, &command, order).await
}

/// Take an offer back
///
/// At any time, also when it was accepted, until somebody is hired with it. Refused: WRONG_STATE, HIRED.
#[utoipa::path(post, path = "/v1/applications/{application}/offers/{offer}/rescind", tag = "offers",
    operation_id = "rescindOffer", params(("application" = Uuid, Path,), ("offer" = Uuid, Path,)),
    request_body(content = Option<ReasonBody>, example = json!({ "reason": "the post was cut" })),
    responses((status = 200, body = Written)))]
async fn rescind(
    State(api): State<CommandApi>,
    ids: Ids,
    command: Command<ReasonBody>,
) -> Result<Written, Problem> {
    let order = OfferCommand::RescindOffer { reason: Pii::new(command.body.reason.clone()) };
    api.answer_offer(ids, &command, order).await
}
