//! Read model: jobs, each with everything its page says.

use chrono::NaiveDate;
use domain::decide::Timestamp;
use domain::ids::JobId;
use domain::job::{JobEvent, JobStatus, Posting, Stage};
use event_log::LogError;
use event_log::sql::{Pool, Row, query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{from_json, id, json, signed};
use crate::columns::{column, folded, number, parsed, parsed_if_any, snapshot, time};
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::paging::{Listing, Page, PageError, kept_to};
use crate::rows::{Rows, table};

/// The read model.
pub struct Jobs;

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct JobRow {
    /// Its id.
    pub job: JobId,
    /// Where it stands.
    pub status: JobStatus,
    /// What it says: title, department, location, pay, requirements and so on, beside the others.
    #[serde(flatten)]
    pub posting: Posting,
    /// Its stages, in order.
    pub pipeline: Vec<Stage>,
    /// Name and version of the rubric it is scored with, once bound: `default@1`.
    pub rubric: Option<String>,
    /// The last day on which it takes applications, where there is one.
    pub valid_through: Option<NaiveDate>,
    /// The version of the notice about machine scoring that applicants are shown, once published.
    pub ai_notice_version: Option<u32>,
    /// Why machines are kept from scoring its applications, while they are.
    pub scoring_stopped: Option<String>,
    /// When it was begun.
    pub drafted_at: Timestamp,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// Version of its stream: what a change to it expects.
    pub version: u64,
    /// Position of the last event about it.
    pub position: u64,
    /// Position at which it was begun, which "newest first" goes by.
    #[serde(skip)]
    drafted: u64,
    /// Position at which it was published, which "newest first" goes by among open jobs.
    #[serde(skip)]
    published: u64,
}

/// Which jobs to list. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct JobFilter {
    /// In one of these states; empty is in any.
    pub status: Vec<JobStatus>,
    /// In this department.
    pub department: Option<String>,
    /// With this in the title, whatever the case.
    pub q: Option<String>,
}

/// The order in which jobs are listed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum JobSort {
    /// Begun last first; among open jobs, published last first.
    #[default]
    Newest,
    /// By title, whatever the case.
    Title,
}

/// Where a page ended: the position that "newest" goes by, the title as it is sorted, the job.
type Key = (u64, String, String);

table! {
    /// A job, as it is stored.
    pub(super) struct StoredJob in "jobs" { job: Uuid } {
        status: String,
        title_folded: String,
        department: Option<String>,
        posting: String,
        pipeline: String,
        rubric: Option<String>,
        valid_through: Option<String>,
        ai_notice_version: Option<i64>,
        scoring_stopped: Option<String>,
        drafted: i64,
        drafted_at: String,
        published: i64,
        published_at: Option<String>,
        version: i64,
        position: i64,
    }
}

impl ReadModel for Jobs {
    const TABLES: &'static [&'static str] = &["jobs"];
    const SCHEMA: &'static str = "
        CREATE TABLE jobs (
            job               TEXT    PRIMARY KEY,
            status            TEXT    NOT NULL,
            title_folded      TEXT    NOT NULL,
            department        TEXT,
            posting           TEXT    NOT NULL,
            pipeline          TEXT    NOT NULL,
            rubric            TEXT,
            valid_through     TEXT,
            ai_notice_version BIGINT,
            scoring_stopped   TEXT,
            drafted           BIGINT  NOT NULL,
            drafted_at        TEXT    NOT NULL,
            published         BIGINT  NOT NULL DEFAULT 0,
            published_at      TEXT,
            version           BIGINT  NOT NULL,
            position          BIGINT  NOT NULL
        ) WITHOUT ROWID;";

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        let What::Job(job, event) = &fact.what else { return Ok(()) };
        let at = time(fact.recorded.occurred_at);
        let (version, position) = (signed(fact.recorded.version), signed(fact.recorded.position));
        if let JobEvent::JobDrafted { posting, pipeline, .. } = event {
            rows.insert(StoredJob {
                job: job.0,
                status: word(JobStatus::Draft).into(),
                title_folded: folded(&posting.title),
                department: posting.department.clone(),
                posting: json(posting)?,
                pipeline: json(pipeline)?,
                rubric: None,
                valid_through: None,
                ai_notice_version: None,
                scoring_stopped: None,
                drafted: position,
                drafted_at: at,
                published: 0,
                published_at: None,
                version,
                position,
            });
            return Ok(());
        }
        let Some(row) = rows.change::<StoredJob>((job.0,)).await? else { return Ok(()) };
        (row.version, row.position) = (version, position);
        match event {
            JobEvent::JobDrafted { .. } => {}
            JobEvent::JobEdited { posting, .. } => {
                row.title_folded = folded(&posting.title);
                row.department.clone_from(&posting.department);
                row.posting = json(posting)?;
            }
            JobEvent::PipelineDefined { stages } => row.pipeline = json(stages)?,
            JobEvent::RubricBound { rubric, version } => {
                row.rubric = Some(format!("{rubric}@{version}"));
            }
            JobEvent::JobPublished { valid_through, ai_notice_version } => {
                row.status = word(JobStatus::Open).into();
                row.valid_through = valid_through.map(|d| d.to_string());
                row.ai_notice_version = Some(i64::from(*ai_notice_version));
                row.published = position;
                row.published_at = Some(at);
            }
            JobEvent::ScoringStopped { reason } => row.scoring_stopped = Some(reason.clone()),
            JobEvent::ScoringResumed {} => row.scoring_stopped = None,
            JobEvent::JobPaused {} => row.status = word(JobStatus::Paused).into(),
            JobEvent::JobReopened {} => row.status = word(JobStatus::Open).into(),
            JobEvent::JobClosed { .. } => row.status = word(JobStatus::Closed).into(),
        }
        Ok(())
    }
}

