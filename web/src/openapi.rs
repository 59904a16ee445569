//! The OpenAPI document, finished: who may what, the problems that every operation can answer, and the
//! headers that requests and answers have in common.

use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::policy::{self, Rule};

/// Problems that an operation can answer beside its own, by what kind of operation it is: the status, its name
/// in the document, and what it means.
type Problems = &'static [(&'static str, &'static str, &'static str)];
const ALWAYS: Problems = &[
    ("400", "BadRequest", "BAD_PARAMETER, INVALID_JSON and others: the request cannot be read"),
    ("429", "TooManyRequests", "Too many requests; `Retry-After` says when to try again"),
    ("500", "Failed", "INTERNAL: the server failed"),
    (
        "503",
        "Unavailable",
        "DATABASE_UNAVAILABLE, READ_MODELS_BEHIND, or shutting down; `Retry-After` says when",
    ),
];
const CLOSED: Problems = &[
    ("401", "Unauthenticated", "UNAUTHENTICATED: say who you are"),
    ("403", "Forbidden", "FORBIDDEN, AUDITOR_READ_ONLY"),
];
const NAMED: Problems = &[("404", "NotFound", "NOT_FOUND: there is no such thing, or not for you")];
const WRITES: Problems = &[
    (
        "409",
        "Conflict",
        "The thing is not in a state that allows it: STALE_VERSION, IDEMPOTENCY_MISMATCH, ...",
    ),
    ("507", "DiskFull", "DISK_FULL"),
];
const BODIES: Problems = &[
    ("408", "TooSlow", "BODY_TOO_SLOW"),
    ("413", "TooLarge", "TOO_LARGE"),
    ("415", "UnsupportedType", "UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_TYPE"),
    ("422", "Invalid", "VALIDATION and others, with the fields at fault"),
];

/// What operations are about.
const TAGS: &[(&str, &str)] = &[
    ("applying", "For a careers page: open jobs, and applying to one. Needs no account."),
    (
        "jobs",
        "Openings from draft to closed, their pipeline and rubric, and the ranked pool of who applied.",
    ),
    (
        "applications",
        "A candidate for a job: score with reasons and quotes, timeline, resume, notes.",
    ),
    (
        "decisions",
        "What people decide about an application, and what they were shown when they did.",
    ),
    (
        "interviews",
        "Talks with applicants: when, where, who holds them, and the scorecards that come out of them.",
    ),
    ("offers", "What an applicant is offered: versions, approval, and the answer."),
    ("candidates", "People and their resumes; corrections, possible duplicates, erasure."),
    ("rubrics", "What is graded and how levels are told apart. A published version never changes."),
    ("model releases", "Scoring engines, pinned."),
    (
        "notifications",
        "Who is told of what: webhooks, Slack, e-mail, one's own inbox, and what became of it.",
    ),
    ("tokens", "Who may call the API as what."),
    (
        "live feed",
        "Every event as it happens, by WebSocket or server-sent events; see asyncapi.yaml.",
    ),
    ("health", "For whoever runs the server."),
];

/// Schemas of answers that name the version and, when something was made or goes on, the place of a thing.
const WRITTEN: &[&str] = &["#/components/schemas/Written", "#/components/schemas/Applied"];

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
    api["servers"] = json!([
        { "url": "/", "description": "The server that this document comes from" },
        { "url": "http://127.0.0.1:8080", "description": "`hiresphere serve` on this machine" },
    ]);
    api["tags"] = TAGS.iter().map(|(n, d)| json!({ "name": n, "description": d })).collect();
    api["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A member's token (`hiresphere token issue`), or the secret that applying answers.",
        },
    });
    api["components"]["parameters"] = parameters();
    api["components"]["headers"] = headers();
    api["components"]["responses"] = responses();
    api["security"] = json!([{ "bearer": [] }]);
    // The document and its reference are routes that no handler of ours documents.
    api["paths"]["/openapi.json"]["get"] =
        own_page("getDocument", "This document", "application/json");
    api["paths"]["/docs/"]["get"] =
        own_page("getReference", "The reference, to browse", "text/html");
    let schemas = api["components"]["schemas"].clone();
    let Some(paths) = api["paths"].as_object_mut() else { return Ok(api) };
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let verb =
                Method::from_bytes(method.to_uppercase().as_bytes()).map_err(|e| e.to_string())?;
            let rule = policy::rule(&verb, path)
                .ok_or_else(|| format!("{verb} {path} has no rule in web::policy"))?;
            finish_operation(path, &verb, rule, operation, &schemas);
        }
    }
    Ok(api)
}

