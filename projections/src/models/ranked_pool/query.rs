//! Pages of the pool, one row of it, and how many stand where.

use std::collections::BTreeMap;

use domain::ids::{ApplicationId, JobId};
use domain::job::StageKind;
use domain::score::Points;
use event_log::LogError;
use event_log::sql::{Pool, Row, query};
use serde::{Deserialize, Serialize};

use super::row::{COLUMNS, Outcome, PoolRow, RESTS_ON, of};
use super::suspects;
use crate::columns::snapshot;
use crate::model::Tx;
use crate::models::{id, json};

/// Which rows of a pool are wanted; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct PoolFilter {
    /// Those that stand in one of these (`shortlisted`, `rejected`...); empty is any.
    pub status: Vec<String>,
    /// Those in this stage, by its id.
    pub stage: Option<String>,
    /// Those that came this far.
    pub outcome: Option<Outcome>,
    /// Those with a score of at least this.
    pub min_total: Option<Points>,
    /// Those in whose resume hidden text was found, or those in whose it was not.
    pub flagged: Option<bool>,
}

/// In which order rows are wanted.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PoolSort {
    /// By rank, then the unscored in the order in which they applied.
    #[default]
    Rank,
    /// In the order in which they applied.
    Submitted,
    /// By name, A to Z with upper and lower case alike; the nameless last. Case is that of ASCII.
    Name,
}

/// Where a page ended, in every order at once: the next page goes on behind these values, whether the row
/// that had them is still there or not. It carries a name and a file's name: who is given it may see them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PoolKey {
    pub(super) unscored: bool,
    pub(super) total_down: i64,
    pub(super) tie_down: i64,
    pub(super) tie_file: String,
    pub(super) nameless: bool,
    pub(super) sort_name: String,
    pub(super) submitted: i64,
}

/// How many applications stand in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StageCount {
    /// The stage's id.
    pub stage: String,
    /// What the stage is for.
    pub kind: StageKind,
    /// How many have which status.
    pub statuses: BTreeMap<String, u32>,
}

impl PoolSort {
    /// The columns that the order compares, all upwards.
    fn columns(self) -> &'static str {
        match self {
            Self::Rank => RANK,
            Self::Submitted => "submitted",
            Self::Name => "nameless, sort_name, submitted",
        }
    }

    /// What lies behind a key. Every text binds all of a key's values, so that one list of arguments fits.
    fn behind(self) -> &'static str {
        match self {
            Self::Rank => {
                "AND (unscored, total_down, tie_down, tie_file, submitted) > ($8, $9, $10, $11, $12)"
            }
            Self::Submitted => "AND submitted > $12",
            Self::Name => "AND (nameless, sort_name, submitted) > ($13, $14, $12)",
        }
    }
}

const RANK: &str = "unscored, total_down, tie_down, tie_file, submitted";

/// A page of a job's pool, and the position that it was read at: at most `limit` rows in an order, behind `after`
/// or from the start. A rank is
/// that in the whole pool, whatever is filtered.
///
/// Who reads page after page by the last row's [`PoolRow::key`] is given every row that stays in its place
/// exactly once, whatever others do meanwhile; one that moves is given where it is when its page is read.
///
/// # Errors
/// `IO`.
pub async fn page_at(
    pool: &Pool,
    job: JobId,
    filter: &PoolFilter,
    sort: PoolSort,
    after: Option<&PoolKey>,
    limit: u32,
) -> Result<(Vec<PoolRow>, u64), LogError> {
    let order = sort.columns();
    let behind = if after.is_some() { sort.behind() } else { "" };
    let statuses = pool.dialect().texts("$2");
    // First the keys, from the order's index alone; then the rows.
    let sql = format!(
        "SELECT {COLUMNS} FROM \
            (SELECT application AS wanted FROM pool WHERE job = $1 \
                AND ($2 = '[]' OR status IN (SELECT value FROM {statuses})) \
                AND ($3 IS NULL OR stage = $3) \
                AND ($4 IS NULL OR outcome = $4) \
                AND ($5 IS NULL OR (unscored = 0 AND total_down <= -$5)) \
                AND ($6 IS NULL OR flagged = $6) \
                {behind} ORDER BY {order} LIMIT $7) AS found \
            JOIN pool p ON p.application = wanted {RESTS_ON} ORDER BY {order}"
    );
    let mut asked = query(&sql)
        .bind(id(job))
        .bind(json(&filter.status)?)
        .bind(&filter.stage)
        .bind(filter.outcome.map(Outcome::as_str))
        .bind(filter.min_total.map(|t| i64::from(t.tenths())))
        .bind(filter.flagged)
        .bind(limit);
    if let Some(key) = after {
        asked = asked
            .bind(key.unscored)
            .bind(key.total_down)
            .bind(key.tie_down)
            .bind(&key.tie_file)
            .bind(key.submitted)
            .bind(key.nameless)
            .bind(&key.sort_name);
    }
    // One moment for rows, ranks and suspicions.
    let (mut tx, position) = snapshot(pool).await?;
    let rows = asked.fetch_all(&mut tx).await?;
    let mut rows = read(&rows)?;
    rank(&mut tx, &mut rows).await?;
    suspect(&mut tx, &mut rows).await?;
    Ok((rows, position))
}

