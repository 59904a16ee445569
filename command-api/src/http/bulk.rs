//! One decision about many applications to a job: each has an outcome of its own.

use axum::Json;
use axum::extract::State;
use domain::application::{Application, ApplicationCommand};
use domain::ids::JobId;
use domain::pii::Pii;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::Problem;
use web::extract::{Command, Id};

use super::CommandApi;

/// The most applications in one request.
const MOST: usize = 200;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(decide_many))
}

/// One decision about many.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ManyBody {
    /// The applications, each of them to this job and named once.
    #[schema(min_items = 1, max_items = 200)]
    applications: Vec<Uuid>,
    /// What is decided about each.
    decision: DecisionBody,
}

/// What is decided.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum DecisionBody {
    /// Put on the short list.
    Shortlist {},
    /// Take off the short list.
    Unshortlist {},
    /// Reject.
    Reject {
        /// Why, in words.
        #[schema(min_length = 1, max_length = 2000)]
        reason: String,
        /// What kind of reason, for counting.
        #[schema(min_length = 1, max_length = 100, example = "position_filled")]
        category: String,
        /// For colleagues only.
        #[serde(default)]
        #[schema(max_length = 10000)]
        note: Option<String>,
    },
    /// Move to another stage.
    Move {
        /// The stage's id in the job's pipeline.
        #[schema(min_length = 1, max_length = 50, example = "interview")]
        to: String,
        /// Why.
        #[serde(default)]
        #[schema(max_length = 2000)]
        reason: Option<String>,
    },
    /// Put on hold.
    Hold {
        /// Why.
        #[serde(default)]
        #[schema(max_length = 2000)]
        reason: Option<String>,
    },
    /// Take up again.
    Unhold {},
}

/// What became of each.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Decided {
    /// In the order of the request.
    items: Vec<DecidedItem>,
}

/// What became of one.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DecidedItem {
    /// The application.
    application: Uuid,
    /// Whether it is now as decided; it may have been so before.
    done: bool,
    /// Its version, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The position of its last event, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// Why it is not: the stable code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Decide about many applications
///
/// Each is decided about by itself, as its own endpoint would, and has its own outcome: one that is refused keeps no other from being
/// done. The same request under the same `Idempotency-Key` takes up what was interrupted. Refused as a whole: VALIDATION.
#[utoipa::path(post, path = "/v1/jobs/{job}/decisions", tag = "decisions", operation_id = "decideMany",
    params(("job" = Uuid, Path,)),
    request_body(content = ManyBody, example = json!({
        "applications": ["0198f1f0-0000-7000-8000-000000000006"],
        "decision": { "kind": "reject", "reason": "we went with somebody else", "category": "position_filled" }
    })),
    responses((status = 200, body = Decided)))]
async fn decide_many(
    State(api): State<CommandApi>,
    Id(job): Id,
    command: Command<ManyBody>,
) -> Result<Json<Decided>, Problem> {
    let ManyBody { applications, decision } = &command.body;
    if applications.is_empty() || applications.len() > MOST {
        return Err(Problem::field("applications", format!("are 1 to {MOST}")));
    }
    for (i, application) in applications.iter().enumerate() {
        if applications[..i].contains(application) {
            return Err(Problem::field(format!("applications[{i}]"), "is there twice"));
        }
    }
    let mut items = Vec::with_capacity(applications.len());
    for application in applications {
        let item = match one(&api, JobId(job), *application, decision, &command).await {
            Ok(written) => DecidedItem {
                application: *application,
                done: true,
                version: Some(written.version),
                position: written.position,
                code: None,
                detail: None,
            },
            // What is not the application's fault is not its outcome either.
            Err(problem) if problem.status >= 500 => return Err(problem),
            Err(problem) => DecidedItem {
                application: *application,
                done: false,
                version: None,
                position: None,
                code: Some(problem.code),
                detail: Some(problem.detail),
            },
        };
        items.push(item);
    }
    Ok(Json(Decided { items }))
}

async fn one(
    api: &CommandApi,
    job: JobId,
    application: Uuid,
    decision: &DecisionBody,
    command: &Command<ManyBody>,
) -> Result<web::Written, Problem> {
    let (state, _) = api.dispatcher.load::<Application>(application).await?;
    if state.job != Some(job) {
        return Err(Problem::not_found("application"));
    }
    let seen = api.seen(application, None).await?;
    let order = match decision.clone() {
        DecisionBody::Shortlist {} => ApplicationCommand::Shortlist { seen },
        DecisionBody::Unshortlist {} => ApplicationCommand::Unshortlist {},
        DecisionBody::Reject { reason, category, note } => {
            let (reason, note) = (Pii::new(reason), Pii::new(note));
            ApplicationCommand::Reject { reason, category, note, seen }
        }
        DecisionBody::Move { to, reason } => {
            let (to, cards) = api.onward(application, &to).await?;
            ApplicationCommand::MoveToStage { to, reason: Pii::new(reason), seen, cards }
        }
        DecisionBody::Hold { reason } => {
            ApplicationCommand::Hold { reason: Pii::new(reason), until: None }
        }
        DecisionBody::Unhold {} => ApplicationCommand::Resume {},
    };
    let mut envelope = command.envelope(application, order)?;
    // What was seen of the job says nothing of one application.
    envelope.expected_version = None;
    envelope.idempotency_key = envelope.idempotency_key.map(|key| format!("{key}:{application}"));
    api.run::<Application>(envelope).await
}
