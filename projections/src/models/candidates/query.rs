//! Candidates: the rows that members are shown, and what is asked for them.

use std::collections::BTreeMap;

use domain::candidate::{DuplicateSignal, Flag, Profile};
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId};
use event_log::LogError;
use event_log::sql::{Pool, Row, query};
use serde::Serialize;

use super::super::ranked_pool::Duplicate;
use super::super::{from_json, id};
use crate::columns::{column, folded, number, parsed, parsed_if_any, snapshot};
use crate::model::Tx;
use crate::paging::{Listing, Page, PageError, kept_to};

/// Others that may be the same person, listed for one candidate at most.
const SUSPECTS: usize = 20;

/// A candidate in the list.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CandidateRow {
    /// Their id.
    pub candidate: CandidateId,
    /// Their name, as far as it is known.
    pub name: Option<String>,
    /// Their e-mail address, as far as it is known.
    pub email: Option<String>,
    /// Their telephone number, as far as it is known.
    pub phone: Option<String>,
    /// Their web pages and public profiles.
    pub links: Vec<String>,
    /// Where they came from: `careers_page`, `import`...
    pub source: String,
    /// Whether hidden text was found in any of their resumes.
    pub flagged: bool,
    /// Whether they were erased.
    pub erased: bool,
    /// When they became known.
    pub registered_at: Timestamp,
    /// Version of their stream: what a change to them expects.
    pub version: u64,
    /// Position of the last event about them.
    pub position: u64,
    /// Position at which they became known, which the list goes by.
    #[serde(skip)]
    registered: u64,
}

/// Everything about a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CandidateDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub candidate: CandidateRow,
    /// Their resumes, received first first.
    pub resumes: Vec<ResumeRow>,
    /// What was parsed from the resume received last of those that were.
    pub profile: Option<ParsedProfile>,
    /// Other candidates that may be the same person.
    pub duplicates: Vec<Duplicate>,
    /// Their applications, the first one first.
    pub applications: Vec<AppliedRow>,
}

/// One resume and how far reading it got.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ResumeRow {
    /// The stored bytes.
    pub document: DocumentId,
    /// The file's name.
    pub file: Option<String>,
    /// The file's size.
    pub bytes: u64,
    /// Position at which it was received.
    pub received: u64,
    /// When it was received.
    pub received_at: Timestamp,
    /// How far reading it got: `waiting`, `extracted`, `parsed` or `failed`.
    pub state: String,
    /// Why it could not be read, a stable code.
    pub reason: Option<String>,
    /// Where what was read from it is stored, once it was read.
    pub extraction: Option<DocumentId>,
    /// Media type by content, once it was looked at.
    pub sniffed_type: Option<String>,
    /// How many pages were read.
    pub pages: Option<u32>,
    /// Unicode scalars of visible text.
    pub chars: Option<u32>,
    /// Whether pages beyond the limit were left unread.
    pub truncated: bool,
    /// Hidden text that was found in it and kept from grading.
    pub flags: Vec<Flag>,
}

/// What was parsed from a resume.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ParsedProfile {
    /// The resume; the spans of the fields are places in its visible text.
    pub document: DocumentId,
    /// The parser and its version.
    pub parser: String,
    /// In JSON Resume's shape, each value with its span.
    pub profile: Profile,
}

/// An application of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct AppliedRow {
    /// The application.
    pub application: ApplicationId,
    /// The job it is for.
    pub job: JobId,
}

/// Which candidates to list. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CandidateFilter {
    /// With this in their name or e-mail address, whatever the case.
    pub q: Option<String>,
    /// From this source.
    pub source: Option<String>,
    /// With (or without) hidden text in a resume.
    pub flagged: Option<bool>,
    /// Erased (or not).
    pub erased: Option<bool>,
}

/// A page of the candidates that the filter lets through, known last first; `after` is the cursor of the
/// page before.
///
/// # Errors
/// `CURSOR_DAMAGED`, `CURSOR_ELSEWHERE`, `IO`.
pub async fn page(
    pool: &Pool,
    filter: &CandidateFilter,
    after: Option<&str>,
    limit: u32,
) -> Result<Page<CandidateRow>, PageError> {
    let listing = Listing::new("candidates", filter)?;
    let after: Option<i64> = after.map(|cursor| listing.key(cursor)).transpose()?;
    let limit = kept_to(limit);
    let (mut tx, position) = snapshot(pool).await?;
    let with_q = tx.dialect().contains("search", "$2");
    let sql = format!(
        "SELECT * FROM candidates WHERE registered < $1 \
            AND ($2 IS NULL OR {with_q}) AND ($3 IS NULL OR source = $3) \
            AND ($4 IS NULL OR flagged = $4) AND ($5 IS NULL OR erased = $5) \
          ORDER BY registered DESC LIMIT $6"
    );
    let rows = query(&sql)
        .bind(after.unwrap_or(i64::MAX))
        .bind(filter.q.as_deref().map(folded))
        .bind(&filter.source)
        .bind(filter.flagged)
        .bind(filter.erased)
        .bind(limit + 1)
        .fetch_all(&mut tx)
        .await?;
    let items = rows.iter().map(candidate_row).collect::<Result<Vec<_>, _>>()?;
    Ok(listing.page(items, limit, position, |row| row.registered)?)
}

