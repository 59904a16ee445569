//! Making read models anew beside the old ones, comparing, swapping, and swapping back.

use std::sync::atomic::{AtomicBool, Ordering};

use event_log::sql::Hold;
use event_log::{Log, LogError, Recorded};

use super::{Place, ReadStore, tables};
use crate::as_of::ERASED;
use crate::builder::Builder;

/// How often tables are compared that differ while somebody goes on with them: an erasure is seen early by
/// whoever folds what came before it.
const COMPARED: usize = 3;

/// What a rebuild found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events folded.
    pub events: u64,
    /// Digest of the tables as they stood, when they could be read.
    pub before: Option<String>,
    /// Digest of the tables made anew, at the same position.
    pub after: String,
}

impl Rebuilt {
    /// Whether the rebuilt tables are what the live ones were.
    pub fn equal(&self) -> bool {
        self.before.as_ref() == Some(&self.after)
    }
}

/// Why there was no rebuild, or nothing to go back to. The tables then are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Somebody else is at it.
    #[error("the read models are being rebuilt already")]
    UnderWay,
    /// There are no tables that a rebuild replaced, or they are swept, or of another format.
    #[error("there are no earlier read models to go back to")]
    NoPrevious,
    /// The machine.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl RebuildError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnderWay => "REBUILD_UNDER_WAY",
            Self::NoPrevious => "NO_PREVIOUS",
            Self::Log(error) => error.code(),
        }
    }

    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::UnderWay => "wait until it is done",
            Self::NoPrevious => "a rebuild without --roll-back folds them from the log",
            Self::Log(error) => error.advice(),
        }
    }
}

impl ReadStore {
    /// Folds the log into new tables beside the old ones, compares, and swaps them in, while others read and
    /// build. The old ones stay beside, for [`Self::roll_back`].
    ///
    /// # Errors
    /// `REBUILD_UNDER_WAY`; those of reading the log and of writing the new tables. The old ones then stay. `IO` in
    /// memory, where there is nothing beside.
    pub async fn rebuild(&self, log: &Log) -> Result<Rebuilt, RebuildError> {
        let _one = self.rebuilding.try_lock().map_err(|_| RebuildError::UnderWay)?;
        let hold = self.rebuilder().await?;
        let rebuilt = self.rebuild_held(log).await;
        hold.release().await;
        let (rebuilt, erased) = rebuilt?;
        if erased {
            // The tables that were replaced may have somebody in the clear who was erased meanwhile.
            self.forget_older_copies().await?;
        }
        Ok(rebuilt)
    }

    /// Puts the tables that the last rebuild replaced back into their place, at once; the builder then catches up
    /// from where they were left. Doing it again undoes it.
    ///
    /// # Errors
    /// `NO_PREVIOUS`, `REBUILD_UNDER_WAY`, or a failure of the machine.
    pub async fn roll_back(&self) -> Result<(), RebuildError> {
        let _one = self.rebuilding.try_lock().map_err(|_| RebuildError::UnderWay)?;
        let hold = self.rebuilder().await?;
        let swapped = match &self.place {
            Place::Memory(_) => Err(RebuildError::NoPrevious),
            Place::File(file) => file.swap_back().await,
            Place::Server(schema) => schema.swap_back().await,
        };
        hold.release().await;
        self.moved_to(swapped?).await;
        Ok(())
    }

    async fn rebuilder(&self) -> Result<Hold, RebuildError> {
        let mut hold = match &self.place {
            Place::Memory(_) | Place::File(_) => Hold::alone(),
            Place::Server(schema) => schema.rebuilder(),
        };
        if hold.mine().await? { Ok(hold) } else { Err(RebuildError::UnderWay) }
    }

    /// Rebuilds, and answers whether anybody was erased meanwhile.
    async fn rebuild_held(&self, log: &Log) -> Result<(Rebuilt, bool), LogError> {
        let fresh = self.beside().await?;
        let builder = Builder::new(log.clone());
        let head = log.store.head().await?;
        // Tables that are at the same position can be compared; damaged ones are at none.
        let reached = self.checkpoint().await.map_or(head, |at| at.min(head));
        let mut events = builder.catch_up(&fresh, reached).await?;
        fresh.index().await?;
        let erased = AtomicBool::new(false);
        let look = |event: &Recorded| {
            if event.kind == ERASED {
                erased.store(true, Ordering::Relaxed);
            }
        };
        let mut compared = 0;
        let (before, after) = loop {
            compared += 1;
            if let Ok(at) = self.checkpoint().await {
                events += builder.fold(&fresh, at, &look).await?;
            }
            let (before, after) = tokio::join!(self.digest_at(), fresh.digest_at());
            let (before, (mut after, mut at)) = (before.ok(), after?);
            if let Some((_, moved)) = &before
                && *moved > at
            {
                events += builder.fold(&fresh, *moved, &look).await?;
                (after, at) = fresh.digest_at().await?;
            }
            let before = before.map(|(digest, _)| digest);
            let goes_on = async || self.checkpoint().await.is_ok_and(|live| live > at);
            if before.as_ref().is_none_or(|before| *before == after)
                || compared == COMPARED
                || !goes_on().await
            {
                break (before, after);
            }
        };
        events += builder.fold(&fresh, u64::MAX, &look).await?;
        let last = std::sync::atomic::AtomicU64::new(0);
        let reach = async |to: u64| {
            // Behind the log's end there is nothing, whatever these tables say.
            last.fetch_add(builder.fold(&fresh, to, &look).await?, Ordering::Relaxed);
            Ok(())
        };
        let at = match &self.place {
            Place::Memory(_) => return Err(nothing_beside()),
            Place::File(file) => file.swap_in(&fresh.pool().await, reach).await?,
            Place::Server(schema) => schema.swap_in(reach).await?,
        };
        fresh.pool().await.close().await;
        self.moved_to(at).await;
        events += last.into_inner();
        Ok((Rebuilt { events, before, after }, erased.into_inner()))
    }

    /// Makes the indexes that only queries use.
    async fn index(&self) -> Result<(), LogError> {
        let mut tx = self.pool().await.begin().await?;
        tables::index(&mut tx).await?;
        tx.commit().await
    }

    /// New tables beside these, which nobody else knows of, without the indexes that only queries use.
    async fn beside(&self) -> Result<Self, LogError> {
        let beside = match &self.place {
            Place::Memory(_) => return Err(nothing_beside()),
            Place::File(file) => Self::at(Place::File(file.beside().await?)).await?,
            Place::Server(schema) => {
                Self::at(Place::Server(Box::new(schema.beside().await?))).await?
            }
        };
        Ok(Self { private: true, ..beside })
    }
}

fn nothing_beside() -> LogError {
    let problem = "they are in memory only".to_owned();
    LogError::Io { doing: "rebuild the read models", problem }
}
