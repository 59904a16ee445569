//! Rows to events and back.

use chrono::{DateTime, Utc};
use domain::decide::Timestamp;
use domain::ids::{StreamId, StreamKind};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::error::LogError;
use crate::event::Recorded;

use super::failed;

pub(super) const COLUMNS: &str = "position, event_id, stream_kind, stream_id, version, type, \
     occurred_at, recorded_at, actor, command_id, causation_id, correlation_id, traceparent, key_id, \
     payload";

pub(super) fn recorded(row: &SqliteRow) -> Result<Recorded, LogError> {
    let actor: &str = row.try_get("actor").map_err(failed)?;
    let optional = |column: &str| -> Result<Option<Uuid>, LogError> {
        let bytes: Option<&[u8]> = row.try_get(column).map_err(failed)?;
        bytes.map(uuid_of).transpose()
    };
    Ok(Recorded {
        position: number(row, "position")?,
        event_id: uuid(row, "event_id")?.into(),
        stream: stream(row, "stream_kind", "stream_id")?,
        version: number(row, "version")?,
        kind: row.try_get("type").map_err(failed)?,
        occurred_at: time(row, "occurred_at")?,
        recorded_at: time(row, "recorded_at")?,
        actor: serde_json::from_str(actor).map_err(|e| LogError::Damaged(e.to_string()))?,
        command_id: uuid(row, "command_id")?.into(),
        causation_id: optional("causation_id")?.map(Into::into),
        correlation_id: row.try_get("correlation_id").map_err(failed)?,
        traceparent: row.try_get("traceparent").map_err(failed)?,
        key_id: optional("key_id")?.map(Into::into),
        payload: row.try_get("payload").map_err(failed)?,
    })
}

pub(super) fn number(row: &SqliteRow, column: &str) -> Result<u64, LogError> {
    let value: i64 = row.try_get(column).map_err(failed)?;
    u64::try_from(value).map_err(|_| LogError::Damaged(format!("column {column} is negative")))
}

pub(super) fn uuid(row: &SqliteRow, column: &str) -> Result<Uuid, LogError> {
    uuid_of(row.try_get(column).map_err(failed)?)
}

fn uuid_of(bytes: &[u8]) -> Result<Uuid, LogError> {
    Uuid::from_slice(bytes).map_err(|e| LogError::Damaged(e.to_string()))
}

pub(super) fn stream(row: &SqliteRow, kind: &str, id: &str) -> Result<StreamId, LogError> {
    let name: &str = row.try_get(kind).map_err(failed)?;
    let kind = StreamKind::ALL
        .into_iter()
        .find(|k| k.as_str() == name)
        .ok_or_else(|| LogError::Damaged(format!("unknown kind of stream `{name}`")))?;
    Ok(StreamId { kind, id: uuid(row, id)? })
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, LogError> {
    let micros: i64 = row.try_get(column).map_err(failed)?;
    DateTime::<Utc>::from_timestamp_micros(micros)
        .ok_or_else(|| LogError::Damaged(format!("column {column} is not a time")))
}

/// SQLite's integers are signed; positions and versions never come near the limit.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
