//! Append: one round trip, done when it is committed, and never blindly repeated.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::decide::{Reserve, schema_version};
use serde_json::{Value, json};
use sqlx::{Executor as _, PgPool, Row as _};
use tokio::sync::Notify;
use uuid::Uuid;

use super::connect::{code, failed};
use super::row::{metadata, number, signed, stream_of};
use super::{PostgresLog, RECONNECT};
use crate::error::LogError;
use crate::ports::{Append, AppendError, Appended, EventStore as _};

/// How often an append is begun anew that the server undid because it waited in a circle with another.
const ATTEMPTS: u32 = 5;
/// How long it is asked what became of an append whose answer was lost.
const LOOKED_UP: Duration = Duration::from_secs(5);
/// Between two notifications that something was appended.
const DEBOUNCE: Duration = Duration::from_millis(3);

impl PostgresLog {
    pub(super) async fn append_all(&self, append: Append) -> Result<Appended, AppendError> {
        let mut attempt = 1;
        loop {
            let error = match self.call(&append).await {
                Ok(done) => return done,
                Err(error) => error,
            };
            let code = code(&error);
            match code.as_deref() {
                // Deadlock, serialization: undone, certainly.
                Some("40P01" | "40001") if attempt < ATTEMPTS => attempt += 1,
                Some("23505" | "HS002" | "HS003") => return self.refused(&append, &error).await,
                Some("57P01" | "57P02") => return self.what_became_of(&append, error).await,
                None if !matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => {
                    return self.what_became_of(&append, error).await;
                }
                _ => return Err(failed(error).into()),
            }
        }
    }

