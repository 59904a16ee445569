//! Who follows the head: learns of positions as the sequencer gives them, and tells those who wait for theirs.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use domain::ids::StreamId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{oneshot, watch};

use super::connect::{Role, failed, pool};
use super::row::signed;
use super::{ASK_EVERY, RECONNECT, SCHEMA};
use crate::error::LogError;

/// Appends and positions that are remembered: those of the last seconds.
const REMEMBERED: usize = 65_536;
/// Positions read at once.
const BATCH: i64 = 8192;

/// The head, and the positions of this process's own appends.
pub(super) struct Places {
    inner: Arc<Inner>,
}

struct Inner {
    head: watch::Sender<u64>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What this process appended: the event's seq by its stream and version.
    own: HashMap<(StreamId, u64), i64>,
    own_order: VecDeque<(StreamId, u64)>,
    /// Positions given lately, by seq.
    given: HashMap<i64, u64>,
    given_order: VecDeque<i64>,
    waiting: HashMap<i64, Vec<oneshot::Sender<u64>>>,
}

impl Places {
    /// Begins to follow; ends when it is dropped.
    pub(super) async fn start(url: &str, connections: PgPool) -> Result<Self, LogError> {
        let head: i64 = sqlx::query_scalar("SELECT head FROM head")
            .fetch_one(&connections)
            .await
            .map_err(failed)?;
        let head = watch::Sender::new(head.unsigned_abs());
        let inner = Arc::new(Inner { head, known: Mutex::default() });
        // Of its own, so that a pool in full use does not make it deaf.
        let ears = pool(url, SCHEMA, Role::App, 2).await?;
        tokio::spawn(follow(Arc::downgrade(&inner), ears));
        Ok(Self { inner })
    }

    pub(super) fn head(&self) -> watch::Receiver<u64> {
        self.inner.head.subscribe()
    }

    /// Notes the seq of an event that this process appended.
    pub(super) fn note(&self, stream: StreamId, version: u64, seq: i64) {
        let mut known = self.inner.known();
        if known.own_order.len() == REMEMBERED
            && let Some(oldest) = known.own_order.pop_front()
        {
            known.own.remove(&oldest);
        }
        known.own.insert((stream, version), seq);
        known.own_order.push_back((stream, version));
    }

    /// Waits for the position of an event that this process appended lately; `None` when it did not.
    pub(super) async fn of(&self, stream: StreamId, version: u64) -> Option<u64> {
        let given = {
            let mut known = self.inner.known();
            let seq = *known.own.get(&(stream, version))?;
            if let Some(position) = known.given.get(&seq) {
                return Some(*position);
            }
            let (tell, given) = oneshot::channel();
            known.waiting.entry(seq).or_default().push(tell);
            given
        };
        given.await.ok()
    }
}

impl Inner {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the positions given since the last time.
    async fn read(&self, pool: &PgPool) -> Result<(), LogError> {
        loop {
            let last = *self.head.borrow();
            let rows: Vec<(i64, i64)> = sqlx::query_as(
                "SELECT position, seq FROM positions WHERE position > $1 ORDER BY position LIMIT $2",
            )
            .bind(signed(last))
            .bind(BATCH)
            .fetch_all(pool)
            .await
            .map_err(failed)?;
            let Some((reached, _)) = rows.last().copied() else { return Ok(()) };
            let mut known = self.known();
            for (position, seq) in rows {
                let position = position.unsigned_abs();
                if known.given_order.len() == REMEMBERED
                    && let Some(oldest) = known.given_order.pop_front()
                {
                    known.given.remove(&oldest);
                }
                known.given.insert(seq, position);
                known.given_order.push_back(seq);
                for waiting in known.waiting.remove(&seq).unwrap_or_default() {
                    // Whoever no longer waits does not care.
                    let _ = waiting.send(position);
                }
            }
            known.waiting.retain(|_, waiting| waiting.iter().any(|w| !w.is_closed()));
            drop(known);
            self.head.send_replace(reached.unsigned_abs());
        }
    }
}

/// Listens, and asks from time to time in case nobody is heard.
async fn follow(inner: Weak<Inner>, pool: PgPool) {
    let mut ears: Option<PgListener> = None;
    loop {
        if ears.is_none() {
            ears = listen(&pool).await;
        }
        let pause: Duration = match &mut ears {
            Some(listener) => match tokio::time::timeout(ASK_EVERY, listener.try_recv()).await {
                Ok(Ok(_)) | Err(_) => Duration::ZERO,
                Ok(Err(_)) => {
                    ears = None;
                    RECONNECT
                }
            },
            None => RECONNECT,
        };
        let Some(inner) = inner.upgrade() else { return };
        if let Err(error) = inner.read(&pool).await {
            tracing::debug!(%error, "the head cannot be read");
        }
        drop(inner);
        tokio::time::sleep(pause).await;
    }
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen("hiresphere_head").await.ok()?;
    Some(listener)
}
