//! Rows to events and back: postgres-es's columns, and the envelope in the metadata.

use chrono::{DateTime, SubsecRound as _, Utc};
use domain::actor::Actor;
use domain::decide::Timestamp;
use domain::ids::{StreamId, StreamKind};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::connect::failed;
use crate::error::LogError;
use crate::event::{NewEvent, Recorded};

/// What [`recorded`] reads, of `events e` and `positions p`.
pub(super) const COLUMNS: &str = "COALESCE(p.position, 0) AS position, e.event_id, e.aggregate_type, \
     e.aggregate_id, e.sequence, e.event_type, e.payload::text AS payload, \
     e.metadata::text AS metadata, e.recorded_at";

/// The envelope, as it stands in `metadata`.
#[derive(Serialize, Deserialize)]
struct Metadata<A> {
    event_id: Uuid,
    occurred_at: Timestamp,
    actor: A,
    command_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    correlation_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<Uuid>,
}

/// An event's envelope as JSON.
pub(super) fn metadata(event: &NewEvent) -> Result<String, LogError> {
    let metadata = Metadata {
        event_id: event.event_id.0,
        // As exact as every engine keeps it.
        occurred_at: event.occurred_at.trunc_subsecs(6),
        actor: &event.actor,
        command_id: event.command_id.0,
        causation_id: event.causation_id.map(|id| id.0),
        correlation_id: event.correlation_id.clone(),
        traceparent: event.traceparent.clone(),
        key_id: event.key_id.map(|id| id.0),
    };
    serde_json::to_string(&metadata)
        .map_err(|e| LogError::Io { doing: "encode an envelope", problem: e.to_string() })
}

pub(super) fn recorded(row: &PgRow) -> Result<Recorded, LogError> {
    let metadata: &str = row.try_get("metadata").map_err(failed)?;
    let metadata: Metadata<Actor> = serde_json::from_str(metadata)
        .map_err(|e| LogError::Damaged(format!("an event's envelope: {e}")))?;
    let recorded_at: DateTime<Utc> = row.try_get("recorded_at").map_err(failed)?;
    let event_id: Uuid = row.try_get("event_id").map_err(failed)?;
    Ok(Recorded {
        position: number(row, "position")?,
        event_id: event_id.into(),
        stream: stream(row, "aggregate_type", "aggregate_id")?,
        version: number(row, "sequence")?,
        kind: row.try_get("event_type").map_err(failed)?,
        occurred_at: metadata.occurred_at,
        recorded_at,
        actor: metadata.actor,
        command_id: metadata.command_id.into(),
        causation_id: metadata.causation_id.map(Into::into),
        correlation_id: metadata.correlation_id,
        traceparent: metadata.traceparent,
        key_id: metadata.key_id.map(Into::into),
        payload: row.try_get("payload").map_err(failed)?,
    })
}

pub(super) fn number(row: &PgRow, column: &str) -> Result<u64, LogError> {
    let value: i64 = row.try_get(column).map_err(failed)?;
    u64::try_from(value).map_err(|_| LogError::Damaged(format!("column {column} is negative")))
}

pub(super) fn stream(row: &PgRow, kind: &str, id: &str) -> Result<StreamId, LogError> {
    let (kind, id): (&str, &str) =
        (row.try_get(kind).map_err(failed)?, row.try_get(id).map_err(failed)?);
    stream_of(kind, id)
}

/// A stream by its kind's name and its id.
pub(super) fn stream_of(kind: &str, id: &str) -> Result<StreamId, LogError> {
    let known = StreamKind::ALL.into_iter().find(|k| k.as_str() == kind);
    let kind =
        known.ok_or_else(|| LogError::Damaged(format!("unknown kind of stream `{kind}`")))?;
    let id: Uuid = id.parse().map_err(|e| LogError::Damaged(format!("a stream's id: {e}")))?;
    Ok(StreamId { kind, id })
}

/// PostgreSQL's integers are signed; positions and versions never come near the limit.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
