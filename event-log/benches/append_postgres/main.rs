//! Appending to PostgreSQL: three ways to write the same events, and what their order costs. Every rate beside the
//! bare insert of the same row, in the same run, on a private server with everything flushed; and beside PostgreSQL's own
//! pgbench, where it is installed.
//!
//! `scripts/servers.sh --newest cargo bench -p hiresphere-event-log --bench append_postgres [-- --quick]`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

mod pgbench;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_es::persist::{PersistedEventRepository as _, SerializedEvent};
use domain::actor::{Actor, ActorKind};
use domain::ids::{CommandId, EventId, JobId, StreamId};
use domain::job::Job;
use event_log::NewEvent;
use event_log::distributed::migrate;
use event_log::ports::{Append, EventStore as _};
use event_log::postgres::{PostgresLog, Sequencer};
use postgres_es::PostgresEventRepository;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor as _, PgPool};
use testkit::servers::Postgres;
use tokio::sync::watch;
use uuid::Uuid;

const PAYLOAD: &str =
    "{\"note\":\"a payload of about the size that most events have, a hundred bytes or so\"}";

/// A way to append one event to a stream.
#[derive(Clone)]
enum Way {
    /// The row and nothing else, into a table without triggers: the ceiling of this server and this client.
    Bare(PgPool),
    /// postgres-es's repository, unmodified.
    Library(Arc<PostgresEventRepository>),
    /// One `INSERT ... SELECT FROM UNNEST` in a transaction.
    Unnest(PgPool),
    /// The log's own: one call of a function, which also checks keys and reservations.
    Log(Arc<PostgresLog>),
}

fn metadata(id: Uuid) -> serde_json::Value {
    json!({
        "event_id": id, "occurred_at": "2026-01-01T00:00:00Z", "command_id": id,
        "actor": { "kind": "member", "id": "bench" }, "correlation_id": "bench",
    })
}

impl Way {
    async fn append(&self, stream: StreamId, version: u64) {
        let (id, aggregate) = (Uuid::now_v7(), stream.id.to_string());
        let sequence = i64::try_from(version).expect("small") + 1;
        match self {
            Self::Bare(pool) => {
                let sql = "INSERT INTO bare (aggregate_type, aggregate_id, sequence, event_type, \
                           event_version, event_id, payload, metadata) \
                           VALUES ('job', $1, $2, 'job.paused.v1', '1', $3, $4::json, $5)";
                let query = sqlx::query(sql).bind(aggregate).bind(sequence).bind(id);
                query.bind(PAYLOAD).bind(metadata(id)).execute(pool).await.expect("an insert");
            }
            Self::Library(repository) => {
                let payload = serde_json::from_str(PAYLOAD).expect("JSON");
                let event = SerializedEvent::new(
                    aggregate,
                    usize::try_from(sequence).expect("small"),
                    "job".into(),
                    "job.paused.v1".into(),
                    "1".into(),
                    payload,
                    metadata(id),
                );
                repository.persist::<Job>(&[event], None).await.expect("an append");
            }
            Self::Unnest(pool) => {
                let mut tx = pool.begin().await.expect("a transaction");
                let sql = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                           event_version, event_id, payload, metadata) \
                           SELECT 'job', $1, $2 + n - 1, t, '1', e, p::json, m FROM \
                           UNNEST($3::text[], $4::uuid[], $5::text[], $6::json[]) \
                           WITH ORDINALITY AS u (t, e, p, m, n) ORDER BY n";
                let query = sqlx::query(sql).bind(aggregate).bind(sequence);
                let query = query.bind(vec!["job.paused.v1"]).bind(vec![id]).bind(vec![PAYLOAD]);
                query.bind(vec![metadata(id)]).execute(&mut *tx).await.expect("an insert");
                tx.commit().await.expect("a commit");
            }
            Self::Log(log) => {
                let event = NewEvent {
                    event_id: EventId(id),
                    kind: "job.paused.v1".into(),
                    occurred_at: chrono::Utc::now(),
                    actor: Actor::new(ActorKind::Member, "bench"),
                    command_id: CommandId(id),
                    causation_id: None,
                    correlation_id: "bench".into(),
                    traceparent: None,
                    key_id: None,
                    payload: PAYLOAD.into(),
                };
                let append = Append {
                    stream,
                    expected_version: version,
                    events: vec![event],
                    reservations: vec![],
                    idempotency: None,
                };
                log.append(append).await.expect("an append");
            }
        }
    }
}

