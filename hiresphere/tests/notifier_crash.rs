//! The server killed at random moments while it tells webhooks, Slack and a mail server of people who apply: each message once, or
//! once more where it may have got through, and then marked (a webhook, which can tell by the id, at every kill); an application's in order; the history says the same.
//!
//! By hand, at full size (some 10,000 events): `HIRESPHERE_KILLS=12 HIRESPHERE_APPLICATIONS=1300 cargo nextest run --release -p
//! hiresphere --test notifier_crash --no-capture`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "tells what a soak did")]

mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use load::people::Person;
use load::{Asker, Place, Random, size};
use serde_json::{Value, json};
use testkit::ends::{BOT_TOKEN, Ends, Reply};
use testkit::smtp::{MailServer, Takes};
use tokio::process::Command;

/// Who apply at once.
const CLIENTS: usize = 4;
/// How long it may take until everything is told.
const PATIENCE: Duration = Duration::from_secs(600);

fn command(place: &Place, ends: &Ends, mail: &MailServer) -> Command {
    let file = place.data().with_file_name("settings.yaml");
    let settings = format!(
        "notifications:\n  private_webhooks: true\n  email: {{ from: hire@example.org }}\n  \
         slack: {{ api_url: '{}' }}\n",
        ends.slack_api()
    );
    std::fs::write(&file, settings).unwrap();
    let mut command = place.command();
    command
        .arg("--config")
        .arg(file)
        .env("HIRESPHERE_SMTP_URL", &mail.url)
        .env("HIRESPHERE_SLACK_BOT_TOKEN", BOT_TOKEN);
    command
}

async fn write(asker: &Asker, method: reqwest::Method, path: &str, body: Value) {
    let (status, answer) = asker
        .ask(|http, url| http.request(method.clone(), format!("{url}{path}")).json(&body))
        .await;
    assert!(status.is_success(), "{status} {answer}");
}

/// Messages by what they are, each with whether it was marked as a repeat.
type Told = BTreeMap<String, Vec<bool>>;

