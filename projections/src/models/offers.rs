//! Read model: offers, each as its last version stands. What is offered is the applicant's, and emptied when the applicant is
//! erased.

use domain::candidate::CandidateEvent;
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, CandidateId, JobId, OfferId};
use domain::offer::{OfferEvent, Terms};
use event_log::LogError;
use event_log::sql::{Pool, Row, query};
use serde::Serialize;
use uuid::Uuid;

use super::{from_json, id, json, signed};
use crate::columns::{column, number, parsed, parsed_if_any, time};
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::rows::{Rows, table};

/// The read model.
pub struct Offers;

/// An offer.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct OfferRow {
    /// Its id.
    pub offer: OfferId,
    /// The application.
    pub application: ApplicationId,
    /// Whose it is.
    pub candidate: CandidateId,
    /// The job.
    pub job: JobId,
    /// `draft`, `approved`, `sent`, `accepted`, `declined`, `rescinded` or `expired`.
    pub status: String,
    /// Its version: 1, 2, 3...
    pub v: u32,
    /// What is offered; `None` once the applicant was erased.
    pub terms: Option<Terms>,
    /// Until when it may be answered, once sent.
    pub expires: Option<Timestamp>,
    /// Version of its stream: what a change to it expects.
    pub version: u64,
    /// Position of the last event about it.
    pub position: u64,
}

impl ReadModel for Offers {
    const TABLES: &'static [&'static str] = &["offers"];
    const SCHEMA: &'static str = "
        CREATE TABLE offers (
            offer       TEXT   PRIMARY KEY,
            application TEXT   NOT NULL,
            candidate   TEXT   NOT NULL,
            job         TEXT   NOT NULL,
            status      TEXT   NOT NULL,
            v           BIGINT NOT NULL,
            terms       TEXT,
            expires     TEXT,
            version     BIGINT NOT NULL,
            position    BIGINT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX offers_by_candidate ON offers (candidate);";
    const INDEXES: &'static str =
        "CREATE INDEX offers_by_application ON offers (application, offer);";

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        match &fact.what {
            What::Offer(offer, event) => changed(offer.0, event, fact, rows).await,
            What::Candidate(candidate, CandidateEvent::PersonalDataErased { .. }) => {
                for key in rows.group::<StoredOffer>(candidate.0).await? {
                    if let Some(row) = rows.change::<StoredOffer>(key).await? {
                        row.terms = None;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

table! {
    /// An offer, as it is stored.
    struct StoredOffer in "offers" { offer: Uuid } {
        application: Uuid,
        candidate: Uuid,
        job: Uuid,
        status: String,
        v: i64,
        terms: Option<String>,
        expires: Option<String>,
        version: i64,
        position: i64,
    } by candidate
}

async fn changed(
    offer: Uuid,
    event: &OfferEvent,
    fact: &Fact,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    use OfferEvent as E;
    let (position, version) = (signed(fact.recorded.position), signed(fact.recorded.version));
    if let E::OfferDrafted { application, candidate, job, v, terms, .. } = event {
        let terms = terms.get().map(json).transpose()?;
        if let Some(row) = rows.change::<StoredOffer>((offer,)).await? {
            (row.status, row.v, row.terms) = ("draft".into(), i64::from(*v), terms);
            row.expires = None;
            (row.version, row.position) = (version, position);
        } else {
            rows.insert(StoredOffer {
                offer,
                application: application.0,
                candidate: candidate.0,
                job: job.0,
                status: "draft".into(),
                v: i64::from(*v),
                terms,
                expires: None,
                version,
                position,
            });
        }
        return Ok(());
    }
    let Some(row) = rows.change::<StoredOffer>((offer,)).await? else { return Ok(()) };
    (row.version, row.position) = (version, position);
    row.status = match event {
        E::OfferDrafted { .. } => "draft",
        E::OfferApproved { .. } => "approved",
        E::OfferSent { expires, .. } => {
            row.expires = Some(time(*expires));
            "sent"
        }
        E::OfferAccepted { .. } => "accepted",
        E::OfferDeclined { .. } => "declined",
        E::OfferRescinded { .. } => "rescinded",
        E::OfferExpired { .. } => "expired",
    }
    .into();
    Ok(())
}

/// One offer, or `None` when there is none.
///
/// # Errors
/// `IO`.
pub async fn one(pool: &Pool, offer: OfferId) -> Result<Option<OfferRow>, LogError> {
    let row =
        query("SELECT * FROM offers WHERE offer = $1").bind(id(offer)).fetch_optional(pool).await?;
    row.as_ref().map(offer_row).transpose()
}

/// The offers on an application, the first one first.
///
/// # Errors
/// `IO`.
pub async fn of_application(
    pool: &Pool,
    application: ApplicationId,
) -> Result<Vec<OfferRow>, LogError> {
    let sql = "SELECT * FROM offers WHERE application = $1 ORDER BY offer";
    let rows = query(sql).bind(id(application)).fetch_all(pool).await?;
    rows.iter().map(offer_row).collect()
}

fn offer_row(row: &Row) -> Result<OfferRow, LogError> {
    let terms: Option<&str> = column(row, "terms")?;
    Ok(OfferRow {
        offer: parsed(row, "offer")?,
        application: parsed(row, "application")?,
        candidate: parsed(row, "candidate")?,
        job: parsed(row, "job")?,
        status: column(row, "status")?,
        v: column(row, "v")?,
        terms: terms.map(from_json).transpose()?,
        expires: parsed_if_any(row, "expires")?,
        version: number(row, "version")?,
        position: number(row, "position")?,
    })
}
