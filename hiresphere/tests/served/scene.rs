//! What tests begin with: jobs that are open, people who apply with real resumes, tokens.

use std::fs;
use std::path::Path;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Answer, Api, number, send, text};
use crate::feed::{Feed, is};
use crate::server::Server;

/// An application, as its applicant knows it.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) position: u64,
}

/// Somebody who applies.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) file: &'static str,
}

pub(crate) const AMARA: Person = Person {
    name: "Amara Okafor",
    email: "amara.o@example.com",
    file: "backend-engineer/Amara_Okafor_CV.pdf",
};
pub(crate) const DMITRI: Person = Person {
    name: "Dmitri Volkov",
    email: "dmitri.v@example.com",
    file: "backend-engineer/Dmitri_Volkov_Resume.pdf",
};
pub(crate) const ZOE: Person = Person {
    name: "Zoë Müller",
    email: "zoe.m@example.com",
    file: "backend-engineer/zoe-mueller-lebenslauf-en.pdf",
};

/// The bytes of a sample resume.
pub(crate) fn sample(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    fs::read(folder.join(file)).expect("a sample")
}

/// What a job says.
pub(crate) fn posting(title: &str) -> Value {
    json!({
        "title": title,
        "department": "Engineering",
        "location": "Leeds",
        "pay": { "min": 60000, "max": 80000, "currency": "GBP", "per": "year" },
        "openings": 2,
        "description": "Build and run the services behind our product.",
        "requirements": [
            { "text": "4+ years of professional experience building backend services" },
            { "text": "Strong Go or Rust" },
            { "text": "PostgreSQL" },
            { "text": "Docker and Kubernetes" },
            { "text": "Kafka or another message broker", "must_have": false },
        ],
    })
}

/// A job that was begun, and where the log stood then.
pub(crate) async fn drafted(api: &Api, title: &str) -> (String, u64) {
    let job = api.post("/v1/jobs", posting(title)).await.status(201);
    (text(&job, "id"), number(&job, "position"))
}

/// A job that takes applications, and where the log stood then.
pub(crate) async fn open_job(api: &Api, title: &str) -> (String, u64) {
    let (job, _) = drafted(api, title).await;
    let rubric = json!({ "rubric": "default", "version": 1 });
    api.put(&format!("/v1/jobs/{job}/rubric"), rubric).await.ok();
    let published = api.post(&format!("/v1/jobs/{job}/publish"), json!({})).await.ok();
    (job, number(&published, "position"))
}

/// The form that a person hands in, with another resume if need be.
pub(crate) fn form(person: &Person, resume: Vec<u8>) -> Form {
    let file = person.file.rsplit('/').next().expect("a name");
    Form::new()
        .text("name", person.name)
        .text("email", person.email)
        .part("resume", Part::bytes(resume).file_name(file))
}

/// Hands a form in.
pub(crate) async fn hand_in(api: &Api, job: &str, form: Form) -> Answer {
    let request = api.request(Method::POST, &format!("/v1/jobs/{job}/applications"));
    send(request.multipart(form)).await
}

/// Hands a form in under an idempotency key.
pub(crate) async fn hand_in_once(api: &Api, job: &str, key: &str, form: Form) -> Answer {
    let request = api.request(Method::POST, &format!("/v1/jobs/{job}/applications"));
    send(request.header("idempotency-key", key).multipart(form)).await
}

/// What applying answered.
#[track_caller]
pub(crate) fn applied(answer: &Answer) -> Applied {
    let body = answer.status(202);
    let applied = Applied {
        id: text(&body, "id"),
        url: text(&body, "url"),
        token: text(&body, "token"),
        position: number(&body, "position"),
    };
    assert_eq!(answer.header("location"), applied.url);
    assert_eq!(applied.url, format!("/v1/applications/{}", applied.id));
    applied
}

/// Applies, without saying who one is.
pub(crate) async fn apply(server: &Server, job: &str, person: &Person) -> Applied {
    let form = form(person, sample(person.file));
    applied(&hand_in(&server.anonymous(), job, form).await)
}

/// Applies and waits on the feed for the score; answers where the log stood then.
pub(crate) async fn scored(server: &Server, job: &str, person: &Person) -> (Applied, u64) {
    let applied = apply(server, job, person).await;
    let position = score_of(server, &applied).await;
    (applied, position)
}

/// Waits on the feed for an application's score.
pub(crate) async fn score_of(server: &Server, applied: &Applied) -> u64 {
    let after = format!("after={}", applied.position - 1);
    let mut feed = Feed::open(server, &server.token, &after).await;
    let score = feed.until(|m| is(m, "application.score_recorded.v1", &applied.id)).await;
    number(&score, "position")
}

/// A token for a role: its id and its secret.
pub(crate) async fn token(admin: &Api, role: &str) -> (String, String) {
    let issued = admin.post("/v1/tokens", json!({ "role": role })).await.status(201);
    (text(&issued, "id"), text(&issued, "token"))
}

/// An id that names nothing.
pub(crate) const NOBODY: &str = "018f3b5e-0000-7000-8000-000000000000";