/// Everything about a candidate, or `None` when there is no such candidate.
///
/// # Errors
/// `IO`.
pub async fn one(pool: &Pool, candidate: CandidateId) -> Result<Option<CandidateDetail>, LogError> {
    let key = id(candidate);
    let (mut tx, _) = snapshot(pool).await?;
    let row = query("SELECT * FROM candidates WHERE candidate = $1")
        .bind(&key)
        .fetch_optional(&mut tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let resumes = of_candidate(
        "SELECT * FROM candidate_resumes WHERE candidate = $1 ORDER BY received",
        &key,
        &mut tx,
    )
    .await?;
    let applications = of_candidate(
        "SELECT * FROM candidate_applications WHERE candidate = $1 ORDER BY submitted",
        &key,
        &mut tx,
    )
    .await?;
    let profile = resumes.iter().rev().find_map(|row| parsed_profile(row).transpose());
    Ok(Some(CandidateDetail {
        candidate: candidate_row(&row)?,
        resumes: resumes.iter().map(resume_row).collect::<Result<_, _>>()?,
        profile: profile.transpose()?,
        duplicates: suspected(candidate, &mut tx).await?,
        applications: applications
            .iter()
            .map(|row| {
                let (application, job) = (parsed(row, "application")?, parsed(row, "job")?);
                Ok(AppliedRow { application, job })
            })
            .collect::<Result<_, LogError>>()?,
    }))
}

/// What was parsed from one resume of a candidate, or `None` when nothing was, or they were erased.
///
/// # Errors
/// `IO`.
pub async fn profile(
    pool: &Pool,
    candidate: CandidateId,
    document: DocumentId,
) -> Result<Option<ParsedProfile>, LogError> {
    let sql = "SELECT * FROM candidate_resumes WHERE candidate = $1 AND document = $2";
    let row = query(sql).bind(id(candidate)).bind(id(document.0)).fetch_optional(pool).await?;
    row.as_ref().map_or(Ok(None), parsed_profile)
}

async fn of_candidate(sql: &str, candidate: &str, tx: Tx<'_>) -> Result<Vec<Row>, LogError> {
    query(sql).bind(candidate).fetch_all(tx).await
}

/// Who may be the same person: those who were flagged with them, and those who have something in common
/// with one of these that they have in common, too.
async fn suspected(candidate: CandidateId, tx: Tx<'_>) -> Result<Vec<Duplicate>, LogError> {
    let sql = "SELECT near.candidate, near.other, near.signals, NULL AS shared \
                 FROM candidate_duplicates near WHERE near.candidate = $1 \
               UNION ALL \
               SELECT far.candidate, far.other, far.signals, near.signals \
                 FROM candidate_duplicates near \
                 JOIN candidate_duplicates far ON far.candidate = near.other \
                WHERE near.candidate = $1 AND far.other <> $1";
    let mut others: BTreeMap<CandidateId, Vec<DuplicateSignal>> = BTreeMap::new();
    for row in of_candidate(sql, &id(candidate), tx).await? {
        let mut signals: Vec<DuplicateSignal> = from_json(column(&row, "signals")?)?;
        if let Some(shared) = column::<Option<&str>>(&row, "shared")? {
            let shared: Vec<DuplicateSignal> = from_json(shared)?;
            signals.retain(|signal| shared.contains(signal));
        }
        if !signals.is_empty() {
            others.entry(parsed(&row, "other")?).or_default().extend(signals);
        }
    }
    let listed = others.into_iter().take(SUSPECTS).map(|(candidate, mut signals)| {
        signals.sort();
        signals.dedup();
        Duplicate { candidate, signals }
    });
    Ok(listed.collect())
}

fn candidate_row(row: &Row) -> Result<CandidateRow, LogError> {
    Ok(CandidateRow {
        candidate: parsed(row, "candidate")?,
        name: column(row, "name")?,
        email: column(row, "email")?,
        phone: column(row, "phone")?,
        links: from_json(column(row, "links")?)?,
        source: column(row, "source")?,
        flagged: column(row, "flagged")?,
        erased: column(row, "erased")?,
        registered_at: parsed(row, "registered_at")?,
        version: number(row, "version")?,
        position: number(row, "position")?,
        registered: number(row, "registered")?,
    })
}

fn resume_row(row: &Row) -> Result<ResumeRow, LogError> {
    Ok(ResumeRow {
        document: parsed(row, "document")?,
        file: column(row, "file")?,
        bytes: number(row, "bytes")?,
        received: number(row, "received")?,
        received_at: parsed(row, "received_at")?,
        state: column(row, "state")?,
        reason: column(row, "reason")?,
        extraction: parsed_if_any(row, "extraction")?,
        sniffed_type: column(row, "sniffed_type")?,
        pages: column(row, "pages")?,
        chars: column(row, "chars")?,
        truncated: column(row, "truncated")?,
        flags: from_json(column(row, "flags")?)?,
    })
}

fn parsed_profile(row: &Row) -> Result<Option<ParsedProfile>, LogError> {
    let Some(profile) = column::<Option<&str>>(row, "profile")? else { return Ok(None) };
    Ok(Some(ParsedProfile {
        document: parsed(row, "document")?,
        parser: column(row, "parser")?,
        profile: from_json(profile)?,
    }))
}