fn finish_operation(
    path: &str,
    method: &Method,
    rule: Rule,
    operation: &mut Value,
    schemas: &Value,
) {
    operation["security"] = if rule.is_public() { json!([]) } else { json!([{ "bearer": [] }]) };
    let words = format!("For: {}.", rule.in_words());
    let told = match operation["description"].as_str() {
        Some(text) if !text.trim().is_empty() => format!("{}\n\n{words}", text.trim()),
        _ => words,
    };
    operation["description"] = told.into();
    let write = *method != Method::GET;
    let body = operation["requestBody"].is_object();
    let tagged = operation["responses"]["304"].is_object();
    let groups = [
        Some(ALWAYS),
        (!rule.is_public()).then_some(CLOSED),
        path.contains('{').then_some(NAMED),
        write.then_some(WRITES),
        body.then_some(BODIES),
    ];
    let responses = &mut operation["responses"];
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        finish_response(status, response, tagged, schemas);
    }
    for (status, name, _) in groups.into_iter().flatten().flatten() {
        if responses[status].is_null() {
            responses[status] = json!({ "$ref": format!("#/components/responses/{name}") });
        }
    }
    let mut list = operation["parameters"].as_array().cloned().unwrap_or_default();
    list.iter_mut().for_each(plain);
    let waits = list.iter().any(|p| p["name"] == "min_position");
    let known = [
        (body, "Idempotency-Key"),
        (body, "If-Match"),
        (tagged, "If-None-Match"),
        (waits, "Prefer"),
        (true, "X-Request-Id"),
    ];
    let common = known.into_iter().filter(|(is, _)| *is);
    list.extend(
        common.map(|(_, name)| json!({ "$ref": format!("#/components/parameters/{name}") })),
    );
    operation["parameters"] = list.into();
}

/// An answer of the operation's own: its headers, and what it is when it does not say.
fn finish_response(status: &str, response: &mut Value, tagged: bool, schemas: &Value) {
    let media = response["content"].as_object().into_iter().flatten().next();
    let schema = media.and_then(|(_, m)| m["schema"]["$ref"].as_str()).unwrap_or_default();
    let mut names = answered(status, schema, tagged);
    if media.is_some_and(|(kind, _)| kind == "application/octet-stream") {
        names.extend(["Content-Disposition", "ETag"]);
    }
    if response["description"].as_str().is_none_or(str::is_empty) {
        let name = schema.rsplit('/').next().unwrap_or_default();
        let told = schemas[name]["description"].as_str().and_then(|d| d.lines().next());
        response["description"] = told.unwrap_or("Done").into();
    }
    response["headers"] = named(&names);
}

fn named(headers: &[&str]) -> Value {
    headers
        .iter()
        .map(|n| ((*n).to_owned(), json!({ "$ref": format!("#/components/headers/{n}") })))
        .collect::<Map<_, _>>()
        .into()
}

/// The headers of an answer.
fn answered(status: &str, schema: &str, tagged: bool) -> Vec<&'static str> {
    let mut names = vec!["X-Request-Id"];
    let written = status.starts_with('2') && WRITTEN.contains(&schema);
    if written || tagged && matches!(status, "200" | "304") {
        names.push("ETag");
    }
    if written && status != "200" {
        names.push("Location");
    }
    match status {
        "401" => names.push("WWW-Authenticate"),
        "429" | "503" if schema == PROBLEM => names.push("Retry-After"),
        _ => {}
    }
    names
}