/// Like [`page_at`], without the position.
///
/// # Errors
/// `IO`.
pub async fn page(
    pool: &Pool,
    job: JobId,
    filter: &PoolFilter,
    sort: PoolSort,
    after: Option<&PoolKey>,
    limit: u32,
) -> Result<Vec<PoolRow>, LogError> {
    page_at(pool, job, filter, sort, after, limit).await.map(|(rows, _)| rows)
}

/// One application's row, with its rank in its pool, and the position that it was read at; no row when there
/// is no such application.
///
/// # Errors
/// `IO`.
pub async fn one_at(
    pool: &Pool,
    application: ApplicationId,
) -> Result<(Option<PoolRow>, u64), LogError> {
    let sql = format!("SELECT {COLUMNS} FROM pool p {RESTS_ON} WHERE p.application = $1");
    let (mut tx, position) = snapshot(pool).await?;
    let row = query(&sql).bind(id(application)).fetch_all(&mut tx).await?;
    let mut rows = read(&row)?;
    rank(&mut tx, &mut rows).await?;
    suspect(&mut tx, &mut rows).await?;
    Ok((rows.pop(), position))
}

/// Like [`one_at`], without the position.
///
/// # Errors
/// `IO`.
pub async fn one(pool: &Pool, application: ApplicationId) -> Result<Option<PoolRow>, LogError> {
    one_at(pool, application).await.map(|(row, _)| row)
}

/// The whole pool of a job: the scored by rank, then the others in the order in which they applied.
///
/// # Errors
/// `IO`.
pub async fn of_job(pool: &Pool, job: JobId) -> Result<Vec<PoolRow>, LogError> {
    let sql = format!("SELECT {COLUMNS} FROM pool p {RESTS_ON} WHERE p.job = $1 ORDER BY {RANK}");
    let (mut tx, _) = snapshot(pool).await?;
    let rows = query(&sql).bind(id(job)).fetch_all(&mut tx).await?;
    let mut rows = read(&rows)?;
    for (row, rank) in rows.iter_mut().filter(|r| r.outcome == Outcome::Scored).zip(1..) {
        row.rank = Some(rank);
    }
    suspect(&mut tx, &mut rows).await?;
    Ok(rows)
}

/// How many of a job's applications stand in which stage with which status: stages in the order of their
/// kinds, only those where somebody stands.
///
/// # Errors
/// `IO`.
pub async fn standing_of(pool: &Pool, job: JobId) -> Result<Vec<StageCount>, LogError> {
    let rows = query(
        "SELECT stage_kind, stage, status, COUNT(*) AS n FROM pool WHERE job = $1 \
         GROUP BY stage_kind, stage, status ORDER BY stage_kind, stage, status",
    )
    .bind(id(job))
    .fetch_all(pool)
    .await?;
    let mut counts: Vec<StageCount> = Vec::new();
    for row in &rows {
        let text = |column: &str| row.get::<String>(column);
        let (stage, kind, status) =
            (text("stage")?, kind_of(&text("stage_kind")?)?, text("status")?);
        let n: u32 = row.get("n")?;
        match counts.last_mut() {
            Some(count) if count.stage == stage && count.kind == kind => {
                count.statuses.insert(status, n);
            }
            _ => counts.push(StageCount { stage, kind, statuses: BTreeMap::from([(status, n)]) }),
        }
    }
    counts.sort_by_key(|count| KINDS.iter().position(|kind| *kind == count.kind));
    Ok(counts)
}

