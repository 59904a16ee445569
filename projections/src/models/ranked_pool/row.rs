//! What a page of the pool is made of, and how it is read from the tables.

use domain::application::RunId;
use domain::candidate::{DuplicateSignal, Flag};
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, CandidateId, JobId};
use domain::score::Points;
use event_log::LogError;
use event_log::sql::Row;
use serde::{Deserialize, Serialize};

use super::query::PoolKey;
use crate::models::from_json;

/// One application in the pool.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PoolRow {
    /// 1, 2, 3... among the scored; `None` while there is no score.
    pub rank: Option<u32>,
    /// The job.
    pub job: JobId,
    /// The application.
    pub application: ApplicationId,
    /// Whose it is.
    pub candidate: CandidateId,
    /// Their name, as far as it is known.
    pub name: Option<String>,
    /// Their e-mail address, as far as it is known.
    pub email: Option<String>,
    /// The resume's file name.
    pub file: Option<String>,
    /// Whether there is a score.
    pub outcome: Outcome,
    /// Why there is no score (a stable code), or what the score rests on (a sentence).
    pub reason: Option<String>,
    /// The sum of the parts' points.
    pub total: Option<Points>,
    /// The sum that the machine had found, where a person put another in its place.
    pub machine_total: Option<Points>,
    /// Points by criterion, in the rubric's order.
    pub parts: Vec<Part>,
    /// The model release that scored.
    pub engine: Option<String>,
    /// The rubric's name and version.
    pub rubric: Option<String>,
    /// The score run.
    pub run: Option<RunId>,
    /// Position of the last event that the row rests on.
    pub position: u64,
    /// Where the application stands.
    pub status: String,
    /// The stage that it stands in.
    pub stage: String,
    /// Whether it is on the short list.
    pub shortlisted: bool,
    /// Whether nothing happens with it for now.
    pub on_hold: bool,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// The version of the application's stream that the row shows.
    pub version: u64,
    /// Hidden text that was found and kept from grading.
    pub flags: Vec<Flag>,
    /// Other candidates that may be the same person.
    pub duplicates: Vec<Duplicate>,
    /// What a page that goes on behind this row is asked for with.
    #[serde(skip)]
    pub key: PoolKey,
}

/// Points on one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Part {
    /// The criterion.
    pub id: String,
    /// Points earned.
    pub points: Points,
    /// Points that could be earned.
    pub max: u8,
}

/// Another candidate that may be the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Duplicate {
    /// The other candidate.
    pub candidate: CandidateId,
    /// What they have in common.
    pub signals: Vec<DuplicateSignal>,
}

/// How far an application came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Being read or scored.
    Pending,
    /// There is a score.
    Scored,
    /// There will be none, for the reason given.
    Unscorable,
}

impl Outcome {
    /// The name used in tables and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Scored => "scored",
            Self::Unscorable => "unscorable",
        }
    }
}

/// What [`of`] reads, of `pool p` and what its row rests on.
pub(super) const COLUMNS: &str = "p.application, p.candidate, p.job, p.status, p.stage, \
    p.shortlisted, p.on_hold, p.submitted, p.submitted_at, p.version, p.outcome, p.unscored, p.total_down, \
    p.tie_down, p.tie_file, p.nameless, p.sort_name, c.name, c.email, d.file, \
    COALESCE(d.failure, r.failure) AS failure, COALESCE(d.flags, '[]') AS flags, \
    r.run, r.engine, r.rubric, r.total, r.machine_total, r.parts, r.reason, \
    p.position, c.position AS candidate_at, d.position AS resume_at, r.position AS run_at";

/// What a row of `pool p` rests on.
pub(super) const RESTS_ON: &str = "LEFT JOIN pool_candidates c ON c.candidate = p.candidate \
    LEFT JOIN pool_resumes d ON d.document = p.document \
    LEFT JOIN pool_runs r ON r.application = p.application AND r.run = p.run";

/// A row without its rank and its duplicates.
pub(super) fn of(row: &Row) -> Result<PoolRow, LogError> {
    let text = |column: &str| row.get::<Option<String>>(column);
    let needed = |column: &str| row.get::<String>(column);
    let number = |column: &str| row.get::<i64>(column);
    let flag = |column: &str| row.get::<bool>(column);
    let damaged = |what: String| LogError::Damaged(format!("a pool row: {what}"));
    let id = |e: uuid::Error| damaged(e.to_string());
    let outcome = match needed("outcome")?.as_str() {
        "scored" => Outcome::Scored,
        "unscorable" => Outcome::Unscorable,
        _ => Outcome::Pending,
    };
    let scored = outcome == Outcome::Scored;
    let total: Option<u16> = row.get("total")?;
    let machine_total: Option<u16> = row.get("machine_total")?;
    let at = number("submitted_at")?;
    Ok(PoolRow {
        rank: None,
        job: needed("job")?.parse().map_err(id)?,
        application: needed("application")?.parse().map_err(id)?,
        candidate: needed("candidate")?.parse().map_err(id)?,
        name: text("name")?,
        email: text("email")?,
        file: text("file")?,
        outcome,
        reason: match outcome {
            Outcome::Scored => text("reason")?,
            Outcome::Unscorable => text("failure")?.or_else(|| Some("AI_OPT_OUT".into())),
            Outcome::Pending => None,
        },
        total: total.filter(|_| scored).map(Points::from_tenths),
        machine_total: machine_total.filter(|_| scored).map(Points::from_tenths),
        parts: if scored { from_json(&needed("parts")?)? } else { vec![] },
        engine: text("engine")?.filter(|_| scored),
        rubric: text("rubric")?.filter(|_| scored),
        run: text("run")?.filter(|_| scored).map(RunId),
        position: ["position", "candidate_at", "resume_at", "run_at"]
            .into_iter()
            .try_fold(0, |last, of| Ok(last.max(row.get::<Option<u64>>(of)?.unwrap_or(0))))?,
        status: needed("status")?,
        stage: needed("stage")?,
        shortlisted: flag("shortlisted")?,
        on_hold: flag("on_hold")?,
        submitted_at: Timestamp::from_timestamp_micros(at)
            .ok_or_else(|| damaged(format!("{at} is no time")))?,
        version: number("version")?.unsigned_abs(),
        flags: from_json(&needed("flags")?)?,
        duplicates: vec![],
        key: PoolKey {
            unscored: flag("unscored")?,
            total_down: number("total_down")?,
            tie_down: number("tie_down")?,
            tie_file: needed("tie_file")?,
            nameless: flag("nameless")?,
            sort_name: needed("sort_name")?,
            submitted: number("submitted")?,
        },
    })
}