/// Each is there once, or again and marked, as often as that may be; answers how many were repeated.
fn once(told: &Told, repeats: usize, what: &str) -> usize {
    for (message, marks) in told {
        let well = marks.len() <= 1 + repeats && marks.iter().skip(1).all(|marked| *marked);
        assert!(well, "{what} {message}: {marks:?}");
    }
    told.values().filter(|marks| marks.len() > 1).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_tells_each_thing_once() {
    let applications = size("HIRESPHERE_APPLICATIONS", 60);
    let kills = size("HIRESPHERE_KILLS", 4);
    let ends = Ends::start(|_| Reply::Well).await;
    let mail = MailServer::start(|_| Takes::It).await;
    let mut random = Random::new();
    let mut place = Place::new();
    let first = command(&place, &ends, &mail);
    let mut server = place.serve_by(first).await;
    let asker = place.asker();
    let (post, put) = (reqwest::Method::POST, reqwest::Method::PUT);
    let subscriptions = "/v1/notification-subscriptions";
    let hook = json!({ "name": "hook", "target": { "kind": "webhook", "url": format!("{}/hook", ends.url) },
        "filter": { "events": ["application.*"] } });
    write(&asker, post.clone(), subscriptions, hook).await;
    let slack = json!({ "name": "slack", "target": { "kind": "slack_channel", "channel": "C1" },
        "filter": { "rules": ["new_application", "scored"] } });
    write(&asker, post, subscriptions, slack).await;
    write(&asker, put.clone(), "/v1/me/contact", json!({ "email": "ann@example.org" })).await;
    let wishes = json!({ "follow": ["new_application"], "email": { "kind": "immediately" } });
    write(&asker, put, "/v1/me/notification-preferences", wishes).await;
    let job = asker.open_job().await;
    let started = Instant::now();
    let applying: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (asker, job) = (asker.clone(), job.clone());
            tokio::spawn(async move {
                let mut mine = Vec::new();
                for n in (client..applications).step_by(CLIENTS) {
                    mine.push(asker.applied(&job, &Person::nth(n)).await);
                }
                mine
            })
        })
        .collect();
    // Moments are counted in messages: three at the webhook, two in Slack and an e-mail for each application.
    let all = applications * 6;
    let count = || ends.came("/").len() + mail.came().len();
    for moment in random.moments(kills, all as u64 * 9 / 10) {
        let from = Instant::now();
        while (count() as u64) < moment {
            assert!(from.elapsed() < PATIENCE, "{} of {all} messages", count());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        place.kill(server).await;
        let next = command(&place, &ends, &mail);
        server = place.serve_by(next).await;
    }
    let mut accepted = BTreeSet::new();
    for client in applying {
        accepted.extend(client.await.unwrap());
    }
    let end = Instant::now() + PATIENCE;
    // What a kill met twice over may have got through twice: it is not sent a third time, where the other side cannot tell.
    let (sent, given_up) = loop {
        let (_, page) = asker.get("/v1/notifications?state=parked&limit=200").await;
        let of = |state: &str| {
            let counts = page["counts"].as_array().unwrap();
            counts.iter().find(|c| c["state"] == state).map_or(0, |c| c["count"].as_u64().unwrap())
        };
        if of("sent") + of("parked") == all as u64 && of("queued") + of("sending") == 0 {
            let parked = page["items"].as_array().unwrap();
            for row in parked {
                assert_eq!(row["reason"], "OUTCOME_UNKNOWN", "{row}");
                assert_ne!(row["channel"], "webhook", "{row}");
            }
            let through =
                |channel: &str| parked.iter().filter(|row| row["channel"] == channel).count();
            break (of("sent"), [through("slack"), through("email")]);
        }
        assert!(Instant::now() < end, "{page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let took = started.elapsed().as_secs_f64();
    place.kill(server).await;

    let (mut hooked, mut order) = (Told::new(), BTreeMap::<String, Vec<u64>>::new());
    for came in ends.came("/hook") {
        let marked = came.header("hiresphere-may-repeat") == "true";
        hooked.entry(came.header("webhook-id").to_owned()).or_default().push(marked);
        let stream = came.json["stream"].as_str().unwrap().to_owned();
        order.entry(stream).or_default().push(came.json["position"].as_u64().unwrap());
    }
    assert_eq!(hooked.len(), applications * 3, "three events of each application");
    let streams: BTreeSet<String> =
        order.keys().map(|s| s.strip_prefix("application-").unwrap().to_owned()).collect();
    assert_eq!(streams, accepted);
    for (stream, positions) in &order {
        assert!(positions.is_sorted(), "{stream} in order: {positions:?}");
    }
    let (mut slacked, mut threads) = (Told::new(), BTreeMap::<String, BTreeSet<String>>::new());
    for came in ends.came("/api/") {
        let text = came.json["text"].as_str().unwrap();
        let application = accepted.iter().find(|id| came.json.to_string().contains(*id));
        let said = came.json.to_string();
        let marked = said.contains("You may have had this message before.");
        slacked.entry(text.to_owned()).or_default().push(marked);
        let thread = came.json["thread_ts"].as_str().map(str::to_owned);
        if let (Some(application), Some(thread)) = (application, thread) {
            threads.entry(application.clone()).or_default().insert(thread);
        }
    }
    let all_but =
        |told: &Told, all: usize, given_up: usize| (all - given_up..=all).contains(&told.len());
    assert!(all_but(&slacked, applications * 2, given_up[0]), "two messages of each application");
    assert!(threads.values().all(|threads| threads.len() == 1), "one thread of each");
    let mut mailed = Told::new();
    for mail in mail.came() {
        let marked = mail.header("hiresphere-may-repeat") == "true";
        mailed.entry(mail.header("message-id")).or_default().push(marked);
    }
    assert!(all_but(&mailed, applications, given_up[1]), "an e-mail of each application");
    let repeated =
        [once(&hooked, kills, "webhook"), once(&slacked, 1, "Slack"), once(&mailed, 1, "e-mail")];
    println!(
        "{applications} applications, {kills} kills: {sent} messages in {took:.1} s, sent once more and marked: {} to \
         the webhook, {} to Slack, {} by e-mail; given up, since two kills met them: {given_up:?}",
        repeated[0], repeated[1], repeated[2]
    );
}
