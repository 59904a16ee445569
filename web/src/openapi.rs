//! The OpenAPI document, finished: who may what, and the problems that every operation can answer.

use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::policy::{self, Rule};

/// Problems that an operation can answer beside its own, by what kind of operation it is.
const ALWAYS: &[(&str, &str)] = &[
    ("400", "The request cannot be read"),
    ("429", "Too many requests; `Retry-After` says when to try again"),
    ("500", "The server failed"),
    ("503", "Not ready yet, or shutting down"),
];
const CLOSED: &[(&str, &str)] =
    &[("401", "UNAUTHENTICATED: say who you are"), ("403", "FORBIDDEN, AUDITOR_READ_ONLY")];
const NAMED: &[(&str, &str)] = &[("404", "NOT_FOUND: there is no such thing, or not for you")];
const WRITES: &[(&str, &str)] = &[
    ("408", "BODY_TOO_SLOW"),
    ("409", "The thing is not in a state that allows it: STALE_VERSION, IDEMPOTENCY_MISMATCH, ..."),
    ("413", "TOO_LARGE"),
    ("415", "UNSUPPORTED_MEDIA_TYPE"),
    ("422", "VALIDATION, with the fields at fault"),
    ("507", "DISK_FULL"),
];

/// Finishes the document that the routes collected; `schemas` are named by it and not in it yet.
///
/// # Errors
/// When it cannot be encoded, or an operation has no rule.
pub fn finish(document: &OpenApi, schemas: Map<String, Value>) -> Result<Value, String> {
    let mut api = serde_json::to_value(document).map_err(|e| e.to_string())?;
    for (name, schema) in schemas {
        api["components"]["schemas"][name] = schema;
    }
    api["info"] = json!({
        "title": "HireSphere",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    api["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A member's token (`hiresphere token issue`), or the secret that applying answers.",
        },
    });
    api["security"] = json!([{ "bearer": [] }]);
    // The document and its reference are routes that no handler of ours documents.
    api["paths"]["/openapi.json"]["get"] =
        own_page("getDocument", "This document", "application/json");
    api["paths"]["/docs/"]["get"] =
        own_page("getReference", "The reference, to browse", "text/html");
    let Some(paths) = api["paths"].as_object_mut() else { return Ok(api) };
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let verb =
                Method::from_bytes(method.to_uppercase().as_bytes()).map_err(|e| e.to_string())?;
            let rule = policy::rule(&verb, path)
                .ok_or_else(|| format!("{verb} {path} has no rule in web::policy"))?;
            finish_operation(path, &verb, rule, operation);
        }
    }
    Ok(api)
}

fn finish_operation(path: &str, method: &Method, rule: Rule, operation: &mut Value) {
    operation["security"] = if rule.is_public() { json!([]) } else { json!([{ "bearer": [] }]) };
    let words = format!("For: {}.", rule.in_words());
    let told = match operation["description"].as_str() {
        Some(text) if !text.trim().is_empty() => format!("{}\n\n{words}", text.trim()),
        _ => words,
    };
    operation["description"] = told.into();
    let write = *method != Method::GET;
    let groups = [
        Some(ALWAYS),
        (!rule.is_public()).then_some(CLOSED),
        path.contains('{').then_some(NAMED),
        write.then_some(WRITES),
    ];
    for (status, description) in groups.into_iter().flatten().flatten() {
        if operation["responses"][status].is_null() {
            operation["responses"][status] = problem(description);
        }
    }
    if write {
        let parameters = &mut operation["parameters"];
        if !parameters.is_array() {
            *parameters = json!([]);
        }
        if let Some(list) = parameters.as_array_mut() {
            list.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "The same key with the same body answers the same again and takes effect once.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9_.:-]+$" },
            }));
            list.push(json!({
                "name": "If-Match", "in": "header", "required": false,
                "description": "The `ETag` that was seen; when the thing has changed since, 409 STALE_VERSION.",
                "schema": { "type": "string", "pattern": "^(\\*|\"[0-9]{1,18}(-[0-9]{1,18})?\")$" },
            }));
        }
    }
}

fn own_page(id: &str, summary: &str, media: &str) -> Value {
    let content = json!({ media: { "schema": {} } });
    json!({
        "tags": ["health"], "operationId": id, "summary": summary,
        "responses": { "200": { "description": summary, "content": content } },
    })
}

fn problem(description: &str) -> Value {
    json!({
        "description": description,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}

const DESCRIPTION: &str = "\
Resumes come in, are read and scored against a job with quoted evidence for every point, and people decide. \
Every fact is an event in a log that nobody can edit.\n\n\
- **Writes** answer with the log's `position`; give it as `min_position` to a query to read your own write. \
`Idempotency-Key` makes a write take effect once; `If-Match` with an `ETag` makes it apply to what you saw.\n\
- **Problems** are `application/problem+json` (RFC 9457) with a stable `code`.\n\
- **Lists** are pages: give `next` back as `cursor`. Unknown parameters are errors.\n\
- **As of**: where `as_of` is taken, give a position or a time, and the answer is what it was then.\n\
- **Live feed**: `GET /v1/live`, WebSocket or server-sent events; asyncapi.yaml describes its messages.";
