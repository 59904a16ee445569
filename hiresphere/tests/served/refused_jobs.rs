//! Every refusal of jobs, rubrics, releases and tokens, with its status and its stable code.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Api, number, send, text};
use crate::scene::{AMARA, NOBODY, apply, drafted, posting};
use crate::server::Server;

/// A posting with one thing in it changed.
fn with(field: &str, value: Value) -> Value {
    let mut posting = posting("Engineer");
    posting[field] = value;
    posting
}

async fn if_match(api: &Api, method: Method, path: &str, tag: &str, body: Value) -> Answer {
    send(api.request(method, path).header("if-match", tag).json(&body)).await
}

#[tokio::test]
async fn jobs_refuse() {
    let server = Server::start();
    let api = server.admin();
    let wrong = api.post("/v1/jobs", with("title", json!("  "))).await;
    wrong.at_field(422, "VALIDATION", "title");
    let pay = json!({ "min": 5, "max": 4, "currency": "EUR", "per": "hour" });
    api.post("/v1/jobs", with("pay", pay)).await.refused(422, "PAY_RANGE");
    let pay = json!({ "min": 4, "max": 5, "currency": "EURO", "per": "hour" });
    api.post("/v1/jobs", with("pay", pay)).await.at_field(422, "VALIDATION", "pay.currency");
    api.post("/v1/jobs", with("openings", json!(0))).await.refused(422, "OPENINGS_LT_1");

    let (job, _) = drafted(&api, "Engineer").await;
    let at = format!("/v1/jobs/{job}");
    let post = |what: &str, body: Value| {
        let (api, path) = (api.clone(), format!("{at}/{what}"));
        async move { api.post(&path, body).await }
    };
    let rubric = |name: &str, version: u32| json!({ "rubric": name, "version": version });
    let close = json!({ "reason": "over" });
    post("publish", json!({})).await.refused(409, "RUBRIC_MISSING");
    post("pause", json!({})).await.refused(409, "WRONG_STATE");
    post("reopen", json!({})).await.refused(409, "WRONG_STATE");
    let bound = api.put(&format!("{at}/rubric"), rubric("default", 7)).await;
    bound.refused(409, "RUBRIC_NOT_PUBLISHED");
    let stage = |id: &str, kind: &str| json!({ "id": id, "name": id, "kind": kind });
    let define =
        async |stages: Value| api.put(&format!("{at}/pipeline"), json!({ "stages": stages })).await;
    let endless = json!([stage("in", "submitted"), stage("talk", "interviewing")]);
    define(endless).await.refused(422, "NO_TERMINAL_STAGE");
    let doubled = json!([stage("in", "submitted"), stage("in", "hired")]);
    define(doubled).await.at_field(422, "VALIDATION", "stages[1].id");
    define(json!([])).await.refused(422, "NO_TERMINAL_STAGE");

    // What was seen has changed since.
    let seen = api.read(&at, 0).await;
    let tag = api.get(&at).await.header("etag").to_owned();
    let stale = if_match(&api, Method::PUT, &at, "\"9\"", posting("Other")).await;
    stale.refused(409, "STALE_VERSION");
    if_match(&api, Method::PUT, &at, &tag, posting("Baker")).await.ok();
    if_match(&api, Method::PUT, &at, &tag, posting("Cook")).await.refused(409, "STALE_VERSION");
    if_match(&api, Method::PUT, &at, "*", posting("Cook")).await.ok();
    assert_eq!(number(&seen, "version"), 1);
    for tag in ["seven", "", "W/\"3\"x", "\"1\", \"2\""] {
        let wrong = if_match(&api, Method::PUT, &at, tag, posting("Cook")).await;
        wrong.refused(400, "BAD_IF_MATCH");
    }
    // The tag of a list is no version of anything.
    let list = api.get("/v1/jobs").await.header("etag").to_owned();
    if_match(&api, Method::PUT, &at, &list, posting("Cook")).await.refused(400, "BAD_IF_MATCH");

    api.put(&format!("{at}/rubric"), rubric("default", 1)).await.ok();
    post("publish", json!({})).await.ok();
    post("publish", json!({})).await.refused(409, "WRONG_STATE");
    post("reopen", json!({})).await.refused(409, "WRONG_STATE");
    post("scoring/stop", json!({ "reason": " " })).await.at_field(422, "VALIDATION", "reason");
    post("scoring/stop", json!({ "reason": "odd answers" })).await.ok();
    let stopped = post("scoring/stop", json!({ "reason": "again" })).await;
    let seen = api.read(&at, number(&stopped.ok(), "position")).await;
    assert_eq!(text(&seen, "scoring_stopped"), "odd answers");
    let resumed = number(&post("scoring/resume", json!({})).await.ok(), "position");
    assert!(api.read(&at, resumed).await["scoring_stopped"].is_null());
    apply(&server, &job, &AMARA).await;
    let used = json!([{ "id": "in", "name": "In", "kind": "submitted" }, stage("hired", "hired")]);
    define(used).await.refused(409, "STAGE_IN_USE");
    post("close", close.clone()).await.refused(409, "ACTIVE_APPLICATIONS");
    post("close", json!({ "reason": " ", "disposition": "keep_for_review" })).await.at_field(
        422,
        "VALIDATION",
        "reason",
    );
    post("close", json!({ "reason": "over", "disposition": "keep_for_review" })).await.ok();
    post("close", close).await.refused(409, "WRONG_STATE");
    post("pause", json!({})).await.refused(409, "WRONG_STATE");
    api.put(&at, posting("Cook")).await.refused(409, "JOB_CLOSED");
    api.put(&format!("{at}/rubric"), rubric("default", 1)).await.refused(409, "JOB_CLOSED");
    let stages = json!([stage("submitted", "submitted"), stage("hired", "hired")]);
    define(stages).await.refused(409, "JOB_CLOSED");

    // Nobody's.
    let nobody = format!("/v1/jobs/{NOBODY}");
    api.put(&nobody, posting("Cook")).await.refused(404, "NOT_FOUND");
    api.put(&format!("{nobody}/rubric"), rubric("default", 1)).await.refused(404, "NOT_FOUND");
    for what in ["publish", "pause", "reopen", "scoring/resume"] {
        let answer = api.post(&format!("{nobody}/{what}"), json!({})).await;
        answer.refused(404, "NOT_FOUND");
    }
    for what in ["", "/pool", "/counters"] {
        api.get(&format!("{nobody}{what}")).await.refused(404, "NOT_FOUND");
    }
}

