//! An event as a message of the bus, and back: CloudEvents in binary mode.
//!
//! The payload is the event's, byte for byte; everything else is in headers. What a header cannot hold is
//! percent-encoded, as CloudEvents says.

use std::fmt::Write as _;
use std::str::FromStr;

use async_nats::header::{IntoHeaderValue, NATS_EXPECTED_LAST_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::{HeaderMap, HeaderName};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::actor::{Actor, ActorKind};
use domain::decide::Timestamp;
use domain::ids::{CandidateId, CommandId, EventId};
use uuid::Uuid;

use crate::event::Recorded;

/// The subjects of the bus stream.
pub const SUBJECTS: &str = "hiresphere.events.>";
const PREFIX: &str = "hiresphere.events";

const SPEC_VERSION: &str = "ce-specversion";
const CONTENT_TYPE: &str = "content-type";
const ID: &str = "ce-id";
const SOURCE: &str = "ce-source";
const TYPE: &str = "ce-type";
const SUBJECT: &str = "ce-subject";
const TIME: &str = "ce-time";
const POSITION: &str = "ce-sequence";
const VERSION: &str = "ce-streamversion";
const RECORDED: &str = "ce-recordedtime";
const ACTOR_KIND: &str = "ce-actorkind";
const ACTOR_ID: &str = "ce-actorid";
const ACTOR_FOR: &str = "ce-actorfor";
const COMMAND: &str = "ce-commandid";
const CAUSATION: &str = "ce-causationid";
const CORRELATION: &str = "ce-correlationid";
const KEY: &str = "ce-keyid";
const TRACEPARENT: &str = "traceparent";
/// Says that the payload is too large for the bus and is in the log only.
const OMITTED: &str = "hiresphere-omitted";

/// Why a message is not taken for an event of this log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It comes from another log, or not from a log at all.
    #[error("the message comes from `{0}`")]
    Foreign(String),
    /// It is not where an event with its position belongs.
    #[error("the message of position {says} is at {at}")]
    Misplaced {
        /// The position it says it has.
        says: String,
        /// Where it is on the bus.
        at: u64,
    },
    /// A header is missing or cannot be read.
    #[error("the header `{0}` is missing or cannot be read")]
    Header(&'static str),
    /// Its payload is not text.
    #[error("the payload is not text")]
    Payload,
    /// Its payload is in the log only.
    #[error("the payload was too large for the bus")]
    Omitted,
}

/// What the messages of a log say they come from.
pub fn source(identity: Uuid) -> String {
    format!("urn:uuid:{identity}")
}

/// The subject of an event: `hiresphere.events.<stream kind>.<type>`.
pub fn subject(event: &Recorded) -> String {
    format!("{PREFIX}.{}.{}", event.stream.kind.as_str(), tokens(&event.kind))
}

/// The subjects of a type of event, in whichever kind of stream it is.
pub(super) fn subjects_of(kind: &str) -> String {
    format!("{PREFIX}.*.{}", tokens(kind))
}

/// A wire name is made of tokens already; anything else must not become a wildcard or a break.
fn tokens(kind: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    kind.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}

/// An event as headers and payload, and the place on the bus that it must get.
pub fn encode(event: &Recorded, source: &str) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    put(&mut headers, SPEC_VERSION, "1.0");
    put(&mut headers, CONTENT_TYPE, "application/json");
    put(&mut headers, ID, event.event_id.to_string());
    put(&mut headers, SOURCE, source);
    put(&mut headers, TYPE, escape(&event.kind));
    put(&mut headers, SUBJECT, event.stream.to_string());
    put(&mut headers, TIME, time(event.occurred_at));
    put(&mut headers, RECORDED, time(event.recorded_at));
    put(&mut headers, POSITION, event.position.to_string());
    put(&mut headers, VERSION, event.version.to_string());
    put(&mut headers, ACTOR_KIND, actor_kind(event.actor.kind));
    put(&mut headers, ACTOR_ID, escape(&event.actor.id));
    if let Some(other) = &event.actor.on_behalf_of {
        put(&mut headers, ACTOR_FOR, escape(other));
    }
    put(&mut headers, COMMAND, event.command_id.to_string());
    if let Some(cause) = event.causation_id {
        put(&mut headers, CAUSATION, cause.to_string());
    }
    put(&mut headers, CORRELATION, escape(&event.correlation_id));
    if let Some(key) = event.key_id {
        put(&mut headers, KEY, key.to_string());
    }
    if let Some(trace) = &event.traceparent {
        put(&mut headers, TRACEPARENT, escape(trace));
    }
    headers.insert(NATS_MESSAGE_ID, event.event_id.to_string());
    let before = event.position.saturating_sub(1);
    headers.insert(NATS_EXPECTED_LAST_SEQUENCE, before.to_string());
    (headers, Bytes::copy_from_slice(event.payload.as_bytes()))
}

