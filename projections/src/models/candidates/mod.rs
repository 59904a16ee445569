//! Read model: candidates, as members see them: who they are, their resumes and how far reading them got,
//! their applications, and who else they may be.
//!
//! What a person gave or corrected wins over what was parsed. Once a person is erased, nothing personal is
//! left in any row.

mod query;

use domain::application::ApplicationEvent;
use domain::candidate::{CandidateEvent, DuplicateSignal, ExtractionFacts, Personal, Profile};
use domain::ids::CandidateId;
use event_log::LogError;
use event_log::sql::query;

pub use self::query::*;
use super::{from_json, id, json, one_more, signed};
use crate::columns::{folded, time};
use crate::fact::{Fact, What};
use crate::model::{ReadModel, Tx};

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
        CREATE UNIQUE INDEX candidates_by_registered ON candidates (registered);
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

    async fn apply(fact: &Fact, tx: Tx<'_>) -> Result<(), LogError> {
        match &fact.what {
            What::Candidate(candidate, event) => {
                changed(*candidate, event, fact, &mut *tx).await?;
                let sql = "UPDATE candidates SET version = $2, position = $3 WHERE candidate = $1";
                query(sql)
                    .bind(id(*candidate))
                    .bind(signed(fact.recorded.version))
                    .bind(signed(fact.recorded.position))
                    .execute(tx)
                    .await
            }
            What::Application(
                application,
                ApplicationEvent::ApplicationSubmitted { candidate, job, .. },
            ) => {
                let sql = "INSERT INTO candidate_applications VALUES ($1, $2, $3, $4)";
                query(sql)
                    .bind(id(*application))
                    .bind(id(*candidate))
                    .bind(id(*job))
                    .bind(signed(fact.recorded.position))
                    .execute(tx)
                    .await
            }
            _ => return Ok(()),
        }?;
        Ok(())
    }
}

async fn changed(
    candidate: CandidateId,
    event: &CandidateEvent,
    fact: &Fact,
    tx: Tx<'_>,
) -> Result<(), LogError> {
    let key = id(candidate);
    let at = signed(fact.recorded.position);
    let when = time(fact.recorded.occurred_at);
    let query = match event {
        CandidateEvent::CandidateRegistered { personal, source, .. } => {
            let given = personal.get().cloned().unwrap_or_default();
            let sql = "INSERT INTO candidates (candidate, given, source, registered, \
                       registered_at, version, position) VALUES ($1, $2, $3, $4, $5, 0, 0)";
            query(sql)
                .bind(&key)
                .bind(json(&given)?)
                .bind(source)
                .bind(at)
                .bind(when)
                .execute(&mut *tx)
                .await?;
            return settle(&key, |_, _| {}, tx).await;
        }
        CandidateEvent::ProfileCorrected { field, to, .. } => {
            let to = to.get().cloned();
            return settle(&key, |given, _| correct(given, field, to), tx).await;
        }
        CandidateEvent::ResumeReceived { document, bytes, file, .. } => {
            let sql = "INSERT INTO candidate_resumes \
                       (candidate, document, file, bytes, received, received_at) \
                       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (candidate, document) \
                       DO UPDATE SET file = excluded.file, received = excluded.received, \
                       received_at = excluded.received_at";
            query(sql)
                .bind(key)
                .bind(id(document.0))
                .bind(file.get())
                .bind(signed(*bytes))
                .bind(at)
                .bind(when)
        }
        CandidateEvent::ResumeTextExtracted { document, text, facts } => {
            let ExtractionFacts { sniffed_type, pages, chars, truncated, .. } = facts;
            let sql = "UPDATE candidate_resumes SET state = 'extracted', extraction = $3, \
                       sniffed_type = $4, pages = $5, chars = $6, truncated = $7 \
                       WHERE candidate = $1 AND document = $2";
            query(sql)
                .bind(key)
                .bind(id(document.0))
                .bind(id(text.0))
                .bind(sniffed_type)
                .bind(pages)
                .bind(chars)
                .bind(truncated)
        }
        CandidateEvent::ResumeExtractionFailed { document, reason, sniffed_type } => {
            let sql = "UPDATE candidate_resumes SET state = 'failed', reason = $3, \
                       sniffed_type = $4 WHERE candidate = $1 AND document = $2";
            query(sql).bind(key).bind(id(document.0)).bind(reason).bind(sniffed_type)
        }
        CandidateEvent::ManipulationSuspected { document, flag } => {
            let sql = "SELECT flags FROM candidate_resumes WHERE candidate = $1 AND document = $2";
            let known = query(sql).bind(&key).bind(id(document.0)).fetch_one(&mut *tx).await?;
            let sql = "UPDATE candidate_resumes SET flags = $3 \
                       WHERE candidate = $1 AND document = $2";
            query(sql)
                .bind(&key)
                .bind(id(document.0))
                .bind(one_more(known.get("flags")?, flag)?)
                .execute(&mut *tx)
                .await?;
            query("UPDATE candidates SET flagged = 1 WHERE candidate = $1").bind(key)
        }
        CandidateEvent::ResumeParsed { document, profile, parser } => {
            let profile = profile.get();
            let sql = "UPDATE candidate_resumes SET state = 'parsed', parser = $3, profile = $4 \
                       WHERE candidate = $1 AND document = $2";
            query(sql)
                .bind(&key)
                .bind(id(document.0))
                .bind(parser)
                .bind(profile.map(json).transpose()?)
                .execute(&mut *tx)
                .await?;
            let Some(profile) = profile else { return Ok(()) };
            if is_latest_parsed(&key, &id(document.0), &mut *tx).await? {
                settle(&key, |_, parsed| read_from(parsed, profile), tx).await?;
            }
            return Ok(());
        }
        CandidateEvent::DuplicateSuspected { other, signals } => {
            return suspect(&key, &id(*other), signals, tx).await;
        }
        CandidateEvent::PersonalDataErased { .. } => {
            let sql = "UPDATE candidate_resumes SET file = NULL, profile = NULL \
                       WHERE candidate = $1";
            query(sql).bind(&key).execute(&mut *tx).await?;
            let sql = "UPDATE candidates SET given = '{}', parsed = '{}', name = NULL, \
                       email = NULL, phone = NULL, links = '[]', search = '', erased = 1 \
                       WHERE candidate = $1";
            query(sql).bind(key)
        }
        CandidateEvent::DataRequestOpened { .. } => return Ok(()),
    };
    query.execute(tx).await?;
    Ok(())
}

