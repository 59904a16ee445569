//! Checkpoints and the park on SQLite.

use async_trait::async_trait;
use sqlx::Row as _;

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
        rows.iter()
            .map(|row| {
                Ok(Parked {
                    subscription: row.try_get("subscription").map_err(failed)?,
                    position: number(row, "position")?,
                    stream: stream(row, "stream_kind", "stream_id")?,
                    kind: row.try_get("type").map_err(failed)?,
                    error: row.try_get("error").map_err(failed)?,
                    attempts: row.try_get("attempts").map_err(failed)?,
                    parked_at: time(row, "parked_at")?,
                })
            })
            .collect()
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
