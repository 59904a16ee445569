//! Where the tables stand, as far as this process knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_log::sql::Pool;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::tables;

/// How often tables that other processes build are looked at when nothing is heard of them.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A position that is followed.
#[derive(Default)]
pub(super) struct Position {
    known: Arc<Known>,
    following: std::sync::OnceLock<JoinHandle<()>>,
}

#[derive(Default)]
struct Known {
    at: watch::Sender<u64>,
    /// How often this process said so itself.
    told: AtomicU64,
}

impl Position {
    /// What this process has just done.
    pub(super) fn tell(&self, at: u64) {
        self.known.told.fetch_add(1, Ordering::SeqCst);
        self.known.at.send_replace(at);
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.known.at.subscribe()
    }

    /// From now on follows what other processes do.
    pub(super) fn follow(&self, pool: Pool, channel: String) {
        let known = self.known.clone();
        self.following.get_or_init(|| tokio::spawn(follow(known, pool, channel)));
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        if let Some(following) = self.following.get() {
            following.abort();
        }
    }
}

async fn follow(known: Arc<Known>, pool: Pool, channel: String) {
    let mut listening = pool.listen(&channel);
    loop {
        listening.heard(LOOK_EVERY).await;
        let told = known.told.load(Ordering::SeqCst);
        let at = match tables::checkpoint(&pool).await {
            Ok(at) => at,
            Err(error) => {
                tracing::debug!(%error, "the read models' position is not known");
                continue;
            }
        };
        known.at.send_if_modified(|known_at| {
            // What this process did meanwhile is newer than what was read.
            let news = known.told.load(Ordering::SeqCst) == told && *known_at != at;
            if news {
                *known_at = at;
            }
            news
        });
    }
}