/// Changes what a candidate gave or what was parsed, and settles what counts.
async fn settle(
    candidate: &str,
    change: impl FnOnce(&mut Personal, &mut Personal),
    tx: Tx<'_>,
) -> Result<(), LogError> {
    let row = query("SELECT given, parsed FROM candidates WHERE candidate = $1")
        .bind(candidate)
        .fetch_one(&mut *tx)
        .await?;
    let mut given: Personal = from_json(row.get("given")?)?;
    let mut parsed: Personal = from_json(row.get("parsed")?)?;
    change(&mut given, &mut parsed);
    let name = given.name.as_ref().or(parsed.name.as_ref());
    let email = given.email.as_ref().or(parsed.email.as_ref());
    let links = if given.links.is_empty() { &parsed.links } else { &given.links };
    // One line each: what is looked for never runs from one into the other.
    let search: Vec<String> = [name, email].into_iter().flatten().map(|t| folded(t)).collect();
    let sql = "UPDATE candidates SET given = $2, parsed = $3, name = $4, email = $5, phone = $6, \
               links = $7, search = $8 WHERE candidate = $1";
    query(sql)
        .bind(candidate)
        .bind(json(&given)?)
        .bind(json(&parsed)?)
        .bind(name)
        .bind(email)
        .bind(given.phone.as_ref().or(parsed.phone.as_ref()))
        .bind(json(links)?)
        .bind(search.join("\n"))
        .execute(tx)
        .await?;
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
async fn is_latest_parsed(candidate: &str, document: &str, tx: Tx<'_>) -> Result<bool, LogError> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM candidate_resumes later \
               JOIN candidate_resumes this ON this.candidate = $1 AND this.document = $2 \
               WHERE later.candidate = $1 AND later.state = 'parsed' \
               AND later.received > this.received)";
    query(sql).bind(candidate).bind(document).fetch_one(tx).await?.at(0)
}

/// Notes that two candidates may be one person. Suspicion is mutual.
async fn suspect(
    candidate: &str,
    other: &str,
    signals: &[DuplicateSignal],
    tx: Tx<'_>,
) -> Result<(), LogError> {
    let sql = "SELECT signals FROM candidate_duplicates WHERE candidate = $1 AND other = $2";
    let known = query(sql).bind(candidate).bind(other).fetch_optional(&mut *tx).await?;
    let mut all: Vec<DuplicateSignal> =
        known.map_or(Ok(vec![]), |row| from_json(row.get("signals")?))?;
    all.extend(signals);
    all.sort();
    all.dedup();
    let sql = "INSERT INTO candidate_duplicates VALUES ($1, $2, $3), ($2, $1, $3) \
               ON CONFLICT (candidate, other) DO UPDATE SET signals = excluded.signals";
    query(sql).bind(candidate).bind(other).bind(json(&all)?).execute(tx).await?;
    Ok(())
}
