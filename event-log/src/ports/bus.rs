//! The port of the bus: how events reach those who wait for them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::EventStore;
use crate::error::LogError;
use crate::event::Recorded;

/// Events read from the log at once.
const BATCH: u32 = 512;

/// Every event behind a position, as they come, without a gap or a double.
#[async_trait]
pub trait Feed: Send {
    /// The next events in order, at least one. Waits until there is one; may be dropped while it waits.
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError>;
}

/// An event to be handled by one of those who work on a subscription.
pub struct Delivery {
    /// The event.
    pub event: Recorded,
    /// How often it was delivered, this time included.
    pub attempt: u32,
    /// What to tell the bus of it.
    pub receipt: Box<dyn Receipt>,
}

/// Tells what became of a delivery. One that is dropped without a word is delivered again later.
#[async_trait]
pub trait Receipt: Send + Sync {
    /// Handled: it need not come again. `false` when it was given to somebody else meanwhile, and then nothing is
    /// noted.
    async fn done(&self) -> Result<bool, LogError>;

    /// Cannot be handled: it is parked, and need not come again. `false` as for [`done`](Self::done).
    async fn park(&self, error: &str, attempts: u32) -> Result<bool, LogError>;

    /// It is to come again, after a pause.
    async fn again(&self, pause: Duration) -> Result<(), LogError>;

    /// It was not tried: it is to come again, after a pause, and this time does not count.
    async fn give_back(&self, pause: Duration) -> Result<(), LogError>;

    /// It is still being worked on; said more often than [`Queue::patience`]. `false` when it was given to somebody
    /// else meanwhile.
    async fn in_progress(&self) -> Result<bool, LogError>;
}

/// The work of a subscription that several processes share.
#[async_trait]
pub trait Queue: Send + Sync {
    /// The next delivery; waits until there is one. May be dropped while it waits.
    async fn next(&mut self) -> Result<Delivery, LogError>;

    /// How long a delivery may be silent before it is given to somebody else.
    fn patience(&self) -> Duration;

    /// Takes no more work, and gives back what was not handed out yet.
    async fn close(&mut self);
}

/// Brings events to those who wait for them.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Follows the log from behind a position: from the log what the bus does not hold, then from the bus.
    async fn follow(&self, after: u64) -> Result<Box<dyn Feed>, LogError>;

    /// Whether several processes may run one subscription, each with a queue of it.
    fn is_shared(&self) -> bool {
        false
    }

    /// The queue of a subscription to some types of events, which holds what is behind its checkpoint at least; at
    /// most `in_flight` deliveries of it are out here at once. `None` where one process is alone and reads the log
    /// by itself.
    async fn queue(
        &self,
        subscription: &str,
        kinds: &[String],
        in_flight: usize,
    ) -> Result<Option<Box<dyn Queue>>, LogError>;
}

/// The bus of a process that is alone with its log.
pub struct InProcess {
    store: Arc<dyn EventStore>,
}

impl InProcess {
    /// A bus over a log.
    pub fn new(store: Arc<dyn EventStore>) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Bus for InProcess {
    async fn follow(&self, after: u64) -> Result<Box<dyn Feed>, LogError> {
        Ok(Box::new(Reader { store: self.store.clone(), head: self.store.watch(), at: after }))
    }

    async fn queue(
        &self,
        _: &str,
        _: &[String],
        _: usize,
    ) -> Result<Option<Box<dyn Queue>>, LogError> {
        Ok(None)
    }
}

struct Reader {
    store: Arc<dyn EventStore>,
    head: tokio::sync::watch::Receiver<u64>,
    at: u64,
}

#[async_trait]
impl Feed for Reader {
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError> {
        loop {
            self.head.mark_unchanged();
            let batch = self.store.read_all(self.at, BATCH).await?;
            if let Some(last) = batch.last() {
                self.at = last.position;
                return Ok(batch);
            }
            let gone =
                || LogError::Io { doing: "follow the log", problem: "its writer has ended".into() };
            self.head.changed().await.map_err(|_| gone())?;
        }
    }
}
