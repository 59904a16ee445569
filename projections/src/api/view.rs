//! What every query has in common: which read models it asks, its answer's headers, its schemas.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use event_log::LogError;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};
use web::Problem;
use web::extract::Params;

use super::QueryApi;
use crate::as_of::AsOfError;
use crate::paging::{MOST, Page, PageError};
use crate::replay::ReplayError;
use crate::store::ReadStore;

/// How long a query waits for a position when the client does not say.
const WAIT: Duration = Duration::from_secs(5);
/// The longest that a client may ask to wait.
const LONGEST_WAIT: u64 = 30;
/// Items on a page when the client does not say.
const USUAL: u32 = 50;

/// What headers ask of a query.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    wait: Duration,
    if_none_match: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let wait = text("prefer").and_then(|prefer| {
            let mut parts = prefer.split([',', ';']).map(str::trim);
            parts.find_map(|p| p.strip_prefix("wait=")?.parse::<u64>().ok())
        });
        Ok(Self {
            wait: wait.map_or(WAIT, |s| Duration::from_secs(s.min(LONGEST_WAIT))),
            if_none_match: text("if-none-match").map(str::to_owned),
        })
    }
}

impl QueryApi {
    /// The read models to ask: the live ones, once they have reached a position, or those of the past.
    pub(super) async fn at(
        &self,
        asked: &Asked,
        as_of: Option<&str>,
        min_position: Option<u64>,
    ) -> Result<Arc<ReadStore>, Problem> {
        if let Some(as_of) = as_of {
            let position = self.position_of(as_of).await?;
            // A task of its own: a client that hangs up must not undo a long fold for the next one.
            let as_of = self.as_of.clone();
            let folding = tokio::spawn(async move { as_of.at(position).await });
            let folded = folding
                .await
                .map_err(|e| LogError::Io { doing: "fold the past", problem: e.to_string() })?;
            return folded.map_err(|error| match error {
                AsOfError::Ahead { .. } => Params::<()>::refuse("as_of", &error.to_string()),
                AsOfError::Log(error) => error.into(),
            });
        }
        if let Some(position) = min_position {
            let head = self.log.store.head().await?;
            if position > head {
                let problem = format!("is beyond the end of the log, which is at {head}");
                return Err(Params::<()>::refuse("min_position", &problem));
            }
            let waited = tokio::time::timeout(asked.wait, self.live.wait_for(position)).await;
            waited.map_err(|_| {
                let detail = format!("the read models have not reached position {position} yet");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Problem::new(status, "READ_MODELS_BEHIND", detail)
            })?;
        }
        Ok(self.live.clone())
    }

    /// A position, or the one that a time names.
    async fn position_of(&self, as_of: &str) -> Result<u64, Problem> {
        if let Ok(position) = as_of.parse() {
            return Ok(position);
        }
        let time = DateTime::parse_from_rfc3339(as_of).map_err(|_| {
            let problem = "is neither a position nor a time such as 2026-01-31T12:00:00Z";
            Params::<()>::refuse("as_of", problem)
        })?;
        Ok(self.as_of.position_at(time.with_timezone(&Utc)).await?)
    }
}

/// How many items a page has.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(Params::<()>::refuse("limit", &format!("is 1 to {MOST}"))),
    }
}

/// Values separated by commas.
pub(super) fn several<T: serde::de::DeserializeOwned>(
    field: &str,
    text: Option<&str>,
) -> Result<Vec<T>, Problem> {
    let parts = text.unwrap_or_default().split(',').map(str::trim).filter(|t| !t.is_empty());
    parts
        .map(|part| {
            serde_json::from_value(Value::String(part.to_owned())).map_err(|_| {
                Params::<()>::refuse(field, &format!("`{part}` is not one of its values"))
            })
        })
        .collect()
}

/// The problem of a page that could not be given.
pub(super) fn page_problem(error: PageError) -> Problem {
    match error {
        PageError::Log(error) => error.into(),
        error => Params::<()>::refuse("cursor", &error.to_string()).under(error.code()),
    }
}

/// The problem of a decision that could not be replayed.
pub(super) fn replay_problem(error: ReplayError) -> Problem {
    match error {
        ReplayError::Log(error) => error.into(),
        ReplayError::NoApplication(_) => Problem::not_found("application"),
        ReplayError::NoDecision { .. } => Problem::not_found("decision"),
    }
}

