//! What a run's engine may ask for: exchanges kept sealed under the person's key, budgets, and the job's switch.

use std::time::Duration;

use async_trait::async_trait;
use domain::ids::{CandidateId, DocumentId, EventId, JobId};
use domain::job::Job;
use event_log::ports::{Account, Amount};
use event_log::{Dispatcher, LogError};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::engine::{Desk, Exchange};

/// How often a run that waits for an answer looks whether its job's scoring was stopped.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What may be spent on models. The default is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// In one day (UTC), on all jobs together.
    pub per_day: Budget,
    /// On one job, ever.
    pub per_job: Budget,
    /// On one job in one day.
    pub per_job_and_day: Budget,
}

/// A limit of tokens, of money, or of both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// US dollars.
    pub usd: Option<f64>,
}

impl Budgets {
    /// Whether any of them limits money, which only a known price can be held against.
    pub fn limits_money(&self) -> bool {
        [self.per_day, self.per_job, self.per_job_and_day].iter().any(|b| b.usd.is_some())
    }

    fn accounts(&self, job: JobId, day: chrono::NaiveDate) -> [Account; 3] {
        let account = |name: String, budget: Budget| Account {
            name,
            tokens: budget.tokens,
            micro_usd: budget.usd.map(|usd| (usd * 1e6) as u64),
        };
        [
            account(format!("day:{day}"), self.per_day),
            account(format!("job:{job}"), self.per_job),
            account(format!("job:{job}:day:{day}"), self.per_job_and_day),
        ]
    }
}

/// The desk of one run.
pub(super) struct RunDesk<'a> {
    dispatcher: &'a Dispatcher,
    person: CandidateId,
    /// The event that asked: asked again, it is another.
    asked: EventId,
    job: JobId,
    accounts: [Account; 3],
}

impl<'a> RunDesk<'a> {
    pub(super) fn new(
        dispatcher: &'a Dispatcher,
        person: CandidateId,
        asked: EventId,
        job: JobId,
        budgets: &Budgets,
    ) -> Self {
        let day = dispatcher.log().clock.now().date_naive();
        Self { dispatcher, person, asked, job, accounts: budgets.accounts(job, day) }
    }

    /// Where the nth exchange is kept: always the same place, so that a second delivery finds it.
    fn place(&self, n: u32) -> DocumentId {
        let mut hash = Sha256::new();
        hash.update(b"exchange");
        hash.update(self.asked.0.as_bytes());
        hash.update(n.to_be_bytes());
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        DocumentId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

#[async_trait]
impl Desk for RunDesk<'_> {
    async fn kept(&self, n: u32) -> Result<Option<(Exchange, DocumentId)>, LogError> {
        let place = self.place(n);
        match self.dispatcher.log().documents.get(self.person, place).await {
            Ok(kept) => {
                let shape = |e| LogError::Damaged(format!("an exchange has another shape: {e}"));
                Ok(Some((serde_json::from_slice(&kept).map_err(shape)?, place)))
            }
            Err(LogError::DocumentMissing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn keep(&self, n: u32, exchange: &Exchange) -> Result<DocumentId, LogError> {
        let place = self.place(n);
        let doing = "keep an exchange";
        let bytes = serde_json::to_vec(exchange)
            .map_err(|e| LogError::Io { doing, problem: e.to_string() })?;
        self.dispatcher.log().documents.put(self.person, place, &bytes).await?;
        Ok(place)
    }

    async fn book(&self, amount: Amount) -> Result<Option<String>, LogError> {
        self.dispatcher.log().ledger.book(&self.accounts, amount).await
    }

    async fn correct(&self, booked: Amount, spent: Amount) -> Result<(), LogError> {
        self.dispatcher.log().ledger.correct(&self.accounts, booked, spent).await
    }

    async fn stopped(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // A log that cannot be read now says nothing about the switch.
            if let Ok((job, _)) = self.dispatcher.load::<Job>(self.job.0).await
                && job.scoring_stopped
            {
                return;
            }
        }
    }
}
