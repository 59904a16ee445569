//! Read model: candidates, as members see them: who they are, their resumes and how far reading them got,
//! their applications, and who else they may be.
//!
//! What a person gave or corrected wins over what was parsed. Once a person is erased, nothing personal is
//! left in any row.

mod query;

use domain::application::ApplicationEvent;
use domain::candidate::{CandidateEvent, DuplicateSignal, ExtractionFacts, Personal, Profile};
use event_log::LogError;
use uuid::Uuid;

pub use self::query::*;
use super::{from_json, json, one_more, signed, with_signals};
use crate::columns::{folded, time};
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::rows::{Rows, table};

/// The read model.
pub struct Candidates;

impl ReadModel for Candidates {
    const TABLES: &'static [&'static str] =
        &["candidates", "candidate_resumes", "candidate_duplicates", "candidate_applications"];
    // `given` is what a person said, `parsed` what was read; the columns behind them are what counts.
    const SCHEMA: &'static str = "
        CREATE TABLE candidates (
            candidate     TEXT    PRIMARY KEY,
            given         TEXT    NOT NULL,
            parsed        TEXT    NOT NULL DEFAULT '{}',
            name          TEXT,
            email         TEXT,
            phone         TEXT,
            links         TEXT    NOT NULL DEFAULT '[]',
            search        TEXT    NOT NULL DEFAULT '',
            source        TEXT    NOT NULL,
            flagged       BIGINT  NOT NULL DEFAULT 0,
            erased        BIGINT  NOT NULL DEFAULT 0,
            registered    BIGINT  NOT NULL,
            registered_at TEXT    NOT NULL,
            version       BIGINT  NOT NULL,
            position      BIGINT  NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE candidate_resumes (
            candidate    TEXT    NOT NULL,
            document     TEXT    NOT NULL,
            file         TEXT,
            bytes        BIGINT  NOT NULL,
            received     BIGINT  NOT NULL,
            received_at  TEXT    NOT NULL,
            state        TEXT    NOT NULL DEFAULT 'waiting',
            reason       TEXT,
            extraction   TEXT,
            sniffed_type TEXT,
            pages        BIGINT,
            chars        BIGINT,
            truncated    BIGINT  NOT NULL DEFAULT 0,
            flags        TEXT    NOT NULL DEFAULT '[]',
            parser       TEXT,
            profile      TEXT,
            PRIMARY KEY (candidate, document)
        ) WITHOUT ROWID;
        CREATE TABLE candidate_duplicates (
            candidate TEXT NOT NULL,
            other     TEXT NOT NULL,
            signals   TEXT NOT NULL,
            PRIMARY KEY (candidate, other)
        ) WITHOUT ROWID;
        CREATE TABLE candidate_applications (
            application TEXT    PRIMARY KEY,
            candidate   TEXT    NOT NULL,
            job         TEXT    NOT NULL,
            submitted   BIGINT  NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX candidate_applications_by_candidate ON candidate_applications (candidate);";
    const INDEXES: &'static str = "
        CREATE UNIQUE INDEX candidates_by_registered ON candidates (registered);";

    async fn prepare(facts: &[Fact], rows: &mut Rows<'_>) -> Result<(), LogError> {
        let candidates = || facts.iter().filter_map(Fact::candidate);
        rows.load::<StoredCandidate>(candidates()).await?;
        rows.load_groups::<StoredResume>(candidates()).await
    }

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        let position = signed(fact.recorded.position);
        match &fact.what {
            What::Candidate(candidate, event) => {
                changed(candidate.0, event, fact, rows).await?;
                if let Some(row) = rows.change::<StoredCandidate>((candidate.0,)).await? {
                    row.version = signed(fact.recorded.version);
                    row.position = position;
                }
            }
            What::Application(
                application,
                ApplicationEvent::ApplicationSubmitted { candidate, job, .. },
            ) => rows.insert(StoredApplication {
                application: application.0,
                candidate: candidate.0,
                job: job.0,
                submitted: position,
            }),
            _ => {}
        }
        Ok(())
    }
}

