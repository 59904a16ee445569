//! Watching positions come: to the log, to the read models, to somebody who follows the feed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use projections::ReadStore;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::Watched;
use crate::load::feed::connect;

/// How long what was told may still take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// When positions were first seen: each entry says that all up to it were.
pub(crate) struct Track(Vec<(u64, DateTime<Utc>)>);

impl Track {
    /// When a position was first seen.
    pub(crate) fn first(&self, position: u64) -> DateTime<Utc> {
        self.0[self.0.partition_point(|(at, _)| *at < position)].1
    }
}

type Seen = Arc<Mutex<Vec<(u64, DateTime<Utc>)>>>;

/// Where one that watches notes what it sees.
struct Notes {
    seen: Seen,
    at: watch::Sender<u64>,
}

impl Notes {
    fn note(&self, position: u64) {
        let now = Utc::now();
        if *self.at.borrow() < position {
            self.seen.lock().expect("a lock").push((position, now));
            self.at.send_replace(position);
        }
    }
}

struct Watcher {
    seen: Seen,
    at: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Watcher {
    fn start<F>(watch: impl FnOnce(Notes) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let seen = Seen::default();
        let (at, reached) = watch::channel(0);
        let task = tokio::spawn(watch(Notes { seen: seen.clone(), at }));
        Self { seen, at: reached, task }
    }

    async fn until(&mut self, position: u64) -> Option<Track> {
        let there = self.at.wait_for(|at| *at >= position);
        let there = tokio::time::timeout(PATIENCE, there).await;
        let there = there.map(|at| at.map(drop)).is_ok_and(|at| at.is_ok());
        self.task.abort();
        there.then(|| Track(std::mem::take(&mut *self.seen.lock().expect("a lock"))))
    }
}

/// One of each.
pub(crate) struct Watchers([Watcher; 3]);

impl Watchers {
    /// From now on, behind a position.
    pub(crate) async fn start(url: &str, feed: &str, token: &str, after: u64) -> Self {
        // Told by the sequencer with every batch: nobody can know sooner.
        let mut listener = PgListener::connect(url).await.expect("a listener");
        listener.listen("hiresphere_head").await.expect("it listens");
        let numbered = Watcher::start(async move |notes: Notes| {
            while let Ok(told) = listener.recv().await {
                notes.note(told.payload().parse().expect("a position"));
            }
        });
        let store = ReadStore::connect(url).await.expect("read models");
        let folded = Watcher::start(async move |notes: Notes| {
            let mut at = store.watch();
            while at.changed().await.is_ok() {
                notes.note(*at.borrow_and_update());
            }
        });
        let mut line = connect(feed, token, after).await.expect("a line");
        let heard = Watcher::start(async move |notes: Notes| {
            while let Some(Ok(frame)) = line.next().await {
                let Message::Text(text) = frame else { continue };
                // Does little, so that it does not measure itself.
                let Some(rest) = text.strip_prefix("{\"position\":") else { continue };
                let digits = rest.split(',').next().expect("a number");
                notes.note(digits.parse().expect("a position"));
            }
        });
        Self([numbered, folded, heard])
    }

    /// Waits until everybody has seen a position; `None` when that takes too long.
    pub(crate) async fn until(self, position: u64) -> Option<Watched> {
        let [mut numbered, mut folded, mut heard] = self.0;
        let (numbered, folded, heard) =
            tokio::join!(numbered.until(position), folded.until(position), heard.until(position));
        Some(Watched { numbered: numbered?, folded: folded?, heard: heard? })
    }
}

/// An event as the log has it.
pub(crate) struct Logged {
    pub(crate) position: u64,
    /// By the database's clock, which is this machine's: when it was inserted, before its commit.
    pub(crate) recorded: DateTime<Utc>,
}

/// The log itself, to be asked afterwards.
pub(crate) struct Log {
    pool: PgPool,
}

impl Log {
    pub(crate) async fn connect(url: &str) -> Self {
        Self { pool: PgPool::connect(url).await.expect("a database") }
    }

    pub(crate) async fn head(&self) -> u64 {
        let sql = "SELECT head FROM hiresphere.head";
        let head: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("a head");
        head.unsigned_abs()
    }

    /// The events behind a position, by stream and version; waits until none is without one.
    pub(crate) async fn events_after(&self, after: u64) -> HashMap<(Uuid, u64), Logged> {
        let waiting = async {
            let sql = "SELECT count(*) FROM hiresphere.unsequenced";
            let count = || sqlx::query_scalar::<_, i64>(sql).fetch_one(&self.pool);
            while count().await.expect("a count") > 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("all is numbered");
        let sql = "SELECT aggregate_id, sequence, position, recorded_at FROM hiresphere.positions \
                   JOIN hiresphere.events USING (seq) WHERE position > $1";
        let rows: Vec<(String, i64, i64, DateTime<Utc>)> = sqlx::query_as(sql)
            .bind(i64::try_from(after).expect("a position"))
            .fetch_all(&self.pool)
            .await
            .expect("events");
        rows.into_iter()
            .map(|(stream, version, position, recorded)| {
                let event = (stream.parse().expect("an id"), version.unsigned_abs());
                (event, Logged { position: position.unsigned_abs(), recorded })
            })
            .collect()
    }
}
