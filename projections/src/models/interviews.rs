//! Read model: interviews, who holds them, and the scorecards that came out of them.
//!
//! Where people meet and what they wrote are the applicant's, and emptied when the applicant is erased.

use domain::candidate::CandidateEvent;
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, CandidateId, InterviewId, JobId, MemberId};
use domain::interview::{InterviewEvent, Kit, Place, Rating, Scores, Slot};
use event_log::LogError;
use event_log::sql::{Pool, Row, query};
use serde::Serialize;
use uuid::Uuid;

use super::{from_json, id, json, signed};
use crate::columns::{column, number, parsed, parsed_if_any, snapshot, time};
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::paging::{Listing, Page, PageError, kept_to};
use crate::rows::{Rows, table};

/// The read model.
pub struct Interviews;

/// An interview, as members see it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct InterviewRow {
    /// Its id.
    pub interview: InterviewId,
    /// The application.
    pub application: ApplicationId,
    /// Whose it is.
    pub candidate: CandidateId,
    /// The job.
    pub job: JobId,
    /// The stage that the application stood in when it was arranged.
    pub stage: String,
    /// `phone`, `video`, `onsite` or `technical`.
    pub kind: String,
    /// `scheduled`, `completed`, `cancelled` or `no_show`.
    pub status: String,
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// The time zone that it was arranged in, by its IANA name.
    pub time_zone: String,
    /// Where; `None` when nothing was said, and once the applicant was erased.
    pub place: Option<Place>,
    /// Who holds it.
    pub panel: Vec<MemberId>,
    /// Who of them handed in a scorecard.
    pub submitted: Vec<MemberId>,
    /// What it asks.
    pub kit: Kit,
    /// Version of its stream: what a change to it expects.
    pub version: u64,
    /// Position of the last event about it.
    pub position: u64,
}

/// An interview, as the applicant sees it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ApplicantInterviewRow {
    /// Its id.
    pub interview: InterviewId,
    /// `phone`, `video`, `onsite` or `technical`.
    pub kind: String,
    /// `scheduled`, `completed`, `cancelled` or `no_show`.
    pub status: String,
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// The time zone that it was arranged in, by its IANA name.
    pub time_zone: String,
    /// Where.
    pub place: Option<Place>,
}

impl From<InterviewRow> for ApplicantInterviewRow {
    fn from(row: InterviewRow) -> Self {
        let InterviewRow { interview, kind, status, start, end, time_zone, place, .. } = row;
        Self { interview, kind, status, start, end, time_zone, place }
    }
}

/// What somebody on a panel found.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ScorecardRow {
    /// The interview.
    pub interview: InterviewId,
    /// Whose scorecard it is.
    pub member: MemberId,
    /// The stage that the interview was for.
    pub stage: String,
    /// Thing by thing, 1 to 5.
    pub ratings: Vec<Rating>,
    /// All in all: `strong_no`, `no`, `undecided`, `yes` or `strong_yes`.
    pub overall: String,
    /// In words; `None` when nothing was written, and once the applicant was erased.
    pub notes: Option<String>,
    /// When it was handed in.
    pub submitted_at: Timestamp,
    /// When it was amended last.
    pub amended_at: Option<Timestamp>,
    /// Position of the last event about it.
    pub position: u64,
}

impl ReadModel for Interviews {
    const TABLES: &'static [&'static str] = &["interviews", "interview_panels", "scorecards"];
    const SCHEMA: &'static str = "
        CREATE TABLE interviews (
            interview   TEXT   PRIMARY KEY,
            application TEXT   NOT NULL,
            candidate   TEXT   NOT NULL,
            job         TEXT   NOT NULL,
            stage       TEXT   NOT NULL,
            kind        TEXT   NOT NULL,
            status      TEXT   NOT NULL,
            starts_at   TEXT   NOT NULL,
            ends_at     TEXT   NOT NULL,
            time_zone   TEXT   NOT NULL,
            place       TEXT,
            panel       TEXT   NOT NULL,
            submitted   TEXT   NOT NULL,
            kit         TEXT   NOT NULL,
            version     BIGINT NOT NULL,
            position    BIGINT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX interviews_by_candidate ON interviews (candidate);
        CREATE TABLE interview_panels (
            interview TEXT   NOT NULL,
            member    TEXT   NOT NULL,
            holds     BIGINT NOT NULL,
            starts_at TEXT   NOT NULL,
            PRIMARY KEY (interview, member)
        ) WITHOUT ROWID;
        CREATE TABLE scorecards (
            interview    TEXT   NOT NULL,
            member       TEXT   NOT NULL,
            application  TEXT   NOT NULL,
            candidate    TEXT   NOT NULL,
            stage        TEXT   NOT NULL,
            ratings      TEXT   NOT NULL,
            overall      TEXT   NOT NULL,
            notes        TEXT,
            submitted_at TEXT   NOT NULL,
            amended_at   TEXT,
            position     BIGINT NOT NULL,
            PRIMARY KEY (interview, member)
        ) WITHOUT ROWID;
        CREATE INDEX scorecards_by_candidate ON scorecards (candidate);";
    const INDEXES: &'static str = "
        CREATE INDEX interviews_by_application ON interviews (application, starts_at);
        CREATE INDEX interview_panels_by_member ON interview_panels (member, starts_at, interview);
        CREATE INDEX scorecards_by_application ON scorecards (application, position);";

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        match &fact.what {
            What::Interview(interview, event) => changed(interview.0, event, fact, rows).await,
            What::Candidate(candidate, CandidateEvent::PersonalDataErased { .. }) => {
                erase(candidate.0, rows).await
            }
            _ => Ok(()),
        }
    }
}

