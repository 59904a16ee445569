//! Read model: jobs, as a list.

use domain::ids::JobId;
use domain::job::JobEvent;
use event_log::LogError;
use event_log::sqlite::failed;
use sqlx::{Row as _, SqlitePool};

use super::{id, signed};
use crate::fact::{Fact, What};
use crate::model::{ReadModel, Tx};

/// The read model.
pub struct Jobs;

/// A job in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its id.
    pub job: JobId,
    /// Its title.
    pub title: String,
    /// `draft`, `open`, `paused`, `closed`.
    pub status: String,
    /// The rubric it is scored with, once bound.
    pub rubric: Option<String>,
    /// Position of the last event about it.
    pub position: u64,
}

impl ReadModel for Jobs {
    const TABLES: &'static [&'static str] = &["jobs"];
    const SCHEMA: &'static str = "
        CREATE TABLE jobs (
            job      TEXT    PRIMARY KEY,
            title    TEXT    NOT NULL,
            status   TEXT    NOT NULL,
            openings INTEGER NOT NULL,
            rubric   TEXT,
            position INTEGER NOT NULL
        ) WITHOUT ROWID;";

    async fn apply(fact: &Fact, tx: Tx<'_>) -> Result<(), LogError> {
        let What::Job(job, event) = &fact.what else { return Ok(()) };
        let at = signed(fact.recorded.position);
        let job = id(*job);
        let query = match event {
            JobEvent::JobDrafted { posting, .. } => {
                let sql = "INSERT INTO jobs VALUES ($1, $2, 'draft', $3, NULL, $4)";
                sqlx::query(sql).bind(job).bind(&posting.title).bind(posting.openings).bind(at)
            }
            JobEvent::JobEdited { posting, .. } => {
                let sql = "UPDATE jobs SET title = $2, openings = $3, position = $4 WHERE job = $1";
                sqlx::query(sql).bind(job).bind(&posting.title).bind(posting.openings).bind(at)
            }
            JobEvent::RubricBound { rubric, version } => {
                let sql = "UPDATE jobs SET rubric = $2, position = $3 WHERE job = $1";
                sqlx::query(sql).bind(job).bind(format!("{rubric}@{version}")).bind(at)
            }
            JobEvent::PipelineDefined { .. } => return Ok(()),
            JobEvent::JobPublished { .. } | JobEvent::JobReopened {} => {
                sqlx::query(SET_STATUS).bind(job).bind("open").bind(at)
            }
            JobEvent::JobPaused {} => sqlx::query(SET_STATUS).bind(job).bind("paused").bind(at),
            JobEvent::JobClosed { .. } => sqlx::query(SET_STATUS).bind(job).bind("closed").bind(at),
        };
        query.execute(tx).await.map_err(failed)?;
        Ok(())
    }
}

const SET_STATUS: &str = "UPDATE jobs SET status = $2, position = $3 WHERE job = $1";

/// Every job, in the order in which they were last changed.
///
/// # Errors
/// `IO`.
pub async fn list(pool: &SqlitePool) -> Result<Vec<JobRow>, LogError> {
    let rows = sqlx::query("SELECT * FROM jobs ORDER BY position, job")
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| {
            let job: &str = row.try_get("job").map_err(failed)?;
            Ok(JobRow {
                job: job.parse().map_err(|e| LogError::Damaged(format!("a job's row: {e}")))?,
                title: row.try_get("title").map_err(failed)?,
                status: row.try_get("status").map_err(failed)?,
                rubric: row.try_get("rubric").map_err(failed)?,
                position: row.try_get::<i64, _>("position").map_err(failed)?.unsigned_abs(),
            })
        })
        .collect()
}
