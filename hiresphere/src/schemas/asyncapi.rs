//! The AsyncAPI document: the live feed over WebSocket and server-sent events, the log's streams, and every
//! event as a message.

use domain::ids::StreamKind;
use domain::schema;
use projections::live::contract::{Contract, contract, told_to_applicants};
use serde_json::{Map, Value, json};

use super::event_file;

/// The kinds of streams, and what one of each is about.
const STREAMS: &[(StreamKind, &str)] = &[
    (StreamKind::Job, "a job"),
    (StreamKind::Candidate, "a candidate"),
    (StreamKind::Application, "an application"),
    (StreamKind::Rubric, "a rubric, with all its versions"),
    (StreamKind::ModelRelease, "a model release"),
    (StreamKind::Interview, "an interview"),
    (StreamKind::Offer, "an offer"),
    (StreamKind::Member, "somebody who works here"),
    (StreamKind::Subscription, "a system that is told of events"),
    (StreamKind::Notification, "one event told to one recipient"),
];

/// The document as it stands in the code.
pub(super) fn document() -> Value {
    let contract = contract();
    let events = schema::of_events();
    let mut messages = notices(&contract);
    for (name, schema) in &events {
        messages.insert(name.clone(), event(name, schema));
        if let Some(fields) = told_to_applicants(name) {
            messages.insert(for_applicants(name), applicant_event(name, schema, fields));
        }
    }
    let mut channels = Map::new();
    channels.insert("feed".into(), feed(&contract, messages.keys()));
    channels.insert("feedAsServerSentEvents".into(), server_sent(&contract, messages.keys()));
    for (kind, about) in STREAMS {
        let (name, channel) = stream(*kind, about, &events);
        channels.insert(name, channel);
    }
    let operations = json!({
        "followFeed": follow("feed", "Follow the feed by WebSocket", &messages, |name| {
            name != END && !name.starts_with(APPLICANT)
        }),
        "followFeedAsApplicant": follow("feed", "Follow one's own application by WebSocket", &messages, |name| {
            name == HEARTBEAT || name.starts_with(APPLICANT)
        }),
        "followFeedAsServerSentEvents": follow(
            "feedAsServerSentEvents", "Follow the feed by server-sent events", &messages,
            |name| !name.starts_with(APPLICANT),
        ),
        "followFeedAsServerSentEventsAsApplicant": follow(
            "feedAsServerSentEvents", "Follow one's own application by server-sent events", &messages,
            |name| name == END || name == HEARTBEAT || name.starts_with(APPLICANT),
        ),
    });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "HireSphere",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "webSocket": {
                "host": "127.0.0.1:8080", "protocol": "ws",
                "description": "`hiresphere serve`; `wss` behind whatever ends TLS.",
                "security": SECURITY.map(|name| reference(&format!("#/components/securitySchemes/{name}"))),
            },
            "http": {
                "host": "127.0.0.1:8080", "protocol": "http",
                "description": "`hiresphere serve`; `https` behind whatever ends TLS.",
                "security": SECURITY.map(|name| reference(&format!("#/components/securitySchemes/{name}"))),
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "A member's token, or the secret that applying answers.",
                },
                "ticket": {
                    "type": "httpApiKey", "name": "ticket", "in": "query",
                    "description": format!(
                        "From `POST /v1/live/tickets`; good for one connection within {} seconds. For browsers, \
                         which cannot send a header with a WebSocket.", contract.ticket_seconds),
                },
            },
        },
    })
}

const SECURITY: [&str; 2] = ["bearer", "ticket"];
const HEARTBEAT: &str = "heartbeat";
const END: &str = "end";
const APPLICANT: &str = "applicant.";

fn for_applicants(name: &str) -> String {
    format!("{APPLICANT}{name}")
}

fn reference(to: &str) -> Value {
    json!({ "$ref": to })
}

fn notices(contract: &Contract) -> Map<String, Value> {
    let notice = |name: &str, schema: &Value| {
        json!({
            "name": name,
            "title": name,
            "summary": schema["description"],
            "payload": schema,
        })
    };
    let mut messages = Map::new();
    messages.insert(HEARTBEAT.into(), notice(HEARTBEAT, &contract.heartbeat));
    messages.insert(END.into(), notice(END, &contract.end));
    messages
}

/// A message about an event: the envelope, with `data` of the event's own schema.
fn event(name: &str, schema: &Value) -> Value {
    message(name, name, &schema["description"], &reference(&format!("./{}", event_file(name))))
}

/// The same, as applicants are told it.
fn applicant_event(name: &str, schema: &Value, fields: &[&str]) -> Value {
    let file = format!("./{}", event_file(name));
    let mut told = Map::new();
    for field in fields {
        let (outer, inner) = field.split_once('.').unwrap_or((field, ""));
        let (field, pointer) = if inner.is_empty() {
            (outer, format!("{file}#/properties/{outer}"))
        } else {
            let at = schema["properties"][outer]["$ref"].as_str().unwrap_or("#");
            (inner, format!("{file}{at}/properties/{inner}"))
        };
        told.insert(field.to_owned(), reference(&pointer));
    }
    let required: Vec<&String> = told.keys().collect();
    let data = json!({
        "type": "object", "required": required, "properties": told, "additionalProperties": false,
    });
    message(&for_applicants(name), name, &schema["description"], &data)
}