/// Appends per second with this many tasks, each on a stream of its own.
async fn rate(way: &Way, tasks: usize, lasts: Duration) -> f64 {
    let started = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let way = way.clone();
            tokio::spawn(async move {
                let stream = JobId(Uuid::now_v7()).stream();
                let mut version = 0;
                while started.elapsed() < lasts {
                    way.append(stream, version).await;
                    version += 1;
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

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let (lasts, rounds) =
        if quick { (Duration::from_millis(300), 1) } else { (Duration::from_secs(2), 3) };
    let server = Postgres::start();
    let (ordered, unordered) = (server.database().await, server.database().await);
    for url in [&ordered, &unordered] {
        migrate(url, None).await.expect("tables");
    }
    let pool = |url: String| async move {
        PgPoolOptions::new()
            .max_connections(40)
            .after_connect(|c, _| {
                Box::pin(async move { c.execute("SET search_path = hiresphere").await.map(drop) })
            })
            .connect(&url)
            .await
            .expect("a pool")
    };
    let owner = pool(ordered.clone()).await;
    owner.execute("CREATE TABLE bare (LIKE events INCLUDING ALL)").await.expect("a table");
    // The same append without an order: the identity column has gaps and is not commit order.
    let gappy = pool(unordered.clone()).await;
    gappy.execute("DROP TRIGGER events_are_handed_over ON events").await.expect("no trigger");

    let log = Arc::new(PostgresLog::connect(&ordered).await.expect("a log"));
    let ways = [
        ("bare insert", Way::Bare(owner.clone())),
        ("postgres-es", Way::Library(Arc::new(PostgresEventRepository::new(owner.clone())))),
        ("insert .. unnest", Way::Unnest(owner.clone())),
        ("append()", Way::Log(log.clone())),
        (
            "append(), gappy",
            Way::Log(Arc::new(PostgresLog::connect(&unordered).await.expect("a log"))),
        ),
    ];
    let mut pgbench = pgbench::Pgbench::find(&ordered);
    let mut pgbench_rates = [0.0; 3];
    let (stop, stopped) = watch::channel(false);
    let sequencer = Sequencer::connect(&ordered).await.expect("a sequencer");
    let sequencer = tokio::spawn(sequencer.run(stopped, |_| {}));
    println!("{:<18} {:>14} {:>14} {:>14}   appends/s (of bare insert)", "tasks", 1, 8, 32);
    let mut rates = [[0.0; 3]; 5];
    // In turns, so that what else the machine does falls on all of them.
    for _ in 0..rounds {
        for (i, tasks) in [1, 8, 32].into_iter().enumerate() {
            if let Some(pgbench) = &mut pgbench {
                pgbench_rates[i] += pgbench.rate(tasks, lasts) / f64::from(rounds);
            }
            for (way, rates) in ways.iter().zip(&mut rates) {
                rates[i] += rate(&way.1, tasks, lasts).await / f64::from(rounds);
            }
        }
    }
    let row = |name: &str, mine: &[f64; 3]| {
        let cells = mine.iter().zip(&rates[0]);
        let cells: Vec<_> =
            cells.map(|(rate, bare)| format!("{rate:>7.0} ({:.2})", rate / bare)).collect();
        println!("{name:<18} {:>14} {:>14} {:>14}", cells[0], cells[1], cells[2]);
    };
    match pgbench {
        Some(_) => row("pgbench", &pgbench_rates),
        None => println!("pgbench: not in HIRESPHERE_POSTGRES_BIN, so not measured"),
    }
    for ((name, _), mine) in ways.iter().zip(&rates) {
        row(name, mine);
    }
    let dense: Vec<_> =
        rates[3].iter().zip(&rates[4]).map(|(d, g)| format!("{:.2}", d / g)).collect();
    println!("dense order against the gappy ceiling: {}", dense.join("  "));
    if pgbench_rates[0] > 0.0 {
        let ours: Vec<_> =
            rates[3].iter().zip(&pgbench_rates).map(|(a, p)| format!("{:.2}", a / p)).collect();
        println!("append() against pgbench: {}", ours.join("  "));
    }
    let appended: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&owner).await.expect("a count");
    log.watch().wait_for(|head| *head == appended.unsigned_abs()).await.expect("all numbered");
    println!("{appended} events, numbered 1 to {appended} without a gap");
    stop.send_replace(true);
    sequencer.await.expect("an end");
}
