//! Read model: one application's score runs, criterion by criterion, with reasons and quotes.

use domain::application::{ApplicationEvent, RunId};
use domain::candidate::CandidateEvent;
use domain::score::{Level, Points};
use domain::text::Quote;
use event_log::LogError;
use event_log::sql::{Pool, query};
use serde::Serialize;
use uuid::Uuid;

use super::ranked_pool::PoolApplication;
use super::{from_json, json, signed};
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::rows::{Rows, table};

/// The read model.
pub struct ApplicationDetail;

/// One criterion of a score run.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CriterionRow {
    /// The criterion's id.
    pub id: String,
    /// The level that counted.
    pub level: Level,
    /// Points earned.
    pub points: Points,
    /// Points that could be earned.
    pub max: u8,
    /// Why; `None` once the person was erased.
    pub rationale: Option<String>,
    /// Words of the resume that show it.
    pub evidence: Vec<Quote>,
}

impl ReadModel for ApplicationDetail {
    const TABLES: &'static [&'static str] = &["run_criteria"];
    const SCHEMA: &'static str = "
        CREATE TABLE run_criteria (
            run         TEXT    NOT NULL,
            ordinal     BIGINT  NOT NULL,
            application TEXT    NOT NULL,
            candidate   TEXT    NOT NULL,
            id          TEXT    NOT NULL,
            level       BIGINT  NOT NULL,
            points      BIGINT  NOT NULL,
            max         BIGINT  NOT NULL,
            rationale   TEXT,
            evidence    TEXT    NOT NULL,
            position    BIGINT  NOT NULL,
            PRIMARY KEY (run, ordinal)
        ) WITHOUT ROWID;
        CREATE INDEX run_criteria_by_candidate ON run_criteria (candidate);";

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        match &fact.what {
            What::Application(
                application,
                ApplicationEvent::ScoreRecorded { run, criteria, explanations, .. },
            ) => {
                let whose = rows.get::<PoolApplication>((application.0,)).await?;
                let Some(candidate) = whose.map(|row| row.candidate) else { return Ok(()) };
                let explanations = explanations.get();
                for (ordinal, criterion) in criteria.iter().enumerate() {
                    let explained =
                        explanations.and_then(|e| e.iter().find(|e| e.id == criterion.id));
                    let none = Vec::<Quote>::new();
                    rows.insert(StoredCriterion {
                        run: run.0.clone(),
                        ordinal: i64::try_from(ordinal).unwrap_or(i64::MAX),
                        application: application.0,
                        candidate,
                        id: criterion.id.clone(),
                        level: criterion.level.tenths().into(),
                        points: criterion.points.tenths().into(),
                        max: criterion.max.into(),
                        rationale: explained.map(|e| e.rationale.clone()),
                        evidence: json(explained.map_or(&none, |e| &e.evidence))?,
                        position: signed(fact.recorded.position),
                    });
                }
            }
            What::Candidate(candidate, CandidateEvent::PersonalDataErased { .. }) => {
                for key in rows.group::<StoredCriterion>(candidate.0).await? {
                    let Some(row) = rows.change::<StoredCriterion>(key).await? else { continue };
                    row.rationale = None;
                    row.evidence = "[]".into();
                }
            }
            _ => {}
        }
        Ok(())
    }
}

table! {
    /// A criterion of a run, as it is stored.
    struct StoredCriterion in "run_criteria" { run: String, ordinal: i64 } {
        application: Uuid,
        candidate: Uuid,
        id: String,
        level: i64,
        points: i64,
        max: i64,
        rationale: Option<String>,
        evidence: String,
        position: i64,
    } written once by candidate
}

/// The criteria of a score run, in the rubric's order; empty when there is no such run.
///
/// # Errors
/// `IO`.
pub async fn of_run(pool: &Pool, run: &RunId) -> Result<Vec<CriterionRow>, LogError> {
    let rows = query("SELECT * FROM run_criteria WHERE run = $1 ORDER BY ordinal")
        .bind(&run.0)
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| {
            let level: u8 = row.get("level")?;
            let evidence: &str = row.get("evidence")?;
            Ok(CriterionRow {
                id: row.get("id")?,
                level: Level::from_tenths(level)
                    .ok_or_else(|| LogError::Damaged("a level is out of range".into()))?,
                points: Points::from_tenths(row.get("points")?),
                max: row.get("max")?,
                rationale: row.get("rationale")?,
                evidence: from_json(evidence)?,
            })
        })
        .collect()
}
