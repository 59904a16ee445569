//! The event store on SQLite.

use async_trait::async_trait;
use domain::ids::StreamId;
use sqlx::{Row as _, SqliteConnection, SqlitePool};
use tokio::sync::watch;

use super::row::{COLUMNS, number, recorded, signed, stream};
use super::{SqliteLog, bursts, failed};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::{Append, AppendError, Appended, EventStore, Handled};

#[async_trait]
impl EventStore for SqliteLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.appender.append(append).await
    }

    async fn read_stream(&self, stream: StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events \
             WHERE stream_id = $1 AND stream_kind = $2 AND version > $3 ORDER BY version"
        );
        let rows = sqlx::query(&sql)
            .bind(stream.id.as_bytes().as_slice())
            .bind(stream.kind.as_str())
            .bind(signed(after))
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(recorded).collect()
    }

    async fn read_all(&self, after: u64, limit: u32) -> Result<Vec<Recorded>, LogError> {
        let sql =
            format!("SELECT {COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2");
        let rows = sqlx::query(&sql).bind(signed(after)).bind(limit).fetch(&self.readers);
        bursts::all(rows, recorded).await
    }

    async fn head(&self) -> Result<u64, LogError> {
        head(&self.readers).await
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    async fn placed(&self, stream: StreamId, version: u64) -> Result<u64, LogError> {
        if version == 0 {
            return Ok(0);
        }
        let sql = "SELECT position FROM events \
                   WHERE stream_id = $1 AND stream_kind = $2 AND version = $3";
        let row = sqlx::query(sql)
            .bind(stream.id.as_bytes().as_slice())
            .bind(stream.kind.as_str())
            .bind(signed(version))
            .fetch_one(&self.readers)
            .await
            .map_err(failed)?;
        number(&row, "position")
    }

    async fn handled(&self, key: &str) -> Result<Option<Handled>, LogError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        handled(&mut connection, key).await
    }

    async fn holder(&self, name: &str) -> Result<Option<StreamId>, LogError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        holder(&mut connection, name).await
    }

    async fn held(&self, prefix: &str) -> Result<Vec<(String, StreamId)>, LogError> {
        let rows = sqlx::query(
            "SELECT name, owner_kind, owner_id FROM reservations \
             WHERE name >= $1 AND name < $2 ORDER BY name",
        )
        .bind(prefix)
        .bind(after_prefix(prefix))
        .fetch_all(&self.readers)
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

/// The position of the last event.
pub(super) async fn head(readers: &SqlitePool) -> Result<u64, LogError> {
    let row = sqlx::query("SELECT COALESCE(MAX(position), 0) AS head FROM events")
        .fetch_one(readers)
        .await
        .map_err(failed)?;
    number(&row, "head")
}

/// The first name that sorts behind every name with this prefix. Names are ASCII.
pub(super) fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

pub(super) async fn handled(
    tx: &mut SqliteConnection,
    key: &str,
) -> Result<Option<Handled>, LogError> {
    let row = sqlx::query(
        "SELECT fingerprint, stream_kind, stream_id, version, position FROM commands \
         WHERE idempotency_key = $1",
    )
    .bind(key)
    .fetch_optional(tx)
    .await
    .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Handled {
        fingerprint: row.try_get("fingerprint").map_err(failed)?,
        stream: stream(&row, "stream_kind", "stream_id")?,
        appended: Appended {
            version: number(&row, "version")?,
            position: Some(number(&row, "position")?),
        },
    }))
}

pub(super) async fn holder(
    tx: &mut SqliteConnection,
    name: &str,
) -> Result<Option<StreamId>, LogError> {
    let row = sqlx::query("SELECT owner_kind, owner_id FROM reservations WHERE name = $1")
        .bind(name)
        .fetch_optional(tx)
        .await
        .map_err(failed)?;
    row.map(|row| stream(&row, "owner_kind", "owner_id")).transpose()
}
