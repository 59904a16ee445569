//! Trying parked events again, by oneself or because somebody asked.

use std::collections::HashSet;
use std::time::Duration;

use super::drain::{Failed, one};
use super::{Drained, Handler, Subscription};
use crate::error::LogError;
use crate::ports::Parked;

/// How often it is looked for requests of other processes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl<H: Handler> Subscription<H> {
    /// Tries everything parked again, each stream in order until one of its events fails again. Where others may run
    /// the subscription as well, they are asked to.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn requeue(&self) -> Result<Drained, LogError> {
        let name = self.handler.name();
        if self.log.bus.is_shared() {
            self.log.subscriptions.ask_requeue(name, None).await?;
            let checkpoint = self.log.subscriptions.checkpoint(name).await?;
            return Ok(Drained { checkpoint, ..Drained::default() });
        }
        let parked = self.log.subscriptions.parked(name).await?;
        self.try_again(parked).await
    }

    /// Tries what was asked for.
    pub(super) async fn requeue_asked(&self) -> Result<(), LogError> {
        let name = self.handler.name();
        let asked = self.log.subscriptions.requeues(name).await?;
        if asked.is_empty() {
            return Ok(());
        }
        let mut parked = self.log.subscriptions.parked(name).await?;
        parked.retain(|parked| asked.contains(&parked.stream));
        self.try_again(parked).await?;
        for stream in asked {
            self.log.subscriptions.requeued(name, stream).await?;
        }
        Ok(())
    }

    /// Waits until something is asked for.
    pub(super) async fn asked(&self) -> Result<(), LogError> {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if !self.log.subscriptions.requeues(self.handler.name()).await?.is_empty() {
                return Ok(());
            }
        }
    }

    async fn try_again(&self, all: Vec<Parked>) -> Result<Drained, LogError> {
        let name = self.handler.name();
        let mut done = Drained {
            checkpoint: self.log.subscriptions.checkpoint(name).await?,
            ..Drained::default()
        };
        let mut blocked = HashSet::new();
        for parked in all {
            if blocked.contains(&parked.stream) {
                continue;
            }
            let found = self.log.store.read_all(parked.position - 1, 1).await?;
            let Some(event) = found.into_iter().next() else { continue };
            match one(self.handler.clone(), event).await {
                (_, Ok(())) => {
                    self.log.subscriptions.unpark(name, parked.position).await?;
                    done.handled += 1;
                }
                (_, Err(Failed::Log(error))) => return Err(error),
                // It stays parked; what it waits for may be there next time.
                (_, Err(Failed::Later { .. })) => {
                    blocked.insert(parked.stream);
                    done.parked += 1;
                }
                (_, Err(Failed::Parked { error, attempts })) => {
                    blocked.insert(parked.stream);
                    done.parked += 1;
                    self.log.subscriptions.park(Parked { error, attempts, ..parked }).await?;
                }
            }
        }
        Ok(done)
    }
}
