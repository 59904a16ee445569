//! The distributed engine on a real PostgreSQL: rights, migrations, order under concurrency, and crashes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod crash;
mod hold;
mod library;
mod migrations;
mod order;
mod rights;

use domain::actor::{Actor, ActorKind};
use domain::ids::{CommandId, EventId, JobId, StreamId};
use event_log::NewEvent;
use event_log::distributed;
use event_log::ports::Append;
use event_log::postgres::{PostgresLog, Sequencer};
use testkit::servers::Database;
use uuid::Uuid;

/// A log in an empty database, and its sequencer, which does nothing by itself.
async fn log() -> (Database, PostgresLog, Sequencer) {
    let database = Database::make().await;
    distributed::migrate(database.url(), None).await.unwrap();
    let log = PostgresLog::connect(database.url()).await.unwrap();
    let sequencer = Sequencer::connect(database.url()).await.unwrap();
    (database, log, sequencer)
}

fn stream(n: u128) -> StreamId {
    JobId(Uuid::from_u128(n)).stream()
}

fn event() -> NewEvent {
    NewEvent {
        event_id: EventId(Uuid::now_v7()),
        kind: "job.paused.v1".into(),
        occurred_at: chrono::Utc::now(),
        actor: Actor::new(ActorKind::Member, "recruiter"),
        command_id: CommandId(Uuid::now_v7()),
        causation_id: None,
        correlation_id: "test".into(),
        traceparent: None,
        key_id: None,
        payload: r#"{"z": 1,  "a":2}"#.into(),
    }
}

fn append(stream: StreamId, expected_version: u64, events: usize) -> Append {
    Append {
        stream,
        expected_version,
        events: (0..events).map(|_| event()).collect(),
        reservations: vec![],
        idempotency: None,
    }
}
