//! Telling people and systems, through the whole server: subscriptions, preferences, a click in Slack, what became of it all.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::ends::{BOT_TOKEN, Came, Ends, Reply};
use testkit::smtp::{MailServer, Takes};

use crate::client::{Answer, Api, send, text};
use crate::scene::{AMARA, DMITRI, apply, open_job, score_of, token};
use crate::server::Server;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// How long anything here may take to become so.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "{what} did not come to be");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A server that tells these ends, and the folder of its settings.
fn server(ends: &Ends, mail: &MailServer) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hiresphere.yaml");
    let settings = format!(
        "notifications:\n  public_url: https://hire.example.org\n  private_webhooks: true\n  \
         email: {{ from: 'HireSphere <hire@example.org>', applicants: true }}\n  \
         slack: {{ api_url: '{}' }}\n",
        ends.slack_api()
    );
    fs::write(&file, settings).expect("a file");
    let args = ["--config", file.to_str().expect("UTF-8")];
    let secrets = [
        ("HIRESPHERE_SMTP_URL", mail.url.clone()),
        ("HIRESPHERE_SLACK_BOT_TOKEN", BOT_TOKEN.to_owned()),
        ("HIRESPHERE_SLACK_HOOK_URL", ends.slack_hook()),
        ("HIRESPHERE_SLACK_SIGNING_SECRET", SECRET.to_owned()),
    ];
    (Server::set(&args, secrets.map(|(name, value)| (name, PathBuf::from(value)))), folder)
}

/// Clicks, as Slack tells of it.
async fn click(api: &Api, secret: &str, payload: &Value) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    let at = chrono::Utc::now().timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let signature: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let request = api
        .request(Method::POST, "/v1/slack/interactions")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", at)
        .header("x-slack-signature", format!("v0={signature}"));
    send(request.body(body)).await
}

fn payload(user: &str, action: &str, application: &str, ends: &Ends, n: u32) -> Value {
    json!({
        "type": "block_actions",
        "user": { "id": user },
        "actions": [{ "action_id": action, "value": application, "action_ts": format!("17{n}") }],
        "response_url": format!("{}/answers", ends.url),
    })
}

fn answers(ends: &Ends) -> Vec<String> {
    ends.came("/answers").iter().map(|came| text(&came.json, "text")).collect()
}

