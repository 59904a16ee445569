//! The one writer: appends that wait for it are committed together.
//!
//! A commit costs a flush of the disk; what it carries costs little. So every append that has come in
//! while the disk was busy goes into the next transaction, each under a savepoint of its own: one that
//! is refused is undone alone, and nobody is answered before the commit.

use std::sync::Arc;

use domain::decide::Reserve;
use domain::ids::StreamId;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot, watch};

use super::events::{after_prefix, handled, holder};
use super::failed;
use super::row::{number, signed};
use crate::error::LogError;
use crate::event::NewEvent;
use crate::ports::{Append, AppendError, Appended};

/// Appends that are committed together at most, and that may wait.
const TOGETHER: usize = 64;
const WAITING: usize = 1024;

/// Hands appends to the writer.
pub(super) struct Appender {
    waiting: mpsc::Sender<Waiting>,
}

struct Waiting {
    append: Append,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
}

impl Appender {
    /// Starts the writer; it ends with this appender.
    pub(super) fn start(pool: SqlitePool, head: Arc<watch::Sender<u64>>) -> Self {
        let (waiting, coming) = mpsc::channel(WAITING);
        tokio::spawn(write(pool, head, coming));
        Self { waiting }
    }

    pub(super) async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let gone = || LogError::Io { doing: "append", problem: "the writer has ended".into() };
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { append, answer };
        self.waiting.send(waiting).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

async fn write(
    pool: SqlitePool,
    head: Arc<watch::Sender<u64>>,
    mut coming: mpsc::Receiver<Waiting>,
) {
    let mut batch = Vec::new();
    while coming.recv_many(&mut batch, TOGETHER).await > 0 {
        let appends: Vec<&Append> = batch.iter().map(|w| &w.append).collect();
        let answers = match together(&pool, &appends).await {
            Ok(answers) => answers,
            Err(_) if batch.len() > 1 => {
                // The machine failed one of them, and with it all: each for itself, then.
                let mut answers = Vec::with_capacity(batch.len());
                for append in appends {
                    let alone = together(&pool, &[append]).await;
                    answers.push(alone.unwrap_or_else(|e| vec![Err(e.into())]).remove(0));
                }
                answers
            }
            Err(error) => vec![Err(error.into())],
        };
        let last = answers.iter().flatten().filter_map(|done| done.position).max().unwrap_or(0);
        for (waiting, answer) in batch.drain(..).zip(answers) {
            // Whoever no longer waits does not care.
            let _ = waiting.answer.send(answer);
        }
        head.send_if_modified(|head| {
            let moved = last > *head;
            *head = last.max(*head);
            moved
        });
    }
}

/// Appends in one transaction; refusals are answers, a failure of the machine fails all.
async fn together(
    pool: &SqlitePool,
    appends: &[&Append],
) -> Result<Vec<Result<Appended, AppendError>>, LogError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let mut answers = Vec::with_capacity(appends.len());
    // One alone needs no savepoint: its transaction is undone with it.
    let alone = appends.len() == 1;
    for append in appends {
        if !alone {
            run("SAVEPOINT one", &mut tx).await?;
        }
        let answer = match one(append, &mut tx).await {
            Err(AppendError::Log(error)) => return Err(error),
            answer => answer,
        };
        match (&answer, alone) {
            (Err(_), true) => return Ok(vec![answer]),
            (Err(_), false) => run("ROLLBACK TO one", &mut tx).await?,
            (Ok(_), _) => {}
        }
        if !alone {
            run("RELEASE one", &mut tx).await?;
        }
        answers.push(answer);
    }
    tx.commit().await.map_err(failed)?;
    Ok(answers)
}

async fn run(sql: &'static str, tx: &mut SqliteConnection) -> Result<(), LogError> {
    sqlx::query(sql).execute(tx).await.map(drop).map_err(failed)
}

