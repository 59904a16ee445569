//! The read models, one file each.

pub mod application_detail;
pub mod candidates;
pub mod interviews;
pub mod jobs;
pub mod offers;
pub mod ranked_pool;
pub mod rubrics;
pub mod timeline;

use domain::candidate::DuplicateSignal;
use event_log::LogError;

use self::application_detail::ApplicationDetail;
use self::candidates::Candidates;
use self::interviews::Interviews;
use self::jobs::Jobs;
use self::offers::Offers;
use self::ranked_pool::RankedPool;
use self::rubrics::Rubrics;
use self::timeline::Timeline;
use crate::fact::Fact;
use crate::model::ReadModel;
use crate::rows::Rows;

/// What makes the tables of every read model.
pub(crate) fn schemas() -> impl Iterator<Item = &'static str> {
    [
        Jobs::SCHEMA,
        RankedPool::SCHEMA,
        ApplicationDetail::SCHEMA,
        Candidates::SCHEMA,
        Timeline::SCHEMA,
        Rubrics::SCHEMA,
        Interviews::SCHEMA,
        Offers::SCHEMA,
    ]
    .into_iter()
}

/// What makes the indexes that only queries use.
pub(crate) fn indexes() -> impl Iterator<Item = &'static str> {
    [
        Jobs::INDEXES,
        RankedPool::INDEXES,
        ApplicationDetail::INDEXES,
        Candidates::INDEXES,
        Timeline::INDEXES,
        Rubrics::INDEXES,
        Interviews::INDEXES,
        Offers::INDEXES,
    ]
    .into_iter()
    .filter(|indexes| !indexes.is_empty())
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
        Interviews::TABLES,
        Offers::TABLES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Reads at once what every read model needs for a batch of facts.
pub(crate) async fn prepare(facts: &[Fact], rows: &mut Rows<'_>) -> Result<(), LogError> {
    RankedPool::prepare(facts, rows).await?;
    Candidates::prepare(facts, rows).await?;
    Timeline::prepare(facts, rows).await
}

/// Gives a fact to every read model.
pub(crate) async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
    Jobs::apply(fact, rows).await?;
    RankedPool::apply(fact, rows).await?;
    // After the pool, which says whose a run is.
    ApplicationDetail::apply(fact, rows).await?;
    Candidates::apply(fact, rows).await?;
    // After the jobs and the runs, which it names.
    Timeline::apply(fact, rows).await?;
    Rubrics::apply(fact, rows).await?;
    Interviews::apply(fact, rows).await?;
    Offers::apply(fact, rows).await
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
        .map(storable)
        .map_err(|e| LogError::Io { doing: "encode a row", problem: e.to_string() })
}

/// JSON text that PostgreSQL can look into: with U+FFFD for U+0000, as other text is stored.
fn storable(json: String) -> String {
    const NUL: &str = "\\u0000";
    let mut out = String::new();
    let mut rest = json.as_str();
    while let Some(at) = rest.find(NUL) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        // An odd one out is an escape; of two, the first says that the second is itself.
        let escapes = before.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 0;
        out.push_str(if escapes { "\\ufffd" } else { NUL });
        rest = behind.get(NUL.len()..).unwrap_or_default();
    }
    if out.is_empty() {
        return json;
    }
    out.push_str(rest);
    out
}

/// A JSON array of values, with one more.
fn one_more(array: &str, value: &impl serde::Serialize) -> Result<String, LogError> {
    let mut all: Vec<serde_json::Value> = from_json(array)?;
    all.push(from_json(&json(value)?)?);
    json(&all)
}

/// A JSON array of signals that two candidates may be one person, with more of them.
fn with_signals(array: &str, more: &[DuplicateSignal]) -> Result<String, LogError> {
    let mut all: Vec<DuplicateSignal> = from_json(array)?;
    all.extend(more);
    all.sort();
    all.dedup();
    json(&all)
}

/// A value from JSON text.
fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LogError> {
    serde_json::from_str(text).map_err(|e| LogError::Damaged(format!("a read model's row: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgresql_cannot_store_is_replaced_and_nothing_else() {
        let text = |of: &str| from_json::<String>(&json(&of).unwrap()).unwrap();
        assert_eq!(text("a\0b\0"), "a\u{fffd}b\u{fffd}");
        for kept in ["plain", r"\u0000", r"\\u0000", "tab\t\u{1}"] {
            assert_eq!(text(kept), kept);
        }
        assert_eq!(text("\\\0"), "\\\u{fffd}", "behind a backslash");
    }
}
