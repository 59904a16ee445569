//! Read model: the ranked pool of a job. Who applied, what their score is, or why there is none.
//!
//! Rank: the higher total, then the higher score on the first criterion (skills, in the default
//! rubric), then the file's name, then who applied first.

use std::collections::{BTreeMap, HashMap};

use domain::application::{ApplicationEvent, RunId, Standing};
use domain::candidate::{CandidateEvent, DuplicateSignal, Flag};
use domain::ids::{ApplicationId, CandidateId, JobId};
use domain::score::Points;
use event_log::LogError;
use event_log::sqlite::failed;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};

use super::{from_json, id, json, signed};
use crate::fact::{Fact, What};
use crate::model::{ReadModel, Tx};

/// The read model.
pub struct RankedPool;

/// One application in the pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolRow {
    /// 1, 2, 3... among the scored; `None` while there is no score.
    pub rank: Option<u32>,
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
    /// Hidden text that was found and kept from grading.
    pub flags: Vec<Flag>,
    /// Other candidates that may be the same person.
    pub duplicates: Vec<Duplicate>,
}

/// Points on one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The criterion.
    pub id: String,
    /// Points earned.
    pub points: Points,
    /// Points that could be earned.
    pub max: u8,
}

/// Another candidate that may be the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// The other candidate.
    pub candidate: CandidateId,
    /// What they have in common.
    pub signals: Vec<DuplicateSignal>,
}

/// How far an application came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Being read or scored.
    Pending,
    /// There is a score.
    Scored,
    /// There will be none, for the reason given.
    Unscorable,
}

