//! Checkpoints and the park on SQLite.

use async_trait::async_trait;
use domain::ids::StreamId;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::row::{number, signed, stream, time};
use super::{SqliteLog, failed};
use crate::error::LogError;
use crate::ports::{Parked, Subscriptions};

#[async_trait]
impl Subscriptions for SqliteLog {
    async fn checkpoint(&self, subscription: &str) -> Result<u64, LogError> {
        let row = sqlx::query("SELECT position FROM checkpoints WHERE subscription = $1")
            .bind(subscription)
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        row.map_or(Ok(0), |row| number(&row, "position"))
    }

    async fn advance(&self, subscription: &str, from: u64, to: u64) -> Result<bool, LogError> {
        let sql = if from == 0 {
            "INSERT INTO checkpoints (subscription, position) VALUES ($1, $3) \
             ON CONFLICT (subscription) DO UPDATE SET position = excluded.position \
             WHERE checkpoints.position = $2"
        } else {
            "UPDATE checkpoints SET position = $3 WHERE subscription = $1 AND position = $2"
        };
        let done = sqlx::query(sql)
            .bind(subscription)
            .bind(signed(from))
            .bind(signed(to))
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn park(&self, parked: Parked) -> Result<(), LogError> {
        sqlx::query(
            "INSERT INTO parked VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (subscription, position) DO UPDATE \
             SET error = excluded.error, attempts = parked.attempts + excluded.attempts",
        )
        .bind(parked.subscription)
        .bind(signed(parked.position))
        .bind(parked.stream.kind.as_str())
        .bind(parked.stream.id.as_bytes().as_slice())
        .bind(parked.kind)
        .bind(parked.error)
        .bind(parked.attempts)
        .bind(parked.parked_at.timestamp_micros())
        .execute(&self.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn parked(&self, subscription: &str) -> Result<Vec<Parked>, LogError> {
        let rows = sqlx::query("SELECT * FROM parked WHERE subscription = $1 ORDER BY position")
            .bind(subscription)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(parked).collect()
    }

    async fn parked_count(&self, subscription: &str) -> Result<u64, LogError> {
        let count = sqlx::query("SELECT COUNT(*) AS n FROM parked WHERE subscription = $1");
        number(&count.bind(subscription).fetch_one(&self.readers).await.map_err(failed)?, "n")
    }

    async fn parked_everywhere(&self) -> Result<Vec<Parked>, LogError> {
        let rows = sqlx::query("SELECT * FROM parked ORDER BY subscription, position")
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(parked).collect()
    }

    async fn ask_requeue(
        &self,
        subscription: &str,
        position: Option<u64>,
    ) -> Result<u64, LogError> {
        // A stream that is asked for already keeps its place.
        sqlx::query(
            "INSERT INTO requeues (subscription, stream_kind, stream_id) \
             SELECT DISTINCT subscription, stream_kind, stream_id FROM parked \
             WHERE subscription = $1 AND position = COALESCE($2, position) \
             ON CONFLICT DO NOTHING",
        )
        .bind(subscription)
        .bind(position.map(signed))
        .execute(&self.writer)
        .await
        .map_err(failed)?;
        let row = sqlx::query(
            "SELECT COUNT(DISTINCT stream_kind || hex(stream_id)) AS streams FROM parked \
             WHERE subscription = $1 AND position = COALESCE($2, position)",
        )
        .bind(subscription)
        .bind(position.map(signed))
        .fetch_one(&self.writer)
        .await
        .map_err(failed)?;
        number(&row, "streams")
    }

    async fn requeues(&self, subscription: &str) -> Result<Vec<StreamId>, LogError> {
        let sql = "SELECT stream_kind, stream_id FROM requeues WHERE subscription = $1 ORDER BY id";
        let rows =
            sqlx::query(sql).bind(subscription).fetch_all(&self.readers).await.map_err(failed)?;
        rows.iter().map(|row| stream(row, "stream_kind", "stream_id")).collect()
    }

    async fn requeued(&self, subscription: &str, stream: StreamId) -> Result<(), LogError> {
        sqlx::query(
            "DELETE FROM requeues WHERE subscription = $1 AND stream_kind = $2 AND stream_id = $3",
        )
        .bind(subscription)
        .bind(stream.kind.as_str())
        .bind(stream.id.as_bytes().as_slice())
        .execute(&self.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn drop_parked(&self, subscription: &str, position: u64) -> Result<bool, LogError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO requeues (subscription, stream_kind, stream_id) \
             SELECT subscription, stream_kind, stream_id FROM parked \
             WHERE subscription = $1 AND position = $2 ON CONFLICT DO NOTHING",
        )
        .bind(subscription)
        .bind(signed(position))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let dropped = sqlx::query("DELETE FROM parked WHERE subscription = $1 AND position = $2")
            .bind(subscription)
            .bind(signed(position))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(dropped.rows_affected() == 1)
    }

    async fn unpark(&self, subscription: &str, position: u64) -> Result<(), LogError> {
        sqlx::query("DELETE FROM parked WHERE subscription = $1 AND position = $2")
            .bind(subscription)
            .bind(signed(position))
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn claim_effect(&self, effect: &str) -> Result<bool, LogError> {
        let sql = "INSERT INTO effects (effect, claimed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let done = sqlx::query(sql)
            .bind(effect)
            .bind(chrono::Utc::now().timestamp_micros())
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn release_effect(&self, effect: &str) -> Result<(), LogError> {
        sqlx::query("DELETE FROM effects WHERE effect = $1")
            .bind(effect)
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }
}

fn parked(row: &SqliteRow) -> Result<Parked, LogError> {
    Ok(Parked {
        subscription: row.try_get("subscription").map_err(failed)?,
        position: number(row, "position")?,
        stream: stream(row, "stream_kind", "stream_id")?,
        kind: row.try_get("type").map_err(failed)?,
        error: row.try_get("error").map_err(failed)?,
        attempts: row.try_get("attempts").map_err(failed)?,
        parked_at: time(row, "parked_at")?,
    })
}
