//! Read model: the ranked pool of a job. Who applied, what their score is, or why there is none.
//!
//! Rank: the higher total, then the higher score on the first criterion (skills, in the default
//! rubric), then the file's name, then who applied first. The unscored come after, in the order in which
//! they applied.
//!
//! A row rests on the resume that the application stands on, and on the run that was asked for last over
//! it, or that somebody showed since; runs in shadow stand beside: when somebody hands in an earlier version again, its score counts again. What the order needs of
//! them is written into the application's row whenever it changes (`place`), so that a page is a range of
//! an index. `apply` changes the tables (`stored`), `query` reads pages of them, `row` is what a page is made of, and
//! `suspects` says who may be the same person.

mod apply;
mod place;
mod query;
mod row;
mod stored;
mod suspects;

use event_log::LogError;

pub use query::{
    PoolFilter, PoolKey, PoolSort, StageCount, of_job, one, one_at, page, page_at, standing_of,
};
pub use row::{Duplicate, Outcome, Part, PoolRow};
pub(in crate::models) use stored::{PoolApplication, PoolRun};

use super::signed;
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::rows::Rows;

/// The read model.
pub struct RankedPool;

impl ReadModel for RankedPool {
    const TABLES: &'static [&'static str] =
        &["pool_candidates", "pool_resumes", "pool_duplicates", "pool", "pool_runs"];
    // `total_down` and `tie_down` are negative, so that every order goes one way and a page is one range.
    // Each index of an order ends in all that a page is filtered by.
    const SCHEMA: &'static str = "
        CREATE TABLE pool_candidates (
            candidate   TEXT    PRIMARY KEY,
            name        TEXT,
            email       TEXT,
            name_given  BIGINT  NOT NULL,
            email_given BIGINT  NOT NULL,
            position    BIGINT  NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE pool_resumes (
            document  TEXT    PRIMARY KEY,
            candidate TEXT    NOT NULL,
            digest    TEXT    NOT NULL,
            file      TEXT,
            failure   TEXT,
            flags     TEXT    NOT NULL DEFAULT '[]',
            position  BIGINT  NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX pool_resumes_by_candidate ON pool_resumes (candidate);
        CREATE TABLE pool_duplicates (
            candidate TEXT NOT NULL,
            other     TEXT NOT NULL,
            signals   TEXT NOT NULL,
            PRIMARY KEY (candidate, other)
        ) WITHOUT ROWID;
        CREATE TABLE pool (
            application  TEXT    PRIMARY KEY,
            candidate    TEXT    NOT NULL,
            job          TEXT    NOT NULL,
            document     TEXT    NOT NULL,
            status       TEXT    NOT NULL,
            stage        TEXT    NOT NULL,
            stage_kind   TEXT    NOT NULL,
            shortlisted  BIGINT  NOT NULL,
            on_hold      BIGINT  NOT NULL,
            standing     TEXT    NOT NULL,
            submitted    BIGINT  NOT NULL,
            submitted_at BIGINT  NOT NULL,
            ai_opt_out   BIGINT  NOT NULL,
            version      BIGINT  NOT NULL,
            position     BIGINT  NOT NULL,
            outcome      TEXT    NOT NULL DEFAULT 'pending',
            run          TEXT,
            unscored     BIGINT  NOT NULL DEFAULT 1,
            total_down   BIGINT  NOT NULL DEFAULT 0,
            tie_down     BIGINT  NOT NULL DEFAULT 0,
            tie_file     TEXT    NOT NULL DEFAULT '',
            nameless     BIGINT  NOT NULL DEFAULT 1,
            sort_name    TEXT    NOT NULL DEFAULT '',
            flagged      BIGINT  NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE INDEX pool_by_candidate ON pool (candidate);
        CREATE TABLE pool_runs (
            application TEXT    NOT NULL,
            run         TEXT    NOT NULL,
            asked       BIGINT  NOT NULL,
            document    TEXT    NOT NULL,
            engine      TEXT    NOT NULL,
            rubric      TEXT    NOT NULL,
            shadow      BIGINT  NOT NULL,
            failure     TEXT,
            total       BIGINT,
            machine_total BIGINT,
            tie_break   BIGINT,
            parts       TEXT    NOT NULL DEFAULT '[]',
            reason      TEXT,
            position    BIGINT  NOT NULL,
            PRIMARY KEY (application, run)
        ) WITHOUT ROWID;";
    const INDEXES: &'static str = "
        CREATE INDEX pool_by_rank ON pool (job, unscored, total_down, tie_down, tie_file, submitted,
            status, stage, outcome, flagged);
        CREATE INDEX pool_by_time ON pool (job, submitted, unscored, total_down, status, stage, outcome,
            flagged);
        CREATE INDEX pool_by_name ON pool (job, nameless, sort_name, submitted, unscored, total_down,
            status, stage, outcome, flagged);
        CREATE INDEX pool_by_stage ON pool (job, stage_kind, stage, status);";

    async fn prepare(facts: &[Fact], rows: &mut Rows<'_>) -> Result<(), LogError> {
        apply::prepare(facts, rows).await
    }

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        match &fact.what {
            What::Candidate(candidate, event) => {
                let at = signed(fact.recorded.position);
                apply::to_candidate(candidate.0, event, at, rows).await
            }
            What::Application(application, event) => {
                apply::to_application(application.0, event, &fact.recorded, rows).await
            }
            _ => Ok(()),
        }
    }
}
