//! Append through the log against a bare insert loop: the same rows, the same durability, the same disk,
//! in the same run. Prints rates and their ratio.
//!
//! `cargo bench -p hiresphere-event-log --bench append`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

use std::time::{Duration, Instant};

use domain::actor::{Actor, ActorKind};
use domain::ids::{CommandId, EventId, JobId};
use event_log::folder::Folder;
use event_log::ports::Append;
use event_log::{Log, NewEvent};
use sqlx::SqlitePool;

const FOR: Duration = Duration::from_secs(4);

fn event(log: &Log) -> NewEvent {
    NewEvent {
        event_id: EventId(log.ids.next()),
        kind: "job.paused.v1".into(),
        occurred_at: log.clock.now(),
        actor: Actor::new(ActorKind::Member, "bench"),
        command_id: CommandId(log.ids.next()),
        causation_id: None,
        correlation_id: "bench".into(),
        traceparent: None,
        key_id: None,
        payload: "{\"note\":\"a payload of about the size that most events have, a hundred bytes or so\"}"
            .into(),
    }
}

/// Appends per second with this many tasks, each on a stream of its own.
async fn appends(log: &Log, tasks: usize) -> f64 {
    let started = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                let stream = JobId(log.ids.next()).stream();
                let mut version = 0;
                while started.elapsed() < FOR {
                    let append = Append {
                        stream,
                        expected_version: version,
                        events: vec![event(&log)],
                        reservations: vec![],
                        idempotency: None,
                    };
                    version = log.store.append(append).await.expect("an append").version;
                }
                version
            })
        })
        .collect();
    let mut count = 0;
    for task in running {
        count += task.await.expect("a task");
    }
    count as f64 / started.elapsed().as_secs_f64()
}

/// The anchor: one statement per transaction, the log's table and pragmas, nothing else.
async fn inserts(pool: &SqlitePool, log: &Log) -> f64 {
    let started = Instant::now();
    let mut count = 0_u32;
    let bytes = |id: uuid::Uuid| id.as_bytes().to_vec();
    while started.elapsed() < FOR {
        let event = event(log);
        sqlx::query(
            "INSERT INTO events (event_id, stream_kind, stream_id, version, type, occurred_at, \
             recorded_at, actor, command_id, correlation_id, payload) \
             VALUES ($1, 'job', $2, $3, $4, $5, $5, $6, $7, 'bench', $8)",
        )
        .bind(bytes(event.event_id.0))
        .bind(bytes(log.ids.next()))
        .bind(count)
        .bind(&event.kind)
        .bind(event.occurred_at.timestamp_micros())
        .bind(serde_json::to_string(&event.actor).expect("JSON"))
        .bind(bytes(event.command_id.0))
        .bind(&event.payload)
        .execute(pool)
        .await
        .expect("an insert");
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_held, log) = Folder::open(folder.path()).await.expect("a log");
    let bare = tempfile::tempdir().expect("a folder");
    let (held, other) = Folder::open(bare.path()).await.expect("a log");
    drop((held, other));
    let pool = event_log::sqlite::pool(&bare.path().join("log.sqlite"), 1).await.expect("a pool");
    let anchor = inserts(&pool, &log).await;
    println!("bare insert loop             {anchor:>8.0} /s   1.00");
    for tasks in [1, 8, 32] {
        let rate = appends(&log, tasks).await;
        println!("append, {tasks:>2} task(s)           {rate:>8.0} /s   {:.2}", rate / anchor);
    }
}
