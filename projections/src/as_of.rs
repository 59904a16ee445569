//! As of then: the read models as they stood at a position of the past, folded into memory.

use std::sync::{Arc, Mutex, PoisonError};

use domain::decide::Timestamp;
use event_log::{Log, LogError};

use crate::builder::Builder;
use crate::store::ReadStore;

/// Folds that are kept: somebody looks at a few moments, again and again.
const KEPT: usize = 4;
/// Events looked through at once for an erasure.
const BATCH: u32 = 512;
/// More new events than this, and the folds are dropped without looking through them.
const LOOKED_THROUGH: u64 = 8 * BATCH as u64;
/// Events that may be on their way into the log at the same time.
const UNDER_WAY: u32 = 64;
pub(crate) const ERASED: &str = "candidate.personal_data_erased.v1";

/// Read models as of any position.
///
/// A fold is the same builder over the same log, and so equals what a live store showed then; but who was
/// erased since is erased in it, too. Folds hold names in the clear, hence they are in memory only, and
/// dropped once anybody was erased.
pub struct AsOf {
    log: Log,
    /// Used last first.
    kept: Mutex<Vec<Fold>>,
    /// One fold at a time.
    folding: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Fold {
    position: u64,
    /// The log's end before it was folded: nobody erased up to here is in it in the clear.
    head: u64,
    store: Arc<ReadStore>,
}

/// Why there is no fold.
#[derive(Debug, thiserror::Error)]
pub enum AsOfError {
    /// The position is in the future.
    #[error("position {position} is not reached yet; the log ends at {head}")]
    Ahead {
        /// The position that was asked for.
        position: u64,
        /// The log's end.
        head: u64,
    },
    /// The machine.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl AsOfError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ahead { .. } => "POSITION_AHEAD",
            Self::Log(error) => error.code(),
        }
    }
}

impl AsOf {
    /// Folds of this log.
    pub fn new(log: Log) -> Self {
        Self { log, kept: Mutex::default(), folding: tokio::sync::Mutex::default() }
    }

    /// The read models as they stood when the log ended at `position`; at 0, empty ones. Whoever holds them
    /// only reads them, and not for long: they are not swept when somebody is erased.
    ///
    /// # Errors
    /// `POSITION_AHEAD`, or a failure of the machine.
    pub async fn at(&self, position: u64) -> Result<Arc<ReadStore>, AsOfError> {
        let head = self.log.store.head().await?;
        if position > head {
            return Err(AsOfError::Ahead { position, head });
        }
        if let Some(store) = self.find(position).await? {
            return Ok(store);
        }
        let _one = self.folding.lock().await;
        // Somebody else may have folded it meanwhile.
        if let Some(store) = self.find(position).await? {
            return Ok(store);
        }
        loop {
            let head = self.log.store.head().await?;
            let store = Arc::new(ReadStore::in_memory().await?);
            Builder::new(self.log.clone()).catch_up(&store, position).await?;
            // An erasure during the fold may have come too late for it.
            if !self.erased_since(head).await? {
                let mut kept = self.kept();
                kept.insert(0, Fold { position, head, store: store.clone() });
                kept.truncate(KEPT);
                return Ok(store);
            }
        }
    }

    /// The position of the last event that happened at or before a moment; 0 when there was none. The time
    /// that people are shown of an event names a position at which it had happened.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn position_at(&self, moment: Timestamp) -> Result<u64, LogError> {
        // Positions and times of recording go up together, as far as the machine's clock does. Every event up
        // to `before` was recorded by then; those behind `after` were not.
        let (mut before, mut after) = (0, self.log.store.head().await?);
        while before < after {
            let middle = before + (after - before).div_ceil(2);
            let found = self.log.store.read_all(middle - 1, 1).await?;
            if found.first().is_some_and(|event| event.recorded_at <= moment) {
                before = middle;
            } else {
                after = middle - 1;
            }
        }
        // An event happens a moment before it is recorded, and nobody is shown when that was.
        let under_way = self.log.store.read_all(before, UNDER_WAY).await?;
        let last = under_way.iter().rev().find(|event| event.occurred_at <= moment);
        Ok(last.map_or(before, |event| event.position))
    }

    /// Drops every fold.
    pub fn forget(&self) {
        self.kept().clear();
    }

    /// A fold that is kept, moved to the front. When somebody was erased since any of them was made, all are
    /// dropped.
    async fn find(&self, position: u64) -> Result<Option<Arc<ReadStore>>, LogError> {
        let oldest = self.kept().iter().map(|fold| fold.head).min();
        let Some(oldest) = oldest else { return Ok(None) };
        let head = self.log.store.head().await?;
        let erased = self.erased_since(oldest).await?;
        let mut kept = self.kept();
        if erased {
            kept.clear();
            return Ok(None);
        }
        // What was looked through need not be again.
        for fold in kept.iter_mut().filter(|fold| fold.head >= oldest) {
            fold.head = fold.head.max(head);
        }
        let Some(i) = kept.iter().position(|fold| fold.position == position) else {
            return Ok(None);
        };
        let fold = kept.remove(i);
        let store = fold.store.clone();
        kept.insert(0, fold);
        Ok(Some(store))
    }

    /// Whether anybody was erased behind a position, or so much happened that it is not worth looking.
    async fn erased_since(&self, position: u64) -> Result<bool, LogError> {
        let mut at = position;
        while at - position < LOOKED_THROUGH {
            let batch = self.log.store.read_all(at, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(false) };
            if batch.iter().any(|event| event.kind == ERASED) {
                return Ok(true);
            }
            at = last.position;
        }
        Ok(true)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Fold>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
