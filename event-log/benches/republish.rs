//! Filling an empty bus from the log, against publishing messages of the same size with as many in flight and
//! nothing else: the same server, in the same run. Prints rates and their ratio.
//!
//! `scripts/servers.sh cargo bench -p hiresphere-event-log --bench republish`, and from a log on PostgreSQL with
//! `-- --postgres`.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

use std::collections::VecDeque;
use std::time::Instant;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Config;
use domain::actor::{Actor, ActorKind};
use domain::ids::{CommandId, EventId, JobId};
use event_log::folder::Folder;
use event_log::jetstream::{JetStream, Options, Relay, Step, encode, source};
use event_log::ports::Append;
use event_log::{Log, NewEvent};
use testkit::servers::{Database, Nats};
use uuid::Uuid;

#[path = "../tests/stepped/mod.rs"]
mod stepped;

const EVENTS: usize = 200_000;
const IN_FLIGHT: usize = 256;

fn event(log: &Log) -> NewEvent {
    NewEvent {
        event_id: EventId(log.ids.next()),
        kind: "job.paused.v1".into(),
        occurred_at: log.clock.now(),
        actor: Actor::new(ActorKind::Member, "bench"),
        command_id: CommandId(log.ids.next()),
        causation_id: None,
        correlation_id: log.ids.next().to_string(),
        traceparent: None,
        key_id: None,
        payload: "{\"note\":\"a payload of about the size that most events have, a hundred bytes or so\"}"
            .into(),
    }
}

async fn fill(log: &Log) {
    for _ in 0..EVENTS / 1_000 {
        let append = Append {
            stream: JobId(log.ids.next()).stream(),
            expected_version: 0,
            events: (0..1_000).map(|_| event(log)).collect(),
            reservations: vec![],
            idempotency: None,
        };
        log.store.append(append).await.expect("an append");
    }
}

/// The anchor: the same messages without a log, an order or a check.
async fn publish(bus: &JetStream, log: &Log) -> f64 {
    let config =
        Config { name: "anchor".into(), subjects: vec!["anchor".into()], ..Config::default() };
    bus.context().create_stream(config).await.expect("a stream");
    let event = log.store.read_all(0, 1).await.expect("a log").remove(0);
    let (mut headers, payload) = encode(&event, &source(Uuid::nil()));
    // Each is published as it is: no id to tell doubles by, no place to check.
    headers = headers
        .iter()
        .filter(|(name, _)| !AsRef::<str>::as_ref(name).starts_with("Nats-"))
        .flat_map(|(name, values)| values.iter().map(move |value| (name.clone(), value.clone())))
        .collect();
    headers.insert("padding", "x".repeat("Nats-Msg-Id: : ".len() + 36 + 36));
    let started = Instant::now();
    let mut flying = VecDeque::new();
    for _ in 0..EVENTS {
        if flying.len() == IN_FLIGHT
            && let Some(ack) = flying.pop_front()
        {
            let ack: async_nats::jetstream::context::PublishAckFuture = ack;
            ack.await.expect("an acknowledgement");
        }
        let message = PublishMessage::build().headers(headers.clone()).payload(payload.clone());
        flying.push_back(bus.context().send_publish("anchor", message).await.expect("a message"));
    }
    for ack in flying {
        ack.await.expect("an acknowledgement");
    }
    let rate = EVENTS as f64 / started.elapsed().as_secs_f64();
    bus.context().delete_stream("anchor").await.expect("a stream");
    rate
}

async fn republish(bus: &JetStream, log: &Log) -> f64 {
    let started = Instant::now();
    let mut relay = Relay::new(bus.clone(), log.store.clone(), log.subscriptions.clone());
    while relay.step().await.expect("a step") != Step::Idle {}
    let rate = EVENTS as f64 / started.elapsed().as_secs_f64();
    bus.context().delete_stream(event_log::jetstream::STREAM).await.expect("a stream");
    rate
}

/// What keeps a log open.
#[allow(dead_code, reason = "held")]
enum Held {
    Folder(Folder),
    Server(Database),
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_held, log) = if std::env::args().any(|argument| argument == "--postgres") {
        let (database, log) = stepped::open(folder.path()).await;
        (Held::Server(database), log)
    } else {
        let (held, log) = Folder::open(folder.path()).await.expect("a log");
        (Held::Folder(held), log)
    };
    fill(&log).await;
    let nats = Nats::start();
    let bus = JetStream::connect(Options::new(nats.url()), Uuid::now_v7()).await.expect("a bus");
    for _ in 0..3 {
        let anchor = publish(&bus, &log).await;
        println!("bare publishing, {IN_FLIGHT} in flight   {anchor:>8.0} /s   1.00");
        let rate = republish(&bus, &log).await;
        println!("republishing from the log      {rate:>8.0} /s   {:.2}", rate / anchor);
    }
}