fn message(name: &str, kind: &str, summary: &Value, data: &Value) -> Value {
    json!({
        "name": name,
        "title": name,
        "summary": summary,
        "payload": {
            "allOf": [
                reference(&format!("./{}", event_file("envelope"))),
                { "type": "object", "properties": { "type": { "const": kind }, "data": data } },
            ],
        },
    })
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> Map<String, Value> {
    names.map(|n| (n.clone(), reference(&format!("#/components/messages/{n}")))).collect()
}

fn feed<'a>(contract: &Contract, names: impl Iterator<Item = &'a String>) -> Value {
    let closings = contract.closings.iter().map(|closing| {
        json!({ "code": closing.close_code, "reason": closing.code, "meaning": closing.meaning })
    });
    let close_codes: Vec<Value> = closings.collect();
    let table = contract
        .closings
        .iter()
        .map(|c| format!("- **{}** `{}`: {}\n", c.close_code, c.code, c.meaning));
    let table: String = table.collect();
    json!({
        "address": "/v1/live",
        "title": "The live feed, by WebSocket",
        "description": format!(
            "Every event as it happens, each as one text message, in the log's order, without a gap or a double. \
             Resume with `after`: the `position` of the last message, event or heartbeat. After {} seconds of \
             silence a heartbeat and a ping are sent. What a client sends is not read. A reader that takes longer \
             than {} seconds over one message is let go.\n\nThe server closes with:\n\n{table}\n\
             Refused before the upgrade, as `application/problem+json`: 400 BAD_PARAMETER, 401 UNAUTHENTICATED or \
             TICKET_USED, 403 ORIGIN_NOT_ALLOWED, 426 UPGRADE_REQUIRED.",
            contract.heartbeat_seconds, contract.patience_seconds),
        "servers": [reference("#/servers/webSocket")],
        "messages": listed(names.filter(|name| name.as_str() != END)),
        "bindings": {
            "ws": { "method": "GET", "query": contract.query, "bindingVersion": "0.1.0" },
        },
        "x-close-codes": close_codes,
    })
}

fn server_sent<'a>(contract: &Contract, names: impl Iterator<Item = &'a String>) -> Value {
    json!({
        "address": "/v1/live",
        "title": "The live feed, by server-sent events",
        "description": format!(
            "With `Accept: text/event-stream`: the same messages, each as `data`. Events have no name, so that \
             `onmessage` gets them; heartbeats (after {} seconds of silence) are named `heartbeat`, the last one \
             `end`. The id of each is its position: a browser comes back with `Last-Event-ID` by itself, which \
             counts before `after`. A ticket is good once, so come back with another one.",
            contract.heartbeat_seconds),
        "servers": [reference("#/servers/http")],
        "messages": listed(names),
        "x-query": contract.query,
    })
}

/// The channel of one kind of stream, with the events that it can have.
fn stream(kind: StreamKind, about: &str, events: &[(String, Value)]) -> (String, Value) {
    let written = serde_json::to_value(kind).unwrap_or_default();
    let prefix = written.as_str().unwrap_or_default().to_owned();
    let own = events.iter().map(|(name, _)| name).filter(|n| n.starts_with(&format!("{prefix}.")));
    let channel = json!({
        "address": format!("{prefix}-{{id}}"),
        "title": format!("The stream of {about}"),
        "description": "Not an address to connect to: what `stream` of a message names. The feed tells all of them.",
        "parameters": { "id": { "description": format!("The id of {about}, a UUID.") } },
        "messages": listed(own),
    });
    (format!("{prefix}Stream"), channel)
}

/// An operation: the server sends, whoever follows receives.
fn follow(
    channel: &str,
    summary: &str,
    messages: &Map<String, Value>,
    told: impl Fn(&str) -> bool,
) -> Value {
    let told: Vec<Value> = messages
        .keys()
        .filter(|name| told(name))
        .map(|name| reference(&format!("#/channels/{channel}/messages/{name}")))
        .collect();
    json!({
        "action": "send",
        "channel": reference(&format!("#/channels/{channel}")),
        "summary": summary,
        "messages": told,
    })
}

const DESCRIPTION: &str = "\
The live feed tells every event of the log as it happens, to whoever may see it. Members are told every event; \
personal fields are null, and the query API answers them to whoever may read them. Applicants are told what \
concerns their own application, with the fields that are theirs to know.\n\n\
Types of events may be added; pass over those that you do not know. A type that was released never changes: \
another shape is another type, `.v2`. openapi.json describes the requests.";