/// A rubric of two criteria.
fn rubric(name: &str, version: u32) -> Value {
    let criterion = |id: &str, weight: u8| {
        let anchors: Vec<String> = (0..6).map(|level| format!("{id} at level {level}")).collect();
        json!({ "id": id, "label": id, "weight": weight, "anchors": anchors })
    };
    json!({ "name": name, "version": version, "criteria": [criterion("skills", 60), criterion("experience", 40)] })
}

#[tokio::test]
async fn rubrics_and_releases_refuse() {
    let server = Server::start();
    let api = server.admin();
    let publish = async |rubric: Value| api.post("/v1/rubrics", rubric).await;
    let changed = |pointer: &str, value: Value| {
        let mut rubric = rubric("nursing", 1);
        *rubric.pointer_mut(pointer).unwrap() = value;
        rubric
    };
    publish(changed("/criteria/0/weight", json!(50))).await.refused(422, "WEIGHTS_NOT_100");
    let weightless = publish(changed("/criteria/0/weight", json!(0))).await;
    weightless.at_field(422, "VALIDATION", "criteria[0].weight");
    let protected = publish(changed("/criteria/0/label", json!("Age and vigour"))).await;
    protected.at_field(422, "PROTECTED_ATTRIBUTE", "criteria[0]");
    let short = publish(changed("/criteria/1/anchors", json!(["a", "b"]))).await;
    short.at_field(422, "ANCHOR_MISSING", "criteria[1].anchors");
    publish(changed("/criteria", json!([]))).await.at_field(422, "VALIDATION", "criteria");
    publish(changed("/name", json!(""))).await.at_field(422, "VALIDATION", "name");
    publish(changed("/version", json!(0))).await.at_field(422, "VALIDATION", "version");

    let first = publish(rubric("nursing", 1)).await.status(201);
    let again = publish(rubric("nursing", 1)).await.status(201);
    assert_eq!(first["id"], again["id"], "the same again changes nothing");
    assert_eq!(first["version"], again["version"]);
    publish(changed("/criteria/0/label", json!("Skill"))).await.refused(409, "VERSION_PUBLISHED");
    let second = publish(rubric("nursing", 2)).await.status(201);
    assert_eq!((&second["id"], second["version"].as_u64()), (&first["id"], Some(2)));
    let retire = format!("/v1/rubrics/{}/retire", text(&first, "id"));
    api.post(&retire, json!({ "version": 9 })).await.refused(404, "NOT_FOUND");
    api.post(&retire, json!({ "version": 1 })).await.ok();
    let (job, _) = drafted(&api, "Nurse").await;
    let bind = async |version: u32| {
        let body = json!({ "rubric": "nursing", "version": version });
        api.put(&format!("/v1/jobs/{job}/rubric"), body).await
    };
    bind(1).await.refused(409, "RUBRIC_NOT_PUBLISHED");
    let bound = bind(2).await.ok();
    let nowhere = format!("/v1/rubrics/{NOBODY}/retire");
    api.post(&nowhere, json!({ "version": 1 })).await.refused(404, "NOT_FOUND");
    let list = api.read("/v1/rubrics", number(&bound, "position")).await;
    assert!(list["items"].as_array().is_some_and(|r| r.len() >= 2), "{list}");

    let release = |model: &str| {
        json!({ "name": "gpt", "version": "1", "provider": "openai", "model": model,
            "params": { "temperature": "0" } })
    };
    let register = async |body: Value| api.post("/v1/model-releases", body).await;
    let first = register(release("gpt-4o-2024-11-20")).await.status(201);
    let again = register(release("gpt-4o-2024-11-20")).await.status(201);
    assert_eq!(first["id"], again["id"]);
    register(release("gpt-4o-2025-01-01")).await.refused(409, "RELEASE_REGISTERED");
    let mut unnamed = release("");
    unnamed["version"] = json!("2");
    register(unnamed).await.refused(422, "VALIDATION");
    let list = api.read("/v1/model-releases", number(&first, "position")).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2), "{list}");
}

#[tokio::test]
async fn tokens_refuse() {
    let server = Server::start();
    let api = server.admin();
    let unknown = api.post("/v1/tokens", json!({ "role": "boss" })).await;
    unknown.at_field(422, "VALIDATION", "role");
    let long = json!({ "role": "admin", "name": "x".repeat(201) });
    api.post("/v1/tokens", long).await.at_field(422, "VALIDATION", "name");
    api.delete(&format!("/v1/tokens/{NOBODY}")).await.refused(404, "NOT_FOUND");
    api.delete("/v1/tokens/me").await.refused(404, "NOT_FOUND");
    let (id, secret) = crate::scene::token(&api, "recruiter").await;
    server.bearer(&secret).get("/v1/jobs").await.ok();
    for _ in 0..2 {
        api.delete(&format!("/v1/tokens/{id}")).await.status(204);
    }
    server.bearer(&secret).get("/v1/jobs").await.refused(401, "UNAUTHENTICATED");
    let listed = api.get("/v1/tokens").await;
    let revoked = listed.ok()["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|t| !t["revoked_at"].is_null())
        .count();
    assert_eq!(revoked, 1);
    assert!(!String::from_utf8(listed.bytes).unwrap().contains(&secret));
}
