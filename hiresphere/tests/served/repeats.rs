//! The same write again: under one key it takes effect once, whatever happened in between.

use serde_json::{Value, json};

use crate::client::{Answer, number, text};
use crate::feed::Feed;
use crate::scene::{
    AMARA, DMITRI, ZOE, applied, apply, form, hand_in, hand_in_once, open_job, posting, sample,
    token,
};
use crate::server::Server;

/// Two answers are one.
#[track_caller]
fn same(one: &Answer, two: &Answer) {
    assert_eq!((one.status, &one.body), (two.status, &two.body));
    for header in ["etag", "location", "content-type"] {
        assert_eq!(one.header(header), two.header(header));
    }
}

async fn head(server: &Server) -> u64 {
    number(&server.anonymous().get("/readyz").await.ok(), "head")
}

#[tokio::test]
async fn a_write_under_one_key_takes_effect_once() {
    let server = Server::start();
    let api = server.admin();
    let first = api.keyed("k-1", "/v1/jobs", posting("Engineer")).await;
    first.status(201);
    let after = head(&server).await;
    same(&first, &api.keyed("k-1", "/v1/jobs", posting("Engineer")).await);
    same(&first, &api.keyed("\"k-1\"", "/v1/jobs", posting("Engineer")).await);
    assert_eq!(head(&server).await, after);
    let other = api.keyed("k-1", "/v1/jobs", posting("Baker")).await;
    other.refused(409, "IDEMPOTENCY_MISMATCH");
    let elsewhere = api.keyed("k-1", "/v1/candidates", json!({ "name": "A" })).await;
    elsewhere.refused(409, "IDEMPOTENCY_MISMATCH");
    for key in ["", " ", &"k".repeat(256)] {
        let refused = api.keyed(key, "/v1/jobs", posting("Baker")).await;
        refused.refused(400, "BAD_IDEMPOTENCY_KEY");
    }
    // Another caller's keys are their own.
    let (_, secret) = token(&api, "recruiter").await;
    let theirs = server.bearer(&secret).keyed("k-1", "/v1/jobs", posting("Engineer")).await;
    assert_ne!(theirs.status(201)["id"], first.body["id"]);

    // A secret is shown once, and no second one is made.
    let issue = json!({ "role": "auditor" });
    let issued = api.keyed("k-4", "/v1/tokens", issue.clone()).await.status(201);
    let again = api.keyed("k-4", "/v1/tokens", issue).await.refused(409, "ALREADY_ISSUED");
    assert_eq!(again["existing"], issued["id"]);

    // A refusal is no effect: the same key may try again.
    let publish = format!("/v1/jobs/{}/publish", text(&first.body, "id"));
    api.keyed("k-2", &publish, json!({})).await.refused(409, "RUBRIC_MISSING");
    let rubric = json!({ "rubric": "default", "version": 1 });
    api.put(&format!("/v1/jobs/{}/rubric", text(&first.body, "id")), rubric).await.ok();
    let done = api.keyed("k-2", &publish, json!({})).await;
    done.ok();
    same(&done, &api.keyed("k-2", &publish, json!({})).await);

    // Many at once are one.
    let many = (0..12).map(|_| api.keyed("k-3", "/v1/jobs", posting("Cook")));
    let answers = futures::future::join_all(many).await;
    answers.iter().for_each(|answer| same(&answers[0], answer));
}

#[tokio::test]
async fn a_repeat_is_answered_as_it_was_even_when_all_has_changed() {
    let server = Server::start();
    let api = server.admin();
    let (job, _) = open_job(&api, "Engineer").await;
    let amara = apply(&server, &job, &AMARA).await;
    let at = |what: &str| format!("{}/{what}", amara.url);
    api.read(&amara.url, amara.position).await;

    // On the list, on it again (which changes nothing), off it: the late repeat does not put it on.
    api.keyed("on", &at("shortlist"), json!({})).await.ok();
    let nothing = api.keyed("on-again", &at("shortlist"), json!({})).await;
    nothing.ok();
    let off = api.post(&at("unshortlist"), json!({})).await.ok();
    same(&nothing, &api.keyed("on-again", &at("shortlist"), json!({})).await);
    let row = api.read(&amara.url, number(&off, "position")).await;
    assert_eq!(row["shortlisted"], false);

    // A move to a stage that is no more, of an application that is over.
    let moved = api.keyed("move", &at("move"), json!({ "to": "screening" })).await;
    moved.ok();
    api.post(&at("move"), json!({ "to": "interview" })).await.ok();
    let stage = |id: &str, kind: &str| json!({ "id": id, "name": id, "kind": kind });
    let stages = json!({ "stages": [stage("submitted", "submitted"), stage("interview", "interviewing"),
        stage("hired", "hired")] });
    api.put(&format!("/v1/jobs/{job}/pipeline"), stages).await.ok();
    let no = json!({ "reason": "no", "category": "skills" });
    let rejected = api.keyed("no", &at("reject"), no.clone()).await;
    rejected.ok();
    same(&moved, &api.keyed("move", &at("move"), json!({ "to": "screening" })).await);
    same(&rejected, &api.keyed("no", &at("reject"), no).await);

    // For a candidate: an application, a correction, a score, and then they are erased.
    let candidate = text(&row, "candidate");
    let person = format!("/v1/candidates/{candidate}");
    let (other, _) = open_job(&api, "Baker").await;
    let submit = json!({ "job": other });
    let submitted = api.keyed("submit", &format!("{person}/applications"), submit.clone()).await;
    let second = text(&submitted.status(202), "id");
    let correct = json!({ "field": "name", "to": "A. O." });
    let corrected = api.keyed("correct", &format!("{person}/corrections"), correct.clone()).await;
    corrected.ok();
    let mut feed = Feed::open(&server, &server.token, "after=0").await;
    feed.until(|m| crate::feed::is(m, "application.score_recorded.v1", &second)).await;
    let bind = json!({ "rubric": "two", "version": 1 });
    let anchors: Vec<String> = (0..6).map(|level| format!("level {level}")).collect();
    let rubric = json!({ "name": "two", "version": 1, "criteria": [
        { "id": "skills", "label": "Skills", "weight": 100, "anchors": anchors }] });
    api.post("/v1/rubrics", rubric).await.status(201);
    api.put(&format!("/v1/jobs/{other}/rubric"), bind).await.ok();
    let score = format!("/v1/applications/{second}/score");
    let asked = api.keyed("score", &score, json!({})).await;
    asked.status(202);
    api.post(&format!("/v1/applications/{second}/withdraw"), json!({})).await.ok();
    let erased = api.keyed("erase", &format!("{person}/erasure"), json!({})).await;
    erased.ok();
    same(&submitted, &api.keyed("submit", &format!("{person}/applications"), submit).await);
    same(&corrected, &api.keyed("correct", &format!("{person}/corrections"), correct).await);
    same(&asked, &api.keyed("score", &score, json!({})).await);
    same(&erased, &api.keyed("erase", &format!("{person}/erasure"), json!({})).await);
    let mismatch = api
        .keyed("erase", &format!("{person}/corrections"), json!({ "field": "name", "to": "B" }))
        .await;
    mismatch.refused(409, "IDEMPOTENCY_MISMATCH");
}

