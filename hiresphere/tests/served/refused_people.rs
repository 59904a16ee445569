//! Every refusal about people: applying, candidates, decisions, scores, erasure.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Answer, Api, number, send, text};
use crate::feed::{Feed, is};
use crate::scene::{
    AMARA, Applied, DMITRI, NOBODY, ZOE, applied, apply, form, hand_in, open_job, sample, scored,
};
use crate::server::Server;

async fn attach(api: &Api, candidate: &str, name: &str, bytes: Vec<u8>) -> Answer {
    let path = format!("/v1/candidates/{candidate}/resumes");
    let form = Form::new().part("resume", Part::bytes(bytes).file_name(name.to_owned()));
    send(api.request(Method::POST, &path).multipart(form)).await
}

#[tokio::test]
async fn applying_refuses() {
    let server = Server::start();
    let (api, nobody) = (server.admin(), server.anonymous());
    let (job, _) = open_job(&api, "Engineer").await;
    let resume = || sample(AMARA.file);
    let hand = async |form: Form| hand_in(&nobody, &job, form).await;
    let part = || Part::bytes(resume()).file_name("cv.pdf");

    hand(Form::new().part("resume", part())).await.at_field(422, "VALIDATION", "name");
    let nameless = Form::new().text("email", "a@example.com").part("resume", part());
    hand(nameless).await.at_field(422, "VALIDATION", "name");
    for email in ["", "amara", "a b@example.com", "@example.com", "a@", "a@b@c"] {
        let form = Form::new().text("name", "A").text("email", email).part("resume", part());
        hand(form).await.at_field(422, "VALIDATION", "email");
    }
    let without = Form::new().text("name", "A").text("email", "a@example.com");
    hand(without).await.at_field(422, "VALIDATION", "resume");
    let person = || form(&AMARA, resume());
    let linked = person().text("links", "https://example.com/me javascript:alert(1)");
    hand(linked).await.at_field(422, "VALIDATION", "links[1]");
    hand(person().text("answers", "[1]")).await.at_field(422, "VALIDATION", "answers");
    hand(person().text("ai_opt_out", "maybe")).await.at_field(422, "VALIDATION", "ai_opt_out");
    hand(person().text("name", "Twice")).await.at_field(422, "VALIDATION", "name");
    hand(person().text("rank", "1")).await.at_field(422, "VALIDATION", "rank");
    hand(person().text("source", "x".repeat(101))).await.at_field(422, "VALIDATION", "source");
    let head = number(&nobody.get("/readyz").await.ok(), "head");

    // Nothing of all that was written; this is.
    let first = applied(&hand(person().text("answers", r#"{"Why us?":"Because"}"#)).await);
    let second = hand(person()).await.refused(409, "ALREADY_APPLIED");
    assert_eq!(text(&second, "existing"), first.id);
    assert_eq!(first.position, head + 3, "registered, received, submitted");
    for job in [NOBODY, "no-id"] {
        hand_in(&nobody, job, person()).await.refused(404, "NOT_FOUND");
    }
    let paused = |what: &str| format!("/v1/jobs/{job}/{what}");
    api.post(&paused("pause"), json!({})).await.ok();
    hand(form(&DMITRI, sample(DMITRI.file))).await.refused(409, "JOB_NOT_OPEN");
    api.post(&paused("reopen"), json!({})).await.ok();
    let (other, _) = open_job(&api, "Baker").await;
    let opted = form(&AMARA, resume()).text("ai_opt_out", "true");
    let out = applied(&hand_in(&nobody, &other, opted).await);
    let row = api.read(&out.url, out.position).await;
    assert_eq!((&row["outcome"], &row["reason"]), (&json!("unscorable"), &json!("AI_OPT_OUT")));
    assert_eq!(row["candidate"], api.read(&first.url, first.position).await["candidate"]);
}

#[tokio::test]
async fn candidates_refuse() {
    let server = Server::start();
    let api = server.admin();
    let (job, _) = open_job(&api, "Engineer").await;
    let register = async |body: Value| api.post("/v1/candidates", body).await;
    let ada = json!({ "name": "Ada", "email": "Ada@Example.org", "source": "referral" });
    let known = text(&register(ada).await.status(201), "id");
    let twice = register(json!({ "name": "A. L.", "email": "ada@example.org" })).await;
    assert_eq!(text(&twice.refused(409, "CANDIDATE_EXISTS"), "existing"), known);
    register(json!({ "email": "no address" })).await.at_field(422, "VALIDATION", "email");
    register(json!({ "name": "" })).await.at_field(422, "VALIDATION", "name");
    register(json!({ "source": "" })).await.at_field(422, "VALIDATION", "source");
    register(json!({ "links": ["ftp://x"] })).await.at_field(422, "VALIDATION", "links[0]");

    let at = format!("/v1/candidates/{known}");
    let submit = async |body: Value| api.post(&format!("{at}/applications"), body).await;
    submit(json!({ "job": job })).await.refused(409, "RESUME_MISSING");
    attach(&api, &known, "cv.txt", vec![]).await.at_field(422, "VALIDATION", "resume");
    let program = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00".repeat(64);
    attach(&api, &known, "cv.pdf", program).await.refused(415, "UNSUPPORTED_TYPE");
    let first = attach(&api, &known, "cv.pdf", sample(AMARA.file)).await.status(202);
    let again = attach(&api, &known, "cv.pdf", sample(AMARA.file)).await.status(202);
    let person = api.read(&at, number(&again, "position")).await;
    assert_eq!(person["resumes"].as_array().map(Vec::len), Some(1), "the same bytes: {first}");
    attach(&api, NOBODY, "cv.pdf", sample(AMARA.file)).await.refused(404, "NOT_FOUND");

    let unknown = json!({ "job": job, "document": NOBODY });
    submit(unknown).await.refused(409, "RESUME_MISSING");
    submit(json!({ "job": NOBODY })).await.refused(409, "JOB_NOT_OPEN");
    submit(json!({ "job": job, "source": "" })).await.at_field(422, "VALIDATION", "source");
    let mine = text(&submit(json!({ "job": job })).await.status(202), "id");
    let twice = submit(json!({ "job": job })).await.refused(409, "ALREADY_APPLIED");
    assert_eq!(text(&twice, "existing"), mine);
    let nobody = format!("/v1/candidates/{NOBODY}");
    for (what, body) in [
        ("applications", json!({ "job": job })),
        ("corrections", json!({ "field": "name", "to": "X" })),
        ("duplicates", json!({ "other": known, "signals": ["same_file"] })),
        ("erasure", json!({})),
    ] {
        api.post(&format!("{nobody}/{what}"), body).await.refused(404, "NOT_FOUND");
    }
    api.get(&nobody).await.refused(404, "NOT_FOUND");

    let correct = async |field: &str, to: &str| {
        api.post(&format!("{at}/corrections"), json!({ "field": field, "to": to })).await
    };
    correct("email", "nowhere").await.at_field(422, "VALIDATION", "to");
    correct("name", " ").await.at_field(422, "VALIDATION", "to");
    correct("age", "33").await.at_field(422, "VALIDATION", "field");
    let done = correct("name", "Ada Lovelace").await.ok();
    assert_eq!(api.read(&at, number(&done, "position")).await["name"], "Ada Lovelace");
    let flag = json!({ "other": NOBODY, "signals": ["same_email"] });
    api.post(&format!("{at}/duplicates"), flag).await.at_field(422, "VALIDATION", "other");

    // Erased: the story stays, the person goes.
    let erase = async || api.post(&format!("{at}/erasure"), json!({})).await;
    erase().await.refused(409, "ACTIVE_APPLICATIONS");
    let secret = format!("/v1/applications/{mine}");
    api.post(&format!("{secret}/withdraw"), json!({})).await.ok();
    let erased = erase().await.ok();
    let gone = api.read(&at, number(&erased, "position")).await;
    assert_eq!((&gone["name"], &gone["erased"]), (&Value::Null, &json!(true)));
    assert_eq!(erase().await.ok()["version"], erased["version"], "erased is erased");
    correct("name", "Ada").await.refused(409, "ERASED");
    attach(&api, &known, "cv.pdf", sample(ZOE.file)).await.refused(409, "ERASED");
    submit(json!({ "job": job })).await.refused(409, "ERASED");
    api.get(&format!("{secret}/resume")).await.refused(409, "ERASED");
    api.get(&format!("{secret}/resume/text")).await.refused(409, "ERASED");
    let back = register(json!({ "email": "ada@example.org" })).await.status(201);
    assert_ne!(text(&back, "id"), known, "nobody knows that they were here before");
}

#[tokio::test]
async fn decisions_refuse() {
    let server = Server::start();
    let api = server.admin();
    let (job, _) = open_job(&api, "Engineer").await;
    let (amara, position) = scored(&server, &job, &AMARA).await;
    let post = async |of: &Applied, what: &str, body: Value| {
        api.post(&format!("{}/{what}", of.url), body).await
    };
    let no = json!({ "reason": "no", "category": "skills" });

    let twice = post(&amara, "score", json!({})).await.refused(409, "DUPLICATE_RUN");
    let run = text(&api.read(&amara.url, position).await, "run");
    assert_eq!(text(&twice, "existing"), run);
    post(&amara, "score", json!({ "again": true })).await.refused(409, "DUPLICATE_RUN");
    let show = async |run: &str| {
        api.put(&format!("{}/score/shown", amara.url), json!({ "run": run })).await
    };
    show("0123456789abcdef0123456789abcdef").await.refused(404, "NOT_FOUND");
    // It is shown already.
    show(&run).await.ok();
    let stop = format!("/v1/jobs/{job}/scoring/stop");
    api.post(&stop, json!({ "reason": "odd answers" })).await.ok();
    post(&amara, "score", json!({ "again": true })).await.refused(409, "SCORING_STOPPED");
    api.post(&format!("/v1/jobs/{job}/scoring/resume"), json!({})).await.ok();
    post(&amara, "unreject", json!({})).await.refused(409, "NOT_REJECTED");
    for (reason, category) in [("", "skills"), ("no", " ")] {
        let body = json!({ "reason": reason, "category": category });
        post(&amara, "reject", body).await.refused(422, "REASON_REQUIRED");
    }
    for to in ["dream", "", "hired"] {
        let moved = post(&amara, "move", json!({ "to": to })).await;
        moved.at_field(422, "STAGE_NOT_IN_PIPELINE", "to");
    }
    post(&amara, "notes", json!({ "text": " " })).await.at_field(422, "VALIDATION", "text");
    let long = json!({ "text": "x".repeat(10_001) });
    post(&amara, "notes", long).await.at_field(422, "VALIDATION", "text");
    let ahead = json!({ "seen": { "position": 1_000_000 } });
    post(&amara, "shortlist", ahead).await.at_field(422, "VALIDATION", "seen.position");

    post(&amara, "reject", no.clone()).await.ok();
    post(&amara, "reject", no.clone()).await.refused(409, "TERMINAL");
    for (what, body) in [
        ("shortlist", json!({})),
        ("unshortlist", json!({})),
        ("move", json!({ "to": "screening" })),
        ("score", json!({})),
    ] {
        post(&amara, what, body).await.refused(409, "NOT_ACTIVE");
    }
    let pause = format!("/v1/jobs/{job}/pause");
    api.post(&pause, json!({})).await.ok();
    post(&amara, "unreject", json!({})).await.refused(409, "JOB_NOT_OPEN");
    api.post(&format!("/v1/jobs/{job}/reopen"), json!({})).await.ok();
    post(&amara, "unreject", json!({})).await.ok();
    post(&amara, "withdraw", json!({})).await.ok();
    post(&amara, "withdraw", json!({})).await.refused(409, "TERMINAL");

    let out = form(&DMITRI, sample(DMITRI.file)).text("ai_opt_out", "true");
    let dmitri = applied(&hand_in(&server.anonymous(), &job, out).await);
    let mut feed =
        Feed::open(&server, &server.token, &format!("after={}", dmitri.position - 2)).await;
    feed.until(|m| m["type"] == "candidate.resume_text_extracted.v1").await;
    post(&dmitri, "score", json!({})).await.refused(409, "AI_OPT_OUT");

    // A rubric that was bound since asks for another score; the old one no longer stands in its way.
    let zoe = apply(&server, &job, &ZOE).await;
    feed.until(|m| is(m, "application.score_recorded.v1", &zoe.id)).await;
    let anchors: Vec<String> = (0..6).map(|level| format!("level {level}")).collect();
    let rubric = json!({ "name": "one", "version": 1, "criteria": [
        { "id": "skills", "label": "Skills", "weight": 100, "anchors": anchors }] });
    api.post("/v1/rubrics", rubric).await.status(201);
    let bind = json!({ "rubric": "one", "version": 1 });
    api.put(&format!("/v1/jobs/{job}/rubric"), bind).await.ok();
    let answer = post(&zoe, "score", json!({})).await;
    assert_eq!(answer.header("location"), zoe.url);
    answer.status(202);
    let ended = feed
        .until(|m| {
            is(m, "application.score_recorded.v1", &zoe.id)
                || is(m, "application.score_failed.v1", &zoe.id)
        })
        .await;
    let row = api.read(&zoe.url, number(&ended, "position")).await;
    assert_eq!(row["rubric"], "one@1", "{row} after {ended}");

    let nobody = Applied { url: format!("/v1/applications/{NOBODY}"), ..zoe };
    for (what, body) in [
        ("shortlist", json!({})),
        ("unshortlist", json!({})),
        ("reject", no),
        ("unreject", json!({})),
        ("move", json!({ "to": "screening" })),
        ("notes", json!({ "text": "hm" })),
        ("score", json!({})),
        ("withdraw", json!({})),
    ] {
        post(&nobody, what, body).await.refused(404, "NOT_FOUND");
    }
    for what in ["", "/timeline", "/decisions", "/decisions/3", "/resume", "/resume/text"] {
        api.get(&format!("{}{what}", nobody.url)).await.refused(404, "NOT_FOUND");
    }
    api.get(&format!("{}/decisions/1", amara.url)).await.refused(404, "NOT_FOUND");
    api.get(&format!("{}/decisions/first", amara.url)).await.refused(404, "NOT_FOUND");
}