#[tokio::test]
async fn people_and_systems_are_told_and_a_click_shortlists() {
    let ends = Ends::start(|_| Reply::Well).await;
    let mail = MailServer::start(|_| Takes::It).await;
    let (server, _settings) = server(&ends, &mail);
    let admin = server.admin();
    let (ann, ann_secret) = token(&admin, "recruiter").await;
    let ann_api = server.bearer(&ann_secret);

    let hook = json!({
        "name": "payroll", "target": { "kind": "webhook", "url": format!("{}/hook", ends.url) },
        "filter": { "events": ["application.*"] }
    });
    let request = admin.request(Method::POST, "/v1/notification-subscriptions").json(&hook);
    let made = send(request.header("idempotency-key", "hook").json(&hook)).await;
    let hook_made = made.status(201);
    assert!(text(&hook_made, "secret").starts_with("whsec_"));
    let request = admin.request(Method::POST, "/v1/notification-subscriptions").json(&hook);
    let again = send(request.header("idempotency-key", "hook").json(&hook)).await.status(201);
    assert_eq!((&again["id"], &again["secret"]), (&hook_made["id"], &hook_made["secret"]));
    let slack = json!({
        "name": "hiring", "target": { "kind": "slack_channel", "channel": "C1", "personal": true },
        "filter": { "rules": ["scored"], "min_score": 1 }
    });
    let slack_made = admin.post("/v1/notification-subscriptions", slack.clone()).await.status(201);
    assert_eq!(slack_made["secret"], Value::Null);
    ann_api.post("/v1/notification-subscriptions", slack).await.refused(403, "FORBIDDEN");

    let contact = json!({ "email": "ann@example.org", "slack": "U1" });
    ann_api.put("/v1/me/contact", contact).await.ok();
    let wishes = json!({ "follow": ["new_application"], "email": { "kind": "immediately" } });
    ann_api.put("/v1/me/notification-preferences", wishes).await.ok();
    let me = ann_api.get("/v1/me").await.ok();
    assert_eq!(
        (&me["contact"]["email"], &me["role"]),
        (&json!("ann@example.org"), &json!("recruiter"))
    );
    until("both subscriptions", async || {
        let list = admin.get("/v1/notification-subscriptions").await.ok();
        (list["items"].as_array().expect("items").len() == 2).then_some(())
    })
    .await;
    // What she wants is taken in behind them: the next event that anybody is told of comes later in the log.
    let (job, _) = open_job(&admin, "Backend Engineer").await;
    let applied = apply(&server, &job, &AMARA).await;
    score_of(&server, &applied).await;

    // Every end has it.
    let of = |path: &str| -> Vec<Came> {
        ends.came(path).into_iter().filter(|c| c.json.to_string().contains(&applied.id)).collect()
    };
    let posted = until("a message in Slack", async || of("/api/").into_iter().next()).await;
    let said = posted.json.to_string();
    assert!(said.contains("of 100") && said.contains("Amara Okafor"), "{said}");
    assert_eq!(posted.json["blocks"][1]["fields"].as_array().map(Vec::len), Some(4), "four parts");
    let kinds = until("three events at the webhook", async || {
        let kinds: Vec<String> = of("/hook").iter().map(|c| text(&c.json, "type")).collect();
        (kinds.len() >= 3).then_some(kinds)
    })
    .await;
    assert_eq!(
        kinds[..3],
        [
            "application.submitted.v1",
            "application.score_requested.v1",
            "application.score_recorded.v1"
        ]
    );
    assert!(of("/hook").iter().all(|c| !c.json.to_string().contains("Amara")));
    let (to_ann, to_amara) = until("two e-mails", async || {
        let came = mail.came();
        let to = |who: &str| came.iter().find(|mail| mail.to[0] == who).cloned();
        Some((to("ann@example.org")?, to(AMARA.email)?))
    })
    .await;
    assert!(!to_ann.text.contains("Amara"));
    assert!(to_amara.text.contains("Hello Amara Okafor,"));
    let inbox = ann_api.get("/v1/me/inbox?unread=true").await.ok();
    assert_eq!(text(&inbox["items"][0], "rule"), "new_application");
    let notes = format!("{}/notes", applied.url);
    let note = json!({ "text": "Have a look.", "mentions": [ann] });
    admin.post(&notes, note).await.ok();
    let nobody_here = json!({ "text": "Have a look.", "mentions": [crate::scene::NOBODY] });
    admin.post(&notes, nobody_here).await.at_field(422, "VALIDATION", "mentions[0]");
    let inbox = until("a mention", async || {
        let inbox = ann_api.get("/v1/me/inbox?unread=true").await.ok();
        (text(&inbox["items"][0], "rule") == "mentioned").then_some(inbox)
    })
    .await;
    let up_to = inbox["items"][0]["position"].clone();
    ann_api.post("/v1/me/inbox/read", json!({ "up_to": up_to })).await.ok();
    until("an inbox that was read", async || {
        (ann_api.get("/v1/me").await.ok()["unread"] == 0).then_some(())
    })
    .await;
    let page = until("what became of it", async || {
        let path = format!("/v1/notifications?application={}&limit=2", applied.id);
        let page = admin.get(&path).await.ok();
        page["next"].is_string().then_some(page)
    })
    .await;
    let next = text(&page, "next");
    let path = format!("/v1/notifications?application={}&cursor={next}", applied.id);
    let rest = admin.get(&path).await.ok();
    assert!(rest["items"].as_array().is_some_and(|items| !items.is_empty()), "{rest}");
    admin.get("/v1/notifications?state=gone").await.refused(400, "BAD_PARAMETER");
    admin.get("/v1/notifications?cursor=gone").await.refused(400, "BAD_PARAMETER");

    // Whoever says that they are Slack has to prove it.
    let (nobody, id) = (server.anonymous(), applied.id.as_str());
    let shortlist = payload("U1", "shortlist", id, &ends, 1);
    click(&nobody, "another", &shortlist).await.refused(401, "BAD_SIGNATURE");
    click(&nobody, SECRET, &json!({ "user": 1 })).await.refused(400, "INVALID_PAYLOAD");
    click(&nobody, SECRET, &payload("U2", "shortlist", id, &ends, 2)).await.status(200);
    // Clicked twice is once.
    click(&nobody, SECRET, &shortlist).await.status(200);
    click(&nobody, SECRET, &shortlist).await.status(200);
    until("three answers", async || (answers(&ends).len() == 3).then_some(())).await;
    let mut told = answers(&ends);
    told.sort();
    assert!(told[0].starts_with("HireSphere does not know you"), "{told:?}");
    assert_eq!(told[1..], ["Shortlisted.", "Shortlisted."]);
    let shortlisted = until("the short list at the webhook", async || {
        of("/hook").into_iter().find(|c| c.json["type"] == "application.shortlisted.v1")
    })
    .await;
    assert_eq!(shortlisted.json["actor"], json!({ "kind": "member", "id": ann }));
    click(&nobody, SECRET, &payload("U1", "unshortlist", id, &ends, 3)).await.status(200);
    until("an undo", async || {
        answers(&ends).contains(&"Taken off the short list.".into()).then_some(())
    })
    .await;
    admin.delete(&format!("/v1/tokens/{ann}")).await.status(204);
    click(&nobody, SECRET, &payload("U1", "shortlist", id, &ends, 4)).await.status(200);
    until("no for a token that was revoked", async || {
        answers(&ends).contains(&"This is for recruiters.".into()).then_some(())
    })
    .await;

    // Nothing of it is in what the server says.
    let said = server.said();
    for secret in
        [BOT_TOKEN, SECRET, "ann@example.org", "/services/T0", &text(&hook_made, "secret")]
    {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_subscription_is_refused_what_it_cannot_be() {
    let server = Server::start();
    let admin = server.admin();
    let made =
        |target: Value, filter: Value| json!({ "name": "x", "target": target, "filter": filter });
    let hook = |url: &str| json!({ "kind": "webhook", "url": url });
    let path = "/v1/notification-subscriptions";
    let plain = made(hook("http://example.org/"), json!({}));
    admin.post(path, plain).await.refused(422, "NOT_HTTPS");
    for (target, filter) in [
        (hook("https://example.org/"), json!({ "events": ["application.eaten.v1"] })),
        (hook("https://example.org/"), json!({ "rules": ["scored"] })),
        (json!({ "kind": "slack_hook" }), json!({ "rules": ["eaten"] })),
        (json!({ "kind": "slack_hook" }), json!({ "min_score": 101 })),
        (json!({ "kind": "pigeon" }), json!({})),
    ] {
        admin.post(path, made(target, filter)).await.refused(422, "VALIDATION");
    }
    let id = text(
        &admin.post(path, made(hook("https://example.org/"), json!({}))).await.status(201),
        "id",
    );
    let here = format!("{path}/{id}");
    let again = admin.post(&format!("{here}/rotate-secret"), json!({})).await.ok();
    assert!(text(&again, "secret").starts_with("whsec_"));
    admin.post(&format!("{here}/disable"), json!({})).await.ok();
    let past = json!({ "from": 1, "to": 2 });
    admin.post(&format!("{here}/replay"), past.clone()).await.refused(409, "DISABLED");
    admin.post(&format!("{here}/enable"), json!({})).await.ok();
    admin.post(&format!("{here}/replay"), past).await.status(202);
    admin.put(&here, json!({ "name": "y", "filter": { "events": ["offer.*"] } })).await.ok();
    let nowhere = format!("{path}/018f0000-0000-7000-8000-000000000000/disable");
    admin.post(&nowhere, json!({})).await.refused(404, "NOT_FOUND");
    let nothing = "/v1/notifications/018f0000-0000-7000-8000-000000000000/requeue";
    admin.post(nothing, json!({})).await.refused(404, "NOT_FOUND");
    let wishes = "/v1/me/notification-preferences";
    admin.put(wishes, json!({ "time_zone": "Mars/Base" })).await.refused(422, "VALIDATION");
    admin.put(wishes, json!({ "follow": ["eaten"] })).await.refused(422, "VALIDATION");
    admin.put("/v1/me/contact", json!({ "email": "ann" })).await.refused(422, "VALIDATION");
    let click = click(&server.anonymous(), SECRET, &json!({})).await;
    click.refused(404, "NOT_SET_UP");
    let job = open_job(&admin, "Backend Engineer").await.0;
    apply(&server, &job, &DMITRI).await;
    // With no ends in the settings, nobody is told out of the program.
    let counts = admin.get("/v1/notifications").await.ok();
    let sent = counts["counts"].as_array().expect("counts").iter().any(|c| c["state"] == "sent");
    assert!(!sent, "{counts}");
}