/// Names are static: nothing is checked or copied for them.
fn put(headers: &mut HeaderMap, name: &'static str, value: impl IntoHeaderValue) {
    headers.insert(HeaderName::from_static(name), value);
}

/// The headers of an event whose payload is too large for the bus: it keeps its place.
pub(super) fn omitted(mut headers: HeaderMap) -> HeaderMap {
    headers.insert(OMITTED, "payload");
    headers
}

/// The event that a message at this place of the bus is.
///
/// # Errors
/// See [`Unfit`].
pub fn decode(
    headers: &HeaderMap,
    payload: &[u8],
    source: &str,
    position: u64,
) -> Result<Recorded, Unfit> {
    let text = |name: &'static str| headers.get(name).map(|value| value.as_str());
    if text(SOURCE) != Some(source) {
        return Err(Unfit::Foreign(text(SOURCE).unwrap_or_default().to_owned()));
    }
    let says = text(POSITION).unwrap_or_default();
    if says.parse() != Ok(position) {
        return Err(Unfit::Misplaced { says: says.to_owned(), at: position });
    }
    if text(OMITTED).is_some() {
        return Err(Unfit::Omitted);
    }
    let needed = |name: &'static str| text(name).ok_or(Unfit::Header(name));
    let words = |name: &'static str| unescape(needed(name)?).ok_or(Unfit::Header(name));
    let words_if_any = |name: &'static str| text(name).map(|_| words(name)).transpose();
    let id_if_any =
        |name: &'static str| text(name).map(|_| parse::<Uuid>(headers, name)).transpose();
    Ok(Recorded {
        position,
        event_id: EventId(parse(headers, ID)?),
        stream: parse(headers, SUBJECT)?,
        version: parse(headers, VERSION)?,
        kind: words(TYPE)?,
        occurred_at: parse::<DateTime<Utc>>(headers, TIME)?,
        recorded_at: parse::<DateTime<Utc>>(headers, RECORDED)?,
        actor: Actor {
            kind: kind_of_actor(needed(ACTOR_KIND)?).ok_or(Unfit::Header(ACTOR_KIND))?,
            id: words(ACTOR_ID)?,
            on_behalf_of: words_if_any(ACTOR_FOR)?,
        },
        command_id: CommandId(parse(headers, COMMAND)?),
        causation_id: id_if_any(CAUSATION)?.map(EventId),
        correlation_id: words(CORRELATION)?,
        traceparent: words_if_any(TRACEPARENT)?,
        key_id: id_if_any(KEY)?.map(CandidateId),
        payload: std::str::from_utf8(payload).map_err(|_| Unfit::Payload)?.to_owned(),
    })
}

/// The event id that a message was published under.
pub(super) fn message_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(NATS_MESSAGE_ID).map(|value| value.as_str())
}

fn parse<T: FromStr>(headers: &HeaderMap, name: &'static str) -> Result<T, Unfit> {
    headers.get(name).and_then(|value| value.as_str().parse().ok()).ok_or(Unfit::Header(name))
}

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

fn actor_kind(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Member => "member",
        ActorKind::ApiKey => "api_key",
        ActorKind::Candidate => "candidate",
        ActorKind::Model => "model",
        ActorKind::System => "system",
    }
}

fn kind_of_actor(name: &str) -> Option<ActorKind> {
    use ActorKind::{ApiKey, Candidate, Member, Model, System};
    [Member, ApiKey, Candidate, Model, System].into_iter().find(|kind| actor_kind(*kind) == name)
}

/// Text as CloudEvents puts it into a header: printable ASCII stays, all else becomes `%XX`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'%') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}
