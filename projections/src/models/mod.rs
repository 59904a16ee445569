//! The read models, one file each.

pub mod application_detail;
pub mod candidates;
pub mod jobs;
pub mod ranked_pool;
pub mod rubrics;
pub mod timeline;

use event_log::LogError;

use self::application_detail::ApplicationDetail;
use self::candidates::Candidates;
use self::jobs::Jobs;
use self::ranked_pool::RankedPool;
use self::rubrics::Rubrics;
use self::timeline::Timeline;
use crate::fact::Fact;
use crate::model::{ReadModel, Tx};

/// What makes the tables of every read model.
pub(crate) fn schemas() -> impl Iterator<Item = &'static str> {
    [
        Jobs::SCHEMA,
        RankedPool::SCHEMA,
        ApplicationDetail::SCHEMA,
        Candidates::SCHEMA,
        Timeline::SCHEMA,
        Rubrics::SCHEMA,
    ]
    .into_iter()
}

/// The tables of every read model.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    [
        Jobs::TABLES,
        RankedPool::TABLES,
        ApplicationDetail::TABLES,
        Candidates::TABLES,
        Timeline::TABLES,
        Rubrics::TABLES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Gives a fact to every read model.
pub(crate) async fn apply(fact: &Fact, tx: Tx<'_>) -> Result<(), LogError> {
    Jobs::apply(fact, tx).await?;
    RankedPool::apply(fact, tx).await?;
    ApplicationDetail::apply(fact, tx).await?;
    Candidates::apply(fact, tx).await?;
    // After the jobs, whose stages it names.
    Timeline::apply(fact, tx).await?;
    Rubrics::apply(fact, tx).await
}

/// An id as it stands in a table.
fn id(id: impl Into<uuid::Uuid>) -> String {
    id.into().to_string()
}

/// A position as SQL has it.
fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A value as JSON text. What read models keep always serialises.
fn json(value: &impl serde::Serialize) -> Result<String, LogError> {
    serde_json::to_string(value)
        .map_err(|e| LogError::Io { doing: "encode a row", problem: e.to_string() })
}

/// A value from JSON text.
fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LogError> {
    serde_json::from_str(text).map_err(|e| LogError::Damaged(format!("a read model's row: {e}")))
}
