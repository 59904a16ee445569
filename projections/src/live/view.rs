//! What each viewer may see of an event. Personal data never leaves through the feed: whoever may read it
//! asks the query API.

use domain::actor::ActorKind;
use domain::ids::{ApplicationId, CandidateId, DocumentId, StreamId, StreamKind};
use event_log::{LogError, Recorded};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// An event as the feed tells it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Message {
    /// Its place in the log; give it as `after` to resume behind it.
    pub position: u64,
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub event_id: String,
    /// Its wire name, such as `application.submitted.v1`. Types may be added; pass over those you do not know.
    #[serde(rename = "type")]
    #[schemars(extend("pattern" = "^[a-z_]+\\.[a-z_]+\\.v[0-9]+$"))]
    pub kind: String,
    /// What it is about: `application-018f...`.
    pub stream: String,
    /// When it happened (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Who did it.
    pub actor: MessageActor,
    /// What it says: the schema of its type. Personal fields are null; applicants are told the fields that
    /// concern them.
    #[schemars(extend("type" = "object"))]
    pub data: Value,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MessageActor {
    /// `member`, `api_key`, `candidate`, `model`, `system`.
    pub kind: ActorKind,
    /// Their id; left out where the viewer may not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody who works here: every event.
    Member,
    /// An applicant: what concerns their application.
    Applicant {
        /// Theirs.
        application: ApplicationId,
        /// Who they are.
        candidate: CandidateId,
        /// The resumes that their application has stood on.
        documents: Vec<DocumentId>,
    },
}

impl Viewer {
    /// The event as this viewer may see it, or nothing. An applicant's application may be put on another resume
    /// by it, which is theirs to follow from then on.
    ///
    /// # Errors
    /// `EVENT_UNDECODABLE`.
    pub fn sees(&mut self, event: &Recorded) -> Result<Option<Message>, LogError> {
        let data = event.without_personal()?;
        let named = || data["document"].as_str().and_then(|id| id.parse::<DocumentId>().ok());
        match self {
            Self::Member => Ok(Some(message(event, data, true))),
            Self::Applicant { application, candidate, documents } => {
                let beside = matches!(event.stream.kind, StreamKind::Interview | StreamKind::Offer)
                    && data["application"].as_str() == Some(&application.to_string());
                let mine = event.stream == application.stream() || beside;
                if mine && event.kind == "application.resume_replaced.v1" {
                    documents.extend(named());
                }
                let resume = event.stream == candidate.stream()
                    && named().is_some_and(|document| documents.contains(&document));
                let Some(fields) = told_to_applicants(&event.kind) else { return Ok(None) };
                if !mine && !resume {
                    return Ok(None);
                }
                let own = event.actor.kind == ActorKind::Candidate;
                Ok(Some(message(event, only(data, fields), own)))
            }
        }
    }
}

impl Viewer {
    /// Whether an event ends what this viewer may see.
    pub fn ends_with(&self, event: &Recorded) -> bool {
        matches!(self, Self::Applicant { candidate, .. } if event.stream == candidate.stream()
            && event.kind == "candidate.personal_data_erased.v1")
    }
}

/// The fields that applicants are told of each type of event; other types they are not told of.
pub(super) fn told_to_applicants(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "application.submitted.v1" => &["application", "job"],
        "application.resume_replaced.v1"
        | "application.score_recorded.v1"
        | "application.rejected.v1"
        | "application.rejection_reversed.v1"
        | "application.withdrawn.v1"
        | "application.held.v1"
        | "application.resumed.v1"
        | "application.score_overridden.v1"
        | "application.score_disputed.v1"
        | "application.hire_reversed.v1"
        | "candidate.resume_received.v1"
        | "candidate.resume_text_extracted.v1" => &[],
        "candidate.resume_extraction_failed.v1" => &["reason"],
        // What machine is used is theirs to know; what it said is for people to weigh.
        "application.score_requested.v1" => &["request.model_release", "request.rubric"],
        "application.stage_changed.v1" => &["to"],
        "application.hired.v1" => &["start"],
        "application.transferred.v1" => &["to", "job"],
        "interview.scheduled.v1" => &["interview", "application", "kind", "slot"],
        "interview.rescheduled.v1" => &["application", "to"],
        "interview.cancelled.v1" | "interview.completed.v1" => &["application"],
        "offer.sent.v1" => &["application", "expires"],
        "offer.accepted.v1" | "offer.declined.v1" | "offer.rescinded.v1" | "offer.expired.v1" => {
            &["application"]
        }
        _ => return None,
    })
}

fn message(event: &Recorded, data: Value, named: bool) -> Message {
    Message {
        position: event.position,
        event_id: event.event_id.to_string(),
        kind: event.kind.clone(),
        stream: stream(event.stream),
        at: event.occurred_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        actor: MessageActor { kind: event.actor.kind, id: named.then(|| event.actor.id.clone()) },
        data,
    }
}

fn stream(id: StreamId) -> String {
    id.to_string()
}

/// These fields alone; a dot goes one level down.
fn only(data: Value, fields: &[&str]) -> Value {
    let mut out = Map::new();
    for field in fields {
        let (outer, inner) = field.split_once('.').unwrap_or((field, ""));
        let value = &data[outer];
        if inner.is_empty() {
            out.insert(outer.to_owned(), value.clone());
        } else {
            out.insert(inner.to_owned(), value[inner].clone());
        }
    }
    Value::Object(out)
}
