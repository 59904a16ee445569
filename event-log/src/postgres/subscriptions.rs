//! Checkpoints, the park and effects on PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ids::StreamId;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::PostgresLog;
use super::connect::failed;
use super::row::{number, signed, stream};
use crate::error::LogError;
use crate::ports::{Parked, Subscriptions};

#[async_trait]
impl Subscriptions for PostgresLog {
    async fn checkpoint(&self, subscription: &str) -> Result<u64, LogError> {
        let row = sqlx::query("SELECT position FROM checkpoints WHERE subscription = $1")
            .bind(subscription)
            .fetch_optional(self.pool())
            .await
            .map_err(failed)?;
        row.map_or(Ok(0), |row| number(&row, "position"))
    }

    async fn advance(&self, subscription: &str, from: u64, to: u64) -> Result<bool, LogError> {
        let sql = if from == 0 {
            "INSERT INTO checkpoints AS c (subscription, position) VALUES ($1, $3) \
             ON CONFLICT (subscription) DO UPDATE SET position = excluded.position \
             WHERE c.position = $2"
        } else {
            "UPDATE checkpoints SET position = $3 WHERE subscription = $1 AND position = $2"
        };
        let done = sqlx::query(sql)
            .bind(subscription)
            .bind(signed(from))
            .bind(signed(to))
            .execute(self.pool())
            .await
            .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn park(&self, parked: Parked) -> Result<(), LogError> {
        sqlx::query(
            "INSERT INTO parked AS p (subscription, position, stream_kind, stream_id, type, error, \
                attempts, parked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (subscription, position) DO UPDATE \
             SET error = excluded.error, attempts = p.attempts + excluded.attempts",
        )
        .bind(parked.subscription)
        .bind(signed(parked.position))
        .bind(parked.stream.kind.as_str())
        .bind(parked.stream.id.to_string())
        .bind(parked.kind)
        // PostgreSQL keeps no NUL in a text.
        .bind(parked.error.replace('\0', "\u{fffd}"))
        .bind(i64::from(parked.attempts))
        .bind(parked.parked_at)
        .execute(self.pool())
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn parked(&self, subscription: &str) -> Result<Vec<Parked>, LogError> {
        let rows = sqlx::query("SELECT * FROM parked WHERE subscription = $1 ORDER BY position")
            .bind(subscription)
            .fetch_all(self.pool())
            .await
            .map_err(failed)?;
        rows.iter().map(parked).collect()
    }

    async fn unpark(&self, subscription: &str, position: u64) -> Result<(), LogError> {
        // Handled, so that nobody is given it again.
        sqlx::query(
            "SELECT set_handled(p.subscription, p.stream_kind, p.stream_id, p.position) FROM parked p \
             WHERE p.subscription = $1 AND p.position = $2",
        )
        .bind(subscription)
        .bind(signed(position))
        .execute(self.pool())
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn parked_count(&self, subscription: &str) -> Result<u64, LogError> {
        let count = sqlx::query("SELECT COUNT(*) AS n FROM parked WHERE subscription = $1");
        number(&count.bind(subscription).fetch_one(self.pool()).await.map_err(failed)?, "n")
    }

    async fn parked_everywhere(&self) -> Result<Vec<Parked>, LogError> {
        let rows = sqlx::query("SELECT * FROM parked ORDER BY subscription, position")
            .fetch_all(self.pool())
            .await
            .map_err(failed)?;
        rows.iter().map(parked).collect()
    }

    async fn ask_requeue(
        &self,
        subscription: &str,
        position: Option<u64>,
    ) -> Result<u64, LogError> {
        let row = sqlx::query(
            "WITH asked AS (SELECT DISTINCT subscription, stream_kind, stream_id FROM parked \
                WHERE subscription = $1 AND position = COALESCE($2, position)), \
             noted AS (INSERT INTO requeues SELECT * FROM asked ON CONFLICT DO NOTHING) \
             SELECT COUNT(*) AS streams FROM asked",
        )
        .bind(subscription)
        .bind(position.map(signed))
        .fetch_one(self.pool())
        .await
        .map_err(failed)?;
        number(&row, "streams")
    }

    async fn requeues(&self, subscription: &str) -> Result<Vec<StreamId>, LogError> {
        let sql = "SELECT stream_kind, stream_id FROM requeues WHERE subscription = $1 \
                   ORDER BY asked_at";
        let rows =
            sqlx::query(sql).bind(subscription).fetch_all(self.pool()).await.map_err(failed)?;
        rows.iter().map(|row| stream(row, "stream_kind", "stream_id")).collect()
    }

    async fn requeued(&self, subscription: &str, stream: StreamId) -> Result<(), LogError> {
        sqlx::query(
            "DELETE FROM requeues WHERE subscription = $1 AND stream_kind = $2 AND stream_id = $3",
        )
        .bind(subscription)
        .bind(stream.kind.as_str())
        .bind(stream.id.to_string())
        .execute(self.pool())
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn drop_parked(&self, subscription: &str, position: u64) -> Result<bool, LogError> {
        sqlx::query_scalar("SELECT drop_parked($1, $2)")
            .bind(subscription)
            .bind(signed(position))
            .fetch_one(self.pool())
            .await
            .map_err(failed)
    }

    async fn claim_effect(&self, effect: &str) -> Result<bool, LogError> {
        let done = sqlx::query("INSERT INTO effects (effect) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(effect)
            .execute(self.pool())
            .await
            .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn release_effect(&self, effect: &str) -> Result<(), LogError> {
        sqlx::query("DELETE FROM effects WHERE effect = $1")
            .bind(effect)
            .execute(self.pool())
            .await
            .map_err(failed)?;
        Ok(())
    }
}

fn parked(row: &PgRow) -> Result<Parked, LogError> {
    let at: DateTime<Utc> = row.try_get("parked_at").map_err(failed)?;
    Ok(Parked {
        subscription: row.try_get("subscription").map_err(failed)?,
        position: number(row, "position")?,
        stream: stream(row, "stream_kind", "stream_id")?,
        kind: row.try_get("type").map_err(failed)?,
        error: row.try_get("error").map_err(failed)?,
        attempts: u32::try_from(number(row, "attempts")?).unwrap_or(u32::MAX),
        parked_at: at,
    })
}
