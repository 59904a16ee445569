//! The sequencer: gives committed events their dense position, in the order in which they were handed over.
//!
//! One is at work, others stand by: a lease says who, and the lease's epoch is on every write, so that a holder that
//! was frozen and wakes up after it was replaced is refused. An event enters `unsequenced` in the transaction that
//! appends it, so none is skipped, however late it commits. Its place in there (`seq`) is taken after everything that
//! it waited for has committed; so a stream is in the order of its versions, and what was decided on an event comes
//! after it.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::Instant;

use super::connect::{Role, failed, pool};
use super::lease::{LASTS, Lease};
use super::{Order, RECONNECT, SCHEMA, migrate};
use crate::error::LogError;

/// Events numbered in one transaction.
const BATCH: i32 = 2000;
/// Between two batches: what is appended meanwhile shares the next one's commit.
const GATHER: Duration = Duration::from_millis(4);
/// How often it is asked whether something was appended, in case nobody was heard.
const ASK_EVERY: Duration = Duration::from_millis(25);
/// How often the lease is held on.
const RENEW_EVERY: Duration = Duration::from_millis(500);
/// How often one that stands by tries.
const STAND_BY: Duration = Duration::from_millis(250);

/// Numbers what was committed.
pub struct Sequencer {
    pool: PgPool,
    lease: Lease,
    held: Option<Held>,
}

struct Held {
    epoch: i64,
    renewed: Instant,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequenced {
    /// Another one is at work.
    StandingBy,
    /// So many events got their positions; the head is at the second number.
    Took(u64, u64),
}

impl Sequencer {
    /// A sequencer of a log whose tables are made.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `NOT_MIGRATED`, `DATABASE_SETTINGS`.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let pool = pool(url, SCHEMA, Role::Sequencer, 3).await?;
        migrate::check_log(&pool).await?;
        Ok(Self { lease: Lease::new(pool.clone(), "sequencer"), pool, held: None })
    }

    /// What is numbered and what waits, for as long as anybody asks.
    pub fn order(&self) -> Order {
        Order::of(&self.pool)
    }

    /// Takes the lease when it is free, and one batch.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn step(&mut self) -> Result<Sequenced, LogError> {
        let due = self.held.as_ref().is_none_or(|held| held.renewed.elapsed() >= RENEW_EVERY);
        if due {
            let epoch = self.lease.hold().await.inspect_err(|_| self.held = None)?;
            self.held = epoch.map(|epoch| Held { epoch, renewed: Instant::now() });
        }
        let Some(held) = &self.held else { return Ok(Sequenced::StandingBy) };
        let batch: Result<(i64, i64), _> =
            sqlx::query_as("SELECT taken, reached FROM sequence($1, $2)")
                .bind(held.epoch)
                .bind(BATCH)
                .fetch_one(&self.pool)
                .await;
        match batch {
            Ok((taken, reached)) => {
                Ok(Sequenced::Took(taken.unsigned_abs(), reached.unsigned_abs()))
            }
            Err(error) if super::connect::code(&error).as_deref() == Some("HS005") => {
                self.held = None;
                Ok(Sequenced::StandingBy)
            }
            Err(error) => {
                self.held = None;
                Err(failed(error))
            }
        }
    }

    /// Numbers events until `stop` becomes true or its sender is gone; `told` hears of every step and failure, and a
    /// failure is tried again.
    pub async fn run(
        mut self,
        mut stop: watch::Receiver<bool>,
        told: impl Fn(&Result<Sequenced, LogError>) + Send,
    ) {
        let mut ears: Option<PgListener> = None;
        loop {
            let step = self.step().await;
            told(&step);
            let pause = match step {
                // A full batch: there is more.
                Ok(Sequenced::Took(taken, _)) if taken >= BATCH.unsigned_abs().into() => continue,
                Ok(Sequenced::Took(taken, _)) => {
                    if taken > 0 {
                        tokio::time::sleep(GATHER).await;
                    }
                    ASK_EVERY
                }
                Ok(Sequenced::StandingBy) => STAND_BY,
                Err(_) => {
                    ears = None;
                    RECONNECT
                }
            };
            if ears.is_none() && step.is_ok() {
                ears = listen(&self.pool).await;
            }
            let heard = async {
                match &mut ears {
                    Some(listener) if pause == ASK_EVERY => listener.try_recv().await.is_ok(),
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                alive = heard => if !alive { ears = None },
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        if self.held.is_some() {
            // Otherwise it runs out by itself.
            let _ = tokio::time::timeout(LASTS, self.lease.release()).await;
        }
    }
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen("hiresphere_appended").await.ok()?;
    Some(listener)
}