/// An answer about one thing. Its `ETag` begins with the version that `If-Match` takes; `position` changes
/// whenever anything in the answer does.
pub(super) fn one(asked: &Asked, version: u64, position: u64, body: &impl Serialize) -> Response {
    tagged(asked, format!("\"{version}-{position}\""), body)
}

/// An answer with a list in it. Its `ETag` is the position that it was read at, which is no version.
pub(super) fn page<T: Serialize>(asked: &Asked, page: &Page<T>) -> Response {
    tagged(asked, format!("W/\"page-{}\"", page.position), page)
}

/// An answer with a list in it that the day has a say in.
pub(super) fn page_of_day<T: Serialize>(asked: &Asked, page: &Page<T>, day: NaiveDate) -> Response {
    tagged(asked, format!("W/\"page-{}-{day}\"", page.position), page)
}

fn tagged(asked: &Asked, tag: String, body: &impl Serialize) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let known = asked.if_none_match.as_deref().unwrap_or_default();
    let bare = tag.trim_start_matches("W/");
    if known.split(',').any(|k| k.trim().trim_start_matches("W/") == bare) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, Json(body)).into_response()
}

/// The schemas of everything that the query API answers, by name, for the OpenAPI document.
pub fn schemas() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|s| {
        s.definitions_path = "/components/schemas".into();
        s.meta_schema = None;
    });
    let mut generator = SchemaGenerator::new(settings);
    let mut all = Map::new();
    let mut add = |name: &str, schema: schemars::Schema| {
        all.insert(name.to_owned(), schema.to_value());
    };
    for (name, make) in ROOTS {
        let mut schema = make(&mut generator);
        // What it refers to comes once, below.
        schema.remove("components");
        add(name, schema);
    }
    all.extend(generator.take_definitions(true));
    // What a member is answered, and what the applicant is.
    for (name, [member, applicant]) in EITHER {
        let one = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        all.insert((*name).to_owned(), json!({ "anyOf": [one(member), one(applicant)] }));
    }
    all
}

type Make = fn(&mut SchemaGenerator) -> schemars::Schema;

/// Names in the document, and the types that they stand for.
const ROOTS: &[(&str, Make)] = &[
    ("JobPage", of::<Page<crate::models::jobs::JobRow>>),
    ("JobView", of::<crate::models::jobs::JobRow>),
    ("PoolPage", of::<Page<crate::models::ranked_pool::PoolRow>>),
    ("Counters", of::<super::pool::Counters>),
    ("ApplicationView", of::<super::applications::ApplicationView>),
    ("ApplicantView", of::<super::applications::ApplicantView>),
    ("TimelinePage", of::<Page<crate::models::timeline::TimelineRow>>),
    ("ApplicantTimelinePage", of::<Page<crate::models::timeline::ApplicantRow>>),
    ("DecisionList", of::<super::decisions::DecisionList>),
    ("ReplayedDecision", of::<crate::replay::Replayed>),
    ("CandidatePage", of::<Page<crate::models::candidates::CandidateRow>>),
    ("CandidateView", of::<crate::models::candidates::CandidateDetail>),
    ("RubricList", of::<super::rubrics::RubricList>),
    ("ReleaseList", of::<super::rubrics::ReleaseList>),
    ("InterviewPage", of::<Page<crate::models::interviews::InterviewRow>>),
    ("InterviewView", of::<crate::models::interviews::InterviewRow>),
    ("InterviewList", of::<super::interviews::InterviewList>),
    ("ApplicantInterviewList", of::<super::interviews::ApplicantInterviewList>),
    ("ScorecardList", of::<super::interviews::ScorecardList>),
    ("OfferList", of::<super::interviews::OfferList>),
    ("ResumeTextAnswer", of::<super::resumes::ResumeText>),
];

const EITHER: &[(&str, [&str; 2])] = &[
    ("ApplicationAnswer", ["ApplicationView", "ApplicantView"]),
    ("InterviewsAnswer", ["InterviewList", "ApplicantInterviewList"]),
    ("TimelineAnswer", ["TimelinePage", "ApplicantTimelinePage"]),
];

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.root_schema_for::<T>()
}
