//! How long after an event was decided everybody who follows the feed has it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;

use crate::load::feed::{Line, connect};
use crate::load::{Asker, Place};
use crate::{Sizes, head, line};

/// Commands on their way at once, at most.
const CLIENTS: usize = 8;

/// When a listener had which position; the first listener keeps what was said.
struct Heard {
    at: Vec<(u64, DateTime<Utc>)>,
    said: Vec<String>,
}

/// Commands come at a steady rate while many listen. From `at`, the moment an event was decided, before it was
/// committed, to its receipt, for every event and listener; the anchor is one listener alone. Beside it, from the
/// command's answer to the receipt.
pub(crate) async fn measure(sizes: &Sizes) {
    head("commit to WebSocket");
    for &rate in sizes.rates {
        for listeners in [1, sizes.listeners] {
            run(rate, listeners, sizes.commands).await;
        }
    }
}

async fn run(rate: u32, listeners: usize, commands: usize) {
    let mut place = Place::new();
    let server = place.serve().await;
    let asker = place.asker();
    let (_, ready) = asker.get("/readyz").await;
    let before = ready["head"].as_u64().expect("a head");
    let mut listening = Vec::new();
    for listener in 0..listeners {
        let line = connect(&server.address, &place.token(), before).await.expect("a line");
        listening.push(tokio::spawn(listen(line, commands, listener == 0)));
    }
    let started = Instant::now();
    let answered = tell(&asker, rate, commands).await;
    let reached = commands as f64 / started.elapsed().as_secs_f64();
    let mut decided = HashMap::new();
    let (mut since_decided, mut since_answered) = (Vec::new(), Vec::new());
    for listener in listening {
        let Heard { at, said } = listener.await.expect("a listener");
        for text in said {
            let message: Value = serde_json::from_str(&text).expect("JSON");
            let moment = message["at"].as_str().expect("a time");
            let moment: DateTime<Utc> = moment.parse().expect("a time");
            decided.insert(message["position"].as_u64().expect("a position"), moment);
        }
        for (position, at) in at {
            let since = |moment: DateTime<Utc>| (at - moment).as_seconds_f64() * 1_000.0;
            since_decided.push(since(decided[&position]));
            // Before its answer is soon enough.
            since_answered.push(since(answered[&position]).max(0.0));
        }
    }
    assert_eq!(since_decided.len(), commands * listeners, "everybody has everything");
    let what = format!("{listeners} listener(s), {rate} commands/s");
    let more = format!("{reached:.0} commands/s, {:.0} messages/s", reached * listeners as f64);
    line(&format!("{what}, from `at`"), since_decided, &more);
    line(&format!("{what}, from the answer"), since_answered, "");
    place.kill(server).await;
}

/// Receives as many events as there are commands. Does little, so that the listeners do not measure themselves.
async fn listen(mut line: Line, events: usize, keep: bool) -> Heard {
    let mut heard = Heard { at: Vec::with_capacity(events), said: Vec::new() };
    while heard.at.len() < events {
        let frame = line.next().await.expect("a line").expect("a frame");
        let Message::Text(text) = frame else { continue };
        let now = Utc::now();
        let Some(rest) = text.strip_prefix("{\"position\":") else { continue };
        let digits = rest.split(',').next().expect("a number");
        heard.at.push((digits.parse().expect("a position"), now));
        if keep {
            heard.said.push(text.as_str().to_owned());
        }
    }
    heard
}

/// Gives commands at a steady rate, each an event; answers when each was answered, by position.
async fn tell(asker: &Asker, rate: u32, commands: usize) -> HashMap<u64, DateTime<Utc>> {
    let giving: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let asker = asker.clone();
            tokio::spawn(async move {
                let mut every = interval(Duration::from_secs(1) * CLIENTS as u32 / rate);
                // Late ones follow at once: the rate is what others do, whatever the server does.
                every.set_missed_tick_behavior(MissedTickBehavior::Burst);
                let mut answered = Vec::new();
                for n in (client..commands).step_by(CLIENTS) {
                    every.tick().await;
                    let body = serde_json::json!({
                        "title": format!("Job {n}"),
                        "description": "Somebody who does what is to be done, and does it well.",
                    });
                    let told =
                        asker.ask(|http, url| http.post(format!("{url}/v1/jobs")).json(&body));
                    let (status, answer) = told.await;
                    assert!(status.is_success(), "{answer}");
                    let position = answer["position"].as_u64().expect("a position");
                    answered.push((position, Utc::now()));
                }
                answered
            })
        })
        .collect();
    let mut answered = HashMap::new();
    for client in giving {
        answered.extend(client.await.expect("a client"));
    }
    answered
}
