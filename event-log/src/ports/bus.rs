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

/// Tells the bus what became of a delivery. One that is dropped without a word is delivered again later.
#[async_trait]
pub trait Receipt: Send + Sync {
    /// Handled or parked: it need not come again.
    async fn done(&self) -> Result<(), LogError>;

    /// It is to come again, after a pause.
    async fn again(&self, pause: Duration) -> Result<(), LogError>;

    /// It is still being worked on; said more often than [`Queue::patience`].
    async fn in_progress(&self) -> Result<(), LogError>;
}

/// The work of a subscription that several processes share.
#[async_trait]
pub trait Queue: Send + Sync {
    /// The next delivery; waits until there is one.
    async fn next(&mut self) -> Result<Delivery, LogError>;

    /// How long a delivery may be silent before it is given to somebody else.
    fn patience(&self) -> Duration;
}

/// Brings events to those who wait for them.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Follows the log from behind a position: from the log what the bus does not hold, then from the bus.
    async fn follow(&self, after: u64) -> Result<Box<dyn Feed>, LogError>;

    /// The queue of a subscription to some types of events, which holds what is behind `after` at least. `None`
    /// where one process is alone and reads the log by itself.
    async fn queue(
        &self,
        subscription: &str,
        kinds: &[String],
        after: u64,
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
        _: u64,
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
