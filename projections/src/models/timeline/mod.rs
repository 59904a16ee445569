//! Read model: the timeline of an application. Who did what, when, and at which position.
//!
//! One row for each event of an application's stream, and for each event of a candidate's stream that concerns
//! a resume. A resume's events belong to the applications that have stood on its document; a correction
//! names no document, and belongs to those whose first resume was received before it. Rows hold no personal
//! data but for `note`, people's own words, which is emptied when the applicant is erased.

mod words;

use domain::actor::{Actor, ActorKind};
use domain::application::{ApplicationEvent, RunId, Visibility};
use domain::candidate::CandidateEvent;
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, DocumentId};
use domain::job::Stage;
use event_log::LogError;
use event_log::sql::{Pool, Row, query};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use self::words::{LookedUp, Words};
use super::jobs::StoredJob;
use super::ranked_pool::PoolRun;
use super::{from_json, id, json, signed};
use crate::columns::{column, number, parsed, snapshot, time};
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::paging::{Page, kept_to};
use crate::rows::{Rows, table};

/// The read model.
pub struct Timeline;

/// Something that happened, as members see it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TimelineRow {
    /// The event's position.
    pub position: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The event's wire name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who did it.
    pub actor: Actor,
    /// What happened, in plain words.
    pub summary: String,
    /// What the applicant is told of it, in plain words; `None` when they are told nothing.
    pub applicant_summary: Option<String>,
    /// What somebody wrote about it: a note, the note to a rejection, the reason of a move. `None` when nothing
    /// was written, when it is another member's private note, and once the applicant was erased.
    pub note: Option<String>,
    /// Who may read the note, when it is one.
    pub visibility: Option<Visibility>,
    /// The event's facts, none of them personal.
    pub data: Value,
}

/// Something that happened, as the applicant sees it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ApplicantRow {
    /// The event's position.
    pub position: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, in plain words.
    pub summary: String,
}

impl ReadModel for Timeline {
    const TABLES: &'static [&'static str] =
        &["timeline", "timeline_applications", "timeline_documents"];
    const SCHEMA: &'static str = "
        CREATE TABLE timeline (
            position          BIGINT PRIMARY KEY,
            application       TEXT,
            candidate         TEXT,
            document          TEXT,
            at                TEXT NOT NULL,
            kind              TEXT NOT NULL,
            actor             TEXT NOT NULL,
            summary           TEXT NOT NULL,
            applicant_summary TEXT,
            visibility        TEXT,
            note              TEXT,
            data              TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX timeline_by_candidate ON timeline (candidate);
        CREATE TABLE timeline_applications (
            application TEXT PRIMARY KEY,
            candidate   TEXT NOT NULL,
            job         TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE timeline_documents (
            application TEXT NOT NULL,
            document    TEXT NOT NULL,
            PRIMARY KEY (application, document)
        ) WITHOUT ROWID;";
    const INDEXES: &'static str = "
        CREATE INDEX timeline_by_application ON timeline (application);
        CREATE INDEX timeline_by_document ON timeline (document);";

    async fn prepare(facts: &[Fact], rows: &mut Rows<'_>) -> Result<(), LogError> {
        rows.load::<StoredApplication>(facts.iter().filter_map(Fact::application)).await
    }

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        match &fact.what {
            What::Application(application, event) => {
                application_changed(application.0, event, fact, rows).await
            }
            What::Candidate(candidate, CandidateEvent::PersonalDataErased { .. }) => {
                for key in rows.group::<StoredEvent>(candidate.0).await? {
                    let noted = rows.get::<StoredEvent>(key).await?;
                    if noted.is_some_and(|row| row.note.is_some())
                        && let Some(row) = rows.change::<StoredEvent>(key).await?
                    {
                        row.note = None;
                    }
                }
                Ok(())
            }
            What::Candidate(candidate, event) => {
                let Some((document, words)) = words::of_resume(event) else { return Ok(()) };
                let document = document.map(|d| d.0);
                insert(fact, None, Some(candidate.0), document, words, rows)
            }
            What::Interview(interview, event) => {
                let words = words::of_interview(*interview, event);
                beside(event.application(), words, fact, rows).await
            }
            What::Offer(offer, event) => {
                let words = words::of_offer(*offer, event);
                beside(event.application(), words, fact, rows).await
            }
            What::Job(..) | What::Rubric(..) | What::ModelRelease(..) | What::Told => Ok(()),
        }
    }
}