/// Kinds of stages, in the order in which an application goes through them.
const KINDS: [StageKind; 5] = [
    StageKind::Submitted,
    StageKind::Screening,
    StageKind::Interviewing,
    StageKind::Offer,
    StageKind::Hired,
];

fn kind_of(name: &str) -> Result<StageKind, LogError> {
    let known = KINDS.into_iter().find(|kind| kind.as_str() == name);
    known.ok_or_else(|| LogError::Damaged(format!("a pool row: unknown kind of stage `{name}`")))
}

fn read(rows: &[Row]) -> Result<Vec<PoolRow>, LogError> {
    rows.iter().map(of).collect()
}

/// One stretch of a rank's way down, the `n`th: who stands from `f` (or the top) up to `t`, by what
/// [`by_rank`] compares.
#[derive(Default, Serialize)]
struct Stretch<'a> {
    n: usize,
    f1: Option<i64>,
    f2: Option<i64>,
    f3: Option<&'a str>,
    f4: Option<i64>,
    t1: i64,
    t2: i64,
    t3: &'a str,
    t4: i64,
}

impl<'a> Stretch<'a> {
    fn new(n: usize, from: Option<&'a PoolKey>, to: &'a PoolKey) -> Self {
        let (t1, t2, t3, t4) = by_rank(to);
        let up_to = Self { n, t1, t2, t3, t4, ..Self::default() };
        let Some((f1, f2, f3, f4)) = from.map(by_rank) else { return up_to };
        Self { f1: Some(f1), f2: Some(f2), f3: Some(f3), f4: Some(f4), ..up_to }
    }
}

/// Gives rows of one job their ranks in its whole pool. The way down to the last of them is gone once, in
/// stretches from one to the next, however many there are.
async fn rank(tx: Tx<'_>, rows: &mut [PoolRow]) -> Result<(), LogError> {
    let mut scored: Vec<&mut PoolRow> =
        rows.iter_mut().filter(|r| r.outcome == Outcome::Scored).collect();
    let Some(job) = scored.first().map(|row| row.job) else { return Ok(()) };
    scored.sort_by(|a, b| by_rank(&a.key).cmp(&by_rank(&b.key)));
    let mut from = None;
    let mut stretches = Vec::with_capacity(scored.len());
    for (n, row) in scored.iter().enumerate() {
        stretches.push(Stretch::new(n, from.replace(&row.key), &row.key));
    }
    let objects = tx.dialect().objects("$2");
    let sql = format!(
        "WITH s AS MATERIALIZED (SELECT CAST(value ->> 'n' AS BIGINT) AS n, \
            CAST(value ->> 'f1' AS BIGINT) AS f1, CAST(value ->> 'f2' AS BIGINT) AS f2, \
            value ->> 'f3' AS f3, CAST(value ->> 'f4' AS BIGINT) AS f4, \
            CAST(value ->> 't1' AS BIGINT) AS t1, CAST(value ->> 't2' AS BIGINT) AS t2, \
            value ->> 't3' AS t3, CAST(value ->> 't4' AS BIGINT) AS t4 FROM {objects}) \
         SELECT CASE WHEN f1 IS NULL THEN \
            (SELECT COUNT(*) FROM pool WHERE job = $1 AND unscored = 0 \
                AND (total_down, tie_down, tie_file, submitted) < (t1, t2, t3, t4)) \
         ELSE \
            (SELECT COUNT(*) FROM pool WHERE job = $1 AND unscored = 0 \
                AND (total_down, tie_down, tie_file, submitted) >= (f1, f2, f3, f4) \
                AND (total_down, tie_down, tie_file, submitted) < (t1, t2, t3, t4)) \
         END AS ahead FROM s ORDER BY n"
    );
    let counts = query(&sql).bind(id(job)).bind(json(&stretches)?).fetch_all(tx).await?;
    let mut ahead = 0;
    for (row, count) in scored.into_iter().zip(counts) {
        ahead += count.get::<u32>("ahead")?;
        row.rank = Some(ahead + 1);
    }
    Ok(())
}

fn by_rank(key: &PoolKey) -> (i64, i64, &str, i64) {
    (key.total_down, key.tie_down, &key.tie_file, key.submitted)
}

async fn suspect(tx: Tx<'_>, rows: &mut [PoolRow]) -> Result<(), LogError> {
    let suspicions = suspects::of(tx, rows.iter().map(|r| r.candidate)).await?;
    for row in rows {
        row.duplicates = suspicions.get(&row.candidate).cloned().unwrap_or_default();
    }
    Ok(())
}
