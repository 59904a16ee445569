//! The event store on SQLite.

use async_trait::async_trait;
use domain::decide::Reserve;
use domain::ids::StreamId;
use sqlx::{Row as _, SqliteConnection};
use tokio::sync::watch;

use super::row::{COLUMNS, number, recorded, signed, stream};
use super::{SqliteLog, failed};
use crate::error::LogError;
use crate::event::{NewEvent, Recorded};
use crate::ports::{Append, AppendError, Appended, EventStore, Handled};

#[async_trait]
impl EventStore for SqliteLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        // Dropping the transaction on any of these errors rolls all of it back.
        if let Some(mine) = &append.idempotency
            && let Some(handled) = handled(&mut tx, &mine.key).await?
        {
            return Err(AppendError::Repeated(handled));
        }
        let actual = version(&mut tx, append.stream).await?;
        if actual != append.expected_version {
            return Err(AppendError::StaleVersion { actual });
        }
        for (index, reserve) in append.reservations.iter().enumerate() {
            apply(&mut tx, append.stream, index, reserve).await?;
        }
        let mut position = 0;
        let mut version = append.expected_version;
        for event in &append.events {
            version += 1;
            position = insert(&mut tx, append.stream, version, event).await?;
        }
        if let Some(mine) = &append.idempotency {
            sqlx::query("INSERT INTO commands VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(&mine.key)
                .bind(&mine.fingerprint)
                .bind(append.stream.kind.as_str())
                .bind(append.stream.id.as_bytes().as_slice())
                .bind(signed(version))
                .bind(signed(position))
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
        }
        tx.commit().await.map_err(failed)?;
        self.head.send_if_modified(|head| {
            let moved = position > *head;
            *head = position.max(*head);
            moved
        });
        Ok(Appended { version, position })
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
        let rows = sqlx::query(&sql)
            .bind(signed(after))
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(recorded).collect()
    }

    async fn head(&self) -> Result<u64, LogError> {
        self.read_head().await
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
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

impl SqliteLog {
    pub(super) async fn read_head(&self) -> Result<u64, LogError> {
        let row = sqlx::query("SELECT COALESCE(MAX(position), 0) AS head FROM events")
            .fetch_one(&self.readers)
            .await
            .map_err(failed)?;
        number(&row, "head")
    }
}

/// The first name that sorts behind every name with this prefix. Names are ASCII.
fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

async fn version(tx: &mut SqliteConnection, stream: StreamId) -> Result<u64, LogError> {
    let row = sqlx::query(
        "SELECT COALESCE(MAX(version), 0) AS version FROM events \
         WHERE stream_id = $1 AND stream_kind = $2",
    )
    .bind(stream.id.as_bytes().as_slice())
    .bind(stream.kind.as_str())
    .fetch_one(tx)
    .await
    .map_err(failed)?;
    number(&row, "version")
}

async fn insert(
    tx: &mut SqliteConnection,
    stream: StreamId,
    version: u64,
    event: &NewEvent,
) -> Result<u64, LogError> {
    let actor = serde_json::to_string(&event.actor)
        .map_err(|e| LogError::Io { doing: "encode an actor", problem: e.to_string() })?;
    let id = |id: uuid::Uuid| id.as_bytes().to_vec();
    let done = sqlx::query(
        "INSERT INTO events (event_id, stream_kind, stream_id, version, type, occurred_at, \
         recorded_at, actor, command_id, causation_id, correlation_id, traceparent, key_id, payload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(id(event.event_id.0))
    .bind(stream.kind.as_str())
    .bind(id(stream.id))
    .bind(signed(version))
    .bind(&event.kind)
    .bind(event.occurred_at.timestamp_micros())
    .bind(chrono::Utc::now().timestamp_micros())
    .bind(actor)
    .bind(id(event.command_id.0))
    .bind(event.causation_id.map(|e| id(e.0)))
    .bind(&event.correlation_id)
    .bind(&event.traceparent)
    .bind(event.key_id.map(|k| id(k.0)))
    .bind(&event.payload)
    .execute(tx)
    .await
    .map_err(failed)?;
    u64::try_from(done.last_insert_rowid())
        .map_err(|_| LogError::Damaged("a position is negative".into()))
}

async fn handled(tx: &mut SqliteConnection, key: &str) -> Result<Option<Handled>, LogError> {
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
            position: number(&row, "position")?,
        },
    }))
}

async fn holder(tx: &mut SqliteConnection, name: &str) -> Result<Option<StreamId>, LogError> {
    let row = sqlx::query("SELECT owner_kind, owner_id FROM reservations WHERE name = $1")
        .bind(name)
        .fetch_optional(tx)
        .await
        .map_err(failed)?;
    row.map(|row| stream(&row, "owner_kind", "owner_id")).transpose()
}

async fn apply(
    tx: &mut SqliteConnection,
    owner: StreamId,
    index: usize,
    reserve: &Reserve,
) -> Result<(), AppendError> {
    let id = owner.id.as_bytes().to_vec();
    let kind = owner.kind.as_str();
    match reserve {
        Reserve::Claim { name, .. } => match holder(tx, name).await? {
            Some(holder) if holder == owner => {}
            Some(holder) => return Err(AppendError::Taken { index, holder }),
            None => {
                let sql =
                    "INSERT INTO reservations (name, owner_kind, owner_id) VALUES ($1, $2, $3)";
                sqlx::query(sql)
                    .bind(name)
                    .bind(kind)
                    .bind(id)
                    .execute(tx)
                    .await
                    .map_err(failed)?;
            }
        },
        Reserve::Release { name } => {
            let sql =
                "DELETE FROM reservations WHERE name = $1 AND owner_kind = $2 AND owner_id = $3";
            sqlx::query(sql).bind(name).bind(kind).bind(id).execute(tx).await.map_err(failed)?;
        }
        Reserve::ReleaseOwned => {
            let sql = "DELETE FROM reservations WHERE owner_kind = $1 AND owner_id = $2";
            sqlx::query(sql).bind(kind).bind(id).execute(tx).await.map_err(failed)?;
        }
        Reserve::Require { name, .. } => {
            if holder(tx, name).await?.is_none() {
                return Err(AppendError::NotAsRequired { index });
            }
        }
        Reserve::RequireNone { prefix, .. } => {
            let sql = "SELECT 1 FROM reservations WHERE name >= $1 AND name < $2 LIMIT 1";
            let found = sqlx::query(sql)
                .bind(prefix)
                .bind(after_prefix(prefix))
                .fetch_optional(tx)
                .await
                .map_err(failed)?;
            if found.is_some() {
                return Err(AppendError::NotAsRequired { index });
            }
        }
    }
    Ok(())
}