    /// Calls the server once. Outer: what went wrong with the call; inner: what the log answered.
    async fn call(&self, append: &Append) -> Result<Result<Appended, AppendError>, sqlx::Error> {
        let events = &append.events;
        let mut metadatas = Vec::with_capacity(events.len());
        for event in events {
            match metadata(event) {
                Ok(metadata) => metadatas.push(metadata),
                Err(error) => return Ok(Err(error.into())),
            }
        }
        let wanted = (!append.reservations.is_empty()).then(|| wanted(&append.reservations));
        let row = sqlx::query(
            "SELECT outcome, version, last FROM append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(append.stream.kind.as_str())
        .bind(append.stream.id.to_string())
        .bind(signed(append.expected_version))
        .bind(events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|e| schema_version(&e.kind).to_string()).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.event_id.0).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.payload.as_str()).collect::<Vec<_>>())
        .bind(metadatas)
        .bind(wanted)
        .bind(append.idempotency.as_ref().map(|mine| &mine.key))
        .bind(append.idempotency.as_ref().map(|mine| &mine.fingerprint))
        .fetch_one(&self.pool)
        .await?;
        let outcome: &str = row.try_get("outcome")?;
        if outcome == "repeated" {
            return Ok(self.repeated(append).await);
        }
        let version = match number(&row, "version") {
            Ok(version) => version,
            Err(error) => return Ok(Err(error.into())),
        };
        if outcome == "stale" {
            return Ok(Err(AppendError::StaleVersion { actual: version }));
        }
        if let Some(seq) = row.try_get::<Option<i64>, _>("last")? {
            self.places.note(append.stream, version, seq);
            self.hand_over.appended();
        }
        Ok(Ok(Appended { version, position: None }))
    }

    /// What a refusal by the server means.
    async fn refused(&self, append: &Append, error: &sqlx::Error) -> Result<Appended, AppendError> {
        let database = error.as_database_error();
        let detail = database
            .and_then(|e| e.try_downcast_ref::<sqlx::postgres::PgDatabaseError>())
            .and_then(|e| e.detail())
            .unwrap_or_default();
        let mut words = detail.split(' ');
        let index = words.next().and_then(|i| i.parse().ok()).unwrap_or(0);
        match code(error).as_deref() {
            Some("HS002") => {
                let holder =
                    stream_of(words.next().unwrap_or_default(), words.next().unwrap_or_default())?;
                Err(AppendError::Taken { index, holder })
            }
            Some("HS003") => Err(AppendError::NotAsRequired { index }),
            // Another append was faster: on the same stream, or under the same key.
            _ => {
                if let Some(mine) = &append.idempotency
                    && let Some(handled) = self.handled(&mine.key).await?
                {
                    return Err(AppendError::Repeated(handled));
                }
                Err(AppendError::StaleVersion { actual: self.version(append).await? })
            }
        }
    }

    async fn repeated(&self, append: &Append) -> Result<Appended, AppendError> {
        let key = append.idempotency.as_ref().map_or("", |mine| mine.key.as_str());
        match self.handled(key).await? {
            Some(handled) => Err(AppendError::Repeated(handled)),
            None => Err(LogError::Damaged("an idempotency key was used and is gone".into()).into()),
        }
    }

    async fn version(&self, append: &Append) -> Result<u64, LogError> {
        let sql = "SELECT COALESCE(MAX(sequence), 0) AS version FROM events \
                   WHERE aggregate_type = $1 AND aggregate_id = $2";
        let row = sqlx::query(sql)
            .bind(append.stream.kind.as_str())
            .bind(append.stream.id.to_string())
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
        number(&row, "version")
    }

    /// The connection broke before the answer came: it is looked up, never repeated. An append that cannot be found
    /// is called unavailable, and its key and expected version keep a second one from doubling it.
    async fn what_became_of(
        &self,
        append: &Append,
        error: sqlx::Error,
    ) -> Result<Appended, AppendError> {
        let last = append.events.last().map(|event| event.event_id.0);
        let until = Instant::now() + LOOKED_UP;
        while Instant::now() < until {
            match self.find(last, append).await {
                Ok(Some(version)) => {
                    self.hand_over.appended();
                    return Ok(Appended { version, position: None });
                }
                Ok(None) => break,
                Err(_) => tokio::time::sleep(RECONNECT).await,
            }
        }
        Err(LogError::Unavailable(error.to_string()).into())
    }

    async fn find(&self, event: Option<Uuid>, append: &Append) -> Result<Option<u64>, LogError> {
        let Some(event) = event else {
            let key = append.idempotency.as_ref().map_or("", |mine| mine.key.as_str());
            return Ok(self.handled(key).await?.map(|handled| handled.appended.version));
        };
        let row = sqlx::query("SELECT sequence FROM events WHERE event_id = $1")
            .bind(event)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.map(|row| number(&row, "sequence")).transpose()
    }
}

/// Reservations as the server's function reads them.
fn wanted(reservations: &[Reserve]) -> Value {
    let one = |reserve: &Reserve| match reserve {
        Reserve::Claim { name, .. } => json!({ "do": "claim", "name": name }),
        Reserve::Release { name } => json!({ "do": "release", "name": name }),
        Reserve::ReleaseOwned => json!({ "do": "release_owned" }),
        Reserve::Require { name, .. } => json!({ "do": "require", "name": name }),
        Reserve::RequireNone { prefix, .. } => json!({ "do": "none", "name": prefix }),
    };
    reservations.iter().map(one).collect()
}

/// Tells the sequencer that there is something to number. After the commit, and once for many: a notification within
/// the transaction would make commits wait for one another.
pub(super) struct HandOver {
    appended: Arc<Notify>,
}

impl HandOver {
    pub(super) fn start(pool: PgPool) -> Self {
        let appended = Arc::new(Notify::new());
        let waiting = Arc::downgrade(&appended);
        tokio::spawn(async move {
            while let Some(appended) = waiting.upgrade() {
                let told = tokio::time::timeout(Duration::from_secs(1), appended.notified());
                if told.await.is_ok() {
                    // Lost, it is found out by asking.
                    let _ = pool.execute("NOTIFY hiresphere_appended").await;
                    tokio::time::sleep(DEBOUNCE).await;
                }
            }
        });
        Self { appended }
    }

    fn appended(&self) {
        self.appended.notify_one();
    }
}