#[tokio::test]
async fn applying_twice_under_one_key_is_applying_once() {
    let server = Server::start();
    let (api, nobody) = (server.admin(), server.anonymous());
    let (job, _) = open_job(&api, "Engineer").await;
    let hand =
        async |key: &str, who| hand_in_once(&nobody, &job, key, form(who, sample(who.file))).await;
    let first = hand("a-1", &AMARA).await;
    let mine = applied(&first);
    let again = hand("a-1", &AMARA).await;
    same(&first, &again);
    assert_eq!(applied(&again).token, mine.token, "the secret, too");
    server.bearer(&mine.token).get(&mine.url).await.ok();
    let changed = form(&AMARA, sample(ZOE.file));
    hand_in_once(&nobody, &job, "a-1", changed).await.refused(409, "IDEMPOTENCY_MISMATCH");
    hand("a-2", &AMARA).await.refused(409, "ALREADY_APPLIED");
    // Strangers do not know of each other's keys.
    let other = hand("a-1", &DMITRI).await;
    assert_ne!(applied(&other).id, mine.id);

    // The answer comes again when the job is closed, and the applicant is gone.
    let closing = json!({ "reason": "over", "disposition": "keep_for_review" });
    api.post(&format!("/v1/jobs/{job}/close"), closing).await.ok();
    same(&first, &hand("a-1", &AMARA).await);

    // Many at once, with and without a key.
    let (job, _) = open_job(&api, "Baker").await;
    let keyed = (0..8).map(|_| hand_in_once(&nobody, &job, "b", form(&ZOE, sample(ZOE.file))));
    let answers = futures::future::join_all(keyed).await;
    for answer in &answers {
        assert_eq!(applied(answer).id, applied(&answers[0]).id);
    }
    let bare = (0..8).map(|_| hand_in(&nobody, &job, form(&AMARA, sample(AMARA.file))));
    let answers = futures::future::join_all(bare).await;
    let (in_time, late): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 202);
    assert_eq!((in_time.len(), late.len()), (1, 7));
    for answer in late {
        let existing = answer.refused(409, "ALREADY_APPLIED")["existing"].clone();
        assert_eq!(existing, applied(in_time[0]).id.as_str());
    }
    let last = head(&server).await;
    let pool = api.read(&format!("/v1/jobs/{job}/pool"), last).await;
    assert_eq!(pool["items"].as_array().map(Vec::len), Some(2));
    let people = api.get("/v1/candidates").await.ok();
    assert_eq!(people["items"].as_array().map(Vec::len), Some(3), "{people}");
}

#[tokio::test]
async fn a_resume_under_one_key_is_attached_once() {
    let server = Server::start();
    let api = server.admin();
    let ada = api.post("/v1/candidates", json!({ "name": "Ada" })).await.status(201);
    let path = format!("/v1/candidates/{}/resumes", text(&ada, "id"));
    let attach = async |file: &str, tag: Option<&str>| {
        let part = reqwest::multipart::Part::bytes(sample(file)).file_name("cv.pdf");
        let form = reqwest::multipart::Form::new().part("resume", part);
        let mut request = api.request(reqwest::Method::POST, &path).multipart(form);
        request = request.header("idempotency-key", "cv");
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        crate::client::send(request).await
    };
    attach(AMARA.file, Some("\"9\"")).await.refused(409, "STALE_VERSION");
    let first = attach(AMARA.file, Some("\"1\"")).await;
    first.status(202);
    let mut feed = Feed::open(&server, &server.token, "after=0").await;
    feed.until(|m| m["type"] == "candidate.resume_parsed.v1").await;
    same(&first, &attach(AMARA.file, Some("\"1\"")).await);
    attach(DMITRI.file, None).await.refused(409, "IDEMPOTENCY_MISMATCH");
    let read = head(&server).await;
    let person = api.read(&format!("/v1/candidates/{}", text(&ada, "id")), read).await;
    assert_eq!(person["resumes"].as_array().map(Vec::len), Some(1));
    let stale: Value = api.get("/v1/candidates").await.ok();
    assert_eq!(stale["items"][0]["version"], person["version"]);
}