async fn one(append: &Append, tx: &mut SqliteConnection) -> Result<Appended, AppendError> {
    if let Some(mine) = &append.idempotency
        && let Some(handled) = handled(tx, &mine.key).await?
    {
        return Err(AppendError::Repeated(handled));
    }
    let actual = version(tx, append.stream).await?;
    if actual != append.expected_version {
        return Err(AppendError::StaleVersion { actual });
    }
    for (index, reserve) in append.reservations.iter().enumerate() {
        apply(tx, append.stream, index, reserve).await?;
    }
    let mut position = if append.events.is_empty() { place(tx, append.stream).await? } else { 0 };
    let mut version = append.expected_version;
    for event in &append.events {
        version += 1;
        position = insert(tx, append.stream, version, event).await?;
    }
    if let Some(mine) = &append.idempotency {
        sqlx::query("INSERT INTO commands VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&mine.key)
            .bind(&mine.fingerprint)
            .bind(append.stream.kind.as_str())
            .bind(append.stream.id.as_bytes().as_slice())
            .bind(signed(version))
            .bind(signed(position))
            .execute(tx)
            .await
            .map_err(failed)?;
    }
    Ok(Appended { version, position: Some(position) })
}

async fn version(tx: &mut SqliteConnection, stream: StreamId) -> Result<u64, LogError> {
    let row = sqlx::query(
        "SELECT COALESCE(MAX(version), 0) AS version FROM events \
         WHERE stream_id = $1 AND stream_kind = $2",
    )
    .bind(stream.id.as_bytes().as_slice())
    .bind(stream.kind.as_str())
    .fetch_one(tx)
    .await
    .map_err(failed)?;
    number(&row, "version")
}

/// The position of a stream's last event; 0 when there is none.
async fn place(tx: &mut SqliteConnection, stream: StreamId) -> Result<u64, LogError> {
    let row = sqlx::query(
        "SELECT COALESCE(MAX(position), 0) AS place FROM events \
         WHERE stream_id = $1 AND stream_kind = $2",
    )
    .bind(stream.id.as_bytes().as_slice())
    .bind(stream.kind.as_str())
    .fetch_one(tx)
    .await
    .map_err(failed)?;
    number(&row, "place")
}

async fn insert(
    tx: &mut SqliteConnection,
    stream: StreamId,
    version: u64,
    event: &NewEvent,
) -> Result<u64, LogError> {
    let actor = serde_json::to_string(&event.actor)
        .map_err(|e| LogError::Io { doing: "encode an actor", problem: e.to_string() })?;
    let id = |id: uuid::Uuid| id.as_bytes().to_vec();
    let done = sqlx::query(
        "INSERT INTO events (event_id, stream_kind, stream_id, version, type, occurred_at, \
         recorded_at, actor, command_id, causation_id, correlation_id, traceparent, key_id, payload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(id(event.event_id.0))
    .bind(stream.kind.as_str())
    .bind(id(stream.id))
    .bind(signed(version))
    .bind(&event.kind)
    .bind(event.occurred_at.timestamp_micros())
    .bind(chrono::Utc::now().timestamp_micros())
    .bind(actor)
    .bind(id(event.command_id.0))
    .bind(event.causation_id.map(|e| id(e.0)))
    .bind(&event.correlation_id)
    .bind(&event.traceparent)
    .bind(event.key_id.map(|k| id(k.0)))
    .bind(&event.payload)
    .execute(tx)
    .await
    .map_err(failed)?;
    u64::try_from(done.last_insert_rowid())
        .map_err(|_| LogError::Damaged("a position is negative".into()))
}

async fn apply(
    tx: &mut SqliteConnection,
    owner: StreamId,
    index: usize,
    reserve: &Reserve,
) -> Result<(), AppendError> {
    let id = owner.id.as_bytes().to_vec();
    let kind = owner.kind.as_str();
    match reserve {
        Reserve::Claim { name, .. } => match holder(tx, name).await? {
            Some(holder) if holder == owner => {}
            Some(holder) => return Err(AppendError::Taken { index, holder }),
            None => {
                let sql =
                    "INSERT INTO reservations (name, owner_kind, owner_id) VALUES ($1, $2, $3)";
                sqlx::query(sql)
                    .bind(name)
                    .bind(kind)
                    .bind(id)
                    .execute(tx)
                    .await
                    .map_err(failed)?;
            }
        },
        Reserve::Release { name } => {
            let sql =
                "DELETE FROM reservations WHERE name = $1 AND owner_kind = $2 AND owner_id = $3";
            sqlx::query(sql).bind(name).bind(kind).bind(id).execute(tx).await.map_err(failed)?;
        }
        Reserve::ReleaseOwned => {
            let sql = "DELETE FROM reservations WHERE owner_kind = $1 AND owner_id = $2";
            sqlx::query(sql).bind(kind).bind(id).execute(tx).await.map_err(failed)?;
        }
        Reserve::Require { name, .. } => {
            if holder(tx, name).await?.is_none() {
                return Err(AppendError::NotAsRequired { index });
            }
        }
        Reserve::RequireNone { prefix, .. } => {
            let sql = "SELECT 1 FROM reservations WHERE name >= $1 AND name < $2 LIMIT 1";
            let found = sqlx::query(sql)
                .bind(prefix)
                .bind(after_prefix(prefix))
                .fetch_optional(tx)
                .await
                .map_err(failed)?;
            if found.is_some() {
                return Err(AppendError::NotAsRequired { index });
            }
        }
    }
    Ok(())
}