table! {
    /// An interview, as it is stored.
    pub(in crate::models) struct StoredInterview in "interviews" { interview: Uuid } {
        application: Uuid,
        candidate: Uuid,
        job: Uuid,
        stage: String,
        kind: String,
        status: String,
        starts_at: String,
        ends_at: String,
        time_zone: String,
        place: Option<String>,
        panel: String,
        submitted: String,
        kit: String,
        version: i64,
        position: i64,
    } by candidate
}

table! {
    /// Somebody on a panel, or who was, as it is stored.
    struct StoredPanel in "interview_panels" { interview: Uuid, member: Uuid } {
        holds: bool,
        starts_at: String,
    } by key interview
}

table! {
    /// A scorecard, as it is stored.
    struct StoredScorecard in "scorecards" { interview: Uuid, member: Uuid } {
        application: Uuid,
        candidate: Uuid,
        stage: String,
        ratings: String,
        overall: String,
        notes: Option<String>,
        submitted_at: String,
        amended_at: Option<String>,
        position: i64,
    } by candidate
}

async fn changed(
    interview: Uuid,
    event: &InterviewEvent,
    fact: &Fact,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    use InterviewEvent as E;
    let (position, version) = (signed(fact.recorded.position), signed(fact.recorded.version));
    if let E::InterviewScheduled {
        application,
        candidate,
        job,
        stage,
        kind,
        panel,
        slot,
        place,
        kit,
        ..
    } = event
    {
        rows.insert(StoredInterview {
            interview,
            application: application.0,
            candidate: candidate.0,
            job: job.0,
            stage: stage.clone(),
            kind: kind.as_str().into(),
            status: "scheduled".into(),
            starts_at: time(slot.start),
            ends_at: time(slot.end),
            time_zone: slot.time_zone.clone(),
            place: place.get().and_then(Option::as_ref).map(json).transpose()?,
            panel: json(panel)?,
            submitted: "[]".into(),
            kit: json(kit)?,
            version,
            position,
        });
        return hold(interview, panel, slot, rows).await;
    }
    let Some(row) = rows.change::<StoredInterview>((interview,)).await? else { return Ok(()) };
    (row.version, row.position) = (version, position);
    match event {
        E::InterviewRescheduled { to, .. } => {
            (row.starts_at, row.ends_at) = (time(to.start), time(to.end));
            row.time_zone.clone_from(&to.time_zone);
            let panel: Vec<MemberId> = from_json(&row.panel)?;
            hold(interview, &panel, to, rows).await?;
        }
        E::PanelChanged { to, .. } => {
            row.panel = json(to)?;
            let starts_at = row.starts_at.clone();
            sit(interview, to, &starts_at, rows).await?;
        }
        E::InterviewCancelled { .. } => row.status = "cancelled".into(),
        E::InterviewCompleted { .. } => row.status = "completed".into(),
        E::InterviewNoShow { .. } => row.status = "no_show".into(),
        E::ScorecardSubmitted { member, scores, notes, .. } => {
            let mut submitted: Vec<MemberId> = from_json(&row.submitted)?;
            submitted.push(*member);
            row.submitted = json(&submitted)?;
            let (application, candidate, stage) =
                (row.application, row.candidate, row.stage.clone());
            let Scores { ratings, overall } = scores;
            rows.insert(StoredScorecard {
                interview,
                member: member.0,
                application,
                candidate,
                stage,
                ratings: json(ratings)?,
                overall: overall.as_str().into(),
                notes: notes.get().cloned().flatten(),
                submitted_at: time(fact.recorded.occurred_at),
                amended_at: None,
                position,
            });
        }
        E::ScorecardAmended { member, scores, notes, .. } => {
            let card = rows.change::<StoredScorecard>((interview, member.0)).await?;
            let Some(card) = card else { return Ok(()) };
            card.ratings = json(&scores.ratings)?;
            card.overall = scores.overall.as_str().into();
            card.notes = notes.get().cloned().flatten();
            card.amended_at = Some(time(fact.recorded.occurred_at));
            card.position = position;
        }
        E::InterviewScheduled { .. } => {}
    }
    Ok(())
}

async fn hold(
    interview: Uuid,
    panel: &[MemberId],
    slot: &Slot,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    sit(interview, panel, &time(slot.start), rows).await
}