table! {
    /// Something that happened, as it is stored.
    struct StoredEvent in "timeline" { position: i64 } {
        application: Option<Uuid>,
        candidate: Option<Uuid>,
        document: Option<Uuid>,
        at: String,
        kind: String,
        actor: String,
        summary: String,
        applicant_summary: Option<String>,
        visibility: Option<String>,
        note: Option<String>,
        data: String,
    } written once by candidate
}

table! {
    /// An application, as it is stored.
    struct StoredApplication in "timeline_applications" { application: Uuid } {
        candidate: Uuid,
        job: Uuid,
    }
}

table! {
    /// A document that an application has stood on, as it is stored.
    struct StoredDocument in "timeline_documents" { application: Uuid, document: Uuid } {
    }
}

async fn application_changed(
    application: Uuid,
    event: &ApplicationEvent,
    fact: &Fact,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    if let ApplicationEvent::ApplicationSubmitted { candidate, job, .. } = event {
        rows.insert(StoredApplication { application, candidate: candidate.0, job: job.0 });
    }
    let looked_up = look_up(application, event, rows).await?;
    let (document, words) = words::of_application(event, &looked_up);
    if let Some(DocumentId(document)) = document
        && rows.get::<StoredDocument>((application, document)).await?.is_none()
    {
        // It stands on it from now on.
        rows.insert(StoredDocument { application, document });
    }
    let candidate = rows.get::<StoredApplication>((application,)).await?.map(|row| row.candidate);
    insert(fact, Some(application), candidate, None, words, rows)
}

/// Puts what happened with something else onto the timeline of its application.
async fn beside(
    ApplicationId(application): ApplicationId,
    words: Words,
    fact: &Fact,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    let candidate = rows.get::<StoredApplication>((application,)).await?.map(|row| row.candidate);
    insert(fact, Some(application), candidate, None, words, rows)
}

/// What an event is told with and does not say itself: what a run was asked for, and what stages are called.
async fn look_up(
    application: Uuid,
    event: &ApplicationEvent,
    rows: &mut Rows<'_>,
) -> Result<LookedUp, LogError> {
    let mut found = LookedUp::default();
    match event {
        ApplicationEvent::ScoreRecorded { run: RunId(run), .. }
        | ApplicationEvent::ScoreFailed { run: RunId(run), .. }
        | ApplicationEvent::ScoreShown { run: RunId(run) } => {
            if let Some(asked) = rows.get::<PoolRun>((application, run.clone())).await? {
                found.engine = Some(asked.engine.clone());
                found.rubric = Some(asked.rubric.clone());
            }
        }
        ApplicationEvent::StageChanged { from, to, .. } => {
            let Some(job) = rows.get::<StoredApplication>((application,)).await?.map(|a| a.job)
            else {
                return Ok(found);
            };
            let Some(job) = rows.get::<StoredJob>((job,)).await? else { return Ok(found) };
            let stages: Vec<Stage> = from_json(&job.pipeline)?;
            for Stage { id, name, .. } in stages {
                if id == *from {
                    found.from = Some(name);
                } else if id == to.id {
                    found.to = Some(name);
                }
            }
        }
        _ => {}
    }
    Ok(found)
}

fn insert(
    fact: &Fact,
    application: Option<Uuid>,
    candidate: Option<Uuid>,
    document: Option<Uuid>,
    words: Words,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    rows.insert(StoredEvent {
        position: signed(fact.recorded.position),
        application,
        candidate,
        document,
        at: time(fact.recorded.occurred_at),
        kind: fact.recorded.kind.clone(),
        actor: json(&fact.recorded.actor)?,
        summary: words.summary,
        applicant_summary: words.for_applicant,
        visibility: words.visibility.map(|v| json(&v)).transpose()?,
        note: words.note,
        data: json(&words.data)?,
    });
    Ok(())
}

