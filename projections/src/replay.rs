//! Replay: a decision, and what it was made on. The read models are folded to the position that the person
//! saw, and what stood there is compared with what the decision says was shown.

use domain::actor::Actor;
use domain::application::{Application, ApplicationEvent, RunId, Seen};
use domain::decide::Timestamp;
use domain::ids::ApplicationId;
use event_log::{Log, LogError, Recorded};
use serde::Serialize;
use serde_json::{Value, json};

use crate::as_of::{AsOf, AsOfError};
use crate::models::application_detail::{self, CriterionRow};
use crate::models::ranked_pool::{self, PoolRow};

/// A decision of a person about an application.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DecisionRow {
    /// The application.
    pub application: ApplicationId,
    /// The event's position, which names the decision.
    pub position: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The event's wire name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who made it.
    pub actor: Actor,
    /// What was decided.
    pub decided: Decided,
    /// What they were shown; `None` when that was not recorded.
    pub seen: Option<Seen>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decided {
    /// To put it on the short list.
    Shortlisted,
    /// Against it.
    Rejected {
        /// The kind of reason.
        category: String,
    },
    /// To move it.
    Moved {
        /// The stage it left, by its id.
        from: String,
        /// The stage it entered, by its id.
        to: String,
    },
}

/// A decision, and what it was made on.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Replayed {
    /// The decision; its `seen` is what was recorded as shown.
    #[serde(flatten)]
    pub decision: DecisionRow,
    /// What stood at the position that was seen; `None` when nothing was recorded, or nothing stood there.
    pub rebuilt: Option<Rebuilt>,
    /// Whether that is what was recorded as shown; `None` when nothing was recorded.
    pub equal: Option<bool>,
    /// In what it differs.
    pub differences: Vec<Difference>,
}

/// An application as it stood at a position.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Rebuilt {
    /// The position.
    pub position: u64,
    /// Its row in the job's ranked pool: rank, total, parts, run.
    pub row: PoolRow,
    /// The criteria of the run, with reasons and quotes.
    pub criteria: Vec<CriterionRow>,
}

/// Something in which what was rebuilt differs from what was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Difference {
    /// `run`, `rank`; `application` when it was not in the pool; `position` when the decision came before
    /// what it says was seen.
    pub field: &'static str,
    /// What was recorded.
    pub recorded: Value,
    /// What was rebuilt.
    pub rebuilt: Value,
}

/// Why a decision could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such application.
    #[error("there is no application {0}")]
    NoApplication(ApplicationId),
    /// The application has no decision there.
    #[error("application {application} has no decision at position {position}")]
    NoDecision {
        /// The application.
        application: ApplicationId,
        /// The position.
        position: u64,
    },
    /// The machine.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ReplayError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoApplication(_) => "NO_SUCH_APPLICATION",
            Self::NoDecision { .. } => "NO_SUCH_DECISION",
            Self::Log(error) => error.code(),
        }
    }
}

/// The decisions about an application, in order.
///
/// # Errors
/// `NO_SUCH_APPLICATION`, or a failure of the machine.
pub async fn decisions(
    log: &Log,
    application: ApplicationId,
) -> Result<Vec<DecisionRow>, ReplayError> {
    let stream = log.store.read_stream(application.stream(), 0).await?;
    if stream.is_empty() {
        return Err(ReplayError::NoApplication(application));
    }
    let mut decisions = vec![];
    for recorded in stream {
        // Nothing personal is needed of it: it stays sealed.
        let event = recorded.decode::<Application>()?;
        decisions.extend(decision_row(application, recorded, event));
    }
    Ok(decisions)
}

/// A decision, and what it was made on. `position` is the decision's own.
///
/// # Errors
/// `NO_SUCH_APPLICATION`, `NO_SUCH_DECISION`, or a failure of the machine.
pub async fn decision(
    log: &Log,
    as_of: &AsOf,
    application: ApplicationId,
    position: u64,
) -> Result<Replayed, ReplayError> {
    let decisions = decisions(log, application).await?;
    let decision = decisions
        .into_iter()
        .find(|decision| decision.position == position)
        .ok_or(ReplayError::NoDecision { application, position })?;
    let Some(seen) = decision.seen.clone() else {
        return Ok(Replayed { decision, rebuilt: None, equal: None, differences: vec![] });
    };
    // Nobody saw what had not happened yet.
    if seen.position >= position {
        let last = json!(position.saturating_sub(1));
        let difference =
            Difference { field: "position", recorded: json!(seen.position), rebuilt: last };
        return Ok(differs(decision, None, vec![difference]));
    }
    let rebuilt = rebuild(as_of, application, seen.position).await?;
    let Some(rebuilt) = rebuilt else {
        let recorded = json!(application);
        let difference = Difference { field: "application", recorded, rebuilt: Value::Null };
        return Ok(differs(decision, None, vec![difference]));
    };
    let differences = compare(&seen, &rebuilt.row);
    Ok(differs(decision, Some(rebuilt), differences))
}

fn differs(
    decision: DecisionRow,
    rebuilt: Option<Rebuilt>,
    differences: Vec<Difference>,
) -> Replayed {
    Replayed { decision, rebuilt, equal: Some(differences.is_empty()), differences }
}

/// The row of an event that is a decision made on something seen.
fn decision_row(
    application: ApplicationId,
    recorded: Recorded,
    event: ApplicationEvent,
) -> Option<DecisionRow> {
    let (decided, seen) = match event {
        ApplicationEvent::ApplicationShortlisted { seen } => (Decided::Shortlisted, seen),
        ApplicationEvent::ApplicationRejected { category, seen, .. } => {
            (Decided::Rejected { category }, seen)
        }
        ApplicationEvent::StageChanged { from, to, seen, .. } => {
            (Decided::Moved { from, to: to.id }, seen)
        }
        _ => return None,
    };
    let Recorded { position, kind, occurred_at: at, actor, .. } = recorded;
    Some(DecisionRow { application, position, at, kind, actor, decided, seen })
}

/// An application as it stood in its job's pool at a position that the log has reached.
async fn rebuild(
    as_of: &AsOf,
    application: ApplicationId,
    position: u64,
) -> Result<Option<Rebuilt>, ReplayError> {
    let store = as_of.at(position).await.map_err(|error| match error {
        AsOfError::Log(error) => error,
        AsOfError::Ahead { .. } => LogError::Damaged(error.to_string()),
    })?;
    let pool = store.pool().await;
    let Some(row) = ranked_pool::one(&pool, application).await? else { return Ok(None) };
    let criteria = match &row.run {
        Some(run) => application_detail::of_run(&pool, run).await?,
        None => vec![],
    };
    Ok(Some(Rebuilt { position, row, criteria }))
}

/// In what a row differs from what was recorded as shown. Nothing shown is recorded as nothing.
fn compare(seen: &Seen, row: &PoolRow) -> Vec<Difference> {
    let run = |run: &Option<RunId>| json!(run);
    let fields =
        [("run", run(&seen.run), run(&row.run)), ("rank", json!(seen.rank), json!(row.rank))];
    let differ = fields.into_iter().filter(|(_, recorded, rebuilt)| recorded != rebuilt);
    differ.map(|(field, recorded, rebuilt)| Difference { field, recorded, rebuilt }).collect()
}