/// Puts these on the panel, and nobody else.
async fn sit(
    interview: Uuid,
    panel: &[MemberId],
    starts_at: &str,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    for key in rows.group::<StoredPanel>(interview).await? {
        if let Some(row) = rows.change::<StoredPanel>(key).await? {
            row.holds = panel.iter().any(|member| member.0 == row.member);
            row.starts_at = starts_at.to_owned();
        }
    }
    for MemberId(member) in panel {
        if rows.get::<StoredPanel>((interview, *member)).await?.is_none() {
            let starts_at = starts_at.to_owned();
            rows.insert(StoredPanel { interview, member: *member, holds: true, starts_at });
        }
    }
    Ok(())
}

async fn erase(candidate: Uuid, rows: &mut Rows<'_>) -> Result<(), LogError> {
    for key in rows.group::<StoredInterview>(candidate).await? {
        if let Some(row) = rows.change::<StoredInterview>(key).await? {
            row.place = None;
        }
    }
    for key in rows.group::<StoredScorecard>(candidate).await? {
        if let Some(row) = rows.change::<StoredScorecard>(key).await? {
            row.notes = None;
        }
    }
    Ok(())
}

/// One interview, or `None` when there is none.
///
/// # Errors
/// `IO`.
pub async fn one(pool: &Pool, interview: InterviewId) -> Result<Option<InterviewRow>, LogError> {
    let row = query("SELECT * FROM interviews WHERE interview = $1")
        .bind(id(interview))
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(interview_row).transpose()
}

/// The interviews of an application, the first one first.
///
/// # Errors
/// `IO`.
pub async fn of_application(
    pool: &Pool,
    application: ApplicationId,
) -> Result<Vec<InterviewRow>, LogError> {
    let sql = "SELECT * FROM interviews WHERE application = $1 ORDER BY starts_at, interview";
    let rows = query(sql).bind(id(application)).fetch_all(pool).await?;
    rows.iter().map(interview_row).collect()
}

/// The scorecards of an application, handed in first first.
///
/// # Errors
/// `IO`.
pub async fn scorecards(
    pool: &Pool,
    application: ApplicationId,
) -> Result<Vec<ScorecardRow>, LogError> {
    let sql = "SELECT * FROM scorecards WHERE application = $1 \
               ORDER BY submitted_at, interview, member";
    let rows = query(sql).bind(id(application)).fetch_all(pool).await?;
    rows.iter().map(scorecard_row).collect()
}

/// The interviews that somebody is on the panel of, from a moment on, the next one first.
///
/// # Errors
/// `CURSOR_DAMAGED`, `CURSOR_ELSEWHERE`, `IO`.
pub async fn of_member(
    pool: &Pool,
    member: MemberId,
    from: Option<Timestamp>,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<InterviewRow>, PageError> {
    let limit = kept_to(limit);
    let listing = Listing::new("interviews", &(member, from))?;
    let (mut starts_at, mut behind) = (from.map_or_else(String::new, time), String::new());
    if let Some(cursor) = cursor {
        (starts_at, behind) = listing.key(cursor)?;
    }
    let (mut tx, position) = snapshot(pool).await?;
    let rows = query(
        "SELECT i.* FROM interview_panels p JOIN interviews i ON i.interview = p.interview \
         WHERE p.member = $1 AND p.holds = 1 AND (p.starts_at, p.interview) > ($2, $3) \
         ORDER BY p.starts_at, p.interview LIMIT $4",
    )
    .bind(id(member.0))
    .bind(starts_at)
    .bind(behind)
    .bind(limit + 1)
    .fetch_all(&mut tx)
    .await?;
    let more = rows.len() > limit as usize;
    let items: Vec<InterviewRow> =
        rows.iter().take(limit as usize).map(interview_row).collect::<Result<_, _>>()?;
    let next = match items.last().filter(|_| more) {
        Some(last) => Some(listing.cursor(&(time(last.start), last.interview.to_string()))?),
        None => None,
    };
    Ok(Page { items, next, position })
}

fn interview_row(row: &Row) -> Result<InterviewRow, LogError> {
    let place: Option<&str> = column(row, "place")?;
    Ok(InterviewRow {
        interview: parsed(row, "interview")?,
        application: parsed(row, "application")?,
        candidate: parsed(row, "candidate")?,
        job: parsed(row, "job")?,
        stage: column(row, "stage")?,
        kind: column(row, "kind")?,
        status: column(row, "status")?,
        start: parsed(row, "starts_at")?,
        end: parsed(row, "ends_at")?,
        time_zone: column(row, "time_zone")?,
        place: place.map(from_json).transpose()?,
        panel: from_json(column(row, "panel")?)?,
        submitted: from_json(column(row, "submitted")?)?,
        kit: from_json(column(row, "kit")?)?,
        version: number(row, "version")?,
        position: number(row, "position")?,
    })
}

fn scorecard_row(row: &Row) -> Result<ScorecardRow, LogError> {
    Ok(ScorecardRow {
        interview: parsed(row, "interview")?,
        member: parsed(row, "member")?,
        stage: column(row, "stage")?,
        ratings: from_json(column(row, "ratings")?)?,
        overall: column(row, "overall")?,
        notes: column(row, "notes")?,
        submitted_at: parsed(row, "submitted_at")?,
        amended_at: parsed_if_any(row, "amended_at")?,
        position: number(row, "position")?,
    })
}