/// The positions of an application's timeline `$1` behind `$2`.
const OF_APPLICATION: &str = "position > $2 AND position IN (
    SELECT position FROM timeline WHERE application = $1
    UNION ALL
    SELECT t.position FROM timeline_documents d JOIN timeline t ON t.document = d.document
     WHERE d.application = $1
    UNION ALL
    SELECT t.position FROM timeline_applications a JOIN timeline t ON t.candidate = a.candidate
     WHERE a.application = $1 AND t.application IS NULL AND t.document IS NULL AND t.position >
           (SELECT MIN(r.position) FROM timeline_documents d JOIN timeline r
                ON r.document = d.document WHERE d.application = $1))";

/// What happened with an application behind a position, in order, as any member of the hiring team sees it:
/// private notes are listed without their text. The page's `next` is the position to go on behind.
///
/// # Errors
/// `IO`.
pub async fn of_application(
    pool: &Pool,
    application: ApplicationId,
    after: u64,
    limit: u32,
) -> Result<Page<TimelineRow>, LogError> {
    select(pool, application, None, after, limit).await
}

/// Like [`of_application`], with the text of this member's own private notes.
///
/// # Errors
/// `IO`.
pub async fn of_application_for(
    pool: &Pool,
    application: ApplicationId,
    member: &str,
    after: u64,
    limit: u32,
) -> Result<Page<TimelineRow>, LogError> {
    select(pool, application, Some(member), after, limit).await
}

/// What the applicant is told of their application behind a position, in order. The page's `next` is the
/// position to go on behind.
///
/// # Errors
/// `IO`.
pub async fn for_applicant(
    pool: &Pool,
    application: ApplicationId,
    after: u64,
    limit: u32,
) -> Result<Page<ApplicantRow>, LogError> {
    let sql = format!(
        "SELECT position, at, applicant_summary AS summary FROM timeline \
         WHERE applicant_summary IS NOT NULL AND {OF_APPLICATION} ORDER BY position LIMIT $3"
    );
    let row = |row: &Row| {
        Ok(ApplicantRow {
            position: number(row, "position")?,
            at: parsed(row, "at")?,
            summary: column(row, "summary")?,
        })
    };
    fetch(pool, &sql, application, after, limit, row, |row| row.position).await
}

async fn select(
    pool: &Pool,
    application: ApplicationId,
    member: Option<&str>,
    after: u64,
    limit: u32,
) -> Result<Page<TimelineRow>, LogError> {
    let sql = format!("SELECT * FROM timeline WHERE {OF_APPLICATION} ORDER BY position LIMIT $3");
    let row = |row: &Row| timeline_row(row, member);
    fetch(pool, &sql, application, after, limit, row, |row| row.position).await
}

async fn fetch<T>(
    pool: &Pool,
    sql: &str,
    application: ApplicationId,
    after: u64,
    limit: u32,
    row: impl Fn(&Row) -> Result<T, LogError>,
    position_of: impl Fn(&T) -> u64,
) -> Result<Page<T>, LogError> {
    let limit = kept_to(limit);
    let (mut tx, position) = snapshot(pool).await?;
    let rows = query(sql)
        .bind(id(application))
        .bind(signed(after))
        .bind(limit + 1)
        .fetch_all(&mut tx)
        .await?;
    let more = rows.len() > limit as usize;
    let items = rows.iter().take(limit as usize).map(row).collect::<Result<Vec<T>, LogError>>()?;
    let next = items.last().filter(|_| more).map(|last| position_of(last).to_string());
    Ok(Page { items, next, position })
}

fn timeline_row(row: &Row, member: Option<&str>) -> Result<TimelineRow, LogError> {
    let actor: Actor = from_json(column(row, "actor")?)?;
    let visibility: Option<Visibility> =
        column::<Option<&str>>(row, "visibility")?.map(from_json).transpose()?;
    let own = actor.kind == ActorKind::Member && member == Some(actor.id.as_str());
    let readable = visibility != Some(Visibility::Private) || own;
    Ok(TimelineRow {
        position: number(row, "position")?,
        at: parsed(row, "at")?,
        kind: column(row, "kind")?,
        actor,
        summary: column(row, "summary")?,
        applicant_summary: column(row, "applicant_summary")?,
        note: column::<Option<String>>(row, "note")?.filter(|_| readable),
        visibility,
        data: from_json(column(row, "data")?)?,
    })
}
