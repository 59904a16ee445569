//! How far the order is: what was committed and what has its position. All of it may be seen with the sequencer's rights.

use std::time::Duration;

use sqlx::PgPool;

use super::connect::failed;
use crate::error::LogError;

/// The order of a log, to be looked at.
#[derive(Clone)]
pub struct Order {
    pool: PgPool,
}

impl Order {
    pub(super) fn of(pool: &PgPool) -> Self {
        Self { pool: pool.clone() }
    }

    /// The position of the last event; 0 when there is none.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn head(&self) -> Result<u64, LogError> {
        self.number("SELECT head FROM head").await
    }

    /// How many events are committed and have no position yet.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn waiting(&self) -> Result<u64, LogError> {
        self.number("SELECT count(*) FROM unsequenced").await
    }

    /// How long the oldest of them has waited; nothing when there is none.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn waiting_for(&self) -> Result<Duration, LogError> {
        // By one clock: this machine's may be another. The first in the queue is among the oldest.
        let sql = "SELECT EXTRACT(EPOCH FROM clock_timestamp() - e.recorded_at)::float8 \
                   FROM (SELECT seq FROM unsequenced ORDER BY seq LIMIT 1) u JOIN events e USING (seq)";
        let waited: Option<f64> =
            sqlx::query_scalar(sql).fetch_optional(&self.pool).await.map_err(failed)?;
        Ok(Duration::try_from_secs_f64(waited.unwrap_or(0.0)).unwrap_or_default())
    }

    async fn number(&self, sql: &'static str) -> Result<u64, LogError> {
        let number: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(failed)?;
        Ok(number.unsigned_abs())
    }
}