/// A parameter that may be left out is not null when it is there; one of a few words says which.
fn plain(parameter: &mut Value) {
    let schema = &mut parameter["schema"];
    if let Some(types) = schema["type"].as_array() {
        let mut some = types.iter().filter(|t| *t != "null").cloned();
        if let (Some(one), None) = (some.next(), some.next()) {
            schema["type"] = one;
        }
    }
    let words = schema["pattern"].as_str().and_then(words);
    if let (Some(words), Some(schema)) = (words, schema.as_object_mut()) {
        schema.remove("pattern");
        schema.insert("enum".into(), words);
    }
    if parameter["in"] == "path" && parameter["description"].is_null() {
        let name = parameter["name"].as_str().unwrap_or_default().replace('_', " ");
        parameter["description"] = format!("The id of the {name}.").into();
    }
}

/// The words of `^(one|other)$`.
fn words(pattern: &str) -> Option<Value> {
    let words = pattern.strip_prefix("^(")?.strip_suffix(")$")?;
    let plain = words.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'|');
    plain.then(|| words.split('|').map(Value::from).collect())
}

/// Headers of requests, by name.
fn parameters() -> Value {
    let of = |name: &str, description: &str, schema: Value| {
        json!({
            "name": name, "in": "header", "required": false, "description": description, "schema": schema,
        })
    };
    json!({
        "Idempotency-Key": of(
            "Idempotency-Key",
            "The same key with the same body answers the same again and takes effect once.",
            json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9_.:-]+$" }),
        ),
        "If-Match": of(
            "If-Match",
            "The `ETag` that was seen; when the thing has changed since, 409 STALE_VERSION.",
            json!({ "type": "string", "pattern": "^(\\*|\"[0-9]{1,18}(-[0-9]{1,18})?\")$" }),
        ),
        "If-None-Match": of(
            "If-None-Match",
            "The `ETag` of the answer that is there; when nothing has changed since, 304 without a body.",
            json!({ "type": "string" }),
        ),
        "Prefer": of(
            "Prefer",
            "`wait=` and how many seconds to wait for `min_position`, 30 at most; 5 when left out. \
             503 READ_MODELS_BEHIND when it was not long enough.",
            json!({ "type": "string", "pattern": "^wait=[0-9]{1,2}$" }),
        ),
        "X-Request-Id": of(
            "X-Request-Id",
            "Names the request in the answer and in the events that it leads to; made up when left out.",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" }),
        ),
    })
}

/// Headers of answers, by name.
fn headers() -> Value {
    let of = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    json!({
        "Content-Disposition": of("The file's name.", "attachment; filename*=UTF-8''resume.pdf"),
        "ETag": of(
            "Names what was answered. Give it as `If-None-Match`; that of one thing as `If-Match`, too.",
            "\"3\"",
        ),
        "Location": of("Where the thing is.", "/v1/jobs/0198f1f0-0000-7000-8000-000000000001"),
        "Retry-After": of("Seconds after which to try again.", "1"),
        "WWW-Authenticate": of("How to say who you are.", "Bearer"),
        "X-Request-Id": of(
            "Names the request: give it when you report a problem.",
            "0198f1f0-0000-7000-8000-000000000002",
        ),
    })
}

const PROBLEM: &str = "#/components/schemas/Problem";

/// The problems, by name.
fn responses() -> Value {
    let all = [ALWAYS, CLOSED, NAMED, WRITES, BODIES].into_iter().flatten();
    let one = |(status, name, description): &(&str, &str, &str)| {
        let response = json!({
            "description": description,
            "headers": named(&answered(status, PROBLEM, false)),
            "content": { "application/problem+json": { "schema": { "$ref": PROBLEM } } },
        });
        ((*name).to_owned(), response)
    };
    all.map(one).collect::<Map<_, _>>().into()
}

fn own_page(id: &str, summary: &str, media: &str) -> Value {
    let content = json!({ media: { "schema": {} } });
    json!({
        "tags": ["health"], "operationId": id, "summary": summary,
        "responses": { "200": { "description": summary, "content": content } },
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