table! {
    /// A candidate, as they are stored.
    struct StoredCandidate in "candidates" { candidate: Uuid } {
        given: String,
        parsed: String,
        name: Option<String>,
        email: Option<String>,
        phone: Option<String>,
        links: String,
        search: String,
        source: String,
        flagged: bool,
        erased: bool,
        registered: i64,
        registered_at: String,
        version: i64,
        position: i64,
    }
}

table! {
    /// A resume, as it is stored.
    struct StoredResume in "candidate_resumes" { candidate: Uuid, document: Uuid } {
        file: Option<String>,
        bytes: i64,
        received: i64,
        received_at: String,
        state: String,
        reason: Option<String>,
        extraction: Option<Uuid>,
        sniffed_type: Option<String>,
        pages: Option<i64>,
        chars: Option<i64>,
        truncated: bool,
        flags: String,
        parser: Option<String>,
        profile: Option<String>,
    } by key candidate
}

table! {
    /// Somebody else that a candidate may be, as they are stored.
    struct StoredDuplicate in "candidate_duplicates" { candidate: Uuid, other: Uuid } {
        signals: String,
    }
}

table! {
    /// An application, as it is stored.
    struct StoredApplication in "candidate_applications" { application: Uuid } {
        candidate: Uuid,
        job: Uuid,
        submitted: i64,
    } written once
}

async fn changed(
    candidate: Uuid,
    event: &CandidateEvent,
    fact: &Fact,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    let at = signed(fact.recorded.position);
    let when = time(fact.recorded.occurred_at);
    match event {
        CandidateEvent::CandidateRegistered { personal, source, .. } => {
            let given = personal.get().cloned().unwrap_or_default();
            rows.insert(StoredCandidate {
                candidate,
                given: json(&given)?,
                parsed: "{}".into(),
                name: None,
                email: None,
                phone: None,
                links: "[]".into(),
                search: String::new(),
                source: source.clone(),
                flagged: false,
                erased: false,
                registered: at,
                registered_at: when,
                version: 0,
                position: 0,
            });
            settle(candidate, |_, _| {}, rows).await
        }
        CandidateEvent::ProfileCorrected { field, to, .. } => {
            let to = to.get().cloned();
            settle(candidate, |given, _| correct(given, field, to), rows).await
        }
        CandidateEvent::ResumeReceived { document, bytes, file, .. } => {
            let key = (candidate, document.0);
            if let Some(row) = rows.change::<StoredResume>(key).await? {
                row.file = file.get().cloned();
                row.received = at;
                row.received_at = when;
                return Ok(());
            }
            rows.insert(StoredResume {
                candidate,
                document: document.0,
                file: file.get().cloned(),
                bytes: signed(*bytes),
                received: at,
                received_at: when,
                state: "waiting".into(),
                reason: None,
                extraction: None,
                sniffed_type: None,
                pages: None,
                chars: None,
                truncated: false,
                flags: "[]".into(),
                parser: None,
                profile: None,
            });
            Ok(())
        }
        CandidateEvent::ResumeTextExtracted { document, text, facts } => {
            let key = (candidate, document.0);
            let Some(row) = rows.change::<StoredResume>(key).await? else { return Ok(()) };
            let ExtractionFacts { sniffed_type, pages, chars, truncated, .. } = facts;
            row.state = "extracted".into();
            row.extraction = Some(text.0);
            row.sniffed_type = Some(sniffed_type.clone());
            row.pages = Some(i64::from(*pages));
            row.chars = Some(i64::from(*chars));
            row.truncated = *truncated;
            Ok(())
        }
        CandidateEvent::ResumeExtractionFailed { document, reason, sniffed_type, .. } => {
            let key = (candidate, document.0);
            let Some(row) = rows.change::<StoredResume>(key).await? else { return Ok(()) };
            row.state = "failed".into();
            row.reason = Some(reason.clone());
            row.sniffed_type = Some(sniffed_type.clone());
            Ok(())
        }
        CandidateEvent::ManipulationSuspected { document, flag } => {
            let key = (candidate, document.0);
            if let Some(row) = rows.change::<StoredResume>(key).await? {
                row.flags = one_more(&row.flags, flag)?;
            }
            if let Some(row) = rows.change::<StoredCandidate>((candidate,)).await? {
                row.flagged = true;
            }
            Ok(())
        }
        CandidateEvent::ResumeParsed { document, profile, parser } => {
            let profile = profile.get();
            let key = (candidate, document.0);
            if let Some(row) = rows.change::<StoredResume>(key).await? {
                row.state = "parsed".into();
                row.parser = Some(parser.clone());
                row.profile = profile.map(json).transpose()?;
            }
            let Some(profile) = profile else { return Ok(()) };
            if is_latest_parsed(key, rows).await? {
                settle(candidate, |_, parsed| read_from(parsed, profile), rows).await?;
            }
            Ok(())
        }
        CandidateEvent::DuplicateSuspected { other, signals } => {
            suspect(candidate, other.0, signals, rows).await
        }
        CandidateEvent::PersonalDataErased { .. } => {
            for key in rows.group::<StoredResume>(candidate).await? {
                let Some(row) = rows.change::<StoredResume>(key).await? else { continue };
                (row.file, row.profile) = (None, None);
            }
            let Some(row) = rows.change::<StoredCandidate>((candidate,)).await? else {
                return Ok(());
            };
            (row.given, row.parsed) = ("{}".into(), "{}".into());
            (row.name, row.email, row.phone) = (None, None, None);
            (row.links, row.search) = ("[]".into(), String::new());
            row.erased = true;
            Ok(())
        }
        CandidateEvent::DataRequestOpened { .. } => Ok(()),
    }
}

