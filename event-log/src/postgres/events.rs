//! The event store on PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use domain::ids::StreamId;
use sqlx::Row as _;
use tokio::sync::watch;

use super::connect::failed;
use super::row::{COLUMNS, number, recorded, signed, stream};
use super::{Order, PostgresLog};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::{Append, AppendError, Appended, EventStore, Handled};

#[async_trait]
impl EventStore for PostgresLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.append_all(append).await
    }

    async fn read_stream(&self, stream: StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events e LEFT JOIN positions p USING (seq) \
             WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.sequence > $3 ORDER BY e.sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(stream.kind.as_str())
            .bind(stream.id.to_string())
            .bind(signed(after))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter().map(recorded).collect()
    }

    async fn read_all(&self, after: u64, limit: u32) -> Result<Vec<Recorded>, LogError> {
        // The limit before the join: the order is that of one index, the events are looked up by another.
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT position, seq FROM positions WHERE position > $1 \
             ORDER BY position LIMIT $2) p JOIN events e USING (seq) ORDER BY p.position"
        );
        let rows = sqlx::query(&sql)
            .bind(signed(after))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter().map(recorded).collect()
    }

    async fn head(&self) -> Result<u64, LogError> {
        Order::of(&self.pool).head().await
    }

    async fn unplaced(&self) -> Result<u64, LogError> {
        Order::of(&self.pool).waiting().await
    }

    async fn unplaced_for(&self) -> Result<Duration, LogError> {
        Order::of(&self.pool).waiting_for().await
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.head_moves()
    }

    async fn placed(&self, stream: StreamId, version: u64) -> Result<u64, LogError> {
        if version == 0 {
            return Ok(0);
        }
        if let Some(position) = self.places.of(stream, version).await {
            return Ok(position);
        }
        let mut head = self.head_moves();
        loop {
            head.mark_unchanged();
            let sql = "SELECT p.position FROM events e JOIN positions p USING (seq) \
                       WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.sequence = $3";
            let row = sqlx::query(sql)
                .bind(stream.kind.as_str())
                .bind(stream.id.to_string())
                .bind(signed(version))
                .fetch_optional(&self.pool)
                .await
                .map_err(failed)?;
            if let Some(row) = row {
                return number(&row, "position");
            }
            // The sender lives as long as `self`.
            let _ = head.changed().await;
        }
    }

    async fn handled(&self, key: &str) -> Result<Option<Handled>, LogError> {
        let row = sqlx::query(
            "SELECT c.fingerprint, c.stream_kind, c.stream_id, c.version, p.position \
             FROM commands c LEFT JOIN events e ON e.aggregate_type = c.stream_kind \
                AND e.aggregate_id = c.stream_id AND e.sequence = c.version \
             LEFT JOIN positions p USING (seq) WHERE c.idempotency_key = $1",
        )
        .bind(key)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let version = number(&row, "version")?;
        let position: Option<i64> = row.try_get("position").map_err(failed)?;
        let position = position.map(i64::unsigned_abs).or((version == 0).then_some(0));
        Ok(Some(Handled {
            fingerprint: row.try_get("fingerprint").map_err(failed)?,
            stream: stream(&row, "stream_kind", "stream_id")?,
            appended: Appended { version, position },
        }))
    }

    async fn holder(&self, name: &str) -> Result<Option<StreamId>, LogError> {
        let row = sqlx::query("SELECT owner_kind, owner_id FROM reservations WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.map(|row| stream(&row, "owner_kind", "owner_id")).transpose()
    }

    async fn held(&self, prefix: &str) -> Result<Vec<(String, StreamId)>, LogError> {
        let rows = sqlx::query(
            "SELECT name, owner_kind, owner_id FROM reservations \
             WHERE name >= $1 AND name < $1 || U&'\\+10FFFF' ORDER BY name",
        )
        .bind(prefix)
        .fetch_all(&self.pool)
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                let name = row.try_get("name").map_err(failed)?;
                Ok((name, stream(row, "owner_kind", "owner_id")?))
            })
            .collect()
    }
}
