//! Interviews, scorecards and offers: of an application, and of whoever holds interviews.

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, MemberId};
use domain::interview::Place;
use event_log::sql::Pool;
use icalendar::{Calendar, Component as _, Event, EventLike as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::access::Caller;
use web::extract::{Id, Ids, Params};
use web::{Problem, Role};

use super::QueryApi;
use super::jobs::OneParams;
use super::view::{Asked, limit, one, page, page_problem};
use crate::models::interviews::{self, ApplicantInterviewRow, InterviewRow, ScorecardRow};
use crate::models::offers::{self, OfferRow};
use crate::models::{jobs, ranked_pool};

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .routes(routes!(my_interviews))
        .routes(routes!(interview))
        .routes(routes!(interviews_of))
        .routes(routes!(calendar))
        .routes(routes!(scorecards_of))
        .routes(routes!(offers_of))
}

/// The interviews of an application, as members see them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct InterviewList {
    /// The first one first.
    items: Vec<InterviewRow>,
    /// The log's position that this was read at.
    read_at: u64,
}

/// The interviews of an application, as the applicant sees them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ApplicantInterviewList {
    /// The first one first.
    items: Vec<ApplicantInterviewRow>,
    /// The log's position that this was read at.
    read_at: u64,
}

/// What those on panels found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ScorecardList {
    /// Handed in first first.
    items: Vec<ScorecardRow>,
    /// The log's position that this was read at.
    read_at: u64,
}

/// The offers on an application. The applicant sees those that were sent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct OfferList {
    /// The first one first.
    items: Vec<OfferRow>,
    /// The log's position that this was read at.
    read_at: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MineParams {
    member: Option<Uuid>,
    from: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<u32>,
    min_position: Option<u64>,
}

/// List somebody's interviews
///
/// Those that the caller is on the panel of, the next one first; recruiters, admins and auditors may ask for another's.
#[utoipa::path(get, path = "/v1/interviews", tag = "interviews", operation_id = "listInterviews",
    params(
        ("member" = Option<Uuid>, Query, description = "Whose; left out, the caller's own."),
        ("from" = Option<String>, Query, description = "That begin at this time or later.", example = "2027-01-14T00:00:00Z"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64),
    ),
    responses((status = 200, body = ref("#/components/schemas/InterviewPage")), (status = 304, description = "Not modified")))]
async fn my_interviews(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    Params(params): Params<MineParams>,
) -> Result<Response, Problem> {
    let MineParams { member, from, cursor, limit: most, min_position } = params;
    let me = myself(&caller)?;
    let member = member.map_or(me, MemberId);
    if member != me && caller.role() == Some(Role::Interviewer) {
        return Err(Params::<()>::refuse("member", "is for recruiters, admins and auditors"));
    }
    let store = api.at(&asked, None, min_position).await?;
    let tables = store.pool().await;
    let found = interviews::of_member(&tables, member, from, cursor.as_deref(), limit(most)?).await;
    Ok(page(&asked, &found.map_err(page_problem)?))
}

