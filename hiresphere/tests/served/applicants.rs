//! What an applicant may see: their own application, without points, ranks, notes or who decided.

use serde_json::{Value, json};

use crate::client::{number, text};
use crate::feed::{Feed, is};
use crate::scene::{AMARA, DMITRI, Person, open_job, sample, scored};
use crate::server::Server;

/// The names of everything in a JSON value.
fn names(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                into.push(name.clone());
                names(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

/// Nothing in it is for colleagues only.
#[track_caller]
fn discreet(value: &Value) {
    let mut found = vec![];
    names(value, &mut found);
    for name in [
        "rank",
        "total",
        "points",
        "parts",
        "criteria",
        "flags",
        "shortlisted",
        "note",
        "duplicates",
        "run",
        "seen",
        "evidence",
        "rationale",
        "category",
    ] {
        assert!(!found.iter().any(|f| f == name), "`{name}` in {value}");
    }
    let text = value.to_string().to_lowercase();
    for word in ["short list", "shortlist", "hopeless", "operator"] {
        assert!(!text.contains(word), "`{word}` in {value}");
    }
}

#[tokio::test]
async fn an_applicant_sees_their_own_application_and_never_the_score() {
    let server = Server::start();
    let admin = server.admin();
    let (job, opened) = open_job(&admin, "Engineer").await;
    let (amara, _) = scored(&server, &job, &AMARA).await;
    let (dmitri, _) = scored(&server, &job, &DMITRI).await;
    admin.post(&format!("{}/shortlist", amara.url), json!({})).await.ok();
    admin.post(&format!("{}/notes", amara.url), json!({ "text": "hopeless" })).await.ok();
    let moved = admin.post(&format!("{}/move", amara.url), json!({ "to": "screening" })).await.ok();
    let no = json!({ "reason": "hopeless", "category": "skills", "note": "hopeless" });
    let rejected = number(&admin.post(&format!("{}/reject", amara.url), no).await.ok(), "position");

    let me = server.bearer(&amara.token);
    let mine = me.read(&amara.url, rejected).await;
    assert_eq!((&mine["status"], &mine["outcome"]), (&json!("rejected"), &json!("scored")));
    assert!(text(&mine, "scored_by").contains('@'), "they are told which machine: {mine}");
    discreet(&mine);
    let told = me.get(&format!("{}/timeline", amara.url)).await.ok();
    discreet(&told);
    assert!(told["items"].as_array().is_some_and(|items| items.len() >= 4));

    // Nobody else's: not even whether there is one.
    for path in [dmitri.url.clone(), format!("{}/timeline", dmitri.url)] {
        me.get(&path).await.refused(404, "NOT_FOUND");
    }
    me.post(&format!("{}/withdraw", dmitri.url), json!({})).await.refused(404, "NOT_FOUND");
    for what in ["/resume", "/decisions"] {
        me.get(&format!("{}{what}", amara.url)).await.refused(403, "FORBIDDEN");
    }
    for path in ["/v1/jobs", "/v1/candidates", &format!("/v1/jobs/{job}/pool")] {
        me.get(path).await.refused(403, "FORBIDDEN");
    }
    for what in ["shortlist", "reject", "notes", "score", "move"] {
        let path = format!("{}/{what}", amara.url);
        me.post(&path, json!({})).await.refused(403, "FORBIDDEN");
    }

    // Their feed, from the very beginning: theirs alone.
    let mut feed = Feed::open(&server, &amara.token, "after=0").await;
    let last = feed.until(|m| is(m, "application.rejected.v1", &amara.id)).await;
    assert_eq!(number(&last, "position"), rejected);
    let row = admin.get(&amara.url).await.ok();
    let candidate = text(&row, "candidate");
    for message in &feed.told {
        discreet(&message["data"]);
        let stream = text(message, "stream");
        assert!(stream.ends_with(&amara.id) || stream.ends_with(&candidate), "{message}");
        assert!(number(message, "position") > opened);
        let kind = &message["actor"]["kind"];
        assert!(kind == "candidate" || message["actor"]["id"].is_null(), "who: {message}");
    }
    let kinds: Vec<&str> = feed.told.iter().map(|m| m["type"].as_str().unwrap()).collect();
    for kind in [
        "candidate.resume_received.v1",
        "candidate.resume_text_extracted.v1",
        "application.submitted.v1",
        "application.score_requested.v1",
        "application.score_recorded.v1",
        "application.stage_changed.v1",
    ] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    assert!(
        !kinds.contains(&"application.shortlisted.v1")
            && !kinds.contains(&"application.note_added.v1")
    );
    assert_eq!(feed.told.iter().filter(|m| m["position"] == moved["position"]).count(), 1);
}

#[tokio::test]
async fn an_applicant_follows_the_resume_that_their_application_is_put_on() {
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Engineer").await;
    let (amara, position) = scored(&server, &job, &AMARA).await;
    let mut live = Feed::open(&server, &amara.token, "").await;
    let candidate = text(&admin.read(&amara.url, position).await, "candidate");
    let path = format!("/v1/candidates/{candidate}/resumes");
    let other = sample("backend-engineer/CV Amara Okafor (updated).docx");
    let part = reqwest::multipart::Part::bytes(other).file_name("new.docx");
    let form = reqwest::multipart::Form::new().part("resume", part);
    let request = admin.request(reqwest::Method::POST, &path).multipart(form);
    let attached = number(&crate::client::send(request).await.status(202), "position");
    let person = admin.read(&format!("/v1/candidates/{candidate}"), attached).await;
    let document = json!({ "document": text(&person["resumes"][1], "document") });
    let replaced = admin.put(&format!("{}/resume", amara.url), document).await.ok();
    let score = live.until(|m| is(m, "application.score_recorded.v1", &amara.id)).await;
    assert!(number(&score, "position") > number(&replaced, "position"));

    // Both resumes belong to the story, whenever it is read.
    let mut all = Feed::open(&server, &amara.token, "after=0").await;
    all.up_to(number(&score, "position")).await;
    let of = |kind: &str| all.told.iter().filter(|m| m["type"] == kind).count();
    assert_eq!(of("candidate.resume_received.v1"), 2);
    assert_eq!(of("candidate.resume_text_extracted.v1"), 2);
}

#[tokio::test]
async fn no_personal_data_is_in_any_message_of_any_feed() {
    const FULL: Person = Person {
        name: "Zebulon Quartermain",
        email: "zebulon.q@secret.example",
        file: "backend-engineer/Amara_Okafor_CV.pdf",
    };
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Engineer").await;
    let form = crate::scene::form(&FULL, sample(FULL.file))
        .text("phone", "+44 7700 900123")
        .text("links", "https://zebulon.example/me")
        .text("answers", r#"{"Why?":"my zebulonic reasons"}"#);
    let answer = crate::scene::hand_in(&server.anonymous(), &job, form).await;
    let mine = crate::scene::applied(&answer);
    let position = crate::scene::score_of(&server, &mine).await;
    let row = admin.read(&mine.url, position).await;
    let post = async |what: &str, body: Value| {
        number(&admin.post(&format!("{}/{what}", mine.url), body).await.ok(), "position")
    };
    post("notes", json!({ "text": "zebulon is fine" })).await;
    post("move", json!({ "to": "screening", "reason": "zebulon it is" })).await;
    post("reject", json!({ "reason": "zebulon", "category": "skills", "note": "zebulon" })).await;
    post("unreject", json!({ "reason": "zebulon" })).await;
    let correction = json!({ "field": "name", "to": "Zebulon Q" });
    let path = format!("/v1/candidates/{}/corrections", text(&row, "candidate"));
    admin.post(&path, correction).await.ok();
    let last = post("withdraw", json!({ "reason": "zebulon" })).await;

    let quotes: Vec<String> = admin.get(&mine.url).await.ok()["criteria"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|c| c["evidence"].as_array().unwrap().clone())
        .map(|e| text(&e, "quote"))
        .filter(|quote| quote.len() > 12)
        .collect();
    assert!(!quotes.is_empty());
    for who in [&server.token, &mine.token] {
        let mut feed = Feed::open(&server, who, "after=0").await;
        feed.until(|m| number(m, "position") >= last).await;
        for message in &feed.told {
            let said = message.to_string().to_lowercase();
            for secret in ["zebulon", "quartermain", "secret.example", "900123", "okafor", "amara"]
            {
                assert!(!said.contains(secret), "`{secret}` in {message}");
            }
            assert!(!said.contains("sealed"), "{message}");
            assert!(!quotes.iter().any(|q| said.contains(&q.to_lowercase())), "a quote: {message}");
        }
    }
}
