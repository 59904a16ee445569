//! The port of the event store: append with its reservations and idempotency key, and read.

use std::time::Duration;

use async_trait::async_trait;
use domain::decide::Reserve;
use domain::ids::StreamId;
use tokio::sync::watch;

use crate::error::LogError;
use crate::event::{NewEvent, Recorded};

/// What is appended in one transaction.
#[derive(Debug, Clone)]
pub struct Append {
    /// The aggregate's stream.
    pub stream: StreamId,
    /// The version the decision was made on; 0 for a new stream.
    pub expected_version: u64,
    /// In order; none when a command changed nothing and only its key is kept.
    pub events: Vec<NewEvent>,
    /// Checked and written with the events, in order.
    pub reservations: Vec<Reserve>,
    /// Makes the command's second delivery answer what the first did.
    pub idempotency: Option<Idempotency>,
}

/// A command's idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Chosen by the caller.
    pub key: String,
    /// Keyed hash of the command, to tell a repeat from another command under the same key.
    pub fingerprint: String,
}

/// Where an append ended up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The stream's version after it.
    pub version: u64,
    /// The position of the stream's last event after it; `None` while the sequencer has not given it yet.
    pub position: Option<u64>,
}

/// What was answered to a command the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// Keyed hash of the command.
    pub fingerprint: String,
    /// The stream it went to.
    pub stream: StreamId,
    /// Where it ended up.
    pub appended: Appended,
}

/// Why nothing was appended. In every case the log is as it was.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream moved on since the decision.
    #[error("the stream is at version {actual}")]
    StaleVersion {
        /// The stream's version.
        actual: u64,
    },
    /// A claimed name is held by another stream.
    #[error("reservation {index} is held by {holder}")]
    Taken {
        /// Which of the reservations.
        index: usize,
        /// Who holds it.
        holder: StreamId,
    },
    /// A required name is held by nobody, or a name that must not be held is.
    #[error("reservation {index} is not as required")]
    NotAsRequired {
        /// Which of the reservations.
        index: usize,
    },
    /// The command was handled before.
    #[error("the idempotency key was used before")]
    Repeated(Handled),
    /// The machine.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Events, and what is written with them.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Appends all of it or nothing.
    ///
    /// # Errors
    /// See [`AppendError`].
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// A stream's events with a version above `after`, in order. An event that the sequencer has not given its
    /// position yet has position 0.
    async fn read_stream(&self, stream: StreamId, after: u64) -> Result<Vec<Recorded>, LogError>;

    /// At most `limit` events with a position above `after`, in order, without a gap.
    async fn read_all(&self, after: u64, limit: u32) -> Result<Vec<Recorded>, LogError>;

    /// The position of the last event; 0 when there is none.
    async fn head(&self) -> Result<u64, LogError>;

    /// How many events are committed and have no position yet.
    async fn unplaced(&self) -> Result<u64, LogError> {
        Ok(0)
    }

    /// How long the oldest of them has waited; nothing when there is none.
    async fn unplaced_for(&self) -> Result<Duration, LogError> {
        Ok(Duration::ZERO)
    }

    /// Changes whenever the head may have moved. A hint: readers still ask.
    fn watch(&self) -> watch::Receiver<u64>;

    /// Waits until the event with this version of a stream has its position, and answers it; 0 for version 0.
    async fn placed(&self, stream: StreamId, version: u64) -> Result<u64, LogError>;

    /// What was answered to the command with this key.
    async fn handled(&self, key: &str) -> Result<Option<Handled>, LogError>;

    /// The stream that holds a reserved name.
    async fn holder(&self, name: &str) -> Result<Option<StreamId>, LogError>;

    /// Every held name with this prefix and its holder, by name.
    async fn held(&self, prefix: &str) -> Result<Vec<(String, StreamId)>, LogError>;
}