/// Look at an interview
///
/// Interviewers see those that they are on the panel of.
#[utoipa::path(get, path = "/v1/interviews/{interview}", tag = "interviews", operation_id = "getInterview",
    params(("interview" = Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/InterviewView")), (status = 304, description = "Not modified")))]
async fn interview(
    State(api): State<QueryApi>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let found = interviews::one(&store.pool().await, id.into()).await?;
    let found = found.filter(|row| may_see(&caller, &row.panel));
    let found = found.ok_or_else(|| Problem::not_found("interview"))?;
    Ok(one(&asked, found.version, found.position, &found))
}

/// Look at an application's interviews
///
/// Members see who holds them and what they ask; the applicant sees when and where.
#[utoipa::path(get, path = "/v1/applications/{application}/interviews", tag = "interviews", operation_id = "listInterviewsOfApplication",
    params(("application" = Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/InterviewsAnswer")), (status = 304, description = "Not modified")))]
async fn interviews_of(
    State(api): State<QueryApi>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let tables = store.pool().await;
    let read_at = known(&tables, id).await?;
    let items = interviews::of_application(&tables, id.into()).await?;
    if caller.is_member() {
        return Ok(one(&asked, 0, read_at, &InterviewList { items, read_at }));
    }
    let items = items.into_iter().map(Into::into).collect();
    Ok(one(&asked, 0, read_at, &ApplicantInterviewList { items, read_at }))
}

/// Download an interview as a calendar entry
///
/// An iCalendar file (RFC 5545) with the one event; a cancelled interview is a cancelled event, so that it goes from the calendar
/// that has it.
#[utoipa::path(get, path = "/v1/applications/{application}/interviews/{interview}/calendar", tag = "interviews", operation_id = "getInterviewCalendar",
    params(("application" = Uuid, Path,), ("interview" = Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = String, content_type = "text/calendar")))]
async fn calendar(
    State(api): State<QueryApi>,
    Ids(application, interview): Ids,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let tables = store.pool().await;
    let found = interviews::one(&tables, interview.into()).await?;
    let found = found.filter(|row| row.application.0 == application);
    let found = found.ok_or_else(|| Problem::not_found("interview"))?;
    let title = jobs::one(&tables, found.job).await?.map(|job| job.posting.title);
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"interview.ics\""),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    Ok((headers, entry(&found, &title.unwrap_or_default())).into_response())
}

/// An interview as a calendar knows it.
fn entry(row: &InterviewRow, title: &str) -> String {
    let cancelled = row.status == "cancelled";
    let mut event = Event::new();
    event
        .uid(&format!("{}@hiresphere", row.interview))
        .sequence(u32::try_from(row.version).unwrap_or(u32::MAX))
        .summary(&format!("Interview: {title}"))
        .starts(row.start)
        .ends(row.end)
        .status(if cancelled {
            icalendar::EventStatus::Cancelled
        } else {
            icalendar::EventStatus::Confirmed
        });
    match &row.place {
        Some(Place::At(place)) => {
            event.location(place);
        }
        Some(Place::Link(link)) => {
            event.location(link).url(link);
        }
        None => {}
    }
    let mut calendar = Calendar::new();
    let method = if cancelled { "CANCEL" } else { "REQUEST" };
    calendar.append_property(("METHOD", method)).push(event.done());
    calendar.done().to_string()
}

/// Look at an application's scorecards
///
/// Whoever is on a panel and has not handed in theirs sees nobody else's: SUBMIT_FIRST. Interviewers see those of applications that
/// they are on a panel of.
#[utoipa::path(get, path = "/v1/applications/{application}/scorecards", tag = "interviews", operation_id = "listScorecards",
    params(("application" = Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/ScorecardList")), (status = 304, description = "Not modified")))]
async fn scorecards_of(
    State(api): State<QueryApi>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let tables = store.pool().await;
    let read_at = known(&tables, id).await?;
    let me = myself(&caller)?;
    let held = interviews::of_application(&tables, id.into()).await?;
    let panel: Vec<MemberId> = held.iter().flat_map(|row| row.panel.iter().copied()).collect();
    if !may_see(&caller, &panel) {
        return Err(Problem::not_found("application"));
    }
    let owes = |row: &InterviewRow| {
        let held = matches!(row.status.as_str(), "scheduled" | "completed");
        held && row.panel.contains(&me) && !row.submitted.contains(&me)
    };
    if held.iter().any(owes) {
        let detail = "hand in your own scorecard before you read the others'";
        let status = axum::http::StatusCode::FORBIDDEN;
        return Err(Problem::new(status, "SUBMIT_FIRST", detail));
    }
    let items = interviews::scorecards(&tables, id.into()).await?;
    Ok(one(&asked, 0, read_at, &ScorecardList { items, read_at }))
}

/// Look at an application's offers
///
/// The applicant sees those that were sent to them.
#[utoipa::path(get, path = "/v1/applications/{application}/offers", tag = "offers", operation_id = "listOffers",
    params(("application" = Uuid, Path,),
        ("min_position" = Option<u64>, Query, description = "Wait for this position.", maximum = 9007199254740991u64)),
    responses((status = 200, body = ref("#/components/schemas/OfferList")), (status = 304, description = "Not modified")))]
async fn offers_of(
    State(api): State<QueryApi>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    Params(params): Params<OneParams>,
) -> Result<Response, Problem> {
    let store = api.at(&asked, None, params.min_position).await?;
    let tables = store.pool().await;
    let read_at = known(&tables, id).await?;
    let mut items = offers::of_application(&tables, id.into()).await?;
    if !caller.is_member() {
        items.retain(|offer| offer.expires.is_some());
    }
    Ok(one(&asked, 0, read_at, &OfferList { items, read_at }))
}

/// The position that the tables are at, when they know the application.
async fn known(tables: &Pool, application: Uuid) -> Result<u64, Problem> {
    let (row, read_at) = ranked_pool::one_at(tables, ApplicationId(application)).await?;
    row.map(|_| read_at).ok_or_else(|| Problem::not_found("application"))
}

/// The member who calls.
fn myself(caller: &Caller) -> Result<MemberId, Problem> {
    match caller {
        Caller::Member { token, .. } => Ok(MemberId(*token)),
        _ => Err(Problem::unauthenticated("say who you are")),
    }
}

/// Whether a caller may see what a panel does: interviewers, their own alone.
fn may_see(caller: &Caller, panel: &[MemberId]) -> bool {
    match caller {
        Caller::Member { token, role: Role::Interviewer } => panel.contains(&MemberId(*token)),
        _ => true,
    }
}