impl ReadModel for RankedPool {
    const TABLES: &'static [&'static str] =
        &["pool_candidates", "pool_resumes", "pool_duplicates", "pool", "pool_runs"];
    const SCHEMA: &'static str = "
        CREATE TABLE pool_candidates (
            candidate   TEXT    PRIMARY KEY,
            name        TEXT,
            email       TEXT,
            name_given  INTEGER NOT NULL,
            email_given INTEGER NOT NULL,
            position    INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE pool_resumes (
            document  TEXT    PRIMARY KEY,
            candidate TEXT    NOT NULL,
            digest    TEXT    NOT NULL,
            file      TEXT,
            failure   TEXT,
            flags     TEXT    NOT NULL DEFAULT '[]',
            position  INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX pool_resumes_by_candidate ON pool_resumes (candidate);
        CREATE TABLE pool_duplicates (
            candidate TEXT NOT NULL,
            other     TEXT NOT NULL,
            signals   TEXT NOT NULL,
            PRIMARY KEY (candidate, other)
        ) WITHOUT ROWID;
        CREATE TABLE pool (
            application TEXT    PRIMARY KEY,
            candidate   TEXT    NOT NULL,
            job         TEXT    NOT NULL,
            document    TEXT    NOT NULL,
            status      TEXT    NOT NULL,
            standing    TEXT    NOT NULL,
            submitted   INTEGER NOT NULL,
            ai_opt_out  INTEGER NOT NULL,
            position    INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX pool_by_job ON pool (job);
        CREATE TABLE pool_runs (
            application TEXT    NOT NULL,
            run         TEXT    NOT NULL,
            asked       INTEGER NOT NULL,
            document    TEXT    NOT NULL,
            engine      TEXT    NOT NULL,
            rubric      TEXT    NOT NULL,
            failure     TEXT,
            total       INTEGER,
            tie_break   INTEGER,
            parts       TEXT    NOT NULL DEFAULT '[]',
            reason      TEXT,
            position    INTEGER NOT NULL,
            PRIMARY KEY (application, run)
        ) WITHOUT ROWID;";

    async fn apply(fact: &Fact, tx: Tx<'_>) -> Result<(), LogError> {
        let at = signed(fact.recorded.position);
        match &fact.what {
            What::Candidate(candidate, event) => candidate_changed(*candidate, event, at, tx).await,
            What::Application(application, event) => {
                application_changed(*application, event, at, tx).await
            }
            What::Job(..) | What::Rubric(..) | What::ModelRelease(..) => Ok(()),
        }
    }
}

async fn candidate_changed(
    candidate: CandidateId,
    event: &CandidateEvent,
    at: i64,
    tx: Tx<'_>,
) -> Result<(), LogError> {
    let key = id(candidate);
    match event {
        CandidateEvent::CandidateRegistered { personal, .. } => {
            let personal = personal.get();
            let sql = "INSERT INTO pool_candidates VALUES ($1, $2, $3, $2 IS NOT NULL, \
                       $3 IS NOT NULL, $4)";
            sqlx::query(sql)
                .bind(key)
                .bind(personal.and_then(|p| p.name.as_deref()))
                .bind(personal.and_then(|p| p.email.as_deref()))
                .bind(at)
                .execute(tx)
                .await
                .map_err(failed)?;
        }
        CandidateEvent::ResumeReceived { document, resume_digest, file, .. } => {
            let sql = "INSERT INTO pool_resumes (document, candidate, digest, file, position) \
                       VALUES ($1, $2, $3, $4, $5)";
            sqlx::query(sql)
                .bind(id(document.0))
                .bind(key)
                .bind(resume_digest)
                .bind(file.get())
                .bind(at)
                .execute(tx)
                .await
                .map_err(failed)?;
        }
        CandidateEvent::ResumeExtractionFailed { document, reason, .. } => {
            let sql = "UPDATE pool_resumes SET failure = $2, position = $3 WHERE document = $1";
            sqlx::query(sql)
                .bind(id(document.0))
                .bind(reason)
                .bind(at)
                .execute(tx)
                .await
                .map_err(failed)?;
        }
        CandidateEvent::ManipulationSuspected { document, flag } => {
            let sql = "UPDATE pool_resumes SET flags = json_insert(flags, '$[#]', json($2)), \
                       position = $3 WHERE document = $1";
            sqlx::query(sql)
                .bind(id(document.0))
                .bind(json(flag)?)
                .bind(at)
                .execute(tx)
                .await
                .map_err(failed)?;
        }
        CandidateEvent::ResumeParsed { profile, .. } => {
            // What a person has given or corrected is not overwritten by a machine.
            let basics = profile.get().map(|p| &p.basics);
            let sql = "UPDATE pool_candidates SET \
                       name = CASE WHEN name_given THEN name ELSE COALESCE($2, name) END, \
                       email = CASE WHEN email_given THEN email ELSE COALESCE($3, email) END, \
                       position = $4 WHERE candidate = $1";
            sqlx::query(sql)
                .bind(key)
                .bind(basics.and_then(|b| b.name.as_ref()).map(|f| f.value.as_str()))
                .bind(basics.and_then(|b| b.email.as_ref()).map(|f| f.value.as_str()))
                .bind(at)
                .execute(tx)
                .await
                .map_err(failed)?;
        }
        CandidateEvent::ProfileCorrected { field, to, .. } => {
            let sql = match field.as_str() {
                "name" => {
                    "UPDATE pool_candidates SET name = $2, name_given = 1, position = $3 \
                     WHERE candidate = $1"
                }
                "email" => {
                    "UPDATE pool_candidates SET email = $2, email_given = 1, position = $3 \
                     WHERE candidate = $1"
                }
                _ => return Ok(()),
            };
            sqlx::query(sql).bind(key).bind(to.get()).bind(at).execute(tx).await.map_err(failed)?;
        }
        CandidateEvent::DuplicateSuspected { other, signals } => {
            // Suspicion is mutual.
            let sql = "SELECT signals FROM pool_duplicates WHERE candidate = $1 AND other = $2";
            let known: Option<String> = sqlx::query_scalar(sql)
                .bind(&key)
                .bind(id(*other))
                .fetch_optional(&mut *tx)
                .await
                .map_err(failed)?;
            let mut all: Vec<DuplicateSignal> = known.map_or(Ok(vec![]), |k| from_json(&k))?;
            all.extend(signals);
            all.sort();
            all.dedup();
            let sql = "INSERT INTO pool_duplicates VALUES ($1, $2, $3), ($2, $1, $3) \
                       ON CONFLICT (candidate, other) DO UPDATE SET signals = excluded.signals";
            sqlx::query(sql)
                .bind(key)
                .bind(id(*other))
                .bind(json(&all)?)
                .execute(tx)
                .await
                .map_err(failed)?;
        }
        CandidateEvent::PersonalDataErased { .. } => {
            // Nor who gave what: a rebuild can no longer see it.
            for sql in [
                "UPDATE pool_candidates SET name = NULL, email = NULL, name_given = 0, \
                 email_given = 0, position = $2 WHERE candidate = $1",
                "UPDATE pool_resumes SET file = NULL, position = $2 WHERE candidate = $1",
                "UPDATE pool_runs SET reason = NULL, position = $2 WHERE application IN \
                 (SELECT application FROM pool WHERE candidate = $1)",
            ] {
                sqlx::query(sql).bind(&key).bind(at).execute(&mut *tx).await.map_err(failed)?;
            }
        }
        CandidateEvent::ResumeTextExtracted { .. } | CandidateEvent::DataRequestOpened { .. } => {}
    }
    Ok(())
}

async fn application_changed(
    application: ApplicationId,
    event: &ApplicationEvent,
    at: i64,
    tx: Tx<'_>,
) -> Result<(), LogError> {
    use ApplicationEvent as E;
    let key = id(application);
    let query = match event {
        E::ApplicationSubmitted { candidate, job, document, ai_opt_out, .. } => {
            let mut standing = Standing::default();
            standing.evolve(event);
            let sql = "INSERT INTO pool (application, candidate, job, submitted, ai_opt_out, status, \
                       standing, document, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $4)";
            sqlx::query(sql)
                .bind(key)
                .bind(id(*candidate))
                .bind(id(*job))
                .bind(at)
                .bind(*ai_opt_out)
                .bind(standing.status.as_str())
                .bind(json(&standing)?)
                .bind(id(document.0))
        }
        E::ResumeReplaced { document } => {
            let sql = "UPDATE pool SET document = $2, position = $3 WHERE application = $1";
            sqlx::query(sql).bind(key).bind(id(document.0)).bind(at)
        }
        E::ScoreRequested { run, request } => {
            let sql = "INSERT INTO pool_runs (application, run, asked, document, engine, rubric, \
                       position) VALUES ($1, $2, $3, $4, $5, $6, $3) \
                       ON CONFLICT (application, run) DO UPDATE SET asked = excluded.asked, \
                       failure = NULL, position = excluded.position";
            sqlx::query(sql)
                .bind(key)
                .bind(&run.0)
                .bind(at)
                .bind(id(request.document.0))
                .bind(&request.model_release)
                .bind(&request.rubric)
        }
        E::ScoreRecorded { run, total, criteria, explanations, .. } => {
            let parts: Vec<Part> = criteria
                .iter()
                .map(|c| Part { id: c.id.clone(), points: c.points, max: c.max })
                .collect();
            let reason = explanations.get().and_then(|e| e.first()).map(|e| e.rationale.clone());
            let sql = "UPDATE pool_runs SET total = $3, tie_break = $4, parts = $5, reason = $6, \
                       failure = NULL, position = $7 WHERE application = $1 AND run = $2";
            sqlx::query(sql)
                .bind(key)
                .bind(&run.0)
                .bind(total.tenths())
                .bind(criteria.first().map_or(0, |c| c.points.tenths()))
                .bind(json(&parts)?)
                .bind(reason)
                .bind(at)
        }
        E::ScoreFailed { run, reason, .. } => {
            let sql = "UPDATE pool_runs SET failure = $3, position = $4 \
                       WHERE application = $1 AND run = $2";
            sqlx::query(sql).bind(key).bind(&run.0).bind(reason).bind(at)
        }
        E::StageChanged { .. }
        | E::ApplicationShortlisted { .. }
        | E::ApplicationUnshortlisted {}
        | E::ApplicationRejected { .. }
        | E::RejectionReversed { .. }
        | E::ApplicationWithdrawn { .. } => {
            let sql = "SELECT standing FROM pool WHERE application = $1";
            let before: String =
                sqlx::query_scalar(sql).bind(&key).fetch_one(&mut *tx).await.map_err(failed)?;
            let mut standing: Standing = from_json(&before)?;
            standing.evolve(event);
            let sql = "UPDATE pool SET status = $2, standing = $3, position = $4 \
                       WHERE application = $1";
            sqlx::query(sql)
                .bind(key)
                .bind(standing.status.as_str())
                .bind(json(&standing)?)
                .bind(at)
        }
        E::NoteAdded { .. } => return Ok(()),
    };
    query.execute(tx).await.map_err(failed)?;
    Ok(())
}

/// The pool of a job: the scored by rank, then the others in the order in which they applied.
///
/// A row rests on the run that was asked for last over the resume that the application stands on: when
/// somebody hands in an earlier version again, its score counts again.
///
/// # Errors
/// `IO`.
pub async fn of_job(pool: &SqlitePool, job: JobId) -> Result<Vec<PoolRow>, LogError> {
    let rows = sqlx::query(
        "SELECT p.application, p.candidate, p.status, p.ai_opt_out, \
                c.name, c.email, d.file, d.failure AS unread, d.flags, \
                r.run, r.engine, r.rubric, r.failure, r.total, r.parts, r.reason, \
                MAX(p.position, COALESCE(c.position, 0), COALESCE(d.position, 0), \
                    COALESCE(r.position, 0)) AS rests_on \
           FROM pool p \
           LEFT JOIN pool_candidates c ON c.candidate = p.candidate \
           LEFT JOIN pool_resumes d ON d.document = p.document \
           LEFT JOIN pool_runs r ON r.application = p.application AND r.run = \
                (SELECT run FROM pool_runs x WHERE x.application = p.application \
                    AND x.document = p.document ORDER BY x.asked DESC LIMIT 1) \
          WHERE p.job = $1 \
          ORDER BY r.total IS NULL, r.total DESC, r.tie_break DESC, d.file, p.submitted",
    )
    .bind(id(job))
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let mut suspicions = suspicions(pool, job).await?;
    let mut ranked = 0;
    rows.iter()
        .map(|row| {
            let mut row = pool_row(row)?;
            row.duplicates = suspicions.remove(&row.candidate).unwrap_or_default();
            if row.outcome == Outcome::Scored {
                ranked += 1;
                row.rank = Some(ranked);
            }
            Ok(row)
        })
        .collect()
}

/// Others that may be the same person, listed for one candidate at most.
const SUSPECTS: usize = 20;

/// Who may be the same person as whom, among a job's candidates. A flag names the first that was
/// noted; those flagged with the same one are suspected of each other, too.
async fn suspicions(
    pool: &SqlitePool,
    job: JobId,
) -> Result<HashMap<CandidateId, Vec<Duplicate>>, LogError> {
    let rows = sqlx::query(
        "SELECT d.candidate, d.other, d.signals FROM pool_duplicates d \
         WHERE d.candidate IN (SELECT candidate FROM pool WHERE job = $1)",
    )
    .bind(id(job))
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let mut flagged: BTreeMap<CandidateId, BTreeMap<CandidateId, Vec<DuplicateSignal>>> =
        BTreeMap::new();
    for row in &rows {
        let person = |column: &str| -> Result<CandidateId, LogError> {
            let text: &str = row.try_get(column).map_err(failed)?;
            text.parse().map_err(|e| LogError::Damaged(format!("a pool row: {e}")))
        };
        let signals: &str = row.try_get("signals").map_err(failed)?;
        flagged
            .entry(person("candidate")?)
            .or_default()
            .insert(person("other")?, from_json(signals)?);
    }
    let mut all = HashMap::new();
    for (candidate, direct) in &flagged {
        let mut others: BTreeMap<CandidateId, Vec<DuplicateSignal>> = direct.clone();
        for (first, mine) in direct {
            for (other, theirs) in flagged.get(first).into_iter().flatten() {
                // Both have it in common with the first one, and so with each other.
                let shared = mine.iter().filter(|s| theirs.contains(s)).copied();
                let known = others.entry(*other).or_default();
                known.extend(shared);
            }
        }
        others.remove(candidate);
        let listed = others.into_iter().filter_map(|(candidate, mut signals)| {
            signals.sort();
            signals.dedup();
            (!signals.is_empty()).then_some(Duplicate { candidate, signals })
        });
        all.insert(*candidate, listed.take(SUSPECTS).collect());
    }
    Ok(all)
}

fn pool_row(row: &SqliteRow) -> Result<PoolRow, LogError> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column).map_err(failed);
    let needed = |column: &str| row.try_get::<String, _>(column).map_err(failed);
    let number = |column: &str| row.try_get::<Option<i64>, _>(column).map_err(failed);
    let total = number("total")?.and_then(|t| u16::try_from(t).ok()).map(Points::from_tenths);
    let (unread, failure) = (text("unread")?, text("failure")?);
    let opted_out = number("ai_opt_out")? == Some(1);
    let (outcome, reason) = match (total, unread.or(failure)) {
        (_, Some(code)) => (Outcome::Unscorable, Some(code)),
        (Some(_), None) => (Outcome::Scored, text("reason")?),
        (None, None) if opted_out => (Outcome::Unscorable, Some("AI_OPT_OUT".into())),
        (None, None) => (Outcome::Pending, None),
    };
    let scored = outcome == Outcome::Scored;
    let damaged = |e: uuid::Error| LogError::Damaged(format!("a pool row: {e}"));
    Ok(PoolRow {
        rank: None,
        application: needed("application")?.parse().map_err(damaged)?,
        candidate: needed("candidate")?.parse().map_err(damaged)?,
        name: text("name")?,
        email: text("email")?,
        file: text("file")?,
        outcome,
        reason,
        total: total.filter(|_| scored),
        parts: if scored { from_json(&needed("parts")?)? } else { vec![] },
        engine: text("engine")?.filter(|_| scored),
        rubric: text("rubric")?.filter(|_| scored),
        run: text("run")?.filter(|_| scored).map(RunId),
        position: number("rests_on")?.unwrap_or(0).unsigned_abs(),
        status: needed("status")?,
        flags: text("flags")?.map_or(Ok(vec![]), |f| from_json(&f))?,
        duplicates: vec![],
    })
}