/// Changes what a candidate gave or what was parsed, and settles what counts.
async fn settle(
    candidate: Uuid,
    change: impl FnOnce(&mut Personal, &mut Personal),
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    let Some(row) = rows.change::<StoredCandidate>((candidate,)).await? else { return Ok(()) };
    let mut given: Personal = from_json(&row.given)?;
    let mut parsed: Personal = from_json(&row.parsed)?;
    change(&mut given, &mut parsed);
    (row.given, row.parsed) = (json(&given)?, json(&parsed)?);
    row.name = given.name.or(parsed.name);
    row.email = given.email.or(parsed.email);
    row.phone = given.phone.or(parsed.phone);
    row.links = json(if given.links.is_empty() { &parsed.links } else { &given.links })?;
    // One line each: what is looked for never runs from one into the other.
    let search = [&row.name, &row.email].into_iter().flatten();
    row.search = search.map(|t| folded(t)).collect::<Vec<_>>().join("\n");
    Ok(())
}

/// A person's word on one field; `to` is `None` once they are erased.
fn correct(given: &mut Personal, field: &str, to: Option<String>) {
    match field {
        "name" => given.name = to,
        "email" => given.email = to,
        "phone" => given.phone = to,
        _ => {}
    }
}

/// Takes over what a profile says; what it does not say stays as an earlier resume had it.
fn read_from(parsed: &mut Personal, profile: &Profile) {
    let basics = &profile.basics;
    let fields = [
        (&mut parsed.name, &basics.name),
        (&mut parsed.email, &basics.email),
        (&mut parsed.phone, &basics.phone),
    ];
    for (known, read) in fields {
        if let Some(read) = read {
            *known = Some(read.value.clone());
        }
    }
    if !basics.profiles.is_empty() {
        parsed.links = basics.profiles.iter().map(|link| link.value.clone()).collect();
    }
}

/// Whether no resume that was received later was parsed already.
async fn is_latest_parsed(
    (candidate, document): (Uuid, Uuid),
    rows: &mut Rows<'_>,
) -> Result<bool, LogError> {
    let keys = rows.group::<StoredResume>(candidate).await?;
    let Some(this) = rows.here::<StoredResume>(&(candidate, document)) else { return Ok(true) };
    let mut resumes = keys.iter().filter_map(|key| rows.here::<StoredResume>(key));
    Ok(!resumes.any(|later| later.state == "parsed" && later.received > this.received))
}

/// Notes that two candidates may be one person. Suspicion is mutual.
async fn suspect(
    candidate: Uuid,
    other: Uuid,
    signals: &[DuplicateSignal],
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    for (candidate, other) in [(candidate, other), (other, candidate)] {
        if let Some(row) = rows.change::<StoredDuplicate>((candidate, other)).await? {
            row.signals = with_signals(&row.signals, signals)?;
        } else {
            let signals = with_signals("[]", signals)?;
            rows.insert(StoredDuplicate { candidate, other, signals });
        }
    }
    Ok(())
}
