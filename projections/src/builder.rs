//! The builder: feeds the read models from the log, rows and checkpoint in one transaction.

use event_log::sqlite::failed;
use event_log::{Log, LogError, Recorded};
use tokio::sync::watch;

use crate::fact::Fact;
use crate::models;
use crate::store::ReadStore;

/// Events read and written at once.
const BATCH: u32 = 512;

/// Feeds read models.
#[derive(Clone)]
pub struct Builder {
    log: Log,
}

impl Builder {
    /// A builder that reads this log.
    pub fn new(log: Log) -> Self {
        Self { log }
    }

    /// Follows the log until `stop` becomes true or its sender is gone; `seen` is given every event
    /// after it is in the tables.
    ///
    /// # Errors
    /// A failure of the machine, or an event that cannot be decoded.
    pub async fn run(
        &self,
        store: &ReadStore,
        mut stop: watch::Receiver<bool>,
        seen: impl Fn(&Recorded) + Send + Sync,
    ) -> Result<(), LogError> {
        let mut head = self.log.store.watch();
        loop {
            head.mark_unchanged();
            self.fold(store, u64::MAX, &seen).await?;
            if *stop.borrow() {
                return Ok(());
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return Ok(()) },
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Folds events up to `to` (or the log's end) and answers how many there were.
    ///
    /// # Errors
    /// A failure of the machine, or an event that cannot be decoded.
    pub async fn catch_up(&self, store: &ReadStore, to: u64) -> Result<u64, LogError> {
        self.fold(store, to, &|_| {}).await
    }

    async fn fold(
        &self,
        store: &ReadStore,
        to: u64,
        seen: &(impl Fn(&Recorded) + Send + Sync),
    ) -> Result<u64, LogError> {
        let pool = store.pool().await;
        let mut at = store.checkpoint().await?;
        let head = self.log.store.head().await?;
        if at > head {
            let lost = format!("the read models are at position {at}, the log ends at {head}");
            return Err(LogError::Damaged(lost));
        }
        let mut count = 0;
        while at < to {
            let limit = u32::try_from(to - at).unwrap_or(BATCH).min(BATCH);
            let batch = self.log.store.read_all(at, limit).await?;
            let Some(last) = batch.last().map(|e| e.position) else { break };
            let mut facts = Vec::with_capacity(batch.len());
            for recorded in batch {
                facts.push(Fact::open(&self.log.vault, recorded).await?);
            }
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            for fact in &facts {
                models::apply(fact, &mut tx).await?;
            }
            let moved = sqlx::query("UPDATE checkpoint SET position = $1 WHERE position = $2")
                .bind(i64::try_from(last).unwrap_or(i64::MAX))
                .bind(i64::try_from(at).unwrap_or(i64::MAX))
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            if moved.rows_affected() != 1 {
                let problem = "another builder works on the same read models".to_owned();
                return Err(LogError::Io { doing: "advance the read models", problem });
            }
            tx.commit().await.map_err(failed)?;
            at = last;
            count += facts.len() as u64;
            store.position.send_replace(at);
            facts.iter().for_each(|fact| seen(&fact.recorded));
        }
        Ok(count)
    }
}
