//! Read model: one application's score runs, criterion by criterion, with reasons and quotes.

use domain::application::{ApplicationEvent, RunId};
use domain::candidate::CandidateEvent;
use domain::score::{Level, Points};
use domain::text::Quote;
use event_log::LogError;
use event_log::sql::{Pool, query};
use serde::Serialize;

use super::{from_json, id, json, signed};
use crate::fact::{Fact, What};
use crate::model::{ReadModel, Tx};

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

    async fn apply(fact: &Fact, tx: Tx<'_>) -> Result<(), LogError> {
        match &fact.what {
            What::Application(
                application,
                ApplicationEvent::ScoreRecorded { run, criteria, explanations, .. },
            ) => {
                let explanations = explanations.get();
                for (ordinal, criterion) in criteria.iter().enumerate() {
                    let explained =
                        explanations.and_then(|e| e.iter().find(|e| e.id == criterion.id));
                    let none = Vec::<Quote>::new();
                    let sql = "INSERT INTO run_criteria \
                               SELECT $1, $2, $3, pool.candidate, $4, $5, $6, $7, $8, $9, $10 \
                               FROM pool WHERE application = $3";
                    query(sql)
                        .bind(&run.0)
                        .bind(i64::try_from(ordinal).unwrap_or(i64::MAX))
                        .bind(id(*application))
                        .bind(&criterion.id)
                        .bind(criterion.level.tenths())
                        .bind(criterion.points.tenths())
                        .bind(criterion.max)
                        .bind(explained.map(|e| e.rationale.as_str()))
                        .bind(json(explained.map_or(&none, |e| &e.evidence))?)
                        .bind(signed(fact.recorded.position))
                        .execute(&mut *tx)
                        .await?;
                }
            }
            What::Candidate(candidate, CandidateEvent::PersonalDataErased { .. }) => {
                let sql = "UPDATE run_criteria SET rationale = NULL, evidence = '[]' \
                           WHERE candidate = $1";
                query(sql).bind(id(*candidate)).execute(tx).await?;
            }
            _ => {}
        }
        Ok(())
    }
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
