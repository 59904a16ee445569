//! The distributed engine's log on PostgreSQL: the event store, the sequencer that numbers what was committed, the
//! subscriptions' checkpoints and park, and, in a schema or database of their own, people's keys.
//!
//! `migrations/` says what the tables are and who may do what; [`migrate`] makes them. An append is one round trip
//! (a function, so that checks, reservations, events and key are one transaction) and is done when it is committed.
//! Its position is given later, by the one [`Sequencer`], and `places` tells those who wait for it.

mod append;
mod claims;
mod connect;
mod events;
mod keys;
mod lease;
mod ledger;
pub mod migrate;
mod order;
mod places;
mod row;
mod sequencer;
mod subscriptions;

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

pub use self::connect::{Role, failed, pool};
pub use self::lease::Lease;
pub use self::order::Order;
pub use self::sequencer::{Sequenced, Sequencer};
use crate::error::LogError;

/// The schema of the log, and that of the keys.
pub const SCHEMA: &str = "hiresphere";
/// The schema of people's keys.
pub const KEYS_SCHEMA: &str = "hiresphere_keys";

/// Connections of one process for appending and reading.
const CONNECTIONS: u32 = 16;

/// The event store and the subscriptions in one database.
pub struct PostgresLog {
    pool: PgPool,
    places: places::Places,
    hand_over: append::HandOver,
    identity: Uuid,
}

/// The key store in one database.
pub struct PostgresKeys {
    pool: PgPool,
}

impl PostgresLog {
    /// Opens the log, whose tables [`migrate::log`] has made.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `NOT_MIGRATED`, `DATA_TOO_NEW`, `IO`.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let pool = pool(url, SCHEMA, Role::App, CONNECTIONS).await?;
        migrate::check_log(&pool).await?;
        let identity = sqlx::query_scalar("SELECT log FROM identity")
            .fetch_one(&pool)
            .await
            .map_err(failed)?;
        let places = places::Places::start(url, pool.clone()).await?;
        let hand_over = append::HandOver::start(pool.clone());
        Ok(Self { pool, places, hand_over, identity })
    }

    /// Which log it is: made with its tables, and never the same twice.
    pub fn identity(&self) -> Uuid {
        self.identity
    }

    /// Connections with the application's rights.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The position of the last event; changes as the sequencer goes on.
    fn head_moves(&self) -> watch::Receiver<u64> {
        self.places.head()
    }
}

impl PostgresKeys {
    /// Opens the key store, whose tables [`migrate::keys`] has made.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `NOT_MIGRATED`, `DATA_TOO_NEW`, `IO`.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let pool = pool(url, KEYS_SCHEMA, Role::Keys, 4).await?;
        migrate::check_keys(&pool).await?;
        Ok(Self { pool })
    }

    /// Whether no key was ever put here, not even the one that ties the master key to the store.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn is_empty(&self) -> Result<bool, LogError> {
        let sql = "SELECT NOT EXISTS (SELECT FROM keys)";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(failed)
    }
}

/// What is told when nobody says anything: how long a listener waits before it asks.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Between attempts to reach a server that is away.
const RECONNECT: Duration = Duration::from_millis(250);
