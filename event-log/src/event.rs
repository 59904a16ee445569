//! The envelope of every event, before and after it has a position.

use domain::actor::Actor;
use domain::decide::{Decider, Timestamp};
use domain::ids::{CandidateId, CommandId, EventId, StreamId};
use serde_json::{Map, Value};

use crate::error::LogError;

/// An event on its way into the log.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id (UUIDv7).
    pub event_id: EventId,
    /// Its wire name: `noun.verb.vN`.
    pub kind: String,
    /// When it happened, by the clock of whoever decided.
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The command that led to it.
    pub command_id: CommandId,
    /// The event that led to the command, where there is one.
    pub causation_id: Option<EventId>,
    /// What belongs together: one resume's way through the system, one request.
    pub correlation_id: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Whose key its personal data is sealed under.
    pub key_id: Option<CandidateId>,
    /// JSON, personal fields sealed.
    pub payload: String,
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its place in the whole log: 1, 2, 3... without gaps.
    pub position: u64,
    /// Its id.
    pub event_id: EventId,
    /// The aggregate's stream.
    pub stream: StreamId,
    /// Its place in the stream: 1, 2, 3...
    pub version: u64,
    /// Its wire name.
    pub kind: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the log took it.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The command that led to it.
    pub command_id: CommandId,
    /// The event that led to the command.
    pub causation_id: Option<EventId>,
    /// What belongs together.
    pub correlation_id: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Whose key its personal data is sealed under.
    pub key_id: Option<CandidateId>,
    /// JSON, personal fields sealed.
    pub payload: String,
}

impl Recorded {
    /// The number behind `.v` of its wire name.
    pub fn schema_version(&self) -> u32 {
        domain::decide::schema_version(&self.kind)
    }

    /// The event, personal fields still sealed.
    ///
    /// # Errors
    /// `EVENT_UNDECODABLE`.
    pub fn decode<A: Decider>(&self) -> Result<A::Event, LogError> {
        // Stored apart so that the log can be searched by type; put back as serde expects it.
        let tagged = format!(r#"{{"type":"{}","data":{}}}"#, self.kind, self.payload);
        serde_json::from_str(&tagged).map_err(|e| self.undecodable(&e))
    }

    /// What it says, with null in the place of personal fields: what may be told to whoever may not read them.
    ///
    /// # Errors
    /// `EVENT_UNDECODABLE`.
    pub fn without_personal(&self) -> Result<Value, LogError> {
        let data = serde_json::from_str(&self.payload).map_err(|e| self.undecodable(&e))?;
        Ok(without_sealed(data))
    }

    fn undecodable(&self, error: &serde_json::Error) -> LogError {
        LogError::Undecodable {
            position: self.position,
            kind: self.kind.clone(),
            problem: error.to_string(),
        }
    }
}

/// Sealed fields become null.
fn without_sealed(value: Value) -> Value {
    match value {
        Value::Object(map) if is_sealed(&map) => Value::Null,
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(k, v)| (k, without_sealed(v))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_sealed).collect()),
        plain => plain,
    }
}

/// `{"sealed": "..."}`: how a sealed field stands in an event.
fn is_sealed(map: &Map<String, Value>) -> bool {
    map.len() == 1 && map.get("sealed").is_some_and(Value::is_string)
}

/// The associated data that binds ciphertext to its place: moved to another event, stream, version
/// or field it no longer opens.
pub(crate) fn header(
    event_id: EventId,
    stream: StreamId,
    version: u64,
    kind: &str,
    field: usize,
) -> Vec<u8> {
    format!("hiresphere/event/1|{event_id}|{stream}|{version}|{kind}|{field}").into_bytes()
}