/// Open, and not past its last day, on the day `$2`.
const IS_OPEN: &str = "status = 'open' AND (valid_through IS NULL OR valid_through >= $2)";

/// A page of the jobs that the filter lets through; `after` is the cursor of the page before.
///
/// # Errors
/// `CURSOR_DAMAGED`, `CURSOR_ELSEWHERE`, `IO`.
pub async fn page(
    pool: &Pool,
    filter: &JobFilter,
    sort: JobSort,
    after: Option<&str>,
    limit: u32,
) -> Result<Page<JobRow>, PageError> {
    select(pool, filter, sort, after, limit, None).await
}

/// Like [`page`], of the jobs that take applications on the day `today`.
///
/// # Errors
/// As for [`page`].
pub async fn open_page(
    pool: &Pool,
    filter: &JobFilter,
    sort: JobSort,
    after: Option<&str>,
    limit: u32,
    today: NaiveDate,
) -> Result<Page<JobRow>, PageError> {
    select(pool, filter, sort, after, limit, Some(today)).await
}

/// A job, or `None` when there is no such job.
///
/// # Errors
/// `IO`.
pub async fn one(pool: &Pool, job: JobId) -> Result<Option<JobRow>, LogError> {
    let row = query("SELECT * FROM jobs WHERE job = $1").bind(id(job)).fetch_optional(pool).await?;
    row.as_ref().map(job_row).transpose()
}

/// A job, or `None` unless it takes applications on the day `today`.
///
/// # Errors
/// `IO`.
pub async fn open_one(
    pool: &Pool,
    job: JobId,
    today: NaiveDate,
) -> Result<Option<JobRow>, LogError> {
    let sql = format!("SELECT * FROM jobs WHERE job = $1 AND {IS_OPEN}");
    let row = query(&sql).bind(id(job)).bind(today.to_string()).fetch_optional(pool).await?;
    row.as_ref().map(job_row).transpose()
}

async fn select(
    pool: &Pool,
    filter: &JobFilter,
    sort: JobSort,
    after: Option<&str>,
    limit: u32,
    open_on: Option<NaiveDate>,
) -> Result<Page<JobRow>, PageError> {
    // Not the day: a listing goes on past midnight.
    let listing = Listing::new("jobs", &(filter, sort, open_on.is_some()))?;
    let after: Option<Key> = after.map(|cursor| listing.key(cursor)).transpose()?;
    let newest = if open_on.is_some() { "published" } else { "drafted" };
    let (behind, order) = match sort {
        JobSort::Newest => (format!("{newest} < $6"), format!("{newest} DESC")),
        JobSort::Title => ("(title_folded, job) > ($7, $8)".into(), "title_folded, job".into()),
    };
    let behind = if after.is_some() { behind } else { "1 = 1".into() };
    let (dialect, limit) = (pool.dialect(), kept_to(limit));
    let (statuses, with_q) = (dialect.texts("$3"), dialect.contains("title_folded", "$5"));
    let sql = format!(
        "SELECT * FROM jobs WHERE {behind} AND ($2 IS NULL OR {IS_OPEN}) \
            AND ($3 = '[]' OR status IN (SELECT value FROM {statuses})) \
            AND ($4 IS NULL OR department = $4) \
            AND ($5 IS NULL OR {with_q}) \
          ORDER BY {order} LIMIT $1"
    );
    let mut asked = query(&sql)
        .bind(limit + 1)
        .bind(open_on.map(|day| day.to_string()))
        .bind(json(&filter.status)?)
        .bind(&filter.department)
        .bind(filter.q.as_deref().map(folded));
    if let Some((newest, title, job)) = after {
        asked = asked.bind(newest).bind(title).bind(job);
    }
    let (mut tx, position) = snapshot(pool).await?;
    let rows = asked.fetch_all(&mut tx).await?;
    let items = rows.iter().map(job_row).collect::<Result<Vec<_>, _>>()?;
    let open = open_on.is_some();
    Ok(listing.page(items, limit, position, |row| -> Key {
        let newest = if open { row.published } else { row.drafted };
        (newest, folded(&row.posting.title), row.job.to_string())
    })?)
}

fn job_row(row: &Row) -> Result<JobRow, LogError> {
    let status: &str = column(row, "status")?;
    Ok(JobRow {
        job: parsed(row, "job")?,
        status: from_json(&format!("\"{status}\""))?,
        posting: from_json(column(row, "posting")?)?,
        pipeline: from_json(column(row, "pipeline")?)?,
        rubric: column(row, "rubric")?,
        valid_through: parsed_if_any(row, "valid_through")?,
        ai_notice_version: column(row, "ai_notice_version")?,
        scoring_stopped: column(row, "scoring_stopped")?,
        drafted_at: parsed(row, "drafted_at")?,
        published_at: parsed_if_any(row, "published_at")?,
        version: number(row, "version")?,
        position: number(row, "position")?,
        drafted: number(row, "drafted")?,
        published: number(row, "published")?,
    })
}

/// A status as it stands in the table, which is how it serialises.
fn word(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Unknown => "unknown",
        JobStatus::Draft => "draft",
        JobStatus::Open => "open",
        JobStatus::Paused => "paused",
        JobStatus::Closed => "closed",
    }
}
