//! The live feed's contract, made from the types that write it: what a message is, what else is told, how a
//! connection ends, what a client may ask for, what applicants are told.

use domain::schema;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::follower::{End, HEARTBEAT};
use super::gateway::{FeedParams, PATIENCE};
use super::tickets::GOOD_FOR;
use super::view::{self, Message};

/// What a connection is told beside events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Notice {
    /// Nothing happened for a while; everything up to this position was told or was not for this
    /// connection. Give it as `after` to resume.
    Heartbeat {
        /// The log's position.
        position: u64,
    },
    /// The end of a stream of server-sent events; a WebSocket is closed with a code and this word.
    End {
        /// Why.
        code: End,
    },
}

/// How a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The WebSocket's close code.
    pub close_code: u16,
    /// The WebSocket's close reason, and the `code` of the `end` of server-sent events.
    pub code: &'static str,
    /// What it means and what to do.
    pub meaning: String,
}

/// The feed's contract.
#[derive(Debug, Clone)]
pub struct Contract {
    /// JSON Schema of an event as the feed tells it.
    pub message: Value,
    /// JSON Schema of the sign of life.
    pub heartbeat: Value,
    /// JSON Schema of the last server-sent event.
    pub end: Value,
    /// JSON Schema of the query: an object with a property for each parameter.
    pub query: Value,
    /// How a connection ends.
    pub closings: Vec<Closing>,
    /// Seconds of silence after which a heartbeat comes.
    pub heartbeat_seconds: u64,
    /// Seconds that a reader may take over one message.
    pub patience_seconds: u64,
    /// Seconds that a ticket is good for.
    pub ticket_seconds: u64,
}

/// The feed's contract as it stands in the code.
pub fn contract() -> Contract {
    Contract {
        message: schema::document::<Message>("Feed message"),
        heartbeat: notice("heartbeat"),
        end: notice("end"),
        query: inlined::<FeedParams>(),
        closings: closings(),
        heartbeat_seconds: HEARTBEAT.as_secs(),
        patience_seconds: PATIENCE.as_secs(),
        ticket_seconds: GOOD_FOR.as_secs(),
    }
}

/// The fields of an event's `data` that applicants are told; a dot goes one level down, and the field is told
/// without what stands before it. `None`: they are not told of such events.
pub fn told_to_applicants(kind: &str) -> Option<&'static [&'static str]> {
    view::told_to_applicants(kind)
}

/// A type's schema in one piece.
fn inlined<T: JsonSchema>() -> Value {
    let settings = schema::generator().settings().clone().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn notice(kind: &str) -> Value {
    let all = inlined::<Notice>();
    let mut variants = all["oneOf"].as_array().into_iter().flatten();
    variants.find(|v| v["properties"]["type"]["const"] == kind).cloned().unwrap_or_default()
}

fn closings() -> Vec<Closing> {
    let all = inlined::<End>();
    let meaning = |code: &str| {
        let mut variants = all["oneOf"].as_array().into_iter().flatten();
        variants.find(|v| v["const"] == code).and_then(|v| v["description"].as_str())
    };
    End::ALL
        .into_iter()
        .map(|end| Closing {
            close_code: end.close_code(),
            code: end.code(),
            meaning: meaning(end.code()).unwrap_or_default().to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_written_as_its_code_and_says_what_it_means() {
        for closing in closings() {
            assert!(!closing.meaning.is_empty(), "{}", closing.code);
        }
        for end in End::ALL {
            assert_eq!(serde_json::to_value(end).unwrap(), end.code());
        }
        let told = contract().end["properties"]["code"]["oneOf"].as_array().unwrap().len();
        assert_eq!(told, End::ALL.len());
    }

    #[test]
    fn what_is_told_beside_events_is_told_by_its_type() {
        let Contract { heartbeat, end, query, .. } = contract();
        assert_eq!(heartbeat["required"], serde_json::json!(["type", "position"]));
        assert_eq!(end["required"], serde_json::json!(["type", "code"]));
        let asked: Vec<_> = query["properties"].as_object().unwrap().keys().collect();
        assert_eq!(asked, ["after", "job", "ticket", "type"]);
    }

    #[test]
    fn applicants_are_told_fields_that_exist() {
        let schemas: std::collections::BTreeMap<_, _> = schema::of_events().into_iter().collect();
        for (kind, schema) in &schemas {
            for field in told_to_applicants(kind).unwrap_or_default() {
                let outer = field.split('.').next().unwrap();
                assert!(schema["properties"][outer].is_object(), "{kind} {field}");
            }
        }
        assert!(schemas.keys().any(|kind| told_to_applicants(kind).is_some()));
    }
}
